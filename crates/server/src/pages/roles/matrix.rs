//! All that a role can permit, as the page shows it: a table for each type, with a row for each permission and a column
//! for each built-in role.
use std::collections::BTreeSet;

use askama::filters::HtmlSafe;
use keyfob_authority::{
    data::NamedPermission,
    roles::{Holding, MatrixRow, MatrixType, RoleMatrix},
};
use keyfob_rbac::Catalogue;

use crate::pages::{
    parts::{Badge, Tone},
    scopes::{capitalized, plural},
};

/// The matrix.
pub(super) struct Matrix {
    /// The names of the built-in roles, as short as they are known in an organization.
    pub(super) columns: Vec<String>,
    pub(super) groups: Vec<Group>,
    /// What the role has on types that are gone: there are no rows for that.
    gone: Vec<String>,
}

/// The permissions on objects of a type.
pub(super) struct Group {
    pub(super) title: String,
    pub(super) rows: Vec<Row>,
}

impl Group {
    /// How many of its rows are ticked.
    pub(super) fn ticked(&self) -> usize {
        self.rows.iter().filter(|row| row.is_ticked).count()
    }
}

/// A permission.
pub(super) struct Row {
    /// As in `workspace:read`.
    pub(super) name: String,
    pub(super) is_ticked: bool,
    pub(super) may_grant: bool,
    pub(super) cells: Vec<Cell>,
}

/// What a built-in role says about a permission.
pub(super) struct Cell(Holding);

impl std::fmt::Display for Cell {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Holding::Nothing => Ok(()),
            Holding::Own => to.write_str("own"),
            Holding::All => to.write_str("yes"),
            Holding::Forbidden => Badge::new(Tone::Bad, "forbids").fmt(to),
        }
    }
}

/// There are only words of this program in it.
impl HtmlSafe for Cell {}

impl Cell {
    pub(super) fn is_empty(&self) -> bool {
        self.0 == Holding::Nothing
    }
}

impl Matrix {
    /// The matrix with these permissions ticked. Rows that the person may not change show what the role has: a browser
    /// does not send them.
    pub(super) fn new(
        catalogue: &Catalogue,
        matrix: RoleMatrix,
        ticked: &[NamedPermission],
        held: &[NamedPermission],
    ) -> Self {
        let names = |permissions: &[NamedPermission]| permissions.iter().map(name).collect::<BTreeSet<String>>();
        let (ticked, held_now) = (names(ticked), names(held));
        let group = |MatrixType { resource_type, rows }: MatrixType| {
            let of = catalogue.type_name(resource_type);
            let row = |MatrixRow { action, may_grant, held }: MatrixRow| {
                let name = format!("{of}:{}", catalogue.action_name(action));
                let is_ticked = if may_grant { &ticked } else { &held_now }.contains(&name);
                Row { is_ticked, may_grant, cells: held.into_iter().map(Cell).collect(), name }
            };
            Group { title: capitalized(&plural(of)), rows: rows.into_iter().map(row).collect() }
        };
        let groups: Vec<Group> = matrix.types.into_iter().map(group).collect();
        let has_row = |name: &String| groups.iter().flat_map(|group| &group.rows).any(|row| row.name == *name);
        Self {
            gone: held_now.iter().filter(|name| !has_row(name)).cloned().collect(),
            columns: matrix.roles.iter().map(|role| short(role).to_owned()).collect(),
            groups,
        }
    }

    /// The permissions that are ticked, and that the person may not grant.
    pub(super) fn beyond(&self) -> impl Iterator<Item = &str> {
        let rows = self.groups.iter().flat_map(|group| &group.rows);
        let not_held = rows.filter(|row| row.is_ticked && !row.may_grant).map(|row| row.name.as_str());
        not_held.chain(self.gone.iter().map(String::as_str))
    }
}

/// The value of a permission's box, such as `workspace:read`.
pub(super) fn name(NamedPermission { resource_type, action }: &NamedPermission) -> String {
    format!("{resource_type}:{action}")
}

/// The name of a role without the prefix of all roles of organizations.
fn short(role: &str) -> &str {
    role.strip_prefix("organization-").unwrap_or(role)
}
