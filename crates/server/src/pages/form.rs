//! The fields of a form.
use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
};
use keyfob_api::secret::SecretText;
use keyfob_authority::roles::RolesBefore;

use super::failure::Failure;
use crate::{app::App, http::error::ApiError};

/// How many fields a form may have: a box for each scope, and some more.
const MOST_FIELDS: usize = 1024;
/// How long a field may be, in bytes: a whole allow list.
const MOST_FIELD_BYTES: usize = 16 * 1024;

/// A form that was sent. Its proof that it comes from a page of this server was checked before.
#[derive(Default)]
pub(super) struct Form(Vec<(String, String)>);

impl FromRequest<App> for Form {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let body = Bytes::from_request(request, app).await;
        let body = body.map_err(|error| ApiError::bad_request("The form cannot be read.").detail(error.to_string()))?;
        let fields: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().take(MOST_FIELDS + 1).collect();
        if fields.len() > MOST_FIELDS || fields.iter().any(|(_, value)| value.len() > MOST_FIELD_BYTES) {
            return Err(ApiError::bad_request("The form cannot be read.").detail("It is longer than any of ours."));
        }
        if fields.iter().any(|(_, value)| value.contains('\0')) {
            return Err(ApiError::bad_request("The form cannot be read.").detail("A field has the character NUL."));
        }
        Ok(Self(fields))
    }
}

impl Form {
    /// A field's text; empty where it is left out.
    pub(super) fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// The texts of all fields of this name.
    pub(super) fn texts(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// Whether a box is ticked.
    pub(super) fn is_ticked(&self, name: &str) -> bool {
        !self.text(name).is_empty()
    }

    /// The new password that was typed twice.
    ///
    /// # Errors
    /// When it was not the same both times.
    pub(super) fn new_password(&self) -> Result<SecretText, Failure> {
        if self.text("password") == self.text("confirmation") {
            return Ok(self.secret("password"));
        }
        Err(Failure::bad_request("Passwords do not match.").field("confirmation", "The two passwords differ."))
    }

    /// That the name was typed which stands on the page, as what cannot be taken back asks for it.
    ///
    /// # Errors
    /// When it is another one.
    pub(super) fn typed_name(&self, name: &str) -> Result<(), Failure> {
        if self.text("typed").trim().eq_ignore_ascii_case(name) {
            return Ok(());
        }
        Err(Failure::bad_request("Nothing was deleted.").field("typed", format!("This is not the name {name}.")))
    }

    /// The roles that are ticked, and those that were held when the form was shown. Boxes that are greyed are not sent by
    /// browsers: the form has what stands in them as hidden fields.
    pub(super) fn roles(&self) -> (Vec<String>, RolesBefore) {
        let texts = |name| self.texts(name).map(str::to_owned).collect();
        (texts("role"), RolesBefore::These(texts("before")))
    }

    /// A field's text that must not be printed.
    pub(super) fn secret(&self, name: &str) -> SecretText {
        SecretText::new(self.text(name))
    }
}
