//! Expiring the tokens that are ticked: first a page with what follows, then the act.
use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use keyfob_authority::{
    AuthorizedStore, Refused,
    data::{ApiKey, KeyId},
    tokens::Cascade,
};

use super::list::{Row, rows};
use crate::{
    app::App,
    http::error::ApiError,
    pages::{
        form::Form,
        frame::Frame,
        navigation::ALL_TOKENS,
        notice::Notice,
        page, see_other,
        session::{PageError, SignedIn},
    },
};

/// How many tokens a form may name: no page has more.
const MOST: usize = 100;

#[derive(Template)]
#[template(path = "pages/all_tokens/expire.html")]
struct Expire {
    frame: Frame,
    rows: Vec<Row>,
    /// How many tokens that were minted with these end, too.
    descendants: u64,
}

pub(super) async fn submit(
    State(app): State<App>,
    SignedIn { store, frame }: SignedIn,
    form: Form,
) -> Result<Response, PageError> {
    let ids: Vec<KeyId> = form.texts("key").filter_map(KeyId::parse).take(MOST + 1).collect();
    if ids.len() > MOST {
        return Err(ApiError::bad_request(format!("{MOST} tokens are expired at once at most.")).into());
    }
    let keys = found(&store, &ids).await?;
    if keys.is_empty() {
        return Ok(see_other(&Notice::NothingTicked.on(ALL_TOKENS.path))?);
    }
    if form.text("step") == "expire" {
        for key in &keys {
            store.expire_key(key, Cascade::ByKind).await?;
        }
        return Ok(see_other(&Notice::TokensExpired.on(ALL_TOKENS.path))?);
    }
    let descendants = keys.iter().map(|key| Cascade::ByKind.takes(key)).sum();
    let rows = rows(&app, &store, &keys).await?;
    Ok(page(StatusCode::OK, &Expire { frame: frame.at(&ALL_TOKENS), rows, descendants })?)
}

/// Those of these tokens that there still are, and that the person may expire.
async fn found(store: &AuthorizedStore, ids: &[KeyId]) -> Result<Vec<ApiKey>, Refused> {
    let mut keys = Vec::new();
    for id in ids {
        let key = Refused::if_there(store.get_key(Some(id), None).await)?;
        keys.extend(key.filter(|key| store.key_rights(key).may_expire));
    }
    Ok(keys)
}
