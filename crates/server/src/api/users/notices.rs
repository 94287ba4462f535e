//! Which mails a user wants.
use keyfob_api::users::{NoticeChoices as WireNoticeChoices, UpdateNoticeChoices};
use keyfob_authority::{
    AuthorizedStore,
    users::{ChangeNoticeChoices, NoticeChoices, SetNoticeChoicesError},
};

use crate::http::path::UserRef;
use crate::{
    documentation::Refusals,
    http::{
        error::ApiError,
        extract::{ApiJson, ApiPath},
    },
};

/// Get what a user is told by mail
#[utoipa::path(
    get, path = "/users/{user}/notices", tag = "Users", operation_id = "get_notice_choices", params(UserRef),
    responses((status = OK, description = "Done", body = WireNoticeChoices), Refusals),
)]
pub(super) async fn choices(
    store: AuthorizedStore,
    ApiPath(user): ApiPath<UserRef>,
) -> Result<ApiJson<WireNoticeChoices>, ApiError> {
    let user = store.addressed_user(&user.0).await?;
    Ok(ApiJson(wire(store.notice_choices(user.id).await?)))
}

/// Set what you are told by mail, with a full key; what is left out stays as it is
#[utoipa::path(
    put, path = "/users/{user}/notices", tag = "Users", operation_id = "update_notice_choices", params(UserRef),
    request_body = UpdateNoticeChoices,
    responses((status = OK, description = "Done", body = WireNoticeChoices), Refusals),
)]
pub(super) async fn set_choices(
    store: AuthorizedStore,
    ApiPath(user): ApiPath<UserRef>,
    ApiJson(request): ApiJson<UpdateNoticeChoices>,
) -> Result<ApiJson<WireNoticeChoices>, ApiError> {
    let user = store.addressed_user(&user.0).await?;
    let UpdateNoticeChoices { password_changed, token_minted, token_ending } = request;
    let change = ChangeNoticeChoices { password_changed, token_minted, token_ending };
    Ok(ApiJson(wire(store.set_notice_choices(user.id, change).await?)))
}

impl From<SetNoticeChoicesError> for ApiError {
    fn from(error: SetNoticeChoicesError) -> Self {
        match error {
            SetNoticeChoicesError::NotOneself => {
                Self::forbidden().detail("only users themselves choose which mails they get")
            }
            SetNoticeChoicesError::NeedsFullKey => Self::forbidden().detail(
                "only a key with the scope coder:all and the allow list *:* may choose which mails its user gets",
            ),
            SetNoticeChoicesError::Refused(refused) => refused.into(),
        }
    }
}

fn wire(choices: NoticeChoices) -> WireNoticeChoices {
    let NoticeChoices { password_changed, token_minted, token_ending } = choices;
    WireNoticeChoices { password_changed, token_minted, token_ending }
}
