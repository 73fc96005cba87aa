//! `upstream:beeminder`: whether Beeminder can be read. One or two failures are no news, but two refusals of
//! the token are. Many failures must be reported, because goals can derail unseen.

use jiff::{SignedDuration, Timestamp};

use super::{Observed, UpstreamHistory, channels::cut_to, goals::active, risk::derail_risk, words::Local};
use crate::{
    arms::beeminder::Account,
    clock::local_day,
    domain::{Condition, Money, Observation, Phrase, Severity, Slug, Subject},
    heuristic::policy::{REFUSALS_IN_A_ROW, UPSTREAM_FAILURES_IN_A_ROW, UPSTREAM_FAILURES_IN_AN_HOUR},
};

/// How many goals that are about to derail a message names at most.
const NAMED_GOALS: usize = 3;

/// The most characters of the reason that a message repeats.
const LONGEST_REASON: usize = 70;

pub(super) fn condition(observed: &Observed, history: &UpstreamHistory, local: &Local<'_>) -> Condition {
    let severity = severity(observed, history);
    let (evidence, phrase) = if severity == Severity::Safe {
        readable(history)
    } else {
        unreadable(observed, history, local)
    };
    Condition {
        subject: Subject::upstream("beeminder"),
        severity,
        day: local_day(local.now, local.zone),
        expires_at: None,
        evidence,
        phrase,
        ask: Condition::alert(severity, local_day(local.now, local.zone)),
        stake: Some(Money::ZERO),
        heading: None,
    }
}

fn severity(observed: &Observed, history: &UpstreamHistory) -> Severity {
    let enough = match observed.cure {
        Some(_) => REFUSALS_IN_A_ROW,
        None => UPSTREAM_FAILURES_IN_A_ROW,
    };
    match history.consecutive_failures {
        0 if observed.beeminder.fresh().is_some() => Severity::Safe,
        // Beeminder was not read although no try failed: there was no try, which proves nothing.
        0 => Severity::Unknown,
        _ if history.failures_last_hour >= UPSTREAM_FAILURES_IN_AN_HOUR => Severity::Critical,
        failures if failures >= enough => Severity::Warning,
        _ => Severity::Unknown,
    }
}

fn readable(history: &UpstreamHistory) -> (String, Phrase) {
    let evidence = match history.failures_last_hour {
        0 => "Beeminder was read".to_owned(),
        failures => format!("Beeminder was read; it failed {failures} times in the last hour"),
    };
    (
        evidence,
        Phrase {
            long: "Beeminder can be read".to_owned(),
            short: "Beeminder can be read".to_owned(),
        },
    )
}

fn unreadable(observed: &Observed, history: &UpstreamHistory, local: &Local<'_>) -> (String, Phrase) {
    let tries = match history.consecutive_failures {
        1 => "1 try".to_owned(),
        failures => format!("{failures} tries"),
    };
    let since = history
        .last_success
        .map_or("never read".to_owned(), |at| format!("since {}", local.past(at)));
    let last_seen = last_seen(&observed.beeminder, local);
    let why = observed.beeminder.why().unwrap_or("no reason was given");
    let evidence = format!(
        "{tries} failed in a row, {} in the last hour, {since}: {why}",
        history.failures_last_hour,
    );
    let (what, reason) = match observed.cure {
        Some(cure) => (cure, String::new()),
        None => (
            "cannot read Beeminder",
            format!(": {}", cut_to(why, LONGEST_REASON)),
        ),
    };
    let long = format!(
        "{what} ({tries}, {since}){reason}{}",
        said(&last_seen, NAMED_GOALS, local)
    );
    let short = format!("{what}{reason}{}", said(&last_seen, 1, local));
    (evidence, Phrase { long, short })
}

/// By the last reading, the goals that derail within 24 hours from now, and the goals whose losedate has
/// passed since the reading. A person who hears that Beeminder cannot be read must hear about these goals.
/// First come those that are still to derail, the earliest first, then those whose losedate has passed.
/// Nobody knows whether the latter derailed or are due again today.
fn last_seen<'a>(beeminder: &'a Observation<Account>, local: &Local<'_>) -> Vec<(Timestamp, &'a Slug)> {
    let Observation::Stale {
        value: account, at, ..
    } = beeminder
    else {
        return Vec::new();
    };
    let zone = account.zone(local.zone);
    let soon = local
        .now
        .saturating_add(SignedDuration::from_hours(24))
        .unwrap_or(Timestamp::MAX);
    let mut at_risk: Vec<_> = active(account)
        .filter_map(|goal| Some((derail_risk(goal, &zone, *at).derails_at?, &goal.slug)))
        .filter(|(derails_at, _)| at < derails_at && *derails_at <= soon)
        .collect();
    at_risk.sort_by_key(|(derails_at, slug)| (*derails_at <= local.now, *derails_at, *slug));
    at_risk
}

/// `; last seen: reading due today 23:59, bike due tonight 03:00, piano was due Mon 23:59 and 2 more`.
fn said(at_risk: &[(Timestamp, &Slug)], named: usize, local: &Local<'_>) -> String {
    if at_risk.is_empty() {
        return String::new();
    }
    let goals: Vec<String> = at_risk
        .iter()
        .take(named)
        .map(|(at, slug)| {
            if *at <= local.now {
                format!("{slug} was due {}", local.past(*at))
            } else {
                format!("{slug} due {}", local.when(*at))
            }
        })
        .collect();
    let more = match at_risk.len().saturating_sub(named) {
        0 => String::new(),
        count => format!(" and {count} more"),
    };
    format!("; last seen: {}{more}", goals.join(", "))
}
