#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

use std::sync::Arc;

use keyfob_rbac::{
    AllowList, AllowListError, Catalogue, Id, NoScopes, Object, OrganizationPermissions, OwnedId, Permission,
    ResourceType, Role, RoleName, RoleSettings, Scope, ScopeName, ShareableWorkspaceOwners, Subject, built_in_role,
    organization_member_role,
};
use uuid::Uuid;

/// A user, the organizations they are a member of, and a workspace that they own in the last of these.
#[derive(Debug)]
pub struct Scene {
    /// The built-in catalogue.
    pub catalogue: Arc<Catalogue>,
    /// The user.
    pub user: Uuid,
    /// The organizations.
    pub organizations: Vec<Uuid>,
    /// The organization of the workspace.
    pub organization: Uuid,
    /// The workspace.
    pub workspace: Uuid,
}

/// Why a scene cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SceneError {
    /// A scope is unknown.
    #[error(transparent)]
    Scope(#[from] keyfob_rbac::UnknownScope),
    /// No scope was given.
    #[error(transparent)]
    NoScopes(#[from] NoScopes),
    /// A role is unknown.
    #[error(transparent)]
    Role(#[from] keyfob_rbac::RoleLookupError),
    /// An entry is no allow-list entry.
    #[error(transparent)]
    AllowList(#[from] AllowListError),
}

impl Scene {
    /// A user who is a member of this many organizations.
    pub fn new(organizations: u64) -> Self {
        let organizations: Vec<Uuid> = (0..organizations).map(|number| uuid(1, number)).collect();
        Self {
            catalogue: Catalogue::built_in(),
            user: uuid(0, 0),
            organization: organizations.last().copied().unwrap_or_default(),
            organizations,
            workspace: uuid(2, 0),
        }
    }

    /// The ids of this many workspaces; the last is that of the user's own.
    pub fn workspaces(&self, count: u64) -> impl Iterator<Item = Uuid> {
        (0..count).rev().map(|number| uuid(2, number))
    }

    /// The user, with a key of the scope `workspace:*` whose allow list has this many workspaces, or everything.
    ///
    /// # Errors
    /// [`SceneError`] when the engine no longer knows one of the names.
    pub fn subject(&self, listed: Option<u64>) -> Result<Subject, SceneError> {
        let list = match listed {
            None => AllowList::everything(),
            Some(count) => {
                let texts: Vec<String> = self.workspaces(count).map(|id| format!("workspace:{id}")).collect();
                AllowList::parse(&self.catalogue, &texts.iter().map(String::as_str).collect::<Vec<_>>())?
            }
        };
        let scopes: Vec<ScopeName> = vec![self.catalogue.scope("workspace:*")?];
        let scope = Scope::expand(&self.catalogue, &scopes)?.restricted_to(&list);
        Ok(Subject::compile(&self.catalogue, Id::from(self.user), &self.roles()?, &[], &scope))
    }

    /// The roles of every member of these organizations.
    ///
    /// # Errors
    /// [`SceneError`] when the engine no longer knows a role.
    pub fn roles(&self) -> Result<Vec<Role>, SceneError> {
        let settings = RoleSettings::default();
        let mut roles = vec![built_in_role(&self.catalogue, &RoleName::site("member"), &settings)?];
        for organization in &self.organizations {
            let owners = ShareableWorkspaceOwners::Everyone;
            roles.push(organization_member_role(&self.catalogue, *organization, owners, &settings));
            let access = RoleName::in_organization("organization-workspace-access", *organization);
            roles.push(built_in_role(&self.catalogue, &access, &settings)?);
        }
        Ok(roles)
    }

    /// The same, and in each organization a role with permissions that are the same in no other.
    ///
    /// # Errors
    /// [`SceneError`] when the engine no longer knows a role.
    pub fn different_roles(&self) -> Result<Vec<Role>, SceneError> {
        let catalogue = &self.catalogue;
        let of_type = |of| catalogue.actions_of(of).map(move |action| Permission::allow(of, action));
        let permissions: Vec<Permission> = catalogue.resource_types().flat_map(of_type).collect();
        let mut roles = self.roles()?;
        for (number, organization) in self.organizations.iter().enumerate() {
            // The bits of the number, as permissions.
            let chosen = permissions.iter().enumerate().filter(|(bit, _)| number >> (bit % 64) & 1 == 1);
            let org = chosen.take(64).map(|(_, permission)| *permission).collect();
            let permissions = OrganizationPermissions { org, member: Vec::new() };
            let mut role = Role::empty(RoleName::in_organization("different", *organization));
            role.organizations.push((OwnedId::from(*organization), permissions));
            roles.push(role);
        }
        Ok(roles)
    }

    /// Compiles the user with these roles and a key that may do everything.
    pub fn compile(&self, roles: &[Role]) -> Subject {
        Subject::compile(&self.catalogue, Id::from(self.user), roles, &[], &Scope::everything())
    }

    /// The workspace as an object of a decision.
    pub fn own_workspace(&self) -> Object<'static> {
        Object::of(ResourceType::WORKSPACE)
            .with_id(self.workspace)
            .owned_by(self.user)
            .in_organization(self.organization)
    }
}

/// An id that looks random, as real ones do, and is the same in every run.
fn uuid(kind: u128, number: u64) -> Uuid {
    let mixed = ((kind << 64) + u128::from(number) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    uuid::Builder::from_random_bytes(mixed.to_be_bytes()).into_uuid()
}
