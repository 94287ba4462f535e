//! Why a user of a provider is not signed in: as JSON for programs, or as a page.
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use keyfob_authority::{
    data::LoginType,
    sign_in::{CompleteConversionError, ExternalSignInError},
};
use keyfob_identity::{HttpError, OidcError, ProfileError, TokenError};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{http::error::ApiError, pages};

/// A refusal to sign in a user of a provider.
pub(super) enum Refusal {
    /// An error as everywhere else.
    Api(ApiError),
    /// A page with a title and a text.
    Page(&'static str, String),
    /// The same, with a text in Markdown that the operator wrote.
    Markdown(&'static str, String),
    /// A message on the sign-in page, from which the user may go on to that path.
    SignIn(String, String),
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Api(error) => error.into_response(),
            Self::Page(title, text) => pages::refusal(StatusCode::FORBIDDEN, title, &text),
            Self::Markdown(title, text) => pages::refusal_in_markdown(StatusCode::FORBIDDEN, title, &text),
            Self::SignIn(message, redirect) => {
                let mut response = ApiError::new(StatusCode::UNAUTHORIZED, message.clone()).into_response();
                let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
                let location = format!("/login?message={}&redirect={}", encode(&message), encode(&redirect));
                if let Ok(location) = HeaderValue::try_from(location) {
                    response.headers_mut().insert(header::LOCATION, location);
                }
                response
            }
        }
    }
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

/// Whether the user has not typed the code yet.
pub(super) fn is_pending(error: &TokenError) -> bool {
    let words = ["authorization_pending", "slow_down"];
    matches!(error, TokenError::Refused { code, .. } if words.contains(&code.as_str()))
}

/// 500 for a failure that is not the user's. The log has all of the cause; users, who may be anybody, get its summary.
pub(super) fn failed(message: &str, cause: &dyn std::fmt::Display, summary: String) -> Refusal {
    tracing::warn!(%cause, "{message}");
    Refusal::Api(ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, message).detail(summary))
}

impl From<TokenError> for Refusal {
    fn from(error: TokenError) -> Self {
        let message = "Failed exchanging Oauth code.";
        if is_pending(&error) {
            return Self::Api(ApiError::bad_request(message).detail(error.to_string()));
        }
        failed(message, &error, error.summary())
    }
}

impl From<HttpError> for Refusal {
    fn from(error: HttpError) -> Self {
        failed("Internal error fetching authenticated Github user.", &error, error.summary())
    }
}

impl From<OidcError> for Refusal {
    fn from(error: OidcError) -> Self {
        let bad = |message: &str| ApiError::bad_request(message);
        let summary = error.summary();
        match error {
            OidcError::Exchange(error) => error.into(),
            OidcError::Unavailable { .. } | OidcError::Provider(_) => {
                failed("The OpenID Connect provider cannot be asked.", &error, summary)
            }
            OidcError::NoUserInfo(_) | OidcError::UserInfo(_) => {
                failed("Failed to obtain user information claims.", &error, summary)
            }
            OidcError::NoIdToken => Self::Api(bad(
                "id_token not found in response payload. Ensure your OIDC callback is configured correctly!",
            )),
            OidcError::Unverified(reason) => Self::Api(bad("Failed to verify OIDC token.").detail(reason)),
            OidcError::NoSubject => {
                Self::Api(bad("OIDC token missing 'sub' claim field or 'sub' claim field is empty."))
            }
        }
    }
}

impl From<ProfileError> for Refusal {
    fn from(error: ProfileError) -> Self {
        match error {
            ProfileError::NoEmail => Self::Api(ApiError::bad_request("No email found in OIDC payload!")),
            ProfileError::EmailIs(kind) => Self::Api(ApiError::bad_request(format!(
                "Email in OIDC payload isn't a string. It is {kind}: name another claim with --oidc-email-field."
            ))),
            ProfileError::Unverified(email) => Self::Page(
                "Email not verified",
                format!("Verify your email address {email} at your OpenID Connect provider, then sign in again."),
            ),
        }
    }
}

impl From<ExternalSignInError> for Refusal {
    fn from(error: ExternalSignInError) -> Self {
        match error {
            ExternalSignInError::AlreadyLinked(login_type) => already_linked(login_type),
            ExternalSignInError::OtherLoginType { tried, own } => other_login_type(tried, own),
            ExternalSignInError::Suspended(name) => Self::Page(
                "Account suspended",
                format!(
                    "Your account \"{name}\" has been suspended. Contact your Coder administrator to reactivate your \
                     account."
                ),
            ),
            ExternalSignInError::SignupsDisabled(text) => Self::Markdown(
                "Signups are disabled",
                text.unwrap_or_else(|| "Please contact your Coder administrator to request access.".to_owned()),
            ),
            ExternalSignInError::UsernameTaken(name) => Self::Api(ApiError::new(
                StatusCode::CONFLICT,
                format!("exhausted alternatives for taken username \"{name}\""),
            )),
            ExternalSignInError::Mint(error) => Self::Api(error.into()),
            ExternalSignInError::Refused(refused) => Self::Api(refused.into()),
        }
    }
}

fn already_linked(login_type: LoginType) -> Refusal {
    match login_type {
        LoginType::Github => Refusal::Api(ApiError::new(
            StatusCode::FORBIDDEN,
            "This account is already linked to a different identity provider subject.",
        )),
        LoginType::Oidc | LoginType::Password | LoginType::None => Refusal::Page(
            "Account already linked",
            "The user with this address signs in by another account of this provider. Sign in by that one, or ask an \
             administrator."
                .to_owned(),
        ),
    }
}

fn other_login_type(tried: LoginType, own: LoginType) -> Refusal {
    let advice = match own {
        LoginType::Password => {
            " You can convert your account to use this login type by visiting your account settings."
        }
        LoginType::Github | LoginType::Oidc | LoginType::None => "",
    };
    let (tried, own) = (tried.as_str(), own.as_str());
    let text = format!("Attempting to use login type \"{tried}\", but the user has the login type \"{own}\".{advice}");
    Refusal::Page("Incorrect login type", text)
}

impl From<CompleteConversionError> for Refusal {
    fn from(error: CompleteConversionError) -> Self {
        match error {
            CompleteConversionError::Ticket(bad) => Self::Api(bad.into()),
            CompleteConversionError::NoSuchUser { email } => Self::Api(ApiError::bad_request(format!(
                "The oidc account with the email \"{email}\" does not match the email of the account you are trying to \
                 convert. Contact your administrator to resolve this issue."
            ))),
            CompleteConversionError::OtherUser { from, to } => Self::Api(ApiError::new(
                StatusCode::FORBIDDEN,
                format!("Request to convert login type from {from} to {to} failed"),
            )),
            CompleteConversionError::SignIn(error) => error.into(),
        }
    }
}
