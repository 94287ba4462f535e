//! Giving a deployment another key, while no server runs on it.
use std::path::PathBuf;

use keyfob_rbac::{Action, Object, ResourceType};
use keyfob_store::{CHAIN_KEY_FIELD, CHAIN_TYPE, ChainHead, ChainKey, ReplicaId, StoreError, UserId};
use serde_json::json;
use uuid::Uuid;

use super::{KeyFile, next::NextKey};
use crate::{
    AuthorizedStore, Caller, DataDirError, Refused, Seal,
    audit::{AuditEvent, DEPLOYMENT_CONFIG, EventKind},
    work::Work,
};

/// How many users' accounts at providers are sealed anew at a time.
const BATCH: u64 = 500;

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
    /// It was replaced, except that its file could not be put into its place: the next start tries again.
    NotInPlace(DataDirError),
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
    /// Why it was not replaced: then nothing has changed, except with [`ReplaceKeyError::NotInPlace`].
    #[crate::boxed]
    pub async fn replace_key(&self, which: KeyFile) -> Result<ReplacedKey, ReplaceKeyError> {
        let check =
            |caller: &Caller| caller.require_permitted(Action::UPDATE, &Object::of(ResourceType::DEPLOYMENT_CONFIG));
        let mut work = self.begin_if::<Refused>(check).await?;
        let in_use = self.authority.store().other_replicas(self.authority.replica().id()).await?;
        if !in_use.is_empty() {
            return Err(ReplaceKeyError::InUse(in_use));
        }
        let directory = self.authority.data_dir().path();
        let (next, lost) = match which {
            KeyFile::Audit => {
                let next = ChainKey(self.authority.random().bytes());
                let end = work.name_next_key(&next).await?;
                let keys = self.authority.audit_keys().followed_by(next, end);
                (NextKey::write(which, directory, keys.to_text().as_bytes())?, 0)
            }
            KeyFile::Seal => {
                let next = Seal::generate(self.authority.random());
                let lost = work.seal_anew(&next).await?;
                (NextKey::write(which, directory, &next.to_bytes())?, lost)
            }
        };
        work.commit().await?;
        next.take_place().map_err(ReplaceKeyError::NotInPlace)?;
        Ok(ReplacedKey { file: which.path(directory), lost, is_shared: self.authority.store().is_shared() })
    }
}

impl Work {
    /// Names the next key of the chain, and answers the head at the last record with the former.
    async fn name_next_key(&mut self, next: &ChainKey) -> Result<ChainHead, StoreError> {
        let former = self.authority.audit_keys().current.clone();
        self.tx.set_setting(KeyFile::Audit.setting(), &next.fingerprint()).await?;
        self.tx.sign_audit_checkpoint_anew(&former, next).await?;
        let event = event(KeyFile::Audit, CHAIN_TYPE);
        self.record(event.with_change(CHAIN_KEY_FIELD, &former.fingerprint(), &next.fingerprint()));
        self.write_records().await?;
        self.read().chain_head().await
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
        self.tx.set_setting(KeyFile::Seal.setting(), &next).await?;
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
