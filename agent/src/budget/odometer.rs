//! The `odometer` source: month-to-date totals that a person reads off a provider's console. Pure.
//!
//! A reading belongs to the month that the person names, or else to the present local month; its value never
//! decides. A reading never becomes a session, so two readings a day do not count twice. A month without a reading is
//! unknown, never zero.

use jiff::{
    SignedDuration, Timestamp,
    tz::{Offset, TimeZone},
};

use super::{
    Reminders,
    figures::{Doubt, Figures, TREND_NEEDS, per_day},
    period::{Month, Period, days_between},
};
use crate::{
    clock::local_day,
    domain::{Bases, Basis, Money, Provider},
    store::tables::{budget::Adjustment, odometer::Reading},
};

/// Where Groq's odometer stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Odometer {
    /// What a person should record.
    pub reminders: Reminders,
    /// The present local month.
    pub month: Month,
    /// What its newest reading says; `None`: it has none.
    pub total: Option<Total>,
    /// Every month with readings, newest first.
    pub history: Vec<MonthTotal>,
}

/// What the newest reading of a month says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Total {
    /// The month's total so far.
    pub value: Money,
    /// The total divided by the days of its month up to the reading.
    pub daily_average: Money,
}

/// The readings of one month.
#[derive(Clone, Debug, PartialEq)]
pub struct MonthTotal {
    /// Which month.
    pub month: Month,
    /// The newest total.
    pub cost: Money,
    /// The month is over.
    pub finalized: bool,
    /// How many readings it has.
    pub readings: u32,
}

/// The figures of the present month. They come from its newest reading (`readings`: oldest first) or from what a
/// person said remains (`said`), whichever is later.
///
/// Figures older than `max_age_days` carry a doubt. If the month has one reading only, and it may still show an earlier
/// month ([`still_the_old_month`]), it gives no figures until another reading follows it. `before` is the last reading of
/// an earlier month.
pub(super) fn figures(
    provider: Provider,
    readings: &[Reading],
    before: Option<&Reading>,
    said: Option<&Adjustment>,
    max_age_days: u32,
    zone: &TimeZone,
    now: Timestamp,
) -> Figures {
    let doubtful = match (readings, before) {
        ([only], Some(before)) => still_the_old_month(only, before),
        _ => None,
    };
    let readings = if doubtful.is_some() { &[] } else { readings };
    let read = readings.last().map(|newest| (newest.value, newest.at));
    let said = said.and_then(|said| Some((said.used?, said.at)));
    let Some((used, as_of)) = [read, said].into_iter().flatten().max_by_key(|(_, at)| *at) else {
        return Figures {
            doubt: Some(Doubt::told(
                doubtful.unwrap_or_else(|| how_to_record(provider, now, zone)),
            )),
            ..Figures::default()
        };
    };
    let age_days = now.duration_since(as_of).as_hours() / 24;
    let month = Period::from(Month::of(local_day(now, zone).date()));
    let (spent_today, daily_burn) = (spent_today(readings, zone, now), daily_burn(readings, zone));
    Figures {
        used: Some(used),
        spent_today,
        daily_burn,
        bases: Bases {
            used: Some(Basis::Typed),
            spent_today: spent_today.map(|_| Basis::Typed),
            daily_burn: daily_burn.map(|_| Basis::Typed),
        },
        // A total counts from the first of its month on.
        data_from: Some(month.bounds(zone).0),
        as_of: Some(as_of),
        doubt: is_old(as_of, max_age_days, now).then(|| {
            Doubt::told(format!(
                "the newest {provider} reading is {age_days} days old: POST /{provider}/odometer/record?value=<usd>"
            ))
        }),
        note: None,
    }
}

/// Whether figures of `as_of` are too old to be called fresh.
pub(super) fn is_old(as_of: Timestamp, max_age_days: u32, now: Timestamp) -> bool {
    now.duration_since(as_of) > SignedDuration::from_hours(24 * i64::from(max_age_days))
}

/// The newest reading's total, if `value` is lower. `None`: the total did not fall.
pub(super) fn dropped_from(readings: &[Reading], value: Money) -> Option<Money> {
    readings
        .last()
        .map(|newest| newest.value)
        .filter(|last| value < *last)
}

/// A doubt about the first reading of a month: the console may still have shown an earlier month. That is so if the
/// reading is above zero and not below `before`, the last reading of an earlier month, and if that month had not ended
/// everywhere on earth a day before the reading. (The first real reading of the Python system was wrong in this way.)
pub(super) fn still_the_old_month(first: &Reading, before: &Reading) -> Option<String> {
    let a_day_ago = first
        .at
        .saturating_sub(SignedDuration::from_hours(24))
        .unwrap_or(Timestamp::MIN);
    let may_be_shown = before.month >= month_at(a_day_ago, FARTHEST_WEST);
    (may_be_shown && first.value > Money::ZERO && first.value >= before.value).then(|| {
        format!(
            "{} is not less than the last reading of {} ({}), so it does not count yet: if the console still showed \
             that month, record it with month={} and the right total of {} with correction=true; if it is right, \
             record it once more",
            first.value, before.month, before.value, before.month, first.month
        )
    })
}

/// The latest month that has begun somewhere on earth.
pub(super) fn newest_month_on_earth(now: Timestamp) -> Month {
    month_at(now, FARTHEST_EAST)
}

/// The zones in which a day begins last and first: UTC-12 and UTC+14.
const FARTHEST_WEST: Offset = Offset::constant(-12);
const FARTHEST_EAST: Offset = Offset::constant(14);

fn month_at(at: Timestamp, offset: Offset) -> Month {
    Month::of(offset.to_datetime(at).date())
}

/// The month's total divided by its days up to the reading: what the Python system called the daily average.
pub(super) fn daily_average(newest: &Reading, zone: &TimeZone) -> Money {
    per_day(newest.value, days_of_total(newest, zone))
}

/// How many local days of its month a total covers.
fn days_of_total(reading: &Reading, zone: &TimeZone) -> SignedDuration {
    let day = local_day(reading.at, zone).date();
    let days = day
        .clamp(reading.month.first_day(), reading.month.last_day())
        .day();
    SignedDuration::from_hours(24 * i64::from(days))
}

/// The slope between the oldest and the newest comparable reading, if at least [`TREND_NEEDS`] lies between them.
/// Otherwise the daily average, if the newest total covers at least [`TREND_NEEDS`]. Otherwise nothing.
///
/// Readings before a fall (a correction) cannot be compared with later ones, so only those since the last fall count.
fn daily_burn(readings: &[Reading], zone: &TimeZone) -> Option<Money> {
    let newest = readings.last()?;
    let risen = readings
        .windows(2)
        .rev()
        .take_while(|pair| pair[0].value <= pair[1].value)
        .count();
    let oldest = &readings[readings.len() - 1 - risen];
    let span = newest.at.duration_since(oldest.at);
    if span >= TREND_NEEDS {
        Some(per_day(newest.value - oldest.value, span))
    } else {
        (days_of_total(newest, zone) >= TREND_NEEDS).then(|| daily_average(newest, zone))
    }
}

/// What was spent today. It is known if the total was read today and yesterday. It is also known if today is the first
/// of the month and the total was read today: then all of it is today's.
fn spent_today(readings: &[Reading], zone: &TimeZone, now: Timestamp) -> Option<Money> {
    let today = local_day(now, zone);
    let newest = readings
        .last()
        .filter(|newest| local_day(newest.at, zone) == today)?;
    let before = readings
        .iter()
        .rev()
        .find(|reading| local_day(reading.at, zone) < today);
    match before {
        Some(before) if days_between(local_day(before.at, zone).date(), today.date()) == 1 => {
            Some(newest.value - before.value).filter(|spent| *spent >= Money::ZERO)
        }
        None if today.date().day() == 1 => Some(newest.value),
        _ => None,
    }
}

fn how_to_record(provider: Provider, now: Timestamp, zone: &TimeZone) -> String {
    let month = Month::of(local_day(now, zone).date());
    format!(
        "no {provider} reading for {month} yet: read the month's total off the console and POST /{provider}/odometer/record?value=<usd>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone() -> TimeZone {
        TimeZone::get("America/New_York").unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn reading(when: &str, usd: f64) -> Reading {
        let when = at(when);
        let month = Month::of(local_day(when, &zone()).date());
        Reading {
            at: when,
            month,
            value: Money::from_usd(usd).unwrap(),
            notes: String::new(),
        }
    }

    fn of(readings: &[Reading], now: &str) -> Figures {
        figures(Provider::Groq, readings, None, None, 7, &zone(), at(now))
    }

    fn usd(money: Option<Money>) -> Option<f64> {
        money.map(Money::usd)
    }

    #[test]
    fn no_reading_is_unknown_and_says_how_to_record_one() {
        let figures = of(&[], "2026-02-01T12:00:00Z");
        assert_eq!(figures.used, None);
        assert_eq!(figures.daily_burn, None);
        assert_eq!(
            figures.doubt.unwrap().why,
            "no groq reading for 2026-02 yet: read the month's total off the console and POST /groq/odometer/record?value=<usd>"
        );
    }

    #[test]
    fn the_month_in_the_sentence_is_the_local_one() {
        assert!(
            of(&[], "2026-02-01T04:59:59Z")
                .doubt
                .unwrap()
                .why
                .contains("2026-01")
        );
    }

    #[test]
    fn two_readings_a_day_do_not_double() {
        let figures = of(
            &[
                reading("2026-01-10T15:00:00Z", 1.06),
                reading("2026-01-10T21:00:00Z", 1.20),
            ],
            "2026-01-10T22:00:00Z",
        );
        assert_eq!(usd(figures.used), Some(1.20));
        assert_eq!(
            usd(figures.daily_burn),
            Some(0.12),
            "one day has no slope: the total by the day of the month"
        );
    }

    #[test]
    fn burn_is_the_slope_between_readings() {
        let figures = of(
            &[
                reading("2026-01-10T15:00:00Z", 1.0),
                reading("2026-01-14T15:00:00Z", 3.0),
            ],
            "2026-01-14T16:00:00Z",
        );
        assert_eq!(usd(figures.daily_burn), Some(0.5));
        assert_eq!(figures.spent_today, None, "four days may not be booked on one");
    }

    #[test]
    fn a_month_of_two_days_is_no_trend() {
        let burn = |when: &str| usd(of(&[reading(when, 3.0)], when).daily_burn);
        assert_eq!(burn("2026-01-02T15:00:00Z"), None);
        assert_eq!(burn("2026-01-03T15:00:00Z"), Some(1.0));
        let two = [
            reading("2026-01-01T15:00:00Z", 0.5),
            reading("2026-01-02T16:00:00Z", 3.0),
        ];
        assert_eq!(of(&two, "2026-01-02T17:00:00Z").daily_burn, None);
    }

    #[test]
    fn a_correction_makes_earlier_readings_incomparable() {
        let figures = of(
            &[
                reading("2026-01-02T15:00:00Z", 0.5),
                reading("2026-01-05T15:00:00Z", 9.0),
                reading("2026-01-08T15:00:00Z", 1.0),
                reading("2026-01-12T15:00:00Z", 3.0),
            ],
            "2026-01-12T16:00:00Z",
        );
        assert_eq!(usd(figures.used), Some(3.0));
        assert_eq!(usd(figures.daily_burn), Some(0.5));
    }

    #[test]
    fn today_is_known_from_yesterdays_reading_or_on_the_first() {
        let figures = of(
            &[
                reading("2026-01-09T15:00:00Z", 1.0),
                reading("2026-01-10T15:00:00Z", 1.5),
            ],
            "2026-01-11T04:00:00Z",
        );
        assert_eq!(
            usd(figures.spent_today),
            Some(0.5),
            "23:00 local is still the tenth"
        );
        assert_eq!(
            usd(of(&[reading("2026-01-01T15:00:00Z", 0.3)], "2026-01-01T16:00:00Z").spent_today),
            Some(0.3)
        );
        assert_eq!(
            of(&[reading("2026-01-09T15:00:00Z", 1.0)], "2026-01-10T16:00:00Z").spent_today,
            None
        );
    }

    #[test]
    fn an_old_reading_is_doubted_but_kept() {
        let readings = [reading("2026-01-02T15:00:00Z", 1.0)];
        assert_eq!(of(&readings, "2026-01-09T15:00:00Z").doubt, None);
        let figures = of(&readings, "2026-01-11T15:00:01Z");
        assert_eq!(usd(figures.used), Some(1.0));
        assert!(figures.doubt.unwrap().why.contains("9 days old"));
    }

    #[test]
    fn the_later_of_reading_and_word_counts() {
        let readings = [reading("2026-01-10T15:00:00Z", 1.0)];
        let said = |when: &str| Adjustment {
            limit: None,
            used: Money::from_usd(2.0).ok(),
            period_start: "2026-01-01".parse().unwrap(),
            period_end: "2026-01-31".parse().unwrap(),
            at: at(when),
        };
        let used = |said| {
            usd(figures(
                Provider::Groq,
                &readings,
                None,
                Some(&said),
                7,
                &zone(),
                at("2026-01-12T00:00:00Z"),
            )
            .used)
        };
        assert_eq!(used(said("2026-01-11T00:00:00Z")), Some(2.0));
        assert_eq!(used(said("2026-01-09T00:00:00Z")), Some(1.0));
    }
}
