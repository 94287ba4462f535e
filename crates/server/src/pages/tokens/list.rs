//! The list of one's tokens.
use std::collections::HashMap;

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use jiff::Timestamp;
use keyfob_authority::{
    AuthorizedStore, KeyLife,
    data::{ApiKey, KeyId, KeyOrder, Page},
    tokens::{KeyRights, ListTokens},
};

use super::{address, last_used, name_of, state};
use crate::{
    app::App,
    http::{error::ApiError, extract::ApiQuery},
    pages::{
        frame::Frame,
        names::Names,
        navigation::TOKENS,
        page,
        parts::{Badge, Moment, Pager},
        session::{PageError, SignedIn},
    },
};

/// How many tokens a page shows.
const PAGE_SIZE: u64 = 25;
/// How many scopes, and entries of its allow list, are shown of a token.
const MOST_SHOWN: usize = 4;

#[derive(Template)]
#[template(path = "pages/tokens/list.html")]
struct List {
    frame: Frame,
    rows: Vec<Row>,
    search: String,
    includes_expired: bool,
    may_mint: bool,
    pager: Pager,
}

impl List {
    /// Whether nothing was looked for in particular.
    fn is_unfiltered(&self) -> bool {
        self.search.is_empty() && !self.includes_expired
    }
}

struct Row {
    address: String,
    name: String,
    state: Badge,
    scopes: Shown,
    objects: Shown,
    last_used: Option<Moment>,
    expires: Moment,
    ends_soon: bool,
    created: Moment,
    /// Who minted it, if that was another.
    minter: Option<String>,
    rights: KeyRights,
}

/// The first of several texts, and how many more there are.
struct Shown {
    first: Vec<String>,
    more: usize,
}

impl Shown {
    fn new(all: &[String], words: impl Fn(&String) -> String) -> Self {
        let first: Vec<String> = all.iter().take(MOST_SHOWN).map(words).collect();
        Self { more: all.len() - first.len(), first }
    }
}

pub(super) async fn show(
    State(app): State<App>,
    SignedIn { store, frame }: SignedIn,
    query: ApiQuery,
) -> Result<Response, PageError> {
    let own = store.caller().user().cloned().ok_or_else(ApiError::not_found)?;
    let (search, includes_expired) = (query.text("q").unwrap_or_default().trim().to_owned(), query.flag("expired"));
    let mut pager = Pager::new(TOKENS.path, &query, &["q", "expired"], PAGE_SIZE)?;
    let list = ListTokens {
        of: Some(own.id),
        name_contains: Some(search.clone()).filter(|text| !text.is_empty()),
        finding: None,
        include_expired: includes_expired,
        order: KeyOrder::NewestFirst,
        page: Page { limit: Some(pager.limit()), offset: pager.offset(), after: None },
    };
    let keys = pager.cut(store.list_tokens(list).await.map_err(ApiError::from)?);
    let rows = rows(&app, &store, &keys).await?;
    let may_mint = store.may_mint_for(&own);
    let frame = frame.at(&TOKENS);
    Ok(page(StatusCode::OK, &List { frame, rows, search, includes_expired, may_mint, pager })?)
}

async fn rows(app: &App, store: &AuthorizedStore, keys: &[ApiKey]) -> Result<Vec<Row>, PageError> {
    let shown = keys.iter().flat_map(|key| key.allow_list.iter().take(MOST_SHOWN)).map(String::as_str);
    let names = Names::of(app, store, shown).await?;
    let minters = store.incidental().minters(keys).await?;
    let now = app.clock().now();
    Ok(keys.iter().map(|key| row(store, key, &names, &minters, now)).collect())
}

fn row(
    store: &AuthorizedStore,
    key: &ApiKey,
    names: &Names<'_>,
    minters: &HashMap<KeyId, String>,
    now: Timestamp,
) -> Row {
    let is_live = key.is_live(now);
    let rights = store.key_rights(key);
    Row {
        address: address(key),
        name: name_of(key),
        state: state(key, now),
        scopes: Shown::new(&key.scopes, Clone::clone),
        objects: Shown::new(&key.allow_list, |entry| names.words(entry)),
        last_used: last_used(key, now),
        expires: Moment::new(key.expires_at, now),
        ends_soon: is_live && KeyLife::of(key).seconds_left_near_end(now).is_some(),
        created: Moment::new(key.created_at, now),
        minter: minters.get(&key.id).filter(|name| *name != store.caller().username()).cloned(),
        rights: KeyRights { may_expire: rights.may_expire && is_live, ..rights },
    }
}
