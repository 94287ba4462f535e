//! The keys that are kept in files beside the database: which ones a server may start with.
//!
//! A file of SQLite has one server, which makes what is missing where nothing depends on it. A PostgreSQL database may have
//! several, whose keys are the same: the first makes them, the database keeps what they are known by, and no other server
//! makes any.
mod replace;

pub use replace::{KeyFile, ReplaceKeyError, ReplacedKey};

use std::path::Path;

use keyfob_store::{ChainKey, Store, StoreError};

use crate::{OpenError, Random, Seal, audit, seal, work};

/// The settings that tell which keys a deployment has.
const SEAL: &str = "seal_fingerprint";
const AUDIT_KEY: &str = "audit_key_fingerprint";

/// The keys of a deployment, from the files of a data directory.
///
/// # Errors
/// Inside, why a server must not start with these files; outside, when the database fails.
pub(crate) async fn load(
    store: &Store,
    directory: &Path,
    random: &Random,
) -> Result<Result<(Seal, ChainKey), OpenError>, StoreError> {
    let (seal_file, audit_file) = (directory.join(seal::FILE), directory.join(audit::KEY_FILE));
    for file in [KeyFile::Seal, KeyFile::Audit] {
        if let Err(error) = replace::finish(file, directory, store).await? {
            return Ok(Err(error.into()));
        }
    }
    for (file, name) in [(&seal_file, SEAL), (&audit_file, AUDIT_KEY)] {
        // Else a key would be made that is not that of the others.
        if store.is_shared() && !file.exists() && store.read().find_setting(name).await?.is_some() {
            return Ok(Err(OpenError::OtherReplicasKey(file.clone())));
        }
    }
    let seal = match Seal::load(directory, random) {
        Ok(seal) => seal,
        Err(error) => return Ok(Err(error)),
    };
    if store.is_shared() && !is_key_of_all(store, SEAL, &seal.fingerprint()).await? {
        return Ok(Err(OpenError::OtherReplicasKey(seal_file)));
    }
    if !store.is_shared() && !is_seal_of(store, &seal).await? {
        return Ok(Err(OpenError::OtherSealKey(seal_file)));
    }
    let head = store.read().chain_head().await?;
    let audit_key = match audit::load_key(directory, head.is_start(), random) {
        Ok(keys) => keys.current,
        Err(error) => return Ok(Err(error)),
    };
    // First, so that the deployment is not known by a key that is not that of its records.
    if !store.read().is_chain_key(&audit_key).await? {
        return Ok(Err(OpenError::OtherAuditKey(audit_file)));
    }
    if store.is_shared() && !is_key_of_all(store, AUDIT_KEY, &audit_key.fingerprint()).await? {
        return Ok(Err(OpenError::OtherReplicasKey(audit_file)));
    }
    tracing::info!(%head, "the chain of audit records");
    Ok(Ok((seal, audit_key)))
}

/// Whether all servers on a database have this key. That of the first is everyone's.
async fn is_key_of_all(store: &Store, name: &str, fingerprint: &str) -> Result<bool, StoreError> {
    if store.read().find_setting(name).await?.is_none() {
        work::found_deployment(store, name, fingerprint).await?;
    }
    Ok(store.read().find_setting(name).await?.as_deref() == Some(fingerprint))
}

/// Whether the database is sealed with this seal. One that is new takes the place of a seal whose key was removed.
async fn is_seal_of(store: &Store, seal: &Seal) -> Result<bool, StoreError> {
    let fingerprint = seal.fingerprint();
    match store.read().find_setting(SEAL).await? {
        Some(known) if known == fingerprint => Ok(true),
        Some(_) if !seal.is_new() => Ok(false),
        _ => work::note_seal(store, SEAL, &fingerprint).await.map(|()| true),
    }
}
