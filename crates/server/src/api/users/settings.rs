//! How pages of clients look for a user, and what the user prefers there.
use keyfob_api::users::{
    Appearance as WireAppearance, Preferences as WirePreferences, UpdateAppearance, UpdatePreferences,
};
use keyfob_authority::{
    AuthorizedStore,
    users::{Appearance, ChangeAppearance, ChangePreferences, Preferences, SetAppearanceError, SetPreferencesError},
};

use crate::http::path::UserRef;
use crate::{
    documentation::Refusals,
    http::{
        error::ApiError,
        extract::{ApiJson, ApiPath},
    },
};

/// Get how pages look for a user
#[utoipa::path(
    get, path = "/users/{user}/appearance", tag = "Users", operation_id = "get_appearance", params(UserRef),
    responses((status = OK, description = "Done", body = WireAppearance), Refusals),
)]
pub(super) async fn appearance(
    store: AuthorizedStore,
    ApiPath(user): ApiPath<UserRef>,
) -> Result<ApiJson<WireAppearance>, ApiError> {
    let user = store.addressed_user(&user.0).await?;
    Ok(ApiJson(appearance_on_wire(store.appearance(user.id).await?)))
}

/// Set how pages look for a user; modes and slots that are left out stay as they are
#[utoipa::path(
    put, path = "/users/{user}/appearance", tag = "Users", operation_id = "update_appearance", params(UserRef),
    request_body = UpdateAppearance,
    responses((status = OK, description = "Done", body = WireAppearance), Refusals),
)]
pub(super) async fn set_appearance(
    store: AuthorizedStore,
    ApiPath(user): ApiPath<UserRef>,
    ApiJson(request): ApiJson<UpdateAppearance>,
) -> Result<ApiJson<WireAppearance>, ApiError> {
    let user = store.addressed_user(&user.0).await?;
    let UpdateAppearance { theme_preference, theme_mode, theme_light, theme_dark, terminal_font } = request;
    let new = ChangeAppearance { theme_preference, theme_mode, theme_light, theme_dark, terminal_font };
    Ok(ApiJson(appearance_on_wire(store.set_appearance(user.id, new).await?)))
}

fn appearance_on_wire(appearance: Appearance) -> WireAppearance {
    let Appearance { theme_preference, theme_mode, theme_light, theme_dark, terminal_font } = appearance;
    WireAppearance { theme_preference, theme_mode, theme_light, theme_dark, terminal_font }
}

impl From<SetAppearanceError> for ApiError {
    fn from(error: SetAppearanceError) -> Self {
        match error {
            SetAppearanceError::Invalid(wrong) => wrong.into(),
            SetAppearanceError::UnsupportedFont => Self::bad_request("Unsupported font family."),
            SetAppearanceError::Refused(refused) => refused.into(),
        }
    }
}

/// Get a user's preferences
#[utoipa::path(
    get, path = "/users/{user}/preferences", tag = "Users", operation_id = "get_preferences", params(UserRef),
    responses((status = OK, description = "Done", body = WirePreferences), Refusals),
)]
pub(super) async fn preferences(
    store: AuthorizedStore,
    ApiPath(user): ApiPath<UserRef>,
) -> Result<ApiJson<WirePreferences>, ApiError> {
    let user = store.addressed_user(&user.0).await?;
    Ok(ApiJson(preferences_on_wire(store.preferences(user.id).await?)))
}

/// Set a user's preferences
#[utoipa::path(
    put, path = "/users/{user}/preferences", tag = "Users", operation_id = "update_preferences", params(UserRef),
    request_body = UpdatePreferences,
    responses((status = OK, description = "Done", body = WirePreferences), Refusals),
)]
pub(super) async fn set_preferences(
    store: AuthorizedStore,
    ApiPath(user): ApiPath<UserRef>,
    ApiJson(request): ApiJson<UpdatePreferences>,
) -> Result<ApiJson<WirePreferences>, ApiError> {
    let user = store.addressed_user(&user.0).await?;
    let change = ChangePreferences {
        agent_chat_send_shortcut: request.agent_chat_send_shortcut,
        code_diff_display_mode: request.code_diff_display_mode,
        shell_tool_display_mode: request.shell_tool_display_mode,
        task_notification_alert_dismissed: request.task_notification_alert_dismissed,
        thinking_display_mode: request.thinking_display_mode,
    };
    Ok(ApiJson(preferences_on_wire(store.set_preferences(user.id, change).await?)))
}

fn preferences_on_wire(preferences: Preferences) -> WirePreferences {
    WirePreferences {
        agent_chat_send_shortcut: preferences.agent_chat_send_shortcut,
        code_diff_display_mode: preferences.code_diff_display_mode,
        shell_tool_display_mode: preferences.shell_tool_display_mode,
        task_notification_alert_dismissed: preferences.task_notification_alert_dismissed,
        thinking_display_mode: preferences.thinking_display_mode,
    }
}

impl From<SetPreferencesError> for ApiError {
    fn from(error: SetPreferencesError) -> Self {
        match error {
            SetPreferencesError::Invalid(wrong) => wrong.into(),
            SetPreferencesError::Refused(refused) => refused.into(),
        }
    }
}
