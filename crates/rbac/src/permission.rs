//! Permissions, and the tables that they are compiled into.
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
    pub fn allow(resource_type: ResourceType, action: Action) -> Self {
        Self { resource_type: Some(resource_type), action: Some(action), negate: false }
    }

    /// The permission of these names.
    ///
    /// # Errors
    /// [`InvalidPermission`] when the catalogue lacks the type, or the type the action.
    pub fn parse(catalogue: &Catalogue, resource_type: &str, action: &str, negate: bool) -> Result<Self, InvalidPermission> {
        if resource_type == "*" && action == "*" {
            return Ok(Self { negate, ..Self::EVERYTHING });
        }
        let bad_type = || InvalidPermission::ResourceType(resource_type.to_owned());
        let of = if resource_type == "*" { None } else { Some(catalogue.resource_type(resource_type).ok_or_else(bad_type)?) };
        let bad_action =
            || InvalidPermission::Action { action: action.to_owned(), resource_type: resource_type.to_owned() };
        let known = |it: &Action| of.is_some_and(|of| catalogue.has_action(of, *it));
        let action = if action == "*" { None } else { Some(catalogue.action(action).filter(known).ok_or_else(bad_action)?) };
        Ok(Self { resource_type: of, action, negate })
    }
}

/// What permissions say of an action at one level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Vote {
    /// A negative permission matches.
    Deny,
    /// None matches.
    Abstain,
    /// Positive permissions match, and no negative one.
    Allow,
}

/// One bit for each action: those that positive and those that negative permissions match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Row {
    allow: u64,
    deny: u64,
}

/// Permissions as a table: a row for each type, a column for each action, and one more of both for anything else.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Table(Box<[Row]>);

impl Table {
    /// The permissions as a table.
    pub(crate) fn compile<'a>(catalogue: &Catalogue, permissions: impl IntoIterator<Item = &'a Permission>) -> Self {
        let mut rows = vec![Row::default(); catalogue.rows()];
        for permission in permissions {
            let bits = permission.action.map_or(u64::MAX, Action::bit);
            let set = |row: &mut Row| if permission.negate { row.deny |= bits } else { row.allow |= bits };
            match permission.resource_type {
                None => rows.iter_mut().for_each(set),
                Some(of) => rows.get_mut(of.row()).into_iter().for_each(set),
            }
        }
        Self(rows.into())
    }

    /// The vote of the permissions on this action.
    #[inline]
    pub(crate) fn vote(&self, action: Action, of: ResourceType) -> Vote {
        let Some(row) = self.0.get(of.row()) else { return Vote::Abstain };
        if row.deny & action.bit() != 0 {
            Vote::Deny
        } else if row.allow & action.bit() != 0 {
            Vote::Allow
        } else {
            Vote::Abstain
        }
    }

    /// For each cell the highest vote of several tables; a table that is missing abstains.
    pub(crate) fn highest<'a>(catalogue: &Catalogue, tables: impl Iterator<Item = Option<&'a Self>>) -> Self {
        let mut rows = vec![Row { allow: 0, deny: u64::MAX }; catalogue.rows()];
        let mut any = false;
        for table in tables {
            any = true;
            for (place, highest) in rows.iter_mut().enumerate() {
                let row = table.and_then(|table| table.0.get(place)).copied().unwrap_or_default();
                highest.allow |= row.allow & !row.deny;
                highest.deny &= row.deny;
            }
        }
        if any { Self(rows.into()) } else { Self(vec![Row::default(); catalogue.rows()].into()) }
    }

    /// Whether every cell that this table allows is allowed by the other, too.
    pub(crate) fn is_within(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(own, other)| own.allow & !own.deny & !(other.allow & !other.deny) == 0)
    }

    /// How many cells are allowed.
    pub(crate) fn size(&self) -> u32 {
        self.0.iter().map(|row| (row.allow & !row.deny).count_ones()).sum()
    }
}
