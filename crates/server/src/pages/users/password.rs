//! Giving another user a new password.
use askama::Template;
use axum::{http::StatusCode, response::Response};
use keyfob_authority::{data::User, passwords::ChangePassword};

use super::{address, details::only_if};
use crate::{
    http::{
        error::ApiError,
        path::{ApiPath, UserRef},
    },
    pages::{
        failure::Failure,
        form::Form,
        frame::Frame,
        navigation::USERS,
        notice::Notice,
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
    only_if(store.user_rights(&user).await?.may_set_password)?;
    Ok(render(frame, &user, StatusCode::OK)?)
}

pub(super) async fn submit(
    SignedIn { store, frame }: SignedIn,
    ApiPath(UserRef(user)): ApiPath<UserRef>,
    form: Form,
) -> Result<Response, PageError> {
    let user = store.addressed_user(&user).await?;
    // One's own takes the present one, on another page; and its session goes on.
    only_if(!store.caller().is_self(user.id))?;
    let changed = if form.text("password") == form.text("confirmation") {
        let change = ChangePassword { old: form.secret(""), new: form.secret("password") };
        store.change_password(user.id, change).await.map_err(Failure::from)
    } else {
        Err(Failure::bad_request("Passwords do not match.").field("confirmation", "This is another one."))
    };
    match changed {
        Ok(_) => Ok(see_other(&Notice::PasswordSet.on(&address(&user)))?),
        Err(failure) => {
            let Failure { status, problem } = failure.in_form(&["password", "confirmation"]);
            Ok(render(frame.with_problem(problem), &user, status)?)
        }
    }
}

fn render(frame: Frame, user: &User, status: StatusCode) -> Result<Response, ApiError> {
    page(status, &Password { frame: frame.at(&USERS), username: &user.username, address: address(user) })
}
