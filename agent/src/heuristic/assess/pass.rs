//! `run`: Mecris itself. A day on which nothing was checked, and a pass that took too long, are reported like
//! any broken promise.

use std::time::Duration;

use jiff::Timestamp;

use super::{History, words::Local};
use crate::{
    clock::local_day,
    domain::{Condition, Daystamp, Money, Phrase, Severity, Subject},
    heuristic::policy::MISSED_DAY,
};

/// Something that is wrong with Mecris' own work.
struct Trouble {
    /// The day on which the trouble began. Each trouble is said once for its day, so a gap is said once,
    /// however long it lasts.
    day: Daystamp,
    evidence: String,
    phrase: Phrase,
}

/// There is one condition, however many things are wrong. If a day was missed, the phrase is about that day.
/// Otherwise it is about the pass that took too long. The evidence names all.
pub(super) fn condition(
    elapsed: Duration,
    history: &History,
    deadline: Duration,
    local: &Local<'_>,
) -> Condition {
    let troubles: Vec<Trouble> = [
        still_missing(history, local),
        ended_gap(history, local),
        too_slow(
            local.now,
            (elapsed > deadline).then_some(elapsed),
            deadline,
            local,
        ),
        history
            .overran
            .and_then(|(started_at, took)| too_slow(started_at, Some(took), deadline, local)),
    ]
    .into_iter()
    .flatten()
    .collect();
    let evidence = troubles
        .iter()
        .map(|trouble| trouble.evidence.as_str())
        .collect::<Vec<_>>()
        .join("; ");
    let (severity, day, evidence, phrase) = match troubles.into_iter().next() {
        Some(first) => (Severity::Warning, first.day, evidence, first.phrase),
        None => (
            Severity::Safe,
            local_day(local.now, local.zone),
            regular(history, local),
            said("checked", "checked"),
        ),
    };
    Condition {
        subject: Subject::run(),
        severity,
        day,
        expires_at: None,
        evidence,
        phrase,
        ask: Condition::alert(severity, day),
        stake: Some(Money::ZERO),
        heading: None,
    }
}

fn still_missing(history: &History, local: &Local<'_>) -> Option<Trouble> {
    let since = history.last_success.or(history.first_run)?;
    if history.nothing_was_due {
        return None;
    }
    (local.now.duration_since(since) > MISSED_DAY).then(|| {
        let text = format!("no successful pass since {}", local.past(since));
        Trouble {
            day: local_day(since, local.zone),
            phrase: said(&text, "no successful pass"),
            evidence: text,
        }
    })
}

fn ended_gap(history: &History, local: &Local<'_>) -> Option<Trouble> {
    let (from, until) = history.gap?;
    let text = format!(
        "no successful pass from {} to {}, running again",
        local.past(from),
        local.past(until)
    );
    Some(Trouble {
        day: local_day(from, local.zone),
        phrase: said(&text, "a day was missed"),
        evidence: text,
    })
}

fn too_slow(
    started_at: Timestamp,
    took: Option<Duration>,
    deadline: Duration,
    local: &Local<'_>,
) -> Option<Trouble> {
    let (took, allowed) = (took?.as_secs_f64(), deadline.as_secs_f64());
    let text = format!(
        "pass of {} took {took:.1} s, {allowed:.1} s allowed",
        local.past(started_at)
    );
    Some(Trouble {
        day: local_day(started_at, local.zone),
        phrase: said(&text, "a pass was slow"),
        evidence: text,
    })
}

fn regular(history: &History, local: &Local<'_>) -> String {
    match (history.last_success, history.first_run) {
        (Some(at), _) => format!("last successful pass at {}", local.past(at)),
        (None, Some(at)) => format!("no successful pass since the first one at {}", local.past(at)),
        (None, None) => "this is the first pass".to_owned(),
    }
}

fn said(long: &str, short: &str) -> Phrase {
    Phrase {
        long: long.to_owned(),
        short: short.to_owned(),
    }
}
