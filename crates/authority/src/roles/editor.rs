//! What a custom role can be made of, beside what the built-in ones permit, for pages that offer no more than the caller
//! may grant.
use keyfob_rbac::{Action, Object, Permission, ResourceType, Role, RoleName, built_in_role_names};
use keyfob_store::{CustomRole, Organization};

use super::{Assigner, roles_object};
use crate::{AuthorizedStore, Refused};

/// What the caller may do to the custom roles of an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CustomRoleRights {
    /// Whether [`AuthorizedStore::create_custom_role`] is allowed, with what the caller may grant.
    pub may_create: bool,
    /// Whether [`AuthorizedStore::update_custom_role`] is allowed, with what the caller may grant.
    pub may_update: bool,
    /// Whether [`AuthorizedStore::delete_custom_role`] is allowed.
    pub may_delete: bool,
}

/// What a role says about a permission in an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holding {
    /// Nothing.
    Nothing,
    /// It permits it on the holder's own objects.
    Own,
    /// It permits it on all objects.
    All,
    /// It forbids it, whatever other roles permit.
    Forbidden,
}

/// All that a role of an organization can permit.
#[derive(Clone, Debug)]
pub struct RoleMatrix {
    /// The names of the built-in roles of organizations: the columns.
    pub roles: Vec<String>,
    /// The types of the catalogue that have actions.
    pub types: Vec<MatrixType>,
}

/// The actions on objects of a type.
#[derive(Clone, Debug)]
pub struct MatrixType {
    /// The type.
    pub resource_type: ResourceType,
    /// Its actions: the rows.
    pub rows: Vec<MatrixRow>,
}

/// A permission.
#[derive(Clone, Debug)]
pub struct MatrixRow {
    /// Its action.
    pub action: Action,
    /// Whether the caller may grant it by a custom role.
    pub may_grant: bool,
    /// What each of the built-in roles says about it, in the order of the columns.
    pub held: Vec<Holding>,
}

impl AuthorizedStore {
    /// What the caller may do to the custom roles of an organization that they have read. It requires nothing.
    ///
    /// # Errors
    /// When the store fails.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn custom_role_rights(&self, organization: &Organization) -> Result<CustomRoleRights, Refused> {
        let quiet = self.incidental();
        let permits = |action| quiet.caller.is_permitted(action, &roles_object(organization.id));
        // A change of a role is as giving it and taking it. All custom roles of an organization are assigned alike.
        let assigner = Assigner::of(&quiet.caller, &mut self.read()).await?;
        let mut concerned = organization.default_org_member_roles.iter().map(String::as_str).chain(EVERY_CUSTOM);
        let has_say = permits(Action::ASSIGN)
            && permits(Action::UNASSIGN)
            && concerned.all(|name| assigner.may_assign(&RoleName::in_organization(name, organization.id.0)));
        Ok(CustomRoleRights {
            may_create: permits(Action::CREATE),
            may_update: has_say && permits(Action::UPDATE),
            may_delete: has_say && permits(Action::DELETE),
        })
    }

    /// A custom role of an organization. Requires `read` on the organization's roles.
    ///
    /// # Errors
    /// [`Refused::Hidden`] when there is none of that name that the caller may see.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn custom_role(&self, organization: &Organization, name: &str) -> Result<CustomRole, Refused> {
        self.caller.require_visible(&roles_object(organization.id))?;
        let found = self.read().custom_roles_named(&[(organization.id, name)]).await?.pop();
        found.ok_or_else(|| self.caller.missing(ResourceType::ASSIGN_ORG_ROLE))
    }

    /// All that a role of the organization can permit, with what the built-in ones do. Requires `read` on the
    /// organization's roles.
    ///
    /// # Errors
    /// [`Refused::Hidden`] when the caller may not.
    pub fn role_matrix(&self, organization: &Organization) -> Result<RoleMatrix, Refused> {
        self.caller.require_visible(&roles_object(organization.id))?;
        let id = organization.id.0;
        let names = built_in_role_names().filter(|(_, of_organization)| *of_organization);
        let book = self.authority.role_book();
        let roles: Vec<Role> =
            names.filter_map(|(name, _)| book.built_in(&RoleName::in_organization(name, id))).collect();
        let quiet = self.incidental();
        let row = |of: ResourceType, action: Action| MatrixRow {
            action,
            may_grant: quiet.caller.is_permitted(action, &Object::of(of).in_organization(id)),
            held: roles.iter().map(|role| holding(role, of, action)).collect(),
        };
        let catalogue = self.catalogue();
        let matrix_type = |of: ResourceType| MatrixType {
            resource_type: of,
            rows: catalogue.actions_of(of).map(|action| row(of, action)).collect(),
        };
        let types = catalogue.resource_types().map(matrix_type).filter(|of| !of.rows.is_empty()).collect();
        Ok(RoleMatrix { roles: roles.into_iter().map(|role| role.name.name).collect(), types })
    }
}

/// What every change of a custom role concerns: all members, and a role that is none of the built-in ones.
const EVERY_CUSTOM: [&str; 2] = ["organization-member", "custom"];

/// What a role of an organization says about an action on its objects. It forbids more strongly than it permits.
fn holding(role: &Role, of: ResourceType, action: Action) -> Holding {
    let says = |permissions: &[Permission]| {
        let about = |permission: &&Permission| {
            permission.resource_type.is_none_or(|known| known == of)
                && permission.action.is_none_or(|known| known == action)
        };
        let mut about = permissions.iter().filter(about).peekable();
        about.peek()?;
        Some(about.all(|permission| !permission.negate))
    };
    let organizations = || role.organizations.iter().map(|(_, at)| at);
    let (site, all) = (says(&role.site), organizations().find_map(|at| says(&at.org)));
    match (site, all, organizations().find_map(|at| says(&at.member))) {
        (Some(false), ..) | (_, Some(false), _) | (None, None, Some(false)) => Holding::Forbidden,
        (Some(true), ..) | (_, Some(true), _) => Holding::All,
        (None, None, Some(true)) => Holding::Own,
        (None, None, None) => Holding::Nothing,
    }
}
