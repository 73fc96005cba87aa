//! `walk`: a missing walk is worth a message only within its hours. Before them there is time; after them it
//! is too late to nag. A walk is due every day, so its step is always `last` and never `ahead`.

use super::words::Local;
use crate::{
    arms::activity::Walk,
    clock::{Outlook, local_day, local_time_of_day},
    config::WalkSettings,
    domain::{Ask, Condition, Money, Observation, Phrase, Severity, Step, Subject},
};

pub(super) fn condition(
    walk: &Observation<Walk>,
    settings: &WalkSettings,
    outlook: &Outlook,
    local: &Local<'_>,
) -> Condition {
    let today = local_day(local.now, local.zone);
    let ends_at = settings.hours.next_end(local.now, local.zone);
    let inside = settings.hours.contains(local.now, local.zone);
    let (starts_at, _) = settings.hours.on(today, local.zone);
    let from = local_time_of_day(starts_at, local.zone);
    let until = settings.hours.until().strftime("%H:%M");
    let goal = &settings.goal;

    let (severity, evidence, long, short) = match walk {
        Observation::Stale { why, .. } | Observation::Unknown { why } => (
            Severity::Unknown,
            format!("it is unknown whether there was a walk: {why}"),
            "walk unknown".to_owned(),
            "walk unknown",
        ),
        Observation::Fresh { value, .. } if value.done => (
            Severity::Safe,
            format!("{goal} has a datapoint for {}", value.day),
            "walk done".to_owned(),
            "walk done",
        ),
        Observation::Fresh { .. } if inside => (
            Severity::Warning,
            format!("no datapoint on {goal} for {today} yet"),
            format!("no walk yet, until {until}"),
            "no walk yet",
        ),
        Observation::Fresh { .. } if local.now < starts_at => (
            Severity::Safe,
            format!("no datapoint on {goal} yet; not due until {from}"),
            format!("walk not due until {from}"),
            "walk not due yet",
        ),
        Observation::Fresh { .. } => (
            Severity::Safe,
            format!("no datapoint on {goal} for {today}; its hours were over at {until}"),
            format!("no walk, hours over at {until}"),
            "walk hours over",
        ),
    };
    Condition {
        subject: Subject::walk(),
        severity,
        day: today,
        expires_at: inside.then_some(ends_at),
        evidence,
        phrase: Phrase {
            long,
            short: short.to_owned(),
        },
        ask: (severity == Severity::Warning).then(|| Ask {
            is_last_chance: outlook.is_last_chance(ends_at),
            ..Ask::at_once(Step::Last, today)
        }),
        stake: Some(Money::ZERO),
        heading: None,
    }
}
