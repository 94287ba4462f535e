//! Telling people by mail: what waits to be sent, and what they want to be told.
use super::Notice;
use crate::Caller;
use crate::Unrecorded;
use crate::notices::PASSCODE_LIFE;
use crate::work::AfterCommit;
use jiff::{SignedDuration, Timestamp};
use keyfob_api::secret::SecretText;
use keyfob_rbac::{Action, Object, ResourceType};
use keyfob_store::{
    ApiKey, EndingTokens, KeyId, LoginType, Notice as Kept, Passcode, StoreError, User, UserId, UserStatus,
};
use uuid::Uuid;

use crate::{
    AuthorizedStore, Refused,
    notices::{OFF, TokenSummary},
    passwords::hash_passcode,
    work::Work,
};

/// When a mail that could not be sent is tried again: after so long, then four times as long, and at last this often.
const FIRST_RETRY: SignedDuration = SignedDuration::from_secs(10);
const LAST_RETRY: SignedDuration = SignedDuration::from_hours(1);

/// How many days before a token's end its owner is told, and how many days ago it must have been used at the most.
const DAYS_BEFORE: [i64; 3] = [14, 7, 1];
const USED_WITHIN: i64 = 30;

/// The setting that says until when owners of ending tokens were told.
const TOLD_UNTIL: &str = "token_endings_told_until";

/// A notice that is to be sent now.
pub struct DueNotice {
    pub id: Uuid,
    pub notice: Notice,
    pub email: String,
    pub username: String,
    pub created_at: Timestamp,
    /// The passcode of a reset; it exists nowhere else.
    pub passcode: Option<SecretText>,
}

pub(crate) fn summary(key: &ApiKey) -> TokenSummary {
    TokenSummary {
        id: key.id.to_string(),
        name: key.token_name.clone(),
        scopes: key.scopes.clone(),
        allow_list: key.allow_list.clone(),
        ends_at: key.expires_at,
    }
}

fn days(number: i64) -> SignedDuration {
    SignedDuration::from_hours(number.saturating_mul(24))
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

impl AuthorizedStore {
    /// Takes notices that are due, to be sent at once; each is due again later, in case it cannot be sent. Requires
    /// `read` and `update` on all users.
    #[tracing::instrument(skip_all)]
    pub async fn claim_notices(&self, at_most: u64) -> Result<Vec<DueNotice>, Refused> {
        let mut work = self
            .begin_if(|caller| {
                caller.require_permitted(Action::READ, &Object::of(ResourceType::USER))?;
                caller.require_permitted(Action::UPDATE, &Object::of(ResourceType::USER))
            })
            .await?;
        let mut claimed = Vec::new();
        for kept in work.read().due_notices(self.now(), at_most).await? {
            let factor = 4_i32.saturating_pow(kept.attempts.min(10));
            let wait = FIRST_RETRY.checked_mul(factor).map_or(LAST_RETRY, |wait| wait.min(LAST_RETRY));
            work.tx.attempt_notice(kept.id, later(self.now(), wait)).await?;
            let id = kept.id;
            match work.prepare(kept).await? {
                Some(due) => claimed.push(due),
                None => work.tx.delete_notice(id).await?,
            }
        }
        work.commit_unrecorded(Unrecorded::MailQueue).await?;
        Ok(claimed)
    }

    /// Takes a notice out of the queue. Requires `update` on all users.
    #[tracing::instrument(skip_all)]
    pub async fn forget_notice(&self, id: Uuid) -> Result<(), Refused> {
        let mut work =
            self.begin_if(|caller| caller.require_permitted(Action::UPDATE, &Object::of(ResourceType::USER))).await?;
        work.tx.delete_notice(id).await?;
        Ok(work.commit_unrecorded(Unrecorded::MailQueue).await?)
    }

    /// Lets the owners of tokens be told that these end soon. Each end is told of once for each number of days. Says
    /// how many there were. Requires `read` on all users and all keys.
    #[tracing::instrument(skip_all)]
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
            let wanted = EndingTokens {
                after: later(told_until, days(number)),
                until: later(now, days(number)),
                used_since: now.checked_sub(days(USED_WITHIN)).unwrap_or(Timestamp::MIN),
                longer_than: days(number).as_secs(),
            };
            for key in work.read().ending_tokens(wanted, now).await? {
                if let Some(owner) = work.active(key.user_id).await? {
                    work.notify(&owner, &Notice::TokenEnding { token: summary(&key) }).await?;
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
    /// The passcode that a notice carries: the same however often it is sent, so that whichever mail arrives works.
    fn passcode_of(&self, notice: Uuid) -> SecretText {
        let derived = self.authority.seal().derived(&format!("passcode:{notice}"));
        let (random, _) = derived.split_first_chunk::<16>().unwrap_or((&[0; 16], &[]));
        SecretText::new(uuid::Builder::from_random_bytes(*random).into_uuid().to_string())
    }

    /// Lets a person be told, if mails are sent at all and they want to be told. It belongs to the change that they
    /// are told of, and takes no further permission.
    pub(crate) async fn notify(&mut self, user: &User, notice: &Notice) -> Result<(), StoreError> {
        if !self.authority.rules().sends_mail || user.email.is_empty() || user.deleted {
            return Ok(());
        }
        if let Some(choice) = notice.choice()
            && self.read().user_settings(user.id).await?.get(choice).is_some_and(|value| value == OFF)
        {
            return Ok(());
        }
        let now = self.now();
        // Texts and instants always have a form in JSON.
        let content = serde_json::to_value(notice).unwrap_or_default();
        let kept = Kept {
            id: self.authority.random().uuid(),
            user_id: user.id,
            about: notice.about(),
            content,
            created_at: now,
            due_at: later(now, notice.delay()),
            attempts: 0,
        };
        self.tx.put_notice(&kept).await?;
        self.afterwards(AfterCommit::WakeMailQueue);
        Ok(())
    }

    /// A notice with all that its mail needs; none if there is nobody to tell any more, or nothing.
    async fn prepare(&mut self, kept: Kept) -> Result<Option<DueNotice>, StoreError> {
        let Some(user) =
            self.read().find_user(kept.user_id).await?.filter(|user| !user.deleted && !user.email.is_empty())
        else {
            return Ok(None);
        };
        let Ok(notice) = serde_json::from_value::<Notice>(kept.content) else {
            tracing::error!(id = %kept.id, "a mail of a kind that this version does not know is given up");
            return Ok(None);
        };
        let mut due = DueNotice {
            id: kept.id,
            notice,
            email: user.email,
            username: user.username,
            created_at: kept.created_at,
            passcode: None,
        };
        if !self.is_still_so(&due.notice).await? {
            return Ok(None);
        }
        if due.notice == Notice::PasswordReset {
            let ends_at = later(kept.created_at, PASSCODE_LIFE);
            let could = user.login_type == LoginType::Password && user.status != UserStatus::Suspended;
            if !could || ends_at <= self.now() {
                return Ok(None);
            }
            let passcode = self.passcode_of(kept.id);
            let hash = hash_passcode(&passcode);
            self.tx.insert_passcode(&Passcode { id: kept.id, user_id: user.id, hash, ends_at }).await?;
            due.passcode = Some(passcode);
        }
        Ok(Some(due))
    }

    /// Whether there still is what a notice tells of.
    async fn is_still_so(&mut self, notice: &Notice) -> Result<bool, StoreError> {
        let Notice::TokenEnding { token } = notice else { return Ok(true) };
        let Some(id) = KeyId::parse(&token.id) else { return Ok(false) };
        Ok(self.read().find_key(&id).await?.is_some_and(|key| key.is_live(self.now())))
    }

    async fn active(&mut self, id: UserId) -> Result<Option<User>, StoreError> {
        Ok(self.read().find_user(id).await?.filter(|user| user.status != UserStatus::Suspended))
    }
}
