//! A budget over a period, played by the rules of every pass and with the SQL of every pass.

use jiff::civil::Date;
use rusqlite::Transaction;

use super::*;
use crate::{
    budget,
    config::tests::in_new_york,
    domain::{ChannelKind, Money, Observation, Provider},
    notify::outbox::insert_delivered,
    store::{
        self,
        tables::{
            budget::{Adjustment, set_adjustment},
            odometer::{self, Reading},
            steps,
        },
    },
};

const CHANNEL: [ChannelKind; 1] = [ChannelKind::Sms];

fn usd(amount: f64) -> Money {
    Money::from_usd(amount).unwrap()
}

/// November of somebody whose Groq budget is $100.
struct November {
    rules: Rules,
    budgets: budget::Rules,
    connection: Connection,
}

impl November {
    fn new() -> Self {
        let settings = in_new_york(
            "policy.quiet_hours = []\nbudget.groq = { source = \"odometer\", limit_usd = 100.0 }",
        );
        Self {
            rules: Rules::new(&settings, CHANNEL.to_vec()),
            budgets: budget::Rules::new(&settings.budget, &settings.time_zone),
            connection: store::in_memory().unwrap(),
        }
    }

    fn at(day: i8, time: &str) -> Timestamp {
        format!("2026-11-{day:02}T{time}:00-05:00").parse().unwrap()
    }

    /// Writes, and computes the budgets anew as every write does.
    fn write(
        &mut self,
        now: Timestamp,
        write: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<()>,
    ) -> &mut Self {
        let tx = self.connection.transaction().unwrap();
        write(&tx).unwrap();
        self.budgets.refresh(&tx, now).unwrap();
        tx.commit().unwrap();
        self
    }

    /// A reading of the console.
    fn reads(&mut self, day: i8, time: &str, total: f64) -> &mut Self {
        let at = Self::at(day, time);
        let reading = Reading {
            at,
            month: "2026-11".parse().unwrap(),
            value: usd(total),
            notes: String::new(),
        };
        self.write(at, |tx| odometer::insert(tx, Provider::Groq, &reading))
    }

    /// Another limit; with `used`, the person says what was used so far.
    fn limit(&mut self, day: i8, time: &str, limit: f64, used: Option<f64>) -> &mut Self {
        let at = Self::at(day, time);
        let said = Adjustment {
            limit: Some(usd(limit)),
            used: used.map(usd),
            period_start: Date::constant(2026, 11, 1),
            period_end: Date::constant(2026, 11, 30),
            at,
        };
        self.write(at, |tx| set_adjustment(tx, Provider::Groq, &said))
    }

    /// A pass. `want` is what its message says of the budget, empty if there is none.
    fn says(&mut self, day: i8, time: &str, want: &str) -> &mut Self {
        let now = Self::at(day, time);
        let tx = self.connection.transaction().unwrap();
        let observed = Observed {
            beeminder: Observation::Unknown {
                why: "off".to_owned(),
            },
            cure: None,
            walk: None,
            budgets: self.budgets.refresh(&tx, now).unwrap(),
            elapsed: Duration::ZERO,
        };
        let pass = self.rules.assess(&tx, observed, Trigger::Schedule, now).unwrap();
        let mut told = Vec::new();
        let insert = |message: NewMessage| {
            let delivered = insert_delivered(&tx, &message, &CHANNEL, now)?;
            if message.subjects.contains(&Subject::budget(Provider::Groq)) {
                told.push(delivered.text);
            }
            Ok(delivered.id)
        };
        self.rules.decide_and_record(&tx, &pass, now, insert).unwrap();
        tx.commit().unwrap();
        let told = told.join("");
        assert!(
            told.contains(want) && told.is_empty() == want.is_empty(),
            "{day} {time}: {told:?}, not {want:?}"
        );
        self
    }
}

#[test]
fn the_shares_of_a_raised_limit_are_said_anew() {
    November::new()
        .reads(5, "12:00", 96.0)
        .says(5, "13:00", "groq budget 96% used ($96.00 of $100.00)")
        .limit(5, "14:00", 200.0, None)
        .says(5, "15:00", "")
        .reads(10, "12:00", 152.0)
        .says(10, "13:00", "groq budget 76% used ($152.00 of $200.00)")
        .reads(12, "12:00", 191.0)
        .says(12, "13:00", "groq budget 95% used ($191.00 of $200.00)")
        .says(13, "13:00", "");
}

#[test]
fn a_limit_that_is_raised_and_used_between_two_passes_is_another_limit() {
    November::new()
        .reads(5, "12:00", 96.0)
        .says(5, "13:00", "96% used")
        .limit(6, "09:00", 200.0, None)
        .reads(6, "12:00", 193.0)
        .says(6, "13:00", "groq budget 96% used ($193.00 of $200.00)");
}

#[test]
fn a_share_is_said_anew_after_a_corrected_reading() {
    November::new()
        .reads(5, "12:00", 80.0)
        .says(5, "13:00", "80% used")
        .reads(6, "12:00", 8.0)
        .says(6, "13:00", "")
        .reads(20, "12:00", 76.0)
        .says(20, "13:00", "76% used");
}

#[test]
fn a_budget_that_is_renewed_within_its_period_begins_anew() {
    November::new()
        .reads(5, "12:00", 101.0)
        .says(5, "13:00", "101% used")
        .limit(6, "09:00", 100.0, Some(0.0))
        .says(6, "13:00", "")
        .reads(20, "12:00", 78.0)
        .says(20, "13:00", "groq budget 78% used ($78.00 of $100.00)");
}

#[test]
fn a_small_change_makes_no_second_message() {
    November::new()
        .reads(5, "12:00", 76.0)
        .says(5, "13:00", "76% used")
        .reads(6, "12:00", 73.5)
        .says(6, "13:00", "")
        .reads(7, "12:00", 76.0)
        .says(7, "13:00", "")
        .reads(20, "12:00", 96.0)
        .says(20, "13:00", "96% used")
        // 88 %: less than 95, but no reason to say 75 again.
        .limit(20, "14:00", 109.0, None)
        .says(21, "13:00", "");
}

#[test]
fn the_claim_of_a_share_that_counts_anew_is_taken_over() {
    let mut november = November::new();
    november
        .reads(5, "12:00", 96.0)
        .says(5, "13:00", "96% used")
        .limit(5, "14:00", 200.0, None)
        .reads(10, "12:00", 193.0)
        .says(10, "13:00", "96% used");
    let newest = steps::newest_about(&november.connection, &Subject::budget(Provider::Groq)).unwrap();
    assert_eq!(newest.map(|(at, _)| at), Some(November::at(10, "13:00")));
}
