//! The page between a link and what cannot be taken back: it says what follows, and asks.
use askama::Template;
use axum::{http::StatusCode, response::Response};

use crate::{
    http::error::ApiError,
    pages::{frame::Frame, page},
};

/// What is to be confirmed. Opening the page does nothing; its form goes to `action`.
#[derive(Template)]
#[template(path = "pages/confirm.html")]
pub(crate) struct Confirm {
    pub(crate) frame: Frame,
    /// The question.
    pub(crate) title: String,
    /// What follows, a sentence or two each.
    pub(crate) consequences: Vec<String>,
    /// What can be chosen beside it.
    pub(crate) choices: Vec<Tick>,
    /// The name to type, where it takes more than a click.
    pub(crate) typed: Option<String>,
    /// What the button says: the verb.
    pub(crate) button: &'static str,
    /// Where the form goes.
    pub(crate) action: String,
    /// Where people go who did not mean it.
    pub(crate) back: String,
}

/// A box to tick.
pub(crate) struct Tick {
    pub(crate) name: &'static str,
    pub(crate) label: String,
    pub(crate) is_ticked: bool,
}

impl Confirm {
    /// The page.
    pub(crate) fn show(&self) -> Result<Response, ApiError> {
        page(StatusCode::OK, self)
    }
}
