//! The engine's filter as a condition on rows: whatever it matches in memory, the condition returns.
use keyfob_rbac::{Atom, Filter, OwnedId, Predicate};
use sea_query::{Condition, DynIden, Expr, ExprTrait as _, Iden, IntoIden as _, Query, SimpleExpr};
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
    let organization = || columns.organization.clone().map(Expr::col);
    let owner = || columns.owner.clone().map(Expr::col);
    let holds = |expression: Option<SimpleExpr>| expression.map_or_else(never, |it| Condition::all().add(it));
    match atom {
        Atom::IdIn(ids) if columns.text_ids => {
            holds(Some(Expr::col(columns.id.clone()).is_in(ids.iter().map(ToString::to_string))))
        }
        Atom::IdIn(ids) => holds(Some(Expr::col(columns.id.clone()).is_in(uuids(ids)))),
        Atom::OrganizationIn(ids) => holds(organization().map(|column| column.is_in(uuids(ids)))),
        Atom::OrganizationEmpty => match organization() {
            None => always(),
            Some(column) if columns.nil_for_none => holds(Some(column.eq(Uuid::nil()))),
            Some(column) => holds(Some(column.is_null())),
        },
        Atom::OwnerIs(id) => holds(owner().zip(id.uuid()).map(|(column, id)| column.eq(id))),
        Atom::OwnerNotEmpty => match owner() {
            None => never(),
            Some(column) if columns.nil_for_none => holds(Some(column.ne(Uuid::nil()))),
            Some(column) => holds(Some(column.is_not_null())),
        },
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
