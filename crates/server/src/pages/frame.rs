//! The frame of all pages.
use std::convert::Infallible;

use axum::{extract::FromRequestParts, http::request::Parts};

use super::{notice::Notice, problem::Problem};
use crate::{app::App, http::csrf::CsrfToken};

/// What all pages have besides their own content. Handlers of forms take it as an argument, or have it with
/// [`SignedIn`](super::session::SignedIn).
#[derive(Default)]
pub(super) struct Frame {
    /// The person who is signed in, where the page is for one.
    pub(super) person: Option<String>,
    /// The proof that a form comes from this page, for its field `csrf_token`.
    pub(super) csrf: String,
    /// What happened before, on the way to this page.
    pub(super) notice: Option<Notice>,
    /// What went wrong with the form as it was sent.
    pub(super) problem: Option<Problem>,
}

impl Frame {
    /// The same with the notice that an address names.
    pub(super) fn with_notice(self, notice: Option<Notice>) -> Self {
        Self { notice, ..self }
    }

    /// The same with a problem.
    pub(super) fn with_problem(self, problem: Problem) -> Self {
        Self { problem: Some(problem), ..self }
    }

    /// The name of the person who is signed in.
    pub(super) fn username(&self) -> &str {
        self.person.as_deref().unwrap_or_default()
    }

    /// What is wrong with a field of the form.
    pub(super) fn problems_of<'a>(&'a self, field: &'a str) -> impl Iterator<Item = &'a str> {
        self.problem.iter().flat_map(move |problem| problem.of_field(field))
    }

    /// Whether something is wrong with a field of the form.
    pub(super) fn is_wrong(&self, field: &str) -> bool {
        self.problems_of(field).next().is_some()
    }
}

impl FromRequestParts<App> for Frame {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let csrf = parts.extensions.get::<CsrfToken>().map(|token| token.masked(app));
        Ok(Self { csrf: csrf.unwrap_or_default(), ..Self::default() })
    }
}
