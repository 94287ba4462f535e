//! Background work.
use std::{future::Future, time::Duration};

use jiff::{SignedDuration, Timestamp};
use tokio::{sync::watch, task::JoinSet};

use crate::app::App;
use crate::mail::deliver_due;
use crate::metrics::Job;
use keyfob_authority::{Duty, Refused, RequestContext, System};

/// How often keys that expired long ago are removed, and how many at a time.
const PURGE_EVERY: Duration = Duration::from_mins(10);
const PURGE_AT_MOST: u64 = 10_000;

/// How much earlier than the next time a duty ends: the process that has it would else be too early.
const LATENESS: Duration = Duration::from_secs(10);
/// For how long a process sends mails once it has begun, and no other.
const DELIVER_FOR: Duration = Duration::from_mins(1);

/// How many audit records are retired at a time.
const RETIRE_AT_MOST: u64 = 50_000;

/// How often refusals that were gathered are recorded: they are to be seen within a minute.
const RECORD_EVERY: Duration = Duration::from_secs(30);

/// How often mails are sent in any case; usually they are sent when they are due.
const DELIVER_EVERY: Duration = Duration::from_secs(5);
/// The least time between two rounds of sending, if a mail is due that could not be taken out of the queue.
const SHORTEST_WAIT: Duration = Duration::from_millis(100);

/// How often the uses of keys are written: at most so much of them is lost when the process is killed.
const WRITE_USES_EVERY: Duration = Duration::from_secs(10);

/// How long a user may do nothing before they are dormant, and how many are made so at a time.
const DORMANT_AFTER: SignedDuration = SignedDuration::from_hours(90 * 24);
const DORMANT_AT_MOST: u64 = 1_000;

/// How long background work may take when the server ends.
const PATIENCE: Duration = Duration::from_secs(10);

async fn never(_: App) {
    std::future::pending::<()>().await;
}

/// Done when a mail was queued, or one that waits is due.
async fn mail_waits(app: App) {
    tokio::select! {
        () = app.authority().mail_queue().notified() => {}
        () = next_mail_is_due(&app) => {}
    }
}

async fn next_mail_is_due(app: &App) {
    let store = System::Mail.store(app.authority(), RequestContext::default());
    // Without an answer, mails are sent all the same: [`DELIVER_EVERY`].
    let Ok(Some(at)) = store.next_notice_at().await else { return std::future::pending().await };
    let wait = Duration::try_from(at.duration_since(app.clock().now())).unwrap_or_default();
    tokio::time::sleep(wait.max(SHORTEST_WAIT)).await;
}

/// Background work that goes on.
pub(crate) struct Jobs {
    tasks: tokio::task::JoinSet<()>,
    end: watch::Sender<bool>,
}

impl Jobs {
    /// Starts all background work.
    pub(crate) fn start(app: &App) -> Self {
        let mut jobs = Self { tasks: JoinSet::new(), end: watch::Sender::new(false) };
        let (following, mut end) = (app.clone(), jobs.end.subscribe());
        jobs.tasks.spawn(async move {
            tokio::select! {
                () = following.authority().follow_changes() => {}
                _ = end.changed() => {}
            }
        });
        jobs.repeat(PURGE_EVERY, app, never, housekeeping);
        jobs.repeat(RECORD_EVERY, app, never, record_refusals);
        jobs.repeat(WRITE_USES_EVERY, app, never, write_key_uses);
        if app.mailer().is_some() {
            jobs.repeat(DELIVER_EVERY, app, mail_waits, deliver);
        }
        jobs
    }

    /// Does a job from time to time, and whenever it is woken.
    fn repeat<W, F>(
        &mut self,
        every: Duration,
        app: &App,
        woken: impl Fn(App) -> W + Send + Sync + 'static,
        job: impl Fn(App) -> F + Send + Sync + 'static,
    ) where
        W: Future<Output = ()> + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let (app, mut end) = (app.clone(), self.end.subscribe());
        self.tasks.spawn(async move {
            let mut tick = tokio::time::interval(every);
            loop {
                tokio::select! {
                    _ = tick.tick() => {}
                    () = woken(app.clone()) => {}
                    _ = end.changed() => return,
                }
                // A job that fails altogether is done again the next time.
                let mut once = JoinSet::new();
                once.spawn(job(app.clone()));
                if let Some(Err(error)) = once.join_next().await {
                    tracing::error!(%error, "background work failed");
                }
            }
        });
    }

    /// Ends all background work. What is being done is finished first, if it does not take long: what waits for a mail
    /// server is done again after the next start.
    pub(crate) async fn end(self) {
        self.end.send_replace(true);
        if tokio::time::timeout(PATIENCE, self.tasks.join_all()).await.is_err() {
            tracing::warn!("gave up on background work that did not end in time");
        }
    }
}

/// All background work that is due, once.
pub(crate) async fn once(app: &App) {
    write_key_uses(app.clone()).await;
    record_refusals(app.clone()).await;
    housekeeping(app.clone()).await;
    deliver(app.clone()).await;
}

/// Sends mails that are due, if this process does so now.
async fn deliver(app: App) {
    if app.mailer().is_some() && has_duty(&app, Duty::Mails, DELIVER_FOR).await {
        deliver_due(app).await;
    }
}

/// Writes the uses of keys that were gathered; what cannot be written waits for the next time.
async fn write_key_uses(app: App) {
    if let Err(error) = counted(&app, Job::KeyUses, app.authority().write_key_uses().await) {
        tracing::warn!(%error, "the uses of keys could not be written");
    }
}

/// Records refusals that were gathered; what cannot be recorded waits for the next time.
pub(crate) async fn record_refusals(app: App) {
    let gathered = app.authority().refusals().take();
    if gathered.is_empty() {
        return;
    }
    let store = System::Records.store(app.authority(), RequestContext::default());
    if let Err(error) = counted(&app, Job::Refusals, store.record_refusals(&gathered).await) {
        tracing::warn!(?error, "refusals could not be recorded");
        app.authority().refusals().put_back(gathered);
    }
}

async fn housekeeping(app: App) {
    // Who is dormant, and which tokens are in use, follows from what is written.
    write_key_uses(app.clone()).await;
    if !has_duty(&app, Duty::Housekeeping, PURGE_EVERY.saturating_sub(LATENESS)).await {
        return;
    }
    let log = System::Retention.store(app.authority(), RequestContext::default());
    match counted(&app, Job::ChangeLog, log.forget_old_changes().await) {
        Ok(_) => {}
        Err(error) => tracing::warn!(?error, "the log of changes could not be shortened"),
    }
    tracing::debug!(usage = ?app.authority().cache_usage(), "keys that are known without the database");
    match counted(&app, Job::Dormancy, dormancy_once(&app).await) {
        Ok(0) => {}
        Ok(users) => tracing::info!(users, "made dormant who did not act for long"),
        Err(error) => tracing::warn!(?error, "users who did not act for long could not be made dormant"),
    }
    match counted(&app, Job::Keys, purge_once(&app).await) {
        Ok(0) => {}
        Ok(purged) => tracing::info!(purged, "removed keys that ended long ago"),
        Err(error) => tracing::warn!(?error, "keys that ended long ago could not be removed"),
    }
    let devices = System::Devices.store(app.authority(), RequestContext::default());
    if let Err(error) = counted(&app, Job::Devices, devices.purge_devices().await) {
        tracing::warn!(?error, "sign-ins of machines that ended long ago could not be forgotten");
    }
    match counted(&app, Job::Records, retire_once(&app).await) {
        Ok(0) => {}
        Ok(retired) => tracing::info!(retired, "retired old audit records"),
        Err(error) => tracing::warn!(?error, "old audit records could not be retired"),
    }
    match counted(&app, Job::EndingTokens, tell_once(&app).await) {
        Ok(0) => {}
        Ok(told) => tracing::info!(told, "told owners of tokens that end soon"),
        Err(error) => tracing::warn!(?error, "owners of tokens that end soon could not be told"),
    }
}

/// Whether this process does some background work, among those that share the database.
async fn has_duty(app: &App, duty: Duty, length: Duration) -> bool {
    counted(app, Job::Duties, app.authority().takes_duty(duty, length).await).unwrap_or_else(|error| {
        tracing::warn!(%error, ?duty, "whether this replica does background work is not known");
        false
    })
}

/// Counts a run of background work; returns its result.
fn counted<T, E>(app: &App, job: Job, result: Result<T, E>) -> Result<T, E> {
    if let Some(metrics) = app.metrics() {
        metrics.ran(job, result.is_ok());
    }
    result
}

async fn tell_once(app: &App) -> Result<usize, Refused> {
    if app.mailer().is_none() {
        return Ok(0);
    }
    System::Mail.store(app.authority(), RequestContext::default()).tell_of_ending_tokens().await
}

async fn retire_once(app: &App) -> Result<u64, Refused> {
    let Some(before) = kept_since(app, app.rules().lifetimes.audit_retention) else { return Ok(0) };
    System::Records.store(app.authority(), RequestContext::default()).retire_records(before, RETIRE_AT_MOST).await
}

/// Since when something is kept that is kept for so long; none keeps it for ever.
fn kept_since(app: &App, retention: Duration) -> Option<Timestamp> {
    let retention = SignedDuration::try_from(retention).ok().filter(|retention| !retention.is_zero())?;
    app.clock().now().checked_sub(retention).ok()
}

async fn dormancy_once(app: &App) -> Result<usize, Refused> {
    let Ok(since) = app.clock().now().checked_sub(DORMANT_AFTER) else { return Ok(0) };
    System::Dormancy.store(app.authority(), RequestContext::default()).make_dormant(since, DORMANT_AT_MOST).await
}

async fn purge_once(app: &App) -> Result<u64, Refused> {
    let Some(before) = kept_since(app, app.rules().lifetimes.retention) else { return Ok(0) };
    System::Retention.store(app.authority(), RequestContext::default()).purge_keys(before, PURGE_AT_MOST).await
}
