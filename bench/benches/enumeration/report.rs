//! What a run measured, and whether it tells the two kinds of addresses apart.
use std::{fmt, time::Duration};

/// How far from a coin's toss a guess from one answer's time may be right.
const BOUND: f64 = 0.10;
/// How much longer one kind may take than the other.
const RATIO: f64 = 1.15;

/// Times of answers, in milliseconds.
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

    /// How often an answer about a known address takes longer than one about an unknown one, of all pairs: the area
    /// under the curve of whoever tells them apart by their time (Mann and Whitney's U). One half tells nothing.
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

fn mean(of: &[f64]) -> f64 {
    let count = f64::from(u32::try_from(of.len()).unwrap_or(u32::MAX));
    of.iter().sum::<f64>() / count
}

fn median(of: &[f64]) -> f64 {
    let mut sorted = of.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Everything that was measured.
#[derive(Default)]
pub(crate) struct Report(Vec<(&'static str, Samples)>);

impl Report {
    pub(crate) fn add(&mut self, name: &'static str, samples: Samples) {
        self.0.push((name, samples));
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| a stranger | known, ms | unknown, ms | known : unknown | right guesses | goal |")?;
        writeln!(f, "| --- | ---: | ---: | ---: | ---: | --- |")?;
        for (name, samples) in &self.0 {
            let (known, unknown) = (median(&samples.known), median(&samples.unknown));
            let (ratio, advantage) = (known / unknown, samples.advantage());
            let holds = (advantage - 0.5).abs() <= BOUND && ratio < RATIO && ratio > 1.0 / RATIO;
            let goal = if holds { "holds" } else { "MISSED" };
            writeln!(f, "| {name} | {known:.2} | {unknown:.2} | {ratio:.3} | {:.1} % | {goal} |", advantage * 100.0)?;
        }
        writeln!(f, "\nA guess from the time of one answer is right in {:.0} % of the cases by chance;", 50.0)?;
        write!(
            f,
            "the goal is at most {:.0} points from that, and medians within {:.0} %.",
            BOUND * 100.0,
            (RATIO - 1.0) * 100.0
        )
    }
}
