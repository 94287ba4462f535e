//! What a user prefers in clients.
use std::collections::BTreeMap;

use keyfob_store::UserId;

use crate::{
    AuthorizedStore, Refused,
    fields::{Fields, WrongFields},
};

const SEND_SHORTCUT: &str = "agent_chat_send_shortcut";
const CODE_DIFF: &str = "code_diff_display_mode";
const SHELL_TOOL: &str = "shell_tool_display_mode";
const THINKING: &str = "thinking_display_mode";
const ALERT_DISMISSED: &str = "task_notification_alert_dismissed";

const SHORTCUTS: [&str; 2] = ["enter", "modifier_enter"];
const DISPLAY_MODES: [&str; 3] = ["auto", "always_expanded", "always_collapsed"];
const THINKING_MODES: [&str; 4] = ["auto", "preview", "always_expanded", "always_collapsed"];

/// What a user prefers in clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preferences {
    /// The key that sends a message.
    pub agent_chat_send_shortcut: String,
    /// How differences of code are shown.
    pub code_diff_display_mode: String,
    /// How calls of a shell are shown.
    pub shell_tool_display_mode: String,
    /// Whether the hint about notifications was dismissed.
    pub task_notification_alert_dismissed: bool,
    /// How thinking is shown.
    pub thinking_display_mode: String,
}

/// The preferences to change; the others stay.
#[derive(Clone, Debug, Default)]
pub struct ChangePreferences {
    /// The key that sends a message.
    pub agent_chat_send_shortcut: Option<String>,
    /// How differences of code are shown.
    pub code_diff_display_mode: Option<String>,
    /// How calls of a shell are shown.
    pub shell_tool_display_mode: Option<String>,
    /// Whether the hint about notifications was dismissed.
    pub task_notification_alert_dismissed: Option<bool>,
    /// How thinking is shown.
    pub thinking_display_mode: Option<String>,
}

/// Why preferences were not changed.
#[derive(Debug)]
pub enum SetPreferencesError {
    /// Fields break their rules.
    Invalid(WrongFields),
    /// The caller may not, or it failed.
    Refused(Refused),
}

impl From<WrongFields> for SetPreferencesError {
    fn from(wrong: WrongFields) -> Self {
        Self::Invalid(wrong)
    }
}

impl From<Refused> for SetPreferencesError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl AuthorizedStore {
    /// A user's preferences. Requires `read_personal` on the user.
    ///
    /// # Errors
    /// When the caller may not.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn preferences(&self, user: UserId) -> Result<Preferences, Refused> {
        Ok(preferences_of(self.settings_of(user).await?))
    }

    /// Changes a user's preferences; answers all of them. Requires `update_personal` and `read_personal` on the user.
    ///
    /// # Errors
    /// When a value is not among those that there are, or the caller may not.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn set_preferences(
        &self,
        user: UserId,
        change: ChangePreferences,
    ) -> Result<Preferences, SetPreferencesError> {
        let texts = [
            (SEND_SHORTCUT, change.agent_chat_send_shortcut, &SHORTCUTS[..]),
            (CODE_DIFF, change.code_diff_display_mode, &DISPLAY_MODES),
            (SHELL_TOOL, change.shell_tool_display_mode, &DISPLAY_MODES),
            (THINKING, change.thinking_display_mode, &THINKING_MODES),
        ];
        let (mut fields, mut settings) = (Fields::default(), Vec::new());
        for (name, value, allowed) in texts {
            // An empty value is one that was left out.
            let Some(value) = value.filter(|value| !value.is_empty()) else { continue };
            fields = fields.one_of(name, &value, allowed);
            settings.push((name, value));
        }
        fields.check()?;
        settings.extend(change.task_notification_alert_dismissed.map(|is| (ALERT_DISMISSED, is.to_string())));
        self.change_settings(user, &settings).await?;
        Ok(self.preferences(user).await?)
    }
}

fn preferences_of(mut settings: BTreeMap<String, String>) -> Preferences {
    let mut text = |name: &str, default: &str| {
        settings.remove(name).filter(|value| !value.is_empty()).unwrap_or_else(|| default.to_owned())
    };
    Preferences {
        agent_chat_send_shortcut: text(SEND_SHORTCUT, "enter"),
        code_diff_display_mode: text(CODE_DIFF, ""),
        shell_tool_display_mode: text(SHELL_TOOL, "always_collapsed"),
        task_notification_alert_dismissed: text(ALERT_DISMISSED, "false") == "true",
        thinking_display_mode: text(THINKING, "auto"),
    }
}
