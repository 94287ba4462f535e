//! Settings that users keep: texts by name. `appearance`, `preferences` and `notice_choices` say which there are.
use std::collections::BTreeMap;

use keyfob_rbac::Action;
use keyfob_store::UserId;

use super::user_object;
use crate::{AuthorizedStore, Refused, Unrecorded};

impl AuthorizedStore {
    /// A user's settings. Requires `read_personal` on the user.
    pub(super) async fn settings_of(&self, user: UserId) -> Result<BTreeMap<String, String>, Refused> {
        self.caller.require_personal(Action::READ_PERSONAL, user)?;
        Ok(self.read().user_settings(user).await?)
    }

    /// Changes some of a user's settings. Requires `update_personal` on the user.
    pub(super) async fn change_settings(&self, user: UserId, settings: &[(&str, String)]) -> Result<(), Refused> {
        let mut work =
            self.begin_if(|caller| caller.require_permitted(Action::UPDATE_PERSONAL, &user_object(user))).await?;
        work.live_user(user).await?;
        for (name, value) in settings {
            work.tx.set_user_setting(user, name, value).await?;
        }
        Ok(work.commit_unrecorded(Unrecorded::Preferences).await?)
    }
}
