//! Signing in and out, and the sessions of users.
mod own;
mod problem;

use axum::{
    Extension,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use keyfob_api::{
    error::ErrorBody,
    users::{AuthMethod, AuthMethods, GithubAuthMethod, LoginRequest, LoginResponse, OidcAuthMethod},
};

use crate::http::routes::{Handlers, RouteFacts, Routes};
use crate::{
    api::users,
    app::App,
    documentation::Refusals,
    http::{error::ApiError, extract::ApiJson},
};
use keyfob_authority::{
    AuthorizedStore, Refused, RequestContext, System,
    sessions::{Login, SignIn},
};
use utoipa_axum::routes;

/// All routes of signing in and out.
pub(crate) fn routes() -> Routes {
    Routes::api()
        .routes_with(routes!(login), RouteFacts::SIGN_IN)
        .routes(routes!(logout))
        .routes(routes!(own::list, own::delete_all))
        .routes(routes!(own::delete))
        .routes(routes!(auth_methods))
        // For other methods these words are usernames.
        .route("/users/login", Handlers::of_word("user", users::named()))
        .route("/users/logout", Handlers::of_word("user", users::named()))
        .route("/users/authmethods", Handlers::of_word("user", users::named_but_get()))
}

/// Sign in with e-mail and password
#[utoipa::path(
    post, path = "/users/login", tag = "Signing in", operation_id = "sign_in",
    request_body = LoginRequest,
    responses((status = CREATED, description = "Made", body = LoginResponse), Refusals),
    security(()),
)]
async fn login(
    State(app): State<App>,
    Extension(context): Extension<RequestContext>,
    ApiJson(request): ApiJson<LoginRequest>,
) -> Result<Response, ApiError> {
    let store = System::SignIn.store(app.authority(), context);
    let minted = store.sign_in(&SignIn { who: Login::Email(request.email), password: request.password }).await?;
    let cookie = app.settings().cookies.session(&minted.text)?;
    let answer = ApiJson(LoginResponse { session_token: minted.text });
    Ok((StatusCode::CREATED, [(header::SET_COOKIE, cookie)], answer).into_response())
}

/// Sign out: the presented key ends, and every application's key of the user
#[utoipa::path(
    post, path = "/users/logout", tag = "Signing in", operation_id = "sign_out",
    responses((status = OK, description = "Done", body = ErrorBody), Refusals),
)]
async fn logout(State(app): State<App>, store: AuthorizedStore) -> Result<Response, ApiError> {
    let signed_out = store.sign_out().await;
    let cookie = [(header::SET_COOKIE, app.settings().cookies.no_session()?)];
    Ok(match signed_out {
        Ok(()) => (cookie, ApiJson(ErrorBody::message("Logged out!"))).into_response(),
        // The session goes on, and with it the cookie: a sign-out that is tried again needs it.
        Err(refused @ Refused::Store(_)) => ApiError::from(refused).into_response(),
        Err(refused) => (cookie, ApiError::from(refused)).into_response(),
    })
}

/// Ways to sign in that are on offer
#[utoipa::path(
    get, path = "/users/authmethods", tag = "Signing in", operation_id = "list_sign_in_methods",
    responses((status = OK, description = "Done", body = AuthMethods), Refusals),
    security(()),
)]
async fn auth_methods(State(app): State<App>) -> ApiJson<AuthMethods> {
    ApiJson(AuthMethods {
        terms_of_service_url: app.settings().terms_of_service_url.clone().unwrap_or_default(),
        password: AuthMethod { enabled: !app.rules().is_password_auth_disabled() },
        github: GithubAuthMethod { enabled: app.providers().github.is_some(), default_provider_configured: false },
        oidc: oidc_method(&app),
    })
}

fn oidc_method(app: &App) -> OidcAuthMethod {
    match &app.providers().oidc {
        None => OidcAuthMethod { enabled: false, sign_in_text: String::new(), icon_url: String::new() },
        Some(way) => OidcAuthMethod {
            enabled: true,
            sign_in_text: way.args.oidc_sign_in_text.clone(),
            icon_url: way.args.oidc_icon_url.as_ref().map(ToString::to_string).unwrap_or_default(),
        },
    }
}
