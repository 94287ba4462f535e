//! The notation of the permission data.
use crate::{Catalogue, Permission};

/// A type with some of its actions.
pub(super) struct Row {
    resource_type: &'static str,
    /// Separated by blanks; `*` is every action.
    actions: &'static str,
    negate: bool,
}

/// Permits these actions on the type.
pub(super) const fn allow(resource_type: &'static str, actions: &'static str) -> Row {
    Row { resource_type, actions, negate: false }
}

/// Forbids these actions on the type.
pub(super) const fn deny(resource_type: &'static str, actions: &'static str) -> Row {
    Row { resource_type, actions, negate: true }
}

/// The permissions of these rows.
pub(super) fn permissions(catalogue: &Catalogue, rows: &[Row]) -> Vec<Permission> {
    rows.iter().flat_map(|row| row_permissions(catalogue, row)).collect()
}

fn row_permissions<'a>(catalogue: &'a Catalogue, row: &'a Row) -> impl Iterator<Item = Permission> + 'a {
    row.actions.split(' ').filter_map(|action| Permission::named(catalogue, row.resource_type, action, row.negate))
}
