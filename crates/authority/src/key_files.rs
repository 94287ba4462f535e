//! The keys that are kept in files beside the database: which ones a server may start with.
//!
//! A file of SQLite has one server, which makes what is missing where nothing depends on it. A PostgreSQL database may have
//! several, whose keys are the same: the first makes them, the database keeps what they are known by, and no other server
//! makes any.
mod next;
mod replace;

pub use replace::{ReplaceKeyError, ReplacedKey};

use std::path::{Path, PathBuf};

use keyfob_store::{ChainKeys, Store, StoreError};

use crate::{Authority, OpenError, Random, Seal, audit, seal, work};

/// A file with a key, beside the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFile {
    /// The key of the chain of audit records.
    Audit,
    /// The key of the secrets that the server must be able to read again.
    Seal,
}

impl KeyFile {
    fn name(self) -> &'static str {
        match self {
            Self::Audit => audit::KEY_FILE,
            Self::Seal => seal::FILE,
        }
    }

    /// The setting that has the fingerprint of its key.
    fn setting(self) -> &'static str {
        match self {
            Self::Audit => "audit_key_fingerprint",
            Self::Seal => "seal_fingerprint",
        }
    }

    fn path(self, directory: &Path) -> PathBuf {
        directory.join(self.name())
    }
}

/// The keys of a deployment, from the files of a data directory.
///
/// # Errors
/// Inside, why a server must not start with these files; outside, when the database fails.
pub(crate) async fn load(
    store: &Store,
    directory: &Path,
    random: &Random,
) -> Result<Result<(Seal, ChainKeys), OpenError>, StoreError> {
    let (seal_file, audit_file) = (KeyFile::Seal.path(directory), KeyFile::Audit.path(directory));
    for file in [KeyFile::Seal, KeyFile::Audit] {
        if let Err(error) = next::finish(file, directory, store).await? {
            return Ok(Err(error.into()));
        }
    }
    for which in [KeyFile::Seal, KeyFile::Audit] {
        let file = which.path(directory);
        // Else a key would be made that is not that of the others.
        if store.is_shared() && !file.exists() && store.read().find_setting(which.setting()).await?.is_some() {
            return Ok(Err(OpenError::OtherReplicasKey(file)));
        }
    }
    let seal = match Seal::load(directory, random) {
        Ok(seal) => seal,
        Err(error) => return Ok(Err(error)),
    };
    if store.is_shared() && !is_key_of_all(store, KeyFile::Seal, &seal.fingerprint()).await? {
        return Ok(Err(OpenError::OtherReplicasKey(seal_file)));
    }
    if !store.is_shared() && !is_seal_of(store, &seal).await? {
        return Ok(Err(OpenError::OtherSealKey(seal_file)));
    }
    let head = store.read().chain_head().await?;
    let audit_keys = match audit::load_key(directory, head.is_start(), random) {
        Ok(keys) => keys,
        Err(error) => return Ok(Err(error)),
    };
    // First, so that the deployment is not known by a key that is not that of its records.
    if !store.read().is_chain_key(&audit_keys.current).await? {
        return Ok(Err(OpenError::OtherAuditKey(audit_file)));
    }
    if store.is_shared() && !is_key_of_all(store, KeyFile::Audit, &audit_keys.current.fingerprint()).await? {
        return Ok(Err(OpenError::OtherReplicasKey(audit_file)));
    }
    tracing::info!(%head, "the chain of audit records");
    Ok(Ok((seal, audit_keys)))
}

/// Looks at the keys again, once the others know that this process uses them: who replaces one meanwhile either sees this
/// process, or is seen here.
pub(crate) async fn check_again(authority: &Authority) -> Result<Result<(), OpenError>, StoreError> {
    let directory = authority.data_dir().path();
    let own = [
        (KeyFile::Seal, authority.seal().fingerprint()),
        (KeyFile::Audit, authority.audit_keys().current.fingerprint()),
    ];
    for (file, fingerprint) in own {
        if work::setting_in_turn(authority.store(), file.setting()).await? != Some(fingerprint) {
            return Ok(Err(OpenError::OtherReplicasKey(file.path(directory))));
        }
    }
    Ok(Ok(()))
}

/// Whether all servers on a database have this key. That of the first is everyone's.
async fn is_key_of_all(store: &Store, which: KeyFile, fingerprint: &str) -> Result<bool, StoreError> {
    let name = which.setting();
    if store.read().find_setting(name).await?.is_none() {
        work::found_deployment(store, name, fingerprint).await?;
    }
    Ok(store.read().find_setting(name).await?.as_deref() == Some(fingerprint))
}

/// Whether the database is sealed with this seal. One that is new takes the place of a seal whose key was removed.
async fn is_seal_of(store: &Store, seal: &Seal) -> Result<bool, StoreError> {
    let fingerprint = seal.fingerprint();
    match store.read().find_setting(KeyFile::Seal.setting()).await? {
        Some(known) if known == fingerprint => Ok(true),
        Some(_) if !seal.is_new() => Ok(false),
        _ => work::note_seal(store, KeyFile::Seal.setting(), &fingerprint).await.map(|()| true),
    }
}
