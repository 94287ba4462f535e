//! Signing in with a password (contract, section 5.2), and every other look at one.
use axum::http::StatusCode;
use keyfob_api::secret::SecretText;
use keyfob_authority::data::{LoginType, PasswordHash, User, UserStatus};

use crate::http::error::too_many_passwords;
use crate::{app::App, http::error::ApiError};
use keyfob_authority::{
    AuthorizedStore,
    passwords::{HashError, Verdict, is_old},
    response_timing::evenly,
    sessions::RightPassword,
    tokens::{MintError, MintedKey},
};

/// The key of a new session of the user whose address and password these are. An unknown address takes as long as a
/// wrong password.
pub(crate) async fn sign_in(
    app: &App,
    store: &AuthorizedStore,
    email: &str,
    password: &SecretText,
) -> Result<MintedKey, ApiError> {
    evenly(async {
        // What was right may not be any more when the session begins. Then everything is looked at once more; somebody
        // else may have brought the password into its present form.
        for _ in 0..2 {
            let (user, proof) = verified_user(app, store, email, password).await?;
            match store.sign_in(user, proof).await {
                Err(MintError::Overtaken) => {}
                signed_in => return Ok(signed_in?),
            }
        }
        Err(incorrect())
    })
    .await
}

fn incorrect() -> ApiError {
    // Of what was typed nothing is kept: people type passwords into the wrong field.
    ApiError::new(StatusCode::UNAUTHORIZED, "Incorrect email or password.")
}

/// The user whose address and password these are, awake.
pub(crate) async fn verified_user(
    app: &App,
    store: &AuthorizedStore,
    email: &str,
    password: &SecretText,
) -> Result<(User, RightPassword), ApiError> {
    let found = store.login(email).await?;
    let account = found.as_ref().map(|(user, hash)| (user, hash));
    store.caller().context().decisions.sign_in_failed("login", account.map(|(user, _)| user.id));
    let verdict = check(app, store, account, email, password).await?;
    let (user, seen) = found.filter(|_| verdict == Verdict::Right).ok_or_else(incorrect)?;
    if app.rules().is_password_auth_disabled && !user.is_owner() {
        return Err(ApiError::new(StatusCode::FORBIDDEN, "Password authentication is disabled."));
    }
    require_password_login(&user)?;
    let user = awake(store, user).await?;
    let renewed =
        if is_old(&seen) { Some(app.authority().passwords().hash(password).await.map_err(internal)?) } else { None };
    Ok((user, RightPassword { seen, renewed }))
}

#[expect(clippy::needless_pass_by_value, reason = "what `map_err` hands over")]
fn internal(error: HashError) -> ApiError {
    ApiError::internal(&error)
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
    if let Some(until) = store.begin_password_attempt(account.map(|(user, _)| user), address).await? {
        return Err(too_many_passwords(until, app.clock().now()));
    }
    let kept = account.map(|(_, hash)| hash);
    let verdict = app.authority().passwords().verify(password, kept).await.map_err(internal)?;
    if let Some((user, _)) = account.filter(|_| verdict == Verdict::Right) {
        store.password_was_right(user).await?;
    }
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

fn suspended() -> ApiError {
    let message = "Your account is suspended. Contact an admin to reactivate your account.";
    ApiError::new(StatusCode::UNAUTHORIZED, message)
}

/// Signing in ends dormancy, and is not for the suspended.
pub(super) async fn awake(store: &AuthorizedStore, user: User) -> Result<User, ApiError> {
    match user.status {
        UserStatus::Active => Ok(user),
        UserStatus::Suspended => Err(suspended()),
        UserStatus::Dormant => match store.wake(user.id).await? {
            user if user.status == UserStatus::Active => Ok(user),
            _ => Err(suspended()),
        },
    }
}
