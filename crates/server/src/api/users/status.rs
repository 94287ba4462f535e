//! Whether users may act.
use keyfob_api::users::User as WireUser;
use keyfob_authority::{AuthorizedStore, users::SuspendUserError};

use super::{roles::no_owner_left, user_answer};
use crate::http::path::UserRef;
use crate::{
    documentation::Refusals,
    http::{
        error::ApiError,
        extract::{ApiJson, ApiPath},
    },
};

/// Suspend a user: all their keys are refused at once
#[utoipa::path(
    put, path = "/users/{user}/status/suspend", tag = "Users", operation_id = "suspend_user", params(UserRef),
    responses((status = OK, description = "Done", body = WireUser), Refusals),
)]
pub(super) async fn suspend(
    store: AuthorizedStore,
    ApiPath(user): ApiPath<UserRef>,
) -> Result<ApiJson<WireUser>, ApiError> {
    let user = store.addressed_user(&user.0).await?;
    let suspended = store.suspend_user(user.id).await?;
    user_answer(&store, suspended).await
}

/// Activate a user
#[utoipa::path(
    put, path = "/users/{user}/status/activate", tag = "Users", operation_id = "activate_user", params(UserRef),
    responses((status = OK, description = "Done", body = WireUser), Refusals),
)]
pub(super) async fn activate(
    store: AuthorizedStore,
    ApiPath(user): ApiPath<UserRef>,
) -> Result<ApiJson<WireUser>, ApiError> {
    let user = store.addressed_user(&user.0).await?;
    let activated = store.activate_user(user.id).await?;
    user_answer(&store, activated).await
}

impl From<SuspendUserError> for ApiError {
    fn from(error: SuspendUserError) -> Self {
        match error {
            SuspendUserError::Oneself => Self::bad_request("You cannot suspend yourself."),
            SuspendUserError::IsOwner => {
                Self::bad_request("You cannot suspend a user with the \"owner\" role. You must remove the role first.")
            }
            SuspendUserError::NoOwnerLeft => no_owner_left(),
            SuspendUserError::Refused(refused) => refused.into(),
        }
    }
}
