//! The second kind of condition about `goal:<slug>`: the goal has derailed. The person is told afterwards, so
//! that they can answer Beeminder's mail.

use std::collections::HashMap;

use jiff::Timestamp;

use super::{
    AssessSettings, role,
    words::{Local, dollars},
};
use crate::{
    arms::beeminder::{Account, DataSource, Goal, GoalState},
    clock::{Outlook, local_day},
    domain::{Ask, Condition, DerailSign, Derailment, Money, Phrase, Reason, Severity, Step, Subject},
};

/// One condition for each derailment of a goal that the account still has. `derailments` come with the keys of
/// their goals.
pub fn derailed(
    account: &Account,
    derailments: &[(String, Derailment)],
    outlook: &Outlook,
    settings: &AssessSettings,
) -> Vec<Condition> {
    let local = Local::new(outlook.now(), &settings.zone);
    // Of two goals with one key the first counts.
    let by_key = account.goals.iter().rev().map(|goal| (goal.key(), goal));
    let by_key: HashMap<&str, &Goal> = by_key.collect();
    let mut conditions: Vec<_> = derailments
        .iter()
        .filter_map(|(key, derailment)| {
            let goal = by_key.get(key.as_str())?;
            Some(condition(goal, derailment, outlook, &local))
        })
        .collect();
    role::silence(&mut conditions, settings.role);
    conditions
}

fn condition(goal: &Goal, derailment: &Derailment, outlook: &Outlook, local: &Local<'_>) -> Condition {
    let now = outlook.now();
    let slug = &goal.slug;
    // A datapoint that the device sends later may undo the derailment.
    let synced = match &goal.source {
        Some(DataSource::Autodata(_)) => " by what had synced",
        _ => "",
    };
    // Without a losedate only the day is known: the sign of the derailment may have appeared hours after it.
    let when = match derailment.losedate {
        Some(losedate) => local.past(losedate),
        None => local.past_day(derailment.occasion),
    };
    let when = format!("{when}{synced}");
    let sign = match derailment.sign {
        DerailSign::Datapoint => "Beeminder made a #DERAIL datapoint",
        DerailSign::LosedatePassed => "its losedate passed with nothing entered, and a later one stands",
        DerailSign::Frozen => "it is frozen and off its line",
    };
    Condition {
        subject: Subject::goal(slug),
        severity: Severity::Warning,
        day: local_day(now, local.zone),
        expires_at: None,
        evidence: format!("derailed {when}: {sign}"),
        phrase: Phrase {
            long: format!("{slug} derailed {when}{}", rest(goal, derailment)),
            short: format!("{slug} derailed {when}"),
        },
        ask: Some(Ask {
            step: Step::Derailed,
            occasion: derailment.occasion,
            alone_from: alone_from(derailment, outlook),
            rides_from: Timestamp::MIN,
            waits: Reason::NotLastDay,
            is_last_chance: false,
            silent: None,
        }),
        stake: derailment.stake,
        heading: None,
    }
}

/// When a derailment makes a message leave. Nothing can be done about it any more, so this is the day's last chance but
/// one. A goal that derailed after that chance waits for the chance of the next day.
fn alone_from(derailment: &Derailment, outlook: &Outlook) -> Timestamp {
    let chance = outlook
        .last_but_one_today(Timestamp::MAX)
        .unwrap_or(outlook.now());
    let came_later = derailment.losedate.is_some_and(|losedate| losedate > chance);
    if came_later { Timestamp::MAX } else { chance }
}

/// What was at stake and what can be done: `, $10 at stake (answer Beeminder's mail if it was not fair), now $30`.
/// Beeminder charges later, so the words never say that it has charged.
fn rest(goal: &Goal, derailment: &Derailment) -> String {
    let money = |amount: Option<Money>| amount.filter(|money| money.micros() > 0).map(dollars);
    let stake = money(derailment.stake)
        .map(|stake| format!(", {stake} at stake (answer Beeminder's mail if it was not fair)"))
        .unwrap_or_default();
    if goal.state == GoalState::Frozen {
        return format!("{stake} and stands still: restart it, or look at the payment");
    }
    let now = money(goal.pledge)
        .filter(|_| goal.pledge != derailment.stake)
        .map(|now| format!(", now {now}"))
        .unwrap_or_default();
    format!("{stake}{now}")
}
