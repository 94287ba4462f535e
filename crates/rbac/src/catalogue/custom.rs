//! A deployment's own resource types, from a TOML file.
use std::{collections::BTreeMap, sync::Arc};

use serde::Deserialize;

use super::{Action, Catalogue, InOrganization, Marked, Origin, ResourceType, Shape};
use crate::{Level, Permission, Role};

/// The number of columns of a permission table: one for each action of all types, and one for unknown actions.
const MAX_COLUMNS: usize = 64;

/// The prefix of composite scopes, such as `coder:all`.
const RESERVED: &str = "coder";

/// The roles that a file may name, with the objects on which they can hold actions.
const ROLES: [(&str, Holds); 13] = [
    ("owner", Holds::Everywhere),
    ("auditor", Holds::Everywhere),
    ("template-admin", Holds::Everywhere),
    ("user-admin", Holds::Everywhere),
    ("member", Holds::Own),
    ("organization-member", Holds::Own),
    ("organization-admin", Holds::InOrganization),
    ("organization-auditor", Holds::InOrganization),
    ("organization-user-admin", Holds::InOrganization),
    ("organization-template-admin", Holds::InOrganization),
    ("organization-workspace-creation-ban", Holds::InOrganization),
    ("organization-workspace-access", Holds::OwnInOrganization),
    ("agents-access", Holds::OwnInOrganization),
];

/// The roles that hold all actions of a type without a table `roles`.
const DEFAULT_ROLES: [&str; 3] = ["owner", "organization-admin", "member"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    Everywhere,
    InOrganization,
    Own,
    OwnInOrganization,
}

impl Holds {
    /// The role that gets the permissions, and their level, for a type of this shape.
    ///
    /// `member` and `organization-member` both mean every member: of the organization if the type has organizations,
    /// else of the deployment.
    fn place(self, role: &'static str, table: &TypeTable) -> Result<(&'static str, Level), &'static str> {
        match self {
            Self::Everywhere => Ok((role, Level::Site)),
            Self::InOrganization | Self::OwnInOrganization if !table.organization => Err(NO_ORGANIZATION),
            Self::InOrganization => Ok((role, Level::Organization)),
            Self::Own | Self::OwnInOrganization if !table.owner => Err(NO_OWNER),
            Self::OwnInOrganization => Ok((role, Level::Member)),
            Self::Own if table.organization => Ok(("organization-member", Level::Member)),
            Self::Own => Ok(("member", Level::User)),
        }
    }
}

const NO_ORGANIZATION: &str =
    "objects of the type are in no organization: leave the role out, or set `organization = true`";
const NO_OWNER: &str = "objects of the type have no owner: leave the role out, or set `owner = true`";

/// Why a file of resource types cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueError {
    /// The file is not TOML, or has unknown keys.
    #[error("the file cannot be read: {0}")]
    Syntax(String),
    /// The name of a type or an action cannot be part of a scope.
    #[error(
        "type `{of}`: `{name}` is no name: write 1 to 64 lower-case letters, digits and underscores, a letter first"
    )]
    Name {
        /// The type.
        of: String,
        /// The name.
        name: String,
    },
    /// A built-in type has that name.
    #[error("type `{0}` is built in: choose another name")]
    BuiltIn(String),
    /// A type has no actions, or has one twice.
    #[error("type `{of}`: {problem}")]
    Actions {
        /// The type.
        of: String,
        /// The problem.
        problem: String,
    },
    /// A role gets actions that it cannot have.
    #[error("type `{of}`, role `{role}`: {problem}")]
    Role {
        /// The type.
        of: String,
        /// The role.
        role: String,
        /// The problem.
        problem: String,
    },
    /// All types together have more actions than a permission table has columns.
    #[error("type `{of}`: there are more than {max} different actions, the built-in ones included; share some", max = MAX_COLUMNS - 1)]
    TooManyActions {
        /// The type with the action that is one too many.
        of: String,
    },
    /// There are more types than a permission table has rows.
    #[error("type `{0}`: there are more than {max} types", max = u16::MAX)]
    TooManyTypes(String),
    /// The process has made as many catalogues as can be told apart.
    #[error("this process has read too many files of resource types: restart it")]
    TooManyCatalogues,
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
    #[serde(default = "default_true")]
    owner: bool,
    #[serde(default = "default_true")]
    organization: bool,
    #[serde(default)]
    access_list: bool,
    roles: Option<BTreeMap<String, Vec<String>>>,
}

fn default_true() -> bool {
    true
}

/// The roles' permissions on the deployment's own types.
#[derive(Clone, Debug, Default)]
pub(crate) struct CustomGrants(Vec<(&'static str, Level, Permission)>);

impl CustomGrants {
    /// Adds to a role its permissions on the deployment's own types.
    pub(crate) fn extend(&self, role: &mut Role) {
        // Service accounts are members like others.
        let name = match role.name.name.as_str() {
            "organization-service-account" => "organization-member",
            other => other,
        };
        for (_, level, permission) in self.0.iter().filter(|(holder, ..)| *holder == name) {
            match level {
                Level::Site => role.site.push(*permission),
                Level::User => role.user.push(*permission),
                Level::Organization => role.organizations.iter_mut().for_each(|(_, at)| at.org.push(*permission)),
                Level::Member => role.organizations.iter_mut().for_each(|(_, at)| at.member.push(*permission)),
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
        catalogue.origin = Origin::next().ok_or(CatalogueError::TooManyCatalogues)?;
        for (name, table) in file.types {
            catalogue.add_type(&name, &table)?;
        }
        Ok(Arc::new(catalogue))
    }

    fn add_type(&mut self, name: &str, table: &TypeTable) -> Result<(), CatalogueError> {
        check_name(name, name)?;
        if self.resource_type(name).is_some() || name == RESERVED {
            return Err(CatalogueError::BuiltIn(name.to_owned()));
        }
        let actions = self.add_actions(name, &table.actions)?;
        let organization = if table.organization { InOrganization::Always } else { InOrganization::Never };
        let shape = Shape { has_id: true, has_owner: table.owner, organization, has_acl: table.access_list };
        let of = self.push_type(name, actions, shape).ok_or_else(|| CatalogueError::TooManyTypes(name.to_owned()))?;
        match &table.roles {
            Some(roles) => self.add_grants(name, of, table, roles)?,
            None => self.add_default_grants(of, table),
        }
        Ok(())
    }

    /// Adds the actions of a type; gives their bits.
    fn add_actions(&mut self, of: &str, actions: &[String]) -> Result<u64, CatalogueError> {
        let wrong = |problem: String| CatalogueError::Actions { of: of.to_owned(), problem };
        if actions.is_empty() {
            return Err(wrong("it has no actions: name at least `read`".to_owned()));
        }
        let mut bits = 0;
        for action in actions {
            check_name(of, action)?;
            let bit = self.add_action(of, action)?.bit();
            if bits & bit != 0 {
                return Err(wrong(format!("the action `{action}` is named twice: leave one out")));
            }
            bits |= bit;
        }
        Ok(bits)
    }

    fn add_action(&mut self, of: &str, name: &str) -> Result<Action, CatalogueError> {
        if let Some(known) = self.action(name) {
            return Ok(known);
        }
        let too_many = || CatalogueError::TooManyActions { of: of.to_owned() };
        let column = Some(self.actions.len()).filter(|column| *column < MAX_COLUMNS).ok_or_else(too_many)?;
        let action = Action(Marked::new(u16::try_from(column).map_err(|_| too_many())?, self.origin));
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
        roles: &BTreeMap<String, Vec<String>>,
    ) -> Result<(), CatalogueError> {
        for (role, actions) in roles {
            let wrong = |problem: String| CatalogueError::Role { of: name.to_owned(), role: role.clone(), problem };
            let known = ROLES.iter().find(|(known, _)| known == role);
            let names = || ROLES.map(|(known, _)| known).join(", ");
            let (role, holds) = known.ok_or_else(|| wrong(format!("there is no such role; there are {}", names())))?;
            let (holder, level) = holds.place(role, table).map_err(|problem| wrong(problem.to_owned()))?;
            for action in actions {
                let own = self.action(action).filter(|action| self.has_action(of, *action));
                let action = own.ok_or_else(|| wrong(format!("`{action}` is not among the type's actions")))?;
                self.custom_grants.0.push((holder, level, Permission::allow(of, action)));
            }
        }
        Ok(())
    }

    fn add_default_grants(&mut self, of: ResourceType, table: &TypeTable) {
        let holders = ROLES.iter().filter(|(role, _)| DEFAULT_ROLES.contains(role));
        // A role that cannot hold actions on objects of this shape is left out.
        let places: Vec<_> = holders.filter_map(|(role, holds)| holds.place(role, table).ok()).collect();
        let actions: Vec<Action> = self.actions_of(of).collect();
        for (holder, level) in places {
            let permissions = actions.iter().map(|action| (holder, level, Permission::allow(of, *action)));
            self.custom_grants.0.extend(permissions);
        }
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
