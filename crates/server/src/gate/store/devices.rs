//! Sign-ins of machines without a browser (RFC 8628): begun by a machine, answered by a person, redeemed by the machine.
//!
//! INVARIANT: the key that comes of one is minted with the key with which it was approved, when the machine asks for
//! it: it is no stronger, and nothing comes of it once that key has ended.
use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use keyfob_api::secret::SecretText;
use keyfob_rbac::{Action, AllowList, Id, Object, ResourceType, ScopeName};
use keyfob_store::{ApiKey, DeviceGrant, DeviceState, KeyId, SecretHash, StoreError, Tx, UserCode, UserStatus};
use uuid::Uuid;

use super::{
    AuthorizedStore, KeyOrder, MintError, MintedKey, Wish,
    audit::{Deed, key_audit},
    keys::key_object,
};
use crate::{
    devices::CODE_LIFE,
    gate::{
        Refused,
        authenticate::{NotOnBehalf, hash_secret, on_behalf_of},
    },
};

/// The length of a machine's own code, in letters and digits: 256 bits.
const DEVICE_CODE: usize = 43;
/// How often a code for people is drawn anew when there is one like it.
const DRAWS: usize = 16;
/// How many machines may wait at the same time.
const MOST: u64 = 100_000;
/// How long one is remembered after its end, so that machines are told that it has ended.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(1);

/// What a machine asks for; what it does not name is left to whoever approves it.
pub(crate) struct DeviceWish {
    pub(crate) scopes: Vec<ScopeName>,
    pub(crate) allow_list: Option<AllowList>,
}

/// A sign-in that was begun.
pub(crate) struct BegunDevice {
    /// For the machine alone.
    pub(crate) device_code: SecretText,
    /// For the person.
    pub(crate) user_code: UserCode,
}

/// Why a sign-in was not begun.
#[derive(Debug)]
pub(crate) enum BeginDeviceError {
    /// As many are kept as may be.
    TooMany,
    /// Everything else.
    Refused(Refused),
}

impl From<StoreError> for BeginDeviceError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

/// A machine that waits, and the key that it would be given.
pub(crate) struct WaitingDevice {
    pub(crate) grant: DeviceGrant,
    pub(crate) scopes: Vec<ScopeName>,
    pub(crate) allow_list: AllowList,
    /// When the caller's own key ends, if the key must end with it.
    pub(crate) end: Option<Timestamp>,
}

/// What a person says to a machine's sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeviceAnswer {
    Approve,
    Deny,
}

/// A machine's key.
pub(crate) struct Redeemed {
    pub(crate) minted: MintedKey,
    pub(crate) scopes: Vec<String>,
    /// How long it lives if nobody uses it.
    pub(crate) lifetime: SignedDuration,
}

/// What came of minting a machine's key.
enum Minting {
    Done(Redeemed),
    /// Another request was first; this is the key that it was given.
    AlreadyDone(KeyId),
}

/// Why a machine gets no key.
#[derive(Debug)]
pub(crate) enum RedeemError {
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

impl From<StoreError> for RedeemError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<NotOnBehalf> for RedeemError {
    fn from(error: NotOnBehalf) -> Self {
        match error {
            NotOnBehalf::Ended => Self::Lapsed,
            NotOnBehalf::ForNow(cause) => Self::ForNow(cause),
            NotOnBehalf::Store(error) => error.into(),
        }
    }
}

impl From<MintError> for RedeemError {
    fn from(error: MintError) -> Self {
        match error {
            MintError::Store(error) => error.into(),
            MintError::Denied(_) | MintError::Exceeds { .. } | MintError::NameTaken(_) | MintError::Overtaken => {
                Self::Lapsed
            }
        }
    }
}

impl AuthorizedStore {
    /// Lets a machine wait for a person. Requires `create` on all keys.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn begin_device(&self, wish: DeviceWish) -> Result<BegunDevice, BeginDeviceError> {
        self.require_permitted(Action::CREATE, &Object::of(ResourceType::API_KEY))
            .map_err(BeginDeviceError::Refused)?;
        let now = self.now();
        let device_code = SecretText::new(self.app.random().alphanumeric(DEVICE_CODE));
        let texts = |list: &AllowList| list.entries().iter().map(ToString::to_string).collect();
        let mut tx = self.store().begin().await?;
        if tx.count_waiting_devices(now).await? >= MOST {
            return Err(BeginDeviceError::TooMany);
        }
        let grant = DeviceGrant {
            code_hash: hash_secret(device_code.reveal()),
            user_code: self.free_user_code(&mut tx).await?,
            scopes: wish.scopes.iter().map(ToString::to_string).collect(),
            allow_list: wish.allow_list.as_ref().map(texts).unwrap_or_default(),
            origin: self.caller.context.origin(),
            created_at: now,
            ends_at: now.checked_add(CODE_LIFE).unwrap_or(now),
            state: DeviceState::Pending,
        };
        tx.insert_device_grant(&grant).await?;
        tx.commit().await?;
        Ok(BegunDevice { device_code, user_code: grant.user_code })
    }

    /// Forgets the sign-ins of machines that ended long ago. Requires `delete` on all keys.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn purge_devices(&self) -> Result<u64, Refused> {
        self.require_permitted(Action::DELETE, &Object::of(ResourceType::API_KEY))?;
        let mut tx = self.store().begin().await?;
        let purged = tx.purge_device_grants(self.now().checked_sub(REMEMBERED).unwrap_or(Timestamp::MIN)).await?;
        tx.commit().await?;
        Ok(purged)
    }

    async fn free_user_code(&self, tx: &mut Tx) -> Result<UserCode, BeginDeviceError> {
        for _ in 0..DRAWS {
            let letters = (0..UserCode::LENGTH).map(|_| char::from(self.app.random().one_of(UserCode::ALPHABET)));
            let Some(code) = UserCode::parse(&letters.collect::<String>()) else { continue };
            if tx.find_device_grant(&code).await?.is_none() {
                return Ok(code);
            }
        }
        Err(BeginDeviceError::TooMany)
    }

    /// The machine that waits with this code, and what the caller would give it. Requires `create` on the caller's own
    /// keys, and nothing that the caller's own key lacks.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn waiting_device(&self, code: &UserCode) -> Result<WaitingDevice, MintError> {
        let order = self.require_minting_for_device()?;
        let grant = self.store().find_device_grant(code).await?;
        self.would_give(grant, order)
    }

    /// Answers for the machine that waits with this code. Requires what [`Self::waiting_device`] does.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn answer_device(&self, code: &UserCode, answer: DeviceAnswer) -> Result<(), MintError> {
        let order = self.require_minting_for_device()?;
        let own = self.caller.key().map(|key| key.id.clone()).ok_or(MintError::Overtaken)?;
        let mut tx = self.store().begin().await?;
        let grant = tx.find_device_grant(code).await?;
        let device = match answer {
            DeviceAnswer::Approve => self.would_give(grant, order)?.grant,
            DeviceAnswer::Deny => self.waiting(grant)?,
        };
        self.require_live(&mut tx, &own).await?;
        let (state, word) = match answer {
            DeviceAnswer::Approve => (DeviceState::Approved { with: own }, "approved"),
            DeviceAnswer::Deny => (DeviceState::Denied, "denied"),
        };
        tx.set_device_state(code, &state).await?;
        self.record(&mut tx, device_audit(&device, word)).await?;
        Ok(tx.commit().await?)
    }

    fn require_minting_for_device(&self) -> Result<KeyOrder, MintError> {
        let owner = self.caller.user().cloned().ok_or(MintError::Overtaken)?;
        self.caller.require(Action::CREATE, &key_object(Id::None, owner.id)).map_err(MintError::Denied)?;
        Ok(KeyOrder::session_from_key(&self.app, owner))
    }

    /// The grant, if its machine still waits for an answer.
    fn waiting(&self, grant: Option<DeviceGrant>) -> Result<DeviceGrant, MintError> {
        let waits = |grant: &DeviceGrant| grant.state == DeviceState::Pending && grant.ends_at > self.now();
        grant.filter(waits).ok_or(MintError::Overtaken)
    }

    fn would_give(&self, grant: Option<DeviceGrant>, order: KeyOrder) -> Result<WaitingDevice, MintError> {
        let grant = self.waiting(grant)?;
        let order = self.ordered_by(&grant, order)?;
        let bounds = self.bounds(&order)?;
        Ok(WaitingDevice { grant, scopes: bounds.scopes, allow_list: bounds.allow_list, end: bounds.end })
    }

    /// The order for what the machine asks for. What the catalogue no longer has is not given.
    fn ordered_by(&self, grant: &DeviceGrant, order: KeyOrder) -> Result<KeyOrder, MintError> {
        let scope = |name: &String| self.catalogue().requestable_scope(name).map_err(|_| MintError::Overtaken);
        let scopes: Vec<ScopeName> = grant.scopes.iter().map(scope).collect::<Result<_, _>>()?;
        let entries: Vec<&str> = grant.allow_list.iter().map(String::as_str).collect();
        let allow_list = || AllowList::parse(self.catalogue(), &entries).map_err(|_| MintError::Overtaken);
        Ok(KeyOrder {
            scopes: if scopes.is_empty() { Wish::Own } else { Wish::Exactly(scopes) },
            allow_list: if entries.is_empty() { Wish::Own } else { Wish::Exactly(allow_list()?) },
            ..order
        })
    }

    /// Gives a machine its key, once somebody has approved it, and once only. Requires `create` on all keys, and of the
    /// key with which it was approved what [`Self::waiting_device`] requires.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn redeem_device(&self, device_code: &SecretText) -> Result<Redeemed, RedeemError> {
        self.require_permitted(Action::CREATE, &Object::of(ResourceType::API_KEY)).map_err(RedeemError::Refused)?;
        let hash = hash_secret(device_code.reveal());
        let grant = self.store().find_device_grant_by_hash(&hash).await?.ok_or(RedeemError::Unknown)?;
        let has_ended = grant.ends_at <= self.now();
        match grant.state {
            DeviceState::Redeemed { key } => {
                self.end_twice_redeemed(&key).await?;
                Err(RedeemError::Used)
            }
            _ if has_ended => Err(RedeemError::Ended),
            DeviceState::Denied => Err(RedeemError::Denied),
            DeviceState::Pending if self.app.polls().is_early(&grant.user_code, self.now()) => Err(RedeemError::Early),
            DeviceState::Pending => Err(RedeemError::Pending),
            DeviceState::Approved { with } => {
                let approver = on_behalf_of(&self.app, &with, self.caller.context.clone()).await?;
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
        self.require_permitted(Action::DELETE, &Object::of(ResourceType::API_KEY)).map_err(RedeemError::Refused)?;
        let mut tx = self.store().begin().await?;
        let Some(key) = tx.find_key(key).await? else { return Ok(()) };
        tx.delete_descendants(&key.id, self.now()).await?;
        tx.delete_key(&key.id).await?;
        self.record(&mut tx, key_audit("delete", StatusCode::NO_CONTENT, Some(&key), None)).await?;
        Ok(tx.commit().await?)
    }

    /// Mints the key of a machine that the caller approved.
    async fn mint_for_device(&self, code: &SecretHash) -> Result<Minting, RedeemError> {
        let order = self.require_minting_for_device()?;
        let owner = order.owner.id;
        let mut tx = self.store().begin().await?;
        let grant = tx.find_device_grant_by_hash(code).await?.ok_or(RedeemError::Unknown)?;
        let own = self.caller.key().map(|key| key.id.clone()).ok_or(RedeemError::Lapsed)?;
        match grant.state {
            DeviceState::Approved { ref with } if *with == own => {}
            DeviceState::Redeemed { key } => return Ok(Minting::AlreadyDone(key)),
            _ => return Err(RedeemError::Unknown),
        }
        self.require_live(&mut tx, &own).await?;
        if !tx.find_user(owner).await?.is_some_and(|user| !user.deleted && user.status == UserStatus::Active) {
            return Err(RedeemError::Lapsed);
        }
        let (key, minted) = self.forge(self.ordered_by(&grant, order)?)?;
        let ApiKey { id, scopes, expires_at, .. } = key.clone();
        self.insert_key(&mut tx, key).await?;
        tx.set_device_state(&grant.user_code, &DeviceState::Redeemed { key: id }).await?;
        tx.commit().await?;
        let lifetime = expires_at.duration_since(self.now());
        Ok(Minting::Done(Redeemed { minted, scopes, lifetime }))
    }
}

/// What somebody said to a machine's sign-in.
fn device_audit(device: &DeviceGrant, word: &'static str) -> Deed {
    let deed = Deed {
        action: "write",
        status: StatusCode::OK,
        resource_type: "device_sign_in".to_owned(),
        resource_id: Uuid::nil().to_string(),
        target: device.user_code.to_string(),
        organization_id: None,
        about: None,
        diff: serde_json::json!({}),
    };
    deed.with_value("state", &word)
        .with_value("scopes", &device.scopes)
        .with_value("allow_list", &device.allow_list)
        .with_value("ip_address", &device.origin.ip_address)
        .with_value("user_agent", &device.origin.user_agent)
}
