//! A machine asks to be signed in.
use std::collections::BTreeSet;

use keyfob_api::secret::SecretText;
use keyfob_rbac::{
    Action, AllowEntry, AllowEntryError, AllowList, AllowListError, Catalogue, NotRequestable, Object, ResourceType,
    ScopeName,
};
use keyfob_store::{DeviceGrant, DeviceState, StoreError, UserCode};

use super::CODE_LIFE;
use crate::{AuthorizedStore, Caller, Refused, Unrecorded, caller::hash_secret, work::Work};

/// The length of a machine's own code, in letters and digits: 256 bits.
const DEVICE_CODE: usize = 43;
/// How often a code for users is drawn anew when it is taken.
const DRAWS: usize = 16;
/// How many machines may wait at the same time.
const MAX_WAITING: u64 = 100_000;

/// What a machine asks for; what it does not name is left to the user who approves it.
#[derive(Clone, Debug, Default)]
pub struct BeginDevice {
    /// The names of the scopes that it asks for, separated by blanks (RFC 6749, section 3.3).
    pub scope: String,
    /// The entries of the allow list that it asks for, separated by blanks.
    pub allow_list: String,
}

/// A sign-in that was begun.
#[expect(missing_debug_implementations, reason = "holds a secret")]
pub struct BegunDevice {
    /// For the machine alone.
    pub device_code: SecretText,
    /// For the user.
    pub user_code: UserCode,
}

/// Why a sign-in was not begun.
#[derive(Debug)]
pub enum BeginDeviceError {
    /// A token cannot ask for that scope.
    UnknownScope(NotRequestable),
    /// A text is no entry of an allow list.
    InvalidAllowEntry(AllowEntryError),
    /// The entries make no allow list, because there are too many.
    InvalidAllowList(AllowListError),
    /// As many machines wait as may.
    TooManyWaiting,
    /// The server's own work may not, or the store failed.
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

impl AuthorizedStore {
    /// Lets a machine wait for a user. Requires `create` on all keys.
    ///
    /// # Errors
    /// Why it may not wait.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn begin_device(&self, requested: BeginDevice) -> Result<BegunDevice, BeginDeviceError> {
        let allow_list = allow_list(self.catalogue(), &requested.allow_list)?;
        let scopes = scopes(self.catalogue(), &requested.scope)?;
        let check = |caller: &Caller| caller.require_permitted(Action::CREATE, &Object::of(ResourceType::API_KEY));
        let mut work = self.begin_if(check).await?;
        let now = work.now();
        let device_code = SecretText::new(work.authority.random().alphanumeric(DEVICE_CODE));
        if work.read().count_waiting_devices(now).await? >= MAX_WAITING {
            return Err(BeginDeviceError::TooManyWaiting);
        }
        let grant = DeviceGrant {
            code_hash: hash_secret(device_code.reveal()),
            user_code: work.free_user_code().await?,
            scopes: scopes.iter().map(ToString::to_string).collect(),
            allow_list: allow_list.iter().flat_map(AllowList::entries).map(ToString::to_string).collect(),
            origin: work.caller.context().origin(),
            created_at: now,
            ends_at: now.checked_add(CODE_LIFE).unwrap_or(now),
            state: DeviceState::Pending,
        };
        work.tx.insert_device_grant(&grant).await?;
        work.commit_unrecorded(Unrecorded::DeviceWaits).await?;
        Ok(BegunDevice { device_code, user_code: grant.user_code })
    }
}

/// Each scope once: there are no more of them than the catalogue has, whatever a stranger sends.
fn scopes(catalogue: &Catalogue, text: &str) -> Result<BTreeSet<ScopeName>, BeginDeviceError> {
    let scope = |name| catalogue.requestable_scope(name).map_err(BeginDeviceError::UnknownScope);
    text.split_whitespace().map(scope).collect()
}

fn allow_list(catalogue: &Catalogue, text: &str) -> Result<Option<AllowList>, BeginDeviceError> {
    let entry = |text| AllowEntry::parse(catalogue, text).map_err(BeginDeviceError::InvalidAllowEntry);
    let entries: Vec<AllowEntry> = text.split_whitespace().map(entry).collect::<Result<_, _>>()?;
    if entries.is_empty() {
        return Ok(None);
    }
    AllowList::from_request(entries).map(Some).map_err(BeginDeviceError::InvalidAllowList)
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
        Err(BeginDeviceError::TooManyWaiting)
    }
}
