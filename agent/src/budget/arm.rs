//! Computes the budget of each provider, records it as a row, and reads the rows back.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use rusqlite::{Connection, Transaction};

use super::{
    Budget, Health, adjust,
    figures::{Doubt, Figures},
    health::{Standing, burn_until, judge},
    ledger, odometer,
    period::{Month, Period},
};
use crate::{
    clock::local_day,
    config::{BudgetSettings, BudgetSource, ProviderBudget},
    domain::{Observation, Provider, Subject},
    store::{
        self, Memo, Store, StoreError,
        tables::budget::{Adjustment, Computed},
    },
};

/// The arm: computes budgets from the store. Cheap to clone.
#[derive(Clone, Debug)]
pub struct BudgetArm {
    pub(super) rules: Arc<Rules>,
    pub(super) store: Store,
    /// The rows as they were last read, for [`BudgetArm::usage`]. They are good until the next write.
    pub(super) rows: Arc<Memo<Rows>>,
}

/// The computed rows of the state, in the order of [`Provider::ALL`]. `None`: the row was never computed.
pub(super) type Rows = Vec<(Provider, Option<Computed>)>;

/// A budget as it was last recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// What was computed.
    pub budget: Budget,
    /// When it was computed; `None`: never yet.
    pub refreshed_at: Option<Timestamp>,
    /// Whether it was never computed, was computed more than `budget.ttl` ago, or its numbers are older than
    /// `budget.thresholds.reading_max_age_days`.
    pub stale: bool,
}

/// What is needed to compute a budget, besides the store. It is one value, so that it can move to the writer
/// thread.
#[derive(Debug)]
pub struct Rules {
    pub(super) settings: BudgetSettings,
    pub(super) zone: TimeZone,
}

impl BudgetArm {
    /// From settings.
    pub fn new(settings: &BudgetSettings, zone: &TimeZone, store: Store) -> Self {
        Self {
            rules: Arc::new(Rules::new(settings, zone)),
            store,
            rows: Arc::default(),
        }
    }

    /// Computes and records the rows of all providers, in one write. Returns one observation for each
    /// *configured* provider.
    ///
    /// A budget whose source is an odometer is `Unknown` if the present month has no reading that counts and the
    /// person has not said what remains. It is `Stale` if the newer of the two is old. The module `coverage` has the
    /// rules of the ledger. If the rows cannot be written, for example because the disk is full, the observations are
    /// returned all the same, so that the pass can decide.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub async fn observe(&self, now: Timestamp) -> Result<Vec<(Provider, Observation<Budget>)>, StoreError> {
        let rules = self.rules.clone();
        match self.store.note(move |tx| rules.refresh(tx, now)).await {
            Ok(observed) => Ok(observed),
            Err(error) => {
                let computed = self
                    .store
                    .read(|connection| self.rules.compute_all(connection, now))?;
                tracing::warn!(%error, "the budgets are computed, but cannot be recorded: the pass goes on with them");
                Ok(self.rules.observations(&computed, now))
            }
        }
    }
}

/// Notes how much of the budget is used now, for the steps that were said about its period: a step can be said
/// again once the use has fallen. Every refresh calls this. So no fall is missed, whether the limit was raised
/// or a reading was corrected.
fn note_use(tx: &Transaction<'_>, budget: &Budget) -> rusqlite::Result<()> {
    let Some((now, first_day)) = budget.used_percent().zip(budget.period_start) else {
        return Ok(());
    };
    let last = store::tables::budget::get(tx, budget.provider)?;
    let of_period = last.filter(|last| last.budget.period_start == Some(first_day));
    let before = of_period.and_then(|last| last.budget.used_percent());
    store::tables::steps::note_use(
        tx,
        &Subject::budget(budget.provider),
        first_day.into(),
        before.unwrap_or(now),
        now,
    )
}

/// Every provider's computed row.
pub(super) fn rows(connection: &Connection) -> rusqlite::Result<Rows> {
    let row_of = |provider| Ok((provider, store::tables::budget::get(connection, provider)?));
    Provider::ALL.into_iter().map(row_of).collect()
}

impl Rules {
    /// From settings.
    pub fn new(settings: &BudgetSettings, zone: &TimeZone) -> Self {
        Self {
            settings: settings.clone(),
            zone: zone.clone(),
        }
    }

    /// Computes and records the rows of all providers. Returns the observations of the configured providers.
    ///
    /// # Errors
    /// If the rows cannot be computed or recorded.
    pub fn refresh(
        &self,
        tx: &Transaction<'_>,
        now: Timestamp,
    ) -> rusqlite::Result<Vec<(Provider, Observation<Budget>)>> {
        let computed = self.compute_all(tx, now)?;
        for (budget, doubt) in &computed {
            note_use(tx, budget)?;
            store::tables::budget::save(tx, &doubted(budget, doubt.as_ref()), now)?;
        }
        Ok(self.observations(&computed, now))
    }

    /// Every provider's budget, and the reason why its numbers are doubtful, if they are.
    fn compute_all(
        &self,
        connection: &Connection,
        now: Timestamp,
    ) -> rusqlite::Result<Vec<(Budget, Option<Doubt>)>> {
        let compute = |provider| match self.configured(provider) {
            Some(configured) => self.compute(connection, configured, now),
            None => Ok((
                Budget::unknown(provider, format!("no [budget.{provider}] in the configuration")),
                None,
            )),
        };
        Provider::ALL.into_iter().map(compute).collect()
    }

    /// The observations of the configured providers.
    fn observations(
        &self,
        computed: &[(Budget, Option<Doubt>)],
        now: Timestamp,
    ) -> Vec<(Provider, Observation<Budget>)> {
        let configured = computed
            .iter()
            .filter(|(budget, _)| self.configured(budget.provider).is_some());
        configured
            .map(|(budget, doubt)| (budget.provider, observation(budget.clone(), doubt.as_ref(), now)))
            .collect()
    }

    /// The rows as they were last recorded, one for each provider, in the order of [`Provider::ALL`].
    pub(super) fn recorded(
        &self,
        connection: &Connection,
        now: Timestamp,
    ) -> rusqlite::Result<Vec<Recorded>> {
        Ok(self.judge_rows(rows(connection)?, now).collect())
    }

    /// One provider's row as it was last recorded.
    pub(super) fn recorded_of(
        &self,
        connection: &Connection,
        provider: Provider,
        now: Timestamp,
    ) -> rusqlite::Result<Recorded> {
        let row = store::tables::budget::get(connection, provider)?;
        Ok(self.judge_row(provider, row, now))
    }

    /// Says of each row whether it is stale at `now`. A row that was never computed becomes an unknown budget.
    pub(super) fn judge_rows(&self, rows: Rows, now: Timestamp) -> impl Iterator<Item = Recorded> {
        rows.into_iter()
            .map(move |(provider, row)| self.judge_row(provider, row, now))
    }

    fn judge_row(&self, provider: Provider, row: Option<Computed>, now: Timestamp) -> Recorded {
        match row {
            Some(row) => self.judge_age(row, now),
            None => Recorded {
                budget: Budget::unknown(provider, "not computed yet: the first pass does it"),
                refreshed_at: None,
                stale: true,
            },
        }
    }

    fn judge_age(&self, row: Computed, now: Timestamp) -> Recorded {
        let ttl = SignedDuration::try_from(self.settings.ttl).unwrap_or(SignedDuration::MAX);
        let expired = now.duration_since(row.at) > ttl;
        let max_age_days = self.settings.thresholds.reading_max_age_days;
        let old = row
            .budget
            .as_of
            .is_some_and(|as_of| odometer::is_old(as_of, max_age_days, now));
        Recorded {
            budget: row.budget,
            refreshed_at: Some(row.at),
            stale: expired || old,
        }
    }

    pub(super) fn configured(&self, provider: Provider) -> Option<&ProviderBudget> {
        self.settings
            .providers
            .iter()
            .find(|configured| configured.provider == provider)
    }

    pub(super) fn today(&self, now: Timestamp) -> Date {
        local_day(now, &self.zone).date()
    }

    /// What a person said about the budget, if it still holds `today`: it ends with its period.
    pub(super) fn adjustment(
        &self,
        connection: &Connection,
        provider: Provider,
        today: Date,
    ) -> rusqlite::Result<Option<Adjustment>> {
        Ok(store::tables::budget::adjustment(connection, provider)?.filter(|said| today <= said.period_end))
    }

    /// The budget, and the reason why its numbers are doubtful, if they are.
    fn compute(
        &self,
        connection: &Connection,
        configured: &ProviderBudget,
        now: Timestamp,
    ) -> rusqlite::Result<(Budget, Option<Doubt>)> {
        let provider = configured.provider;
        let today = self.today(now);
        let said = self.adjustment(connection, provider, today)?;
        let period = match &said {
            Some(said) => Period {
                start: said.period_start,
                end: said.period_end,
            },
            None => adjust::configured_period(configured, today),
        };
        let limit = said
            .as_ref()
            .and_then(|said| said.limit)
            .unwrap_or(configured.limit);
        let Figures {
            used,
            spent_today,
            daily_burn,
            bases,
            data_from,
            as_of,
            doubt,
            note,
        } = self.figures(connection, configured, period, said.as_ref(), now)?;
        let standing = Standing {
            limit,
            used,
            spent_today,
            daily_burn,
            period,
            burn_until: burn_until(Some(configured.source), as_of),
        };
        let verdict = judge(&standing, &self.settings.thresholds, &self.zone, now);
        let why_unknown = doubt.as_ref().filter(|_| used.is_none());
        let why = why_unknown.map_or(verdict.why, |doubt| doubt.why.clone());
        let why = note.map(|note| format!("{why}; {note}")).unwrap_or(why);
        let budget = Budget {
            provider,
            source: Some(configured.source),
            limit: Some(limit),
            used,
            spent_today,
            daily_burn,
            bases,
            doubt: doubt.as_ref().map(|doubt| doubt.why.clone()),
            data_from,
            period_start: Some(period.start),
            period_end: Some(period.end),
            health: verdict.health,
            as_of,
            why,
        };
        Ok((budget, doubt))
    }

    fn figures(
        &self,
        connection: &Connection,
        configured: &ProviderBudget,
        period: Period,
        said: Option<&Adjustment>,
        now: Timestamp,
    ) -> rusqlite::Result<Figures> {
        let thresholds = &self.settings.thresholds;
        match configured.source {
            BudgetSource::Ledger => ledger::figures(
                connection,
                configured.provider,
                period,
                said,
                thresholds,
                &self.zone,
                now,
            ),
            BudgetSource::Odometer => {
                let month = Month::of(self.today(now));
                let readings = store::tables::odometer::of_month(connection, configured.provider, month)?;
                let before = store::tables::odometer::last_before(connection, configured.provider, month)?;
                let max_age_days = thresholds.reading_max_age_days;
                Ok(odometer::figures(
                    configured.provider,
                    &readings,
                    before.as_ref(),
                    said,
                    max_age_days,
                    &self.zone,
                    now,
                ))
            }
        }
    }
}

/// The budget as endpoints may show it. If its numbers are doubtful, `Good` becomes `Unknown`. A worse health
/// stays, because what is spent stays spent.
fn doubted(budget: &Budget, doubt: Option<&Doubt>) -> Budget {
    match (budget.health, doubt) {
        (Health::Good, Some(doubt)) => Budget {
            health: Health::Unknown,
            why: doubt.why.clone(),
            ..budget.clone()
        },
        _ => budget.clone(),
    }
}

/// The budget as a pass sees it. A doubt that nobody needs to hear of yet does not make it unknown to the policy: the
/// budget says itself that its health is not known.
fn observation(budget: Budget, doubt: Option<&Doubt>, now: Timestamp) -> Observation<Budget> {
    let at = budget.as_of.unwrap_or(now);
    match doubt.filter(|doubt| doubt.is_told) {
        Some(_) if budget.health == Health::Unknown && budget.used.is_none() => {
            Observation::Unknown { why: budget.why }
        }
        Some(doubt) => Observation::Stale {
            value: budget,
            at,
            why: doubt.why.clone(),
        },
        None => Observation::Fresh { value: budget, at },
    }
}
