//! The list of users.
use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use jiff::Timestamp;
use keyfob_authority::{
    data::{ListUsers, Page, User, UserStatus},
    users::UserView,
};

use super::{address, state};
use crate::{
    app::App,
    http::{error::ApiError, extract::ApiQuery},
    pages::{
        frame::Frame,
        navigation::USERS,
        page,
        parts::{Badge, Choice, Moment, Pager},
        see_other,
        session::{PageError, SignedIn},
    },
};

/// How many users a page shows.
const PAGE_SIZE: u64 = 25;

/// The values of the filter by status, and their words.
const STATUSES: [(&str, &str); 3] = [("active", "Active"), ("dormant", "Dormant"), ("suspended", "Suspended")];
/// The values of the filter by kind, and their words.
const KINDS: [(&str, &str); 2] = [("people", "People"), ("service", "Service accounts")];

#[derive(Template)]
#[template(path = "pages/users/list.html")]
struct List {
    frame: Frame,
    rows: Vec<Row>,
    count: u64,
    search: String,
    statuses: Vec<Choice>,
    kinds: Vec<Choice>,
    is_unfiltered: bool,
    may_create: bool,
    pager: Pager,
}

struct Row {
    address: String,
    username: String,
    name: String,
    email: String,
    is_service_account: bool,
    state: Badge,
    roles: Vec<String>,
    last_seen: Option<Moment>,
    created: Moment,
}

/// Where existing clients look for the list.
pub(super) async fn moved(_session: SignedIn) -> Result<Response, PageError> {
    Ok(see_other(USERS.path)?)
}

pub(super) async fn show(
    State(app): State<App>,
    SignedIn { store, frame }: SignedIn,
    query: ApiQuery,
) -> Result<Response, PageError> {
    let text = |key| query.text(key).unwrap_or_default().trim().to_owned();
    let (search, status, kind) = (text("q"), text("status"), text("kind"));
    let mut pager = Pager::new(USERS.path, &query, &["q", "status", "kind"], PAGE_SIZE)?;
    let list = ListUsers {
        search: Some(search.clone()).filter(|text| !text.is_empty()),
        statuses: UserStatus::parse(&status).into_iter().collect(),
        is_service_account: match kind.as_str() {
            "service" => Some(true),
            "people" => Some(false),
            _ => None,
        },
        page: Page { limit: Some(pager.limit()), offset: pager.offset(), after: None },
        ..ListUsers::default()
    };
    let (found, count) = store.list_users(list).await.map_err(ApiError::from)?;
    let now = app.clock().now();
    let rows = pager.cut_of(count, found).into_iter().map(|UserView { user, .. }| row(user, now)).collect();
    let rights = store.creation_rights().await?;
    let may_create = rights.may_create_people || rights.may_create_service_accounts;
    let list = List {
        frame: frame.at(&USERS),
        rows,
        count,
        statuses: Choice::among(&STATUSES, &status),
        kinds: Choice::among(&KINDS, &kind),
        // Whether nothing was looked for in particular.
        is_unfiltered: search.is_empty() && status.is_empty() && kind.is_empty(),
        search,
        may_create,
        pager,
    };
    Ok(page(StatusCode::OK, &list)?)
}

fn row(user: User, now: Timestamp) -> Row {
    Row {
        address: address(&user),
        state: state(&user),
        last_seen: user.last_seen_at.map(|at| Moment::new(at, now)),
        created: Moment::new(user.created_at, now),
        is_service_account: user.is_service_account,
        username: user.username,
        name: user.name,
        email: user.email,
        roles: user.roles,
    }
}
