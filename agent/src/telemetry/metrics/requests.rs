use http::StatusCode;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

use super::registered;

/// Requests to our endpoints.
#[derive(Clone, Debug)]
pub(super) struct RequestMetrics {
    /// Requests by the class of their status.
    by_class: Family<StatusClass, Counter>,
    /// The series for `/health`, looked up once because it is on the hot path.
    ok: Counter,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatusClass {
    status: &'static str,
}

const OK: StatusClass = StatusClass { status: "2xx" };
const REFUSED: StatusClass = StatusClass { status: "4xx" };
const FAILED: StatusClass = StatusClass { status: "5xx" };

impl RequestMetrics {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let help = "Requests by the class of their status";
        let by_class = registered(registry, "http_requests", help, Family::default());
        for class in [OK, REFUSED, FAILED] {
            drop(by_class.get_or_create(&class));
        }
        Self {
            ok: by_class.get_or_create_owned(&OK),
            by_class,
        }
    }

    pub(super) fn answered(&self, status: StatusCode) {
        match status.as_u16() / 100 {
            1..=3 => self.ok.inc(),
            4 => self.by_class.get_or_create(&REFUSED).inc(),
            _ => self.by_class.get_or_create(&FAILED).inc(),
        };
    }
}
