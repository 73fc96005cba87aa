//! Logs: one line for each event on standard error, as text for a person or as JSON for a machine.

use std::{
    io::{self, IsTerminal as _},
    sync::atomic::{AtomicU64, Ordering},
};

use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::{
    EnvFilter, Layer as _,
    filter::{FilterExt as _, FilterFn},
    fmt::MakeWriter,
    layer::{Context, SubscriberExt as _},
    registry,
};

/// The filter if `MECRIS_LOG` is not set.
pub const DEFAULT_FILTER: &str = "info";

/// The format of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For a person.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum LogsError {
    /// `MECRIS_LOG` cannot be understood.
    #[error(
        "MECRIS_LOG={filter:?}: {why}; expected a level (error, warn, info, debug, trace) or target=level pairs separated by commas"
    )]
    Filter {
        /// What it was set to.
        filter: String,
        /// What is wrong with it.
        why: String,
    },
    /// `MECRIS_LOG_FORMAT` names no format.
    #[error("MECRIS_LOG_FORMAT={0:?}: expected \"text\" or \"json\"")]
    Format(String),
    /// Logging was set up before.
    #[error("logging is set up already")]
    Twice,
}

impl Format {
    /// The format of `--log-format`, else of `MECRIS_LOG_FORMAT`, else text.
    ///
    /// # Errors
    /// The variable is set to something else.
    pub fn choose(flag: Option<Self>, variable: Option<&str>) -> Result<Self, LogsError> {
        match (flag, variable) {
            (Some(format), _) => Ok(format),
            (None, None | Some("" | "text")) => Ok(Self::Text),
            (None, Some("json")) => Ok(Self::Json),
            (None, Some(other)) => Err(LogsError::Format(other.to_owned())),
        }
    }
}

/// Lines at ERROR since the process started.
static ERRORS: AtomicU64 = AtomicU64::new(0);

/// How many lines at ERROR were logged since the process started.
pub fn errors() -> u64 {
    ERRORS.load(Ordering::Relaxed)
}

/// Counts lines at ERROR, even those that the filter drops.
struct CountErrors;

impl<S: Subscriber> tracing_subscriber::Layer<S> for CountErrors {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() == Level::ERROR {
            ERRORS.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Sends the logs of this process to standard error. `filter` is `MECRIS_LOG`, empty for [`DEFAULT_FILTER`].
/// Call it once.
///
/// # Errors
/// [`LogsError`]; nothing is logged then.
pub fn init(format: Format, filter: &str) -> Result<(), LogsError> {
    let subscriber = subscriber(format, filter, io::stderr, io::stderr().is_terminal())?;
    tracing::subscriber::set_global_default(subscriber).map_err(|_| LogsError::Twice)
}

/// As [`init`], with another writer.
fn subscriber<W>(
    format: Format,
    filter: &str,
    writer: W,
    colours: bool,
) -> Result<Box<dyn Subscriber + Send + Sync>, LogsError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = if filter.trim().is_empty() {
        DEFAULT_FILTER
    } else {
        filter
    };
    let chosen = EnvFilter::try_new(filter).map_err(|error| LogsError::Filter {
        filter: filter.to_owned(),
        why: error.to_string(),
    })?;
    let filter = chosen.and(FilterFn::new(is_ours_or_harmless));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(writer)
        .with_ansi(colours);
    Ok(match format {
        Format::Text => Box::new(registry().with(CountErrors).with(lines.with_filter(filter))),
        Format::Json => Box::new(
            registry()
                .with(CountErrors)
                .with(lines.json().flatten_event(true).with_filter(filter)),
        ),
    })
}

/// Which lines are written. Below INFO only Mecris itself is logged, because HTTP libraries log URLs and
/// headers there, which carry tokens. The AWS SDK logs whole answers of the metadata service at WARN, with
/// session tokens, so only its errors are logged; Mecris reports failures of AWS itself.
fn is_ours_or_harmless(metadata: &Metadata<'_>) -> bool {
    let loudest = if metadata.target().starts_with("aws_") {
        Level::ERROR
    } else {
        Level::INFO
    };
    metadata.target().starts_with("mecris") || *metadata.level() <= loudest
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: Format, filter: &str, events: impl FnOnce()) -> String {
        let buffer = Buffer::default();
        let writer = buffer.clone();
        let subscriber = subscriber(format, filter, move || writer.clone(), false).unwrap();
        tracing::subscriber::with_default(subscriber, events);
        String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn json_lines_are_json_with_their_fields_at_the_top() {
        let line = logged(Format::Json, "", || tracing::info!(run_id = 7, "pass done"));
        let object: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(
            (&object["message"], &object["run_id"]),
            (&"pass done".into(), &7.into())
        );
    }

    #[test]
    fn an_empty_filter_is_info() {
        let text = logged(Format::Text, "", || {
            tracing::info!("loud");
            tracing::debug!("quiet");
        });
        assert!(text.contains("loud") && !text.contains("quiet"));
    }

    #[test]
    fn libraries_cannot_be_made_to_log_what_may_carry_tokens() {
        let text = logged(Format::Text, "trace", || {
            tracing::trace!("ours");
            tracing::debug!(target: "hyper_util::client", "GET /?auth_token=canary");
            tracing::warn!(target: "hyper_util::client", "pool is full");
            tracing::warn!(target: "aws_config::meta::credentials::chain", "raw: SdkBody(b\"canary\")");
        });
        assert!(text.contains("ours") && text.contains("pool is full") && !text.contains("canary"));
    }

    #[test]
    fn a_wrong_filter_or_format_is_a_sentence() {
        let wrong = subscriber(Format::Text, "mecris=loud", io::stderr, false)
            .err()
            .unwrap()
            .to_string();
        assert!(
            wrong.starts_with("MECRIS_LOG=\"mecris=loud\": ") && wrong.contains("expected a level"),
            "{wrong}"
        );
        assert!(Format::choose(None, Some("xml")).is_err());
        assert_eq!(Format::choose(None, Some("json")).unwrap(), Format::Json);
        assert_eq!(
            Format::choose(Some(Format::Text), Some("json")).unwrap(),
            Format::Text
        );
    }
}
