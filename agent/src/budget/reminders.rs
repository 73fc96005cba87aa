use jiff::{Timestamp, civil::Date, tz::TimeZone};
use rusqlite::Connection;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    arm::Rules,
    odometer,
    period::{Month, Period, days_between},
};
use crate::{
    clock::local_day,
    config::BudgetSource,
    domain::Provider,
    store::{self, tables::odometer::Reading},
};

// Groq's console loses the month's total when the month ends.

/// On this many last days of a month a reading of the day is asked for.
const LAST_DAYS: i64 = 4;

/// On this many first days of a month the total of the month before is asked for, if its last reading came
/// before its last day.
const FIRST_DAYS: i64 = 3;

/// Whether the odometer needs a reading, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OdometerState {
    /// Read lately.
    Normal,
    /// The last days of the month: the total is about to be lost.
    Approaching,
    /// No reading for this month.
    NeedsReading,
    /// The reading is old.
    Stale,
    /// Groq's budget does not come from an odometer.
    NotUsed,
}

/// What a person should record, and how long this month's total can still be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Reminders {
    /// Whether the odometer needs a reading, and why.
    pub state: OdometerState,
    /// What to record.
    pub due: Vec<Reminder>,
    /// Days from today to the last day of the month; the total resets the day after.
    pub days_until_reset: i64,
    /// Age, in whole days, of the newest reading for this month, else of the newest for the latest earlier
    /// month.
    pub last_reading_age_days: Option<i64>,
}

/// One thing to record.
#[derive(Clone, Debug, PartialEq)]
pub struct Reminder {
    /// Why a reading is asked for.
    pub kind: ReminderKind,
    /// How urgent it is.
    pub urgency: Urgency,
    /// One sentence for a person.
    pub message: String,
}

/// Why a reading is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReminderKind {
    /// The month ends soon.
    MonthEnd,
    /// The newest reading is old.
    StaleData,
    /// This month has no reading.
    InitialReading,
    /// An older reading exists, but last month has none from its last day or later.
    MissedMonthEnd,
}

/// How urgent a reading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ReminderUrgency)]
pub enum Urgency {
    /// Now.
    High,
    /// Soon.
    Medium,
    /// Some time.
    Low,
}

impl Reminder {
    fn new(kind: ReminderKind, urgency: Urgency, message: String) -> Self {
        Self {
            kind,
            urgency,
            message,
        }
    }
}

/// Which reading a person should record now, from what is in the store.
pub(super) fn status(rules: &Rules, connection: &Connection, now: Timestamp) -> rusqlite::Result<Reminders> {
    let month = Month::of(rules.today(now));
    let newest_this_month = store::tables::odometer::of_month(connection, Provider::Groq, month)?;
    let newest_this_month = newest_this_month.last();
    let newest_of_earlier_months = store::tables::odometer::last_before(connection, Provider::Groq, month)?;
    let configured = rules
        .configured(Provider::Groq)
        .is_some_and(|groq| groq.source == BudgetSource::Odometer);
    let max_age_days = rules.settings.thresholds.reading_max_age_days;
    let mut reminders = decide(
        newest_this_month,
        newest_of_earlier_months.as_ref(),
        max_age_days,
        &rules.zone,
        now,
    );
    if !configured {
        reminders.state = OdometerState::NotUsed;
        reminders.due.clear();
    }
    Ok(reminders)
}

/// The rules. Pure. For `state`, a missing or old reading outranks the coming end of the month. `due` lists every
/// reason.
fn decide(
    newest_this_month: Option<&Reading>,
    newest_of_earlier_months: Option<&Reading>,
    max_age_days: u32,
    zone: &TimeZone,
    now: Timestamp,
) -> Reminders {
    let today = local_day(now, zone).date();
    let month = Month::of(today);
    let days_until_reset = Period::from(month).days_remaining(today);
    let age = newest_this_month
        .or(newest_of_earlier_months)
        .map(|newest| now.duration_since(newest.at).as_hours() / 24);

    let mut state = OdometerState::Normal;
    let mut due = Vec::new();
    if days_until_reset < LAST_DAYS {
        state = OdometerState::Approaching;
        let read_today = newest_this_month.is_some_and(|newest| local_day(newest.at, zone).date() >= today);
        due.extend((!read_today).then(|| month_end(days_until_reset)));
    }
    match newest_this_month {
        None => {
            state = OdometerState::NeedsReading;
            due.push(initial_reading(month));
        }
        Some(newest) if odometer::is_old(newest.at, max_age_days, now) => {
            state = OdometerState::Stale;
            due.push(stale_data(age.unwrap_or_default()));
        }
        Some(_) => {}
    }
    let month_began = i64::from(today.day()) <= FIRST_DAYS;
    let missed = newest_of_earlier_months.filter(|last| month_began && !closes(last, month, zone));
    due.extend(missed.map(|last| missed_month_end(last, month)));
    Reminders {
        state,
        due,
        days_until_reset,
        last_reading_age_days: age,
    }
}

fn month_end(days_until_reset: i64) -> Reminder {
    let urgency = if days_until_reset <= 1 {
        Urgency::High
    } else {
        Urgency::Medium
    };
    let left = count_days(days_until_reset + 1);
    let message = format!("Groq reading needed: the month's total resets in {left}");
    Reminder::new(ReminderKind::MonthEnd, urgency, message)
}

fn initial_reading(month: Month) -> Reminder {
    let message = format!("No Groq reading for {month} yet");
    Reminder::new(ReminderKind::InitialReading, Urgency::Medium, message)
}

fn stale_data(age_days: i64) -> Reminder {
    let message = format!("Groq reading is {} old", count_days(age_days));
    Reminder::new(ReminderKind::StaleData, Urgency::Low, message)
}

fn missed_month_end(last: &Reading, month: Month) -> Reminder {
    let message = format!(
        "Groq's final total of {} was not recorded (last reading: {})",
        last_month(month),
        last.value
    );
    Reminder::new(ReminderKind::MissedMonthEnd, Urgency::High, message)
}

/// Whether `reading` closes the month before `month`: it was recorded for that month, on its last day or later.
fn closes(reading: &Reading, month: Month, zone: &TimeZone) -> bool {
    let last_month = last_month(month);
    let recorded = local_day(reading.at, zone).date();
    reading.month == last_month && days_between(last_month.last_day(), recorded) >= 0
}

fn last_month(month: Month) -> Month {
    Month::of(month.first_day().yesterday().unwrap_or(Date::MIN))
}

fn count_days(days: i64) -> String {
    if days == 1 {
        "1 day".to_owned()
    } else {
        format!("{days} days")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Money;

    fn reading(at: &str, month: &str) -> Reading {
        Reading {
            at: at.parse().unwrap(),
            month: month.parse().unwrap(),
            value: Money::from_usd(1.5).unwrap(),
            notes: String::new(),
        }
    }

    fn on(
        now: &str,
        newest_this_month: Option<&Reading>,
        newest_of_earlier_months: Option<&Reading>,
    ) -> (OdometerState, Vec<(ReminderKind, Urgency)>) {
        let zone = TimeZone::get("America/New_York").unwrap();
        let status = decide(
            newest_this_month,
            newest_of_earlier_months,
            7,
            &zone,
            now.parse().unwrap(),
        );
        (
            status.state,
            status.due.iter().map(|r| (r.kind, r.urgency)).collect(),
        )
    }

    #[test]
    fn a_fresh_reading_in_mid_month_needs_nothing() {
        let (state, asked) = on(
            "2026-01-15T15:00:00Z",
            Some(&reading("2026-01-14T15:00:00Z", "2026-01")),
            None,
        );
        assert_eq!((state, asked), (OdometerState::Normal, vec![]));
    }

    #[test]
    fn the_month_end_asks_until_todays_reading_is_there() {
        let old = reading("2026-01-28T15:00:00Z", "2026-01");
        let (state, asked) = on("2026-01-30T15:00:00Z", Some(&old), None);
        assert_eq!(state, OdometerState::Approaching);
        assert_eq!(asked, [(ReminderKind::MonthEnd, Urgency::High)]);
        let (_, asked) = on(
            "2026-01-30T20:00:00Z",
            Some(&reading("2026-01-30T15:00:00Z", "2026-01")),
            None,
        );
        assert_eq!(asked, []);
    }

    #[test]
    fn a_new_month_asks_for_its_first_reading_and_for_last_months_missed_total() {
        let before = reading("2026-01-20T15:00:00Z", "2026-01");
        let (state, asked) = on("2026-02-02T15:00:00Z", None, Some(&before));
        assert_eq!(state, OdometerState::NeedsReading);
        assert_eq!(
            asked,
            [
                (ReminderKind::InitialReading, Urgency::Medium),
                (ReminderKind::MissedMonthEnd, Urgency::High)
            ]
        );
        let closed = reading("2026-02-01T15:00:00Z", "2026-01");
        let (_, asked) = on("2026-02-02T15:00:00Z", None, Some(&closed));
        assert_eq!(
            asked,
            [(ReminderKind::InitialReading, Urgency::Medium)],
            "a reading recorded in February for January closes January"
        );
    }

    #[test]
    fn an_old_reading_is_stale() {
        let (state, asked) = on(
            "2026-01-15T15:00:00Z",
            Some(&reading("2026-01-02T15:00:00Z", "2026-01")),
            None,
        );
        assert_eq!(
            (state, asked),
            (
                OdometerState::Stale,
                vec![(ReminderKind::StaleData, Urgency::Low)]
            )
        );
    }
}
