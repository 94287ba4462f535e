//! Telling the owners of tokens that these expire soon.
use jiff::{SignedDuration, Timestamp};
use keyfob_rbac::{Action, Object, ResourceType};
use keyfob_store::{EndingTokens, StoreError, User, UserId, UserStatus};

use super::{Notice, later, summary};
use crate::{AuthorizedStore, Caller, Refused, Unrecorded, work::Work};

/// How many days before a token expires its owner is told, and within how many days it must have been used.
const DAYS_BEFORE: [i64; 3] = [14, 7, 1];
const USED_WITHIN: i64 = 30;

/// The setting that says up to when owners were told.
const TOLD_UNTIL: &str = "token_endings_told_until";

fn days(number: i64) -> SignedDuration {
    SignedDuration::from_hours(number.saturating_mul(24))
}

impl AuthorizedStore {
    /// Queues notices for the owners of tokens that expire soon: one for each token and number of days. Answers how
    /// many there are. Requires `read` on all users and all keys.
    ///
    /// # Errors
    /// When the caller may not, or the store fails.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn tell_of_ending_tokens(&self) -> Result<usize, Refused> {
        let check = |caller: &Caller| {
            caller.require_permitted(Action::READ, &Object::of(ResourceType::USER))?;
            caller.require_permitted(Action::READ, &Object::of(ResourceType::API_KEY))
        };
        let mut work = self.begin_if(check).await?;
        let now = work.now();
        let told_until = work.read().find_setting(TOLD_UNTIL).await?.and_then(|at| at.parse().ok()).unwrap_or(now);
        let mut told = 0;
        for number in DAYS_BEFORE {
            let expiring = EndingTokens {
                after: later(told_until, days(number)),
                until: later(now, days(number)),
                used_since: now.checked_sub(days(USED_WITHIN)).unwrap_or(Timestamp::MIN),
                longer_than: days(number).as_secs(),
            };
            for key in work.read().ending_tokens(expiring, now).await? {
                if let Some(owner) = work.find_unsuspended_user(key.user_id).await? {
                    work.notify(&owner, &Notice::TokenExpiring { token: summary(&key) }).await?;
                    told += 1;
                }
            }
        }
        work.tx.set_setting(TOLD_UNTIL, &now.to_string()).await?;
        work.commit_unrecorded(Unrecorded::MailQueue).await?;
        Ok(told)
    }
}

impl Work {
    async fn find_unsuspended_user(&mut self, id: UserId) -> Result<Option<User>, StoreError> {
        match self.read().find_user(id).await {
            // Nobody else is to miss a mail because of this user's row.
            Err(StoreError::Corrupt { table, id, reason }) => {
                tracing::error!(table, id, reason, "no mail to the owner of a token: a row does not decode");
                Ok(None)
            }
            found => Ok(found?.filter(|user| user.status != UserStatus::Suspended)),
        }
    }
}
