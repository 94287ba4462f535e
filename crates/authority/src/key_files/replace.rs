//! Giving a deployment another key, while no server runs on it.
//!
//! The next key is written to a file of its own; then one unit of work makes the database go with it; then the file takes
//! the place of the former. A process that ends between the last two has done it all the same: the next start moves the
//! file.
use std::{
    fs::rename,
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
};

use keyfob_rbac::{Action, Object, ResourceType};
use keyfob_store::{CHAIN_KEY_FIELD, CHAIN_TYPE, ChainKey, ReplicaId, Store, StoreError, UserId};
use serde_json::json;
use uuid::Uuid;

use super::{AUDIT_KEY, SEAL};
use crate::{
    AuthorizedStore, Caller, DataDirError, Refused, Seal,
    audit::{self, AuditEvent, DEPLOYMENT_CONFIG, EventKind},
    data_dir::private_file,
    seal,
    work::Work,
};

/// How many users' accounts at providers are sealed anew at a time.
const BATCH: u64 = 500;

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
            Self::Audit => AUDIT_KEY,
            Self::Seal => SEAL,
        }
    }

    /// Where the next key waits until the database goes with it.
    fn next(self, directory: &Path) -> PathBuf {
        directory.join(format!("{}.next", self.name()))
    }

    /// The fingerprint of the key in a file; none if it holds none.
    fn fingerprint_in(self, file: &Path) -> std::io::Result<Option<String>> {
        match self {
            Self::Audit => match audit::read_keys(file) {
                Err(error) if error.kind() == ErrorKind::InvalidData => Ok(None),
                keys => Ok(Some(keys?.current.fingerprint())),
            },
            Self::Seal => Ok(Seal::read(file)?.map(|seal| seal.fingerprint())),
        }
    }
}

/// A key that has taken the place of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplacedKey {
    /// The file that holds it.
    pub file: PathBuf,
    /// How many secrets are lost, because the former key did not open them either.
    pub lost: u64,
    /// Whether other servers on the database need the file, too.
    pub is_shared: bool,
}

/// Why a key was not replaced.
#[derive(Debug)]
pub enum ReplaceKeyError {
    /// These servers use the former key.
    InUse(Vec<ReplicaId>),
    /// The files cannot be written.
    Files(DataDirError),
    /// A secret could not be sealed: the machine has no memory left.
    NotSealed,
    /// The caller may not, or it failed.
    Refused(Refused),
}

impl From<Refused> for ReplaceKeyError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<StoreError> for ReplaceKeyError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<DataDirError> for ReplaceKeyError {
    fn from(error: DataDirError) -> Self {
        Self::Files(error)
    }
}

impl AuthorizedStore {
    /// Gives the deployment another key. The last record with the former key of the chain names the next one; secrets are
    /// sealed anew. This process still has the former key and must end. Requires `update` on the deployment's
    /// configuration.
    ///
    /// # Errors
    /// Why it was not replaced: then nothing has changed.
    pub async fn replace_key(&self, which: KeyFile) -> Result<ReplacedKey, ReplaceKeyError> {
        let check =
            |caller: &Caller| caller.require_permitted(Action::UPDATE, &Object::of(ResourceType::DEPLOYMENT_CONFIG));
        let mut work = self.begin_if::<Refused>(check).await?;
        let in_use = self.authority.store().other_replicas(self.authority.replica().id()).await?;
        if !in_use.is_empty() {
            return Err(ReplaceKeyError::InUse(in_use));
        }
        let directory = self.authority.data_dir().path();
        let lost = match which {
            KeyFile::Audit => {
                let keys =
                    audit::read_keys(&directory.join(which.name())).map_err(unusable(&directory.join(which.name())))?;
                let keys = keys.followed_by(ChainKey(self.authority.random().bytes()));
                write(&which.next(directory), keys.to_text().as_bytes())?;
                work.name_next_key(&keys.current).await?;
                0
            }
            KeyFile::Seal => {
                let next = Seal::generate(self.authority.random());
                write(&which.next(directory), &next.to_bytes())?;
                work.seal_anew(&next).await?
            }
        };
        work.commit().await?;
        take_place(which, directory)?;
        Ok(ReplacedKey { file: directory.join(which.name()), lost, is_shared: self.authority.store().is_shared() })
    }
}

impl Work {
    async fn name_next_key(&mut self, next: &ChainKey) -> Result<(), StoreError> {
        let (former, next) = (self.authority.audit_key().fingerprint(), next.fingerprint());
        self.tx.set_setting(AUDIT_KEY, &next).await?;
        let event = event(KeyFile::Audit, CHAIN_TYPE);
        self.record(event.with_change(CHAIN_KEY_FIELD, &former, &next));
        Ok(())
    }

    /// Seals all secrets with another key, and answers how many the former one did not open.
    async fn seal_anew(&mut self, next: &Seal) -> Result<u64, ReplaceKeyError> {
        let authority = self.authority.clone();
        let (mut unopened, mut after) = (0, None::<UserId>);
        loop {
            let links = self.read().sealed_links(after, BATCH).await?;
            let Some(last) = links.last() else { break };
            after = Some(last.user_id);
            for mut link in links {
                let sealed = link.sealed_refresh_token.take();
                let secret = sealed.and_then(|sealed| authority.seal().open(&sealed, &link.linked_id));
                match secret {
                    Some(secret) => {
                        let sealed = next.seal(&secret, &link.linked_id, authority.random());
                        link.sealed_refresh_token = Some(sealed.ok_or(ReplaceKeyError::NotSealed)?);
                    }
                    None => unopened += 1,
                }
                self.tx.put_link(&link).await?;
            }
        }
        let (former, next) = (authority.seal().fingerprint(), next.fingerprint());
        self.tx.set_setting(SEAL, &next).await?;
        let event = event(KeyFile::Seal, DEPLOYMENT_CONFIG);
        self.record(event.with_change("seal_key", &former, &next));
        Ok(unopened)
    }
}

fn event(which: KeyFile, resource_type: &str) -> AuditEvent {
    AuditEvent {
        kind: EventKind::KeyFileReplaced,
        resource_type: resource_type.to_owned(),
        resource_id: Uuid::nil(),
        api_key_id: None,
        target: which.name().to_owned(),
        organization_id: None,
        about: None,
        diff: json!({}),
    }
}

/// Moves a key that waits into its place if the database goes with it, and removes it if not.
pub(super) async fn finish(
    which: KeyFile,
    directory: &Path,
    store: &Store,
) -> Result<Result<(), DataDirError>, StoreError> {
    let file = which.next(directory);
    let fingerprint = match which.fingerprint_in(&file) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Ok(())),
        Err(cause) => return Ok(Err(unusable(&file)(cause))),
        Ok(fingerprint) => fingerprint,
    };
    let is_next = fingerprint.is_some() && store.read().find_setting(which.setting()).await? == fingerprint;
    Ok(if is_next { take_place(which, directory) } else { std::fs::remove_file(&file).map_err(unusable(&file)) })
}

fn take_place(which: KeyFile, directory: &Path) -> Result<(), DataDirError> {
    let file = directory.join(which.name());
    let moved = rename(which.next(directory), &file).and_then(|()| make_durable(directory));
    moved.map_err(unusable(&file))
}

/// Names of files are durable once their directory is.
#[cfg(unix)]
fn make_durable(directory: &Path) -> std::io::Result<()> {
    std::fs::File::open(directory)?.sync_all()
}

#[cfg(not(unix))]
fn make_durable(_directory: &Path) -> std::io::Result<()> {
    Ok(())
}

fn write(file: &Path, content: &[u8]) -> Result<(), DataDirError> {
    let written = private_file(file).and_then(|mut open| {
        open.set_len(0)?;
        open.write_all(content)?;
        open.sync_all()
    });
    written.map_err(unusable(file))
}

fn unusable(file: &Path) -> impl FnOnce(std::io::Error) -> DataDirError {
    let path = file.to_owned();
    |cause| DataDirError::Unusable { path, cause }
}
