//! Formats results for a person at a terminal.

use std::io::{self, Write};

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    clock,
    domain::{Action, Condition, Freshness, ObservationView, on_one_line},
    heuristic::{DecisionView, Report},
};

/// A duration in seconds as its two largest units, cut: `3h 20m`, `20m`, `40s`.
pub(super) fn roughly(seconds: i64) -> String {
    let hours = seconds / 3600;
    let minutes = seconds % 3600 / 60;
    match (hours, minutes) {
        (0, 0) => format!("{}s", seconds % 60),
        (0, minutes) => format!("{minutes}m"),
        (hours, 0) => format!("{hours}h"),
        (hours, minutes) => format!("{hours}h {minutes}m"),
    }
}

/// A past instant beside the present: `at 15:00`, `at 15:00 yesterday`, `at 15:00 last Friday`, `at 15:00 on
/// 2026-11-01`.
pub(super) fn as_of(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let (day, today) = (
        clock::local_day(at, zone).date(),
        clock::local_day(now, zone).date(),
    );
    let time = clock::local_time_of_day(at, zone);
    match clock::days_from(day, today) {
        ..=0 => format!("at {time}"),
        1 => format!("at {time} yesterday"),
        2..=7 => format!("at {time} last {}", day.strftime("%A")),
        _ => format!("at {time} on {day}"),
    }
}

/// Who asked for a silence or acknowledged a message, until when and why, with a leading space: ` (by laptop
/// until 2026-11-21 18:00 EST: on a plane)`.
pub(super) fn attribution(
    author: &str,
    until: Option<Timestamp>,
    comment: Option<&str>,
    zone: &TimeZone,
) -> String {
    let until = until
        .map(|until| format!(" until {}", clock::local_minute(until, zone)))
        .unwrap_or_default();
    let why = comment
        .filter(|comment| !comment.is_empty())
        .map(|comment| format!(": {}", on_one_line(comment, 1_000)))
        .unwrap_or_default();
    format!(" (by {}{until}{why})", on_one_line(author, 100))
}

/// A number and its noun: `1 copy`, `3 copies`.
pub(super) fn counted(number: usize, noun: &str) -> String {
    match (number, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{number} {stem}ies"),
        (_, None) => format!("{number} {noun}s"),
    }
}

/// A size in bytes, rounded to kB or MB: `61 kB`.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..1000 => format!("{bytes} B"),
        1000..10_000_000 => format!("{} kB", (bytes + 500) / 1000),
        _ => format!("{} MB", (bytes + 500_000) / 1_000_000),
    }
}

/// Prints the report of a pass.
pub(super) fn report(out: &mut impl Write, report: &Report, zone: &TimeZone) -> io::Result<()> {
    writeln!(
        out,
        "pass {} at {}",
        report.run_id,
        clock::local_minute(report.at, zone)
    )?;
    let observations = &report.observations;
    for (name, view) in [
        ("beeminder", &observations.beeminder),
        ("walk", &observations.walk),
        ("budget", &observations.budget),
    ] {
        writeln!(out, "  {name:<10} {}", observation(view, zone))?;
    }
    for (decision, condition) in report.decisions.iter().zip(&report.conditions) {
        writeln!(out, "{}", decided(decision, condition, zone))?;
    }
    for message in &report.notifications {
        let id = message.provider_id.as_deref().unwrap_or("");
        writeln!(
            out,
            "message {} by {}: {} {id}",
            message.id,
            message.channel.as_str(),
            message.state.as_str()
        )?;
        writeln!(out, "  {}", message.text)?;
    }
    for mark in &report.broken_channels {
        writeln!(
            out,
            "BROKEN {} since {}: {}",
            mark.channel.as_str(),
            clock::local_minute(mark.since, zone),
            mark.why
        )?;
    }
    if report.nobody_to_tell {
        writeln!(out, "every channel is broken: no message can reach the person")?;
    }
    match (report.changed, report.notifications.is_empty()) {
        (true, _) => {}
        (false, true) => writeln!(out, "no message in this pass")?,
        (false, false) => writeln!(
            out,
            "no new message in this pass: what is shown is of an earlier one"
        )?,
    }
    Ok(())
}

fn decided(decision: &DecisionView, condition: &Condition, zone: &TimeZone) -> String {
    let mark = if decision.action == Action::Notify {
        "->"
    } else {
        "  "
    };
    let subject = decision.subject.as_str();
    let severity = decision.severity.as_str();
    let reason = decision.reason.as_str();
    let word = decision
        .author
        .as_ref()
        .map(|author| attribution(author, decision.until, decision.comment.as_deref(), zone));
    format!(
        "{mark} {severity:<8} {subject:<24} {reason:<22} {}{}",
        condition.evidence,
        word.unwrap_or_default()
    )
}

fn observation(view: &ObservationView, zone: &TimeZone) -> String {
    let status = match view.status {
        Freshness::Fresh => "fresh",
        Freshness::Stale => "STALE",
        Freshness::Unknown => "UNKNOWN",
        Freshness::NotConfigured => "not configured",
    };
    let at = view
        .at
        .map(|at| format!(" as of {}", clock::local_minute(at, zone)))
        .unwrap_or_default();
    let why = view
        .why
        .as_deref()
        .map(|why| format!(": {why}"))
        .unwrap_or_default();
    format!("{status}{at}{why}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_fact_is_said_as_of_its_time() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        for (then, words) in [
            ("2026-11-23T15:00:00-05:00", "at 15:00"),
            ("2026-11-22T23:59:00-05:00", "at 23:59 yesterday"),
            ("2026-11-20T15:00:00-05:00", "at 15:00 last Friday"),
            ("2026-11-16T15:00:00-05:00", "at 15:00 last Monday"),
            ("2026-11-15T15:00:00-05:00", "at 15:00 on 2026-11-15"),
        ] {
            assert_eq!(as_of(at(then), at("2026-11-23T16:00:00-05:00"), &zone), words);
        }
    }
}
