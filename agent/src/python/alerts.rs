//! `alert_log`: what the old system told the person. Each row becomes a message here and claims its subjects'
//! day, so that Mecris does not repeat it.
//!
//! What the Python system wrote:
//!
//! | alert_type | alert_level | message | about |
//! |---|---|---|---|
//! | beeminder | critical | `BEEMERGENCY: n goals ...` and up to three lines `• slug: what` | those goals |
//! | budget | critical, warning | `n days left` and what remains | the Claude budget |
//!
//! Its reminders and consents have other words for the same things: `walk_reminder`, `budget_warning`,
//! `budget_alert`, `beeminder_emergency`. The Python system wrote the row before it sent the text, and never
//! learned whether the text arrived. The row counts as delivered.

use jiff::Timestamp;
use rusqlite::Transaction;

use super::{
    Context, Kind, Outcome, Report,
    cell::{Bad, Row},
};
use crate::{
    clock::{local_day, local_time_of_day, time_ordered_id},
    domain::{ChannelKind, Daystamp, Provider, Severity, Slug, Subject},
    store::tables::{
        claims::{self, NewClaim},
        outbox::{self, About, State},
    },
};

pub(super) struct Alerts;

pub(super) struct Parsed {
    at: Timestamp,
    severity: Severity,
    about: Said,
    /// Goals that were counted in the message but not named.
    unnamed: usize,
    body: String,
}

enum Said {
    Goals(Vec<Slug>),
    Other(Subject),
}

impl Kind for Alerts {
    const TABLE: &'static str = "alert_log";
    const KEY: &'static [&'static str] = &["id", "alert_type", "alert_level", "message", "sent_at"];
    type Parsed = Parsed;

    fn parse(&self, row: &Row<'_>, context: &Context) -> Result<Parsed, Bad> {
        let kind = row.text("alert_type")?.trim().to_ascii_lowercase();
        let body = row.text("message")?.to_owned();
        let (about, unnamed) = match kind.as_str() {
            "beeminder" | "beeminder_emergency" => {
                let named = goals(&body);
                if named.is_empty() {
                    return Err(Bad::new(
                        "message",
                        "it names no goal, so it is unknown which goal was meant",
                    ));
                }
                let counted = row
                    .optional_text("context")?
                    .and_then(|context| last_number(&context))
                    .unwrap_or(0);
                let unnamed = counted.saturating_sub(named.len());
                (Said::Goals(named), unnamed)
            }
            "budget" | "budget_warning" | "budget_alert" => {
                (Said::Other(Subject::budget(Provider::Anthropic)), 0)
            }
            "walk_reminder" => (Said::Other(Subject::walk()), 0),
            _ => {
                return Err(Bad::new(
                    "alert_type",
                    format!("it is unknown what {kind:?} is about"),
                ));
            }
        };
        let level = row.text("alert_level")?.trim().to_ascii_uppercase();
        let severity = match (kind.as_str(), level.parse()) {
            ("walk_reminder", _) => Severity::Warning,
            (_, Ok(severity @ (Severity::Caution | Severity::Warning | Severity::Critical))) => severity,
            _ => {
                return Err(Bad::new(
                    "alert_level",
                    format!("{level:?} is not one of caution, warning, critical"),
                ));
            }
        };
        Ok(Parsed {
            at: row.time("sent_at", context)?,
            severity,
            about,
            unnamed,
            body,
        })
    }

    fn write(
        &self,
        tx: &Transaction<'_>,
        parsed: Parsed,
        context: &Context,
        report: &mut Report,
    ) -> rusqlite::Result<Outcome> {
        let days = days(&parsed, context);
        let free = free(tx, &days, parsed.severity)?;
        let Some((subject, day)) = days.first().filter(|_| free.is_empty()) else {
            doubts(&parsed, context, report);
            let id = message(tx, &parsed, &days, context)?;
            for claim in &free {
                claims::insert(tx, claim, &id, parsed.at)?;
            }
            return Ok(Outcome::Taken(format!("notifications/{id}")));
        };
        // The old system repeated an alert every 90 minutes. If each repetition became a message, they would
        // use up the limits of the day.
        let why = format!("another alert about {subject} on {day} is here already: one a day counts");
        Ok(Outcome::Same(format!("claims/{subject}/{day}"), why))
    }
}

/// The claims that are still to be made: for a day without a claim, or, as an escalation, for a day on which
/// less was said before.
fn free<'a>(
    tx: &Transaction<'_>,
    days: &'a [(Subject, Daystamp)],
    severity: Severity,
) -> rusqlite::Result<Vec<NewClaim<'a>>> {
    let Some(earliest) = days.iter().map(|(_, day)| *day).min() else {
        return Ok(Vec::new());
    };
    let made = claims::from_day(tx, earliest)?;
    let step_of = |subject: &Subject, day: Daystamp| {
        let of = |step| {
            made.iter()
                .find(|c| c.subject == *subject && c.day == day && c.step == step)
        };
        match (of(0), of(1)) {
            (None, _) => Some(0),
            // The message of this claim reached no one, so the claim may be taken over.
            (Some(first), _) if first.refused_at.is_some() => Some(0),
            (Some(first), None) if severity == Severity::Critical && first.severity != severity => Some(1),
            _ => None,
        }
    };
    let claim = |(subject, day): &'a (Subject, Daystamp)| {
        Some(NewClaim {
            subject,
            day: *day,
            step: step_of(subject, *day)?,
            severity,
        })
    };
    Ok(days.iter().filter_map(claim).collect())
}

/// The day that each subject's alert used up.
fn days(parsed: &Parsed, context: &Context) -> Vec<(Subject, Daystamp)> {
    match &parsed.about {
        Said::Other(subject) => vec![(subject.clone(), local_day(parsed.at, &context.home))],
        Said::Goals(slugs) => slugs
            .iter()
            .map(|slug| (Subject::goal(slug), context.goals.of(slug, parsed.at).0))
            .collect(),
    }
}

/// What is uncertain about an alert, if it still matters.
fn doubts(parsed: &Parsed, context: &Context, report: &mut Report) {
    let Said::Goals(slugs) = &parsed.about else { return };
    // An alert of the day before yesterday may be wrong by a day without effect.
    if context.now.duration_since(parsed.at).as_hours() >= 48 {
        return;
    }
    let clock = local_time_of_day(parsed.at, &context.home);
    if parsed.unnamed > 0 {
        let named: Vec<&str> = slugs.iter().map(Slug::as_str).collect();
        report.doubts.push(format!(
            "the alert of {clock} counted {} more than it named ({}): Mecris may say those again",
            parsed.unnamed,
            named.join(", ")
        ));
    }
    for slug in slugs {
        let (day, known) = context.goals.of(slug, parsed.at);
        if !known {
            report.doubts.push(format!(
                "goal:{slug}: Mecris has not read its deadline yet, so the alert of {clock} counts for {day} from midnight to midnight"
            ));
        }
    }
}

fn message(
    tx: &Transaction<'_>,
    parsed: &Parsed,
    days: &[(Subject, Daystamp)],
    context: &Context,
) -> rusqlite::Result<String> {
    let mut tag = (context.new_tag)();
    while outbox::tag_exists(tx, &tag)? {
        tag = (context.new_tag)();
    }
    let made = outbox::Row {
        id: time_ordered_id(parsed.at),
        state: State::Planned,
        // The old system sent these alerts by SMS only (`send_sms`).
        channel: ChannelKind::Sms,
        pinned: false,
        channels: None,
        attempt: 1,
        body: parsed.body.clone(),
        tag,
        created_at: parsed.at,
        expires_at: None,
        lease_until: None,
        next_at: None,
        provider_id: None,
        accepted_at: None,
        why: None,
        updated_at: parsed.at,
    };
    let subjects: Vec<Subject> = days.iter().map(|(subject, _)| subject.clone()).collect();
    outbox::insert(
        tx,
        &made,
        About {
            run_id: None,
            severity: parsed.severity,
            subjects: &subjects,
        },
    )?;
    let told = outbox::Row {
        state: State::Delivered,
        accepted_at: Some(parsed.at),
        why: Some("sent by the Python system, as far as its alert_log says".to_owned()),
        ..made.clone()
    };
    outbox::replace(tx, &made, &told, parsed.at)?;
    Ok(made.id)
}

/// The goals that lines such as `• bike: bike: DERAILING NOW! Need data immediately` name, each once.
fn goals(message: &str) -> Vec<Slug> {
    let mut named: Vec<Slug> = Vec::new();
    for line in message.lines() {
        let item = line.trim().strip_prefix(['•', '-', '*']);
        let slug = item
            .and_then(|item| item.split_once(':'))
            .and_then(|(slug, _)| slug.trim().parse().ok());
        named.extend(slug.filter(|slug| !named.contains(slug)));
    }
    named
}

/// The number at the end of `critical_count: 5`.
fn last_number(text: &str) -> Option<usize> {
    text.rsplit(|c: char| !c.is_ascii_digit())
        .find(|digits| !digits.is_empty())?
        .parse()
        .ok()
}
