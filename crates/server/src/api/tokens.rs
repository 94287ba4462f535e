//! API keys: tokens, and sessions made from keys (`docs/compatibility.md#tokens`).
mod problem;

use std::collections::HashMap;

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use jiff::SignedDuration;
use keyfob_api::{
    DESCENDANTS_ENDED_HEADER,
    keys::{
        ApiKey as WireKey, ApiKeyWithOwner, CreateTokenRequest, GenerateApiKeyResponse, TokenConfig, Unconfirmed,
        UnconfirmedReplica,
    },
    time::{Nanoseconds, Time},
};
use keyfob_authority::{
    AuthorizedStore,
    data::{ApiKey, Page, StoreError, UnconfirmedBy, User, UserId},
    tokens::{Affected, Cascade, ListTokens, MintToken},
};
use utoipa_axum::routes;

use crate::{
    api::wire::{
        self,
        key_header::{KeyHeader, key_header},
    },
    app::App,
    documentation::{Descendants, ListedKeys, PagedKeys, Refusals, Waited},
    http::{
        error::ApiError,
        extract::{ApiJson, ApiQuery, StrictJson},
        json::Spelled,
        path::{ApiPath, KeyRef, TokenName, UserRef},
        routes::Routes,
    },
};

/// All routes of keys.
pub(crate) fn routes() -> Routes {
    Routes::api()
        .routes(routes!(create_session))
        .routes(routes!(create_token, list_tokens))
        .routes(routes!(token_config))
        .routes(routes!(token_by_name))
        .routes(routes!(key_by_id, delete_key))
        .routes(routes!(expire_key))
}

/// Create an API token for a user
#[utoipa::path(
    post, path = "/users/{user}/keys/tokens", tag = "Keys", operation_id = "create_token", params(UserRef),
    request_body = CreateTokenRequest,
    responses(
        (
            status = CREATED, description = "Made", body = GenerateApiKeyResponse,
            headers((
                "X-Keyfob-Key" = String,
                description = "The new token: its id, parent, expiry, scopes and allow list, as JSON."
            )),
        ),
        Refusals,
    ),
)]
async fn create_token(
    store: AuthorizedStore,
    ApiPath(user): ApiPath<UserRef>,
    StrictJson(request): StrictJson<CreateTokenRequest>,
) -> Result<(StatusCode, KeyHeader, ApiJson<GenerateApiKeyResponse>), ApiError> {
    let owner = store.addressed_user(&user.0).await?;
    let minted = store.mint_token(requested_token(owner, request)).await?;
    let described = key_header(&minted.key);
    Ok((StatusCode::CREATED, described, ApiJson(GenerateApiKeyResponse { key: minted.text })))
}

/// Create a session key for a user
#[utoipa::path(
    post, path = "/users/{user}/keys", tag = "Keys", operation_id = "create_session_key", params(UserRef),
    responses((status = CREATED, description = "Made", body = GenerateApiKeyResponse), Refusals),
)]
async fn create_session(
    store: AuthorizedStore,
    ApiPath(user): ApiPath<UserRef>,
) -> Result<(StatusCode, ApiJson<GenerateApiKeyResponse>), ApiError> {
    let owner = store.addressed_user(&user.0).await?;
    let minted = store.mint_session(owner).await?;
    Ok((StatusCode::CREATED, ApiJson(GenerateApiKeyResponse { key: minted.text })))
}

/// List tokens
#[utoipa::path(
    get, path = "/users/{user}/keys/tokens", tag = "Keys", operation_id = "list_tokens", params(UserRef, ListedKeys, PagedKeys),
    responses((status = OK, description = "Done", body = Vec<ApiKeyWithOwner>), Refusals),
)]
async fn list_tokens(
    State(app): State<App>,
    store: AuthorizedStore,
    ApiPath(user): ApiPath<UserRef>,
    query: ApiQuery,
) -> Result<Spelled, ApiError> {
    let user = store.addressed_user(&user.0).await?;
    let of = (!query.flag("include_all")).then_some(user.id);
    let page = Page { after: query.key_id("after_id")?, ..query.page_by_number()? };
    let list = ListTokens { of, include_expired: query.flag("include_expired"), page, ..ListTokens::default() };
    let keys = store.list_tokens(list).await?;
    let owners: Vec<UserId> = keys.iter().map(|key| key.user_id).collect();
    let usernames: HashMap<UserId, String> = store.incidental().usernames(&owners).await?.into_iter().collect();
    let username = |owner| usernames.get(&owner).map(String::as_str);
    Ok(wire::keys::keys_with_owners(app.catalogue(), &keys, username))
}

/// The longest lifetime of a user's tokens
#[utoipa::path(
    get, path = "/users/{user}/keys/tokens/tokenconfig", tag = "Keys", operation_id = "get_token_config", params(UserRef),
    responses((status = OK, description = "Done", body = TokenConfig), Refusals),
)]
async fn token_config(
    store: AuthorizedStore,
    ApiPath(user): ApiPath<UserRef>,
) -> Result<ApiJson<TokenConfig>, ApiError> {
    let user = store.addressed_user(&user.0).await?;
    let longest = store.longest_lifetime(&user);
    Ok(ApiJson(TokenConfig { max_token_lifetime: Nanoseconds::from(longest) }))
}

/// Get a token by its name
#[utoipa::path(
    get, path = "/users/{user}/keys/tokens/{keyname}", tag = "Keys", operation_id = "get_token_by_name", params(UserRef, TokenName),
    responses((status = OK, description = "Done", body = WireKey), Refusals),
)]
async fn token_by_name(
    State(app): State<App>,
    store: AuthorizedStore,
    ApiPath((user, name)): ApiPath<(UserRef, TokenName)>,
) -> Result<Spelled, ApiError> {
    let user = store.addressed_user(&user.0).await?;
    let key = store.salvaging().get_token_by_name(user.id, &name.0).await?;
    Ok(wire::keys::key(app.catalogue(), &key))
}

/// Get a key by its id
#[utoipa::path(
    get, path = "/users/{user}/keys/{keyid}", tag = "Keys", operation_id = "get_key", params(UserRef, KeyRef),
    responses((status = OK, description = "Done", body = WireKey), Refusals),
)]
async fn key_by_id(
    State(app): State<App>,
    store: AuthorizedStore,
    ApiPath(path): ApiPath<(UserRef, KeyRef)>,
) -> Result<Spelled, ApiError> {
    // Who deletes a key looks at it first.
    let key = addressed_key(&store.salvaging(), path).await?;
    Ok(wire::keys::key(app.catalogue(), &key))
}

/// Delete a key
#[utoipa::path(
    delete, path = "/users/{user}/keys/{keyid}", tag = "Keys", operation_id = "delete_key", params(UserRef, KeyRef, Descendants),
    responses((status = NO_CONTENT, description = "Done"), Refusals),
)]
async fn delete_key(
    store: AuthorizedStore,
    ApiPath(path): ApiPath<(UserRef, KeyRef)>,
    query: ApiQuery,
) -> Result<Response, ApiError> {
    let cascade = cascade(&query)?;
    let store = store.salvaging();
    let key = addressed_key(&store, path).await?;
    Ok(affected(store.delete_key(&key, cascade).await?))
}

/// Expire a key
#[utoipa::path(
    put, path = "/users/{user}/keys/{keyid}/expire", tag = "Keys", operation_id = "expire_key", params(UserRef, KeyRef, Descendants, Waited),
    responses(
        (status = NO_CONTENT, description = "Done"),
        (status = ACCEPTED, description = "Done, and not confirmed by all replicas", body = Unconfirmed),
        Refusals,
    ),
)]
async fn expire_key(
    State(app): State<App>,
    store: AuthorizedStore,
    ApiPath(path): ApiPath<(UserRef, KeyRef)>,
    query: ApiQuery,
) -> Result<Response, ApiError> {
    let cascade = cascade(&query)?;
    let store = store.salvaging();
    let key = addressed_key(&store, path).await?;
    let expired = store.expire_key(&key, cascade).await?;
    let left =
        if query.flag("wait") { app.authority().wait_for_replicas().await.map_err(unconfirmed)? } else { Vec::new() };
    if left.is_empty() {
        return Ok(affected(expired));
    }
    let left = Unconfirmed { unconfirmed: left.into_iter().map(unconfirmed_replica).collect() };
    let count = HeaderValue::from(expired.descendants);
    Ok((StatusCode::ACCEPTED, [(DESCENDANTS_ENDED_HEADER, count)], ApiJson(left)).into_response())
}

/// The key that a path names. With `me` the id alone decides: existing command lines rely on it. With any other user
/// the key must be theirs.
async fn addressed_key(store: &AuthorizedStore, (user, key): (UserRef, KeyRef)) -> Result<ApiKey, ApiError> {
    let owner = store.addressed_user(&user.0).await?;
    let owner = (!user.is_me()).then_some(owner.id);
    Ok(store.get_key(key.0.as_ref(), owner).await?)
}

fn cascade(query: &ApiQuery) -> Result<Cascade, ApiError> {
    Ok(match query.choice("descendants")? {
        None => Cascade::ByKind,
        Some(true) => Cascade::Descendants,
        Some(false) => Cascade::KeyAlone,
    })
}

/// The key is expired, and what is not known is who has heard of it.
fn unconfirmed(error: StoreError) -> ApiError {
    ApiError::from(error).detail(
        "The key is expired. It is not known which replicas have confirmed that: ask again to find out, or wait for the \
         time that /readyz tells.",
    )
}

fn unconfirmed_replica(left: UnconfirmedBy) -> UnconfirmedReplica {
    UnconfirmedReplica { replica: left.replica.0, cannot_accept_after: Time(left.until) }
}

fn affected(affected: Affected) -> Response {
    let count = HeaderValue::from(affected.descendants);
    (StatusCode::NO_CONTENT, [(DESCENDANTS_ENDED_HEADER, count)]).into_response()
}

/// A request as clients of Coder write it: a lifetime of zero means the default.
fn requested_token(owner: User, request: CreateTokenRequest) -> MintToken {
    let CreateTokenRequest { lifetime: Nanoseconds(lifetime), scopes, scope, token_name, allow_list } = request;
    MintToken {
        owner,
        name: token_name,
        scopes,
        scope,
        allow_list: allow_list.into_iter().map(|target| target.0).collect(),
        lifetime: (lifetime != 0).then_some(SignedDuration::from_nanos(lifetime)),
    }
}
