use std::time::Duration;

use jiff::Timestamp;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

use super::registered;
use crate::domain::{Reason, RunOutcome};

/// Upper bounds of the classes of a pass's duration, in seconds.
const DURATIONS: [f64; 11] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0];

/// Passes and what they decided.
#[derive(Clone, Debug)]
pub(super) struct PassMetrics {
    /// When a pass last read Beeminder, in seconds since 1970; 0: never. A dead-man's switch can watch it.
    last_success_timestamp: Gauge,
    /// Passes by how they ended.
    by_outcome: Family<OutcomeLabel, Counter>,
    /// How long a pass took.
    duration: Histogram,
    /// Decisions by their reason.
    decisions: Family<ReasonLabel, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}

impl PassMetrics {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let metrics = Self {
            last_success_timestamp: registered(
                registry,
                "last_success_timestamp_seconds",
                "When a pass last read Beeminder, seconds since 1970; 0 means never",
                Gauge::default(),
            ),
            by_outcome: registered(registry, "runs", "Passes by outcome", Family::default()),
            duration: registered(
                registry,
                "run_duration_seconds",
                "How long a pass took",
                Histogram::new(DURATIONS),
            ),
            decisions: registered(registry, "decisions", "Decisions by reason", Family::default()),
        };
        for outcome in RunOutcome::ALL {
            drop(metrics.by_outcome.get_or_create(&of_outcome(outcome)));
        }
        for reason in Reason::ALL {
            drop(metrics.decisions.get_or_create(&of_reason(reason)));
        }
        metrics
    }

    pub(super) fn finished(&self, outcome: RunOutcome, took: Duration) {
        self.by_outcome.get_or_create(&of_outcome(outcome)).inc();
        self.duration.observe(took.as_secs_f64());
    }

    pub(super) fn last_success(&self, at: Timestamp) {
        self.last_success_timestamp.set(at.as_second());
    }

    pub(super) fn decided(&self, reason: Reason) {
        self.decisions.get_or_create(&of_reason(reason)).inc();
    }
}

fn of_outcome(outcome: RunOutcome) -> OutcomeLabel {
    OutcomeLabel {
        outcome: outcome.as_str(),
    }
}

fn of_reason(reason: Reason) -> ReasonLabel {
    ReasonLabel {
        reason: reason.as_str(),
    }
}
