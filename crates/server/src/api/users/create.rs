//! Creating users.
use axum::http::StatusCode;
use keyfob_api::users::{CreateUserRequest, User as WireUser};
use keyfob_authority::{
    AuthorizedStore,
    users::{CreateUser, CreateUserError},
};

use super::password;
use crate::{
    api::wire,
    documentation::Refusals,
    http::{error::ApiError, extract::ApiJson},
};

/// Create a user
#[utoipa::path(
    post, path = "/users", tag = "Users", operation_id = "create_user",
    request_body = CreateUserRequest,
    responses((status = CREATED, description = "Made", body = WireUser), Refusals),
)]
pub(super) async fn create_user(
    store: AuthorizedStore,
    ApiJson(request): ApiJson<CreateUserRequest>,
) -> Result<(StatusCode, ApiJson<WireUser>), ApiError> {
    let created = store.create_user(new_user(request)).await?;
    Ok((StatusCode::CREATED, ApiJson(wire::user(created))))
}

fn new_user(request: CreateUserRequest) -> CreateUser {
    let mut organizations = request.organization_ids;
    organizations.extend(request.organization_id);
    CreateUser {
        username: request.username,
        email: request.email,
        name: request.name,
        password: request.password,
        login_type: request.login_type,
        status: request.user_status,
        organizations,
        roles: request.roles,
        is_service_account: request.service_account,
    }
}

impl From<CreateUserError> for ApiError {
    fn from(error: CreateUserError) -> Self {
        match error {
            CreateUserError::Invalid(wrong) => wrong.into(),
            CreateUserError::ServiceAccountLoginType => {
                Self::bad_request("Service accounts must use login type 'none'.")
            }
            CreateUserError::ServiceAccountPassword => {
                Self::bad_request("Password cannot be set for service accounts.")
            }
            CreateUserError::ServiceAccountEmail => Self::bad_request("Email cannot be set for service accounts."),
            CreateUserError::PasswordNotUsed(login_type) => {
                Self::bad_request(format!("Password cannot be set for non-password (\"{login_type}\") authentication."))
            }
            CreateUserError::PasswordsDisabled => Self::new(
                StatusCode::FORBIDDEN,
                "Password based authentication is disabled! Unable to provision new users with password \
                 authentication.",
            ),
            CreateUserError::NoOrganization => Self::bad_request(
                "No organization specified to place the user as a member of. It is required to specify at least one \
                 organization id to place the user in.",
            )
            .detail("required at least 1 value for the array 'organization_ids'")
            .validation("organization_ids", "Missing values, this cannot be empty"),
            CreateUserError::UnknownOrganization(id, denied) => {
                let message = format!("Organization does not exist with the provided id \"{id}\".");
                let missing = Self::new(StatusCode::NOT_FOUND, message);
                denied.and_then(|denied| denied.scopes_lack()).into_iter().fold(missing, Self::detail)
            }
            CreateUserError::Taken(taken) => {
                let fields = [("username", taken.username), ("email", taken.email)];
                let taken = fields.into_iter().filter(|(_, is_taken)| *is_taken);
                taken.fold(Self::new(StatusCode::CONFLICT, "User already exists."), |error, (field, _)| {
                    error.validation(field, "This value is already in use and should be unique.")
                })
            }
            CreateUserError::OidcNotConfigured => {
                Self::bad_request("You must configure OIDC before creating OIDC users.")
            }
            CreateUserError::UnknownLoginType(asked) => {
                Self::bad_request(format!("Unsupported login type \"{asked}\" for manually creating new users."))
            }
            CreateUserError::WeakPassword(weakness) => password::weak("Password is invalid", &weakness),
            CreateUserError::Denied(denied) => {
                let refusal = Self::new(StatusCode::FORBIDDEN, "You are not authorized to create users.");
                denied.explanation().into_iter().fold(refusal, Self::detail).insufficient_scope(&denied)
            }
            CreateUserError::NeedsFullKey => Self::forbidden().detail(
                "only a key with the scope coder:all and the allow list *:* may make users who can sign in; service \
                 accounts need no such key",
            ),
            CreateUserError::Assign(error) => error.into(),
            CreateUserError::Hash(error) => Self::internal(&error),
            CreateUserError::Refused(refused) => refused.into(),
        }
    }
}
