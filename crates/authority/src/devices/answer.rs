//! A user approves or denies the sign-in of a machine.
use jiff::Timestamp;
use keyfob_rbac::{AllowList, ScopeName};
use keyfob_store::{DeviceGrant, DeviceState, StoreError, UserCode};
use serde_json::json;
use uuid::Uuid;

use super::{requested_by, require_minting_for_device};
use crate::{
    Authority, AuthorizedStore, Caller, Refused,
    audit::{AuditEvent, DEVICE_SIGN_IN, EventKind},
    tokens::{MintError, MintRequest, bounds},
};

/// A machine that waits, and the key that it would be given.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "holds the hash of a secret")]
pub struct WaitingDevice {
    /// The machine, and what it asked for.
    pub grant: DeviceGrant,
    /// The scopes of its key.
    pub scopes: Vec<ScopeName>,
    /// The allow list of its key.
    pub allow_list: AllowList,
    /// When the caller's own key expires, if the machine's key must expire with it.
    pub end: Option<Timestamp>,
}

/// A user's answer to a machine's sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceAnswer {
    /// The machine is given a key.
    Approve,
    /// It is not.
    Deny,
}

/// Why a user cannot answer a machine's sign-in.
#[derive(Debug)]
pub enum AnswerDeviceError {
    /// No machine waits with this code.
    NotWaiting,
    /// The caller could not mint the machine's key.
    Mint(MintError),
}

impl From<MintError> for AnswerDeviceError {
    fn from(error: MintError) -> Self {
        Self::Mint(error)
    }
}

impl From<Refused> for AnswerDeviceError {
    fn from(refused: Refused) -> Self {
        Self::Mint(refused.into())
    }
}

impl From<StoreError> for AnswerDeviceError {
    fn from(error: StoreError) -> Self {
        Self::Mint(error.into())
    }
}

impl AuthorizedStore {
    /// The machine that waits with this code, and what the caller would give it. Requires `create` on the caller's own
    /// keys, and nothing that the caller's own key lacks.
    ///
    /// # Errors
    /// When no machine waits with this code, or the caller could not mint its key.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn waiting_device(&self, code: &UserCode) -> Result<WaitingDevice, AnswerDeviceError> {
        let request = require_minting_for_device(&self.authority, &self.caller)?;
        let grant = self.read().find_device_grant(code).await?;
        would_give(&self.authority, &self.caller, grant, request)
    }

    /// Answers the machine that waits with this code. Requires what [`Self::waiting_device`] does; to deny it, nothing
    /// of what it asks for.
    ///
    /// # Errors
    /// The same as of [`Self::waiting_device`].
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn answer_device(&self, code: &UserCode, answer: DeviceAnswer) -> Result<(), AnswerDeviceError> {
        let check = |caller: &Caller| require_minting_for_device(&self.authority, caller).map(drop);
        let mut work = self.begin_if::<MintError>(check).await?;
        let request = require_minting_for_device(&work.authority, &work.caller)?;
        let own = work.caller.key().map(|key| key.id.clone()).ok_or(MintError::Overtaken)?;
        let found = work.read().find_device_grant(code).await?;
        let (device, state, told) = match answer {
            DeviceAnswer::Approve => {
                let device = would_give(&work.authority, &work.caller, found, request)?.grant;
                (device, DeviceState::Approved { with: own }, "approved")
            }
            DeviceAnswer::Deny => (waiting(&work.authority, found)?, DeviceState::Denied, "denied"),
        };
        work.tx.set_device_state(code, &state).await?;
        work.record(device_event(&device, told));
        Ok(work.commit().await?)
    }
}

/// The grant, if its machine still waits for an answer.
fn waiting(authority: &Authority, grant: Option<DeviceGrant>) -> Result<DeviceGrant, AnswerDeviceError> {
    let waits = |grant: &DeviceGrant| grant.state == DeviceState::Pending && grant.ends_at > authority.now();
    grant.filter(waits).ok_or(AnswerDeviceError::NotWaiting)
}

fn would_give(
    authority: &Authority,
    caller: &Caller,
    grant: Option<DeviceGrant>,
    request: MintRequest,
) -> Result<WaitingDevice, AnswerDeviceError> {
    let grant = waiting(authority, grant)?;
    let request = requested_by(authority, &grant, request)?;
    let bounds = bounds(authority, caller, &request)?;
    Ok(WaitingDevice { grant, scopes: bounds.scopes, allow_list: bounds.allow_list, end: bounds.latest_expiry })
}

/// An answer to a machine's sign-in.
fn device_event(device: &DeviceGrant, answer: &'static str) -> AuditEvent {
    let event = AuditEvent {
        kind: EventKind::DeviceAnswered,
        resource_type: DEVICE_SIGN_IN.to_owned(),
        resource_id: Uuid::nil(),
        api_key_id: None,
        target: device.user_code.to_string(),
        organization_id: None,
        about: None,
        diff: json!({}),
    };
    event
        .with_value("state", &answer)
        .with_value("scopes", &device.scopes)
        .with_value("allow_list", &device.allow_list)
        .with_value("ip_address", &device.origin.ip_address)
        .with_value("user_agent", &device.origin.user_agent)
}
