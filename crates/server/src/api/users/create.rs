//! The rules of a new user (contract, section 5.10).
use axum::http::StatusCode;
use keyfob_api::users::CreateUserRequest;
use keyfob_authority::data::{LoginType, NewUser, OrganizationId, PasswordHash, User, UserStatus};
use uuid::Uuid;

use crate::{app::App, http::error::ApiError};
use keyfob_authority::fields::Fields;
use keyfob_authority::users::person;
use keyfob_authority::{
    AuthorizedStore, Refused,
    passwords::weakness,
    users::{CreateUserError, UserView},
};

/// Makes a user as asked for.
pub(super) async fn user(app: &App, store: &AuthorizedStore, request: CreateUserRequest) -> Result<UserView, ApiError> {
    check_fields(&request)?;
    let ids = organization_ids(&request)?;
    if store.is_taken(&request.username, &request.email).await? {
        return Err(CreateUserError::Taken.into());
    }
    let organization_ids = visible_organizations(store, ids).await?;
    let login_type = login_type(app, &request)?;
    let password_hash = password_hash(app, login_type, &request).await?;
    let user = User {
        name: request.name,
        status: request.user_status.as_deref().and_then(UserStatus::parse).unwrap_or(UserStatus::Dormant),
        roles: request.roles,
        is_service_account: request.service_account,
        ..person(app.authority(), request.username, request.email, login_type)
    };
    let new = NewUser { user, password_hash };
    store.create_user(&new, &organization_ids).await?;
    Ok(UserView { user: new.user, organization_ids })
}

fn check_fields(request: &CreateUserRequest) -> Result<(), ApiError> {
    let fields = Fields::default().username("username", &request.username).real_name("name", &request.name).one_of(
        "user_status",
        request.user_status.as_deref().unwrap_or_default(),
        &["active", "dormant", "suspended"],
    );
    let fields = if request.service_account {
        fields
    } else {
        fields.email_required_by("email", "required_unless", &request.email)
    };
    fields.check()?;
    let has_password = !request.password.reveal().is_empty();
    match request.service_account {
        true if !matches!(request.login_type.as_str(), "" | "none") => {
            Err(ApiError::bad_request("Service accounts must use login type 'none'."))
        }
        true if has_password => Err(ApiError::bad_request("Password cannot be set for service accounts.")),
        true if !request.email.is_empty() => Err(ApiError::bad_request("Email cannot be set for service accounts.")),
        false if has_password && asked_login_type(request) != "password" => Err(ApiError::bad_request(format!(
            "Password cannot be set for non-password (\"{}\") authentication.",
            asked_login_type(request)
        ))),
        _ => Ok(()),
    }
}

fn asked_login_type(request: &CreateUserRequest) -> &str {
    match request.login_type.as_str() {
        "" if request.service_account => "none",
        "" => "password",
        other => other,
    }
}

fn login_type(app: &App, request: &CreateUserRequest) -> Result<LoginType, ApiError> {
    let asked = asked_login_type(request);
    match LoginType::parse(asked) {
        Some(LoginType::Oidc) if app.providers().oidc.is_none() => {
            Err(ApiError::bad_request("You must configure OIDC before creating OIDC users."))
        }
        Some(login_type) => Ok(login_type),
        None => {
            Err(ApiError::bad_request(format!("Unsupported login type \"{asked}\" for manually creating new users.")))
        }
    }
}

/// The ids of the organizations that the user is to be a member of; the nil UUID is the default one.
fn organization_ids(request: &CreateUserRequest) -> Result<Vec<Uuid>, ApiError> {
    let mut ids: Vec<Uuid> = request.organization_ids.clone();
    ids.extend(request.organization_id);
    if ids.is_empty() {
        return Err(ApiError::bad_request(
            "No organization specified to place the user as a member of. It is required to specify at least one \
             organization id to place the user in.",
        )
        .detail("required at least 1 value for the array 'organization_ids'")
        .validation("organization_ids", "Missing values, this cannot be empty"));
    }
    Ok(ids)
}

async fn visible_organizations(store: &AuthorizedStore, ids: Vec<Uuid>) -> Result<Vec<OrganizationId>, ApiError> {
    let mut found = Vec::new();
    for id in ids {
        let organization = store.addressed_organization(&id.to_string()).await.map_err(|refused| match refused {
            Refused::Hidden(denied) => {
                let message = format!("Organization does not exist with the provided id \"{id}\".");
                let missing = ApiError::new(StatusCode::NOT_FOUND, message);
                denied.and_then(|denied| denied.scopes_lack()).into_iter().fold(missing, ApiError::detail)
            }
            other => other.into(),
        })?;
        if !found.contains(&organization.id) {
            found.push(organization.id);
        }
    }
    Ok(found)
}

async fn password_hash(
    app: &App,
    login_type: LoginType,
    request: &CreateUserRequest,
) -> Result<PasswordHash, ApiError> {
    if login_type != LoginType::Password {
        return Ok(PasswordHash::default());
    }
    if let Some(weakness) = weakness(request.password.reveal()) {
        return Err(ApiError::bad_request("Password is invalid").validation("password", weakness));
    }
    app.authority().passwords().hash(&request.password).await.map_err(|error| ApiError::internal(&error))
}

impl From<CreateUserError> for ApiError {
    fn from(error: CreateUserError) -> Self {
        match error {
            CreateUserError::Denied(denied) => {
                let refusal = Self::new(StatusCode::FORBIDDEN, "You are not authorized to create users.");
                denied.explanation().into_iter().fold(refusal, Self::detail).insufficient_scope(&denied)
            }
            CreateUserError::Assign(error) => error.into(),
            CreateUserError::NeedsFullKey => Self::forbidden().detail(
                "only a key with the scope coder:all and the allow list *:* may make users who can sign in; service \
                 accounts need no such key",
            ),
            CreateUserError::Taken => Self::new(StatusCode::CONFLICT, "User already exists."),
            CreateUserError::Refused(refused) => refused.into(),
        }
    }
}
