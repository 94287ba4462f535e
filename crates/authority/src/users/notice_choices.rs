//! Which mails a user wants.
use keyfob_store::UserId;

use crate::{
    AuthorizedStore, Refused,
    notices::{OFF, PASSWORD_CHANGED, TOKEN_ENDING, TOKEN_MINTED},
};

/// The value of a setting for a mail that is wanted.
const ON: &str = "on";

/// Which mails a user wants: all, until they choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoticeChoices {
    /// Their password was changed.
    pub password_changed: bool,
    /// Another user minted a token on their behalf.
    pub token_minted: bool,
    /// A token of theirs expires soon.
    pub token_ending: bool,
}

/// The choices to change; the others stay.
#[derive(Clone, Copy, Debug, Default)]
pub struct ChangeNoticeChoices {
    /// Their password was changed.
    pub password_changed: Option<bool>,
    /// Another user minted a token on their behalf.
    pub token_minted: Option<bool>,
    /// A token of theirs expires soon.
    pub token_ending: Option<bool>,
}

impl AuthorizedStore {
    /// Which mails a user wants. Requires `read_personal` on the user.
    ///
    /// # Errors
    /// When the caller may not.
    #[tracing::instrument(skip_all)]
    pub async fn notice_choices(&self, user: UserId) -> Result<NoticeChoices, Refused> {
        let settings = self.settings_of(user).await?;
        let is_on = |name: &str| settings.get(name).is_none_or(|value| value != OFF);
        Ok(NoticeChoices {
            password_changed: is_on(PASSWORD_CHANGED),
            token_minted: is_on(TOKEN_MINTED),
            token_ending: is_on(TOKEN_ENDING),
        })
    }

    /// Changes which mails a user wants; answers all choices. Requires `update_personal` and `read_personal` on the
    /// user.
    ///
    /// # Errors
    /// When the caller may not.
    #[tracing::instrument(skip_all)]
    pub async fn set_notice_choices(
        &self,
        user: UserId,
        change: ChangeNoticeChoices,
    ) -> Result<NoticeChoices, Refused> {
        let choices = [
            (PASSWORD_CHANGED, change.password_changed),
            (TOKEN_MINTED, change.token_minted),
            (TOKEN_ENDING, change.token_ending),
        ];
        let text = |is_on: bool| if is_on { ON } else { OFF }.to_owned();
        let settings: Vec<_> = choices.into_iter().filter_map(|(name, is_on)| Some((name, text(is_on?)))).collect();
        self.change_settings(user, &settings).await?;
        self.notice_choices(user).await
    }
}
