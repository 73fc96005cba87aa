//! What a person or a client tells the arm. Each write refreshes both rows in its own transaction, so that
//! the next read knows it.

use std::time::Duration;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use rusqlite::Transaction;

use super::{
    BudgetArm, BudgetError, adjust,
    arm::Rules,
    odometer,
    period::Month,
    pricing, reads, reminders,
    views::{BudgetInfo, ReadingRecorded, ReadingResult, SessionRecorded, UpdateRecorded},
};
use crate::{
    domain::{Money, Provider},
    store::{
        self,
        tables::{odometer::Reading, sessions::Session},
    },
};

/// What a write waits for its copy off the machine.
const CHECKPOINT: Duration = Duration::from_secs(5);

/// `POST /usage/record`.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Who bills it.
    pub provider: Provider,
    /// The model id, as the price table has it.
    pub model: String,
    /// Tokens sent.
    pub input_tokens: u64,
    /// Tokens received.
    pub output_tokens: u64,
    /// Free word, such as `interactive`.
    pub session_type: String,
    /// Free text.
    pub notes: String,
}

/// `POST /usage/update_budget`. What is `None` stays as it is; each works alone.
#[derive(Clone, Debug)]
pub struct UpdateBudget {
    /// Whose.
    pub provider: Provider,
    /// What is left now. Sessions count from here on.
    pub remaining: Option<Money>,
    /// The limit of the present period.
    pub total: Option<Money>,
    /// The last day of the present period.
    pub period_end: Option<Date>,
}

/// `POST /groq/odometer/record`.
#[derive(Clone, Debug)]
pub struct NewReading {
    /// Whose console.
    pub provider: Provider,
    /// The month's total so far.
    pub value: Money,
    /// Which month; `None`: the present local one.
    pub month: Option<Month>,
    /// Free text.
    pub notes: String,
    /// The last reading of that month was wrong, so this one may be lower.
    pub correction: bool,
}

impl BudgetArm {
    /// Prices and records a session.
    ///
    /// # Errors
    /// If an argument is out of bounds, the model has no price or the state cannot be written.
    pub async fn record_session(
        &self,
        new: NewSession,
        now: Timestamp,
    ) -> Result<SessionRecorded, BudgetError> {
        text("model", &new.model, 1, 200)?;
        text("session_type", &new.session_type, 0, 200)?;
        text("notes", &new.notes, 0, 4_000)?;
        let day = now.to_zoned_datetime(TimeZone::UTC).date();
        let prices = &self.rules.settings.prices;
        let cost = pricing::cost(
            prices,
            new.provider,
            &new.model,
            day,
            new.input_tokens,
            new.output_tokens,
        )?;
        let session = Session {
            at: now,
            provider: new.provider,
            model: new.model,
            input_tokens: tokens("input_tokens", new.input_tokens)?,
            output_tokens: tokens("output_tokens", new.output_tokens)?,
            cost,
            session_type: new.session_type,
            notes: new.notes,
        };
        let rules = self.rules.clone();
        let recorded = self.store.write_durably(CHECKPOINT, move |tx| {
            store::tables::sessions::insert(tx, &session)?;
            rules.refresh(tx, now)?;
            let updated_status = reads::usage(&rules, tx, now)?;
            Ok(SessionRecorded::new(&session, updated_status))
        });
        Ok(recorded.await?)
    }

    /// Records what a person knows better than the configuration or the ledger. It holds until the period it
    /// names is over.
    ///
    /// # Errors
    /// If nothing is said, it contradicts itself, the provider is not configured or the state cannot be
    /// written.
    pub async fn update_budget(
        &self,
        update: UpdateBudget,
        now: Timestamp,
    ) -> Result<UpdateRecorded, BudgetError> {
        let rules = self.rules.clone();
        let write = self.store.write_durably(CHECKPOINT, move |tx| {
            let provider = update.provider;
            let today = rules.today(now);
            let before = rules.adjustment(tx, provider, today)?;
            let merged = match rules.configured(provider) {
                Some(configured) => adjust::merge(configured, before.as_ref(), &update, today, now),
                None => Err(BudgetError::NotConfigured(provider)),
            };
            let said = match merged {
                Ok(said) => said,
                Err(refused) => return Ok(Err(refused)),
            };
            store::tables::budget::set_adjustment(tx, provider, &said)?;
            rules.refresh(tx, now)?;
            let budget_info = rules
                .recorded(tx, now)?
                .iter()
                .find(|recorded| recorded.budget.provider == provider)
                .and_then(BudgetInfo::of);
            Ok(Ok(UpdateRecorded {
                updated: true,
                provider,
                budget_info,
                timestamp: now,
            }))
        });
        write.await?
    }

    /// Records a month-to-date total.
    ///
    /// # Errors
    /// If the total is negative, the month lies ahead, the total fell without `correction`, or the state
    /// cannot be written.
    pub async fn record_odometer(
        &self,
        new: NewReading,
        now: Timestamp,
    ) -> Result<ReadingRecorded, BudgetError> {
        text("notes", &new.notes, 0, 4_000)?;
        if new.value < Money::ZERO {
            return Err(BudgetError::invalid(
                "value",
                new.value,
                "the month's total, $0.00 or more",
            ));
        }
        let present = Month::of(self.rules.today(now));
        let month = new.month.unwrap_or(present);
        if month > present {
            return Err(BudgetError::invalid(
                "month",
                month,
                format!("{present} or an earlier month"),
            ));
        }
        let rules = self.rules.clone();
        let write = self.store.write_durably(CHECKPOINT, move |tx| {
            rules.record_reading(tx, new.clone(), month, now)
        });
        write.await?
    }
}

impl Rules {
    fn record_reading(
        &self,
        tx: &Transaction<'_>,
        new: NewReading,
        month: Month,
        now: Timestamp,
    ) -> rusqlite::Result<Result<ReadingRecorded, BudgetError>> {
        let provider = new.provider;
        let month_name = month.to_string();
        let earlier = store::tables::odometer::of_month(tx, provider, &month_name)?;
        if let Some(last) = odometer::dropped_from(&earlier, new.value).filter(|_| !new.correction) {
            return Ok(Err(BudgetError::Dropped {
                provider,
                month: month_name,
                value: new.value,
                last,
            }));
        }
        let before =
            store::tables::odometer::last_before(tx, provider, &month_name)?.filter(|_| earlier.is_empty());
        let reading = Reading {
            at: now,
            month: month_name,
            value: new.value,
            notes: new.notes,
        };
        store::tables::odometer::insert(tx, provider, &reading)?;
        self.refresh(tx, now)?;
        let result = ReadingResult {
            recorded: true,
            month: reading.month.clone(),
            cumulative_value: new.value.usd(),
            reset_detected: before.as_ref().is_some_and(|before| new.value < before.value),
            daily_usage_estimate: odometer::daily_average(&reading, &self.zone).usd(),
            reminder_status: reminders::status(self, tx, now)?,
            timestamp: now,
            historical_record: month != Month::of(self.today(now)),
            warning: before.and_then(|before| odometer::still_the_old_month(&reading, &before)),
        };
        Ok(Ok(ReadingRecorded {
            success: true,
            result,
            timestamp: now,
        }))
    }
}

fn text(field: &'static str, value: &str, least: usize, most: usize) -> Result<(), BudgetError> {
    let length = value.chars().count();
    if (least..=most).contains(&length) {
        return Ok(());
    }
    Err(BudgetError::invalid(
        field,
        format!("{length} characters long"),
        format!("{least} to {most} characters"),
    ))
}

fn tokens(field: &'static str, value: u64) -> Result<i64, BudgetError> {
    i64::try_from(value).map_err(|_| BudgetError::invalid(field, value, format!("at most {}", i64::MAX)))
}
