//! The table of results.

use std::{fmt::Write as _, time::Duration};

/// The rows, in the order of the measurements.
#[derive(Debug, Default)]
pub(crate) struct Report(Vec<[String; 4]>);

impl Report {
    /// Adds a measurement. `reach` is the design's target, empty if there is none.
    pub(crate) fn row(&mut self, what: &str, value: String, reach: &str, reached: bool) {
        eprintln!("{what}: {value}");
        let verdict = match (reach.is_empty(), reached) {
            (true, _) => "",
            (false, true) => "reached",
            (false, false) => "**missed**",
        };
        self.0
            .push([what.to_owned(), value, reach.to_owned(), verdict.to_owned()]);
    }

    /// The table as Markdown.
    pub(crate) fn markdown(&self) -> String {
        let mut text = String::from("| what | measured | reach | |\n|---|---:|---:|---|\n");
        for row in &self.0 {
            let _ = writeln!(text, "| {} |", row.join(" | "));
        }
        text
    }
}

/// A duration in milliseconds, rounded to a sensible number of digits.
pub(crate) fn milliseconds(duration: Duration) -> String {
    let value = duration.as_secs_f64() * 1e3;
    if value < 10.0 {
        format!("{value:.2} ms")
    } else {
        format!("{value:.0} ms")
    }
}

/// The value below which this share of the sorted values lies.
pub(crate) fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let place = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(place).copied().unwrap_or_default()
}
