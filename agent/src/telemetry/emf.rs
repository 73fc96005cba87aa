//! Metrics in the log, in CloudWatch's embedded metric format: one JSON object a line, which CloudWatch Logs
//! turns into metrics when it arrives. So the agent needs no permission and no connection for them, and a
//! line that `ship-journal` ships late keeps its date.
//!
//! The names are in `cloudwatch_metrics.json`, which the infrastructure reads too.

use std::{io, io::Write as _, sync::Arc};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// The namespace of the metrics of one installation, `Mecris/prod` for example. Each has its own: a right to write
/// metrics can be limited to a namespace, and to nothing smaller.
pub fn namespace(environment: &str) -> String {
    format!("Mecris/{environment}")
}

/// Their one dimension.
pub const DIMENSION: &str = "Environment";

/// Every name with its unit and what it is, as JSON.
pub const NAMES: &str = include_str!("cloudwatch_metrics.json");

/// The metrics that the agent itself writes. CloudWatch knows each by the name of its variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantArray)]
pub enum Metric {
    /// A pass read Beeminder and was recorded.
    SuccessfulPass,
    /// A pass failed: it did not read Beeminder, or was not recorded.
    FailedPass,
    /// A message failed on all channels.
    NotificationFailed,
    /// A minute outside the window and its grace.
    OutsideWindow,
    /// Lines at ERROR in the last minute.
    AgentError,
    /// A minute of running.
    InstanceMinutes,
    /// A minute in which no pass was overdue.
    WatchedMinutes,
    /// The watchdog ended the process before this one.
    WatchdogRestart,
}

impl Metric {
    /// The name in CloudWatch: that of the variant.
    fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Writes metrics into the log, or nothing where they are not wanted. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Emf(Option<Arc<str>>);

impl Emf {
    /// Writes metrics for the installation of this name.
    pub fn new(environment: &str) -> Self {
        Self(Some(environment.into()))
    }

    /// As the settings `telemetry` say.
    pub fn of(settings: &crate::config::TelemetrySettings) -> Self {
        if settings.emf {
            Self::new(&settings.environment)
        } else {
            Self::default()
        }
    }

    /// Writes one line to standard error, where the log is.
    pub fn count(&self, at: Timestamp, values: &[(Metric, u64)]) {
        if let Some(line) = self.line(at, values)
            && let Err(error) = writeln!(io::stderr().lock(), "{line}")
        {
            // If metrics cannot be written, this warning probably cannot either. It is tried anyway.
            tracing::warn!(%error, "metrics cannot be written to the log");
        }
    }

    /// The line, if there is one to write.
    pub(crate) fn line(&self, at: Timestamp, values: &[(Metric, u64)]) -> Option<String> {
        let environment = self.0.as_deref().filter(|_| !values.is_empty())?;
        let metrics: Vec<Value> = values
            .iter()
            .map(|(metric, _)| json!({ "Name": metric.as_str(), "Unit": "Count" }))
            .collect();
        let directive = json!({
            "Namespace": namespace(environment), "Dimensions": [[DIMENSION]], "Metrics": metrics,
        });
        let mut line = Map::from_iter([
            (
                "_aws".to_owned(),
                json!({ "Timestamp": at.as_millisecond(), "CloudWatchMetrics": [directive] }),
            ),
            (DIMENSION.to_owned(), environment.into()),
        ]);
        line.extend(
            values
                .iter()
                .map(|(metric, value)| (metric.as_str().to_owned(), (*value).into())),
        );
        Some(Value::Object(line).to_string())
    }
}

#[cfg(test)]
mod tests {
    use strum::VariantArray as _;

    use super::*;

    #[test]
    fn every_metric_of_the_agent_is_in_the_table_that_alarms_are_made_of() {
        let table: Map<String, Value> = serde_json::from_str(NAMES).unwrap();
        for metric in Metric::VARIANTS {
            assert_eq!(table[metric.as_str()]["unit"], "Count", "{metric:?}");
        }
        for (name, about) in &table {
            assert!(
                about["what"].as_str().is_some_and(|what| what.len() > 10),
                "{name}"
            );
            assert!(
                ["Count", "Seconds"].contains(&about["unit"].as_str().unwrap()),
                "{name}"
            );
        }
    }

    #[test]
    fn a_line_is_what_cloudwatch_documents() {
        let at = "2026-11-21T18:00:00.5Z".parse().unwrap();
        let line = Emf::new("staging")
            .line(at, &[(Metric::AgentError, 0), (Metric::InstanceMinutes, 1)])
            .unwrap();
        let found: Value = serde_json::from_str(&line).unwrap();
        let expected = json!({
            "_aws": {
                "Timestamp": 1_795_284_000_500_i64,
                "CloudWatchMetrics": [{
                    "Namespace": "Mecris/staging",
                    "Dimensions": [["Environment"]],
                    "Metrics": [{"Name": "AgentError", "Unit": "Count"}, {"Name": "InstanceMinutes", "Unit": "Count"}],
                }],
            },
            "Environment": "staging",
            "AgentError": 0,
            "InstanceMinutes": 1,
        });
        assert_eq!(found, expected);
    }

    #[test]
    fn where_they_are_not_wanted_there_is_no_line() {
        assert_eq!(
            Emf::default().line(Timestamp::UNIX_EPOCH, &[(Metric::SuccessfulPass, 1)]),
            None
        );
        assert_eq!(Emf::new("x").line(Timestamp::UNIX_EPOCH, &[]), None);
    }
}
