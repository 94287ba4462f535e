//! The list of all tokens, with the findings before it.
use std::collections::HashMap;

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use jiff::Timestamp;
use keyfob_authority::{
    AuthorizedStore,
    data::{ApiKey, KeyOrder, Page, UserId},
    tokens::{Finding, ListTokens},
};

use super::finding::{self, Line};
use crate::{
    app::App,
    http::{error::ApiError, extract::ApiQuery},
    pages::{
        failure::Failure,
        frame::Frame,
        navigation::ALL_TOKENS,
        page,
        parts::{Badge, Moment, Pager},
        session::{PageError, SignedIn},
        tokens, users,
    },
};

/// How many tokens a page shows.
const PAGE_SIZE: u64 = 50;
/// How many scopes are shown of a token.
const MOST_SCOPES: usize = 3;

#[derive(Template)]
#[template(path = "pages/all_tokens/list.html")]
struct List {
    frame: Frame,
    findings: Vec<Line>,
    rows: Vec<Row>,
    search: String,
    finding: String,
    includes_expired: bool,
    pager: Pager,
}

impl List {
    /// Whether nothing was looked for in particular.
    fn is_unfiltered(&self) -> bool {
        self.search.is_empty() && self.finding.is_empty() && !self.includes_expired
    }

    fn chosen(&self) -> Option<&Line> {
        self.findings.iter().find(|line| line.is_chosen)
    }

    /// Whether a token of the page can be ticked.
    fn may_expire_any(&self) -> bool {
        self.rows.iter().any(|row| row.may_expire)
    }
}

pub(super) struct Row {
    pub(super) id: String,
    pub(super) address: String,
    pub(super) name: String,
    pub(super) state: Badge,
    /// The page and the name of its owner, as far as the person may see them.
    pub(super) owner: Option<(String, String)>,
    pub(super) scopes: Vec<String>,
    pub(super) more_scopes: usize,
    pub(super) last_used: Option<Moment>,
    pub(super) expires: Moment,
    pub(super) may_expire: bool,
}

pub(super) async fn show(
    State(app): State<App>,
    SignedIn { store, frame }: SignedIn,
    query: ApiQuery,
) -> Result<Response, PageError> {
    let unknown = query.text("finding").filter(|name| !name.is_empty() && finding::named(name).is_none());
    let (status, frame) = match unknown {
        Some(name) => Failure::bad_request(format!("There is no finding {name}."))
            .detail("Those that there are stand above the list of all tokens.")
            .on(frame, &[]),
        None => (StatusCode::OK, frame),
    };
    render(&app, &store, frame, status, &query).await
}

/// The list that a query asks for.
pub(super) async fn render(
    app: &App,
    store: &AuthorizedStore,
    frame: Frame,
    status: StatusCode,
    query: &ApiQuery,
) -> Result<Response, PageError> {
    let search = query.text("q").unwrap_or_default().trim().to_owned();
    let finding: Option<Finding> = query.text("finding").and_then(finding::named);
    let includes_expired = query.flag("expired");
    let mut pager = Pager::new(ALL_TOKENS.path, query, &["q", "finding", "expired"], PAGE_SIZE)?;
    let list = ListTokens {
        name_contains: Some(search.clone()).filter(|text| !text.is_empty()),
        include_expired: includes_expired,
        finding,
        order: KeyOrder::NewestFirst,
        page: Page { limit: Some(pager.limit()), offset: pager.offset(), after: None },
        ..ListTokens::default()
    };
    let (findings, keys) = store.list_with_findings(list).await.map_err(ApiError::from)?;
    let keys = pager.cut(keys);
    let findings = findings.into_iter().map(|count| Line::new(count, finding)).collect();
    let list = List {
        frame: frame.at(&ALL_TOKENS),
        findings,
        rows: rows(app, store, &keys).await?,
        search,
        finding: finding.and_then(|_| query.text("finding")).unwrap_or_default().to_owned(),
        includes_expired,
        pager,
    };
    Ok(page(status, &list)?)
}

/// The rows of these keys.
pub(super) async fn rows(app: &App, store: &AuthorizedStore, keys: &[ApiKey]) -> Result<Vec<Row>, PageError> {
    let owners: Vec<UserId> = keys.iter().map(|key| key.user_id).collect();
    let owners: HashMap<UserId, String> = store.incidental().usernames(&owners).await?.into_iter().collect();
    let now = app.clock().now();
    Ok(keys.iter().map(|key| row(store, key, &owners, now)).collect())
}

fn row(store: &AuthorizedStore, key: &ApiKey, owners: &HashMap<UserId, String>, now: Timestamp) -> Row {
    let owner = owners.get(&key.user_id).map(|name| (users::address_of(key.user_id), name.clone()));
    Row {
        id: key.id.to_string(),
        address: tokens::address(key),
        name: tokens::name_of(key),
        state: tokens::state(key, now),
        owner,
        scopes: key.scopes.iter().take(MOST_SCOPES).cloned().collect(),
        more_scopes: key.scopes.len().saturating_sub(MOST_SCOPES),
        last_used: tokens::last_used(key, now),
        expires: Moment::new(key.expires_at, now),
        may_expire: key.is_live(now) && store.key_rights(key).may_expire,
    }
}
