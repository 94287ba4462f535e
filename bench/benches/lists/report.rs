//! The results of a run as a table.
use std::{
    cell::RefCell,
    fmt,
    hint::black_box,
    time::{Duration, Instant},
};

use criterion::Criterion;

use crate::deployment::REQUESTERS;

pub(crate) const LIST: &str = "a list of 50 workspaces";
pub(crate) const CHECK: &str = "a check of 100 ids";

/// One measured request of one requester, with the milliseconds of every sample.
struct Measurement {
    request: &'static str,
    requester: &'static str,
    label: String,
    samples: Vec<f64>,
}

/// All measurements of a run.
#[derive(Default)]
pub(crate) struct Report(RefCell<Vec<Measurement>>);

impl Report {
    /// Measures a request, and keeps the samples.
    pub(crate) fn measure(
        &self,
        criterion: &mut Criterion,
        request: &'static str,
        requester: &'static str,
        label: &str,
        mut send: impl FnMut() -> Vec<u8>,
    ) {
        let mut samples = Vec::new();
        criterion.bench_function(label, |bencher| {
            bencher.iter_custom(|times| {
                let elapsed = time(times, &mut send);
                samples.push(elapsed.as_secs_f64() * 1e3 / f64::from(u32::try_from(times).unwrap_or(u32::MAX)));
                elapsed
            });
        });
        self.0.borrow_mut().push(Measurement { request, requester, label: label.to_owned(), samples });
    }

    fn cost(&self, request: &str, requester: &str) -> Option<f64> {
        let measurements = self.0.borrow();
        let mut measurements = measurements.iter();
        measurements.find(|measurement| measurement.request == request && measurement.requester == requester)?.cost()
    }
}

impl Measurement {
    /// The tenth percentile of the samples, which other load on the machine hardly changes.
    fn cost(&self) -> Option<f64> {
        let mut samples = self.samples.clone();
        samples.sort_by(f64::total_cmp);
        samples.get(samples.len() / 10).copied()
    }
}

fn time(times: u64, send: &mut impl FnMut() -> Vec<u8>) -> Duration {
    let start = Instant::now();
    for _ in 0..times {
        black_box(send());
    }
    start.elapsed()
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for measurement in self.0.borrow().iter() {
            let cost = measurement.cost().map(|cost| format!("{cost:.3} ms")).unwrap_or_default();
            writeln!(f, "{:<60} {cost:>12}", measurement.label)?;
        }
        writeln!(f)?;
        for request in [CHECK, LIST] {
            for pair in REQUESTERS.chunks(2) {
                let [(one, ..), (many, ..)] = pair else { continue };
                let costs = self.cost(request, one).zip(self.cost(request, many));
                ratio(f, &format!("{request}, {many} against {one}"), costs.map(|(one, many)| many / one))?;
            }
        }
        Ok(())
    }
}

fn ratio(f: &mut fmt::Formatter<'_>, name: &str, measured: Option<f64>) -> fmt::Result {
    measured.map_or(Ok(()), |times| writeln!(f, "{name}: {times:.2} times as long"))
}
