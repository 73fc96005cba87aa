//! Whether a ledger can show that it saw the spending. Pure.
//!
//! A ledger has what somebody recorded, and a quiet ledger looks like a thrifty one. So it counts only while something
//! shows that it is fed: a session, or a person who said that everything is recorded. Both age.
//!
//! | What shows it                          | The numbers                      | Is a person told?                         |
//! |----------------------------------------|----------------------------------|-------------------------------------------|
//! | nothing, ever                          | unknown                          | yes                                       |
//! | nothing in this period, not for a day  | unknown                          | once it is older than `reading_max_age_days` |
//! | something older than that, in this period | at least what is recorded     | yes                                       |
//! | less than 90 % of what the provider's console showed | at least what is recorded | yes                                  |
//! | else                                   | what is recorded                 | there is no doubt                         |
//!
//! "Told" means the step `unknown` of the policy: after `heuristic.unknown_after`, and then once a week.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::figures::Doubt;
use crate::{
    clock::local_day,
    domain::{Money, Provider},
};

/// So long a ledger that was fed counts as complete, also across the beginning of a period.
const FED_FOR: SignedDuration = SignedDuration::from_hours(24);

/// A ledger that has less than this part of what the console showed misses something.
const CAPTURE_PERCENT: i64 = 90;

/// A smaller difference than this is of the kind that late hours and rounding make.
const LEAST_DIFFERENCE: Money = Money::from_micros(1_000_000);

/// What is known of how a ledger is fed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Evidence {
    /// When it was last fed, or said to be complete; `None`: never.
    pub(super) fed_at: Option<Timestamp>,
    /// When the period began.
    pub(super) period_from: Timestamp,
    /// What the provider's console showed last in this month.
    pub(super) console: Option<Console>,
}

/// A total of the present month on a provider's console, beside what the ledger had then.
#[derive(Clone, Copy, Debug)]
pub(super) struct Console {
    /// When it was read.
    pub(super) at: Timestamp,
    /// What it showed.
    pub(super) shown: Money,
    /// What the ledger has of the month up to then.
    pub(super) recorded: Money,
}

/// What a ledger's coverage allows to say.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Coverage {
    /// The sums count.
    Shown,
    /// The sums count as the least that was spent.
    AtLeast(Doubt),
    /// Nothing is known.
    Unknown(Doubt),
}

/// Judges how well a ledger shows that it saw the spending.
pub(super) fn judge(
    provider: Provider,
    evidence: Evidence,
    max_age_days: u32,
    zone: &TimeZone,
    now: Timestamp,
) -> Coverage {
    let cure = format!(
        "record what was spent, or POST /usage/complete?provider={provider} if all that was spent is recorded"
    );
    let day = |at| local_day(at, zone).date().strftime("%-d %b");
    let Some(fed_at) = evidence.fed_at else {
        return Coverage::Unknown(Doubt::told(format!("no session was ever recorded: {cure}")));
    };
    let age = now.duration_since(fed_at);
    let is_old = age > SignedDuration::from_hours(24 * i64::from(max_age_days));
    let silent = || Doubt {
        why: format!("no session was recorded since {}: {cure}", day(fed_at)),
        is_told: is_old,
    };
    if fed_at < evidence.period_from && age > FED_FOR {
        return Coverage::Unknown(silent());
    }
    match evidence.console.filter(Console::shows_more) {
        Some(Console { at, shown, recorded }) => Coverage::AtLeast(Doubt::told(format!(
            "the console showed {shown} on {}, but only {recorded} was recorded by then: record what is missing, or \
             POST /usage/update_budget?provider={provider} with what remains",
            day(at)
        ))),
        None if is_old => Coverage::AtLeast(silent()),
        None => Coverage::Shown,
    }
}

impl Console {
    fn shows_more(&self) -> bool {
        let (shown, recorded) = (
            i128::from(self.shown.micros()),
            i128::from(self.recorded.micros()),
        );
        self.shown - self.recorded >= LEAST_DIFFERENCE && recorded * 100 < shown * i128::from(CAPTURE_PERCENT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> Timestamp {
        time.parse().unwrap()
    }

    fn judged(fed_at: Option<&str>, console: Option<(i64, i64)>, now: &str) -> (&'static str, Option<bool>) {
        let dollars = |dollars: i64| Money::from_micros(dollars * 1_000_000);
        let evidence = Evidence {
            fed_at: fed_at.map(at),
            period_from: at("2026-11-01T00:00:00Z"),
            console: console.map(|(shown, recorded)| Console {
                at: at("2026-11-05T12:00:00Z"),
                shown: dollars(shown),
                recorded: dollars(recorded),
            }),
        };
        match judge(Provider::Groq, evidence, 7, &TimeZone::UTC, at(now)) {
            Coverage::Shown => ("shown", None),
            Coverage::AtLeast(doubt) => ("at least", Some(doubt.is_told)),
            Coverage::Unknown(doubt) => ("unknown", Some(doubt.is_told)),
        }
    }

    #[test]
    fn a_ledger_counts_while_something_shows_that_it_is_fed() {
        for (what, fed_at, now, expected) in [
            ("never fed", None, "2026-11-05T12:00:00Z", ("unknown", Some(true))),
            (
                "yesterday, the month before",
                Some("2026-10-31T18:00:00Z"),
                "2026-11-01T18:00:00Z",
                ("shown", None),
            ),
            (
                "a second longer ago",
                Some("2026-10-31T18:00:00Z"),
                "2026-11-01T18:00:01Z",
                ("unknown", Some(false)),
            ),
            (
                "a week ago",
                Some("2026-10-31T18:00:00Z"),
                "2026-11-07T18:00:00Z",
                ("unknown", Some(false)),
            ),
            (
                "over a week ago",
                Some("2026-10-31T18:00:00Z"),
                "2026-11-07T18:00:01Z",
                ("unknown", Some(true)),
            ),
            (
                "a week ago, in the month",
                Some("2026-11-02T00:00:00Z"),
                "2026-11-09T00:00:00Z",
                ("shown", None),
            ),
            (
                "over a week ago, in it",
                Some("2026-11-02T00:00:00Z"),
                "2026-11-09T00:00:01Z",
                ("at least", Some(true)),
            ),
        ] {
            assert_eq!(judged(fed_at, None, now), expected, "{what}");
        }
    }

    #[test]
    fn a_console_that_shows_much_more_is_believed() {
        let fed = Some("2026-11-06T09:00:00Z");
        for (shown, recorded, expected) in [
            (40, 5, ("at least", Some(true))),
            (40, 36, ("shown", None)),
            (40, 35, ("at least", Some(true))),
            (1, 0, ("at least", Some(true))),
            (0, 0, ("shown", None)),
            (5, 40, ("shown", None)),
        ] {
            let console = Some((shown, recorded));
            assert_eq!(
                judged(fed, console, "2026-11-06T12:00:00Z"),
                expected,
                "{shown} and {recorded}"
            );
        }
    }
}
