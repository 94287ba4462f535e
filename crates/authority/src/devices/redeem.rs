//! A machine asks whether it was approved, and is given its key.
use std::sync::Arc;

use jiff::SignedDuration;
use keyfob_api::secret::SecretText;
use keyfob_rbac::{Action, Object, ResourceType};
use keyfob_store::{ApiKey, DeviceGrant, DeviceState, KeyId, SecretHash, StoreError, UserStatus};

use super::{requested_by, require_minting_for_device};
use crate::{
    AuthorizedStore, Refused,
    audit::{EventKind, key_event},
    caller::{NotOnBehalf, hash_secret, on_behalf_of},
    tokens::{MintError, MintedKey, issue},
};

/// A machine's key.
#[expect(missing_debug_implementations, reason = "holds a secret")]
pub struct RedeemedDevice {
    /// The key.
    pub minted: MintedKey,
    /// Its scopes.
    pub scopes: Arc<[String]>,
    /// How long it lives if it is not used.
    pub lifetime: SignedDuration,
}

/// What came of minting a machine's key.
enum Minting {
    /// It was minted.
    Done(RedeemedDevice),
    /// Another request was first; this is the key that it was given.
    AlreadyDone(KeyId),
}

/// Why a machine gets no key.
#[derive(Debug)]
pub enum RedeemDeviceError {
    /// It has not been answered yet.
    Pending,
    /// The same, and the machine asks too often.
    TooEarly,
    /// A user denied it.
    Denied,
    /// The key with which it was approved has expired, or may not mint that any more.
    ApprovalLapsed,
    /// The provider could not be asked whether the approving session stands; the text says why.
    ApprovalUnknown(String),
    /// Its code has expired.
    Expired,
    /// There is none with that code.
    UnknownCode,
    /// It was redeemed before; the key that came of it is deleted now.
    AlreadyRedeemed,
    /// The server's own work may not, or the store failed.
    Refused(Refused),
}

impl From<Refused> for RedeemDeviceError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Unauthenticated(_) => Self::ApprovalLapsed,
            other => Self::Refused(other),
        }
    }
}

impl From<StoreError> for RedeemDeviceError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<NotOnBehalf> for RedeemDeviceError {
    fn from(error: NotOnBehalf) -> Self {
        match error {
            NotOnBehalf::Expired => Self::ApprovalLapsed,
            NotOnBehalf::ForNow(cause) => Self::ApprovalUnknown(cause),
            NotOnBehalf::Store(error) => error.into(),
        }
    }
}

impl From<MintError> for RedeemDeviceError {
    fn from(error: MintError) -> Self {
        match error {
            MintError::Refused(Refused::Store(error)) => error.into(),
            MintError::Refused(_)
            | MintError::Exceeds { .. }
            | MintError::ChainTooLong
            | MintError::NameTaken(_)
            | MintError::Overtaken => Self::ApprovalLapsed,
        }
    }
}

impl AuthorizedStore {
    /// Gives a machine its key, once it was approved, and once only. Requires `create` on all keys, and of the key with
    /// which it was approved what [`Self::waiting_device`] requires.
    ///
    /// # Errors
    /// Why it gets none.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn redeem_device(&self, device_code: &SecretText) -> Result<RedeemedDevice, RedeemDeviceError> {
        self.caller.require_permitted(Action::CREATE, &Object::of(ResourceType::API_KEY))?;
        let hash = hash_secret(device_code.reveal());
        let grant = self.read().find_device_grant_by_hash(&hash).await?.ok_or(RedeemDeviceError::UnknownCode)?;
        match self.approver_of(grant)? {
            Approval::By(key) => {
                let approver = on_behalf_of(&self.authority, &key, self.caller.context().clone()).await?;
                match approver.mint_for_device(&hash).await? {
                    Minting::Done(redeemed) => Ok(redeemed),
                    // The same code came twice at the same time.
                    Minting::AlreadyDone(key) => Err(self.delete_twice_redeemed(&key).await?),
                }
            }
            Approval::UsedFor(key) => Err(self.delete_twice_redeemed(&key).await?),
        }
    }

    /// With which key a sign-in was approved, or which key came of it before.
    fn approver_of(&self, grant: DeviceGrant) -> Result<Approval, RedeemDeviceError> {
        let is_expired = grant.ends_at <= self.now();
        match grant.state {
            DeviceState::Redeemed { key } => Ok(Approval::UsedFor(key)),
            _ if is_expired => Err(RedeemDeviceError::Expired),
            DeviceState::Denied => Err(RedeemDeviceError::Denied),
            DeviceState::Pending if self.authority.polls().is_early(&grant.user_code, self.now()) => {
                Err(RedeemDeviceError::TooEarly)
            }
            DeviceState::Pending => Err(RedeemDeviceError::Pending),
            DeviceState::Approved { with } => Ok(Approval::By(with)),
        }
    }

    /// A code that comes twice was stolen (RFC 6749, section 4.1.2): the key that it was redeemed for is deleted.
    /// Requires `delete` on all keys.
    async fn delete_twice_redeemed(&self, key: &KeyId) -> Result<RedeemDeviceError, Refused> {
        let mut work = self
            .begin_if(|caller| caller.require_permitted(Action::DELETE, &Object::of(ResourceType::API_KEY)))
            .await?;
        let Some(key) = work.read().find_key(key).await? else { return Ok(RedeemDeviceError::AlreadyRedeemed) };
        let now = work.now();
        work.tx.delete_descendants(&key.id, now).await?;
        work.tx.delete_key(&key.id).await?;
        work.record(key_event(EventKind::KeyDeleted, Some(&key), None));
        work.commit().await?;
        Ok(RedeemDeviceError::AlreadyRedeemed)
    }

    /// Mints the key of a machine that the caller approved.
    async fn mint_for_device(&self, code: &SecretHash) -> Result<Minting, RedeemDeviceError> {
        let mut work = self.begin().await?;
        let request = require_minting_for_device(&work.authority, &work.caller)?;
        let grant = work.read().find_device_grant_by_hash(code).await?.ok_or(RedeemDeviceError::UnknownCode)?;
        let own = work.caller.key().map(|key| key.id.clone()).ok_or(RedeemDeviceError::ApprovalLapsed)?;
        match grant.state {
            DeviceState::Approved { ref with } if *with == own => {}
            DeviceState::Redeemed { key } => return Ok(Minting::AlreadyDone(key)),
            DeviceState::Approved { .. } | DeviceState::Pending | DeviceState::Denied => {
                return Err(RedeemDeviceError::UnknownCode);
            }
        }
        if request.owner.status != UserStatus::Active {
            return Err(RedeemDeviceError::ApprovalLapsed);
        }
        let request = requested_by(&work.authority, &grant, request)?;
        let (key, minted) = issue(&work.authority, &work.caller, request)?;
        let ApiKey { id, scopes, expires_at, .. } = key.clone();
        work.insert_key(key).await?;
        work.tx.set_device_state(&grant.user_code, &DeviceState::Redeemed { key: id }).await?;
        let lifetime = expires_at.duration_since(work.now());
        work.commit().await?;
        Ok(Minting::Done(RedeemedDevice { minted, scopes, lifetime }))
    }
}

/// How far a sign-in that was answered has come.
enum Approval {
    /// It was approved with this key.
    By(KeyId),
    /// It was redeemed for this key.
    UsedFor(KeyId),
}
