//! The engine's filter as a condition on rows. The condition selects the same objects that the filter matches in
//! memory.
use std::{collections::HashSet, slice};

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

/// The table with the access lists of another table's rows: one row for each grantee, with a list of actions.
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
    pub(crate) actions: DynIden,
    /// A column of both tables: when a row of the filtered one was created. Both have the organization of that row, too.
    pub(crate) created: DynIden,
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

    fn value(&self, column: &DynIden) -> Expr {
        let value = Expr::col(column.clone());
        if self.without_indexes { self.dialect.without_indexes(value) } else { value }
    }

    /// Rows without organization or owner. If there is no such column, that is all rows.
    fn is_none(&self, column: Option<&DynIden>) -> Condition {
        let Some(column) = column.map(|column| self.value(column)) else { return always() };
        Condition::all().add(if self.nil_for_none { column.eq(Uuid::nil()) } else { column.is_null() })
    }

    /// These ids, as the columns with organization and owner have them. The empty id is a value only where the nil UUID
    /// stands for none, which is then no id.
    fn stored(&self, ids: &[OwnedId]) -> HashSet<Uuid> {
        let known = uuids(ids).into_iter().filter(|id| !(self.nil_for_none && id.is_nil()));
        let none = (self.nil_for_none && ids.contains(&OwnedId::None)).then(Uuid::nil);
        known.chain(none).collect()
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
    let mut ids = granting_to(columns, grants, kind, to, action);
    ids.expr(grants.of_grant(&grants.grant_resource));
    ids
}

/// Rows whose access list grants the action to all members of the row's own organization.
fn granted_to_everyone(columns: &Columns, action: &str) -> Condition {
    let (Some(grants), Some(organization)) = (&columns.grants, &columns.organization) else { return never() };
    let mut own = granting(columns, grants, "group", action);
    own.expr(Expr::val(1))
        .and_where(grants.of_grant(&grants.grantee).eq(grants.of_row(organization)))
        .and_where(grants.of_grant(&grants.grant_resource).eq(grants.of_row(&columns.id)));
    Condition::all().add(Expr::exists(own))
}

/// The rows of access lists of the type that grant the action to one of these. No columns are selected yet.
fn granting_to(columns: &Columns, grants: &GrantColumns, kind: &str, to: &[Uuid], action: &str) -> SelectStatement {
    let mut entries = granting(columns, grants, kind, action);
    entries.and_where(columns.dialect.is_one_of_ids(grants.of_grant(&grants.grantee), to.iter().copied()));
    entries
}

/// The same for all grantees of this kind.
fn granting(columns: &Columns, grants: &GrantColumns, kind: &str, action: &str) -> SelectStatement {
    let has = |action| columns.dialect.is_among_names(action, grants.of_grant(&grants.actions));
    let mut entries = Query::select();
    entries
        .from(grants.table.clone())
        .and_where(grants.of_grant(&grants.grant_type).eq(grants.resource_type.as_str()))
        .and_where(grants.of_grant(&grants.kind).eq(kind))
        .and_where(has(action).or(has("*")));
    entries
}

/// Rows that indexes find without a scan: rows of an owner, rows by id, rows by access list. They are all rows that the
/// filter lets through, and maybe others.
#[derive(Clone, Debug)]
pub(crate) struct Candidates {
    columns: Columns,
    grants: GrantColumns,
    found: Vec<Found>,
    /// What is to be looked at for each of them.
    others: Vec<Predicate>,
}

/// Rows of the filtered table, or of their access lists. No columns are selected yet.
#[derive(Clone, Debug)]
struct Found {
    query: SelectStatement,
    /// The id of the row.
    id: Expr,
}

/// The organizations whose rows match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Organizations {
    All,
    Some(HashSet<Uuid>),
}

impl Organizations {
    pub(crate) fn contain(&self, id: Uuid) -> bool {
        match self {
            Self::All => true,
            Self::Some(ids) => ids.contains(&id),
        }
    }
}

impl Candidates {
    /// Their ids.
    pub(crate) fn ids(&self) -> SelectStatement {
        self.each(|found, query| {
            query.expr(found.id.clone());
        })
    }

    /// What is to be looked at for each of them. The rows are found by others: the conditions are looked at row by row.
    pub(crate) fn condition(&self) -> Condition {
        let columns = Columns { without_indexes: true, ..self.columns.clone() };
        self.others.iter().fold(Condition::all(), |all, part| all.add(tree(part, &columns)))
    }

    /// For each of them, some several times: its id, its organization and when it was created, which indexes alone tell.
    /// Those of these organizations match. None where more is to be looked at.
    pub(crate) fn in_indexes(&self, id: impl Iden + Copy) -> Option<(SelectStatement, Organizations)> {
        let organization = self.columns.organization.as_ref()?;
        let matching = match self.others.as_slice() {
            [] => Organizations::All,
            [Predicate::Is(Atom::OrganizationIn(ids))] => Organizations::Some(self.columns.stored(ids)),
            _ => return None,
        };
        let all = self.each(|found, query| {
            query.expr_as(found.id.clone(), id).column(organization.clone()).column(self.grants.created.clone());
        });
        Some((all, matching))
    }

    /// All ways to find them together, after each has got its columns.
    fn each(&self, select: impl Fn(&Found, &mut SelectStatement)) -> SelectStatement {
        let mut queries = self.found.iter().map(|found| {
            let mut query = found.query.clone();
            select(found, &mut query);
            query
        });
        let mut all = queries.next().unwrap_or_default();
        for query in queries {
            all.union(UnionType::All, query);
        }
        all
    }
}

/// The candidates for a filter; none if it lets whole organizations through.
pub(crate) fn candidates(filter: &Filter, columns: &Columns) -> Option<Candidates> {
    let (Filter::When(predicate), Some(grants)) = (filter, &columns.grants) else { return None };
    let parts = match predicate {
        Predicate::All(parts) => parts.as_slice(),
        one => slice::from_ref(one),
    };
    let (place, Narrow { found, is_exact }) = narrowest(parts, columns, grants)?;
    if found.is_empty() {
        return None;
    }
    let others = parts.iter().enumerate().filter(|(other, _)| *other != place || !is_exact);
    let others = others.map(|(_, part)| part.clone()).collect();
    Some(Candidates { columns: columns.clone(), grants: grants.clone(), found, others })
}

/// Rows that indexes find, in one way or in several.
struct Narrow {
    found: Vec<Found>,
    /// Whether all of them match.
    is_exact: bool,
}

/// One narrow part is enough; the one with the fewest parts of its own counts as the narrowest.
fn narrowest(parts: &[Predicate], columns: &Columns, grants: &GrantColumns) -> Option<(usize, Narrow)> {
    let narrow = parts.iter().enumerate().filter_map(|(place, part)| Some((place, narrow(part, columns, grants)?)));
    narrow.min_by_key(|(_, narrow)| narrow.found.len())
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
            Some(Narrow { found: parts.into_iter().flat_map(|part| part.found).collect(), is_exact })
        }
        Predicate::Is(atom) => {
            narrow_atom(atom, columns, grants).map(|found| Narrow { found: vec![found], is_exact: true })
        }
    }
}

/// Exactly the rows that the atom lets through.
fn narrow_atom(atom: &Atom, columns: &Columns, grants: &GrantColumns) -> Option<Found> {
    let rows = |condition: Condition| {
        let mut query = Query::select();
        query
            .from(grants.filtered.clone())
            .and_where(Expr::col(grants.type_column.clone()).eq(grants.resource_type.as_str()))
            .cond_where(condition);
        Found { query, id: Expr::col(columns.id.clone()) }
    };
    let granted = |kind: &str, to: &[OwnedId], action: &str| Found {
        query: granting_to(columns, grants, kind, &uuids(to), action),
        id: grants.of_grant(&grants.grant_resource),
    };
    match atom {
        // There may be many rows without an owner.
        Atom::IdIn(_) | Atom::OwnerIs(OwnedId::Uuid(_)) => Some(rows(self::atom(atom, columns))),
        Atom::UserAcl { user, action } => Some(granted("user", slice::from_ref(user), action.name())),
        Atom::GroupAcl { groups, action } => Some(granted("group", groups, action.name())),
        Atom::EveryoneAcl { organizations, action } => {
            let organization = grants.of_grant(columns.organization.as_ref()?);
            let mut own = granted("group", organizations, action.name());
            own.query.and_where(organization.eq(grants.of_grant(&grants.grantee)));
            Some(own)
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
