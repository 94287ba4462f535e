//! The results of a run as a table.
use std::{
    cell::RefCell,
    collections::BTreeMap,
    fmt,
    hint::black_box,
    time::{Duration, Instant},
};

use criterion::Criterion;

pub(crate) const BIT_TEST: &str = "bit test";
pub(crate) const LOOK_UP: &str = "look-up and bit test";
pub(crate) const COMMON: &str = "own workspace, 1 organization";
pub(crate) const MANY_ORGANIZATIONS: &str = "own workspace, 50 organizations";
pub(crate) const LONG_LIST: &str = "own workspace, 128 allow-list entries";
pub(crate) const COMPILE_FEW: &str = "compile, 50 different organizations";
pub(crate) const COMPILE: &str = "compile, 1,000 different organizations";
pub(crate) const COMPILE_TWICE_AS_MANY: &str = "compile, 2,000 different organizations";

/// The engine that makes a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Engine {
    Keyfob,
    Cedar,
}

/// The nanoseconds of every sample, by question and engine.
#[derive(Debug, Default)]
pub(crate) struct Report(RefCell<BTreeMap<(&'static str, Engine), Vec<f64>>>);

impl Report {
    /// Measures a question, and keeps the samples.
    pub(crate) fn measure(
        &self,
        criterion: &mut Criterion,
        name: &'static str,
        engine: Engine,
        mut question: impl FnMut() -> bool,
    ) {
        let label = match engine {
            Engine::Keyfob => name.to_owned(),
            Engine::Cedar => format!("{name} (Cedar)"),
        };
        criterion.bench_function(&label, |bencher| {
            bencher.iter_custom(|times| {
                let elapsed = time(times, &mut question);
                let each = elapsed.as_secs_f64() * 1e9 / f64::from(u32::try_from(times).unwrap_or(u32::MAX));
                self.0.borrow_mut().entry((name, engine)).or_default().push(each);
                elapsed
            });
        });
    }

    /// The tenth percentile of the samples, which other load on the machine hardly changes.
    fn cost(&self, name: &'static str, engine: Engine) -> Option<f64> {
        let mut samples = self.0.borrow().get(&(name, engine))?.clone();
        samples.sort_by(f64::total_cmp);
        samples.get(samples.len() / 10).copied()
    }
}

fn time(times: u64, question: &mut impl FnMut() -> bool) -> Duration {
    let start = Instant::now();
    for _ in 0..times {
        black_box(question());
    }
    start.elapsed()
}

/// How a goal is marked that is not met.
const MISSED: &str = "MISSED";

impl Report {
    /// Whether every goal that was measured is met.
    pub(crate) fn is_met(&self) -> bool {
        !self.to_string().contains(MISSED)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<40} {:>10} {:>10} {:>10}", "", "Keyfob", "Cedar", "ratio")?;
        let compiled = [COMPILE_FEW, COMPILE, COMPILE_TWICE_AS_MANY];
        for name in [BIT_TEST, LOOK_UP, COMMON, MANY_ORGANIZATIONS, LONG_LIST].into_iter().chain(compiled) {
            let (own, cedar) = (self.cost(name, Engine::Keyfob), self.cost(name, Engine::Cedar));
            let ratio = cedar.zip(own).map(|(cedar, own)| format!("{:.0}", cedar / own)).unwrap_or_default();
            writeln!(f, "{name:<40} {:>10} {:>10} {ratio:>10}", nanoseconds(own), nanoseconds(cedar))?;
        }
        writeln!(f)?;
        let common = self.cost(COMMON, Engine::Keyfob);
        let relative_to = |name| common.zip(self.cost(name, Engine::Keyfob)).map(|(own, unit)| own / unit);
        let against_common = |name| self.cost(name, Engine::Keyfob).zip(common).map(|(own, base)| own / base);
        goal(f, "the common decision in nanoseconds", common, 50.0)?;
        goal(f, "the common decision in look-ups and bit tests", relative_to(LOOK_UP), 3.0)?;
        goal(f, "50 organizations against one", against_common(MANY_ORGANIZATIONS), 1.25)?;
        goal(f, "128 allow-list entries against *:*", against_common(LONG_LIST), 4.0)?;
        let (half, whole) = (self.cost(COMPILE, Engine::Keyfob), self.cost(COMPILE_TWICE_AS_MANY, Engine::Keyfob));
        goal(f, "compiling 2,000 organizations against 1,000", whole.zip(half).map(|(whole, half)| whole / half), 2.5)
    }
}

fn goal(f: &mut fmt::Formatter<'_>, name: &str, measured: Option<f64>, limit: f64) -> fmt::Result {
    match measured {
        Some(value) if value <= limit => writeln!(f, "met     {name}: {value:.2}, at most {limit}"),
        Some(value) => writeln!(f, "{MISSED}  {name}: {value:.2}, at most {limit}"),
        None => Ok(()),
    }
}

fn nanoseconds(value: Option<f64>) -> String {
    value.map(|value| format!("{value:.1} ns")).unwrap_or_default()
}
