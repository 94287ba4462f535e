//! Users: finding, making, changing.
use std::collections::{BTreeMap, HashMap};

use axum::http::StatusCode;
use jiff::Timestamp;
use keyfob_rbac::{Action, Object, ResourceType};
use keyfob_store::{
    ListUsers, Member, NewUser, Organization, OrganizationId, ResourcesOf, StoreError, Tx, User, UserId, UserStatus,
};
use uuid::Uuid;

use super::{AuthorizedStore, assign::AssignError, audit::user_audit};
use crate::gate::{Denied, Refused};

/// A user with the organizations that they are a member of.
#[derive(Clone, Debug)]
pub(crate) struct UserView {
    pub(crate) user: User,
    pub(crate) organization_ids: Vec<OrganizationId>,
}

/// Why a user was not made.
#[derive(Debug)]
pub(crate) enum CreateUserError {
    /// The caller may not.
    Denied(Denied),
    /// The caller may not give the user such roles.
    Assign(AssignError),
    /// A live user has that name or address.
    Taken,
    /// The user could sign in, and the caller's key is narrow: what it sets for somebody else, it could use itself.
    NeedsFullKey,
    /// The store failed.
    Store(StoreError),
}

impl From<StoreError> for CreateUserError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(_) => Self::Taken,
            other => Self::Store(other),
        }
    }
}

pub(super) fn user_object<'a>(id: UserId) -> Object<'a> {
    Object::of(ResourceType::USER).with_id(id.0).owned_by(id.0)
}

impl AuthorizedStore {
    /// The user that a path names: `me`, an id, or a username. Requires `read` on the user, unless it is the caller's
    /// own: that is an address, not a read.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn addressed_user(&self, segment: &str) -> Result<User, Refused> {
        if let Some(own) = self.caller.user().filter(|own| names(own, segment)) {
            return Ok(own.clone());
        }
        let found = match Uuid::try_parse(segment) {
            Ok(id) => self.store().find_user(UserId(id)).await?,
            Err(_) => self.store().find_user_by_username(segment).await?,
        };
        let Some(user) = found else {
            self.caller.context.trail.required(ResourceType::USER, Action::READ);
            return Err(self.missing(ResourceType::USER));
        };
        self.require_visible(&user_object(user.id))?;
        Ok(user)
    }

    /// A user as answers show one. Whoever holds a user may see that.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn user_view(&self, user: User) -> Result<UserView, Refused> {
        let members = self.store().memberships(user.id).await?;
        Ok(UserView { organization_ids: members.into_iter().map(|member| member.organization_id).collect(), user })
    }

    /// A page of the users that the caller may see, and how many there are. Requires `read` on each.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn list_users(&self, mut list: ListUsers) -> Result<(Vec<UserView>, u64), Refused> {
        list.visible = self.caller.visible(Action::READ, ResourceType::USER);
        let (users, count) = self.store().list_users(&list).await?;
        Ok((self.user_views(users).await?, count))
    }

    /// Users as answers show them. Whoever holds users may see that.
    pub(super) async fn user_views(&self, users: Vec<User>) -> Result<Vec<UserView>, Refused> {
        let ids: Vec<UserId> = users.iter().map(|user| user.id).collect();
        let mut organizations: HashMap<UserId, Vec<OrganizationId>> = HashMap::new();
        for member in self.store().memberships_of_all(&ids).await? {
            organizations.entry(member.user_id).or_default().push(member.organization_id);
        }
        let view = |user: User| UserView { organization_ids: organizations.remove(&user.id).unwrap_or_default(), user };
        Ok(users.into_iter().map(view).collect())
    }

    /// The usernames of those of these users that the caller may see. Requires `read` on each.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn usernames(&self, ids: &[UserId]) -> Result<Vec<(UserId, String)>, Refused> {
        let visible = self.caller.visible(Action::READ, ResourceType::USER);
        let users = self.store().users(ids).await?;
        let shown =
            users.into_iter().filter(|user| visible.matches(&user_object(user.id)) || self.caller.is_self(user.id));
        Ok(shown.map(|user| (user.id, user.username)).collect())
    }

    /// Whether a live user whom the caller may see has that name or address.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn is_taken(&self, username: &str, email: &str) -> Result<bool, Refused> {
        let by_name = self.store().find_user_by_username(username).await?;
        let by_address = if email.is_empty() { None } else { self.store().find_login(email).await? };
        let found = by_name.into_iter().chain(by_address.map(|(user, _)| user));
        let visible = self.incidental().caller.visible(Action::READ, ResourceType::USER);
        Ok(found.into_iter().any(|user| visible.matches(&user_object(user.id)) || self.caller.is_self(user.id)))
    }

    /// Makes a user a member of these organizations, with these deployment-wide roles. Requires `create` on users,
    /// `create` on members of each organization, and the right to assign every role that comes with it.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn create_user(
        &self,
        new: &NewUser,
        organizations: &[OrganizationId],
    ) -> Result<(), CreateUserError> {
        self.caller.require(Action::CREATE, &Object::of(ResourceType::USER)).map_err(CreateUserError::Denied)?;
        if !new.user.email.is_empty() && !self.caller.may_set_credentials_of_others() {
            return Err(CreateUserError::NeedsFullKey);
        }
        let mut tx = self.store().begin().await?;
        if !new.user.roles.is_empty() {
            self.require_assigning(None, &[], &new.user.roles).await.map_err(CreateUserError::Assign)?;
        }
        for id in organizations {
            let organization = tx.find_organization(*id).await?.ok_or(StoreError::Gone)?;
            self.require_adding_member(&organization).await?.map_err(CreateUserError::Denied)?;
        }
        tx.insert_user(new).await?;
        for id in organizations {
            self.insert_member(&mut tx, &new.user, *id).await?;
        }
        self.record(&mut tx, user_audit("create", StatusCode::CREATED, None, &new.user)).await?;
        Ok(tx.commit().await?)
    }

    /// Whether set-up was ever done. Requires `read` on all users.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn is_set_up(&self) -> Result<bool, Refused> {
        self.require_permitted(Action::READ, &Object::of(ResourceType::USER))?;
        Ok(self.store().find_setting(SET_UP).await?.is_some())
    }

    /// Makes the first user and the organization that new users land in, which it answers: once per database. Requires
    /// `create` on users, organizations and members.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn set_up(&self, first: &NewUser) -> Result<Option<Organization>, Refused> {
        self.require_permitted(Action::CREATE, &Object::of(ResourceType::USER))?;
        self.require_permitted(Action::CREATE, &Object::of(ResourceType::ORGANIZATION))?;
        self.require_permitted(Action::CREATE, &Object::of(ResourceType::ORGANIZATION_MEMBER))?;
        let mut tx = self.store().begin().await?;
        if tx.find_setting(SET_UP).await?.is_some() {
            return Ok(None);
        }
        let organization = self.open_for_business(&mut tx).await?;
        tx.insert_user(first).await?;
        self.insert_member(&mut tx, &first.user, organization.id).await?;
        self.record(&mut tx, user_audit("create", StatusCode::CREATED, None, &first.user)).await?;
        tx.commit().await?;
        Ok(Some(organization))
    }

    /// Lets a user act again. Requires `update` on the user.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn activate_user(&self, id: UserId) -> Result<User, Refused> {
        self.require_permitted(Action::UPDATE, &user_object(id))?;
        let mut tx = self.store().begin().await?;
        let user = tx.find_user(id).await?.filter(|user| !user.deleted).ok_or(StoreError::Gone)?;
        let changed = self.set_status(&mut tx, &user, UserStatus::Active).await?;
        tx.commit().await?;
        Ok(changed)
    }

    /// Lets a user act no more, unless they are an owner: then nothing changes. Requires `update` on the user.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn suspend_user(&self, id: UserId) -> Result<Option<User>, Refused> {
        self.require_permitted(Action::UPDATE, &user_object(id))?;
        let mut tx = self.store().begin().await?;
        let user = tx.find_user(id).await?.filter(|user| !user.deleted).ok_or(StoreError::Gone)?;
        if user.is_owner() {
            return Ok(None);
        }
        let changed = self.set_status(&mut tx, &user, UserStatus::Suspended).await?;
        tx.commit().await?;
        Ok(Some(changed))
    }

    /// Wakes a user who acts again, if they are dormant by now; answers them as they are then. Requires `update` on the
    /// user.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn wake(&self, id: UserId) -> Result<User, Refused> {
        self.require_permitted(Action::UPDATE, &user_object(id))?;
        let mut tx = self.store().begin().await?;
        let user = tx.find_user(id).await?.filter(|user| !user.deleted).ok_or(StoreError::Gone)?;
        if user.status != UserStatus::Dormant {
            return Ok(user);
        }
        let awake = self.set_status(&mut tx, &user, UserStatus::Active).await?;
        tx.touch_user(id, self.now()).await?;
        tx.commit().await?;
        Ok(User { last_seen_at: Some(self.now()), ..awake })
    }

    async fn set_status(&self, tx: &mut Tx, user: &User, status: UserStatus) -> Result<User, StoreError> {
        let now = self.now();
        let changed = User { status, updated_at: now, ..user.clone() };
        tx.update_user_status(user.id, status, now).await?;
        self.record(tx, user_audit("write", StatusCode::OK, Some(user), &changed)).await?;
        Ok(changed)
    }

    /// Gives a user another username and another name. Requires `update_personal` on the user, and `update` for
    /// another username.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn update_profile(&self, user: &User, username: &str, name: &str) -> Result<User, Refused> {
        self.require_permitted(Action::UPDATE_PERSONAL, &user_object(user.id))?;
        if username != user.username {
            self.require_permitted(Action::UPDATE, &user_object(user.id))?;
        }
        let now = self.now();
        let changed = User { username: username.to_owned(), name: name.to_owned(), updated_at: now, ..user.clone() };
        let mut tx = self.store().begin().await?;
        tx.update_user_profile(user.id, username, name, now).await?;
        self.record(&mut tx, user_audit("write", StatusCode::OK, Some(user), &changed)).await?;
        tx.commit().await?;
        Ok(changed)
    }

    /// Removes a user, with their keys and memberships. Requires `delete` on the user, and that they own no
    /// workspaces.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn delete_user(&self, user: &User) -> Result<(), DeleteUserError> {
        self.require_permitted(Action::DELETE, &user_object(user.id))?;
        let mut tx = self.store().begin().await?;
        if self.store().count_resources(Some("workspace"), ResourcesOf::Owner(user.id)).await? > 0 {
            return Err(DeleteUserError::HasWorkspaces);
        }
        let now = self.now();
        tx.delete_user(user.id, now).await?;
        let deleted = User { deleted: true, updated_at: now, ..user.clone() };
        self.record(&mut tx, user_audit("delete", StatusCode::OK, Some(user), &deleted)).await?;
        Ok(tx.commit().await?)
    }

    /// What is personal is hidden from others, and refused to those whom it is about.
    pub(super) fn require_personal(&self, action: Action, user: &User) -> Result<(), Refused> {
        self.caller.require(action, &user_object(user.id)).map_err(|denied| {
            if self.caller.is_self(user.id) { Refused::Denied(denied) } else { Refused::Hidden(Some(denied)) }
        })
    }

    /// A user's memberships. Requires `read_personal` on the user.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn memberships(&self, user: &User) -> Result<Vec<Member>, Refused> {
        self.require_personal(Action::READ_PERSONAL, user)?;
        Ok(self.store().memberships(user.id).await?)
    }

    /// How a user likes pages to look. Requires `read_personal` on the user.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn user_settings(&self, user: &User) -> Result<BTreeMap<String, String>, Refused> {
        self.require_personal(Action::READ_PERSONAL, user)?;
        Ok(self.store().user_settings(user.id).await?)
    }

    /// Sets how a user likes pages to look. Requires `update_personal` on the user.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn set_user_settings(&self, user: &User, settings: &[(&str, String)]) -> Result<(), Refused> {
        self.require_permitted(Action::UPDATE_PERSONAL, &user_object(user.id))?;
        let mut tx = self.store().begin().await?;
        tx.find_user(user.id).await?.filter(|user| !user.deleted).ok_or(StoreError::Gone)?;
        for (name, value) in settings {
            tx.set_user_setting(user.id, name, value).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Makes dormant who is active and has not acted since then; says how many. Requires `update` on all users.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn make_dormant(&self, since: Timestamp, at_most: u64) -> Result<usize, Refused> {
        self.require_permitted(Action::UPDATE, &Object::of(ResourceType::USER))?;
        let now = self.now();
        let mut tx = self.store().begin().await?;
        let users = tx.inactive_users(since, at_most).await?;
        for user in &users {
            tx.update_user_status(user.id, UserStatus::Dormant, now).await?;
            let dormant = User { status: UserStatus::Dormant, updated_at: now, ..user.clone() };
            self.record(&mut tx, user_audit("write", StatusCode::OK, Some(user), &dormant)).await?;
        }
        tx.commit().await?;
        Ok(users.len())
    }
}

/// Why a user was not removed.
#[derive(Debug)]
pub(crate) enum DeleteUserError {
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
pub(super) const SET_UP: &str = "set_up_at";

/// Whether a path segment names this user.
pub(super) fn names(user: &User, segment: &str) -> bool {
    segment == "me"
        || Uuid::try_parse(segment).is_ok_and(|id| id == user.id.0)
        || segment.to_lowercase() == user.username.to_lowercase()
}
