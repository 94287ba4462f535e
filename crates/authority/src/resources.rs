//! The registry.
mod registrable;

pub use registrable::{is_registrable, registrable};

use std::collections::{BTreeMap, BTreeSet};

use keyfob_rbac::{Acl, Action, Catalogue, Filter, Id, Object, ResourceType, Subject, authorize};
use keyfob_store::{
    Grant, Grantee, GroupId, ListGroups, ListResources, Member, OrganizationId, Resource, ResourceId, ResourceKey,
    StoreError, User, UserId,
};
use uuid::Uuid;

use crate::{
    AuthorizedStore, Refused,
    audit::{EventKind, resource_event},
    groups::group_object,
    users::user_object,
    work::Work,
};

/// Why a resource was not registered or changed.
#[derive(Debug)]
pub enum ResourceError {
    /// There is, or was, one with that id.
    IdTaken,
    /// There is one of that name beside it.
    NameTaken,
    /// The user who is to own it, or the organization it is to be in, is not there or may not be seen.
    UnknownPlace(&'static str),
    /// Those who are to be granted something are not there.
    UnknownGrantees(Vec<Grantee>),
    /// The gate refused.
    Refused(Refused),
}

impl From<StoreError> for ResourceError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(columns) if columns.contains("name") => Self::NameTaken,
            StoreError::Conflict(_) => Self::IdTaken,
            other => Self::Refused(other.into()),
        }
    }
}

impl From<Refused> for ResourceError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

/// What to change about a resource; what is none stays.
#[derive(Clone, Debug, Default)]
pub struct ResourceChange {
    pub name: Option<String>,
    pub organization_id: Option<OrganizationId>,
    pub owner_id: Option<UserId>,
    pub attributes: Option<serde_json::Map<String, serde_json::Value>>,
}

/// What to change about an access list: those who are named have exactly these actions afterwards.
pub type GrantChange = BTreeMap<Grantee, BTreeSet<String>>;

/// An access list after a change.
fn granted(old: &[Grant], change: GrantChange) -> Vec<Grant> {
    let kept = old.iter().filter(|grant| !change.contains_key(&grant.grantee)).cloned();
    let mut grants: Vec<Grant> = kept.collect();
    for (grantee, actions) in change {
        grants.extend(actions.into_iter().map(|action| Grant { grantee, action }));
    }
    grants.sort();
    grants
}

/// A resource's access list in the engine's form.
pub(crate) fn acl_of(catalogue: &Catalogue, grants: &[Grant]) -> Acl {
    let mut acl = Acl::new();
    for grant in grants {
        match grant.grantee {
            Grantee::User(id) => acl.grant_user(catalogue, id, &grant.action),
            Grantee::Group(id) => acl.grant_group(catalogue, id, &grant.action),
        }
    }
    acl
}

/// A resource as the engine sees it.
pub(crate) fn resource_object<'a>(resource_type: ResourceType, resource: &Resource, acl: &'a Acl) -> Object<'a> {
    bare_object(resource_type, resource.organization_id, resource.owner_id).with_id(resource.key.id.0).with_acl(acl)
}

/// A resource of that place and owner that is not there yet.
fn bare_object<'a>(of: ResourceType, organization: Option<OrganizationId>, owner: Option<UserId>) -> Object<'a> {
    let object = Object::of(of).owned_by(owner.map_or(Id::None, |id| Id::Uuid(id.0)));
    object.in_organization(organization.map_or(Id::None, |id| Id::Uuid(id.0)))
}

/// Whether the subject may do that to the resource.
pub(crate) fn permits(
    subject: &Subject,
    catalogue: &Catalogue,
    of: ResourceType,
    action: Action,
    to: &Resource,
) -> bool {
    let acl = acl_of(catalogue, &to.grants);
    authorize(subject, action, &resource_object(of, to, &acl)).is_allowed()
}

impl AuthorizedStore {
    /// A page of the resources that the caller may see, of these types, and how many there are. Requires `read` on
    /// each.
    #[tracing::instrument(skip_all)]
    pub async fn resources(
        &self,
        types: &[ResourceType],
        mut list: ListResources,
    ) -> Result<(Vec<Resource>, u64), Refused> {
        list.visible = types
            .iter()
            .map(|of| (self.catalogue().type_name(*of).to_owned(), self.caller.visible(Action::READ, *of)))
            .collect();
        Ok(self.read().resources(&list).await?)
    }

    /// The first resource of a list of one type. Requires `read` on it.
    #[tracing::instrument(skip_all)]
    pub async fn first_resource(&self, of: ResourceType, list: ListResources) -> Result<Resource, Refused> {
        let (found, _) = self.resources(&[of], list).await?;
        found.into_iter().next().ok_or_else(|| self.caller.missing(of))
    }

    /// A resource. Requires `read` on it.
    #[tracing::instrument(skip_all)]
    pub async fn resource(&self, of: ResourceType, id: ResourceId) -> Result<Resource, Refused> {
        let key = ResourceKey { resource_type: self.catalogue().type_name(of).to_owned(), id };
        let Some(resource) = self.read().find_resource(&key).await? else {
            self.caller.context().decisions.required(of, Action::READ);
            return Err(self.caller.missing(of));
        };
        let acl = acl_of(self.catalogue(), &resource.grants);
        self.caller.require_visible(&resource_object(of, &resource, &acl))?;
        Ok(resource)
    }

    /// Those of the resources of one type with these ids that the caller may see. Requires `read` on each.
    #[tracing::instrument(skip_all)]
    pub async fn resources_by_id(&self, of: ResourceType, ids: &[Uuid]) -> Result<Vec<Resource>, Refused> {
        self.caller.context().decisions.required(of, Action::READ);
        let found = self.read().resources_by_id(self.catalogue().type_name(of), ids).await?;
        let visible =
            |resource: &Resource| permits(self.caller.subject(), self.catalogue(), of, Action::READ, resource);
        Ok(found.into_iter().filter(visible).collect())
    }

    /// Registers a resource. Requires `create` on one of that type, place and owner.
    #[tracing::instrument(skip_all)]
    pub async fn create_resource(&self, of: ResourceType, new: &Resource) -> Result<(), ResourceError> {
        let mut work = self
            .begin_if(|caller| {
                caller.require_permitted(Action::CREATE, &bare_object(of, new.organization_id, new.owner_id))
            })
            .await?;
        work.check_place(new).await?;
        if work.read().is_retired(new.key.id).await? || work.read().find_resource(&new.key).await?.is_some() {
            return Err(ResourceError::IdTaken);
        }
        work.tx.insert_resource(new).await?;
        work.record(resource_event(EventKind::ResourceRegistered, None, Some(new)));
        Ok(work.commit().await?)
    }

    /// Changes a resource. Requires `update` on it, and `create` at its new place where that changes.
    #[tracing::instrument(skip_all)]
    pub async fn update_resource(
        &self,
        of: ResourceType,
        key: &ResourceKey,
        change: ResourceChange,
    ) -> Result<Resource, ResourceError> {
        let mut work = self.begin().await?;
        let old = work.read().find_resource(key).await?.ok_or(StoreError::Gone)?;
        let acl = acl_of(self.catalogue(), &old.grants);
        work.caller.require_permitted(Action::UPDATE, &resource_object(of, &old, &acl))?;
        let changed = Resource {
            name: change.name.unwrap_or_else(|| old.name.clone()),
            organization_id: change.organization_id.or(old.organization_id),
            owner_id: change.owner_id.or(old.owner_id),
            attributes: change.attributes.unwrap_or_else(|| old.attributes.clone()),
            updated_at: self.now(),
            ..old.clone()
        };
        if (changed.organization_id, changed.owner_id) != (old.organization_id, old.owner_id) {
            work.caller
                .require_permitted(Action::CREATE, &bare_object(of, changed.organization_id, changed.owner_id))?;
            work.check_place(&changed).await?;
        }
        work.tx.update_resource(&changed).await?;
        work.record(resource_event(EventKind::ResourceUpdated, Some(&old), Some(&changed)));
        work.commit().await?;
        Ok(changed)
    }

    /// Removes a resource; its id is never given out again. Requires `delete` on it.
    #[tracing::instrument(skip_all)]
    pub async fn delete_resource(&self, of: ResourceType, key: &ResourceKey) -> Result<(), Refused> {
        let mut work = self.begin().await?;
        let resource = work.read().find_resource(key).await?.ok_or_else(Refused::missing)?;
        let acl = acl_of(self.catalogue(), &resource.grants);
        work.caller.require_permitted(Action::DELETE, &resource_object(of, &resource, &acl))?;
        work.tx.delete_resource(key).await?;
        work.record(resource_event(EventKind::ResourceDeleted, Some(&resource), None));
        Ok(work.commit().await?)
    }

    /// Gives those who are named exactly these actions on a resource, which are none where they are to have none.
    /// Requires `share` on it, or `update` where the type has no `share`.
    #[tracing::instrument(skip_all)]
    pub async fn change_grants(
        &self,
        of: ResourceType,
        key: &ResourceKey,
        change: GrantChange,
    ) -> Result<Resource, ResourceError> {
        let mut work = self.begin().await?;
        let old = work.read().find_resource(key).await?.ok_or(StoreError::Gone)?;
        let action = if self.catalogue().has_action(of, Action::SHARE) { Action::SHARE } else { Action::UPDATE };
        let acl = acl_of(self.catalogue(), &old.grants);
        work.caller.require_permitted(action, &resource_object(of, &old, &acl))?;
        let grants = granted(&old.grants, change);
        let new = grants.iter().filter(|grant| !old.grants.contains(grant)).map(|grant| grant.grantee).collect();
        work.check_grantees(&old, &new).await?;
        let changed = Resource { grants, updated_at: self.now(), ..old.clone() };
        work.tx.replace_grants(key, &changed.grants).await?;
        work.tx.update_resource(&changed).await?;
        work.record(resource_event(EventKind::ResourceUpdated, Some(&old), Some(&changed)));
        work.commit().await?;
        Ok(changed)
    }
}

impl Work {
    /// The organization and the owner of a resource must be there. Whether the caller may see them does not matter:
    /// the decision on the resource was theirs already.
    async fn check_place(&mut self, resource: &Resource) -> Result<(), ResourceError> {
        if let Some(id) = resource.organization_id
            && self.read().find_organization(id).await?.is_none()
        {
            return Err(ResourceError::UnknownPlace("organization_id"));
        }
        if let Some(id) = resource.owner_id
            && self.read().find_user(id).await?.is_none_or(|user| user.deleted)
        {
            return Err(ResourceError::UnknownPlace("owner_id"));
        }
        Ok(())
    }

    /// Whoever is granted something must be there: of the resource's organization, or somebody whom the caller may see.
    /// Who belongs elsewhere is as if they were not there, because a grant must not tell.
    async fn check_grantees(&mut self, to: &Resource, grantees: &BTreeSet<Grantee>) -> Result<(), ResourceError> {
        let mut known = self.known_users(to, grantees).await?;
        known.extend(self.known_groups(to, grantees).await?);
        let unknown: Vec<_> = grantees.difference(&known).copied().collect();
        if unknown.is_empty() { Ok(()) } else { Err(ResourceError::UnknownGrantees(unknown)) }
    }

    async fn known_users(
        &mut self,
        to: &Resource,
        grantees: &BTreeSet<Grantee>,
    ) -> Result<BTreeSet<Grantee>, StoreError> {
        let ids = grantees.iter().filter_map(|grantee| match grantee {
            Grantee::User(id) => Some(UserId(*id)),
            Grantee::Group(_) => None,
        });
        let ids: Vec<UserId> = ids.collect();
        let members = self.read().memberships_of_all(&ids).await?;
        let visible = self.caller.incidental().visible(Action::READ, ResourceType::USER);
        let users = self.read().users(&ids).await?.into_iter();
        let is_known = |user: &User| {
            let is_member =
                |member: &Member| member.user_id == user.id && Some(member.organization_id) == to.organization_id;
            self.caller.is_self(user.id) || visible.matches(&user_object(user.id)) || members.iter().any(is_member)
        };
        Ok(users.filter(|user| !user.deleted && is_known(user)).map(|user| Grantee::User(user.id.0)).collect())
    }

    async fn known_groups(
        &mut self,
        to: &Resource,
        grantees: &BTreeSet<Grantee>,
    ) -> Result<BTreeSet<Grantee>, StoreError> {
        let ids: Vec<GroupId> = grantees
            .iter()
            .filter_map(|grantee| match grantee {
                Grantee::Group(id) => Some(GroupId(*id)),
                Grantee::User(_) => None,
            })
            .collect();
        if ids.is_empty() {
            return Ok(BTreeSet::new());
        }
        let visible = self.caller.incidental().visible(Action::READ, ResourceType::GROUP);
        let list = ListGroups { visible: Filter::All, ids, ..ListGroups::default() };
        let groups = self.read().groups(&list).await?.into_iter();
        let known = groups
            .filter(|group| Some(group.organization_id) == to.organization_id || visible.matches(&group_object(group)));
        Ok(known.map(|group| Grantee::Group(group.id.0)).collect())
    }
}
