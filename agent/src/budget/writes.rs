//! Records what a person or a client tells Mecris about a budget. Each write also computes the row of every
//! provider again, in the same transaction, so that the next read shows the write.

use std::time::Duration;

use jiff::{Timestamp, ToSpan as _};
use rusqlite::Transaction;

use super::{
    BudgetArm, BudgetError, BudgetToday, NewReading, Recorded, Reminders, UpdateBudget, adjust,
    arm::Rules,
    bounds::{Amount, Notes},
    odometer,
    period::Month,
    reminders,
};
use crate::{
    config::BudgetSource,
    domain::{Money, Provider},
    store::{self, tables::odometer::Reading},
};

/// How far back the month of a new reading may lie, in years.
const MOST_YEARS_AGO: i64 = 10;

/// How long one try to copy a write off the machine may take.
pub(super) const COPY_TIMEOUT: Duration = Duration::from_secs(5);

/// A month-to-date total that was recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedReading {
    /// The reading.
    pub reading: Reading,
    /// What names it from now on.
    pub id: String,
    /// Whether the console has begun a new month: this is the first reading of its month, and it is lower than
    /// the newest reading of the latest earlier month that has readings.
    pub reset_detected: bool,
    /// The total divided by the days of its month up to the reading.
    pub daily_average: Money,
    /// What to record next.
    pub reminders: Reminders,
    /// Whether the reading belongs to a month before the present one.
    pub historical: bool,
    /// Why the reading, although it was recorded, does not count yet; one sentence. `None`: it counts.
    pub warning: Option<String>,
}

impl BudgetArm {
    /// Records what a person knows better than the configuration, the sessions or the readings. It holds until
    /// its period ends: on the given `period_end`, or else with the present period. Returns the provider's row
    /// after the write.
    ///
    /// # Errors
    /// If the update is empty, an argument is out of bounds or does not fit what is on record, the provider is
    /// not configured, or the state cannot be written.
    pub async fn update_budget(&self, update: UpdateBudget, now: Timestamp) -> Result<Recorded, BudgetError> {
        let rules = self.rules.clone();
        let write = self.store.write_and_copy(COPY_TIMEOUT, move |tx| {
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
            rules.recorded_of(tx, provider, now).map(Ok)
        });
        write.await?
    }

    /// Notes that all that was spent at a provider is recorded: nothing more was spent. It counts as a session would as
    /// proof that the ledger is fed, and ages as one. Returns the provider's row after the write.
    ///
    /// # Errors
    /// If the provider is not configured, its budget is not summed from sessions, or the state cannot be written.
    pub async fn complete(&self, provider: Provider, now: Timestamp) -> Result<Recorded, BudgetError> {
        let source = self.rules.configured(provider).map(|budget| budget.source);
        match source {
            Some(BudgetSource::Ledger) => {}
            Some(BudgetSource::Odometer) => {
                let allowed =
                    format!("nothing here, because POST /{provider}/odometer/record says what was spent");
                return Err(BudgetError::not_now("provider", provider, allowed));
            }
            None => return Err(BudgetError::NotConfigured(provider)),
        }
        let rules = self.rules.clone();
        let write = self.store.write_and_copy(COPY_TIMEOUT, move |tx| {
            store::tables::budget::set_complete(tx, provider, now)?;
            rules.refresh(tx, now)?;
            rules.recorded_of(tx, provider, now)
        });
        Ok(write.await?)
    }

    /// Records a month-to-date total of a provider's console.
    ///
    /// # Errors
    /// If the total is negative, the notes are too long, the month has begun nowhere on earth or lies more than
    /// ten years back, the total fell without `correction`, or the state cannot be written.
    pub async fn record_odometer(
        &self,
        provider: Provider,
        new: NewReading,
        now: Timestamp,
    ) -> Result<RecordedReading, BudgetError> {
        Notes::check("notes", &new.notes)?;
        Amount::check("value", "the month's total, ", new.value)?;
        let present = Month::of(self.rules.today(now));
        let month = new.month.unwrap_or(present);
        let oldest = Month::of(self.rules.today(now).saturating_sub(MOST_YEARS_AGO.years()));
        // A console has a zone of its own. There the next month may have begun already.
        let newest = odometer::newest_month_on_earth(now);
        if month > newest || month < oldest {
            return Err(BudgetError::not_now(
                "month",
                month,
                format!("{newest} or an earlier month, {oldest} or later"),
            ));
        }
        let reading = Reading {
            at: now,
            month,
            value: new.value,
            notes: new.notes,
        };
        let (rules, may_fall) = (self.rules.clone(), new.correction);
        let write = self.store.write_and_copy(COPY_TIMEOUT, move |tx| {
            rules.record_reading(tx, provider, reading.clone(), may_fall, month < present)
        });
        write.await?
    }
}

impl BudgetArm {
    /// Takes a reading back that was recorded by mistake. The table `removals` keeps what it was. `None`: the provider
    /// has no such reading.
    ///
    /// # Errors
    /// If the state cannot be written.
    pub async fn take_back_reading(
        &self,
        provider: Provider,
        id: String,
        now: Timestamp,
    ) -> Result<Option<(Reading, Vec<BudgetToday>)>, BudgetError> {
        let rules = self.rules.clone();
        let taken = self.store.write_and_copy(COPY_TIMEOUT, move |tx| {
            let Some(reading) = store::tables::odometer::remove(tx, provider, &id, now)? else {
                return Ok(None);
            };
            rules.refresh(tx, now)?;
            Ok(Some((reading, rules.usage(tx, now)?)))
        });
        Ok(taken.await?)
    }
}

impl Rules {
    fn record_reading(
        &self,
        tx: &Transaction<'_>,
        provider: Provider,
        reading: Reading,
        may_fall: bool,
        historical: bool,
    ) -> rusqlite::Result<Result<RecordedReading, BudgetError>> {
        let now = reading.at;
        let earlier = store::tables::odometer::of_month(tx, provider, reading.month)?;
        if let Some(last) = odometer::dropped_from(&earlier, reading.value).filter(|_| !may_fall) {
            return Ok(Err(BudgetError::Dropped {
                provider,
                month: reading.month,
                value: reading.value,
                last,
            }));
        }
        let before =
            store::tables::odometer::last_before(tx, provider, reading.month)?.filter(|_| earlier.is_empty());
        let id = store::tables::odometer::insert(tx, provider, &reading)?;
        self.refresh(tx, now)?;
        Ok(Ok(RecordedReading {
            reset_detected: before.as_ref().is_some_and(|before| reading.value < before.value),
            daily_average: odometer::daily_average(&reading, &self.zone),
            reminders: reminders::status(self, tx, now)?,
            historical,
            warning: before.and_then(|before| odometer::still_the_old_month(&reading, &before)),
            reading,
            id,
        }))
    }
}
