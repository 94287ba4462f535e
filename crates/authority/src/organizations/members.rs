//! Who is a member of which organization.
use crate::Caller;
use keyfob_rbac::{Action, Filter, Object, ResourceType, RoleName, may_assign};
use keyfob_store::{Among, CustomRole, ListUsers, Member, Organization, OrganizationId, StoreError, User, UserId};
use uuid::Uuid;

use crate::{
    AuthorizedStore, Denied, Refused,
    audit::{EventKind, member_event},
    roles::own_role_names,
    users::names,
    work::Work,
};

/// Why a user was not made a member.
#[derive(Debug)]
pub enum AddMemberError {
    /// They are one.
    AlreadyMember,
    /// The gate refused.
    Refused(Refused),
}

impl From<Refused> for AddMemberError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<StoreError> for AddMemberError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(_) => Self::AlreadyMember,
            other => Self::Refused(other.into()),
        }
    }
}

/// A member with the user that they are.
#[derive(Clone, Debug)]
pub struct MemberView {
    pub user: User,
    pub member: Member,
}

fn member_object<'a>(organization: OrganizationId, user: UserId) -> Object<'a> {
    Object::of(ResourceType::ORGANIZATION_MEMBER).with_id(user.0).owned_by(user.0).in_organization(organization.0)
}

impl AuthorizedStore {
    /// The member that a path names: `me`, an id, or a username. Requires `read` on the membership; the user need not
    /// be readable.
    #[tracing::instrument(skip_all)]
    pub async fn addressed_member(&self, organization: &Organization, segment: &str) -> Result<MemberView, Refused> {
        let user = match self.caller.user().filter(|own| names(own, segment)) {
            Some(own) => Some(own.clone()),
            None => match Uuid::try_parse(segment) {
                Ok(id) => self.read().find_user(UserId(id)).await?,
                Err(_) => self.read().find_user_by_username(segment).await?,
            },
        };
        let member = match &user {
            Some(user) => self.read().find_member(organization.id, user.id).await?,
            None => None,
        };
        let Some((user, member)) = user.zip(member) else {
            self.caller.context().decisions.required(ResourceType::ORGANIZATION_MEMBER, Action::READ);
            return Err(self.caller.missing(ResourceType::ORGANIZATION_MEMBER));
        };
        self.caller.require_visible(&member_object(organization.id, user.id))?;
        Ok(MemberView { user, member })
    }

    /// A page of an organization's members that the caller may see, and how many there are. Requires `read` on each
    /// membership.
    #[tracing::instrument(skip_all)]
    pub async fn list_members(
        &self,
        organization: OrganizationId,
        mut list: ListUsers,
    ) -> Result<(Vec<MemberView>, u64), Refused> {
        let visible = self.caller.visible(Action::READ, ResourceType::ORGANIZATION_MEMBER);
        list.visible = Filter::All;
        list.among = Some(Among { organization, group: None, visible });
        let (users, count) = self.read().list_users(&list).await?;
        let ids: Vec<UserId> = users.iter().map(|user| user.id).collect();
        let members = self.read().memberships_of_all(&ids).await?;
        let member = |user: &User| {
            members.iter().find(|member| member.organization_id == organization && member.user_id == user.id).cloned()
        };
        let views = users.into_iter().filter_map(|user| Some(MemberView { member: member(&user)?, user }));
        Ok((views.collect(), count))
    }

    /// The roles that these organizations made, for the names that people see. Requires nothing: names of roles that
    /// somebody holds come with whoever holds them.
    #[tracing::instrument(skip_all)]
    pub async fn custom_role_names(&self, of: OrganizationId) -> Result<Vec<CustomRole>, Refused> {
        Ok(self.read().custom_roles(&[of]).await?)
    }

    /// Makes a user a member. Requires `create` on members of the organization, and the right to assign every role
    /// that comes with it.
    #[tracing::instrument(skip_all)]
    pub async fn add_member(&self, user: &User, organization: OrganizationId) -> Result<Member, AddMemberError> {
        let mut work = self.begin().await?;
        let organization = work.read().find_organization(organization).await?.ok_or(StoreError::Gone)?;
        let permitted = work.require_adding_member(&organization).await?;
        permitted.map_err(|denied| AddMemberError::Refused(Refused::Denied(denied)))?;
        let member = work.insert_member(user, organization.id).await?;
        work.commit().await?;
        Ok(member)
    }

    /// Ends a membership. Requires `delete` on it.
    #[tracing::instrument(skip_all)]
    pub async fn remove_member(&self, view: &MemberView) -> Result<(), Refused> {
        let MemberView { user, member } = view;
        let object = member_object(member.organization_id, user.id);
        let check =
            |caller: &Caller| caller.require(Action::DELETE, &object).map_err(|denied| Refused::Hidden(Some(denied)));
        let mut work = self.begin_if(check).await?;
        work.tx.delete_member(member.organization_id, user.id).await?;
        let event = member_event(EventKind::MemberRemoved, user, Some(member), None);
        work.record(event);
        Ok(work.commit().await?)
    }
}

impl Work {
    /// Whether the caller may make anybody a member: that gives them the implied roles.
    pub(crate) async fn require_adding_member(
        &mut self,
        organization: &Organization,
    ) -> Result<Result<(), Denied>, StoreError> {
        let id = organization.id.0;
        let member = Object::of(ResourceType::ORGANIZATION_MEMBER).in_organization(id);
        if let Err(denied) = self.caller.require(Action::CREATE, &member) {
            return Ok(Err(denied));
        }
        if self.caller.user().is_none() {
            return Ok(Ok(()));
        }
        let roles = Object::of(ResourceType::ASSIGN_ORG_ROLE).in_organization(id);
        if let Err(denied) = self.caller.require(Action::ASSIGN, &roles) {
            return Ok(Err(denied));
        }
        let own = own_role_names(&self.caller.clone(), &mut self.read()).await?;
        let implied = organization.default_org_member_roles.iter().map(String::as_str).chain(["organization-member"]);
        let all = implied.into_iter().all(|name| may_assign(&own, &RoleName::in_organization(name, id)));
        let denied = || self.caller.refuse(Action::ASSIGN, ResourceType::ASSIGN_ORG_ROLE);
        Ok(if all { Ok(()) } else { Err(denied()) })
    }

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
