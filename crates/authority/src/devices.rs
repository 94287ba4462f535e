//! Sign-ins of machines without a browser (RFC 8628): begun by a machine, answered by a user, redeemed by the machine.
//!
//! INVARIANT: the key that comes of one is minted with the key with which it was approved, when the machine asks for
//! it: it is no stronger, and no key is minted once that one has expired.
mod answer;
mod begin;
mod polls;
mod redeem;

pub use answer::{AnswerDeviceError, DeviceAnswer, WaitingDevice};
pub use begin::{BeginDevice, BeginDeviceError, BegunDevice};
pub(crate) use polls::PollIntervals;
pub use redeem::{RedeemDeviceError, RedeemedDevice};

use jiff::{SignedDuration, Timestamp};
use keyfob_rbac::{Action, AllowList, Id, Object, ResourceType, ScopeName};
use keyfob_store::DeviceGrant;

use crate::{
    Authority, AuthorizedStore, Caller, Refused, Unrecorded,
    tokens::{MintError, MintRequest, Requested, key_object},
};

/// How long a machine waits between two requests (RFC 8628, section 3.2).
pub const INTERVAL: SignedDuration = SignedDuration::from_secs(5);
/// How long codes live (ASVS 10.4.2 allows ten minutes).
pub const CODE_LIFE: SignedDuration = SignedDuration::from_mins(10);

/// How long a sign-in is kept after its code expired, so that the machine is told that it has.
const KEPT_AFTER_EXPIRY: SignedDuration = SignedDuration::from_hours(1);

impl AuthorizedStore {
    /// Deletes the sign-ins of machines whose codes expired long ago, and answers how many. Requires `delete` on all
    /// keys.
    ///
    /// # Errors
    /// When the caller may not, or the store fails.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn purge_devices(&self) -> Result<u64, Refused> {
        let mut work = self
            .begin_if(|caller| caller.require_permitted(Action::DELETE, &Object::of(ResourceType::API_KEY)))
            .await?;
        let expired_before = work.now().checked_sub(KEPT_AFTER_EXPIRY).unwrap_or(Timestamp::MIN);
        let purged = work.tx.purge_device_grants(expired_before).await?;
        work.commit_unrecorded(Unrecorded::Retention).await?;
        Ok(purged)
    }
}

/// The request for a key of the caller, who may mint one.
fn require_minting_for_device(authority: &Authority, caller: &Caller) -> Result<MintRequest, MintError> {
    let owner = caller.user().cloned().ok_or(MintError::Overtaken)?;
    caller.require(Action::CREATE, &key_object(Id::None, owner.id))?;
    Ok(MintRequest::session_from_key(authority, owner))
}

/// The same request with what the machine asks for; refused if the catalogue no longer has that.
fn requested_by(authority: &Authority, grant: &DeviceGrant, request: MintRequest) -> Result<MintRequest, MintError> {
    let scope = |name: &String| authority.catalogue().requestable_scope(name).map_err(|_| MintError::Overtaken);
    let scopes: Vec<ScopeName> = grant.scopes.iter().map(scope).collect::<Result<_, _>>()?;
    let entries: Vec<&str> = grant.allow_list.iter().map(String::as_str).collect();
    let allow_list = || AllowList::parse(authority.catalogue(), &entries).map_err(|_| MintError::Overtaken);
    Ok(MintRequest {
        scopes: if scopes.is_empty() { Requested::Own } else { Requested::Exactly(scopes) },
        allow_list: if entries.is_empty() { Requested::Own } else { Requested::Exactly(allow_list()?) },
        ..request
    })
}
