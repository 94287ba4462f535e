//! Giving another user a new password.
use askama::Template;
use axum::{http::StatusCode, response::Response};
use keyfob_api::secret::SecretText;
use keyfob_authority::{data::User, passwords::ChangePassword};

use super::address;
use crate::{
    http::{
        error::ApiError,
        path::{ApiPath, UserRef},
    },
    pages::{
        failure::Failure,
        form::Form,
        frame::Frame,
        navigation::{SECURITY, USERS},
        notice::Notice,
        offered::would_be_done,
        page, see_other,
        session::{PageError, SignedIn},
    },
};

#[derive(Template)]
#[template(path = "pages/users/password.html")]
struct Password<'a> {
    frame: Frame,
    username: &'a str,
    address: String,
}

pub(super) async fn show(
    SignedIn { store, frame }: SignedIn,
    ApiPath(UserRef(user)): ApiPath<UserRef>,
) -> Result<Response, PageError> {
    let user = store.addressed_user(&user).await?;
    if store.caller().is_self(user.id) {
        return Ok(see_other(SECURITY.path)?);
    }
    would_be_done(store.check_change_password(&user).await, "reset this user's password")?;
    Ok(render(frame, &user, StatusCode::OK)?)
}

pub(super) async fn submit(
    SignedIn { store, frame }: SignedIn,
    ApiPath(UserRef(user)): ApiPath<UserRef>,
    form: Form,
) -> Result<Response, PageError> {
    let user = store.addressed_user(&user).await?;
    // One's own takes the present one, on another page; and its session goes on.
    if store.caller().is_self(user.id) {
        return Err(ApiError::new(StatusCode::CONFLICT, "You change your own password on the page Security.").into());
    }
    let changed = match form.new_password() {
        Ok(new) => {
            // Administrators need none.
            let change = ChangePassword { old: SecretText::default(), new };
            store.change_password(user.id, change).await.map_err(Failure::from)
        }
        Err(failure) => Err(failure),
    };
    match changed {
        Ok(_) => Ok(see_other(&Notice::PasswordSet.on(&address(&user)))?),
        Err(failure) => {
            let (status, frame) = failure.on(frame, &["password", "confirmation"]);
            Ok(render(frame, &user, status)?)
        }
    }
}

fn render(frame: Frame, user: &User, status: StatusCode) -> Result<Response, ApiError> {
    page(status, &Password { frame: frame.at(&USERS), username: &user.username, address: address(user) })
}
