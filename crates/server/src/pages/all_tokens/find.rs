//! Finding a token by the text that somebody pasted, or by its id. It comes in a form, so that it stands in no address
//! and no log, and no page says it again.
use axum::{extract::State, http::StatusCode, response::Response};
use keyfob_api::secret::SecretText;
use keyfob_authority::{Refused, data::KeyId};

use super::list;
use crate::{
    app::App,
    http::extract::ApiQuery,
    pages::{
        failure::Failure,
        form::Form,
        see_other,
        session::{PageError, SignedIn},
        tokens,
    },
};

pub(super) async fn submit(
    State(app): State<App>,
    SignedIn { store, frame }: SignedIn,
    form: Form,
) -> Result<Response, PageError> {
    let id = id_of(&form.secret("token"));
    let found = store.salvaging().get_key(id.as_ref(), None).await;
    if let Some(key) = Refused::if_there(found)? {
        return Ok(see_other(&tokens::address(&key))?);
    }
    let failure = Failure::new(StatusCode::NOT_FOUND, "There is no such token that you may see.")
        .field("token", "It was deleted, or it is no token of this server.");
    let Failure { status, problem } = failure.in_form(&["token"]);
    list::render(&app, &store, frame.with_problem(problem), status, &ApiQuery::default()).await
}

/// The id in a token, or an id alone.
fn id_of(pasted: &SecretText) -> Option<KeyId> {
    KeyId::parse(pasted.reveal().trim().split('-').next().unwrap_or_default())
}
