use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

use super::registered;

/// The services that passes read.
#[derive(Clone, Debug)]
pub(super) struct UpstreamMetrics {
    /// 1 if the upstream answered the newest try.
    up: Family<Upstream, Gauge>,
    /// Tries that failed.
    failures: Family<Upstream, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Upstream {
    upstream: &'static str,
}

impl UpstreamMetrics {
    pub(super) fn new(registry: &mut Registry) -> Self {
        Self {
            up: registered(
                registry,
                "upstream_up",
                "1 if the upstream answered the newest try",
                Family::default(),
            ),
            failures: registered(
                registry,
                "upstream_failures",
                "Tries that failed, by upstream",
                Family::default(),
            ),
        }
    }

    pub(super) fn tried(&self, upstream: &'static str, ok: bool) {
        self.up.get_or_create(&Upstream { upstream }).set(i64::from(ok));
        let failures = self.failures.get_or_create(&Upstream { upstream });
        if !ok {
            failures.inc();
        }
    }
}
