//! Users, their settings and their passwords, under `/users`.
mod create;
mod first;
mod list;
mod notices;
mod own;
mod passcodes;
mod password;
mod profile;
mod roles;
mod settings;
mod status;

pub(crate) use list::wanted;
pub(crate) use own::own_user;

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{self, MethodRouter},
};
use keyfob_api::{
    error::ErrorBody,
    organizations::Organization as WireOrganization,
    users::{User as WireUser, UserLoginType},
};
use keyfob_authority::{
    AuthorizedStore,
    data::User,
    users::{DeleteUserError, LoginTypeError},
};
use utoipa_axum::routes;

use crate::http::path::{UserOrganizationRef, UserRef};
use crate::http::routes::{Handlers, RouteFacts, Routes};
use crate::{
    api::wire,
    app::App,
    documentation::Refusals,
    http::{
        error::ApiError,
        extract::{ApiJson, ApiPath},
    },
};

/// All routes of users.
pub(crate) fn routes() -> Routes {
    Routes::api()
        .routes(routes!(create::create_user, list::list))
        .routes_with(routes!(first::is_set_up, first::set_up), RouteFacts::SET_UP)
        .routes_with(routes!(password::validate), RouteFacts::SIGN_IN)
        .routes(routes!(get_user, delete_user))
        .routes(routes!(profile::update_profile))
        .routes_with(routes!(password::change), RouteFacts::PASSWORD)
        .routes(routes!(organizations_of))
        .routes(routes!(status::suspend))
        .routes(routes!(status::activate))
        .routes(routes!(roles::roles_of, roles::update_roles))
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

/// The routes of `/users/{user}` itself, for a path such as `/users/login` that has a word in place of the parameter:
/// for the methods that the word leaves free it is a username.
pub(crate) fn named() -> MethodRouter<App> {
    named_but_get().get(get_user)
}

/// The same for words whose `GET` is taken.
pub(crate) fn named_but_get() -> MethodRouter<App> {
    routing::delete(delete_user).fallback(not_a_method)
}

/// A client is told that there is no such method only if it presents a key.
async fn not_a_method(_store: AuthorizedStore) -> ApiError {
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed.")
}

/// The answer that shows a user.
async fn user_answer(store: &AuthorizedStore, user: User) -> Result<ApiJson<WireUser>, ApiError> {
    Ok(ApiJson(wire::user(store.user_view(user).await?)))
}

/// Get a user
#[utoipa::path(
    get, path = "/users/{user}", tag = "Users", operation_id = "get_user", params(UserRef),
    responses(
        (
            status = OK, description = "Done", body = WireUser,
            headers((
                "X-Keyfob-Key" = String,
                description = "For the user of the presented key: its id, expiry, scopes and allow list, as JSON."
            )),
        ),
        Refusals,
    ),
)]
async fn get_user(store: AuthorizedStore, ApiPath(user): ApiPath<UserRef>) -> Result<Response, ApiError> {
    let user = store.addressed_user(&user.0).await?;
    let own = store.caller().is_self(user.id).then(|| own_user(&store)).flatten();
    match own {
        Some(own) => Ok(own),
        None => Ok(user_answer(&store, user).await?.into_response()),
    }
}

/// Delete a user
#[utoipa::path(
    delete, path = "/users/{user}", tag = "Users", operation_id = "delete_user", params(UserRef),
    responses((status = OK, description = "Done", body = ErrorBody), Refusals),
)]
async fn delete_user(store: AuthorizedStore, ApiPath(user): ApiPath<UserRef>) -> Result<ApiJson<ErrorBody>, ApiError> {
    let store = store.salvaging();
    let user = store.addressed_user(&user.0).await?;
    store.delete_user(user.id).await?;
    Ok(ApiJson(ErrorBody::message("User has been deleted!")))
}

impl From<DeleteUserError> for ApiError {
    fn from(error: DeleteUserError) -> Self {
        match error {
            DeleteUserError::Oneself => Self::new(StatusCode::FORBIDDEN, "You cannot delete yourself!"),
            DeleteUserError::HasWorkspaces => Self::new(
                StatusCode::EXPECTATION_FAILED,
                "You cannot delete a user that has workspaces. Delete their workspaces and try again!",
            ),
            DeleteUserError::NoOwnerLeft => roles::no_owner_left(),
            DeleteUserError::Refused(refused) => refused.into(),
        }
    }
}

/// Get how one signs in
#[utoipa::path(
    get, path = "/users/{user}/login-type", tag = "Users", operation_id = "get_login_type", params(UserRef),
    responses((status = OK, description = "Done", body = UserLoginType), Refusals),
)]
async fn login_type(
    store: AuthorizedStore,
    ApiPath(user): ApiPath<UserRef>,
) -> Result<ApiJson<UserLoginType>, ApiError> {
    let user = store.addressed_user(&user.0).await?;
    Ok(ApiJson(UserLoginType { login_type: wire::login_type(store.login_type(&user)?) }))
}

impl From<LoginTypeError> for ApiError {
    fn from(error: LoginTypeError) -> Self {
        match error {
            LoginTypeError::NotOneself => {
                Self::new(StatusCode::FORBIDDEN, "You are not authorized to view this user's login type.")
            }
        }
    }
}

/// Get one of a user's organizations
#[utoipa::path(
    get, path = "/users/{user}/organizations/{organizationname}", tag = "Users", operation_id = "get_organization_of_user", params(UserRef, UserOrganizationRef),
    responses((status = OK, description = "Done", body = WireOrganization), Refusals),
)]
async fn organization_of(
    store: AuthorizedStore,
    ApiPath((user, name)): ApiPath<(UserRef, UserOrganizationRef)>,
) -> Result<ApiJson<WireOrganization>, ApiError> {
    let user = store.addressed_user(&user.0).await?;
    let organization = store.addressed_organization_of(user.id, &name.0).await?;
    Ok(ApiJson(wire::organization(organization)))
}

/// List a user's organizations
#[utoipa::path(
    get, path = "/users/{user}/organizations", tag = "Users", operation_id = "list_organizations_of_user", params(UserRef),
    responses((status = OK, description = "Done", body = Vec<WireOrganization>), Refusals),
)]
async fn organizations_of(
    store: AuthorizedStore,
    ApiPath(user): ApiPath<UserRef>,
) -> Result<ApiJson<Vec<WireOrganization>>, ApiError> {
    let user = store.addressed_user(&user.0).await?;
    let organizations = store.organizations_of(user.id).await?;
    Ok(ApiJson(organizations.into_iter().map(wire::organization).collect()))
}
