//! Signing in with a password, and out (contract, sections 5.2 to 5.4).
use axum::{
    Extension, Router,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use keyfob_api::{
    SESSION_TOKEN_COOKIE,
    error::ErrorBody,
    secret::SecretText,
    users::{AuthMethod, AuthMethods, GithubAuthMethod, LoginRequest, LoginResponse, OidcAuthMethod},
};
use keyfob_store::{LoginType, User, UserStatus};

use crate::{
    context::RequestContext,
    error::ApiError,
    extract::ApiJson,
    gate::{AuthorizedStore, KeyOrder, Lifetime, NewKeyKind, System, Wish},
    passwords::Verdict,
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
    let user = verified_user(&app, &store, &request).await?;
    let order = KeyOrder {
        owner: user,
        kind: NewKeyKind::Session,
        scopes: Wish::Own,
        allow_list: Wish::Own,
        lifetime: Lifetime(app.settings().lifetimes.session),
    };
    let minted = store.mint_key(order).await?;
    let cookie = session_cookie(&app, &minted.text, ONE_YEAR)?;
    let answer = ApiJson(LoginResponse { session_token: minted.text });
    Ok((StatusCode::CREATED, [(header::SET_COOKIE, cookie)], answer).into_response())
}

/// The user whose password was given, awake. An unknown address takes as long as a wrong password.
async fn verified_user(app: &App, store: &AuthorizedStore, request: &LoginRequest) -> Result<User, ApiError> {
    let found = store.login(&request.email).await?;
    let kept = found.as_ref().map(|(_, hash)| hash);
    let verdict = app.passwords().verify(&request.password, kept).await.map_err(|error| ApiError::internal(&error))?;
    let Some((user, _)) = found.filter(|_| verdict == Verdict::Right) else {
        return Err(ApiError::new(StatusCode::UNAUTHORIZED, "Incorrect email or password."));
    };
    if user.login_type != LoginType::Password {
        return Err(ApiError::new(
            StatusCode::FORBIDDEN,
            format!(
                "Incorrect login type, attempting to use \"password\" but user is of login type \"{}\"",
                user.login_type.as_str()
            ),
        ));
    }
    match user.status {
        UserStatus::Active => Ok(user),
        UserStatus::Dormant => Ok(store.set_user_status(&user, UserStatus::Active).await?),
        UserStatus::Suspended => Err(ApiError::new(
            StatusCode::UNAUTHORIZED,
            "Your account is suspended. Contact an admin to reactivate your account.",
        )),
    }
}

/// Sign out: the presented key ends, and every application's key of the user
async fn logout(State(app): State<App>, store: AuthorizedStore) -> Result<Response, ApiError> {
    store.sign_out().await?;
    let cookie = session_cookie(&app, &SecretText::default(), -1)?;
    Ok(([(header::SET_COOKIE, cookie)], ApiJson(ErrorBody::message("Logged out!"))).into_response())
}

/// The cookie outlives the key on purpose: the server decides how long a session lives (contract, section 1.9).
const ONE_YEAR: i64 = 31_536_000;

fn session_cookie(app: &App, key: &SecretText, max_age: i64) -> Result<HeaderValue, ApiError> {
    let secure = if app.access_url().starts_with("https:") { "; Secure" } else { "" };
    let text =
        format!("{SESSION_TOKEN_COOKIE}={}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Lax{secure}", key.reveal());
    let mut value = HeaderValue::from_str(&text).map_err(|error| ApiError::internal(&error))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Ways to sign in that are on offer
async fn auth_methods() -> ApiJson<AuthMethods> {
    ApiJson(AuthMethods {
        password: AuthMethod { enabled: true },
        github: GithubAuthMethod { enabled: false, default_provider_configured: false },
        oidc: OidcAuthMethod { enabled: false, sign_in_text: String::new(), icon_url: String::new() },
    })
}
