//! Resource types of a deployment's own, from a TOML file.
use std::{collections::BTreeMap, sync::Arc};

use serde::Deserialize;

use super::{Action, Catalogue, InOrganization, ResourceType, Shape};
use crate::{Permission, Role};

/// Columns of a permission table: the actions of all types together, and one for anything else.
const MAX_COLUMNS: usize = 64;

/// Roles that a file may speak of, with the level at which they hold what it says.
const ROLES: [(&str, Holds); 13] = [
    ("owner", Holds::Site),
    ("auditor", Holds::Site),
    ("template-admin", Holds::Site),
    ("user-admin", Holds::Site),
    ("member", Holds::Own),
    ("organization-member", Holds::Own),
    ("organization-admin", Holds::Org),
    ("organization-auditor", Holds::Org),
    ("organization-user-admin", Holds::Org),
    ("organization-template-admin", Holds::Org),
    ("organization-workspace-creation-ban", Holds::Org),
    ("organization-workspace-access", Holds::OwnInOrganization),
    ("agents-access", Holds::OwnInOrganization),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    Site,
    Org,
    /// On own objects: of the organization for types that are in one, else of no organization.
    Own,
    OwnInOrganization,
}

/// A file of resource types that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueError {
    /// It is no TOML, or has keys that mean nothing.
    #[error("the file cannot be read: {0}")]
    Syntax(String),
    /// A type or an action has a name that scopes could not hold.
    #[error("type `{of}`: `{name}` is no name: write 1 to 64 lower-case letters, digits and underscores, a letter first")]
    Name {
        /// The type.
        of: String,
        /// The name.
        name: String,
    },
    /// There is a built-in type of that name.
    #[error("type `{0}` is built in: choose another name")]
    BuiltIn(String),
    /// A type has no actions, or one of them twice.
    #[error("type `{of}`: {problem}")]
    Actions {
        /// The type.
        of: String,
        /// What is wrong.
        problem: String,
    },
    /// A role is given actions that it cannot have.
    #[error("type `{of}`, role `{role}`: {problem}")]
    Role {
        /// The type.
        of: String,
        /// The role.
        role: String,
        /// What is wrong.
        problem: String,
    },
    /// All types together have more actions than a permission table has columns.
    #[error("there are {0} different actions, the built-in ones included; at most {max} fit", max = MAX_COLUMNS - 1)]
    TooManyActions(usize),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    types: BTreeMap<String, TypeTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TypeTable {
    actions: Vec<String>,
    #[serde(default = "yes")]
    owner: bool,
    #[serde(default = "yes")]
    organization: bool,
    #[serde(default)]
    access_list: bool,
    roles: Option<BTreeMap<String, Vec<String>>>,
}

fn yes() -> bool {
    true
}

/// What roles hold on the deployment's own types.
#[derive(Clone, Debug, Default)]
pub(crate) struct CustomGrants(Vec<(&'static str, Holds, Permission, InOrganization)>);

impl CustomGrants {
    /// Adds to a role what it holds on the deployment's own types.
    pub(crate) fn extend(&self, role: &mut Role) {
        // Service accounts are members like others.
        let name = match role.name.name.as_str() {
            "organization-service-account" => "organization-member",
            other => other,
        };
        for (_, holds, permission, place) in self.0.iter().filter(|(holder, ..)| *holder == name) {
            let in_organization = *place == InOrganization::Always;
            match holds {
                Holds::Site => role.site.push(*permission),
                Holds::Own if name == "member" && !in_organization => role.user.push(*permission),
                Holds::Org => role.organizations.iter_mut().for_each(|(_, at)| at.org.push(*permission)),
                Holds::Own | Holds::OwnInOrganization if in_organization => {
                    role.organizations.iter_mut().for_each(|(_, at)| at.member.push(*permission));
                }
                Holds::Own | Holds::OwnInOrganization => {}
            }
        }
    }
}

impl Catalogue {
    /// The built-in catalogue with the types of a TOML file.
    ///
    /// ```
    /// let catalogue = keyfob_rbac::Catalogue::with_types(r#"
    ///     [types.build_cache]
    ///     actions = ["read", "create", "purge"]
    ///
    ///     [types.build_cache.roles]
    ///     owner = ["read", "create", "purge"]
    ///     auditor = ["read"]
    /// "#)?;
    /// assert!(catalogue.scope("build_cache:purge").is_ok());
    /// # Ok::<(), keyfob_rbac::CatalogueError>(())
    /// ```
    ///
    /// # Errors
    /// [`CatalogueError`] names the type and what to change.
    pub fn with_types(toml: &str) -> Result<Arc<Self>, CatalogueError> {
        let file: File = toml::from_str(toml).map_err(|error| CatalogueError::Syntax(error.to_string()))?;
        let mut catalogue = Self::new_built_in();
        for (name, table) in file.types {
            catalogue.add_type(&name, &table)?;
        }
        Ok(Arc::new(catalogue))
    }

    fn add_type(&mut self, name: &str, table: &TypeTable) -> Result<(), CatalogueError> {
        check_name(name, name)?;
        if self.resource_type(name).is_some() {
            return Err(CatalogueError::BuiltIn(name.to_owned()));
        }
        let wrong = |problem: String| CatalogueError::Actions { of: name.to_owned(), problem };
        if table.actions.is_empty() {
            return Err(wrong("it has no actions: name at least `read`".to_owned()));
        }
        let mut bits = 0;
        for action in &table.actions {
            check_name(name, action)?;
            let bit = self.add_action(action)?.bit();
            if bits & bit != 0 {
                return Err(wrong(format!("the action `{action}` is named twice")));
            }
            bits |= bit;
        }
        let organization = if table.organization { InOrganization::Always } else { InOrganization::Never };
        let shape = Shape { has_id: true, has_owner: table.owner, organization, has_acl: table.access_list };
        let of = self.push_type(name, bits, shape);
        self.add_grants(name, of, table, organization)
    }

    fn add_action(&mut self, name: &str) -> Result<Action, CatalogueError> {
        if let Some(known) = self.action(name) {
            return Ok(known);
        }
        let column = self.actions.len();
        if column >= MAX_COLUMNS {
            return Err(CatalogueError::TooManyActions(column));
        }
        let action = Action(u8::try_from(column).map_err(|_| CatalogueError::TooManyActions(column))?);
        let name: Arc<str> = Arc::from(name);
        self.actions.push(Arc::clone(&name));
        self.actions_by_name.insert(name, action);
        Ok(action)
    }

    fn add_grants(
        &mut self,
        name: &str,
        of: ResourceType,
        table: &TypeTable,
        organization: InOrganization,
    ) -> Result<(), CatalogueError> {
        let default = || ["owner", "organization-admin", "member", "organization-member"];
        let default = || default().map(|role| (role.to_owned(), table.actions.clone())).into_iter().collect();
        let roles: BTreeMap<String, Vec<String>> = table.roles.clone().unwrap_or_else(default);
        for (role, actions) in roles {
            let wrong = |problem: String| CatalogueError::Role { of: name.to_owned(), role: role.clone(), problem };
            let known = ROLES.iter().find(|(known, _)| *known == role);
            let names = || ROLES.map(|(known, _)| known).join(", ");
            let (holder, holds) = known.ok_or_else(|| wrong(format!("there is no such role; there are {}", names())))?;
            for action in &actions {
                let permitted = self.action(action).filter(|action| self.has_action(of, *action));
                let action = permitted.ok_or_else(|| wrong(format!("`{action}` is not among the type's actions")))?;
                self.custom_grants.0.push((holder, *holds, Permission::allow(of, action), organization));
            }
        }
        Ok(())
    }
}

fn check_name(of: &str, name: &str) -> Result<(), CatalogueError> {
    let starts_well = name.starts_with(|c: char| c.is_ascii_lowercase());
    let goes_on_well = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if starts_well && goes_on_well && name.len() <= 64 {
        return Ok(());
    }
    Err(CatalogueError::Name { of: of.to_owned(), name: name.to_owned() })
}
