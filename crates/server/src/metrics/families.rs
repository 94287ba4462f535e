//! The families of numbers: their names, what they mean, and the recorder that holds them.
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Label, Level, Metadata, Recorder as _};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

/// Upper bounds of durations, in seconds: from a request that is answered from memory to one that is given up.
const SECONDS: [f64; 13] = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1.0, 5.0, 30.0];
/// Upper bounds of units of work that are committed together.
const UNITS: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// A family of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Requests,
    RequestDuration,
    Decisions,
    CacheHits,
    CacheMisses,
    CacheEvictions,
    CacheKeys,
    CacheBytes,
    DatabaseConnections,
    CommitUnits,
    CommitWait,
    Mails,
    BackgroundRuns,
    BuildInfo,
    ProcessStart,
}

impl Family {
    const ALL: [Self; 15] = [
        Self::Requests,
        Self::RequestDuration,
        Self::Decisions,
        Self::CacheHits,
        Self::CacheMisses,
        Self::CacheEvictions,
        Self::CacheKeys,
        Self::CacheBytes,
        Self::DatabaseConnections,
        Self::CommitUnits,
        Self::CommitWait,
        Self::Mails,
        Self::BackgroundRuns,
        Self::BuildInfo,
        Self::ProcessStart,
    ];

    /// The name, and what it means.
    fn described(self) -> (&'static str, &'static str) {
        match self {
            Self::Requests => ("keyfob_http_requests_total", "Requests by method, matched route and status."),
            Self::RequestDuration => ("keyfob_http_request_duration_seconds", "How long requests of a route take."),
            Self::Decisions => ("keyfob_decisions_total", "Decisions by type of object, action and outcome."),
            Self::CacheHits => ("keyfob_key_cache_hits_total", "Keys that were found in memory."),
            Self::CacheMisses => ("keyfob_key_cache_misses_total", "Keys that were looked for in the database."),
            Self::CacheEvictions => ("keyfob_key_cache_evictions_total", "Keys that made room in memory for others."),
            Self::CacheKeys => ("keyfob_key_cache_keys", "Keys in memory."),
            Self::CacheBytes => ("keyfob_key_cache_bytes", "About how many bytes the keys in memory take."),
            Self::DatabaseConnections => ("keyfob_database_connections", "Connections to the database by state."),
            Self::CommitUnits => ("keyfob_commit_units", "Units of work that were made durable together."),
            Self::CommitWait => ("keyfob_commit_wait_seconds", "How long the first of them waited for that."),
            Self::Mails => ("keyfob_mails_total", "Attempts to send a mail by kind and outcome."),
            Self::BackgroundRuns => ("keyfob_background_runs_total", "Runs of background work by job and outcome."),
            Self::BuildInfo => ("keyfob_build_info", "The version of the server."),
            Self::ProcessStart => ("process_start_time_seconds", "When the server started, in Unix time."),
        }
    }

    fn name(self) -> &'static str {
        self.described().0
    }

    /// The upper bounds of its buckets, if it is a histogram.
    fn buckets(self) -> Option<&'static [f64]> {
        match self {
            Self::RequestDuration | Self::CommitWait => Some(&SECONDS),
            Self::CommitUnits => Some(&UNITS),
            _ => None,
        }
    }
}

/// All families of one server.
#[derive(Debug)]
pub(super) struct Families(PrometheusRecorder);

const METADATA: Metadata<'static> = Metadata::new("keyfob", Level::INFO, None);

impl Families {
    /// Describes all families.
    ///
    /// # Errors
    /// When the bounds of a histogram are no good.
    pub(super) fn new() -> Result<Self, BuildError> {
        let bounded = |builder: PrometheusBuilder, family: Family| match family.buckets() {
            Some(buckets) => builder.set_buckets_for_metric(Matcher::Full(family.name().to_owned()), buckets),
            None => Ok(builder),
        };
        let recorder = Family::ALL.into_iter().try_fold(PrometheusBuilder::new(), bounded)?.build_recorder();
        for family in Family::ALL {
            let (name, help) = family.described();
            // A family has one description, whichever kind it is.
            recorder.describe_counter(KeyName::from_const_str(name), None, help.into());
        }
        Ok(Self(recorder))
    }

    pub(super) fn handle(&self) -> PrometheusHandle {
        self.0.handle()
    }

    pub(super) fn counter(&self, of: Family, labels: Vec<Label>) -> Counter {
        self.0.register_counter(&Key::from_parts(of.name(), labels), &METADATA)
    }

    pub(super) fn gauge(&self, of: Family, labels: Vec<Label>) -> Gauge {
        self.0.register_gauge(&Key::from_parts(of.name(), labels), &METADATA)
    }

    pub(super) fn histogram(&self, of: Family, labels: Vec<Label>) -> Histogram {
        self.0.register_histogram(&Key::from_parts(of.name(), labels), &METADATA)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_is_explained_to_operators() {
        let guide = include_str!("../../../../docs/operating.md");
        let missing: Vec<&str> =
            Family::ALL.map(Family::name).into_iter().filter(|name| !guide.contains(name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
