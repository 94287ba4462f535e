//! Permissions, of which roles and scopes consist.
use std::hash::{Hash, Hasher};

use crate::{Action, Catalogue, ResourceType};

/// Permits or forbids an action on a type; none stands for all.
///
/// A permission on something that the catalogue lacks ([`ResourceType::OTHER`], or a type of another catalogue) permits
/// nothing; a subject with one that forbids may do nothing at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    /// The type; none is `*`.
    pub resource_type: Option<ResourceType>,
    /// The action; none is `*`.
    pub action: Option<Action>,
    /// Whether it forbids instead of permitting.
    pub negate: bool,
}

// One word: a subject's permissions in each of its organizations are hashed when it is compiled.
impl Hash for Permission {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let row = self.resource_type.map_or(0, |of| of.0.number() + 1);
        let column = self.action.map_or(0, |action| action.0.number() + 1);
        state.write_u64(row << 32 | column << 1 | u64::from(self.negate));
    }
}

/// Why a permission is not valid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPermission {
    /// The type does not exist.
    #[error("invalid resource type {0:?}")]
    ResourceType(String),
    /// The type has no such action.
    #[error("invalid action {action:?} for resource {resource_type:?}")]
    Action {
        /// The name of the action.
        action: String,
        /// The type.
        resource_type: String,
    },
}

impl Permission {
    /// `*` on `*`.
    pub const EVERYTHING: Self = Self { resource_type: None, action: None, negate: false };

    /// Permits one action on one type.
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

    /// The permission with these names, each of which may be `*`. If a name is not in the catalogue, there is none,
    /// because it permits nothing; but what forbids something unknown is not dropped: a subject with such a permission
    /// may do nothing at all.
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
    /// assert!(Permission::named(&catalogue, "spaceship", "read", true).is_some());
    /// ```
    pub fn named(catalogue: &Catalogue, resource_type: &str, action: &str, negate: bool) -> Option<Self> {
        let named = Self {
            resource_type: (resource_type != "*").then(|| catalogue.requested_type(resource_type)),
            action: (action != "*").then(|| catalogue.requested_action(action)),
            negate,
        };
        (negate || named.is_known(catalogue)).then_some(named)
    }

    /// Whether the catalogue has its type and its action. If not, it permits nothing, and what it forbids cannot be told.
    pub(crate) fn is_known(&self, catalogue: &Catalogue) -> bool {
        self.resource_type.is_none_or(|of| catalogue.has_type(of))
            && self.action.is_none_or(|action| catalogue.knows_action(action))
    }

    /// Checks that a role may have a permission with these names. On the type `*` every action is valid.
    ///
    /// # Errors
    /// [`InvalidPermission`] when the type is not in the catalogue, or does not have the action.
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

/// A level: the objects to which permissions apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// All objects.
    Site,
    /// The subject's own objects that are in no organization.
    User,
    /// All objects of an organization.
    Organization,
    /// The subject's own objects in an organization.
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
