//! Suspending and activating a user.
use axum::{extract::State, http::StatusCode, response::Response};
use keyfob_authority::data::UserStatus;

use super::{address, details};
use crate::{
    app::App,
    http::{
        error::ApiError,
        path::{ApiPath, UserRef},
    },
    pages::{
        failure::Failure,
        form::Form,
        navigation::USERS,
        notice::Notice,
        offered::would_be_done,
        parts::Confirm,
        see_other,
        session::{PageError, SignedIn},
    },
};

pub(super) async fn ask_to_suspend(
    SignedIn { store, frame }: SignedIn,
    ApiPath(UserRef(user)): ApiPath<UserRef>,
) -> Result<Response, PageError> {
    let user = store.addressed_user(&user).await?;
    would_be_done(store.check_suspend_user(user.id).await, "suspend this user")?;
    if user.status == UserStatus::Suspended {
        return Err(ApiError::new(StatusCode::CONFLICT, format!("{} is suspended already.", user.username)).into());
    }
    let confirm = Confirm {
        frame: frame.at(&USERS),
        title: format!("Suspend {}?", user.username),
        consequences: vec![
            "From then on every session and token of the user is refused, and the user cannot sign in.".to_owned(),
            "Nothing is deleted: once the user is activated again, what has not expired meanwhile works as before."
                .to_owned(),
        ],
        choices: Vec::new(),
        typed: None,
        button: "Suspend",
        action: format!("{}/suspend", address(&user)),
        back: address(&user),
    };
    Ok(confirm.show()?)
}

pub(super) async fn suspend(
    State(app): State<App>,
    SignedIn { store, frame }: SignedIn,
    ApiPath(UserRef(user)): ApiPath<UserRef>,
    _form: Form,
) -> Result<Response, PageError> {
    let user = store.addressed_user(&user).await?;
    match store.suspend_user(user.id).await {
        Ok(_) => Ok(see_other(&Notice::UserSuspended.on(&address(&user)))?),
        Err(error) => {
            let (status, frame) = Failure::from(error).on(frame, &[]);
            details::render(&app, &store, frame, status, user).await
        }
    }
}

pub(super) async fn activate(
    SignedIn { store, .. }: SignedIn,
    ApiPath(UserRef(user)): ApiPath<UserRef>,
    _form: Form,
) -> Result<Response, PageError> {
    let user = store.addressed_user(&user).await?;
    store.activate_user(user.id).await?;
    Ok(see_other(&Notice::UserActivated.on(&address(&user)))?)
}
