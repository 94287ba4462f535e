//! Sign-ins of machines without a browser (RFC 8628): begun by a machine, answered by a person, redeemed by the machine.
//!
//! INVARIANT: the key that comes of one is minted with the key with which it was approved, when the machine asks for
//! it: it is no stronger, and nothing comes of it once that key has ended.
mod polls;

pub(crate) use polls::PollIntervals;

use crate::Authority;
use crate::Caller;
use crate::Unrecorded;
use crate::tokens::bounds;
use crate::tokens::issue;
use jiff::{SignedDuration, Timestamp};
use keyfob_api::secret::SecretText;
use keyfob_rbac::{Action, AllowList, Id, Object, ResourceType, ScopeName};
use keyfob_store::{ApiKey, DeviceGrant, DeviceState, KeyId, SecretHash, StoreError, UserCode, UserStatus};
use uuid::Uuid;

use crate::{
    AuthorizedStore, Refused,
    audit::{AuditEvent, EventKind, key_event},
    caller::{NotOnBehalf, hash_secret, on_behalf_of},
    tokens::{MintError, MintRequest, MintedKey, Requested, key_object},
    work::Work,
};

/// How long a machine waits between two questions (RFC 8628, section 3.2).
pub const INTERVAL: SignedDuration = SignedDuration::from_secs(5);
/// How long codes live (ASVS 10.4.2 allows ten minutes).
pub const CODE_LIFE: SignedDuration = SignedDuration::from_mins(10);

/// The length of a machine's own code, in letters and digits: 256 bits.
const DEVICE_CODE: usize = 43;
/// How often a code for people is drawn anew when there is one like it.
const DRAWS: usize = 16;
/// How many machines may wait at the same time.
const MOST: u64 = 100_000;
/// How long one is remembered after its end, so that machines are told that it has ended.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(1);

/// What a machine asks for; what it does not name is left to whoever approves it.
pub struct DeviceRequest {
    pub scopes: Vec<ScopeName>,
    pub allow_list: Option<AllowList>,
}

/// A sign-in that was begun.
pub struct BegunDevice {
    /// For the machine alone.
    pub device_code: SecretText,
    /// For the person.
    pub user_code: UserCode,
}

/// Why a sign-in was not begun.
#[derive(Debug)]
pub enum BeginDeviceError {
    /// As many are kept as may be.
    TooMany,
    /// Everything else.
    Refused(Refused),
}

impl From<Refused> for BeginDeviceError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<StoreError> for BeginDeviceError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

/// A machine that waits, and the key that it would be given.
pub struct WaitingDevice {
    pub grant: DeviceGrant,
    pub scopes: Vec<ScopeName>,
    pub allow_list: AllowList,
    /// When the caller's own key ends, if the key must end with it.
    pub end: Option<Timestamp>,
}

/// What a person says to a machine's sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceAnswer {
    Approve,
    Deny,
}

/// A machine's key.
pub struct Redeemed {
    pub minted: MintedKey,
    pub scopes: Vec<String>,
    /// How long it lives if nobody uses it.
    pub lifetime: SignedDuration,
}

/// What came of minting a machine's key.
enum Minting {
    Done(Redeemed),
    /// Another request was first; this is the key that it was given.
    AlreadyDone(KeyId),
}

/// Why a machine gets no key.
#[derive(Debug)]
pub enum RedeemError {
    /// Nobody has answered yet.
    Pending,
    /// The same, and the machine asks too often.
    Early,
    /// Somebody refused it.
    Denied,
    /// The key with which it was approved has ended, or may not mint that any more.
    Lapsed,
    /// It cannot be found out now whether that is so.
    ForNow(String),
    /// It has ended.
    Ended,
    /// There is none with that code.
    Unknown,
    /// It was redeemed before; the key that came of it has ended now.
    Used,
    /// Everything else.
    Refused(Refused),
}

impl From<Refused> for RedeemError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Unauthenticated(_) => Self::Lapsed,
            other => Self::Refused(other),
        }
    }
}

impl From<StoreError> for RedeemError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<NotOnBehalf> for RedeemError {
    fn from(error: NotOnBehalf) -> Self {
        match error {
            NotOnBehalf::Expired => Self::Lapsed,
            NotOnBehalf::ForNow(cause) => Self::ForNow(cause),
            NotOnBehalf::Store(error) => error.into(),
        }
    }
}

impl From<MintError> for RedeemError {
    fn from(error: MintError) -> Self {
        match error {
            MintError::Refused(Refused::Store(error)) => error.into(),
            MintError::Refused(_) | MintError::Exceeds { .. } | MintError::NameTaken(_) | MintError::Overtaken => {
                Self::Lapsed
            }
        }
    }
}

impl AuthorizedStore {
    /// Lets a machine wait for a person. Requires `create` on all keys.
    #[tracing::instrument(skip_all)]
    pub async fn begin_device(&self, wish: DeviceRequest) -> Result<BegunDevice, BeginDeviceError> {
        let check = |caller: &Caller| caller.require_permitted(Action::CREATE, &Object::of(ResourceType::API_KEY));
        let mut work = self.begin_if(check).await?;
        let now = work.now();
        let device_code = SecretText::new(self.authority.random().alphanumeric(DEVICE_CODE));
        let texts = |list: &AllowList| list.entries().iter().map(ToString::to_string).collect();
        if work.read().count_waiting_devices(now).await? >= MOST {
            return Err(BeginDeviceError::TooMany);
        }
        let grant = DeviceGrant {
            code_hash: hash_secret(device_code.reveal()),
            user_code: work.free_user_code().await?,
            scopes: wish.scopes.iter().map(ToString::to_string).collect(),
            allow_list: wish.allow_list.as_ref().map(texts).unwrap_or_default(),
            origin: work.caller.context().origin(),
            created_at: now,
            ends_at: now.checked_add(CODE_LIFE).unwrap_or(now),
            state: DeviceState::Pending,
        };
        work.tx.insert_device_grant(&grant).await?;
        work.commit_unrecorded(Unrecorded::DeviceWaits).await?;
        Ok(BegunDevice { device_code, user_code: grant.user_code })
    }

    /// Forgets the sign-ins of machines that ended long ago. Requires `delete` on all keys.
    #[tracing::instrument(skip_all)]
    pub async fn purge_devices(&self) -> Result<u64, Refused> {
        let mut work = self
            .begin_if(|caller| caller.require_permitted(Action::DELETE, &Object::of(ResourceType::API_KEY)))
            .await?;
        let purged = work.tx.purge_device_grants(self.now().checked_sub(REMEMBERED).unwrap_or(Timestamp::MIN)).await?;
        work.commit_unrecorded(Unrecorded::Retention).await?;
        Ok(purged)
    }

    /// The machine that waits with this code, and what the caller would give it. Requires `create` on the caller's own
    /// keys, and nothing that the caller's own key lacks.
    #[tracing::instrument(skip_all)]
    pub async fn waiting_device(&self, code: &UserCode) -> Result<WaitingDevice, MintError> {
        let request = require_minting_for_device(&self.authority, &self.caller)?;
        let grant = self.read().find_device_grant(code).await?;
        would_give(&self.authority, &self.caller, grant, request)
    }

    /// Answers for the machine that waits with this code. Requires what [`Self::waiting_device`] does.
    #[tracing::instrument(skip_all)]
    pub async fn answer_device(&self, code: &UserCode, answer: DeviceAnswer) -> Result<(), MintError> {
        require_minting_for_device(&self.authority, &self.caller)?;
        let mut work = self.begin().await?;
        let request = require_minting_for_device(&work.authority, &work.caller)?;
        let own = work.caller.key().map(|key| key.id.clone()).ok_or(MintError::Overtaken)?;
        let grant = work.read().find_device_grant(code).await?;
        let device = match answer {
            DeviceAnswer::Approve => would_give(&work.authority, &work.caller, grant, request)?.grant,
            DeviceAnswer::Deny => waiting(&work.authority, grant)?,
        };
        let (state, word) = match answer {
            DeviceAnswer::Approve => (DeviceState::Approved { with: own }, "approved"),
            DeviceAnswer::Deny => (DeviceState::Denied, "denied"),
        };
        work.tx.set_device_state(code, &state).await?;
        work.record(device_event(&device, word));
        Ok(work.commit().await?)
    }

    /// Gives a machine its key, once somebody has approved it, and once only. Requires `create` on all keys, and of the
    /// key with which it was approved what [`Self::waiting_device`] requires.
    #[tracing::instrument(skip_all)]
    pub async fn redeem_device(&self, device_code: &SecretText) -> Result<Redeemed, RedeemError> {
        self.caller
            .require_permitted(Action::CREATE, &Object::of(ResourceType::API_KEY))
            .map_err(RedeemError::Refused)?;
        let hash = hash_secret(device_code.reveal());
        let grant = self.read().find_device_grant_by_hash(&hash).await?.ok_or(RedeemError::Unknown)?;
        let has_ended = grant.ends_at <= self.now();
        match grant.state {
            DeviceState::Redeemed { key } => {
                self.end_twice_redeemed(&key).await?;
                Err(RedeemError::Used)
            }
            _ if has_ended => Err(RedeemError::Ended),
            DeviceState::Denied => Err(RedeemError::Denied),
            DeviceState::Pending if self.authority.polls().is_early(&grant.user_code, self.now()) => {
                Err(RedeemError::Early)
            }
            DeviceState::Pending => Err(RedeemError::Pending),
            DeviceState::Approved { with } => {
                let approver = on_behalf_of(&self.authority, &with, self.caller.context().clone()).await?;
                match approver.mint_for_device(&hash).await? {
                    Minting::Done(redeemed) => Ok(redeemed),
                    // The same code came twice at the same time.
                    Minting::AlreadyDone(key) => {
                        self.end_twice_redeemed(&key).await?;
                        Err(RedeemError::Used)
                    }
                }
            }
        }
    }

    /// A code that comes twice was stolen (RFC 6749, section 4.1.2): what it was redeemed for ends. Requires `delete` on
    /// all keys.
    async fn end_twice_redeemed(&self, key: &KeyId) -> Result<(), RedeemError> {
        let mut work = self
            .begin_if(|caller| {
                caller
                    .require_permitted(Action::DELETE, &Object::of(ResourceType::API_KEY))
                    .map_err(RedeemError::Refused)
            })
            .await?;
        let Some(key) = work.read().find_key(key).await? else { return Ok(()) };
        work.tx.delete_descendants(&key.id, self.now()).await?;
        work.tx.delete_key(&key.id).await?;
        work.record(key_event(EventKind::KeyDeleted, Some(&key), None));
        Ok(work.commit().await?)
    }

    /// Mints the key of a machine that the caller approved.
    async fn mint_for_device(&self, code: &SecretHash) -> Result<Minting, RedeemError> {
        let mut work = self.begin().await?;
        let request = require_minting_for_device(&work.authority, &work.caller)?;
        let grant = work.read().find_device_grant_by_hash(code).await?.ok_or(RedeemError::Unknown)?;
        let own = work.caller.key().map(|key| key.id.clone()).ok_or(RedeemError::Lapsed)?;
        match grant.state {
            DeviceState::Approved { ref with } if *with == own => {}
            DeviceState::Redeemed { key } => return Ok(Minting::AlreadyDone(key)),
            _ => return Err(RedeemError::Unknown),
        }
        if request.owner.status != UserStatus::Active {
            return Err(RedeemError::Lapsed);
        }
        let (key, minted) = issue(&work.authority, &work.caller, ordered_by(&work.authority, &grant, request)?)?;
        let ApiKey { id, scopes, expires_at, .. } = key.clone();
        work.insert_key(key).await?;
        work.tx.set_device_state(&grant.user_code, &DeviceState::Redeemed { key: id }).await?;
        work.commit().await?;
        let lifetime = expires_at.duration_since(self.now());
        Ok(Minting::Done(Redeemed { minted, scopes, lifetime }))
    }
}

/// The request for a key of the caller, who may mint one.
fn require_minting_for_device(authority: &Authority, caller: &Caller) -> Result<MintRequest, MintError> {
    let owner = caller.user().cloned().ok_or(MintError::Overtaken)?;
    caller.require(Action::CREATE, &key_object(Id::None, owner.id)).map_err(MintError::from)?;
    Ok(MintRequest::session_from_key(authority, owner))
}

/// The grant, if its machine still waits for an answer.
fn waiting(authority: &Authority, grant: Option<DeviceGrant>) -> Result<DeviceGrant, MintError> {
    let waits = |grant: &DeviceGrant| grant.state == DeviceState::Pending && grant.ends_at > authority.now();
    grant.filter(waits).ok_or(MintError::Overtaken)
}

fn would_give(
    authority: &Authority,
    caller: &Caller,
    grant: Option<DeviceGrant>,
    request: MintRequest,
) -> Result<WaitingDevice, MintError> {
    let grant = waiting(authority, grant)?;
    let request = ordered_by(authority, &grant, request)?;
    let bounds = bounds(authority, caller, &request)?;
    Ok(WaitingDevice { grant, scopes: bounds.scopes, allow_list: bounds.allow_list, end: bounds.end })
}

/// The request for what the machine asks for. What the catalogue no longer has is not given.
fn ordered_by(authority: &Authority, grant: &DeviceGrant, request: MintRequest) -> Result<MintRequest, MintError> {
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

/// What somebody said to a machine's sign-in.
fn device_event(device: &DeviceGrant, word: &'static str) -> AuditEvent {
    let event = AuditEvent {
        kind: EventKind::DeviceAnswered,
        resource_type: "device_sign_in".to_owned(),
        resource_id: Uuid::nil().to_string(),
        target: device.user_code.to_string(),
        organization_id: None,
        about: None,
        diff: serde_json::json!({}),
    };
    event
        .with_value("state", &word)
        .with_value("scopes", &device.scopes)
        .with_value("allow_list", &device.allow_list)
        .with_value("ip_address", &device.origin.ip_address)
        .with_value("user_agent", &device.origin.user_agent)
}

impl Work {
    async fn free_user_code(&mut self) -> Result<UserCode, BeginDeviceError> {
        for _ in 0..DRAWS {
            let letters = (0..UserCode::LENGTH).map(|_| char::from(self.authority.random().one_of(UserCode::ALPHABET)));
            let Some(code) = UserCode::parse(&letters.collect::<String>()) else { continue };
            if self.read().find_device_grant(&code).await?.is_none() {
                return Ok(code);
            }
        }
        Err(BeginDeviceError::TooMany)
    }
}
