//! Finding a token by the text that somebody pasted, or by its id. It comes in a form, so that it stands in no address
//! and no log, and no page says it again.
use axum::{extract::State, http::StatusCode, response::Response};
use keyfob_authority::{Refused, tokens::Pasted};

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
    let failure = match Refused::if_there(store.salvaging().pasted_key(&form.secret("token")).await)? {
        Some(Pasted::Key(key)) => return Ok(see_other(&tokens::address(&key))?),
        Some(Pasted::WrongSecret) => Failure::bad_request("This token does not work.").field(
            "token",
            "There is a token with this id, but its secret is wrong. To look at that token, paste its id alone: what \
             stands before the hyphen.",
        ),
        None => Failure::new(StatusCode::NOT_FOUND, "There is no such token that you may see.")
            .field("token", "It was deleted, or it is no token of this server."),
    };
    let (status, frame) = failure.on(frame, &["token"]);
    list::render(&app, &store, frame, status, &ApiQuery::default()).await
}
