//! Sessions as people see them: where they are signed in, and ending that (stance "Own sessions").
use axum::http::StatusCode;
use keyfob_api::{keys::Session, time::Time};
use keyfob_authority::data::{ApiKey, KeyId, KeyLoginType};

use crate::{
    api::wire,
    documentation::{InSession, InUser, KeepCurrent, Refusals},
    http::{
        error::ApiError,
        extract::{ApiJson, ApiPath, ApiQuery},
    },
};
use keyfob_authority::{AuthorizedStore, tokens::Descendants};

/// List a user's live sessions
#[utoipa::path(
    get, path = "/users/{user}/sessions", tag = "Signing in", operation_id = "list_sessions", params(InUser),
    responses((status = OK, description = "Done", body = Vec<Session>), Refusals),
)]
pub(super) async fn list(store: AuthorizedStore, path: ApiPath) -> Result<ApiJson<Vec<Session>>, ApiError> {
    let user = store.addressed_user(path.get("user")).await?;
    let sessions = store.sessions(user.id).await?;
    let shown = sessions.into_iter().map(|key| Session {
        is_current: is_own(&store, &key),
        id: key.id.to_string(),
        user_id: key.user_id.0,
        login_type: wire::key_login_type(key.login_type),
        created_at: Time(key.created_at),
        last_used: Time(key.last_used),
        expires_at: Time(key.expires_at),
        ip_address: key.origin.ip_address.to_string(),
        user_agent: key.origin.user_agent,
    });
    Ok(ApiJson(shown.collect()))
}

/// End one of a user's sessions
#[utoipa::path(
    delete, path = "/users/{user}/sessions/{id}", tag = "Signing in", operation_id = "end_session", params(InUser, InSession),
    responses((status = NO_CONTENT, description = "Done"), Refusals),
)]
pub(super) async fn end(store: AuthorizedStore, path: ApiPath) -> Result<StatusCode, ApiError> {
    let user = store.addressed_user(path.get("user")).await?;
    let key = store.key(KeyId::parse(path.get("id")).as_ref(), Some(user.id)).await?;
    if key.login_type == KeyLoginType::Token {
        return Err(ApiError::not_found());
    }
    store.delete_key(&key, Descendants::ByKind).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End all of a user's sessions, but not the one in use if that is asked for
#[utoipa::path(
    delete, path = "/users/{user}/sessions", tag = "Signing in", operation_id = "end_all_sessions", params(InUser, KeepCurrent),
    responses((status = NO_CONTENT, description = "Done"), Refusals),
)]
pub(super) async fn end_all(store: AuthorizedStore, path: ApiPath, query: ApiQuery) -> Result<StatusCode, ApiError> {
    let keeps_own = query.choice("keep_current")?.unwrap_or_default();
    let user = store.addressed_user(path.get("user")).await?;
    store.delete_sessions(user.id, keeps_own).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn is_own(store: &AuthorizedStore, key: &ApiKey) -> bool {
    store.caller().key().is_some_and(|own| own.id == key.id)
}
