//! The existing objects that checks name.
use std::collections::{BTreeMap, HashMap};

use keyfob_rbac::{Action, Filter, Id, Object, ResourceType, Subject, authorize};
use keyfob_store::{Group, GroupId, ListGroups, OrganizationId, Resource, UserId};
use uuid::Uuid;

use super::ParsedCheck;
use crate::{
    AuthorizedStore, Refused,
    groups::group_object,
    organizations::organization_object,
    resources::{acl_of, is_registrable, resource_object},
    users::user_object,
};

/// Those of the objects that exist.
#[derive(Default)]
pub(super) struct FoundObjects {
    users: HashMap<Uuid, UserId>,
    organizations: HashMap<Uuid, OrganizationId>,
    groups: HashMap<Uuid, Group>,
    resources: HashMap<(ResourceType, Uuid), Resource>,
}

/// Whether objects of this type are found by their id: users, organizations, groups, and all that can be registered.
pub(crate) fn has_lookup(of: ResourceType) -> bool {
    matches!(of, ResourceType::USER | ResourceType::ORGANIZATION | ResourceType::GROUP) || is_registrable(of)
}

impl AuthorizedStore {
    /// Runs the decision on the object of a check; none where it names one that the subject may not read.
    pub(super) fn with_object<T>(
        &self,
        subject: &Subject,
        check: &ParsedCheck,
        found: &FoundObjects,
        decide: impl FnOnce(&Object<'_>) -> T,
    ) -> Option<T> {
        let Some(id) = check.resource_id else {
            let object = Object::of(check.resource_type)
                .owned_by(Id::parse(&check.owner))
                .in_organization(Id::parse(&check.organization));
            let object = if check.any_organization { object.in_any_organization() } else { object };
            return Some(decide(&object));
        };
        let readable = |object: &Object<'_>| authorize(subject, Action::READ, object).is_allowed();
        let decide_readable = |object: Object<'_>| readable(&object).then(|| decide(&object));
        match check.resource_type {
            ResourceType::USER => decide_readable(user_object(*found.users.get(&id)?)),
            ResourceType::ORGANIZATION => decide_readable(organization_object(*found.organizations.get(&id)?)),
            ResourceType::GROUP => decide_readable(group_object(found.groups.get(&id)?)),
            of => {
                let resource = found.resources.get(&(of, id))?;
                let acl = acl_of(self.catalogue(), &resource.grants);
                decide_readable(resource_object(of, resource, &acl))
            }
        }
    }

    /// Looks up the objects that checks name: once per type, however many there are.
    pub(super) async fn find_objects(
        &self,
        checks: impl Iterator<Item = &ParsedCheck> + Send,
    ) -> Result<FoundObjects, Refused> {
        let mut ids: BTreeMap<ResourceType, Vec<Uuid>> = BTreeMap::new();
        for check in checks {
            if let Some(id) = check.resource_id {
                ids.entry(check.resource_type).or_default().push(id);
            }
        }
        let mut found = FoundObjects::default();
        for (of, ids) in ids {
            match of {
                ResourceType::USER => {
                    let ids: Vec<UserId> = ids.into_iter().map(UserId).collect();
                    found.users = self.read().users(&ids).await?.into_iter().map(|user| (user.id.0, user.id)).collect();
                }
                ResourceType::ORGANIZATION => {
                    let ids: Vec<OrganizationId> = ids.into_iter().map(OrganizationId).collect();
                    let organizations = self.read().readable_organizations_by_id(&ids).await?;
                    found.organizations = organizations.into_iter().map(|of| (of.id.0, of.id)).collect();
                }
                ResourceType::GROUP => {
                    let ids = ids.into_iter().map(GroupId).collect();
                    let list = ListGroups { visible: Filter::All, ids, ..ListGroups::default() };
                    found.groups =
                        self.read().groups(&list).await?.into_iter().map(|group| (group.id.0, group)).collect();
                }
                of => {
                    let resources = self.read().bare_resources_by_id(self.catalogue().type_name(of), &ids).await?;
                    found.resources.extend(resources.into_iter().map(|resource| ((of, resource.key.id.0), resource)));
                }
            }
        }
        Ok(found)
    }
}
