//! The engine's filter as a condition on rows: whatever it matches in memory, the condition returns.
use keyfob_rbac::{Atom, Filter, OwnedId, Predicate};
use sea_query::{Condition, DynIden, Expr, ExprTrait as _, Iden, IntoIden as _, Query};
use uuid::Uuid;

/// Where a table keeps what filters look at.
#[derive(Clone, Debug)]
pub(crate) struct Columns {
    id: DynIden,
    organization: Option<DynIden>,
    owner: Option<DynIden>,
    grants: Option<GrantColumns>,
    text_ids: bool,
    nil_for_none: bool,
}

/// Where a table's access lists are kept: in a table of their own, one row for each action granted.
#[derive(Clone, Debug)]
pub(crate) struct GrantColumns {
    /// The type of a row in the filtered table, with that table's name.
    pub(crate) resource_type: (DynIden, DynIden),
    pub(crate) table: DynIden,
    pub(crate) grant_type: DynIden,
    pub(crate) grant_resource: DynIden,
    pub(crate) kind: DynIden,
    pub(crate) grantee: DynIden,
    pub(crate) action: DynIden,
}

impl Columns {
    /// A table whose rows have an id and nothing else that filters look at.
    pub(crate) fn new(id: impl Iden) -> Self {
        Self { id: id.into_iden(), organization: None, owner: None, grants: None, text_ids: false, nil_for_none: false }
    }

    /// Rows are in an organization.
    pub(crate) fn in_organization(mut self, column: impl Iden) -> Self {
        self.organization = Some(column.into_iden());
        self
    }

    /// Rows have an owner.
    pub(crate) fn owned_by(mut self, column: impl Iden) -> Self {
        self.owner = Some(column.into_iden());
        self
    }

    /// Rows carry access lists.
    pub(crate) fn granted_in(mut self, grants: GrantColumns) -> Self {
        self.grants = Some(grants);
        self
    }

    /// Ids of rows are texts, not UUIDs.
    pub(crate) fn with_text_ids(mut self) -> Self {
        self.text_ids = true;
        self
    }

    /// The nil UUID stands for no organization and for no owner.
    pub(crate) fn with_nil_for_none(mut self) -> Self {
        self.nil_for_none = true;
        self
    }

    /// Rows whose place or owner is none. Where there is no column for it, all rows have none.
    fn is_none(&self, column: Option<&DynIden>) -> Condition {
        let Some(column) = column.cloned().map(Expr::col) else { return always() };
        Condition::all().add(if self.nil_for_none { column.eq(Uuid::nil()) } else { column.is_null() })
    }

    /// Rows whose place or owner is one of these. The empty id is that of rows without; where the nil UUID stands for
    /// none, no row is in an organization of that id, or of an owner of that id.
    fn is_one_of<'a>(&self, column: Option<&DynIden>, ids: impl IntoIterator<Item = &'a OwnedId>) -> Condition {
        let ids: Vec<&OwnedId> = ids.into_iter().collect();
        let without = if ids.contains(&&OwnedId::None) { self.is_none(column) } else { never() };
        let known: Vec<Uuid> = uuids(ids).into_iter().filter(|id| !(self.nil_for_none && id.is_nil())).collect();
        match column.cloned().map(Expr::col) {
            Some(column) if !known.is_empty() => Condition::any().add(without).add(column.is_in(known)),
            _ => without,
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
        Atom::IdIn(ids) if columns.text_ids => {
            Condition::all().add(Expr::col(columns.id.clone()).is_in(ids.iter().map(ToString::to_string)))
        }
        Atom::IdIn(ids) => Condition::all().add(Expr::col(columns.id.clone()).is_in(uuids(ids))),
        Atom::OrganizationIn(ids) => columns.is_one_of(columns.organization.as_ref(), ids),
        Atom::OrganizationEmpty => columns.is_none(columns.organization.as_ref()),
        Atom::OwnerIs(id) => columns.is_one_of(columns.owner.as_ref(), [id]),
        Atom::OwnerNotEmpty => columns.is_none(columns.owner.as_ref()).not(),
        Atom::UserAcl { user, action } => granted(columns, "user", &uuids([user]), action.name()),
        Atom::GroupAcl { groups, action } => granted(columns, "group", &uuids(groups), action.name()),
        Atom::EveryoneAcl { organizations, action } => {
            let listed = granted_to_everyone(columns, action.name());
            listed.add(tree(&Predicate::Is(Atom::OrganizationIn(organizations.clone())), columns))
        }
    }
}

/// Ids that are UUIDs; others match no row.
fn uuids<'a>(ids: impl IntoIterator<Item = &'a OwnedId>) -> Vec<Uuid> {
    ids.into_iter().filter_map(OwnedId::uuid).collect()
}

/// Rows whose access list grants the action to one of these.
fn granted(columns: &Columns, kind: &str, to: &[Uuid], action: &str) -> Condition {
    let Some(grants) = &columns.grants else { return never() };
    let mut ids = granting(grants, kind, action);
    ids.and_where(Expr::col(grants.grantee.clone()).is_in(to.iter().copied()));
    Condition::all().add(Expr::col(columns.id.clone()).in_subquery(ids))
}

/// Rows whose access list grants the action to everybody in the row's own organization.
fn granted_to_everyone(columns: &Columns, action: &str) -> Condition {
    let (Some(grants), Some(organization)) = (&columns.grants, &columns.organization) else { return never() };
    let mut ids = granting(grants, "group", action);
    ids.and_where(Expr::col(grants.grantee.clone()).equals((grants.resource_type.0.clone(), organization.clone())));
    Condition::all().add(Expr::col(columns.id.clone()).in_subquery(ids))
}

fn granting(grants: &GrantColumns, kind: &str, action: &str) -> sea_query::SelectStatement {
    let mut ids = Query::select();
    ids.column(grants.grant_resource.clone())
        .from(grants.table.clone())
        .and_where(Expr::col(grants.grant_type.clone()).equals(grants.resource_type.clone()))
        .and_where(Expr::col(grants.kind.clone()).eq(kind))
        .and_where(Expr::col(grants.action.clone()).is_in([action, "*"]));
    ids
}
