//! Days played by the rules of every pass and with the SQL of every pass: a budget over a period, an account that
//! loses its goals.

use jiff::civil::Date;
use rusqlite::Transaction;

use super::*;
use crate::{
    arms::beeminder::Goal,
    budget,
    config::tests::in_new_york,
    domain::{ChannelKind, Money, Observation, Provider, Reason, Severity},
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
        self.write(at, |tx| odometer::insert(tx, Provider::Groq, &reading).map(drop))
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
        self.rules
            .decide_and_record(&tx, &pass, now, |_| Ok(()), insert)
            .unwrap();
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

/// A pass over an account with these goals. Returns the decision about whether Beeminder lists any, and what the
/// message says.
fn pass_over(connection: &mut Connection, slugs: &[&str], now: &str) -> (Option<(Severity, Reason)>, String) {
    let (now, rules) = (
        now.parse().unwrap(),
        Rules::new(&in_new_york(""), CHANNEL.to_vec()),
    );
    let goals = slugs.iter().map(|slug| Goal {
        safebuf: Some(30),
        losedate: Some("2026-12-30T23:59:59-05:00".parse().unwrap()),
        ..Goal::named(slug.parse().unwrap())
    });
    let observed = Observed {
        beeminder: Observation::Fresh {
            value: Account {
                time_zone: Some("America/New_York".to_owned()),
                deadbeat: false,
                goals: goals.collect(),
                unreadable: Vec::new(),
                ignored: 0,
            },
            at: now,
        },
        cure: None,
        walk: None,
        budgets: Vec::new(),
        elapsed: Duration::ZERO,
    };
    let tx = connection.transaction().unwrap();
    let pass = rules.assess(&tx, observed, Trigger::Schedule, now).unwrap();
    let mut told = String::new();
    let insert = |message: NewMessage| {
        let delivered = insert_delivered(&tx, &message, &CHANNEL, now)?;
        told.push_str(&delivered.text);
        Ok(delivered.id)
    };
    let (report, _) = rules
        .decide_and_record(&tx, &pass, now, |_| Ok(()), insert)
        .unwrap();
    tx.commit().unwrap();
    let decided = report
        .decisions
        .iter()
        .find(|one| one.subject == Subject::listed_goals());
    (decided.map(|one| (one.severity, one.reason)), told)
}

#[test]
fn an_account_that_suddenly_has_no_goals_is_not_safe_and_is_said_once() {
    let mut connection = store::in_memory().unwrap();
    let mut pass = |slugs: &[&str], now: &str| pass_over(&mut connection, slugs, now);
    assert_eq!(
        pass(&[], "2026-11-15T12:00:00-05:00").0,
        None,
        "there were none before"
    );
    let three = ["reading", "piano", "run"];
    assert_eq!(pass(&three, "2026-11-16T12:00:00-05:00").0, None);
    assert_eq!(
        pass(&three[..1], "2026-11-16T13:00:00-05:00").0,
        None,
        "two were archived"
    );
    assert_eq!(pass(&three, "2026-11-16T13:30:00-05:00").0, None);
    let (first, told) = pass(&[], "2026-11-16T14:00:00-05:00");
    assert_eq!(first.map(|(severity, _)| severity), Some(Severity::Unknown));
    assert_eq!(told, "", "one look is not enough");
    let (second, told) = pass(&[], "2026-11-16T14:15:00-05:00");
    assert_eq!(second, Some((Severity::Warning, Reason::FirstOfDay)));
    assert_eq!(
        told,
        "Mecris: Beeminder lists no goals any more, there were 3 that can derail: if you did not archive them, check \
         beeminder.username and the token"
    );
    for later in [
        "2026-11-16T14:30:00-05:00",
        "2026-11-17T12:00:00-05:00",
        "2026-12-01T12:00:00-05:00",
    ] {
        let (decided, told) = pass(&[], later);
        assert_eq!(
            decided,
            Some((Severity::Warning, Reason::AlreadyNotifiedToday)),
            "{later}"
        );
        assert!(
            !told.contains("no goals"),
            "who archived all of them hears it once: {told}"
        );
    }
    let (month, _) = pass(&[], "2026-12-17T12:00:00-05:00");
    assert_eq!(month, Some((Severity::Caution, Reason::BelowThreshold)));
    assert_eq!(pass(&three, "2026-12-18T12:00:00-05:00").0, None, "they are back");
}
