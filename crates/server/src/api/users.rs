//! Users (contract, sections 5.1 and 5.10).
mod another_password;
mod create;
mod first;
mod list;
mod notices;
mod passcodes;
mod password;
mod settings;

pub(crate) use another_password::require_other;
pub(crate) use first::make_first;
pub(crate) use list::wanted;
pub(crate) use passcodes::{ask as ask_passcode, replace as replace_password, require_passwords};

use axum::{
    extract::State,
    http::StatusCode,
    routing::{self, MethodRouter},
};
use keyfob_api::{
    error::ErrorBody,
    organizations::Organization as WireOrganization,
    users::{CreateUserRequest, UpdateRoles, UpdateUserProfileRequest, User as WireUser, UserLoginType, UserRoles},
};
use keyfob_authority::data::{LoginType, StoreError, User};

use crate::http::routes::{Handlers, RouteFacts, Routes};
use crate::{
    api::wire,
    app::App,
    documentation::{InOrganizationName, InUser, Refusals},
    http::{
        error::ApiError,
        extract::{ApiJson, ApiPath},
    },
};
use keyfob_authority::fields::Fields;
use keyfob_authority::{AuthorizedStore, Refused, roles::AssignError, users::DeleteUserError};
use utoipa_axum::routes;

/// All routes of users.
pub(crate) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(create_user, list::list))
        .routes_with(routes!(first::is_set_up, first::set_up), RouteFacts::SET_UP)
        .routes_with(routes!(password::validate), RouteFacts::SIGN_IN)
        .routes(routes!(get_user, delete_user))
        .routes(routes!(update_profile))
        .routes_with(routes!(password::change), RouteFacts::PASSWORD)
        .routes(routes!(organizations_of))
        .routes(routes!(suspend))
        .routes(routes!(activate))
        .routes(routes!(roles_of, update_roles))
        .routes(routes!(login_type))
        .routes(routes!(organization_of))
        .routes(routes!(settings::appearance, settings::set_appearance))
        .routes(routes!(settings::preferences, settings::set_preferences))
        .routes(routes!(notices::choices, notices::set_choices))
        .routes_with(routes!(passcodes::request), RouteFacts::SIGN_IN)
        .routes_with(routes!(passcodes::change), RouteFacts::SIGN_IN)
        // For other methods these words are usernames.
        .route("/users/first", Handlers::of_word("user", named_but_get()))
        .route("/users/validate-password", Handlers::of_word("user", named()))
}

/// What `/users/{user}` itself answers; also for the methods that words such as `login` leave free.
pub(crate) fn named() -> MethodRouter<App> {
    named_but_get().get(get_user)
}

/// The same for words whose `GET` is taken.
pub(crate) fn named_but_get() -> MethodRouter<App> {
    routing::delete(delete_user).fallback(not_a_method)
}

/// Whoever asks for a user must be signed in to hear that it is not done like this.
async fn not_a_method(_store: AuthorizedStore) -> ApiError {
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed.")
}

async fn shown(store: &AuthorizedStore, user: User) -> Result<ApiJson<WireUser>, ApiError> {
    Ok(ApiJson(wire::user(store.user_view(user).await?)))
}

/// Get a user
#[utoipa::path(
    get, path = "/users/{user}", tag = "Users", operation_id = "get_user", params(InUser),
    responses((status = OK, description = "Done", body = WireUser), Refusals),
)]
async fn get_user(store: AuthorizedStore, path: ApiPath) -> Result<ApiJson<WireUser>, ApiError> {
    let user = store.addressed_user(path.get("user")).await?;
    shown(&store, user).await
}

/// Create a user
#[utoipa::path(
    post, path = "/users", tag = "Users", operation_id = "create_user",
    request_body = CreateUserRequest,
    responses((status = CREATED, description = "Made", body = WireUser), Refusals),
)]
async fn create_user(
    State(app): State<App>,
    store: AuthorizedStore,
    ApiJson(request): ApiJson<CreateUserRequest>,
) -> Result<(StatusCode, ApiJson<WireUser>), ApiError> {
    let view = create::user(&app, &store, request).await?;
    Ok((StatusCode::CREATED, ApiJson(wire::user(view))))
}

/// Delete a user
#[utoipa::path(
    delete, path = "/users/{user}", tag = "Users", operation_id = "delete_user", params(InUser),
    responses((status = OK, description = "Done", body = ErrorBody), Refusals),
)]
async fn delete_user(store: AuthorizedStore, path: ApiPath) -> Result<ApiJson<ErrorBody>, ApiError> {
    let user = store.addressed_user(path.get("user")).await?;
    if store.caller().is_self(user.id) {
        return Err(ApiError::new(StatusCode::FORBIDDEN, "You cannot delete yourself!"));
    }
    match store.delete_user(&user).await {
        Ok(()) => Ok(ApiJson(ErrorBody::message("User has been deleted!"))),
        Err(DeleteUserError::HasWorkspaces) => Err(ApiError::new(
            StatusCode::EXPECTATION_FAILED,
            "You cannot delete a user that has workspaces. Delete their workspaces and try again!",
        )),
        Err(DeleteUserError::Refused(refused)) => Err(refused.into()),
    }
}

/// Get a user's roles
#[utoipa::path(
    get, path = "/users/{user}/roles", tag = "Users", operation_id = "get_roles_of_user", params(InUser),
    responses((status = OK, description = "Done", body = UserRoles), Refusals),
)]
async fn roles_of(store: AuthorizedStore, path: ApiPath) -> Result<ApiJson<UserRoles>, ApiError> {
    let user = store.addressed_user(path.get("user")).await?;
    let members = store.memberships(&user).await?;
    let organization_roles = members.into_iter().map(|member| (member.organization_id.0, member.roles)).collect();
    Ok(ApiJson(UserRoles { roles: user.roles, organization_roles }))
}

/// Get how one signs in
#[utoipa::path(
    get, path = "/users/{user}/login-type", tag = "Users", operation_id = "get_login_type", params(InUser),
    responses((status = OK, description = "Done", body = UserLoginType), Refusals),
)]
async fn login_type(store: AuthorizedStore, path: ApiPath) -> Result<ApiJson<UserLoginType>, ApiError> {
    let user = store.addressed_user(path.get("user")).await?;
    if !store.caller().is_self(user.id) {
        return Err(ApiError::new(StatusCode::FORBIDDEN, "You are not authorized to view this user's login type."));
    }
    Ok(ApiJson(UserLoginType { login_type: wire::login_type(user.login_type) }))
}

/// Get one of a user's organizations
#[utoipa::path(
    get, path = "/users/{user}/organizations/{organizationname}", tag = "Users", operation_id = "get_organization_of_user", params(InUser, InOrganizationName),
    responses((status = OK, description = "Done", body = WireOrganization), Refusals),
)]
async fn organization_of(store: AuthorizedStore, path: ApiPath) -> Result<ApiJson<WireOrganization>, ApiError> {
    let user = store.addressed_user(path.get("user")).await?;
    let organization = store.addressed_organization(path.get("organizationname")).await?;
    let theirs = store.organizations_of(user.id).await?;
    let found = theirs.into_iter().find(|own| own.id == organization.id).ok_or_else(ApiError::not_found)?;
    Ok(ApiJson(wire::organization(found)))
}

/// List a user's organizations
#[utoipa::path(
    get, path = "/users/{user}/organizations", tag = "Users", operation_id = "list_organizations_of_user", params(InUser),
    responses((status = OK, description = "Done", body = Vec<WireOrganization>), Refusals),
)]
async fn organizations_of(store: AuthorizedStore, path: ApiPath) -> Result<ApiJson<Vec<WireOrganization>>, ApiError> {
    let user = store.addressed_user(path.get("user")).await?;
    let organizations = store.organizations_of(user.id).await?;
    Ok(ApiJson(organizations.into_iter().map(wire::organization).collect()))
}

/// Change a user's names
#[utoipa::path(
    put, path = "/users/{user}/profile", tag = "Users", operation_id = "update_profile", params(InUser),
    request_body = UpdateUserProfileRequest,
    responses((status = OK, description = "Done", body = WireUser), Refusals),
)]
async fn update_profile(
    store: AuthorizedStore,
    path: ApiPath,
    ApiJson(request): ApiJson<UpdateUserProfileRequest>,
) -> Result<ApiJson<WireUser>, ApiError> {
    let user = store.addressed_user(path.get("user")).await?;
    Fields::default().username("username", &request.username).real_name("name", &request.name).check()?;
    match store.update_profile(&user, &request.username, &request.name).await {
        Err(Refused::Store(StoreError::Conflict(_))) => {
            Err(ApiError::new(StatusCode::CONFLICT, "A user with this username already exists.")
                .validation("username", "This username is already in use."))
        }
        changed => shown(&store, changed?).await,
    }
}

/// Suspend a user: all their keys are refused at once
#[utoipa::path(
    put, path = "/users/{user}/status/suspend", tag = "Users", operation_id = "suspend_user", params(InUser),
    responses((status = OK, description = "Done", body = WireUser), Refusals),
)]
async fn suspend(store: AuthorizedStore, path: ApiPath) -> Result<ApiJson<WireUser>, ApiError> {
    let user = store.addressed_user(path.get("user")).await?;
    if store.caller().is_self(user.id) {
        return Err(ApiError::bad_request("You cannot suspend yourself."));
    }
    let suspended = store.suspend_user(user.id).await?.ok_or_else(|| {
        ApiError::bad_request("You cannot suspend a user with the \"owner\" role. You must remove the role first.")
    })?;
    shown(&store, suspended).await
}

/// Activate a user
#[utoipa::path(
    put, path = "/users/{user}/status/activate", tag = "Users", operation_id = "activate_user", params(InUser),
    responses((status = OK, description = "Done", body = WireUser), Refusals),
)]
async fn activate(store: AuthorizedStore, path: ApiPath) -> Result<ApiJson<WireUser>, ApiError> {
    let user = store.addressed_user(path.get("user")).await?;
    let changed = store.activate_user(user.id).await?;
    shown(&store, changed).await
}

/// Give a user exactly these deployment-wide roles
#[utoipa::path(
    put, path = "/users/{user}/roles", tag = "Users", operation_id = "update_roles_of_user", params(InUser),
    request_body = UpdateRoles,
    responses((status = OK, description = "Done", body = WireUser), Refusals),
)]
async fn update_roles(
    State(app): State<App>,
    store: AuthorizedStore,
    path: ApiPath,
    ApiJson(request): ApiJson<UpdateRoles>,
) -> Result<ApiJson<WireUser>, ApiError> {
    let user = store.addressed_user(path.get("user")).await?;
    if store.caller().is_self(user.id) {
        return Err(ApiError::bad_request("You cannot change your own roles."));
    }
    let follows = app.providers().oidc.as_ref().is_some_and(|way| way.args.role_field().is_some());
    if follows && user.login_type == LoginType::Oidc {
        return Err(ApiError::bad_request("Cannot modify roles for OIDC users when role sync is enabled.")
            .detail("Their roles follow the provider: change them there."));
    }
    let changed = store.update_site_roles(user.id, request.roles).await?;
    shown(&store, changed).await
}

impl From<AssignError> for ApiError {
    fn from(error: AssignError) -> Self {
        match error {
            AssignError::Unsupported(role) => Self::bad_request(format!("\"{role}\" is not a supported role")),
            AssignError::NotAssignable(role) => Self::bad_request(format!("not authorized to assign role \"{role}\"")),
            AssignError::Denied(denied) => Refused::Denied(denied).into(),
            AssignError::Refused(refused) => refused.into(),
        }
    }
}
