//! The metrics of the process. Each [`Metrics`] owns its registry: nothing is global, and each test can make
//! its own metrics.
//!
//! Each file declares the metrics of one concern once, with name, labels and help. No label is free text:
//! each value comes from an enum or a constant, so the number of series is bounded.

mod copies;
mod messages;
mod passes;
mod requests;
mod upstreams;

use std::{collections::BTreeMap, sync::Arc};

use http::StatusCode;
use jiff::Timestamp;
use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{gauge::Gauge, info::Info},
    registry::{Metric, Registry},
};

use self::{
    copies::CopyMetrics, messages::MessageMetrics, passes::PassMetrics, requests::RequestMetrics,
    upstreams::UpstreamMetrics,
};
use crate::{
    domain::{ChannelKind, Reason, RunOutcome},
    notify::outbox::State,
    store::Copies,
};

/// The content type of [`Metrics::render`]. Prometheus can read it since its version 2.5.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The metrics of a process. Cheap to clone; clones share their values.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Arc<Registry>,
    passes: PassMetrics,
    messages: MessageMetrics,
    upstreams: UpstreamMetrics,
    requests: RequestMetrics,
    copies: CopyMetrics,
    /// 1 while anything is degraded.
    degraded: Gauge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Build {
    version: &'static str,
    commit: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Metrics that are all zero. Every series except those about upstreams exists from the start. So a rate
    /// counts the first event too, and a missing series means that the agent is missing.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("mecris");
        let super::BuildInfo { version, commit, .. } = super::build_info();
        let build = Info::new(Build { version, commit });
        registry.register("build", "What this binary was built from", build);
        let passes = PassMetrics::new(&mut registry);
        let messages = MessageMetrics::new(&mut registry);
        let upstreams = UpstreamMetrics::new(&mut registry);
        let requests = RequestMetrics::new(&mut registry);
        let degraded = registered(
            &mut registry,
            "degraded",
            "1 while anything is degraded",
            Gauge::default(),
        );
        let copies = CopyMetrics::new(&mut registry);
        Self {
            registry: Arc::new(registry),
            passes,
            messages,
            upstreams,
            requests,
            copies,
            degraded,
        }
    }

    /// Sets the metrics about copies of the state.
    pub fn copies(&self, copies: &Copies) {
        self.copies.set(copies);
    }

    /// A pass ended.
    pub fn run_finished(&self, outcome: RunOutcome, took: std::time::Duration) {
        self.passes.finished(outcome, took);
    }

    /// Sets when a pass last succeeded. Call this when the process starts too, with the time that the store
    /// remembers.
    pub fn last_success(&self, at: Timestamp) {
        self.passes.last_success(at);
    }

    /// A decision was taken.
    pub fn decided(&self, reason: Reason) {
        self.passes.decided(reason);
    }

    /// Sets how many messages are in each state now. A state that is missing in `counts` has no message.
    pub fn set_notifications(&self, counts: &BTreeMap<State, u32>) {
        self.messages.set_counts(counts);
    }

    /// Sets how many messages providers have ever accepted on each channel. The state holds these numbers, so
    /// the counter survives a restart.
    pub fn messages_accepted(&self, totals: &BTreeMap<ChannelKind, u32>) {
        self.messages.set_accepted(totals);
    }

    /// Sets whether a channel is broken now.
    pub fn channel_broken(&self, channel: ChannelKind, broken: bool) {
        self.messages.set_broken(channel, broken);
    }

    /// Records that an upstream was tried, and whether it answered.
    pub fn upstream(&self, upstream: &'static str, ok: bool) {
        self.upstreams.tried(upstream, ok);
    }

    /// A request was answered.
    pub fn http_request(&self, status: StatusCode) {
        self.requests.answered(status);
    }

    /// Sets whether anything is degraded.
    pub fn degraded(&self, degraded: bool) {
        self.degraded.set(i64::from(degraded));
    }

    /// All metrics as text, see [`CONTENT_TYPE`].
    ///
    /// # Errors
    /// If a metric cannot be written as text.
    pub fn render(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::with_capacity(4096);
        text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// Registers a metric and returns it. The registry has a clone, which shares its values.
fn registered<M: Metric + Clone>(registry: &mut Registry, name: &str, help: &str, metric: M) -> M {
    registry.register(name, help, metric.clone());
    metric
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn every_metric_is_there_before_anything_happened() {
        let text = Metrics::new()
            .render()
            .unwrap()
            .replace(
                concat!("version=\"", env!("CARGO_PKG_VERSION")),
                "version=\"[version]",
            )
            .replace(concat!("commit=\"", env!("MECRIS_COMMIT")), "commit=\"[commit]");
        // The order of series within a family is not part of the contract.
        let mut lines: Vec<_> = text.lines().collect();
        lines.sort_unstable();
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn what_happens_is_counted() {
        let metrics = Metrics::new();
        metrics.run_finished(RunOutcome::Unknown, Duration::from_millis(300));
        metrics.last_success("2026-11-21T14:00:00Z".parse().unwrap());
        metrics.set_notifications(&BTreeMap::from([(State::Accepted, 2)]));
        metrics.messages_accepted(&BTreeMap::from([(ChannelKind::Sms, 1)]));
        metrics.channel_broken(ChannelKind::Voice, true);
        metrics.upstream("beeminder", false);
        metrics.http_request(StatusCode::OK);
        metrics.http_request(StatusCode::TOO_MANY_REQUESTS);
        metrics.http_request(StatusCode::SERVICE_UNAVAILABLE);
        metrics.degraded(true);
        let text = metrics.render().unwrap();
        for line in [
            "mecris_last_success_timestamp_seconds 1795269600",
            "mecris_runs_total{outcome=\"unknown\"} 1",
            "mecris_runs_total{outcome=\"done\"} 0",
            "mecris_run_duration_seconds_count 1",
            "mecris_notifications{state=\"accepted\"} 2",
            "mecris_messages_accepted_total{channel=\"sms\"} 1",
            "mecris_channel_broken{channel=\"voice\"} 1",
            "mecris_channel_broken{channel=\"sms\"} 0",
            "mecris_upstream_up{upstream=\"beeminder\"} 0",
            "mecris_upstream_failures_total{upstream=\"beeminder\"} 1",
            "mecris_http_requests_total{status=\"2xx\"} 1",
            "mecris_http_requests_total{status=\"4xx\"} 1",
            "mecris_http_requests_total{status=\"5xx\"} 1",
            "mecris_degraded 1",
        ] {
            assert!(text.lines().any(|l| l == line), "{line}\n{text}");
        }
    }

    #[test]
    fn a_state_that_emptied_goes_back_to_zero() {
        let metrics = Metrics::new();
        metrics.set_notifications(&BTreeMap::from([(State::Sending, 1)]));
        metrics.set_notifications(&BTreeMap::from([(State::Delivered, 1)]));
        assert!(
            metrics
                .render()
                .unwrap()
                .contains("mecris_notifications{state=\"sending\"} 0")
        );
    }
}
