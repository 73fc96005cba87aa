//! What operators get to see: `[telemetry]`, `[journal]`.

use std::ops::RangeInclusive;

use super::{
    general::Environment,
    names::is_name,
    reader::Reader,
    setting::{Form, Kind, Setting, Table},
};

pub(super) const TELEMETRY: Table = Table {
    name: "telemetry",
    doc: "What operators see in CloudWatch.",
    form: Form::Always,
    settings: &[
        Setting::new(
            "telemetry.emf",
            Kind::Flag,
            "`true`: `serve` and `run` write metrics to their log in CloudWatch's embedded metric format, \
             namespace `Mecris/<telemetry.environment>`. The names are in `agent/src/telemetry/cloudwatch_metrics.json`",
        )
        .default("false"),
        Setting::new(
            "telemetry.environment",
            Kind::Text,
            "the name of this installation, up to 64 letters, digits, `-` and `_`. It is in the metrics' \
             namespace, and it is their one dimension, `Environment`",
        )
        .without("`environment`")
        .comment("\"staging\""),
    ],
};

pub(super) const JOURNAL: Table = Table {
    name: "journal",
    doc: "`ship-journal`: the journal of this machine to CloudWatch Logs.",
    form: Form::Always,
    settings: &[
        Setting::new(
            "journal.log_group",
            Kind::Text,
            "where the journal goes; the log group must exist",
        )
        .comment("\"/mecris/prod\""),
        Setting::new(
            "journal.log_stream",
            Kind::Text,
            "the stream in the group; `ship-journal` creates it",
        )
        .without("`INSTANCE-ID/journal`")
        .comment("\"i-0123456789abcdef0/journal\""),
        Setting::new(
            "journal.max_bytes_per_day",
            Kind::Integer(BYTES),
            "the most that is shipped on one day (UTC), as CloudWatch counts it ($0.50 a gigabyte in \
             us-east-1). Beyond it only errors and metrics go out, and a line says what was dropped",
        )
        .default("50_000_000"),
    ],
};

/// `[telemetry]`.
#[derive(Clone, Debug)]
pub struct TelemetrySettings {
    /// Whether metrics are written to the log in CloudWatch's embedded metric format.
    pub emf: bool,
    /// The value of the metrics' one dimension, `Environment`: the name of this installation.
    pub environment: String,
}

/// `[journal]`, for `ship-journal`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalSettings {
    /// Where the journal goes in CloudWatch Logs; without it nothing can be shipped.
    pub log_group: Option<String>,
    /// The stream in it; the instance's id and `/journal` if it is not set.
    pub log_stream: Option<String>,
    /// The most that is shipped on one day (UTC), in bytes as CloudWatch counts them. Errors and metrics go
    /// on.
    pub max_bytes_per_day: u32,
}

/// One gigabyte a day costs $0.50; less than a megabyte would lose every crash.
const BYTES: RangeInclusive<u32> = 1_000_000..=4_000_000_000;

pub(super) fn telemetry(reader: &mut Reader, environment: Environment) -> Option<TelemetrySettings> {
    const KEY: &str = "telemetry.environment";
    const EXPECTED: &str = "up to 64 letters, digits, \"-\" and \"_\", for example \"staging\"";
    let emf = reader.flag("telemetry.emf");
    let name = if reader.has(KEY) {
        reader.parsed(KEY, EXPECTED, |text| {
            is_name(text, 64, "-_").then(|| text.to_owned())
        })
    } else {
        Some(environment.as_str().to_owned())
    };
    Some(TelemetrySettings {
        emf: emf?,
        environment: name?,
    })
}

/// CloudWatch Logs: names of 1 to 512 characters, a group's without `:` and `*`, a stream's too.
pub(super) fn journal(reader: &mut Reader) -> Option<JournalSettings> {
    const EXPECTED: &str = "up to 512 letters, digits and \"_-/.#\", for example \"/mecris/prod\"";
    let mut name = |key: &str| {
        if !reader.has(key) {
            return Some(None);
        }
        reader.parsed(key, EXPECTED, |text| {
            is_name(text, 512, "_-/.#").then(|| Some(text.to_owned()))
        })
    };
    let log_group = name("journal.log_group");
    let log_stream = name("journal.log_stream");
    let max_bytes_per_day = reader.count("journal.max_bytes_per_day");
    Some(JournalSettings {
        log_group: log_group?,
        log_stream: log_stream?,
        max_bytes_per_day: max_bytes_per_day?,
    })
}
