#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod allow;
mod catalogue;
mod decision;
mod explain;
mod filter;
mod id;
mod ids;
mod object;
mod permission;
mod reach;
mod role_name;
mod roles;
mod scope;
mod subject;
mod table;

pub use allow::{AllowEntry, AllowEntryError, AllowList, AllowListError, MAX_ENTRIES};
pub use catalogue::{Action, Catalogue, CatalogueError, InOrganization, NotInCatalogue, ResourceType, Shape};
pub use decision::{Decision, authorize};
pub use explain::{Explanation, Grant, Missing, Step, explain};
pub use filter::{Atom, Filter, GrantedAction, Predicate, filter};
pub use id::{Id, OwnedId, TextId};
pub use object::{Acl, Object};
pub use permission::{InvalidPermission, Level, Permission};
pub use reach::AllowReach;
pub use role_name::{InvalidRoleName, RoleName};
pub use roles::{
    OrganizationPermissions, Role, RoleLookupError, RoleSettings, ShareableWorkspaceOwners, acl_role_actions,
    built_in_role, built_in_role_names, display_name, is_assignable, is_reserved_role_name, is_stored_system_role,
    may_assign, may_assign_any, organization_member_role, organization_service_account_role,
};
pub use scope::{NoScopes, NotRequestable, Scope, ScopeName, UnknownScope, scopes_exceeding};
pub use subject::Subject;
pub use table::{SharedTables, Vote};
