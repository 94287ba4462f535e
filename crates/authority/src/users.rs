//! Users: finding, making, changing.
mod person;

pub use person::person;

use crate::Caller;
use crate::Unrecorded;
use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use keyfob_rbac::{Action, Object, ResourceType};
use keyfob_store::{
    ListUsers, Member, NewUser, Organization, OrganizationId, ResourcesOf, StoreError, User, UserId, UserStatus,
};
use uuid::Uuid;

use crate::{
    AuthorizedStore, Denied, Refused,
    audit::{EventKind, user_event},
    roles::AssignError,
    work::Work,
};

/// A user with the organizations that they are a member of.
#[derive(Clone, Debug)]
pub struct UserView {
    pub user: User,
    pub organization_ids: Vec<OrganizationId>,
}

/// Why a user was not made.
#[derive(Debug)]
pub enum CreateUserError {
    /// The caller may not.
    Denied(Denied),
    /// The caller may not give the user such roles.
    Assign(AssignError),
    /// A live user has that name or address.
    Taken,
    /// The user could sign in, and the caller's key is narrow: what it sets for somebody else, it could use itself.
    NeedsFullKey,
    /// Everything else.
    Refused(Refused),
}

impl From<Refused> for CreateUserError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Denied(denied) => Self::Denied(denied),
            other => Self::Refused(other),
        }
    }
}

impl From<StoreError> for CreateUserError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(_) => Self::Taken,
            other => Self::Refused(other.into()),
        }
    }
}

pub(crate) fn user_object<'a>(id: UserId) -> Object<'a> {
    Object::of(ResourceType::USER).with_id(id.0).owned_by(id.0)
}

impl AuthorizedStore {
    /// The user that a path names: `me`, an id, or a username. Requires `read` on the user, unless it is the caller's
    /// own: that is an address, not a read.
    #[tracing::instrument(skip_all)]
    pub async fn addressed_user(&self, segment: &str) -> Result<User, Refused> {
        if let Some(own) = self.caller.user().filter(|own| names(own, segment)) {
            return Ok(own.clone());
        }
        let found = match Uuid::try_parse(segment) {
            Ok(id) => self.read().find_user(UserId(id)).await?,
            Err(_) => self.read().find_user_by_username(segment).await?,
        };
        let Some(user) = found else {
            self.caller.context().decisions.required(ResourceType::USER, Action::READ);
            return Err(self.caller.missing(ResourceType::USER));
        };
        self.caller.require_visible(&user_object(user.id))?;
        Ok(user)
    }

    /// A user as answers show one. Whoever holds a user may see that.
    #[tracing::instrument(skip_all)]
    pub async fn user_view(&self, user: User) -> Result<UserView, Refused> {
        let members = self.read().memberships(user.id).await?;
        Ok(UserView { organization_ids: members.into_iter().map(|member| member.organization_id).collect(), user })
    }

    /// A page of the users that the caller may see, and how many there are. Requires `read` on each.
    #[tracing::instrument(skip_all)]
    pub async fn list_users(&self, mut list: ListUsers) -> Result<(Vec<UserView>, u64), Refused> {
        list.visible = self.caller.visible(Action::READ, ResourceType::USER);
        let (users, count) = self.read().list_users(&list).await?;
        Ok((self.user_views(users).await?, count))
    }

    /// Users as answers show them. Whoever holds users may see that.
    pub async fn user_views(&self, users: Vec<User>) -> Result<Vec<UserView>, Refused> {
        let ids: Vec<UserId> = users.iter().map(|user| user.id).collect();
        let mut organizations: HashMap<UserId, Vec<OrganizationId>> = HashMap::new();
        for member in self.read().memberships_of_all(&ids).await? {
            organizations.entry(member.user_id).or_default().push(member.organization_id);
        }
        let view = |user: User| UserView { organization_ids: organizations.remove(&user.id).unwrap_or_default(), user };
        Ok(users.into_iter().map(view).collect())
    }

    /// The usernames of those of these users that the caller may see. Requires `read` on each.
    #[tracing::instrument(skip_all)]
    pub async fn usernames(&self, ids: &[UserId]) -> Result<Vec<(UserId, String)>, Refused> {
        let visible = self.caller.visible(Action::READ, ResourceType::USER);
        let users = self.read().users(ids).await?;
        let shown =
            users.into_iter().filter(|user| visible.matches(&user_object(user.id)) || self.caller.is_self(user.id));
        Ok(shown.map(|user| (user.id, user.username)).collect())
    }

    /// Whether a live user whom the caller may see has that name or address.
    #[tracing::instrument(skip_all)]
    pub async fn is_taken(&self, username: &str, email: &str) -> Result<bool, Refused> {
        let by_name = self.read().find_user_by_username(username).await?;
        let by_address = if email.is_empty() { None } else { self.read().find_login(email).await? };
        let found = by_name.into_iter().chain(by_address.map(|(user, _)| user));
        let visible = self.incidental().caller.visible(Action::READ, ResourceType::USER);
        Ok(found.into_iter().any(|user| visible.matches(&user_object(user.id)) || self.caller.is_self(user.id)))
    }

    /// Makes a user a member of these organizations, with these deployment-wide roles. Requires `create` on users,
    /// `create` on members of each organization, and the right to assign every role that comes with it.
    #[tracing::instrument(skip_all)]
    pub async fn create_user(&self, new: &NewUser, organizations: &[OrganizationId]) -> Result<(), CreateUserError> {
        let check = |caller: &Caller| {
            caller.require(Action::CREATE, &Object::of(ResourceType::USER)).map_err(CreateUserError::Denied)?;
            let could_sign_in = !new.user.email.is_empty();
            if could_sign_in && !caller.may_set_credentials_of_others() {
                return Err(CreateUserError::NeedsFullKey);
            }
            Ok(())
        };
        let mut work = self.begin_if(check).await?;
        if !new.user.roles.is_empty() {
            work.require_assigning(None, &[], &new.user.roles).await.map_err(CreateUserError::Assign)?;
        }
        for id in organizations {
            let organization = work.read().find_organization(*id).await?.ok_or(StoreError::Gone)?;
            work.require_adding_member(&organization).await?.map_err(CreateUserError::Denied)?;
        }
        work.tx.insert_user(new).await?;
        for id in organizations {
            work.insert_member(&new.user, *id).await?;
        }
        work.record(user_event(EventKind::UserCreated, None, &new.user));
        Ok(work.commit().await?)
    }

    /// Whether set-up was ever done. Requires `read` on all users.
    #[tracing::instrument(skip_all)]
    pub async fn is_set_up(&self) -> Result<bool, Refused> {
        self.caller.require_permitted(Action::READ, &Object::of(ResourceType::USER))?;
        Ok(self.read().find_setting(SET_UP).await?.is_some())
    }

    /// Makes the first user and the organization that new users land in, which it answers: once per database. Requires
    /// `create` on users, organizations and members.
    #[tracing::instrument(skip_all)]
    pub async fn set_up(&self, first: &NewUser) -> Result<Option<Organization>, Refused> {
        let mut work = self
            .begin_if(|caller| {
                caller.require_permitted(Action::CREATE, &Object::of(ResourceType::USER))?;
                caller.require_permitted(Action::CREATE, &Object::of(ResourceType::ORGANIZATION))?;
                caller.require_permitted(Action::CREATE, &Object::of(ResourceType::ORGANIZATION_MEMBER))
            })
            .await?;
        if work.read().find_setting(SET_UP).await?.is_some() {
            return Ok(None);
        }
        let organization = work.open_deployment().await?;
        work.tx.insert_user(first).await?;
        work.insert_member(&first.user, organization.id).await?;
        work.record(user_event(EventKind::UserCreated, None, &first.user));
        work.commit().await?;
        Ok(Some(organization))
    }

    /// Lets a user act again. Requires `update` on the user.
    #[tracing::instrument(skip_all)]
    pub async fn activate_user(&self, id: UserId) -> Result<User, Refused> {
        let mut work = self.begin_if(|caller| caller.require_permitted(Action::UPDATE, &user_object(id))).await?;
        let user = work.read().find_user(id).await?.filter(|user| !user.deleted).ok_or(StoreError::Gone)?;
        let changed = work.set_status(&user, UserStatus::Active).await?;
        work.commit().await?;
        Ok(changed)
    }

    /// Lets a user act no more, unless they are an owner: then nothing changes. Requires `update` on the user.
    #[tracing::instrument(skip_all)]
    pub async fn suspend_user(&self, id: UserId) -> Result<Option<User>, Refused> {
        let mut work = self.begin_if(|caller| caller.require_permitted(Action::UPDATE, &user_object(id))).await?;
        let user = work.read().find_user(id).await?.filter(|user| !user.deleted).ok_or(StoreError::Gone)?;
        if user.is_owner() {
            return Ok(None);
        }
        let changed = work.set_status(&user, UserStatus::Suspended).await?;
        work.commit().await?;
        Ok(Some(changed))
    }

    /// Wakes a user who acts again, if they are dormant by now; answers them as they are then. Requires `update` on the
    /// user.
    #[tracing::instrument(skip_all)]
    pub async fn wake(&self, id: UserId) -> Result<User, Refused> {
        let mut work = self.begin_if(|caller| caller.require_permitted(Action::UPDATE, &user_object(id))).await?;
        let user = work.read().find_user(id).await?.filter(|user| !user.deleted).ok_or(StoreError::Gone)?;
        if user.status != UserStatus::Dormant {
            return Ok(user);
        }
        let awake = work.set_status(&user, UserStatus::Active).await?;
        work.tx.touch_user(id, self.now()).await?;
        work.commit().await?;
        Ok(User { last_seen_at: Some(self.now()), ..awake })
    }

    /// Gives a user another username and another name. Requires `update_personal` on the user, and `update` for
    /// another username.
    #[tracing::instrument(skip_all)]
    pub async fn update_profile(&self, user: &User, username: &str, name: &str) -> Result<User, Refused> {
        let check = |caller: &Caller| {
            caller.require_permitted(Action::UPDATE_PERSONAL, &user_object(user.id))?;
            if username == user.username {
                return Ok(());
            }
            caller.require_permitted(Action::UPDATE, &user_object(user.id))
        };
        let mut work = self.begin_if::<Refused>(check).await?;
        let now = self.now();
        let changed = User { username: username.to_owned(), name: name.to_owned(), updated_at: now, ..user.clone() };
        work.tx.update_user_profile(user.id, username, name, now).await?;
        work.record(user_event(EventKind::UserUpdated, Some(user), &changed));
        work.commit().await?;
        Ok(changed)
    }

    /// Removes a user, with their keys and memberships. Requires `delete` on the user, and that they own no
    /// workspaces.
    #[tracing::instrument(skip_all)]
    pub async fn delete_user(&self, user: &User) -> Result<(), DeleteUserError> {
        let mut work = self.begin_if(|caller| caller.require_permitted(Action::DELETE, &user_object(user.id))).await?;
        if work.read().count_resources(Some("workspace"), ResourcesOf::Owner(user.id)).await? > 0 {
            return Err(DeleteUserError::HasWorkspaces);
        }
        let now = self.now();
        work.tx.delete_user(user.id, now).await?;
        let deleted = User { deleted: true, updated_at: now, ..user.clone() };
        work.record(user_event(EventKind::UserDeleted, Some(user), &deleted));
        Ok(work.commit().await?)
    }

    /// A user's memberships. Requires `read_personal` on the user.
    #[tracing::instrument(skip_all)]
    pub async fn memberships(&self, user: &User) -> Result<Vec<Member>, Refused> {
        self.caller.require_personal(Action::READ_PERSONAL, user.id)?;
        Ok(self.read().memberships(user.id).await?)
    }

    /// How a user likes pages to look. Requires `read_personal` on the user.
    #[tracing::instrument(skip_all)]
    pub async fn user_settings(&self, user: &User) -> Result<BTreeMap<String, String>, Refused> {
        self.caller.require_personal(Action::READ_PERSONAL, user.id)?;
        Ok(self.read().user_settings(user.id).await?)
    }

    /// Sets how a user likes pages to look. Requires `update_personal` on the user.
    #[tracing::instrument(skip_all)]
    pub async fn set_user_settings(&self, user: &User, settings: &[(&str, String)]) -> Result<(), Refused> {
        let mut work =
            self.begin_if(|caller| caller.require_permitted(Action::UPDATE_PERSONAL, &user_object(user.id))).await?;
        work.read().find_user(user.id).await?.filter(|user| !user.deleted).ok_or(StoreError::Gone)?;
        for (name, value) in settings {
            work.tx.set_user_setting(user.id, name, value).await?;
        }
        Ok(work.commit_unrecorded(Unrecorded::Preferences).await?)
    }

    /// Makes dormant who is active and has not acted since then; says how many. Requires `update` on all users.
    #[tracing::instrument(skip_all)]
    pub async fn make_dormant(&self, since: Timestamp, at_most: u64) -> Result<usize, Refused> {
        let mut work =
            self.begin_if(|caller| caller.require_permitted(Action::UPDATE, &Object::of(ResourceType::USER))).await?;
        let now = work.now();
        let users = work.read().inactive_users(since, at_most).await?;
        for user in &users {
            work.tx.update_user_status(user.id, UserStatus::Dormant, now).await?;
            let dormant = User { status: UserStatus::Dormant, updated_at: now, ..user.clone() };
            work.record(user_event(EventKind::UserUpdated, Some(user), &dormant));
        }
        work.commit_unrecorded(Unrecorded::NothingToChange).await?;
        Ok(users.len())
    }
}

/// Why a user was not removed.
#[derive(Debug)]
pub enum DeleteUserError {
    /// They own workspaces.
    HasWorkspaces,
    /// Everything else.
    Refused(Refused),
}

impl From<Refused> for DeleteUserError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<StoreError> for DeleteUserError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

/// The setting that says when set-up was done.
pub(crate) const SET_UP: &str = "set_up_at";

/// Whether a path segment names this user.
pub(crate) fn names(user: &User, segment: &str) -> bool {
    segment == "me"
        || Uuid::try_parse(segment).is_ok_and(|id| id == user.id.0)
        || segment.to_lowercase() == user.username.to_lowercase()
}

impl Work {
    async fn set_status(&mut self, user: &User, status: UserStatus) -> Result<User, StoreError> {
        let now = self.now();
        let changed = User { status, updated_at: now, ..user.clone() };
        self.tx.update_user_status(user.id, status, now).await?;
        self.record(user_event(EventKind::UserUpdated, Some(user), &changed));
        Ok(changed)
    }
}
