//! Numbers about the server for Prometheus, on an address of their own.
//!
//! INVARIANT: the values of labels are names from the program, from the routes or from the catalogue, and never anything
//! that a request holds, so that the number of series is bounded and no scrape shows an id.
mod counters;
mod families;
mod listener;
mod requests;

pub(crate) use listener::serve;
pub(crate) use requests::method_name;

use std::{sync::Arc, time::Duration};

use axum::http::{Method, StatusCode};
use jiff::Timestamp;
use keyfob_api::SERVER_VERSION;
use keyfob_authority::{Authority, Observer, Verdict};
use keyfob_rbac::{Action, Catalogue, ResourceType};
use metrics::Label;
use metrics_exporter_prometheus::{BuildError, PrometheusHandle};

use self::{
    counters::Counters,
    families::{Families, Family},
    requests::Requests,
};
use crate::mail::Delivery;

/// The value of a label for what has no name.
const OTHER: &str = "other";

/// All numbers. A server without an address for them has none of this.
#[derive(Debug)]
pub(crate) struct Metrics {
    families: Arc<Families>,
    handle: PrometheusHandle,
    catalogue: Arc<Catalogue>,
    requests: Requests,
    decisions: Counters<(ResourceType, Action, Verdict)>,
    mails: Counters<(&'static str, Delivery)>,
    runs: Counters<(Job, bool)>,
    commit_units: metrics::Histogram,
    commit_wait: metrics::Histogram,
}

/// A kind of background work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Job {
    /// Writing the uses of keys.
    KeyUses,
    /// Recording refusals that were gathered.
    Refusals,
    /// Shortening the log of changes that replicas read.
    ChangeLog,
    /// Making users dormant.
    Dormancy,
    /// Removing keys that ended long ago.
    Keys,
    /// Forgetting sign-ins of machines.
    Devices,
    /// Retiring audit records.
    Records,
    /// Telling owners of tokens that end soon.
    EndingTokens,
    /// Finding out which replica does the work.
    Duties,
}

impl Job {
    fn name(self) -> &'static str {
        match self {
            Self::KeyUses => "write_key_uses",
            Self::Refusals => "record_refusals",
            Self::ChangeLog => "shorten_change_log",
            Self::Dormancy => "make_users_dormant",
            Self::Keys => "remove_keys",
            Self::Devices => "forget_devices",
            Self::Records => "retire_audit_records",
            Self::EndingTokens => "tell_of_ending_tokens",
            Self::Duties => "take_duty",
        }
    }
}

impl Metrics {
    /// No numbers yet, for a server that starts now.
    ///
    /// # Errors
    /// When the families do not fit together.
    pub(crate) fn new(catalogue: Arc<Catalogue>, now: Timestamp) -> Result<Self, BuildError> {
        let families = Arc::new(Families::new()?);
        families.gauge(Family::BuildInfo, vec![Label::new("version", SERVER_VERSION)]).set(1.0);
        families.gauge(Family::ProcessStart, Vec::new()).set(now.as_duration().as_secs_f64());
        Ok(Self {
            handle: families.handle(),
            requests: Requests::new(Arc::clone(&families)),
            decisions: Counters::new(Arc::clone(&families), Family::Decisions),
            mails: Counters::new(Arc::clone(&families), Family::Mails),
            runs: Counters::new(Arc::clone(&families), Family::BackgroundRuns),
            commit_units: families.histogram(Family::CommitUnits, Vec::new()),
            commit_wait: families.histogram(Family::CommitWait, Vec::new()),
            families,
            catalogue,
        })
    }

    /// Counts a request by the pattern of its route; none where no route matched, and no status where the client gave
    /// up before the answer.
    pub(crate) fn answered(&self, method: &Method, route: Option<&str>, status: Option<StatusCode>, took: Duration) {
        self.requests.count(method, route, status, took);
    }

    /// Counts a mail of this kind.
    pub(crate) fn mailed(&self, kind: &'static str, delivery: Delivery) {
        self.mails.count((kind, delivery), || {
            let outcome = match delivery {
                Delivery::Sent => "sent",
                Delivery::GivenUp => "given_up",
                Delivery::Waits => "postponed",
                Delivery::Unreachable => "unreachable",
            };
            vec![Label::from_static_parts("kind", kind), Label::from_static_parts("outcome", outcome)]
        });
    }

    /// Counts background work that was done, or failed.
    pub(crate) fn ran(&self, job: Job, is_done: bool) {
        self.runs.count((job, is_done), || {
            let outcome = if is_done { "done" } else { "failed" };
            vec![Label::from_static_parts("job", job.name()), Label::from_static_parts("outcome", outcome)]
        });
    }

    /// All numbers in the text format of Prometheus.
    pub(crate) fn render(&self, authority: &Authority) -> String {
        let usage = authority.cache_usage();
        for (family, total) in [
            (Family::CacheHits, usage.hits),
            (Family::CacheMisses, usage.misses),
            (Family::CacheEvictions, usage.evictions),
        ] {
            self.families.counter(family, Vec::new()).absolute(total);
        }
        self.families.gauge(Family::CacheKeys, Vec::new()).set(gauge_of(usage.keys));
        self.families.gauge(Family::CacheBytes, Vec::new()).set(gauge_of(usage.bytes));
        let connections = authority.connections();
        for (state, number) in [("used", connections.used), ("idle", connections.idle)] {
            let labels = vec![Label::from_static_parts("state", state)];
            self.families.gauge(Family::DatabaseConnections, labels).set(gauge_of(number));
        }
        self.handle.render()
    }

    /// Gathers what was measured since the last time, which takes memory until then.
    fn gather(&self) {
        self.handle.run_upkeep();
    }
}

impl Observer for Metrics {
    fn decided(&self, resource_type: ResourceType, action: Action, verdict: Verdict) {
        self.decisions.count((resource_type, action, verdict), || {
            let known = |name: &str| if name == "*" { OTHER.to_owned() } else { name.to_owned() };
            let outcome = match verdict {
                Verdict::Allowed => "allowed",
                Verdict::Denied => "denied",
                Verdict::Filtered => "filtered",
            };
            vec![
                Label::new("type", known(self.catalogue.type_name(resource_type))),
                Label::new("action", known(self.catalogue.action_name(action))),
                Label::from_static_parts("outcome", outcome),
            ]
        });
    }

    fn committed(&self, units: usize, waited: Duration) {
        self.commit_units.record(f64::from(u32::try_from(units).unwrap_or(u32::MAX)));
        self.commit_wait.record(waited);
    }
}

#[expect(clippy::cast_precision_loss, reason = "no such number is beyond 2⁵²")]
fn gauge_of(number: u64) -> f64 {
    number as f64
}
