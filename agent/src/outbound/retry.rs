//! Which calls are tried again, and after which pause.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use http::{HeaderValue, StatusCode};
use jiff::Timestamp;

use super::{CallError, Reply, Tuning};

/// The pauses between the tries of one call: exponential, with full jitter (between zero and the whole
/// pause), so that instances that failed together do not retry together. Empty for a call that must not be
/// repeated.
pub(super) fn pauses(tuning: Tuning, idempotent: bool) -> impl Iterator<Item = Duration> + Send {
    ExponentialBuilder::new()
        .with_min_delay(tuning.first_delay)
        .with_max_delay(tuning.longest_delay)
        .with_max_times(if idempotent { tuning.retries } else { 0 })
        .build()
        .map(|pause| pause.mul_f64(fastrand::f64()))
}

/// Whether the circuit breaker counts this as a failure: no reply, or 5xx. A 4xx, 429 too, counts as an
/// answer.
pub(super) fn upstream_failed(outcome: &Result<Reply, CallError>) -> bool {
    outcome
        .as_ref()
        .map_or(true, |reply| reply.status.is_server_error())
}

/// Why a try failed, for a person.
pub(super) fn why(upstream: &str, outcome: &Result<Reply, CallError>) -> String {
    match outcome {
        Ok(reply) => format!("{upstream} answered with status {}", reply.status.as_u16()),
        Err(error) => error.to_string(),
    }
}

/// Whether another try may help.
pub(super) fn worth_retrying(outcome: &Result<Reply, CallError>) -> bool {
    upstream_failed(outcome) || matches!(outcome, Ok(reply) if reply.status == StatusCode::TOO_MANY_REQUESTS)
}

/// How long to wait before the next try: at least as long as the upstream asked for.
pub(super) fn wait(outcome: &Result<Reply, CallError>, pause: Duration) -> Duration {
    outcome
        .as_ref()
        .ok()
        .and_then(|reply| reply.retry_after)
        .map_or(pause, |asked| asked.max(pause))
}

/// Reads `retry-after`: whole seconds, or an HTTP date. A date in the past is a wait of zero.
pub(super) fn parse_retry_after(value: &HeaderValue, now: impl FnOnce() -> Timestamp) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let then = jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(text)
        .ok()?;
    Some(then.duration_since(now()).try_into().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_jittered_over_their_whole_range_and_bounded() {
        let tuning = Tuning {
            retries: 4,
            longest_delay: Duration::from_millis(1000),
            ..Tuning::default()
        };
        let runs: Vec<Vec<Duration>> = (0..500).map(|_| pauses(tuning, true).collect()).collect();
        for (nth, most_ms) in [250_u64, 500, 1000, 1000].into_iter().enumerate() {
            let most = Duration::from_millis(most_ms);
            assert!(runs.iter().all(|run| run[nth] <= most));
            assert!(
                runs.iter().any(|run| run[nth] < most / 10),
                "no short pause in 500 runs"
            );
            assert!(
                runs.iter().any(|run| run[nth] > most * 9 / 10),
                "no long pause in 500 runs"
            );
        }
        assert_eq!(pauses(tuning, false).count(), 0);
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let now = || "1994-11-06T08:49:00Z".parse().unwrap();
        let parse = |text: &'static str| parse_retry_after(&HeaderValue::from_static(text), now);
        assert_eq!(parse("120"), Some(Duration::from_secs(120)));
        assert_eq!(
            parse("Sun, 06 Nov 1994 08:49:37 GMT"),
            Some(Duration::from_secs(37))
        );
        assert_eq!(parse("Sun, 06 Nov 1994 08:48:37 GMT"), Some(Duration::ZERO));
        for wrong in ["", "soon", "-1", "1.5"] {
            assert_eq!(parse(wrong), None, "{wrong:?}");
        }
    }
}
