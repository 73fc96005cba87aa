//! Settings that are allowed and would keep Mecris from saying something. `check` warns of them.

use jiff::Timestamp;

use super::CheckResult;
use crate::{
    arms::beeminder::Account,
    clock::local_day,
    config::{Role, Settings, WalkSettings, nearest},
    domain::Slug,
    heuristic::promised_by_serve,
};

/// How many days are looked at: every day of the week.
const DAYS: i64 = 7;

/// Warnings about the settings by themselves.
pub(super) fn of_settings(settings: &Settings, now: Timestamp) -> Vec<CheckResult> {
    let chances = chances(settings, now);
    if chances.is_empty() {
        let message = "no promised pass of the next 7 days may speak, so nothing would be said: change \
                       policy.quiet_hours, [window] or window.passes";
        return vec![CheckResult::warning("policy", message.to_owned())];
    }
    let walk = settings.walk.as_ref();
    let walk = walk.and_then(|walk| never_told(walk, settings, &chances));
    walk.into_iter().chain(never_called(settings)).collect()
}

/// Warnings about `[[goal]]` tables of goals that the account does not have.
pub(super) fn of_account(settings: &Settings, account: &Account) -> Vec<CheckResult> {
    let slugs = || account.goals.iter().map(|goal| goal.slug.as_str());
    let mut strangers: Vec<&str> = settings
        .goals
        .keys()
        .map(Slug::as_str)
        .filter(|slug| !slugs().any(|known| known == *slug))
        .collect();
    strangers.sort_unstable();
    let advice = |slug: &str| {
        let hint = nearest(slug, slugs())
            .map(|name| format!(", did you mean {name:?}?"))
            .unwrap_or_default();
        CheckResult::warning(
            "goal",
            format!("the account has no goal {slug:?}, so its [[goal]] table has no effect{hint}"),
        )
    };
    strangers.into_iter().map(advice).collect()
}

/// When a daemon with these settings could speak in the next days.
fn chances(settings: &Settings, now: Timestamp) -> Vec<Timestamp> {
    let timetable = promised_by_serve(settings);
    let today = local_day(now, &settings.time_zone);
    (0..DAYS).flat_map(|day| timetable.on(today.plus(day))).collect()
}

fn never_told(walk: &WalkSettings, settings: &Settings, chances: &[Timestamp]) -> Option<CheckResult> {
    let zone = &settings.time_zone;
    let (from, until) = (walk.hours.from(), walk.hours.until());
    let is_told = chances.iter().any(|&at| walk.hours.contains(at, zone));
    let message = format!(
        "no promised pass that may speak lies between {} and {}, so a missing walk would never be told: change \
         walk.from and walk.until, policy.quiet_hours or [window]",
        from.strftime("%H:%M"),
        until.strftime("%H:%M"),
    );
    (!is_told).then(|| CheckResult::warning("walk", message))
}

/// A backup speaks only by `last_call`.
fn never_called(settings: &Settings) -> Option<CheckResult> {
    let is_silent = settings.role == Role::Backup && settings.heuristic.last_call.is_zero();
    let message = "role = \"backup\" says only last calls, and heuristic.last_call = \"0s\" makes none: set \
                   heuristic.last_call, or another role";
    is_silent.then(|| CheckResult::warning("role", message.to_owned()))
}
