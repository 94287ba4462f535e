//! What a user is told by mail.
use std::collections::BTreeMap;

use keyfob_api::users::{NoticeChoices, UpdateNoticeChoices};

use crate::{
    documentation::{InUser, Refusals},
    http::{
        error::ApiError,
        extract::{ApiJson, ApiPath},
    },
};
use keyfob_authority::{
    AuthorizedStore,
    notices::{OFF, PASSWORD_CHANGED, TOKEN_ENDING, TOKEN_MINTED},
};

/// Get what a user is told by mail
#[utoipa::path(
    get, path = "/users/{user}/notices", tag = "Users", operation_id = "get_notice_choices", params(InUser),
    responses((status = OK, description = "Done", body = NoticeChoices), Refusals),
)]
pub(super) async fn choices(store: AuthorizedStore, path: ApiPath) -> Result<ApiJson<NoticeChoices>, ApiError> {
    let user = store.addressed_user(path.get("user")).await?;
    Ok(ApiJson(shown(&store.user_settings(&user).await?)))
}

/// Set what a user is told by mail; what is left out stays as it is
#[utoipa::path(
    put, path = "/users/{user}/notices", tag = "Users", operation_id = "update_notice_choices", params(InUser),
    request_body = UpdateNoticeChoices,
    responses((status = OK, description = "Done", body = NoticeChoices), Refusals),
)]
pub(super) async fn set_choices(
    store: AuthorizedStore,
    path: ApiPath,
    ApiJson(request): ApiJson<UpdateNoticeChoices>,
) -> Result<ApiJson<NoticeChoices>, ApiError> {
    let user = store.addressed_user(path.get("user")).await?;
    let choices = [
        (PASSWORD_CHANGED, request.password_changed),
        (TOKEN_MINTED, request.token_minted),
        (TOKEN_ENDING, request.token_ending),
    ];
    let text = |is_on: bool| if is_on { "on" } else { OFF }.to_owned();
    let settings: Vec<_> = choices.into_iter().filter_map(|(name, is_on)| Some((name, text(is_on?)))).collect();
    store.set_user_settings(&user, &settings).await?;
    Ok(ApiJson(shown(&store.user_settings(&user).await?)))
}

fn shown(settings: &BTreeMap<String, String>) -> NoticeChoices {
    let is_on = |name: &str| settings.get(name).is_none_or(|value| value != OFF);
    NoticeChoices {
        password_changed: is_on(PASSWORD_CHANGED),
        token_minted: is_on(TOKEN_MINTED),
        token_ending: is_on(TOKEN_ENDING),
    }
}
