//! Resource types of a deployment's own, from a TOML file.
use std::{collections::BTreeMap, sync::Arc};

use serde::Deserialize;

use super::{Action, Catalogue, InOrganization, ResourceType, Shape};
use crate::{Level, Permission, Role};

/// Columns of a permission table: the actions of all types together, and one for anything else.
const MAX_COLUMNS: usize = 64;

/// What scopes and composite names begin with: `coder:all`.
const RESERVED: &str = "coder";

/// Roles that a file may speak of, with what they hold actions on.
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

/// Roles that hold all actions when the file does not say who does.
const DEFAULT_ROLES: [&str; 3] = ["owner", "organization-admin", "member"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    Everywhere,
    InOrganization,
    Own,
    OwnInOrganization,
}

impl Holds {
    /// The role that gets the permissions, and the level, for a type whose objects are built like this.
    ///
    /// `member` and `organization-member` both mean every member: of the organization where the type has one, else of
    /// the deployment.
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

/// A file of resource types that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueError {
    /// It is no TOML, or has keys that mean nothing.
    #[error("the file cannot be read: {0}")]
    Syntax(String),
    /// A type or an action has a name that scopes could not hold.
    #[error(
        "type `{of}`: `{name}` is no name: write 1 to 64 lower-case letters, digits and underscores, a letter first"
    )]
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
    #[error("type `{of}`: there are more than {max} different actions, the built-in ones included; share some", max = MAX_COLUMNS - 1)]
    TooManyActions {
        /// The type that has one too many.
        of: String,
    },
    /// There are more types than a permission table has rows.
    #[error("type `{0}`: there are more than {max} types", max = u16::MAX)]
    TooManyTypes(String),
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
pub(crate) struct CustomGrants(Vec<(&'static str, Level, Permission)>);

impl CustomGrants {
    /// Adds to a role what it holds on the deployment's own types.
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

    /// The bits of a type's actions.
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
        let action = Action(u8::try_from(column).map_err(|_| too_many())?);
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
        // A role that can hold nothing on objects like these is left out.
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
