//! Finding users, and what answers show with them.
use std::collections::HashMap;

use keyfob_rbac::{Action, ResourceType};
use keyfob_store::{ListUsers, LoginType, Member, Organization, OrganizationId, Period, StoreError, User, UserId};
use uuid::Uuid;

use super::user_object;
use crate::{AuthorizedStore, ListError, Refused, caller::Own};

/// A user with the organizations that they are a member of.
#[derive(Clone, Debug)]
pub struct UserView {
    /// The user.
    pub user: User,
    /// The organizations that they are a member of.
    pub organization_ids: Vec<OrganizationId>,
}

/// Why the login type of a user is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginTypeError {
    /// It is another user's.
    NotOneself,
}

impl AuthorizedStore {
    /// The user that a path names: `me`, an id, or a username. Requires `read` on the user, unless it is the caller's
    /// own: that is an address, not a read. A user whose row does not decode is what remains of it: whoever mends or
    /// deletes the user looks at them first.
    ///
    /// # Errors
    /// [`Refused::Hidden`] when there is no such user whom the caller may read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn addressed_user(&self, segment: &str) -> Result<User, Refused> {
        if let Some(own) = self.caller.presented().filter(|own| names(&own.owner.user, segment)) {
            return Ok(own.user());
        }
        Box::pin(self.read_addressed_user(segment)).await
    }

    async fn read_addressed_user(&self, segment: &str) -> Result<User, Refused> {
        let found = self.find_named_user(segment).await?;
        let Some(user) = found else {
            return Err(self.caller.missing(ResourceType::USER));
        };
        self.caller.require_visible(&user_object(user.id))?;
        Ok(user)
    }

    /// The user of this id or username, or what remains of them. It requires nothing.
    pub(crate) async fn find_named_user(&self, segment: &str) -> Result<Option<User>, StoreError> {
        let mut read = self.read().salvaging();
        match Uuid::try_parse(segment) {
            Ok(id) => read.find_user(UserId(id)).await,
            Err(_) => read.find_user_by_username(segment).await,
        }
    }

    /// A user as answers show one. It requires nothing: the caller has the user already.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn user_view(&self, user: User) -> Result<UserView, Refused> {
        if let Some(own) = self.caller.presented().filter(|own| own.owner.user.id == user.id) {
            return Ok(UserView { user, organization_ids: own.owner.organizations.clone() });
        }
        let members = Box::pin(self.read().memberships_of_all(&[user.id])).await?;
        let organization_ids = members.into_iter().map(|member| member.organization_id).collect();
        Ok(UserView { user, organization_ids })
    }

    /// The caller's own user, as [`Self::addressed_user`] and [`Self::user_view`] of `me` find them, and their key. None for
    /// the server's own work. It requires nothing.
    pub fn own_user(&self) -> Option<Own<'_>> {
        self.caller.presented().map(Own)
    }

    /// A page of the users that the caller may see, and how many there are. Requires `read` on each.
    ///
    /// # Errors
    /// [`ListError::NothingToComeAfter`] when the page is to come after a user whom the caller may not see.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn list_users(&self, mut list: ListUsers) -> Result<(Vec<UserView>, u64), ListError> {
        list.visible = self.caller.visible(Action::READ, ResourceType::USER);
        let (users, count) = self.find_users(&list).await?;
        Ok((self.user_views(users).await?, count))
    }

    /// A page of users, and how many there are. It requires nothing, and shows what `visible` of the list says.
    pub(crate) async fn find_users(&self, list: &ListUsers) -> Result<(Vec<User>, u64), StoreError> {
        // The database compares instants that are written; if they cannot be, those of a moment ago count.
        if list.last_seen != Period::default()
            && let Err(error) = self.authority.write_key_uses().await
        {
            tracing::warn!(%error, "a search does not know the last uses of keys");
        }
        self.read().list_users(list).await
    }

    /// Users as answers show them. It requires nothing: the caller has the users already.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[crate::boxed]
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
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn usernames(&self, ids: &[UserId]) -> Result<Vec<(UserId, String)>, Refused> {
        let is_shown = self.caller.shows(Action::READ, ResourceType::USER);
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids.dedup();
        // The caller's own name is known, and mostly it is the only one.
        let own = self.caller.presented().map(|own| &own.owner.user).filter(|own| ids.contains(&own.id));
        ids.retain(|id| own.is_none_or(|own| own.id != *id));
        let others = self.read().usernames(&ids).await?.into_iter().filter(|(id, _)| is_shown(&user_object(*id)));
        let own = own.map(|own| (own.id, own.username.clone()));
        Ok(own.into_iter().chain(others).collect())
    }

    /// A user's memberships, but for those that do not decode. Requires `read_personal` on the user.
    ///
    /// # Errors
    /// When the caller may not.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn memberships(&self, user: &User) -> Result<Vec<Member>, Refused> {
        self.caller.require_personal(Action::READ_PERSONAL, user.id)?;
        Ok(self.read().memberships_of_all(&[user.id]).await?)
    }

    /// The one of a user's organizations that a path names. Requires `read` on it.
    ///
    /// # Errors
    /// [`Refused::Hidden`] when there is no such organization, or the user is no member of it.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn addressed_organization_of(&self, user: UserId, segment: &str) -> Result<Organization, Refused> {
        let organization = self.addressed_organization(segment).await?;
        let theirs = self.organizations_of(user).await?;
        theirs.into_iter().find(|own| own.id == organization.id).ok_or_else(Refused::missing)
    }

    /// How a user signs in. Users are told their own login type only.
    ///
    /// # Errors
    /// [`LoginTypeError::NotOneself`] for another user.
    pub fn login_type(&self, user: &User) -> Result<LoginType, LoginTypeError> {
        if self.caller.is_self(user.id) { Ok(user.login_type) } else { Err(LoginTypeError::NotOneself) }
    }
}

/// Whether a path segment names this user.
pub(crate) fn names(user: &User, segment: &str) -> bool {
    segment == "me"
        || match Uuid::try_parse(segment) {
            // An id, also where an older user has it as their name.
            Ok(id) => id == user.id.0,
            Err(_) => segment.eq_ignore_ascii_case(&user.username),
        }
}
