//! Lists of users.
use jiff::Timestamp;
use keyfob_rbac::Filter;
use sea_query::{Condition, Expr, ExprTrait as _, Order, Query, SelectStatement};

use super::{COLUMNS, LoginType, User, UserStatus, Users, is_live};
use crate::{
    Among, Page, Reader, StoreError, UserId,
    db::{Dialect, count_rows, fetch_count, microseconds, row},
    filter::{Columns, condition},
};

/// Which users to list. A field that is none or empty excludes no user.
#[derive(Clone, Debug)]
pub struct ListUsers {
    /// The users that the caller may see.
    pub visible: Filter,
    /// Only those whose address or username contains this text, without regard to case.
    pub search: Option<String>,
    /// Only those whose display name contains this text, without regard to case.
    pub name_contains: Option<String>,
    /// Only those with one of these statuses.
    pub statuses: Vec<UserStatus>,
    /// Only those with one of these roles of the deployment.
    pub roles: Vec<String>,
    /// Only those with one of these login types.
    pub login_types: Vec<LoginType>,
    /// Only service accounts, or only the others.
    pub is_service_account: Option<bool>,
    /// Only those who last acted in this period; a user who never acted counts as one who acted long ago.
    pub last_seen: Period,
    /// Only those created in this period.
    pub created: Period,
    /// Only members of an organization, or of a group.
    pub among: Option<Among>,
    /// Which part of the list.
    pub page: Page<UserId>,
}

impl Default for ListUsers {
    /// No users: `visible` must be set to see any.
    fn default() -> Self {
        Self {
            visible: Filter::None,
            search: None,
            name_contains: None,
            statuses: Vec::new(),
            roles: Vec::new(),
            login_types: Vec::new(),
            is_service_account: None,
            last_seen: Period::default(),
            created: Period::default(),
            among: None,
            page: Page::default(),
        }
    }
}

/// A period of time, with its first and its last instant; none is no bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Period {
    /// The first instant.
    pub from: Option<Timestamp>,
    /// The last instant.
    pub to: Option<Timestamp>,
}

impl Period {
    fn condition(self, column: Users) -> Condition {
        let mut all = Condition::all();
        if let Some(from) = self.from {
            all = all.add(Expr::col(column).gte(microseconds(from)));
        }
        if let Some(to) = self.to {
            let not_later = Expr::col(column).lte(microseconds(to));
            all = all.add(Condition::any().add(not_later).add(Expr::col(column).is_null()));
        }
        all
    }
}

/// The users that the caller may see, deleted or not; if only members are listed, those of them.
fn visible(list: &ListUsers, dialect: Dialect) -> Condition {
    // A user is an object that owns itself.
    let columns = Columns::new(dialect, Users::Id).owned_by(Users::Id);
    let all = Condition::all().add(condition(&list.visible, &columns));
    match &list.among {
        Some(among) => all.add(Expr::col(Users::Id).in_subquery(among.user_ids(dialect))),
        None => all,
    }
}

/// The ids of the live users that the filter lets through.
pub(crate) fn ids(filter: &Filter, dialect: Dialect) -> SelectStatement {
    let columns = Columns::new(dialect, Users::Id).owned_by(Users::Id);
    let mut ids = Query::select();
    ids.column(Users::Id).from(Users::Table).and_where(is_live()).cond_where(condition(filter, &columns));
    ids
}

/// The users that match, after this place in the order of lists.
fn matching(list: &ListUsers, after: Option<&str>, dialect: Dialect) -> Condition {
    let mut all = visible(list, dialect).add(is_live());
    if let Some(text) = &list.search {
        let holds = |column| dialect.contains(Expr::col(column), text);
        all = all.add(Condition::any().add(holds(Users::Email)).add(holds(Users::Username)));
    }
    if let Some(text) = &list.name_contains {
        all = all.add(dialect.contains(Expr::col(Users::Name), text));
    }
    if !list.statuses.is_empty() {
        all = all.add(Expr::col(Users::Status).is_in(list.statuses.iter().map(|status| status.as_str())));
    }
    if !list.login_types.is_empty() {
        all = all.add(Expr::col(Users::LoginType).is_in(list.login_types.iter().map(|kind| kind.as_str())));
    }
    if let Some(is_service_account) = list.is_service_account {
        all = all.add(Expr::col(Users::IsServiceAccount).eq(is_service_account));
    }
    if !list.roles.is_empty() {
        let holds = |role: &String| dialect.is_among(role, Expr::col((Users::Table, Users::Roles)));
        all = all.add(list.roles.iter().map(holds).fold(Condition::any(), Condition::add));
    }
    if let Some(place) = after {
        all = all.add(Expr::col(Users::UsernameKey).gt(place));
    }
    all.add(list.last_seen.condition(Users::LastSeenAt)).add(list.created.condition(Users::CreatedAt))
}

row! { struct PlaceRow in "users" => { username_key: String } }

/// The place of the user that a page is to come after, in the order of lists. A user who was deleted keeps it.
async fn place(source: &mut Reader<'_>, list: &ListUsers) -> Result<Option<String>, StoreError> {
    let Some(after) = list.page.after else { return Ok(None) };
    let mut query = Query::select();
    query
        .column(Users::UsernameKey)
        .from(Users::Table)
        .and_where(Expr::col(Users::Id).eq(after.0))
        // The place of a row that the caller may not see must not be revealed.
        .cond_where(visible(list, source.dialect()));
    let row: Option<PlaceRow> = source.fetch_optional(&query).await?;
    Ok(Some(row.ok_or(StoreError::Gone)?.username_key))
}

fn page(list: &ListUsers, after: Option<&str>, dialect: Dialect) -> SelectStatement {
    let mut page = Query::select();
    page.columns(COLUMNS)
        .from(Users::Table)
        .cond_where(matching(list, after, dialect))
        .order_by(Users::UsernameKey, Order::Asc);
    list.page.cut(&mut page);
    page
}

impl Reader<'_> {
    /// A page of the live users, by username, and their number on all pages; with `after`, only the users after that
    /// one count.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when there is no such user to come after.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn list_users(&mut self, list: &ListUsers) -> Result<(Vec<User>, u64), StoreError> {
        let after = place(self, list).await?;
        let after = after.as_deref();
        let mut count = Query::select();
        count.expr_as(count_rows(), "count").from(Users::Table).cond_where(matching(list, after, self.dialect()));
        let count = fetch_count(self, &count).await?;
        Ok((self.fetch_list(&page(list, after, self.dialect())).await?, count))
    }
}
