//! Which mails a user wants.
use keyfob_rbac::{Action, ResourceType};
use keyfob_store::{StoreError, User, UserId};

use super::user_object;
use crate::{
    AuthorizedStore, Caller, Refused, Unrecorded,
    audit::{AuditEvent, EventKind, user_event},
    notices::{OFF, PASSWORD_CHANGED, TOKEN_ENDING, TOKEN_MINTED},
};

/// The value of a setting for a mail that the user wants.
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

/// Why choices were not changed.
#[derive(Debug)]
pub enum SetNoticeChoicesError {
    /// They are another user's: who changes an account must not keep its user from being told.
    NotOneself,
    /// The caller's key is narrow.
    NeedsFullKey,
    /// The caller may not, or it failed.
    Refused(Refused),
}

impl From<Refused> for SetNoticeChoicesError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<StoreError> for SetNoticeChoicesError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl AuthorizedStore {
    /// Which mails a user wants. Requires `read_personal` on the user.
    ///
    /// # Errors
    /// When the caller may not.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn notice_choices(&self, user: UserId) -> Result<NoticeChoices, Refused> {
        let settings = self.settings_of(user).await?;
        let is_on = |name: &str| settings.get(name).is_none_or(|value| value != OFF);
        Ok(NoticeChoices {
            password_changed: is_on(PASSWORD_CHANGED),
            token_minted: is_on(TOKEN_MINTED),
            token_ending: is_on(TOKEN_ENDING),
        })
    }

    /// Changes which mails the caller wants; answers all choices. Requires that the user is the caller, a full key,
    /// and `update_personal` and `read_personal` on the user. What was queued before is sent all the same.
    ///
    /// # Errors
    /// Which of these is missing.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn set_notice_choices(
        &self,
        user: UserId,
        change: ChangeNoticeChoices,
    ) -> Result<NoticeChoices, SetNoticeChoicesError> {
        let choices = [
            (PASSWORD_CHANGED, change.password_changed),
            (TOKEN_MINTED, change.token_minted),
            (TOKEN_ENDING, change.token_ending),
        ];
        let mut work = self.begin_if(|caller| require_own(caller, user)).await?;
        let user = work.live_user(user).await?;
        let settings = work.read().user_settings(user.id).await?;
        let was_on = |name: &str| settings.get(name).is_none_or(|value| value != OFF);
        let chosen = choices.into_iter().filter_map(|(name, is_on)| Some((name, is_on?)));
        let changed: Vec<(&str, bool)> = chosen.filter(|(name, is_on)| was_on(name) != *is_on).collect();
        for (name, is_on) in &changed {
            work.tx.set_user_setting(user.id, name, if *is_on { ON } else { OFF }).await?;
        }
        if changed.is_empty() {
            work.commit_unrecorded(Unrecorded::NothingToChange).await?;
        } else {
            work.record(choices_event(&user, &changed));
            work.commit().await?;
        }
        Ok(self.notice_choices(user.id).await?)
    }
}

/// Only users themselves, with a full key: a leaked narrow key must not hide what is done with it.
fn require_own(caller: &Caller, user: UserId) -> Result<(), SetNoticeChoicesError> {
    caller.require_permitted(Action::UPDATE_PERSONAL, &user_object(user))?;
    let refuse = || drop(caller.refuse(Action::UPDATE_PERSONAL, ResourceType::USER));
    if !caller.is_self(user) {
        refuse();
        return Err(SetNoticeChoicesError::NotOneself);
    }
    if !caller.may_set_credentials_of_others() {
        refuse();
        return Err(SetNoticeChoicesError::NeedsFullKey);
    }
    Ok(())
}

/// Mails that were switched on or off, for the record.
fn choices_event(user: &User, changed: &[(&str, bool)]) -> AuditEvent {
    let event = user_event(EventKind::UserUpdated, Some(user), user);
    changed.iter().fold(event, |event, (name, is_on)| event.with_change(name, &!is_on, is_on))
}
