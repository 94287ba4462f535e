//! Adding and removing members.
use keyfob_rbac::{Action, Object, ResourceType, RoleName};
use keyfob_store::{Member, Organization, OrganizationId, StoreError, User, UserId};

use super::{MemberView, member_object};
use crate::{
    AuthorizedStore, Caller, Denied, Refused,
    audit::{EventKind, member_event},
    roles::Assigner,
    users::user_object,
    work::Work,
};

/// Why a user was not made a member.
#[derive(Debug)]
pub enum AddMemberError {
    /// The user is a member already.
    AlreadyMember {
        /// The user's name.
        username: String,
        /// The display name of the organization.
        organization: String,
    },
    /// Everything else.
    Refused(Refused),
}

/// Why a member was not removed.
#[derive(Debug)]
pub enum RemoveMemberError {
    /// The member is the caller.
    Oneself,
    /// Everything else.
    Refused(Refused),
}

impl From<Refused> for AddMemberError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<StoreError> for AddMemberError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<Refused> for RemoveMemberError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<StoreError> for RemoveMemberError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl AuthorizedStore {
    /// Makes a user a member. Requires `create` on members of the organization, the right to assign every role that a
    /// membership implies, and `read` on a user who is not the caller.
    ///
    /// # Errors
    /// As [`AddMemberError`] says; then nothing was changed.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn add_member(&self, organization: OrganizationId, user: UserId) -> Result<Member, AddMemberError> {
        let mut work = self.begin().await?;
        let organization = work.read().find_organization(organization).await?.ok_or(StoreError::Gone)?;
        work.require_adding_member(&organization).await?;
        if !work.caller.is_self(user) {
            work.caller.require_visible(&user_object(user))?;
        }
        let user = work.read().find_user(user).await?.filter(|user| !user.deleted).ok_or(StoreError::Gone)?;
        let member = match work.insert_member(&user, organization.id).await {
            Err(StoreError::Conflict(_)) => {
                let organization = organization.display_name;
                return Err(AddMemberError::AlreadyMember { username: user.username, organization });
            }
            result => result?,
        };
        work.commit().await?;
        Ok(member)
    }

    /// Removes a member. Requires `delete` on the membership, that a role of the caller may assign each that the member
    /// holds in the organization, and that it is not the caller's own.
    ///
    /// # Errors
    /// As [`RemoveMemberError`] says; then nothing was changed.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn remove_member(&self, organization: OrganizationId, user: UserId) -> Result<(), RemoveMemberError> {
        let (mut work, MemberView { user, member }) = self.begin_removal(organization, user).await?;
        work.tx.delete_member(organization, user.id).await?;
        work.record(member_event(EventKind::MemberRemoved, &user, Some(&member), None));
        Ok(work.commit().await?)
    }

    /// Whether [`Self::remove_member`] would remove the member now, for a page that asks before.
    ///
    /// # Errors
    /// Why it would not.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn check_remove_member(
        &self,
        organization: OrganizationId,
        user: UserId,
    ) -> Result<(), RemoveMemberError> {
        self.begin_removal(organization, user).await.map(drop)
    }

    async fn begin_removal(
        &self,
        organization: OrganizationId,
        user: UserId,
    ) -> Result<(Work, MemberView), RemoveMemberError> {
        let check = |caller: &Caller| {
            if caller.is_self(user) {
                return Err(RemoveMemberError::Oneself);
            }
            let permitted = caller.require(Action::DELETE, &member_object(organization, user));
            permitted.map_err(|denied| RemoveMemberError::Refused(Refused::Hidden(Some(denied))))
        };
        let mut work = self.begin_if(check).await?;
        let view = work.visible_member(organization, user).await?;
        let removal = (Action::DELETE, ResourceType::ORGANIZATION_MEMBER);
        work.require_assigning_all_of(&view.user, Some(organization), removal).await?;
        Ok((work, view))
    }
}

/// Whether the caller, with these roles, may add members: that gives them the implied roles.
pub(crate) fn may_add_member(caller: &Caller, assigner: &Assigner, organization: &Organization) -> Result<(), Denied> {
    let id = organization.id.0;
    caller.require(Action::CREATE, &Object::of(ResourceType::ORGANIZATION_MEMBER).in_organization(id))?;
    if caller.user().is_none() {
        return Ok(());
    }
    caller.require(Action::ASSIGN, &Object::of(ResourceType::ASSIGN_ORG_ROLE).in_organization(id))?;
    let mut implied = organization.default_org_member_roles.iter().map(String::as_str).chain(["organization-member"]);
    if implied.all(|name| assigner.may_assign(&RoleName::in_organization(name, id))) {
        return Ok(());
    }
    Err(caller.refuse(Action::ASSIGN, ResourceType::ASSIGN_ORG_ROLE))
}

impl Work {
    /// The same with the roles that stand in the transaction.
    pub(crate) async fn require_adding_member(&mut self, organization: &Organization) -> Result<(), Refused> {
        let caller = self.caller.clone();
        let assigner = Assigner::of(&caller, &mut self.read()).await?;
        may_add_member(&caller, &assigner, organization).map_err(Refused::Denied)
    }

    /// Stores a membership without roles of its own, and its record.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the user is a member already.
    pub(crate) async fn insert_member(
        &mut self,
        user: &User,
        organization: OrganizationId,
    ) -> Result<Member, StoreError> {
        let now = self.now();
        let member = Member {
            user_id: user.id,
            organization_id: organization,
            roles: Vec::new(),
            created_at: now,
            updated_at: now,
        };
        self.tx.insert_member(&member).await?;
        self.record(member_event(EventKind::MemberAdded, user, None, Some(&member)));
        Ok(member)
    }
}
