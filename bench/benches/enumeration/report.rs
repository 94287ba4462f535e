//! The results of a run, and whether the times tell known and unknown addresses apart.
use std::{fmt, time::Duration};

/// How far the share of right guesses may be from one half.
const BOUND: f64 = 0.10;
/// The limit of the ratio of the two medians.
const RATIO: f64 = 1.15;

/// The times of responses, in milliseconds.
#[derive(Default)]
pub(crate) struct Samples {
    known: Vec<f64>,
    unknown: Vec<f64>,
}

impl Samples {
    pub(crate) fn add(&mut self, known: Duration, unknown: Duration) {
        self.known.push(known.as_secs_f64() * 1e3);
        self.unknown.push(unknown.as_secs_f64() * 1e3);
    }

    /// The share of all pairs in which the response for the known address takes longer than the one for the unknown
    /// address: the area under the ROC curve, by Mann and Whitney's U. One half is chance.
    fn advantage(&self) -> f64 {
        let longer = self.known.iter().flat_map(|known| {
            self.unknown.iter().map(move |unknown| match known.total_cmp(unknown) {
                std::cmp::Ordering::Greater => 1.0,
                std::cmp::Ordering::Equal => 0.5,
                std::cmp::Ordering::Less => 0.0,
            })
        });
        let pairs: Vec<f64> = longer.collect();
        mean(&pairs)
    }
}

fn mean(values: &[f64]) -> f64 {
    let count = f64::from(u32::try_from(values.len()).unwrap_or(u32::MAX));
    values.iter().sum::<f64>() / count
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// All measurements of a run.
#[derive(Default)]
pub(crate) struct Report(Vec<(&'static str, Samples)>);

impl Report {
    pub(crate) fn add(&mut self, name: &'static str, samples: Samples) {
        self.0.push((name, samples));
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| request | known, ms | unknown, ms | known : unknown | right guesses | goal |")?;
        writeln!(f, "| --- | ---: | ---: | ---: | ---: | --- |")?;
        for (name, samples) in &self.0 {
            let (known, unknown) = (median(&samples.known), median(&samples.unknown));
            let (ratio, advantage) = (known / unknown, samples.advantage());
            let is_met = (advantage - 0.5).abs() <= BOUND && ratio < RATIO && ratio > 1.0 / RATIO;
            let goal = if is_met { "met" } else { "MISSED" };
            writeln!(f, "| {name} | {known:.2} | {unknown:.2} | {ratio:.3} | {:.1} % | {goal} |", advantage * 100.0)?;
        }
        writeln!(f, "\nA guess from the time of one response is right in {:.0} % of the cases by chance;", 50.0)?;
        write!(
            f,
            "the goals are at most {:.0} points from that, and medians within {:.0} %.",
            BOUND * 100.0,
            (RATIO - 1.0) * 100.0
        )
    }
}
