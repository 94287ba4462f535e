//! Signing in by a provider from now on, in place of a password.
use axum::{extract::State, http::header, response::Response};
use keyfob_authority::sign_in::{BeginConversion, BeginConversionError};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{own, security};
use crate::{
    app::App,
    pages::{
        failure::Failure,
        form::Form,
        navigation::SECURITY,
        redirect::redirect_page,
        session::{PageError, SignedIn},
    },
    ways::CONVERSION_COOKIE,
};

pub(super) async fn submit(State(app): State<App>, session: SignedIn, form: Form) -> Result<Response, PageError> {
    let user = own(&session)?;
    // What a person types into the field of this form is no wrong field of the other.
    let request = BeginConversion {
        user: user.clone(),
        to: form.text("provider").to_owned(),
        password: form.secret("own_password"),
    };
    match session.store.begin_conversion(&request).await {
        Ok(begun) => {
            let state = utf8_percent_encode(&begun.state, NON_ALPHANUMERIC);
            let back = utf8_percent_encode(SECURITY.path, NON_ALPHANUMERIC);
            let path = if form.text("provider") == "github" { "oauth2/github" } else { "oidc" };
            let url = format!("/api/v2/users/{path}/callback?oidc_merge_state={state}&redirect={back}");
            let mut response = redirect_page("your provider", &url)?;
            let cookie = app.settings().cookies.until(CONVERSION_COOKIE, &begun.ticket, begun.expires_at)?;
            response.headers_mut().append(header::SET_COOKIE, cookie);
            Ok(response)
        }
        Err(error) => {
            let failure = Failure::from(error).renamed("password", "own_password");
            let (status, frame) = failure.on(session.frame, &["own_password"]);
            Ok(security::render(&app, frame, status, &user)?)
        }
    }
}

impl From<BeginConversionError> for Failure {
    fn from(error: BeginConversionError) -> Self {
        match error {
            BeginConversionError::NotAllowed(error) => error.into(),
            BeginConversionError::Invalid(wrong) => wrong.into(),
            BeginConversionError::NotConvertible(_) | BeginConversionError::UnknownLoginType(_) => {
                Self::bad_request("Nobody signs in that way here.")
            }
            BeginConversionError::Password(error) => error.into(),
            BeginConversionError::NoPassword => Self::bad_request("This account signs in without a password."),
            BeginConversionError::Unsigned(cause) => Self::internal(&cause),
            BeginConversionError::Refused(refused) => refused.into(),
        }
    }
}
