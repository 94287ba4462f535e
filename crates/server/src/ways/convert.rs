//! From a password to a provider (contract, section 5.8).
use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use keyfob_api::{
    time::Time,
    users::{ConvertLoginRequest, ConvertLoginResponse},
};
use keyfob_authority::data::LoginType;

use super::{flow::CONVERSION, refusal::Refusal};
use crate::{
    api::sessions,
    app::App,
    documentation::{InUser, Refusals},
    http::{
        credential::cookie,
        error::ApiError,
        extract::{ApiJson, ApiPath},
    },
};
use keyfob_authority::fields::Fields;
use keyfob_authority::sign_in::{BadTicket, TICKET_LIFE};
use keyfob_authority::{AuthorizedStore, RequestContext, System, sign_in::Conversion};

/// The cookie that holds the promise.
pub(super) const COOKIE: &str = "coder_oauth_convert_jwt";
/// How long the random part of the state is: 190 bits.
const STATE_LENGTH: usize = 32;

/// Begin to sign in by a provider in place of a password; the sign-in there, with the state, completes it
#[utoipa::path(
    post, path = "/users/{user}/convert-login", tag = "Signing in", operation_id = "convert_login", params(InUser),
    request_body = ConvertLoginRequest,
    responses((status = CREATED, description = "Made", body = ConvertLoginResponse), Refusals),
)]
pub(super) async fn begin(
    State(app): State<App>,
    Extension(context): Extension<RequestContext>,
    store: AuthorizedStore,
    path: ApiPath,
    ApiJson(request): ApiJson<ConvertLoginRequest>,
) -> Result<Response, ApiError> {
    let user = store.addressed_user(path.get("user")).await?;
    store.require_converting(&user)?;
    Fields::default().required("to_type", &request.to_type).required("password", request.password.reveal()).check()?;
    let to = login_type(&request.to_type)?;
    let verifier = System::SignIn.store(app.authority(), context);
    let (user, password) = sessions::verified_user(&app, &verifier, &user.email, &request.password).await?;
    if user.login_type != LoginType::Password {
        return Err(ApiError::bad_request("User account must have password based authentication."));
    }
    let state = format!("{CONVERSION}{}", app.random().alphanumeric(STATE_LENGTH));
    let now = app.clock().now();
    let signed = app.authority().tickets().sign(&user, to, &state, now, &password.seen);
    let signed = signed.map_err(|error| ApiError::internal(&error))?;
    let expires_at = now.checked_add(TICKET_LIFE).map_err(|error| ApiError::internal(&error))?;
    store.record_conversion(&user, to, expires_at).await?;
    let promise = ConvertLoginResponse {
        state_string: state,
        expires_at: Time(expires_at),
        to_type: to.as_str().to_owned(),
        user_id: user.id.0,
    };
    let cookie = app.settings().cookies.until(COOKIE, &signed, expires_at)?;
    Ok((StatusCode::CREATED, [(header::SET_COOKIE, cookie)], ApiJson(promise)).into_response())
}

fn login_type(asked: &str) -> Result<LoginType, ApiError> {
    match asked {
        "oidc" => Ok(LoginType::Oidc),
        "github" => Ok(LoginType::Github),
        "none" | "password" | "token" => {
            Err(ApiError::bad_request(format!("Cannot convert to login type \"{asked}\".")))
        }
        _ => Err(ApiError::bad_request(format!("Unknown login type \"{asked}\"."))),
    }
}

/// The promise that somebody comes back with, for the state that they come back with.
pub(super) fn ticket(app: &App, headers: &HeaderMap, state: &str) -> Result<Conversion, Refusal> {
    let Some(text) = cookie(headers, COOKIE).filter(|text| !text.is_empty()) else {
        return Err(ApiError::bad_request(
            "Convert to oauth cookie not found. Missing signed jwt to authorize this action. Please try again.",
        )
        .into());
    };
    app.authority().tickets().read(&text, state, app.clock().now()).map_err(|bad| {
        let refusal = match bad {
            BadTicket::Signature => ApiError::bad_request(
                "Using an invalid jwt to authorize this action. Ensure there is only 1 coder deployment and try again.",
            ),
            BadTicket::Unreadable(cause) => {
                ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, format!("Error parsing jwt: {cause}"))
            }
            BadTicket::Deployment => ApiError::new(
                StatusCode::FORBIDDEN,
                "Request to convert login type failed. Issuer mismatch. Found a cookie from another coder deployment, \
                 please try again.",
            ),
            BadTicket::State => {
                ApiError::new(StatusCode::FORBIDDEN, "Request to convert login type failed. State mismatch.")
            }
        };
        refusal.into()
    })
}
