//! Settings and secrets that are allowed, and would or might keep Mecris from saying something. `check` warns of them.

use jiff::{SignedDuration, Timestamp};

use super::CheckResult;
use crate::{
    arms::beeminder::Account,
    clock::{Timetable, local_day},
    config::{Role, Settings, WalkSettings, nearest, secrets::Secrets},
    domain::Slug,
    heuristic::{Expected, promised_by_serve},
    notify::channels::slack::Webhook,
};

/// How many days are looked at: every day of the week.
const DAYS: i64 = 7;

/// How many times of passes a sentence names.
const NAMED: usize = 4;

/// Warnings about the settings by themselves.
///
/// `expected` is what the recorded passes promise. If they were made by a crontab, its times count and not those of
/// a daemon.
pub(super) fn of_settings(
    settings: &Settings,
    expected: Option<Expected>,
    now: Timestamp,
) -> Vec<CheckResult> {
    let recorded = expected.filter(|expected| expected.is_promised && expected.last_pass.is_some());
    let timetable = match recorded {
        // A vacation ends.
        Some(expected) => Timetable {
            vacations: Vec::new(),
            ..expected.timetable
        },
        None => promised_by_serve(settings),
    };
    let chances = chances(&timetable, now);
    if chances.is_empty() {
        return vec![CheckResult::warning("policy", nothing_is_said(&timetable, now))];
    }
    let walk = settings.walk.as_ref();
    let walk = walk.and_then(|walk| never_told(walk, settings, &chances));
    walk.into_iter().chain(never_called(settings)).collect()
}

/// Warnings about secrets that may be right, and are unusual.
pub(super) fn of_secrets(settings: &Settings, secrets: &Secrets) -> Vec<CheckResult> {
    // A missing or malformed secret is a problem by itself.
    let webhook = settings
        .notify
        .slack
        .as_ref()
        .and_then(|_| Webhook::from_secrets(secrets).ok());
    let advice = webhook.and_then(|webhook| webhook.advice());
    advice
        .map(|advice| CheckResult::warning("notify.slack", advice))
        .into_iter()
        .collect()
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

/// When Mecris could speak in the next days by this timetable.
fn chances(timetable: &Timetable, now: Timestamp) -> Vec<Timestamp> {
    let today = local_day(now, &timetable.zone);
    (0..DAYS).flat_map(|day| timetable.on(today.plus(day))).collect()
}

/// No pass of the next days may speak: the quiet hours cover all of them, or there is none.
fn nothing_is_said(timetable: &Timetable, now: Timestamp) -> String {
    let last = now
        .saturating_add(SignedDuration::from_hours(24 * DAYS))
        .unwrap_or(Timestamp::MAX);
    let mut passes: Vec<String> = timetable
        .promised_between(now, last)
        .map(|at| timetable.zone.to_datetime(at).strftime("%H:%M").to_string())
        .collect();
    passes.sort_unstable();
    passes.dedup();
    let named = match passes.as_slice() {
        [] => String::new(),
        few if few.len() <= NAMED => format!(" ({})", few.join(", ")),
        [first, .., last] => format!(" ({first} to {last})"),
        [only] => format!(" ({only})"),
    };
    format!(
        "no promised pass of the next 7 days{named} may speak, so nothing would be said: change \
         policy.quiet_hours, [window], window.passes or the crontab"
    )
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

#[cfg(test)]
mod tests {
    use jiff::civil::time;

    use super::*;
    use crate::{
        clock::{Presence, SinglePass},
        config::tests::in_new_york,
    };

    fn now() -> Timestamp {
        "2026-11-21T15:00:00-05:00".parse().unwrap()
    }

    /// What is said of a crontab with a line at this hour.
    fn advice(hour: i8, is_promised: bool) -> Vec<String> {
        let settings = in_new_york("");
        let expected = Expected {
            timetable: Timetable {
                daemon: Presence::Never,
                passes: vec![SinglePass::daily(time(hour, 0, 0, 0))],
                ..promised_by_serve(&settings)
            },
            is_promised,
            last_pass: Some(now()),
        };
        let results = of_settings(&settings, Some(expected), now());
        results.into_iter().map(|result| result.detail).collect()
    }

    #[test]
    fn a_crontab_that_runs_in_quiet_hours_only_is_named() {
        assert_eq!(
            advice(23, true),
            [
                "no promised pass of the next 7 days (23:00) may speak, so nothing would be said: change \
                 policy.quiet_hours, [window], window.passes or the crontab"
            ]
        );
        assert_eq!(advice(12, true), [""; 0]);
        assert_eq!(advice(23, false), [""; 0], "a pass by hand promises nothing");
    }

    #[test]
    fn quiet_hours_that_cover_the_window_are_named() {
        let settings = in_new_york("window.start = \"23:00\"\nwindow.hours = 5");
        let detail = |results: Vec<CheckResult>| {
            results
                .into_iter()
                .map(|result| result.detail)
                .collect::<Vec<_>>()
        };
        let found = detail(of_settings(&settings, None, now()));
        assert!(found[0].contains("(00:00 to 23:45) may speak"), "{found:?}");
    }
}
