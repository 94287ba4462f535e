//! The members of organizations.
mod change;

pub(crate) use change::may_add_member;
pub use change::{AddMemberError, RemoveMemberError};

use std::collections::HashMap;

use keyfob_rbac::{Action, Filter, Object, ResourceType};
use keyfob_store::{Among, CustomRole, ListUsers, Member, Organization, OrganizationId, StoreError, User, UserId};

use crate::{AuthorizedStore, ListError, Refused, users::names, work::Work};

/// A membership with its user.
#[derive(Clone, Debug)]
pub struct MemberView {
    /// The user.
    pub user: User,
    /// The user's membership.
    pub member: Member,
}

/// A membership, in decisions: it has the user's id, and the user owns it.
pub(crate) fn member_object<'a>(organization: OrganizationId, user: UserId) -> Object<'a> {
    Object::of(ResourceType::ORGANIZATION_MEMBER).with_id(user.0).owned_by(user.0).in_organization(organization.0)
}

impl AuthorizedStore {
    /// The member that a path names: `me`, an id, or a username. Requires `read` on the membership; the user need not
    /// be readable.
    ///
    /// # Errors
    /// [`Refused::Hidden`] when there is none that the caller may see.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn addressed_member(&self, organization: &Organization, segment: &str) -> Result<MemberView, Refused> {
        let user = match self.caller.presented().filter(|own| names(&own.owner.user, segment)) {
            Some(own) => Some(own.user()),
            None => self.find_named_user(segment).await?,
        };
        let member = match &user {
            Some(user) => self.read().find_member(organization.id, user.id).await.transpose(),
            None => None,
        };
        let Some((user, member)) = user.zip(member) else {
            return Err(self.caller.missing(ResourceType::ORGANIZATION_MEMBER));
        };
        // Only those who may read the membership are told that it does not decode.
        self.caller.require_visible(&member_object(organization.id, user.id))?;
        Ok(MemberView { user, member: member? })
    }

    /// The usernames of those of these users whose membership of the organization the caller may see. Requires `read` on
    /// each membership.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn member_names(
        &self,
        organization: OrganizationId,
        users: &[UserId],
    ) -> Result<Vec<(UserId, String)>, Refused> {
        let is_shown = self.caller.shows(Action::READ, ResourceType::ORGANIZATION_MEMBER);
        let members = self.read().memberships_of_all(users).await?.into_iter();
        let members = members.filter(|member| member.organization_id == organization).map(|member| member.user_id);
        let seen: Vec<UserId> = members.filter(|id| is_shown(&member_object(organization, *id))).collect();
        Ok(self.read().usernames(&seen).await?)
    }

    /// A page of an organization's members that the caller may see, and their number on all pages. Requires `read` on
    /// each membership.
    ///
    /// # Errors
    /// [`ListError::NothingToComeAfter`] when the page is to come after somebody who is no such member.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn list_members(
        &self,
        organization: OrganizationId,
        mut list: ListUsers,
    ) -> Result<(Vec<MemberView>, u64), ListError> {
        let visible = self.caller.visible(Action::READ, ResourceType::ORGANIZATION_MEMBER);
        list.visible = Filter::All;
        list.among = Some(Among { organization, group: None, visible });
        let (users, count) = self.find_users(&list).await?;
        let ids: Vec<UserId> = users.iter().map(|user| user.id).collect();
        let members = self.read().memberships_of_all(&ids).await?;
        let members = members.into_iter().filter(|member| member.organization_id == organization);
        let mut of_user: HashMap<UserId, Member> = members.map(|member| (member.user_id, member)).collect();
        let views = users.into_iter().filter_map(|user| Some(MemberView { member: of_user.remove(&user.id)?, user }));
        Ok((views.collect(), count))
    }

    /// The custom roles of an organization, for their display names. Requires nothing: a caller who sees a member may
    /// see the names of the member's roles.
    ///
    /// # Errors
    /// When the store fails.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn list_custom_role_names(&self, of: OrganizationId) -> Result<Vec<CustomRole>, Refused> {
        Ok(self.read().custom_roles(&[of]).await?)
    }
}

impl Work {
    /// The membership of a user, as it is in the transaction, or what remains of it. Requires `read` on it.
    ///
    /// # Errors
    /// [`Refused::Hidden`] when there is none that the caller may see.
    pub(crate) async fn visible_member(
        &mut self,
        organization: OrganizationId,
        user: UserId,
    ) -> Result<MemberView, Refused> {
        self.caller.require_visible(&member_object(organization, user))?;
        let member = self.read().salvaging().find_member(organization, user).await?.ok_or(StoreError::Gone)?;
        let user = self.read().salvaging().find_user(user).await?.ok_or(StoreError::Gone)?;
        Ok(MemberView { user, member })
    }
}
