//! The store as one caller may use it. Handlers have no other.
mod arrivals;
mod assign;
mod audit;
mod custom_roles;
mod decisions;
mod deployment;
mod devices;
mod followed;
mod gone;
mod groups;
mod keys;
mod members;
mod notices;
mod organizations;
mod passcodes;
mod passwords;
mod resources;
mod sessions;
mod users;

pub(crate) use arrivals::{ArriveError, Conversion, Newcomer, ProviderGroups, Signups};
pub(crate) use assign::AssignError;
pub(crate) use audit::{AuditView, COUNT_CAP};
pub(crate) use custom_roles::{AssignableRole, CustomRoleChange, CustomRoleError};
pub(crate) use decisions::{Question, Questions, Verdict};
pub(crate) use devices::{BeginDeviceError, DeviceAnswer, DeviceWish, RedeemError, Redeemed, WaitingDevice};
pub(crate) use groups::{GroupChange, GroupChangeError, GroupView, WantedGroups};
pub(crate) use keys::{EndKey, Ended, KeyOrder, Lifetime, MintError, MintedKey, NewKeyKind, Wish};
pub(crate) use members::{AddMemberError, MemberView};
pub(crate) use notices::DueNotice;
pub(crate) use organizations::{DeleteOrganizationError, OrganizationChange};
pub(crate) use passwords::SetPasswordError;
pub(crate) use resources::{GrantChange, ResourceChange, ResourceError};
pub(crate) use sessions::RightPassword;
pub(crate) use users::{CreateUserError, DeleteUserError, UserView};

use keyfob_rbac::{Action, Catalogue, Object};
use keyfob_store::Store;

use super::{Caller, Refused};
use crate::{context::Trail, state::App};

/// The store in the hands of one caller.
///
/// Each method's documentation says which action on which object it requires. An object that the caller may not read
/// is answered like one that is not there.
///
/// INVARIANT: a change begins its unit of work before it reads what it depends on. While that lasts nobody else
/// writes, so what was decided on is what is changed, and only what was asked for changes.
#[derive(Clone)]
pub(crate) struct AuthorizedStore {
    caller: Caller,
    app: App,
}

impl AuthorizedStore {
    pub(super) fn new(caller: Caller, app: App) -> Self {
        Self { caller, app }
    }

    /// Who acts.
    pub(crate) fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The same store for what is shown beside an answer where the caller may see it, and left out where not: the
    /// call does not need it, so its answer does not name it.
    pub(crate) fn incidental(&self) -> Self {
        let mut caller = self.caller.clone();
        caller.context.trail = Trail::default();
        Self { caller, app: self.app.clone() }
    }

    fn store(&self) -> &Store {
        &self.app.vault().0
    }

    fn catalogue(&self) -> &Catalogue {
        self.app.catalogue()
    }

    fn now(&self) -> jiff::Timestamp {
        self.app.clock().now()
    }

    /// The object must be visible: a refusal looks as if it were not there.
    fn require_visible(&self, object: &Object<'_>) -> Result<(), Refused> {
        self.caller.require(Action::READ, object).map_err(|denied| Refused::Hidden(Some(denied)))
    }

    /// The object is visible: a refusal says so.
    fn require_permitted(&self, action: Action, object: &Object<'_>) -> Result<(), Refused> {
        self.caller.require(action, object).map_err(Refused::Denied)
    }

    /// What is answered for an object that is not there: the same as for one that may not be read.
    fn missing(&self, resource_type: keyfob_rbac::ResourceType) -> Refused {
        Refused::Hidden(Some(self.caller.denied(Action::READ, resource_type)))
    }
}
