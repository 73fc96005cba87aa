use std::{pin::pin, time::Duration};

use tokio::time::{Instant, sleep_until};

use crate::clock::Clock;

/// How a question to the remote ended.
pub(in crate::store) struct Ended<T> {
    /// The answer; `None` if none came in time.
    pub(in crate::store) answer: Option<T>,
    /// Whether this process stood still for a good part of the time, because it was stopped or the machine
    /// slept. Then every timer has run out, ours and those of the libraries below. A missing answer says
    /// nothing about the remote then.
    pub(in crate::store) stood_still: bool,
}

/// Waits for an answer, at most `within`.
pub(in crate::store) async fn ask<T>(
    clock: &Clock,
    within: Duration,
    question: impl Future<Output = T>,
) -> Ended<T> {
    let (beat, pause) = (within / 8, within / 4);
    let end = Instant::now() + within;
    let mut question = pin!(question);
    let mut last = clock.boottime();
    let mut stood_still = false;
    loop {
        let answer = tokio::select! {
            biased;
            answer = &mut question => Some(answer),
            () = sleep_until(end.min(Instant::now() + beat)) => None,
        };
        let now = clock.boottime();
        stood_still |= now.saturating_sub(last) > beat + pause;
        last = now;
        if answer.is_some() || Instant::now() >= end {
            return Ended { answer, stood_still };
        }
    }
}
