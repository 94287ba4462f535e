//! What a run measured, as a table.
use std::{
    cell::RefCell,
    fmt,
    hint::black_box,
    time::{Duration, Instant},
};

use criterion::Criterion;

use crate::world::PEOPLE;

pub(crate) const LIST: &str = "a list of 50 workspaces";
pub(crate) const CHECK: &str = "a check of 100 ids";

/// One question: what was asked, who asked it, and how it is shown; with the milliseconds of every sample.
struct Question {
    what: &'static str,
    who: &'static str,
    name: String,
    samples: Vec<f64>,
}

/// Everything that was measured.
#[derive(Default)]
pub(crate) struct Report(RefCell<Vec<Question>>);

impl Report {
    /// Measures, and remembers.
    pub(crate) fn measure(
        &self,
        criterion: &mut Criterion,
        what: &'static str,
        who: &'static str,
        name: &str,
        mut question: impl FnMut() -> Vec<u8>,
    ) {
        let mut samples = Vec::new();
        criterion.bench_function(name, |bencher| {
            bencher.iter_custom(|times| {
                let took = time(times, &mut question);
                samples.push(took.as_secs_f64() * 1e3 / f64::from(u32::try_from(times).unwrap_or(u32::MAX)));
                took
            });
        });
        self.0.borrow_mut().push(Question { what, who, name: name.to_owned(), samples });
    }

    /// What a question costs while nothing else disturbs the machine: the fastest tenth of the samples ends here.
    fn cost(&self, what: &str, who: &str) -> Option<f64> {
        self.0.borrow().iter().find(|question| question.what == what && question.who == who)?.cost()
    }
}

impl Question {
    fn cost(&self) -> Option<f64> {
        let mut samples = self.samples.clone();
        samples.sort_by(f64::total_cmp);
        samples.get(samples.len() / 10).copied()
    }
}

fn time(times: u64, question: &mut impl FnMut() -> Vec<u8>) -> Duration {
    let start = Instant::now();
    for _ in 0..times {
        black_box(question());
    }
    start.elapsed()
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for question in self.0.borrow().iter() {
            let cost = question.cost().map(|cost| format!("{cost:.3} ms")).unwrap_or_default();
            writeln!(f, "{:<60} {cost:>12}", question.name)?;
        }
        writeln!(f)?;
        for what in [CHECK, LIST] {
            for pair in PEOPLE.chunks(2) {
                let [(one, ..), (many, ..)] = pair else { continue };
                let costs = self.cost(what, one).zip(self.cost(what, many));
                ratio(f, &format!("{what}, {many} against {one}"), costs.map(|(one, many)| many / one))?;
            }
        }
        Ok(())
    }
}

fn ratio(f: &mut fmt::Formatter<'_>, what: &str, measured: Option<f64>) -> fmt::Result {
    measured.map_or(Ok(()), |times| writeln!(f, "{what}: {times:.2} times as long"))
}
