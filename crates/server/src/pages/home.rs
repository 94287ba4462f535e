//! Where people arrive: the places of the console, each with what one does there.
use askama::Template;
use axum::{http::StatusCode, response::Response};

use super::{frame::Frame, page, session::SignedIn};
use crate::http::error::ApiError;

#[derive(Template)]
#[template(path = "pages/home.html")]
struct Home {
    frame: Frame,
}

pub(super) async fn show(SignedIn { frame, .. }: SignedIn) -> Result<Response, ApiError> {
    page(StatusCode::OK, &Home { frame })
}
