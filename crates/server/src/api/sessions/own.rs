//! Where users are signed in, and signing them out there.
use axum::http::StatusCode;
use keyfob_api::{keys::Session, time::Time};
use keyfob_authority::{AuthorizedStore, data::ApiKey, sessions::CurrentSession};

use crate::http::path::{SessionRef, UserRef};
use crate::{
    api::wire,
    documentation::{KeepCurrent, Refusals},
    http::{
        error::ApiError,
        extract::{ApiJson, ApiPath, ApiQuery},
    },
};

/// List a user's live sessions
#[utoipa::path(
    get, path = "/users/{user}/sessions", tag = "Signing in", operation_id = "list_sessions", params(UserRef),
    responses((status = OK, description = "Done", body = Vec<Session>), Refusals),
)]
pub(super) async fn list(
    store: AuthorizedStore,
    ApiPath(user): ApiPath<UserRef>,
) -> Result<ApiJson<Vec<Session>>, ApiError> {
    let user = store.addressed_user(&user.0).await?;
    let sessions = store.list_sessions(user.id).await?;
    Ok(ApiJson(sessions.into_iter().map(|key| session(&store, key)).collect()))
}

fn session(store: &AuthorizedStore, key: ApiKey) -> Session {
    Session {
        is_current: store.caller().key().is_some_and(|own| own.id == key.id),
        id: key.id.to_string(),
        user_id: key.user_id.0,
        login_type: wire::key_login_type(key.login_type),
        created_at: Time(key.created_at),
        last_used: Time(key.last_used),
        expires_at: Time(key.expires_at),
        ip_address: key.origin.ip_address.to_string(),
        user_agent: key.origin.user_agent,
    }
}

/// End one of a user's sessions
#[utoipa::path(
    delete, path = "/users/{user}/sessions/{id}", tag = "Signing in", operation_id = "end_session", params(UserRef, SessionRef),
    responses((status = NO_CONTENT, description = "Done"), Refusals),
)]
pub(super) async fn delete(
    store: AuthorizedStore,
    ApiPath((user, key)): ApiPath<(UserRef, SessionRef)>,
) -> Result<StatusCode, ApiError> {
    let user = store.addressed_user(&user.0).await?;
    store.salvaging().delete_session(user.id, key.0.as_ref()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End all of a user's sessions, but not the one in use if that is asked for
#[utoipa::path(
    delete, path = "/users/{user}/sessions", tag = "Signing in", operation_id = "end_all_sessions", params(UserRef, KeepCurrent),
    responses((status = NO_CONTENT, description = "Done"), Refusals),
)]
pub(super) async fn delete_all(
    store: AuthorizedStore,
    ApiPath(user): ApiPath<UserRef>,
    query: ApiQuery,
) -> Result<StatusCode, ApiError> {
    let current = match query.choice("keep_current")? {
        Some(true) => CurrentSession::Kept,
        Some(false) | None => CurrentSession::Deleted,
    };
    let user = store.addressed_user(&user.0).await?;
    store.salvaging().delete_sessions(user.id, current).await?;
    Ok(StatusCode::NO_CONTENT)
}
