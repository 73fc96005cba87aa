//! The metrics of the process. Each [`Metrics`] owns its registry: nothing is global, and each test can make
//! its own metrics.
//!
//! Names, labels and help are declared once, in [`Metrics::new`]. No label is free text: each value comes
//! from an enum or a constant, so the number of series is bounded.

use std::{collections::BTreeMap, sync::Arc};

use http::StatusCode;
use jiff::Timestamp;
use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::Registry,
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
    /// When a pass last read Beeminder, in seconds since 1970; 0: never. A dead-man's switch can watch it.
    last_success_timestamp: Gauge,
    /// Passes by how they ended.
    runs: Family<Outcome, Counter>,
    /// How long a pass took.
    run_duration: Histogram,
    /// Decisions by their reason.
    decisions: Family<ReasonLabel, Counter>,
    /// Messages by their current state.
    notifications: Family<StateLabel, Gauge>,
    /// Messages that a provider accepted.
    messages_accepted: Family<ChannelLabel, Counter>,
    /// 1 while a channel is broken.
    channel_broken: Family<ChannelLabel, Gauge>,
    /// 1 if the upstream answered the newest try.
    upstream_up: Family<Upstream, Gauge>,
    /// Tries that failed.
    upstream_failures: Family<Upstream, Counter>,
    /// Requests by the class of their status.
    http_requests: Family<StatusClass, Counter>,
    /// The series for `/health`, looked up once because it is on the hot path.
    http_ok: Counter,
    /// 1 while anything is degraded.
    degraded: Gauge,
    /// About the newest copy of the state that is safe off the machine: this gauge holds the number of the
    /// copy, and the next two hold its time and its size. 0 means that there is no copy.
    state_generation: Gauge,
    state_copied_timestamp: Gauge,
    state_copy_bytes: Gauge,
    /// 1 while copies of the state fail.
    state_copy_failing: Gauge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Build {
    version: &'static str,
    commit: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabel {
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ChannelLabel {
    channel: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Upstream {
    upstream: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatusClass {
    status: &'static str,
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
        registry.register(
            "build",
            "What this binary was built from",
            Info::new(Build { version, commit }),
        );

        let last_success_timestamp = Gauge::default();
        let runs = Family::<Outcome, Counter>::default();
        let run_duration = Histogram::new([0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0]);
        let decisions = Family::<ReasonLabel, Counter>::default();
        let notifications = Family::<StateLabel, Gauge>::default();
        let messages_accepted = Family::<ChannelLabel, Counter>::default();
        let channel_broken = Family::<ChannelLabel, Gauge>::default();
        let upstream_up = Family::<Upstream, Gauge>::default();
        let upstream_failures = Family::<Upstream, Counter>::default();
        let http_requests = Family::<StatusClass, Counter>::default();
        let degraded = Gauge::<i64>::default();
        let [
            state_generation,
            state_copied_timestamp,
            state_copy_bytes,
            state_copy_failing,
        ] = [(); 4].map(|()| Gauge::<i64>::default());

        registry.register(
            "last_success_timestamp_seconds",
            "When a pass last read Beeminder, seconds since 1970; 0 means never",
            last_success_timestamp.clone(),
        );
        registry.register("runs", "Passes by outcome", runs.clone());
        registry.register(
            "run_duration_seconds",
            "How long a pass took",
            run_duration.clone(),
        );
        registry.register("decisions", "Decisions by reason", decisions.clone());
        registry.register(
            "notifications",
            "Messages by where they stand now",
            notifications.clone(),
        );
        registry.register(
            "messages_accepted",
            "Messages that a provider took, by channel",
            messages_accepted.clone(),
        );
        registry.register(
            "channel_broken",
            "1 while a channel refuses for a reason that only a person can remove",
            channel_broken.clone(),
        );
        registry.register(
            "upstream_up",
            "1 if the upstream answered the newest try",
            upstream_up.clone(),
        );
        registry.register(
            "upstream_failures",
            "Tries that failed, by upstream",
            upstream_failures.clone(),
        );
        registry.register(
            "http_requests",
            "Requests by the class of their status",
            http_requests.clone(),
        );
        registry.register("degraded", "1 while anything is degraded", degraded.clone());
        for (name, help, gauge) in [
            (
                "state_generation",
                "Number of the newest copy of the state off the machine; 0: none",
                &state_generation,
            ),
            (
                "state_copied_timestamp_seconds",
                "When it was made, seconds since 1970; 0: never",
                &state_copied_timestamp,
            ),
            ("state_copy_bytes", "Its size", &state_copy_bytes),
            (
                "state_copy_failing",
                "1 while the state cannot be copied off the machine",
                &state_copy_failing,
            ),
        ] {
            registry.register(name, help, gauge.clone());
        }

        for outcome in RunOutcome::ALL {
            drop(runs.get_or_create(&Outcome {
                outcome: outcome.as_str(),
            }));
        }
        for reason in Reason::ALL {
            drop(decisions.get_or_create(&ReasonLabel {
                reason: reason.as_str(),
            }));
        }
        for state in State::ALL {
            drop(notifications.get_or_create(&StateLabel {
                state: state.as_str(),
            }));
        }
        for channel in ChannelKind::ALL {
            drop(messages_accepted.get_or_create(&ChannelLabel {
                channel: channel.as_str(),
            }));
            drop(channel_broken.get_or_create(&ChannelLabel {
                channel: channel.as_str(),
            }));
        }
        for status in ["2xx", "4xx", "5xx"] {
            drop(http_requests.get_or_create(&StatusClass { status }));
        }
        let http_ok = http_requests.get_or_create_owned(&StatusClass { status: "2xx" });

        Self {
            registry: Arc::new(registry),
            last_success_timestamp,
            runs,
            run_duration,
            decisions,
            notifications,
            messages_accepted,
            channel_broken,
            upstream_up,
            upstream_failures,
            http_requests,
            http_ok,
            degraded,
            state_generation,
            state_copied_timestamp,
            state_copy_bytes,
            state_copy_failing,
        }
    }

    /// Sets the metrics about copies of the state.
    pub fn copies(&self, copies: &Copies) {
        let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        if let Some(saved) = copies.saved {
            self.state_generation.set(number(saved.generation));
            self.state_copied_timestamp.set(saved.at.as_second());
            self.state_copy_bytes.set(number(saved.bytes));
        }
        self.state_copy_failing.set(i64::from(copies.trouble.is_some()));
    }

    /// A pass ended.
    pub fn run_finished(&self, outcome: RunOutcome, took: std::time::Duration) {
        self.runs
            .get_or_create(&Outcome {
                outcome: outcome.as_str(),
            })
            .inc();
        self.run_duration.observe(took.as_secs_f64());
    }

    /// Sets when a pass last succeeded. Call this when the process starts too, with the time that the store
    /// remembers.
    pub fn last_success(&self, at: Timestamp) {
        self.last_success_timestamp.set(at.as_second());
    }

    /// A decision was taken.
    pub fn decided(&self, reason: Reason) {
        self.decisions
            .get_or_create(&ReasonLabel {
                reason: reason.as_str(),
            })
            .inc();
    }

    /// Sets how many messages are in each state now. A state that is missing in `counts` has no message.
    pub fn set_notifications(&self, counts: &BTreeMap<State, u32>) {
        for state in State::ALL {
            let count = counts.get(&state).copied().unwrap_or_default();
            self.notifications
                .get_or_create(&StateLabel {
                    state: state.as_str(),
                })
                .set(count.into());
        }
    }

    /// Sets how many messages providers have ever accepted on each channel. The state holds these numbers, so
    /// the counter survives a restart.
    pub fn messages_accepted(&self, totals: &BTreeMap<ChannelKind, u32>) {
        for (&channel, &total) in totals {
            let counter = self.messages_accepted.get_or_create(&ChannelLabel {
                channel: channel.as_str(),
            });
            counter.inc_by(u64::from(total).saturating_sub(counter.get()));
        }
    }

    /// Sets whether a channel is broken now.
    pub fn channel_broken(&self, channel: ChannelKind, broken: bool) {
        self.channel_broken
            .get_or_create(&ChannelLabel {
                channel: channel.as_str(),
            })
            .set(i64::from(broken));
    }

    /// Records that an upstream was tried, and whether it answered.
    pub fn upstream(&self, upstream: &'static str, ok: bool) {
        self.upstream_up
            .get_or_create(&Upstream { upstream })
            .set(i64::from(ok));
        let failures = self.upstream_failures.get_or_create(&Upstream { upstream });
        if !ok {
            failures.inc();
        }
    }

    /// A request was answered.
    pub fn http_request(&self, status: StatusCode) {
        match status.as_u16() / 100 {
            1..=3 => self.http_ok.inc(),
            4 => self
                .http_requests
                .get_or_create(&StatusClass { status: "4xx" })
                .inc(),
            _ => self
                .http_requests
                .get_or_create(&StatusClass { status: "5xx" })
                .inc(),
        };
    }

    /// Sets whether anything is degraded.
    pub fn degraded(&self, degraded: bool) {
        self.degraded.set(i64::from(degraded));
    }

    /// All metrics as text, see [`CONTENT_TYPE`].
    pub fn render(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::with_capacity(4096);
        text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
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
