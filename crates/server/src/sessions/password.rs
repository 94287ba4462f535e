//! Signing in with a password (contract, section 5.2), and every other look at one.
use axum::http::StatusCode;
use keyfob_api::secret::SecretText;
use keyfob_store::{LoginType, PasswordHash, User, UserStatus};

use crate::{
    error::ApiError,
    gate::AuthorizedStore,
    passwords::{Verdict, is_old, too_many},
    state::App,
};

/// The user whose address and password these are, awake. An unknown address takes as long as a wrong password.
pub(super) async fn verified_user(
    app: &App,
    store: &AuthorizedStore,
    email: &str,
    password: &SecretText,
) -> Result<User, ApiError> {
    let found = store.login(email).await?;
    let account = found.as_ref().map(|(user, hash)| (user, hash));
    store.caller().context().trail.sign_in_failed("login", account.map(|(user, _)| user.id));
    let verdict = check(app, store, account, email, password).await?;
    let Some((user, _)) = found.filter(|_| verdict == Verdict::Right) else {
        // Of what was typed nothing is kept: people type passwords into the wrong field.
        return Err(ApiError::new(StatusCode::UNAUTHORIZED, "Incorrect email or password."));
    };
    let is_owner = user.roles.iter().any(|role| role == "owner");
    if app.settings().is_password_auth_disabled && !is_owner {
        return Err(ApiError::new(StatusCode::FORBIDDEN, "Password authentication is disabled."));
    }
    require_password_login(&user)?;
    awake(store, user).await
}

/// Whether this is the password of the account, of which there may be none. Wrong ones in a row are bounded.
///
/// # Errors
/// 429 while no password of the account is looked at.
pub(crate) async fn check(
    app: &App,
    store: &AuthorizedStore,
    account: Option<(&User, &PasswordHash)>,
    address: &str,
    password: &SecretText,
) -> Result<Verdict, ApiError> {
    let internal = |error| ApiError::internal(&error);
    if let Some(until) = store.begin_password_attempt(account.map(|(user, _)| user), address).await? {
        return Err(too_many(until, app.clock().now()));
    }
    let kept = account.map(|(_, hash)| hash);
    let verdict = app.passwords().verify(password, kept).await.map_err(internal)?;
    let Some((user, hash)) = account.filter(|_| verdict == Verdict::Right) else { return Ok(verdict) };
    let renewed = if is_old(hash) { Some(app.passwords().hash(password).await.map_err(internal)?) } else { None };
    store.password_was_right(user, hash, renewed.as_ref()).await?;
    Ok(verdict)
}

fn require_password_login(user: &User) -> Result<(), ApiError> {
    if user.login_type == LoginType::Password {
        return Ok(());
    }
    let message = format!(
        "Incorrect login type, attempting to use \"password\" but user is of login type \"{}\"",
        user.login_type.as_str()
    );
    Err(ApiError::new(StatusCode::FORBIDDEN, message))
}

/// Signing in ends dormancy, and is not for the suspended.
pub(super) async fn awake(store: &AuthorizedStore, user: User) -> Result<User, ApiError> {
    match user.status {
        UserStatus::Active => Ok(user),
        UserStatus::Dormant => Ok(store.set_user_status(&user, UserStatus::Active).await?),
        UserStatus::Suspended => Err(ApiError::new(
            StatusCode::UNAUTHORIZED,
            "Your account is suspended. Contact an admin to reactivate your account.",
        )),
    }
}
