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
    // A browser sends no box that is greyed: what stands in it stays.
    let rights = store.user_rights(&user).await?;
    let fixed = rights.roles.into_iter().filter(|role| role.is_held && !role.may_change).map(|role| role.name);
    let roles = form.texts("role").map(str::to_owned).chain(fixed).collect();
    match store.update_user_roles(user.id, roles).await {
        Ok(_) => Ok(see_other(&Notice::Saved.on(&address(&user)))?),
        Err(error) => {
            let Failure { status, problem } = error.into();
            details::render(&app, &store, frame.with_problem(problem), status, user).await
        }
    }
}
