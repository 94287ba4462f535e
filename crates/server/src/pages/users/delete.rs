//! Deleting a user, by typing the name.
use axum::{http::StatusCode, response::Response};
use keyfob_authority::data::User;

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
        navigation::USERS,
        notice::Notice,
        offered::would_be_done,
        page,
        parts::Confirm,
        see_other,
        session::{PageError, SignedIn},
    },
};

pub(super) async fn ask(
    SignedIn { store, frame }: SignedIn,
    ApiPath(UserRef(user)): ApiPath<UserRef>,
) -> Result<Response, PageError> {
    let user = store.addressed_user(&user).await?;
    would_be_done(store.check_delete_user(user.id).await, "delete this user")?;
    Ok(question(frame, &user, StatusCode::OK)?)
}

pub(super) async fn submit(
    SignedIn { store, frame }: SignedIn,
    ApiPath(UserRef(user)): ApiPath<UserRef>,
    form: Form,
) -> Result<Response, PageError> {
    let user = store.addressed_user(&user).await?;
    let deleted = match form.typed_name(&user.username) {
        Ok(()) => store.delete_user(user.id).await.map_err(Failure::from),
        Err(failure) => Err(failure),
    };
    match deleted {
        Ok(()) => Ok(see_other(&Notice::UserDeleted.on(USERS.path))?),
        Err(failure) => {
            let (status, frame) = failure.on(frame, &["typed"]);
            Ok(question(frame, &user, status)?)
        }
    }
}

fn question(frame: Frame, user: &User, status: StatusCode) -> Result<Response, ApiError> {
    let confirm = Confirm {
        frame: frame.at(&USERS),
        title: format!("Delete {}?", user.username),
        consequences: vec![
            "All sessions and tokens of the user end, and the user is in no organization and no group any more. The \
             audit log keeps its records. This cannot be taken back."
                .to_owned(),
            "To lock the user out and keep what is theirs, suspend them instead.".to_owned(),
        ],
        choices: Vec::new(),
        typed: Some(user.username.clone()),
        button: "Delete",
        action: format!("{}/delete", address(user)),
        back: address(user),
    };
    page(status, &confirm)
}
