//! Expiring the tokens that are ticked: first a page with what follows, then the act.
use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use keyfob_authority::{
    AuthorizedStore, Refused,
    data::{ApiKey, KeyId},
    tokens::Cascade,
};

use super::list::{self, Row, rows};
use crate::{
    app::App,
    http::{error::ApiError, extract::ApiQuery},
    pages::{
        failure::Failure,
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
    if form.text("step") == "expire" && !ids.is_empty() {
        let expired = Refused::if_there(store.salvaging().expire_keys(&ids, Cascade::ByKind).await)?;
        if expired.is_some() {
            return Ok(see_other(&Notice::TokensExpired.on(ALL_TOKENS.path))?);
        }
        let (status, frame) = gone().on(frame, &[]);
        return list::render(&app, &store, frame, status, &ApiQuery::default()).await;
    }
    let keys = found(&store, &ids).await?;
    if keys.is_empty() {
        return Ok(see_other(&Notice::NothingTicked.on(ALL_TOKENS.path))?);
    }
    let descendants = keys.iter().map(|key| Cascade::ByKind.takes(key)).sum();
    let rows = rows(&app, &store, &keys).await?;
    Ok(page(StatusCode::OK, &Expire { frame: frame.at(&ALL_TOKENS), rows, descendants })?)
}

/// All of them were to end, and one could not.
fn gone() -> Failure {
    Failure::new(StatusCode::NOT_FOUND, "No token was expired.")
        .detail("One that was ticked is not there any more, or you may not expire it. Tick again those that are.")
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
