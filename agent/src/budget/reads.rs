//! Reads back budgets (one recorded row for each provider), sessions and odometer readings. Every function
//! reads the local database alone, so none is `async`.

use jiff::{Timestamp, ToSpan};
use rusqlite::Connection;

use super::{
    BudgetArm, BudgetToday, Odometer, Recorded, Summary,
    arm::{self, Rows, Rules},
    odometer::{self, MonthTotal, Total},
    period::Month,
    reminders,
};
use crate::{
    clock::local_day_bounds,
    domain::Provider,
    store::{
        self, StoreError,
        tables::{odometer as readings, sessions::Kept},
    },
};

impl BudgetArm {
    /// The rows as they were last recorded: one for each provider, even if the provider is not configured.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn budgets(&self, now: Timestamp) -> Result<Vec<Recorded>, StoreError> {
        self.store.read(|connection| self.rules.recorded(connection, now))
    }

    /// The rows of [`BudgetArm::budgets`], each with its outlook for today.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn usage(&self, now: Timestamp) -> Result<Vec<BudgetToday>, StoreError> {
        let rows = self.store.read_once(&self.rows, arm::rows)?;
        Ok(self.rules.today_of(Rows::clone(&rows), now))
    }

    /// As [`BudgetArm::usage`], but always read, on the caller's connection: in one transaction, all that the
    /// caller reads is of one moment.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn usage_on(&self, connection: &Connection, now: Timestamp) -> rusqlite::Result<Vec<BudgetToday>> {
        self.rules.usage(connection, now)
    }

    /// The sums of the sessions of the last `days` local days, today included, and Anthropic's budget as it
    /// was last recorded.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn summary(&self, days: u32, now: Timestamp) -> Result<Summary, StoreError> {
        let rules = &self.rules;
        self.store.read(|connection| {
            let today = rules.today(now);
            let first = today.saturating_sub((i64::from(days) - 1).days());
            let (from, _) = local_day_bounds(first.into(), &rules.zone);
            let (_, until) = local_day_bounds(today.into(), &rules.zone);
            let sessions = store::tables::sessions::between(connection, from, until)?;
            let anthropic = rules.recorded(connection, now)?.into_iter().next();
            Ok(Summary::of(days, &sessions, &rules.zone, anthropic))
        })
    }

    /// The newest `limit` sessions, newest first.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn recent(&self, limit: u32) -> Result<Vec<Kept>, StoreError> {
        self.store
            .read(|connection| store::tables::sessions::recent(connection, limit))
    }

    /// Groq's total for each month that has readings, the average of a day of this month, and what a person
    /// should record.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn odometer(&self, now: Timestamp) -> Result<Odometer, StoreError> {
        let rules = &self.rules;
        self.store.read(|connection| {
            let month = Month::of(rules.today(now));
            let newest = readings::of_month(connection, Provider::Groq, month)?.pop();
            let history = readings::months(connection, Provider::Groq)?
                .into_iter()
                .map(|past| MonthTotal {
                    finalized: past.month < month,
                    month: past.month,
                    cost: past.value,
                    readings: past.readings,
                });
            Ok(Odometer {
                reminders: reminders::status(rules, connection, now)?,
                history: history.collect(),
                total: newest.map(|newest| Total {
                    value: newest.value,
                    daily_average: odometer::daily_average(&newest, &rules.zone),
                }),
                month,
            })
        })
    }
}

impl Rules {
    /// Every provider's row with its outlook for today, read on this connection.
    pub(super) fn usage(
        &self,
        connection: &Connection,
        now: Timestamp,
    ) -> rusqlite::Result<Vec<BudgetToday>> {
        Ok(self.today_of(arm::rows(connection)?, now))
    }

    fn today_of(&self, rows: Rows, now: Timestamp) -> Vec<BudgetToday> {
        let judge = |recorded: Recorded| BudgetToday {
            outlook: self.outlook(&recorded.budget, now),
            recorded,
        };
        self.judge_rows(rows, now).map(judge).collect()
    }
}
