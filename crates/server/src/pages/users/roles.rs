//! A user's roles of the deployment.
use axum::{extract::State, response::Response};

use super::{address, details};
use crate::{
    app::App,
    http::path::{ApiPath, UserRef},
    pages::{
        failure::Failure,
        form::Form,
        notice::Notice,
        see_other,
        session::{PageError, SignedIn},
    },
};

pub(super) async fn submit(
    State(app): State<App>,
    SignedIn { store, frame }: SignedIn,
    ApiPath(UserRef(user)): ApiPath<UserRef>,
    form: Form,
) -> Result<Response, PageError> {
    let user = store.addressed_user(&user).await?;
    let (roles, before) = form.roles();
    match store.update_user_roles(user.id, roles, before).await {
        Ok(_) => Ok(see_other(&Notice::RolesSaved.on(&address(&user)))?),
        Err(error) => {
            let (status, frame) = Failure::from(error).on(frame, &[]);
            details::render(&app, &store, frame, status, user).await
        }
    }
}
