//! Giving members roles, and taking them.
use keyfob_store::{Member, OrganizationId, StoreError, UserId};

use super::{AssignError, RolesBefore, each_once};
use crate::{
    AuthorizedStore, Caller, Refused,
    audit::{EventKind, member_event},
    fields::{Fields, MAX_LIST, WrongFields},
    organizations::MemberView,
};

/// Why a member's roles were not changed.
#[derive(Debug)]
pub enum UpdateMemberRolesError {
    /// There are too many roles.
    Invalid(WrongFields),
    /// The member is the caller.
    Oneself,
    /// The caller may not assign these roles.
    Assign(AssignError),
}

impl From<WrongFields> for UpdateMemberRolesError {
    fn from(wrong: WrongFields) -> Self {
        Self::Invalid(wrong)
    }
}

impl From<AssignError> for UpdateMemberRolesError {
    fn from(error: AssignError) -> Self {
        Self::Assign(error)
    }
}

impl From<Refused> for UpdateMemberRolesError {
    fn from(refused: Refused) -> Self {
        Self::Assign(AssignError::Refused(refused))
    }
}

impl From<StoreError> for UpdateMemberRolesError {
    fn from(error: StoreError) -> Self {
        Self::Assign(error.into())
    }
}

impl AuthorizedStore {
    /// Gives a member exactly these roles of the organization, besides the implied ones. Requires `read` on the
    /// membership, the same as for roles of the deployment, in the organization, that the member is not the caller,
    /// and that the roles are still those that the change was made from.
    ///
    /// # Errors
    /// As [`UpdateMemberRolesError`] says; then nothing was changed.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn update_member_roles(
        &self,
        organization: OrganizationId,
        user: UserId,
        roles: Vec<String>,
        before: RolesBefore,
    ) -> Result<Member, UpdateMemberRolesError> {
        Fields::default().at_most_entries("roles", roles.len(), MAX_LIST).check()?;
        let roles = each_once(roles);
        let not_oneself = |caller: &Caller| {
            if caller.is_self(user) { Err(UpdateMemberRolesError::Oneself) } else { Ok(()) }
        };
        let mut work = self.begin_if(not_oneself).await?;
        let organization = work.read().find_organization(organization).await?.ok_or(StoreError::Gone)?;
        let MemberView { user, member: old } = work.visible_member(organization.id, user).await?;
        work.require_assigning(Some(&organization), &old.roles, &roles).await?;
        // Only those who may change the roles are told that others did.
        before.require(&old.roles)?;
        let changed = Member { roles, updated_at: work.now(), ..old.clone() };
        work.tx.update_member_roles(&changed).await?;
        work.record(member_event(EventKind::MemberUpdated, &user, Some(&old), Some(&changed)));
        work.commit().await?;
        Ok(changed)
    }
}
