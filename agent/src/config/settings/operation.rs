//! What operators get to see: `[telemetry]`, `[journal]`.

/// `[telemetry]`.
#[derive(Clone, Debug)]
pub struct TelemetrySettings {
    /// Whether metrics are written to the log in CloudWatch's embedded metric format.
    pub emf: bool,
    /// The value of their one dimension, `Environment`: what this installation is called.
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
