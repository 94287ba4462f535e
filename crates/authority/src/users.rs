//! Users: finding, creating, changing and deleting them, and what each of them has set.
//!
//! Passwords are in `passwords`, sessions in `sessions`, and the rules for giving roles in `roles`.
mod admin;
mod appearance;
mod create;
mod delete;
mod find;
mod first;
mod new_user;
mod notice_choices;
mod preferences;
mod profile;
mod rights;
mod settings;
mod site_roles;
mod status;

pub use admin::{CreateAdmin, CreateAdminError};
pub use appearance::{Appearance, ChangeAppearance, SetAppearanceError};
pub use create::{CreateUser, CreateUserError, Taken};
pub use delete::DeleteUserError;
pub(crate) use find::names;
pub use find::{LoginTypeError, UserView};
pub(crate) use first::SET_UP;
pub use first::{FirstUser, SetUp, SetUpError};
pub(crate) use new_user::person;
pub use notice_choices::{ChangeNoticeChoices, NoticeChoices, SetNoticeChoicesError};
pub use preferences::{ChangePreferences, Preferences, SetPreferencesError};
pub use profile::{ProfileRights, UpdateProfile, UpdateProfileError};
pub use rights::{CreationRights, RoleRight, UserRights};
pub use site_roles::UpdateUserRolesError;
pub use status::SuspendUserError;

use keyfob_rbac::{Object, ResourceType};
use keyfob_store::{StoreError, User, UserId};

use crate::work::Work;

/// A user, as decisions see one: every user owns themselves.
pub(crate) fn user_object<'a>(id: UserId) -> Object<'a> {
    Object::of(ResourceType::USER).with_id(id.0).owned_by(id.0)
}

impl Work {
    /// The user with this id who is not deleted, as the object of a change: a row that does not decode is what remains
    /// of it, so that it stands in the way of no change, which may mend it.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when there is none.
    pub(crate) async fn live_user(&mut self, id: UserId) -> Result<User, StoreError> {
        self.read().salvaging().find_user(id).await?.filter(|user| !user.deleted).ok_or(StoreError::Gone)
    }
}
