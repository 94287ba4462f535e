//! Signing in and out (contract, sections 5.2 to 5.4).
mod own;
mod password;

pub(crate) use password::check as check_password;

use axum::{
    Extension, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use keyfob_api::{
    error::ErrorBody,
    users::{AuthMethod, AuthMethods, GithubAuthMethod, LoginRequest, LoginResponse, OidcAuthMethod},
};

use crate::{
    context::RequestContext,
    error::ApiError,
    extract::ApiJson,
    gate::{AuthorizedStore, KeyOrder, System},
    state::App,
    users,
    validate::Fields,
};

/// All routes of signing in and out.
pub(crate) fn routes() -> Router<App> {
    // For other methods these words are usernames (contract, section 1.1).
    Router::new()
        .route("/users/login", post(login).merge(users::named()))
        .route("/users/logout", post(logout).merge(users::named()))
        .route("/users/{user}/sessions", get(own::list).delete(own::end_all))
        .route("/users/{user}/sessions/{id}", delete(own::end))
        .route("/users/authmethods", get(auth_methods).merge(users::named_but_get()))
}

/// Sign in with e-mail and password
async fn login(
    State(app): State<App>,
    Extension(context): Extension<RequestContext>,
    ApiJson(request): ApiJson<LoginRequest>,
) -> Result<Response, ApiError> {
    Fields::default().email("email", &request.email).required("password", request.password.reveal()).check()?;
    let store = System::SignIn.store(&app, context);
    let user = password::verified_user(&app, &store, &request.email, &request.password).await?;
    let minted = store.mint_key(KeyOrder::session(&app, user)).await?;
    let cookie = app.settings().cookies.session(&minted.text)?;
    let answer = ApiJson(LoginResponse { session_token: minted.text });
    Ok((StatusCode::CREATED, [(header::SET_COOKIE, cookie)], answer).into_response())
}

/// Sign out: the presented key ends, and every application's key of the user
async fn logout(State(app): State<App>, store: AuthorizedStore) -> Result<Response, ApiError> {
    store.sign_out().await?;
    let cookie = app.settings().cookies.no_session()?;
    Ok(([(header::SET_COOKIE, cookie)], ApiJson(ErrorBody::message("Logged out!"))).into_response())
}

/// Ways to sign in that are on offer
async fn auth_methods(State(app): State<App>) -> ApiJson<AuthMethods> {
    ApiJson(AuthMethods {
        terms_of_service_url: app.settings().terms_of_service_url.clone().unwrap_or_default(),
        password: AuthMethod { enabled: !app.settings().is_password_auth_disabled },
        github: GithubAuthMethod { enabled: false, default_provider_configured: false },
        oidc: OidcAuthMethod { enabled: false, sign_in_text: String::new(), icon_url: String::new() },
    })
}
