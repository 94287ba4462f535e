//! The engine's filter as a condition on rows. The condition selects the same objects that the filter matches in
//! memory.
use std::slice;

use keyfob_rbac::{Atom, Filter, OwnedId, Predicate};
use sea_query::{Condition, DynIden, Expr, ExprTrait as _, Iden, IntoIden as _, Query, SelectStatement, UnionType};
use uuid::Uuid;

use crate::db::Dialect;

/// The columns of a table that filters use.
#[derive(Clone, Debug)]
pub(crate) struct Columns {
    dialect: Dialect,
    id: DynIden,
    organization: Option<DynIden>,
    owner: Option<DynIden>,
    grants: Option<GrantColumns>,
    text_ids: bool,
    nil_for_none: bool,
    without_indexes: bool,
}

/// The table with the access lists of another table's rows: one row for each granted action.
#[derive(Clone, Debug)]
pub(crate) struct GrantColumns {
    /// The filtered table, and its column with the type of a row.
    pub(crate) filtered: DynIden,
    pub(crate) type_column: DynIden,
    /// The only type that is filtered. Statements have it as a constant, so that they do not look it up row by row.
    pub(crate) resource_type: String,
    pub(crate) table: DynIden,
    pub(crate) grant_type: DynIden,
    pub(crate) grant_resource: DynIden,
    pub(crate) kind: DynIden,
    pub(crate) grantee: DynIden,
    pub(crate) action: DynIden,
}

impl GrantColumns {
    fn of_grant(&self, column: &DynIden) -> Expr {
        Expr::col((self.table.clone(), column.clone()))
    }

    fn of_row(&self, column: &DynIden) -> Expr {
        Expr::col((self.filtered.clone(), column.clone()))
    }
}

impl Columns {
    /// A table whose rows have an id and no other column that filters use.
    pub(crate) fn new(dialect: Dialect, id: impl Iden) -> Self {
        Self {
            dialect,
            id: id.into_iden(),
            organization: None,
            owner: None,
            grants: None,
            text_ids: false,
            nil_for_none: false,
            without_indexes: false,
        }
    }

    /// Adds the column with a row's organization.
    pub(crate) fn in_organization(mut self, column: impl Iden) -> Self {
        self.organization = Some(column.into_iden());
        self
    }

    /// Adds the column with a row's owner.
    pub(crate) fn owned_by(mut self, column: impl Iden) -> Self {
        self.owner = Some(column.into_iden());
        self
    }

    /// Adds the access lists of the rows.
    pub(crate) fn granted_in(mut self, grants: GrantColumns) -> Self {
        self.grants = Some(grants);
        self
    }

    /// Ids of rows are texts instead of UUIDs.
    pub(crate) fn with_text_ids(mut self) -> Self {
        self.text_ids = true;
        self
    }

    /// The nil UUID stands for no organization and for no owner.
    pub(crate) fn with_nil_for_none(mut self) -> Self {
        self.nil_for_none = true;
        self
    }

    /// The conditions are looked at row by row: the rows are found by others.
    fn without_indexes(&self) -> Self {
        Self { without_indexes: true, ..self.clone() }
    }

    fn value(&self, column: &DynIden) -> Expr {
        let value = Expr::col(column.clone());
        if self.without_indexes { self.dialect.without_indexes(value) } else { value }
    }

    /// Rows without organization or owner. If there is no such column, that is all rows.
    fn is_none(&self, column: Option<&DynIden>) -> Condition {
        let Some(column) = column.map(|column| self.value(column)) else { return always() };
        Condition::all().add(if self.nil_for_none { column.eq(Uuid::nil()) } else { column.is_null() })
    }

    /// Rows whose organization or owner is one of these. The empty id selects rows without one. If the nil UUID stands
    /// for none, it selects no row as an id.
    fn is_one_of<'a>(&self, column: Option<&DynIden>, ids: impl IntoIterator<Item = &'a OwnedId>) -> Condition {
        let ids: Vec<&OwnedId> = ids.into_iter().collect();
        let without = ids.contains(&&OwnedId::None).then(|| self.is_none(column));
        let known: Vec<Uuid> = uuids(ids).into_iter().filter(|id| !(self.nil_for_none && id.is_nil())).collect();
        let column = column.map(|column| self.value(column)).filter(|_| !known.is_empty());
        let with = column.map(|column| Condition::all().add(self.dialect.is_one_of_ids(column, known)));
        // A part that no row passes would keep the database from using indexes.
        match (without, with) {
            (Some(without), Some(with)) => Condition::any().add(without).add(with),
            (Some(only), None) | (None, Some(only)) => only,
            (None, None) => never(),
        }
    }
}

/// Every row.
fn always() -> Condition {
    Condition::all()
}

/// No row.
fn never() -> Condition {
    Condition::all().add(Expr::val(1).eq(0))
}

/// The filter as one condition.
pub(crate) fn condition(filter: &Filter, columns: &Columns) -> Condition {
    match filter {
        Filter::All => always(),
        Filter::None => never(),
        Filter::When(predicate) => tree(predicate, columns),
    }
}

/// Whether the filter lets every object through that this owner has outside organizations. It is false also where that
/// depends on the object.
pub(crate) fn passes_all_of(filter: &Filter, owner: Uuid) -> bool {
    fn passes(predicate: &Predicate, owner: Uuid) -> bool {
        match predicate {
            Predicate::All(parts) => parts.iter().all(|part| passes(part, owner)),
            Predicate::Any(parts) => parts.iter().any(|part| passes(part, owner)),
            Predicate::Is(Atom::OwnerIs(id)) => id.uuid() == Some(owner),
            Predicate::Is(Atom::OwnerNotEmpty | Atom::OrganizationEmpty) => true,
            Predicate::Is(_) => false,
        }
    }
    match filter {
        Filter::All => true,
        Filter::None => false,
        Filter::When(predicate) => passes(predicate, owner),
    }
}

fn tree(predicate: &Predicate, columns: &Columns) -> Condition {
    match predicate {
        Predicate::All(parts) => parts.iter().fold(Condition::all(), |all, part| all.add(tree(part, columns))),
        // An empty `any` would be true.
        Predicate::Any(parts) if parts.is_empty() => never(),
        Predicate::Any(parts) => parts.iter().fold(Condition::any(), |any, part| any.add(tree(part, columns))),
        Predicate::Is(atom) => self::atom(atom, columns),
    }
}

fn atom(atom: &Atom, columns: &Columns) -> Condition {
    match atom {
        Atom::IdIn(ids) if columns.text_ids => Condition::all()
            .add(columns.dialect.is_one_of_texts(columns.value(&columns.id), ids.iter().map(ToString::to_string))),
        Atom::IdIn(ids) => Condition::all().add(columns.dialect.is_one_of_ids(columns.value(&columns.id), uuids(ids))),
        Atom::OrganizationIn(ids) => columns.is_one_of(columns.organization.as_ref(), ids),
        Atom::OrganizationEmpty => columns.is_none(columns.organization.as_ref()),
        Atom::OwnerIs(id) => columns.is_one_of(columns.owner.as_ref(), [id]),
        Atom::OwnerNotEmpty => columns.is_none(columns.owner.as_ref()).not(),
        Atom::UserAcl { user, action } => granted(columns, "user", &uuids([user]), action.name()),
        Atom::GroupAcl { groups, action } => granted(columns, "group", &uuids(groups), action.name()),
        Atom::EveryoneAcl { organizations, action } => granted(columns, "group", &uuids(organizations), action.name())
            .add(granted_to_everyone(columns, action.name()))
            .add(columns.is_one_of(columns.organization.as_ref(), organizations)),
    }
}

/// The ids that are UUIDs; others match no row.
fn uuids<'a>(ids: impl IntoIterator<Item = &'a OwnedId>) -> Vec<Uuid> {
    ids.into_iter().filter_map(OwnedId::uuid).collect()
}

/// Rows whose access list grants the action to one of these.
fn granted(columns: &Columns, kind: &str, to: &[Uuid], action: &str) -> Condition {
    let Some(grants) = &columns.grants else { return never() };
    Condition::all().add(columns.value(&columns.id).in_subquery(granted_ids(columns, grants, kind, to, action)))
}

fn granted_ids(columns: &Columns, grants: &GrantColumns, kind: &str, to: &[Uuid], action: &str) -> SelectStatement {
    let mut ids = granting(grants, kind, action);
    ids.expr(grants.of_grant(&grants.grant_resource))
        .and_where(columns.dialect.is_one_of_ids(grants.of_grant(&grants.grantee), to.iter().copied()));
    ids
}

/// Rows whose access list grants the action to all members of the row's own organization.
fn granted_to_everyone(columns: &Columns, action: &str) -> Condition {
    let (Some(grants), Some(organization)) = (&columns.grants, &columns.organization) else { return never() };
    let mut own = granting(grants, "group", action);
    own.expr(Expr::val(1))
        .and_where(grants.of_grant(&grants.grantee).eq(grants.of_row(organization)))
        .and_where(grants.of_grant(&grants.grant_resource).eq(grants.of_row(&columns.id)));
    Condition::all().add(Expr::exists(own))
}

/// The ids of the rows whose access lists grant the action to all members of the row's own organization, one of these.
fn ids_granted_to_everyone(
    columns: &Columns,
    grants: &GrantColumns,
    organizations: &[Uuid],
    action: &str,
) -> Option<SelectStatement> {
    let organization = columns.organization.as_ref()?;
    let mut its_own = Query::select();
    its_own
        .expr(Expr::val(1))
        .from(grants.filtered.clone())
        .and_where(grants.of_row(&grants.type_column).eq(grants.resource_type.as_str()))
        .and_where(grants.of_row(&columns.id).eq(grants.of_grant(&grants.grant_resource)))
        .and_where(grants.of_row(organization).eq(grants.of_grant(&grants.grantee)));
    let mut ids = granted_ids(columns, grants, "group", organizations, action);
    ids.and_where(Expr::exists(its_own));
    Some(ids)
}

/// The entries of access lists of the type that grant the action to grantees of this kind.
fn granting(grants: &GrantColumns, kind: &str, action: &str) -> SelectStatement {
    let mut ids = Query::select();
    ids.from(grants.table.clone())
        .and_where(grants.of_grant(&grants.grant_type).eq(grants.resource_type.as_str()))
        .and_where(grants.of_grant(&grants.kind).eq(kind))
        .and_where(grants.of_grant(&grants.action).is_in([action, "*"]));
    ids
}

/// Rows that indexes find without a scan: rows of an owner, rows by id, rows by access list.
#[derive(Clone, Debug)]
pub(crate) struct Candidates {
    /// Their ids: those of all rows that the filter lets through, and maybe of others.
    pub(crate) ids: SelectStatement,
    /// What is to be looked at for each of them.
    pub(crate) condition: Condition,
}

/// The candidates for a filter; none if it lets whole organizations through.
pub(crate) fn candidates(filter: &Filter, columns: &Columns) -> Option<Candidates> {
    let (Filter::When(predicate), Some(grants)) = (filter, &columns.grants) else { return None };
    let parts = match predicate {
        Predicate::All(parts) => parts.as_slice(),
        one => slice::from_ref(one),
    };
    let (place, Narrow { ids, is_exact }) = narrowest(parts, columns, grants)?;
    let others = parts.iter().enumerate().filter(|(other, _)| *other != place || !is_exact);
    let mut ids = ids.into_iter();
    let mut all = ids.next()?;
    for some in ids {
        all.union(UnionType::All, some);
    }
    let columns = columns.without_indexes();
    let condition = others.fold(Condition::all(), |all, (_, part)| all.add(tree(part, &columns)));
    Some(Candidates { ids: all, condition })
}

/// Rows that indexes find, in one way or in several.
struct Narrow {
    ids: Vec<SelectStatement>,
    /// Whether all of them match.
    is_exact: bool,
}

/// One narrow part is enough; the one with the fewest parts of its own counts as the narrowest.
fn narrowest(parts: &[Predicate], columns: &Columns, grants: &GrantColumns) -> Option<(usize, Narrow)> {
    let narrow = parts.iter().enumerate().filter_map(|(place, part)| Some((place, narrow(part, columns, grants)?)));
    narrow.min_by_key(|(_, narrow)| narrow.ids.len())
}

fn narrow(predicate: &Predicate, columns: &Columns, grants: &GrantColumns) -> Option<Narrow> {
    match predicate {
        Predicate::All(parts) => {
            let (_, narrow) = narrowest(parts, columns, grants)?;
            Some(Narrow { is_exact: narrow.is_exact && parts.len() == 1, ..narrow })
        }
        Predicate::Any(parts) => {
            let parts: Option<Vec<_>> = parts.iter().map(|part| narrow(part, columns, grants)).collect();
            let parts = parts?;
            let is_exact = parts.iter().all(|part| part.is_exact);
            Some(Narrow { ids: parts.into_iter().flat_map(|part| part.ids).collect(), is_exact })
        }
        Predicate::Is(atom) => narrow_atom(atom, columns, grants).map(|ids| Narrow { ids: vec![ids], is_exact: true }),
    }
}

/// The ids of exactly the rows that the atom lets through.
fn narrow_atom(atom: &Atom, columns: &Columns, grants: &GrantColumns) -> Option<SelectStatement> {
    let rows = |condition: Condition| {
        let mut ids = Query::select();
        ids.column(columns.id.clone())
            .from(grants.filtered.clone())
            .and_where(Expr::col(grants.type_column.clone()).eq(grants.resource_type.as_str()))
            .cond_where(condition);
        ids
    };
    match atom {
        // There may be many rows without an owner.
        Atom::IdIn(_) | Atom::OwnerIs(OwnedId::Uuid(_)) => Some(rows(self::atom(atom, columns))),
        Atom::UserAcl { user, action } => Some(granted_ids(columns, grants, "user", &uuids([user]), action.name())),
        Atom::GroupAcl { groups, action } => Some(granted_ids(columns, grants, "group", &uuids(groups), action.name())),
        Atom::EveryoneAcl { organizations, action } => {
            ids_granted_to_everyone(columns, grants, &uuids(organizations), action.name())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_an_owner_pass_where_nothing_else_matters() {
        let [own, other] = [1, 2].map(Uuid::from_u128);
        let owned_by = |id| Predicate::Is(Atom::OwnerIs(OwnedId::Uuid(id)));
        let none = || Predicate::Is(Atom::OrganizationEmpty);
        let some = || Predicate::Is(Atom::IdIn(vec![OwnedId::Uuid(own)]));
        for (filter, passes) in [
            (Filter::All, true),
            (Filter::None, false),
            (Filter::When(owned_by(own)), true),
            (Filter::When(owned_by(other)), false),
            (Filter::When(Predicate::All(vec![owned_by(own), none()])), true),
            (Filter::When(Predicate::All(vec![owned_by(own), some()])), false),
            (Filter::When(Predicate::Any(vec![owned_by(own), some()])), true),
            (Filter::When(Predicate::Any(vec![owned_by(other), some()])), false),
            (Filter::When(Predicate::Any(Vec::new())), false),
        ] {
            assert_eq!(passes_all_of(&filter, own), passes, "{filter:?}");
        }
    }
}
