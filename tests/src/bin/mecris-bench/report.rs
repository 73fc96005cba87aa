//! The table.

use std::{fmt::Write as _, time::Duration};

/// Rows in the order in which they were measured.
#[derive(Debug, Default)]
pub(crate) struct Report(Vec<[String; 4]>);

impl Report {
    /// One measurement; `reach` is what the design asks for, empty where it asks for nothing.
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

    /// All of it.
    pub(crate) fn markdown(&self) -> String {
        let mut text = String::from("| what | measured | reach | |\n|---|---:|---:|---|\n");
        for row in &self.0 {
            let _ = writeln!(text, "| {} |", row.join(" | "));
        }
        text
    }
}

/// A duration in milliseconds, as exact as it is worth.
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
