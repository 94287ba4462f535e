//! Registered resources: objects of a platform, to which scopes and allow lists apply.
mod access_list;
mod delete;
mod fields;
mod given;
mod grantees;
mod names;
mod register;
mod registrable;
mod rights;
mod update;

pub use access_list::{
    AccessEntry, AccessListChange, AccessListError, MAX_GRANTEES, WrongAccessList, WrongEntry, access_entries,
    access_role_names,
};
pub use fields::{MAX_ATTRIBUTES, MAX_NAME, WrongResourceField};
pub use given::NotHeld;
pub use names::ObjectNames;
pub use register::{NewResource, RegisterResourceError};
pub use registrable::{is_registrable, registrable};
pub use rights::{AccessRight, SharingRights};
pub use update::{ResourceChange, UpdateResourceError};

use keyfob_rbac::{Acl, Action, Catalogue, Id, Object, ResourceType, Subject, authorize};
use keyfob_store::{
    Grant, Grantee, ListResources, OrganizationId, Resource, ResourceId, ResourceKey, StoreError, UserId,
};
use uuid::Uuid;

use crate::{AuthorizedStore, ListError, Refused, work::Work};

/// The organization or the owner that a resource is to have does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownPlace {
    /// There is no organization with this id.
    Organization,
    /// There is no user with this id.
    Owner,
}

/// A resource's access list, in decisions.
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

/// A resource, in decisions.
pub(crate) fn resource_object<'a>(resource_type: ResourceType, resource: &Resource, acl: &'a Acl) -> Object<'a> {
    new_object(resource_type, resource.organization_id, resource.owner_id).with_id(resource.key.id.0).with_acl(acl)
}

/// A new resource of that organization and owner, in decisions.
fn new_object<'a>(of: ResourceType, organization: Option<OrganizationId>, owner: Option<UserId>) -> Object<'a> {
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

fn key_of(catalogue: &Catalogue, of: ResourceType, id: ResourceId) -> ResourceKey {
    ResourceKey { resource_type: catalogue.type_name(of).to_owned(), id }
}

impl AuthorizedStore {
    /// A page of the resources of these types that the caller may see, and their number on all pages. Requires `read`
    /// on each.
    ///
    /// # Errors
    /// [`ListError::NothingToComeAfter`] when the page is to come after a resource that the caller may not see.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn list_resources(
        &self,
        types: &[ResourceType],
        mut list: ListResources,
    ) -> Result<(Vec<Resource>, u64), ListError> {
        list.visible = types
            .iter()
            .map(|of| (self.catalogue().type_name(*of).to_owned(), self.caller.visible(Action::READ, *of)))
            .collect();
        let (mut found, count) = self.read().resources(&list).await?;
        // They were read after it was known which match: what was taken from the caller in between is not shown.
        found.retain(|resource| {
            let mut types = types.iter().filter(|of| self.catalogue().type_name(**of) == resource.key.resource_type);
            types.any(|of| self.may_read(*of, resource))
        });
        Ok((found, count))
    }

    /// The first resource of a list of one type. Requires `read` on it.
    ///
    /// # Errors
    /// [`Refused::Hidden`] when there is none that the caller may see.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn first_resource(&self, of: ResourceType, list: ListResources) -> Result<Resource, ListError> {
        let (found, _) = self.list_resources(&[of], list).await?;
        Ok(found.into_iter().next().ok_or_else(|| self.caller.missing(of))?)
    }

    /// A resource. Requires `read` on it.
    ///
    /// # Errors
    /// [`Refused::Hidden`] when there is none that the caller may see.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn resource(&self, of: ResourceType, id: ResourceId) -> Result<Resource, Refused> {
        let key = key_of(self.catalogue(), of, id);
        let Some(resource) = self.read().find_resource(&key).await? else {
            return Err(self.caller.missing(of));
        };
        let acl = acl_of(self.catalogue(), &resource.grants);
        self.caller.require_visible(&resource_object(of, &resource, &acl))?;
        Ok(resource)
    }

    /// The resources of one type with these ids that the caller may see. Requires `read` on each.
    ///
    /// # Errors
    /// When the store fails.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn list_resources_by_id(&self, of: ResourceType, ids: &[Uuid]) -> Result<Vec<Resource>, Refused> {
        self.caller.context().decisions.required(of, Action::READ);
        let found = self.read().resources_by_id(self.catalogue().type_name(of), ids).await?;
        Ok(found.into_iter().filter(|resource| self.may_read(of, resource)).collect())
    }

    /// The names of the resources of one type with these ids that the caller may see. Requires `read` on each.
    pub(crate) async fn resource_names(&self, of: ResourceType, ids: &[Uuid]) -> Result<Vec<(Uuid, String)>, Refused> {
        self.caller.context().decisions.required(of, Action::READ);
        let mut found = self.read().bare_resources_by_id(self.catalogue().type_name(of), ids).await?;
        found.retain(|resource| self.may_read(of, resource));
        Ok(found.into_iter().map(|resource| (resource.key.id.0, resource.name)).collect())
    }

    fn may_read(&self, of: ResourceType, resource: &Resource) -> bool {
        permits(self.caller.subject(), self.catalogue(), of, Action::READ, resource)
    }
}

impl Work {
    /// The resource as it is in the transaction. Requires `read` on it, and the action.
    async fn permitted_resource(
        &mut self,
        of: ResourceType,
        id: ResourceId,
        action: Action,
    ) -> Result<Resource, Refused> {
        let key = key_of(self.authority.catalogue(), of, id);
        let resource = self.read().find_resource(&key).await?.ok_or(StoreError::Gone)?;
        let acl = acl_of(self.authority.catalogue(), &resource.grants);
        self.caller.require_visible(&resource_object(of, &resource, &acl))?;
        self.require_permitted_on(of, &resource, action)?;
        Ok(resource)
    }

    /// Requires the action on a resource, as it is, which the caller may read.
    fn require_permitted_on(&self, of: ResourceType, resource: &Resource, action: Action) -> Result<(), Refused> {
        let acl = acl_of(self.authority.catalogue(), &resource.grants);
        self.caller.require_permitted(action, &resource_object(of, resource, &acl))
    }

    /// The organization and the owner of a resource must exist. The caller need not see them: the decision on the
    /// resource covers that.
    async fn find_unknown_place(&mut self, resource: &Resource) -> Result<Option<UnknownPlace>, StoreError> {
        if let Some(id) = resource.organization_id
            && self.read().salvaging().find_organization(id).await?.is_none()
        {
            return Ok(Some(UnknownPlace::Organization));
        }
        if let Some(id) = resource.owner_id
            && self.read().salvaging().find_user(id).await?.is_none_or(|user| user.deleted)
        {
            return Ok(Some(UnknownPlace::Owner));
        }
        Ok(None)
    }
}
