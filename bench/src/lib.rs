#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

use std::sync::Arc;

use keyfob_rbac::{
    AllowList, AllowListError, Catalogue, Id, NoScopes, Object, ResourceType, Role, RoleName, RoleSettings, Scope,
    ScopeName, ShareableWorkspaceOwners, Subject, built_in_role, organization_member_role,
};
use uuid::Uuid;

/// A person, the organizations that they are a member of, and a workspace of theirs in the last of these.
#[derive(Debug)]
pub struct Scene {
    /// The built-in catalogue.
    pub catalogue: Arc<Catalogue>,
    /// The person.
    pub me: Uuid,
    /// The organizations.
    pub organizations: Vec<Uuid>,
    /// The one that the workspace is in.
    pub organization: Uuid,
    /// The workspace.
    pub workspace: Uuid,
}

/// A scene that cannot be set up.
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
    /// A member of this many organizations.
    pub fn new(organizations: u64) -> Self {
        let organizations: Vec<Uuid> = (0..organizations).map(|number| uuid(1, number)).collect();
        Self {
            catalogue: Catalogue::built_in(),
            me: uuid(0, 0),
            organization: organizations.last().copied().unwrap_or_default(),
            organizations,
            workspace: uuid(2, 0),
        }
    }

    /// The ids of this many workspaces, the person's own as the last.
    pub fn workspaces(&self, count: u64) -> impl Iterator<Item = Uuid> {
        (0..count).rev().map(|number| uuid(2, number))
    }

    /// The person with a key that has the scope `workspace:*` for the workspaces that are listed, or for all.
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
        Ok(Subject::compile(&self.catalogue, Id::from(self.me), &self.roles()?, &[], &scope))
    }

    /// What every member of these organizations holds.
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

    /// The workspace as the engine sees it.
    pub fn own_workspace(&self) -> Object<'static> {
        Object::of(ResourceType::WORKSPACE).with_id(self.workspace).owned_by(self.me).in_organization(self.organization)
    }
}

/// Ids that look random, as real ones do, and are the same in every run.
fn uuid(kind: u128, number: u64) -> Uuid {
    let mixed = ((kind << 64) + u128::from(number) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    uuid::Builder::from_random_bytes(mixed.to_be_bytes()).into_uuid()
}
