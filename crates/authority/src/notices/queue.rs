//! The queue of notices that wait to be sent.
use crate::notices::PASSCODE_LIFE;
use jiff::{SignedDuration, Timestamp};
use keyfob_api::secret::SecretText;
use keyfob_rbac::{Action, Object, ResourceType};
use keyfob_store::{KeyId, LoginType, Notice as Queued, Passcode, StoreError, User, UserStatus};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{MAIL_BOUNDS, Notice, OFF, later};
use crate::{
    AuthorizedStore, Caller, Refused, Unrecorded,
    passwords::hash_passcode,
    work::{AfterCommit, Work},
};

/// After how long a mail that could not be sent is tried again the first time. Each further wait is four times as long.
const FIRST_RETRY: SignedDuration = SignedDuration::from_secs(10);
/// The longest wait.
const LAST_RETRY: SignedDuration = SignedDuration::from_hours(1);
/// The waits between the first tries of a reset, whose passcode lives for [`PASSCODE_LIFE`] only; and all later ones.
const RESET_RETRIES: [SignedDuration; 4] = [
    SignedDuration::from_secs(5),
    SignedDuration::from_secs(10),
    SignedDuration::from_secs(20),
    SignedDuration::from_secs(30),
];
const LAST_RESET_RETRY: SignedDuration = SignedDuration::from_mins(1);
/// How long a mail is tried before it is given up.
const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_hours(72);

/// A notice that is to be sent now.
#[expect(missing_debug_implementations, reason = "holds a secret")]
pub struct DueNotice {
    /// Names it in the queue.
    pub id: Uuid,
    /// What to tell.
    pub notice: Notice,
    /// Whether it is the last of its kind that the user gets within the hour: further ones are held back.
    pub is_last: bool,
    /// The address of the user to tell.
    pub email: String,
    /// The username of the user to tell.
    pub username: String,
    /// Since when it waits.
    pub created_at: Timestamp,
    /// The passcode of a reset; it exists nowhere else.
    pub passcode: Option<SecretText>,
}

/// What is kept of a notice in the queue.
#[derive(Serialize, Deserialize)]
struct Content {
    #[serde(flatten)]
    notice: Notice,
    /// As [`DueNotice::is_last`].
    #[serde(default)]
    is_last: bool,
}

impl DueNotice {
    /// Whether it is tried again, where it could not be sent for a reason that may pass.
    #[must_use]
    pub fn is_tried_again(&self, now: Timestamp) -> bool {
        is_tried_again(self.created_at, now)
    }
}

fn is_tried_again(created_at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(created_at) < GIVE_UP_AFTER
}

impl AuthorizedStore {
    /// Takes notices that are due, to be sent at once; each is due again later, in case it cannot be sent. Requires
    /// `read` and `update` on all users.
    ///
    /// # Errors
    /// When the caller may not, or the store fails.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn claim_notices(&self, at_most: u64) -> Result<Vec<DueNotice>, Refused> {
        let check = |caller: &Caller| {
            caller.require_permitted(Action::READ, &Object::of(ResourceType::USER))?;
            caller.require_permitted(Action::UPDATE, &Object::of(ResourceType::USER))
        };
        let mut work = self.begin_if(check).await?;
        let now = work.now();
        let mut claimed = Vec::new();
        for queued in work.read().due_notices(now, at_most).await? {
            work.tx.attempt_notice(queued.id, later(now, retry_after(&queued))).await?;
            let (id, created_at) = (queued.id, queued.created_at);
            match work.prepare(queued).await {
                Ok(Some(due)) => claimed.push(due),
                // It waits for a repair, and holds up no other mail.
                Err(StoreError::Corrupt { table, id: row, reason }) if is_tried_again(created_at, now) => {
                    tracing::error!(%id, table, row, reason, "a mail waits: a row it needs does not decode");
                }
                Ok(None) | Err(StoreError::Corrupt { .. }) => work.tx.delete_notice(id).await?,
                Err(error) => return Err(error.into()),
            }
        }
        work.commit_unrecorded(Unrecorded::MailQueue).await?;
        Ok(claimed)
    }

    /// Makes notices due that could not be sent before, but those of this list: a mail got through, so these may, too.
    /// Requires `update` on all users.
    ///
    /// # Errors
    /// When the caller may not, or the store fails.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn wake_notices(&self, but: &[Uuid]) -> Result<(), Refused> {
        let mut work =
            self.begin_if(|caller| caller.require_permitted(Action::UPDATE, &Object::of(ResourceType::USER))).await?;
        let now = work.now();
        work.tx.wake_notices(now, but).await?;
        Ok(work.commit_unrecorded(Unrecorded::MailQueue).await?)
    }

    /// When the next notice is due; none if none waits. Requires `read` on all users.
    ///
    /// # Errors
    /// When the caller may not, or the store fails.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn next_notice_at(&self) -> Result<Option<Timestamp>, Refused> {
        self.caller.require_permitted(Action::READ, &Object::of(ResourceType::USER))?;
        Ok(self.read().next_notice_at().await?)
    }

    /// Deletes a notice that was sent or given up. Requires `update` on all users.
    ///
    /// # Errors
    /// When the caller may not, or the store fails.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn delete_notice(&self, id: Uuid) -> Result<(), Refused> {
        let mut work =
            self.begin_if(|caller| caller.require_permitted(Action::UPDATE, &Object::of(ResourceType::USER))).await?;
        work.tx.delete_notice(id).await?;
        Ok(work.commit_unrecorded(Unrecorded::MailQueue).await?)
    }
}

/// After how long a notice is tried again, if the try that begins now fails.
fn retry_after(queued: &Queued) -> SignedDuration {
    if queued.about == Notice::PasswordReset.about() {
        let number = usize::try_from(queued.attempts).unwrap_or(usize::MAX);
        return RESET_RETRIES.get(number).copied().unwrap_or(LAST_RESET_RETRY);
    }
    let factor = 4_i32.saturating_pow(queued.attempts.min(10));
    FIRST_RETRY.checked_mul(factor).map_or(LAST_RETRY, |wait| wait.min(LAST_RETRY))
}

impl Work {
    /// The passcode that a notice carries: the same however often it is sent, so that it works whichever mail arrives.
    fn passcode_of(&self, notice: Uuid) -> SecretText {
        let derived = self.authority.seal().derived(&format!("passcode:{notice}"));
        let (random, _) = derived.split_first_chunk::<16>().unwrap_or((&[0; 16], &[]));
        SecretText::new(uuid::Builder::from_random_bytes(*random).into_uuid().to_string())
    }

    /// Queues a notice for a user, if mails are sent at all, the user has not switched such ones off, and has not had as
    /// many of the kind within the hour as may be: the last of these says that further ones are held back. It belongs to
    /// the change that it tells of, which has a record in any case, and takes no further permission.
    pub(crate) async fn notify(&mut self, user: &User, notice: &Notice) -> Result<(), StoreError> {
        if !self.authority.rules().sends_mail || user.email.is_empty() || user.deleted {
            return Ok(());
        }
        if let Some(choice) = notice.choice()
            && self.read().user_settings(user.id).await?.get(choice).is_some_and(|value| value == OFF)
        {
            return Ok(());
        }
        let Some(is_last) = self.count_notice(user, notice).await? else { return Ok(()) };
        let now = self.now();
        // Texts and instants always have a form in JSON.
        let content = serde_json::to_value(Content { notice: notice.clone(), is_last }).unwrap_or_default();
        let queued = Queued {
            id: self.authority.random().uuid(),
            user_id: user.id,
            about: notice.about(),
            content,
            created_at: now,
            due_at: later(now, notice.delay()),
            attempts: 0,
        };
        self.tx.put_notice(&queued).await?;
        self.afterwards(AfterCommit::WakeMailQueue);
        Ok(())
    }

    /// Counts a notice, and says whether it is the last within the hour; none if it is held back.
    async fn count_notice(&mut self, user: &User, notice: &Notice) -> Result<Option<bool>, StoreError> {
        if *notice == Notice::PasswordReset {
            // Counted when it was asked for, also by those who cannot have it.
            return Ok(Some(false));
        }
        let (kind, now) = (notice.kind(), self.now());
        let counted = self.tx.count_mail(user.id, kind, MAIL_BOUNDS, now).await?;
        if counted.is_none() {
            tracing::info!(user = %user.id.0, kind, "a mail is held back: the user has had as many within the hour as may be");
        }
        Ok(counted.map(|number| number >= MAIL_BOUNDS.most))
    }

    /// A notice with all that its mail needs; none if its user cannot be told any more, or it is not true any more.
    async fn prepare(&mut self, queued: Queued) -> Result<Option<DueNotice>, StoreError> {
        let Some(user) =
            self.read().find_user(queued.user_id).await?.filter(|user| !user.deleted && !user.email.is_empty())
        else {
            return Ok(None);
        };
        let Ok(Content { notice, is_last }) = serde_json::from_value(queued.content) else {
            tracing::error!(id = %queued.id, "gave up a mail of a kind that this version does not know");
            return Ok(None);
        };
        let mut due = DueNotice {
            id: queued.id,
            notice,
            is_last,
            email: user.email,
            username: user.username,
            created_at: queued.created_at,
            passcode: None,
        };
        if !self.is_still_true(&due.notice).await? {
            return Ok(None);
        }
        if due.notice == Notice::PasswordReset {
            let ends_at = later(queued.created_at, PASSCODE_LIFE);
            let could = user.login_type == LoginType::Password && user.status != UserStatus::Suspended;
            if !could || ends_at <= self.now() {
                return Ok(None);
            }
            let passcode = self.passcode_of(queued.id);
            let hash = hash_passcode(&passcode);
            self.tx.insert_passcode(&Passcode { id: queued.id, user_id: user.id, hash, ends_at }).await?;
            due.passcode = Some(passcode);
        }
        Ok(Some(due))
    }

    /// Whether what a notice tells is still true.
    async fn is_still_true(&mut self, notice: &Notice) -> Result<bool, StoreError> {
        let Notice::TokenExpiring { token } = notice else { return Ok(true) };
        let Some(id) = KeyId::parse(&token.id) else { return Ok(false) };
        Ok(self.read().find_key(&id).await?.is_some_and(|key| key.is_live(self.now())))
    }
}
