use prometheus_client::{metrics::gauge::Gauge, registry::Registry};

use super::registered;
use crate::store::Copies;

/// The copies of the state off the machine.
#[derive(Clone, Debug)]
pub(super) struct CopyMetrics {
    /// The number of the newest copy that is known to be safe; 0: there is none. The next two are about the
    /// same copy.
    generation: Gauge,
    /// In seconds since 1970.
    copied_timestamp: Gauge,
    bytes: Gauge,
    /// 1 while copies fail.
    failing: Gauge,
}

impl CopyMetrics {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let mut gauge = |name, help| registered(registry, name, help, Gauge::default());
        Self {
            generation: gauge(
                "state_generation",
                "Number of the newest copy of the state off the machine; 0: none",
            ),
            copied_timestamp: gauge(
                "state_copied_timestamp_seconds",
                "When it was made, seconds since 1970; 0: never",
            ),
            bytes: gauge("state_copy_bytes", "Its size"),
            failing: gauge(
                "state_copy_failing",
                "1 while the state cannot be copied off the machine",
            ),
        }
    }

    pub(super) fn set(&self, copies: &Copies) {
        let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        if let Some(saved) = copies.saved {
            self.generation.set(number(saved.generation));
            self.copied_timestamp.set(saved.at.as_second());
            self.bytes.set(number(saved.bytes));
        }
        self.failing.set(i64::from(copies.trouble.is_some()));
    }
}
