//! The unit of work: everything that changes data passes it, and nothing else begins or commits a transaction.
//!
//! INVARIANT: what a change is decided on is read in the transaction of the change. [`AuthorizedStore::begin`] waits for
//! its turn, looks at the caller's key, owner and roles as they are then, and refuses when they have expired; [`Work`]
//! then holds the caller as they stand. Rights that were taken while a request was on its way are gone for it.
use jiff::Timestamp;
use keyfob_store::{AuditRecord, KeyUse, Reached, Reader, Store, StoreError, Tx, User, UserId, UserLink, UserStatus};

use crate::{
    Authority, AuthorizedStore, Caller, Refused,
    audit::{AuditEvent, record_of},
    caller::refreshed,
};

/// A change that is under way. Dropping it without a commit takes back everything.
pub(crate) struct Work {
    /// Who acts, with the rights that they have in this transaction.
    pub(crate) caller: Caller,
    pub(crate) authority: Authority,
    pub(crate) tx: Tx,
    salvages: bool,
    records: Vec<AuditRecord>,
    /// Whether a record was written.
    is_recorded: bool,
    after: Vec<AfterCommit>,
}

/// What follows a commit, and never comes before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AfterCommit {
    /// Mails wait: what sends them looks at once.
    WakeMailQueue,
}

/// The last owner who may act would be gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoOwnerLeft;

/// Why a change leaves no audit record. `ARCHITECTURE.md` has the list, with the places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unrecorded {
    /// All was as it was to be already.
    NothingToChange,
    /// Counters and times of use, which give no right.
    Bookkeeping,
    /// A machine waits for an answer, which is recorded when it comes.
    DeviceWaits,
    /// The queue of mails: what a mail tells of has a record.
    MailQueue,
    /// Keys and codes that expired long ago are removed; their end has a record, or was known at their beginning.
    Retention,
    /// How pages look for a user.
    Preferences,
    /// Refusals that were gathered are records themselves.
    IsARecord,
}

impl AuthorizedStore {
    /// Begins a unit of work for the caller, with the rights that they have in it.
    ///
    /// # Errors
    /// [`Refused::Unauthenticated`] when the caller's key or owner may not act any more.
    pub(crate) async fn begin(&self) -> Result<Work, Refused> {
        let mut tx = begin(self.authority.store()).await?;
        let caller = refreshed(&self.authority, &self.caller, &mut tx.read()).await?;
        let (authority, salvages) = (self.authority.clone(), self.salvages);
        Ok(Work { caller, authority, tx, salvages, records: Vec::new(), is_recorded: false, after: Vec::new() })
    }

    /// The same for a change that is decided on without another look at data: a caller who may not is refused before
    /// the transaction costs anything, and asked again in it.
    ///
    /// # Errors
    /// What `check` says, and as [`Self::begin`].
    pub(crate) async fn begin_if<E: From<Refused>>(
        &self,
        check: impl Fn(&Caller) -> Result<(), E> + Send,
    ) -> Result<Work, E> {
        check(&self.caller)?;
        let work = self.begin().await?;
        check(&work.caller)?;
        Ok(work)
    }
}

impl Work {
    /// Reads in the transaction.
    pub(crate) fn read(&mut self) -> Reader<'_> {
        let read = self.tx.read();
        if self.salvages { read.salvaging() } else { read }
    }

    pub(crate) fn now(&self) -> jiff::Timestamp {
        self.authority.now()
    }

    /// Adds an audit record of what was done, written when the work is committed.
    pub(crate) fn record(&mut self, event: AuditEvent) {
        let record = record_of(&self.authority, &self.caller, event);
        self.records.push(record);
    }

    /// Adds something to be done once the work is committed.
    pub(crate) fn afterwards(&mut self, what: AfterCommit) {
        if !self.after.contains(&what) {
            self.after.push(what);
        }
    }

    /// One owner who may act and can sign in must be left when this one no longer is one: no other user could give the
    /// role back.
    ///
    /// # Errors
    /// [`NoOwnerLeft`] when there is no other.
    pub(crate) async fn require_owner_besides(&mut self, user: &User) -> Result<Result<(), NoOwnerLeft>, StoreError> {
        let is_needed = user.is_owner() && user.status != UserStatus::Suspended;
        let is_left = !is_needed || self.read().has_other_owner(user.id).await?;
        Ok(if is_left { Ok(()) } else { Err(NoOwnerLeft) })
    }

    /// Makes the change and its records durable.
    ///
    /// # Errors
    /// [`StoreError::Unrecorded`] when there is no record: then nothing was changed. And when the database fails.
    pub(crate) async fn commit(mut self) -> Result<(), StoreError> {
        self.write_records().await?;
        if !self.is_recorded {
            return Err(StoreError::Unrecorded);
        }
        self.finish().await
    }

    /// Makes a change durable that leaves no record, for this reason.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn commit_unrecorded(self, reason: Unrecorded) -> Result<(), StoreError> {
        tracing::trace!(?reason, "a change without a record");
        self.finish().await
    }

    /// Writes the records that were added so far, for what depends on their place in the chain.
    pub(crate) async fn write_records(&mut self) -> Result<(), StoreError> {
        for record in std::mem::take(&mut self.records) {
            self.tx.insert_audit_record(record, &self.authority.audit_keys().current).await?;
            self.is_recorded = true;
        }
        Ok(())
    }

    async fn finish(mut self) -> Result<(), StoreError> {
        self.write_records().await?;
        let Self { authority, tx, after, .. } = self;
        commit(&authority, tx).await?;
        for what in after {
            match what {
                AfterCommit::WakeMailQueue => authority.mail_queue().notify_one(),
            }
        }
        Ok(())
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that begins")]
async fn begin(store: &Store) -> Result<Tx, StoreError> {
    store.begin().await
}

/// Commits, and forgets what is in memory of rights that were changed, before anything is answered: by this unit of work,
/// and by other processes before it, for what they had done it had not to do. Also when the commit fails: it may have been
/// made all the same.
async fn commit(authority: &Authority, mut tx: Tx) -> Result<(), StoreError> {
    let found = if authority.store().is_shared() { Some(tx.read().rights_version().await?) } else { None };
    commit_and_announce(authority, tx).await?;
    if let Some(found) = found {
        authority.catch_up(found).await;
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that commits")]
async fn commit_and_announce(authority: &Authority, tx: Tx) -> Result<(), StoreError> {
    let reached = tx.reached().clone();
    if reached.is_nobody() {
        return tx.commit().await;
    }
    // A client that hangs up meanwhile ends the request, and must not end this between the two.
    let authority = authority.clone();
    let committing = tokio::spawn(async move {
        // Dropped last, whatever becomes of the commit.
        let _announced = Announced { authority, reached };
        tx.commit().await
    });
    committing.await.unwrap_or(Err(StoreError::Interrupted))
}

/// Ends what is in memory of these rights when it is dropped.
struct Announced {
    authority: Authority,
    reached: Reached,
}

impl Drop for Announced {
    fn drop(&mut self) {
        self.authority.keys().announce(&self.reached);
    }
}

#[expect(clippy::disallowed_methods, reason = "it concerns no rights")]
async fn commit_settings(tx: Tx) -> Result<(), StoreError> {
    tx.commit().await
}

/// Writes the uses of keys that are gathered in memory. They are no caller's change, and need no right.
pub(crate) async fn write_uses(authority: &Authority) -> Result<(), StoreError> {
    // What another writes is written when this is answered.
    let _turn = authority.writing_uses().lock().await;
    while let Some(uses) = authority.store().uses_to_write() {
        let mut tx = begin(authority.store()).await?;
        tx.write_uses(&uses).await?;
        commit(authority, tx).await?;
        uses.written();
    }
    Ok(())
}

/// Writes one use of a key at once; says whether the key is as it was seen.
pub(crate) async fn write_use(
    authority: &Authority,
    used: &KeyUse,
    owner: UserId,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let mut tx = begin(authority.store()).await?;
    let is_noted = tx.record_use_by(used, owner, at).await?;
    commit(authority, tx).await?;
    Ok(is_noted)
}

/// Keeps what a renewal at a provider gave, if the account there is still the one that was renewed.
pub(crate) async fn keep_renewal(
    authority: &Authority,
    read: &UserLink,
    renewed: impl FnOnce(UserLink) -> UserLink + Send,
) -> Result<(), StoreError> {
    let mut tx = begin(authority.store()).await?;
    let now = tx.read().find_link(read.user_id, read.login_type).await?;
    // A sign-in meanwhile, or an account that was taken away, wins.
    let is_same =
        |now: &UserLink| now.linked_id == read.linked_id && now.sealed_refresh_token == read.sealed_refresh_token;
    if let Some(now) = now.filter(is_same) {
        tx.put_link(&renewed(now)).await?;
    }
    commit(authority, tx).await
}

/// Notes in the database with which key secrets are sealed.
pub(crate) async fn note_seal(store: &Store, name: &str, fingerprint: &str) -> Result<(), StoreError> {
    let mut tx = begin(store).await?;
    tx.set_setting(name, fingerprint).await?;
    commit_settings(tx).await
}

/// Gives a new database a setting that it keeps, such as its name; if it has it, that stays.
pub(crate) async fn found_deployment(store: &Store, name: &str, id: &str) -> Result<(), StoreError> {
    let mut tx = begin(store).await?;
    tx.insert_setting(name, id).await?;
    commit_settings(tx).await
}

/// Reads a setting after the units of work that are under way, those of other processes too.
pub(crate) async fn setting_in_turn(store: &Store, name: &str) -> Result<Option<String>, StoreError> {
    begin(store).await?.read().find_setting(name).await
}

#[cfg(test)]
mod tests {
    use super::Unrecorded;

    /// The list is for readers, so it must name all reasons.
    #[test]
    fn each_reason_for_no_record_is_explained_in_the_architecture() {
        const ALL: [Unrecorded; 7] = [
            Unrecorded::NothingToChange,
            Unrecorded::Bookkeeping,
            Unrecorded::DeviceWaits,
            Unrecorded::MailQueue,
            Unrecorded::Retention,
            Unrecorded::Preferences,
            Unrecorded::IsARecord,
        ];
        let architecture = include_str!("../../../ARCHITECTURE.md");
        for reason in ALL {
            assert!(architecture.contains(&format!("| `{reason:?}` |")), "{reason:?}");
        }
    }
}
