//! The frame of all pages.
use std::convert::Infallible;

use axum::{extract::FromRequestParts, http::request::Parts};
use keyfob_authority::users::Appearance;

use super::{
    navigation::{Place, Section},
    notice::Notice,
    problem::Problem,
};
use crate::{app::App, http::csrf::CsrfToken};

/// What all pages have besides their own content. Handlers of forms take it as an argument, or have it with
/// [`SignedIn`](super::session::SignedIn).
#[derive(Default)]
pub(super) struct Frame {
    /// The person who is signed in, where the page is for one.
    pub(super) person: Option<Person>,
    /// The place of the navigation that the page is at.
    pub(super) place: Option<&'static Place>,
    /// The proof that a form comes from this page, for its field `csrf_token`.
    pub(super) csrf: String,
    /// What happened before, on the way to this page.
    pub(super) notice: Option<Notice>,
    /// What the page is about, as a notice names it: "Token ci".
    pub(super) about: Option<String>,
    /// What went wrong with the form as it was sent.
    pub(super) problem: Option<Problem>,
}

/// The person who looks at a page.
pub(super) struct Person {
    pub(super) username: String,
    pub(super) theme: Theme,
    /// What the navigation shows to them.
    pub(super) sections: Vec<Section>,
}

/// Whether pages are light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Theme {
    /// As the system is.
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    /// The theme that a user chose here, or in another client.
    pub(super) fn of(appearance: &Appearance) -> Self {
        match appearance.theme_preference.as_str() {
            _ if appearance.theme_mode == "sync" => Self::System,
            preference if preference.starts_with("dark") => Self::Dark,
            preference if preference.starts_with("light") => Self::Light,
            _ => Self::System,
        }
    }

    /// Its name in the style.
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Self::System => None,
            Self::Light => Some("light"),
            Self::Dark => Some("dark"),
        }
    }
}

impl Frame {
    /// The same at a place of the navigation.
    pub(super) fn at(self, place: &'static Place) -> Self {
        Self { place: Some(place), ..self }
    }

    /// The same for a page about an object, such as "Token ci": notices name it.
    pub(super) fn about(self, object: impl Into<String>) -> Self {
        Self { about: Some(object.into()), ..self }
    }

    /// What happened before, in words.
    pub(super) fn notice(&self) -> Option<String> {
        Some(self.notice?.text(self.about.as_deref()))
    }

    /// Whether the notice says that something was not done.
    pub(super) fn is_refused(&self) -> bool {
        self.notice.is_some_and(Notice::is_refusal)
    }

    /// The same, without this notice unless it is so: an address can name any.
    pub(super) fn saying_if(self, notice: Notice, is_so: bool) -> Self {
        Self { notice: self.notice.filter(|named| *named != notice || is_so), ..self }
    }

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
        self.person.as_ref().map(|person| person.username.as_str()).unwrap_or_default()
    }

    /// The theme that the person chose; none where the system decides.
    pub(super) fn theme(&self) -> Option<&'static str> {
        self.person.as_ref().and_then(|person| person.theme.name())
    }

    /// What the navigation shows.
    pub(super) fn sections(&self) -> &[Section] {
        self.person.as_ref().map(|person| person.sections.as_slice()).unwrap_or_default()
    }

    /// Whether the page is at this place.
    pub(super) fn is_at(&self, place: &Place) -> bool {
        self.place.is_some_and(|own| own == place)
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
