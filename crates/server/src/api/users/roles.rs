//! Users' roles of the deployment.
use axum::http::StatusCode;
use keyfob_api::users::{UpdateRoles, User as WireUser, UserRoles};
use keyfob_authority::{
    AuthorizedStore, Refused,
    roles::{AssignError, RolesBefore},
    users::UpdateUserRolesError,
};

use super::user_answer;
use crate::http::path::UserRef;
use crate::{
    documentation::Refusals,
    http::{
        error::ApiError,
        extract::{ApiJson, ApiPath},
    },
};

/// Get a user's roles
#[utoipa::path(
    get, path = "/users/{user}/roles", tag = "Users", operation_id = "get_roles_of_user", params(UserRef),
    responses((status = OK, description = "Done", body = UserRoles), Refusals),
)]
pub(super) async fn roles_of(
    store: AuthorizedStore,
    ApiPath(user): ApiPath<UserRef>,
) -> Result<ApiJson<UserRoles>, ApiError> {
    let user = store.addressed_user(&user.0).await?;
    let members = store.memberships(&user).await?;
    let organization_roles = members.into_iter().map(|member| (member.organization_id.0, member.roles)).collect();
    Ok(ApiJson(UserRoles { roles: user.roles, organization_roles }))
}

/// Give a user exactly these deployment-wide roles
#[utoipa::path(
    put, path = "/users/{user}/roles", tag = "Users", operation_id = "update_roles_of_user", params(UserRef),
    request_body = UpdateRoles,
    responses((status = OK, description = "Done", body = WireUser), Refusals),
)]
pub(super) async fn update_roles(
    store: AuthorizedStore,
    ApiPath(user): ApiPath<UserRef>,
    ApiJson(request): ApiJson<UpdateRoles>,
) -> Result<ApiJson<WireUser>, ApiError> {
    let user = store.addressed_user(&user.0).await?;
    let changed = store.update_user_roles(user.id, request.roles, RolesBefore::Any).await?;
    user_answer(&store, changed).await
}

impl From<UpdateUserRolesError> for ApiError {
    fn from(error: UpdateUserRolesError) -> Self {
        match error {
            UpdateUserRolesError::Invalid(wrong) => wrong.into(),
            UpdateUserRolesError::Oneself => Self::bad_request("You cannot change your own roles."),
            UpdateUserRolesError::FollowProvider => {
                Self::bad_request("Cannot modify roles for OIDC users when role sync is enabled.")
                    .detail("Their roles follow the provider: change them there.")
            }
            UpdateUserRolesError::Assign(error) => error.into(),
            UpdateUserRolesError::Refused(refused) => refused.into(),
        }
    }
}

impl From<AssignError> for ApiError {
    fn from(error: AssignError) -> Self {
        match error {
            AssignError::Unsupported(role) => Self::bad_request(format!("\"{role}\" is not a supported role")),
            AssignError::NotAssignable(role) => Self::bad_request(format!("not authorized to assign role \"{role}\"")),
            AssignError::Denied(denied) => Refused::Denied(denied).into(),
            AssignError::OwnerNeedsFullKey => Self::forbidden().detail(
                "only a key with the scope coder:all and the allow list *:*, such as a session, may give the role owner",
            ),
            AssignError::NoOwnerLeft => no_owner_left(),
            AssignError::Changed => Self::new(StatusCode::CONFLICT, "The roles have changed meanwhile. Try again."),
            AssignError::Refused(refused) => refused.into(),
        }
    }
}

/// The answer where the last owner who may act would be gone.
pub(super) fn no_owner_left() -> ApiError {
    ApiError::bad_request("There must be an owner.")
        .detail("Give the role \"owner\" to another user who signs in with a password or by a provider first.")
}
