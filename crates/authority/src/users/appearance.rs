//! How pages of clients look for a user.
use keyfob_store::UserId;

use crate::{
    AuthorizedStore, Refused,
    fields::{Fields, WrongFields},
};

/// The mode in which pages are as light or dark as the system.
const SYNC: &str = "sync";
const MODES: [&str; 2] = [SYNC, "single"];
const THEMES: [&str; 6] = ["light", "light-protan-deuter", "light-tritan", "dark", "dark-protan-deuter", "dark-tritan"];
const FONTS: [&str; 5] = ["geist-mono", "ibm-plex-mono", "fira-code", "source-code-pro", "jetbrains-mono"];

/// How pages of clients look; empty where nothing is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Appearance {
    /// The name of a theme.
    pub theme_preference: String,
    /// `sync`: light and dark as the system is; `single`: always one.
    pub theme_mode: String,
    /// The theme while the system is light.
    pub theme_light: String,
    /// The theme while the system is dark.
    pub theme_dark: String,
    /// The font of terminals.
    pub terminal_font: String,
}

/// How pages are to look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeAppearance {
    /// The name of a theme.
    pub theme_preference: String,
    /// The mode; empty to leave it as it is.
    pub theme_mode: String,
    /// The theme while the system is light; empty to leave it as it is, which the mode `sync` does not permit.
    pub theme_light: String,
    /// The same while the system is dark.
    pub theme_dark: String,
    /// The font of terminals.
    pub terminal_font: String,
}

/// Why an appearance was not set.
#[derive(Debug)]
pub enum SetAppearanceError {
    /// Fields break their rules.
    Invalid(WrongFields),
    /// There is no such font.
    UnsupportedFont,
    /// The caller may not, or it failed.
    Refused(Refused),
}

impl From<WrongFields> for SetAppearanceError {
    fn from(wrong: WrongFields) -> Self {
        Self::Invalid(wrong)
    }
}

impl From<Refused> for SetAppearanceError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl AuthorizedStore {
    /// How pages look for a user. Requires `read_personal` on the user.
    ///
    /// # Errors
    /// When the caller may not.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn appearance(&self, user: UserId) -> Result<Appearance, Refused> {
        let mut settings = self.settings_of(user).await?;
        let mut text = |name: &str| settings.remove(name).unwrap_or_default();
        Ok(Appearance {
            theme_preference: text("theme_preference"),
            theme_mode: text("theme_mode"),
            theme_light: text("theme_light"),
            theme_dark: text("theme_dark"),
            terminal_font: text("terminal_font"),
        })
    }

    /// Sets how pages look for a user; answers all of it. Requires `update_personal` and `read_personal` on the user.
    ///
    /// # Errors
    /// When a value is missing or not among those that there are, or the caller may not.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn set_appearance(&self, user: UserId, new: ChangeAppearance) -> Result<Appearance, SetAppearanceError> {
        let mut fields = Fields::default()
            .required("theme_preference", &new.theme_preference)
            .required("terminal_font", &new.terminal_font)
            .one_of("theme_mode", &new.theme_mode, &MODES);
        for (name, theme) in [("theme_light", &new.theme_light), ("theme_dark", &new.theme_dark)] {
            // Pages that follow the system need both.
            fields = if new.theme_mode == SYNC { fields.required_by(name, "required_if", theme) } else { fields };
            fields = fields.one_of(name, theme, &THEMES);
        }
        fields.check()?;
        if !FONTS.contains(&new.terminal_font.as_str()) {
            return Err(SetAppearanceError::UnsupportedFont);
        }
        let settings = [
            ("theme_preference", new.theme_preference),
            ("theme_mode", new.theme_mode),
            ("theme_light", new.theme_light),
            ("theme_dark", new.theme_dark),
            ("terminal_font", new.terminal_font),
        ];
        let given: Vec<_> = settings.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        self.change_settings(user, &given).await?;
        Ok(self.appearance(user).await?)
    }
}
