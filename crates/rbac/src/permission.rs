//! Permissions: what roles and scopes are made of.
use crate::{Action, Catalogue, ResourceType};

/// Allows, or forbids, an action on a type; none stands for every one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Permission {
    /// The type; none is `*`.
    pub resource_type: Option<ResourceType>,
    /// The action; none is `*`.
    pub action: Option<Action>,
    /// Forbids in place of allowing.
    pub negate: bool,
}

/// A permission that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPermission {
    /// There is no such type.
    #[error("invalid resource type {0:?}")]
    ResourceType(String),
    /// The type has no such action.
    #[error("invalid action {action:?} for resource {resource_type:?}")]
    Action {
        /// What was named.
        action: String,
        /// Of what.
        resource_type: String,
    },
}

impl Permission {
    /// `*` on `*`.
    pub const EVERYTHING: Self = Self { resource_type: None, action: None, negate: false };

    /// Allows one action on one type.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{Action, Permission, ResourceType};
    ///
    /// let permission = Permission::allow(ResourceType::WORKSPACE, Action::READ);
    /// assert!(!permission.negate);
    /// ```
    pub fn allow(resource_type: ResourceType, action: Action) -> Self {
        Self { resource_type: Some(resource_type), action: Some(action), negate: false }
    }

    /// The permission of these names, `*` being any; none when the catalogue lacks one of them, because then it
    /// permits nothing.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{Action, Catalogue, Permission, ResourceType};
    ///
    /// let catalogue = Catalogue::built_in();
    /// let read = Permission::allow(ResourceType::WORKSPACE, Action::READ);
    /// assert_eq!(Permission::named(&catalogue, "workspace", "read", false), Some(read));
    /// assert_eq!(Permission::named(&catalogue, "*", "*", false), Some(Permission::EVERYTHING));
    /// assert_eq!(Permission::named(&catalogue, "spaceship", "read", false), None);
    /// ```
    pub fn named(catalogue: &Catalogue, resource_type: &str, action: &str, negate: bool) -> Option<Self> {
        let resource_type = if resource_type == "*" { None } else { Some(catalogue.resource_type(resource_type)?) };
        let action = if action == "*" { None } else { Some(catalogue.action(action)?) };
        Some(Self { resource_type, action, negate })
    }

    /// Whether a role may hold a permission of these names. On `*` any action may be named.
    ///
    /// # Errors
    /// [`InvalidPermission`] when the catalogue lacks the type, or the type the action.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{Catalogue, InvalidPermission, Permission};
    ///
    /// let catalogue = Catalogue::built_in();
    /// Permission::check(&catalogue, "workspace", "ssh")?;
    /// let error = Permission::check(&catalogue, "spaceship", "fly").unwrap_err();
    /// assert_eq!(error, InvalidPermission::ResourceType("spaceship".to_owned()));
    /// # Ok::<(), InvalidPermission>(())
    /// ```
    pub fn check(catalogue: &Catalogue, resource_type: &str, action: &str) -> Result<(), InvalidPermission> {
        if resource_type == "*" {
            return Ok(());
        }
        let bad_type = || InvalidPermission::ResourceType(resource_type.to_owned());
        let of = catalogue.resource_type(resource_type).ok_or_else(bad_type)?;
        let known = action == "*" || catalogue.action(action).is_some_and(|action| catalogue.has_action(of, action));
        let bad_action =
            || InvalidPermission::Action { action: action.to_owned(), resource_type: resource_type.to_owned() };
        if known { Ok(()) } else { Err(bad_action()) }
    }
}

/// Where permissions apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Everywhere.
    Site,
    /// On own objects that are in no organization.
    User,
    /// On everything of the object's organization.
    Organization,
    /// On own objects of the object's organization.
    Member,
}

impl Level {
    /// The level's name.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(keyfob_rbac::Level::Organization.name(), "organization");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Self::Site => "site",
            Self::User => "user",
            Self::Organization => "organization",
            Self::Member => "member",
        }
    }
}
