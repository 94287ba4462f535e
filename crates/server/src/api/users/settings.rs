//! How a user likes pages to look (contract, section 5.13).
use std::collections::BTreeMap;

use keyfob_api::users::{Appearance, Preferences, UpdatePreferences};

use crate::{
    documentation::{InUser, Refusals},
    http::{
        error::ApiError,
        extract::{ApiJson, ApiPath},
    },
};
use keyfob_authority::AuthorizedStore;
use keyfob_authority::fields::Fields;

const THEMES: [&str; 6] = ["light", "light-protan-deuter", "light-tritan", "dark", "dark-protan-deuter", "dark-tritan"];
const FONTS: [&str; 6] = ["", "geist-mono", "ibm-plex-mono", "fira-code", "source-code-pro", "jetbrains-mono"];
const SHORTCUTS: [&str; 2] = ["enter", "modifier_enter"];
const DISPLAY_MODES: [&str; 3] = ["auto", "always_expanded", "always_collapsed"];
const THINKING_MODES: [&str; 4] = ["auto", "preview", "always_expanded", "always_collapsed"];

/// Get how pages look for a user
#[utoipa::path(
    get, path = "/users/{user}/appearance", tag = "Users", operation_id = "get_appearance", params(InUser),
    responses((status = OK, description = "Done", body = Appearance), Refusals),
)]
pub(super) async fn appearance(store: AuthorizedStore, path: ApiPath) -> Result<ApiJson<Appearance>, ApiError> {
    let user = store.addressed_user(path.get("user")).await?;
    let mut settings = store.user_settings(&user).await?;
    let mut text = |name: &str| settings.remove(name).unwrap_or_default();
    Ok(ApiJson(Appearance {
        theme_preference: text("theme_preference"),
        theme_mode: text("theme_mode"),
        theme_light: text("theme_light"),
        theme_dark: text("theme_dark"),
        terminal_font: text("terminal_font"),
    }))
}

/// Set how pages look for a user
#[utoipa::path(
    put, path = "/users/{user}/appearance", tag = "Users", operation_id = "update_appearance", params(InUser),
    request_body = Appearance,
    responses((status = OK, description = "Done", body = Appearance), Refusals),
)]
pub(super) async fn set_appearance(
    store: AuthorizedStore,
    path: ApiPath,
    ApiJson(request): ApiJson<Appearance>,
) -> Result<ApiJson<Appearance>, ApiError> {
    let user = store.addressed_user(path.get("user")).await?;
    Fields::default()
        .required("theme_preference", &request.theme_preference)
        .one_of("theme_mode", &request.theme_mode, &["sync", "single"])
        .one_of("theme_light", &request.theme_light, &THEMES)
        .one_of("theme_dark", &request.theme_dark, &THEMES)
        .check()?;
    if !FONTS.contains(&request.terminal_font.as_str()) {
        return Err(ApiError::bad_request("Unsupported font family."));
    }
    let settings = [
        ("theme_preference", request.theme_preference.clone()),
        ("theme_mode", request.theme_mode.clone()),
        ("theme_light", request.theme_light.clone()),
        ("theme_dark", request.theme_dark.clone()),
        ("terminal_font", request.terminal_font.clone()),
    ];
    store.set_user_settings(&user, &settings).await?;
    Ok(ApiJson(request))
}

/// Get a user's preferences
#[utoipa::path(
    get, path = "/users/{user}/preferences", tag = "Users", operation_id = "get_preferences", params(InUser),
    responses((status = OK, description = "Done", body = Preferences), Refusals),
)]
pub(super) async fn preferences(store: AuthorizedStore, path: ApiPath) -> Result<ApiJson<Preferences>, ApiError> {
    let user = store.addressed_user(path.get("user")).await?;
    Ok(ApiJson(preferences_of(store.user_settings(&user).await?)))
}

/// Set a user's preferences
#[utoipa::path(
    put, path = "/users/{user}/preferences", tag = "Users", operation_id = "update_preferences", params(InUser),
    request_body = UpdatePreferences,
    responses((status = OK, description = "Done", body = Preferences), Refusals),
)]
pub(super) async fn set_preferences(
    store: AuthorizedStore,
    path: ApiPath,
    ApiJson(request): ApiJson<UpdatePreferences>,
) -> Result<ApiJson<Preferences>, ApiError> {
    let user = store.addressed_user(path.get("user")).await?;
    let choices = [
        ("agent_chat_send_shortcut", &request.agent_chat_send_shortcut, &SHORTCUTS[..]),
        ("code_diff_display_mode", &request.code_diff_display_mode, &DISPLAY_MODES),
        ("shell_tool_display_mode", &request.shell_tool_display_mode, &DISPLAY_MODES),
        ("thinking_display_mode", &request.thinking_display_mode, &THINKING_MODES),
    ];
    let given = choices.iter().filter_map(|(name, value, of)| Some((*name, value.as_ref()?, *of)));
    given.clone().fold(Fields::default(), |fields, (name, value, of)| fields.one_of(name, value, of)).check()?;
    let mut settings: Vec<(&str, String)> = given.map(|(name, value, _)| (name, value.clone())).collect();
    settings.extend(request.task_notification_alert_dismissed.map(|is| (DISMISSED, is.to_string())));
    store.set_user_settings(&user, &settings).await?;
    Ok(ApiJson(preferences_of(store.user_settings(&user).await?)))
}

const DISMISSED: &str = "task_notification_alert_dismissed";

fn preferences_of(mut settings: BTreeMap<String, String>) -> Preferences {
    let mut text = |name: &str, default: &str| {
        settings.remove(name).filter(|value| !value.is_empty()).unwrap_or_else(|| default.to_owned())
    };
    Preferences {
        agent_chat_send_shortcut: text("agent_chat_send_shortcut", "enter"),
        code_diff_display_mode: text("code_diff_display_mode", "auto"),
        shell_tool_display_mode: text("shell_tool_display_mode", "auto"),
        task_notification_alert_dismissed: text(DISMISSED, "false") == "true",
        thinking_display_mode: text("thinking_display_mode", "auto"),
    }
}
