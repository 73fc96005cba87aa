//! Records what a person or a client tells Mecris about a budget. Each write also computes the row of every
//! provider again, in the same transaction, so that the next read shows the write.

use std::time::Duration;

use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use rusqlite::Transaction;

use super::{
    BudgetArm, BudgetError, BudgetToday, NewReading, NewSession, Recorded, Reminders, UpdateBudget, adjust,
    arm::Rules,
    bounds::{Amount, Model, Notes, RequestId, SessionType},
    odometer,
    period::Month,
    pricing::{self, Priced},
    reminders,
};
use crate::{
    domain::{Money, PricedBy, Provider, on_one_line},
    store::{
        self,
        tables::{
            odometer::Reading,
            sessions::{Kept, Session},
        },
    },
};

/// How far back the month of a new reading may lie, in years.
const MOST_YEARS_AGO: i64 = 10;

/// A session that costs more than so many budgets of a whole period is a slip until somebody confirms it.
const MOST_BUDGETS: i64 = 10;

/// How long one try to copy a write off the machine may take.
const COPY_TIMEOUT: Duration = Duration::from_secs(5);

/// A session that was priced and recorded, or taken back.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedSession {
    /// The session, with its id and its cost.
    pub kept: Kept,
    /// Every provider's budget after the write.
    pub usage: Vec<BudgetToday>,
}

/// A month-to-date total that was recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedReading {
    /// The reading.
    pub reading: Reading,
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
    /// Prices and records a session. If its request was recorded already, the dearer of the two stays.
    ///
    /// # Errors
    /// If an argument is out of bounds, the session costs more than ten budgets of a period and is not confirmed, or the state cannot be written.
    pub async fn record_session(
        &self,
        new: NewSession,
        now: Timestamp,
    ) -> Result<RecordedSession, BudgetError> {
        let confirmed = new.confirmed;
        let session = self.rules.priced(new, now)?;
        if !is_plausible(&self.rules, &session) && !confirmed {
            let (provider, cost) = (session.provider, session.cost);
            return Err(BudgetError::Implausible { provider, cost });
        }
        let rules = self.rules.clone();
        let recorded = self.store.write_and_copy(COPY_TIMEOUT, move |tx| {
            let kept = record_once(tx, session.clone())?;
            rules.refresh(tx, now)?;
            Ok(RecordedSession {
                kept,
                usage: rules.usage(tx, now)?,
            })
        });
        Ok(recorded.await?)
    }

    /// Removes a session that was recorded by mistake from the ledger. `None`: the ledger has no such session.
    ///
    /// # Errors
    /// If the state cannot be written.
    pub async fn take_back_session(
        &self,
        id: String,
        now: Timestamp,
    ) -> Result<Option<RecordedSession>, BudgetError> {
        let rules = self.rules.clone();
        let taken = self.store.write_and_copy(COPY_TIMEOUT, move |tx| {
            let Some(kept) = store::tables::sessions::remove(tx, &id)? else {
                return Ok(None);
            };
            rules.refresh(tx, now)?;
            let usage = rules.usage(tx, now)?;
            Ok(Some(RecordedSession { kept, usage }))
        });
        Ok(taken.await?)
    }

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

/// Whether a session could have cost so much: less than ten times what the provider's budget has for a whole period.
/// Without a budget nobody can tell.
fn is_plausible(rules: &Rules, session: &Session) -> bool {
    let Some(budget) = rules.configured(session.provider) else {
        return true;
    };
    let most = budget.limit.micros().saturating_mul(MOST_BUDGETS);
    session.billed_cost() <= Money::from_micros(most)
}

/// Records a session, unless its request has a session already whose cost is known as well and is not lower. Says
/// once for each model that it has no price. Returns what the table has.
fn record_once(tx: &Transaction<'_>, session: Session) -> rusqlite::Result<Kept> {
    let same = match &session.request_id {
        Some(request) => store::tables::sessions::of_request(tx, session.provider, request)?,
        None => None,
    };
    let is_guess = |session: &Session| session.priced_by == Some(PricedBy::Assumed);
    if is_guess(&session)
        && !store::tables::sessions::is_priced(tx, session.provider, &session.model, PricedBy::Assumed)?
    {
        tracing::warn!(
            provider = %session.provider, model = %on_one_line(&session.model, 200),
            "the table of prices does not have this model: its sessions count at the dearest prices; \
             a [[budget.price]] for it makes later ones exact"
        );
    }
    match same {
        Some(kept) if !is_guess(&kept.session) && is_guess(&session) => Ok(kept),
        Some(kept) if is_guess(&kept.session) == is_guess(&session) && kept.session.cost >= session.cost => {
            Ok(kept)
        }
        Some(kept) => {
            store::tables::sessions::remove(tx, &kept.id)?;
            let at = kept.session.at;
            store::tables::sessions::record(tx, Session { at, ..session })
        }
        None => store::tables::sessions::record(tx, session),
    }
}

impl Rules {
    /// The session of a request, with its cost.
    fn priced(&self, new: NewSession, now: Timestamp) -> Result<Session, BudgetError> {
        Model::check("model", &new.model)?;
        SessionType::check("session_type", &new.session_type)?;
        Notes::check("notes", &new.notes)?;
        if let Some(request) = &new.request_id {
            RequestId::check("request_id", request)?;
        }
        let (used, conditions) = (new.used()?, new.conditions()?);
        let priced = match new.cost_usd {
            Some(cost) => {
                Amount::check("cost_usd", "what the session cost, ", cost)?;
                Priced {
                    cost,
                    by: PricedBy::Reported,
                    line: None,
                }
            }
            None => {
                let day = now.to_zoned_datetime(TimeZone::UTC).date();
                let prices = &self.settings.prices;
                pricing::price(prices, new.provider, &new.model, day, &used, &conditions)?
            }
        };
        Ok(Session {
            conditions,
            priced_by: Some(priced.by),
            priced_as: priced.line,
            request_id: new.request_id,
            billed: new.billed,
            session_type: new.session_type,
            notes: new.notes,
            ..Session::new(now, new.provider, &new.model, used, priced.cost)
        })
    }

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
        store::tables::odometer::insert(tx, provider, &reading)?;
        self.refresh(tx, now)?;
        Ok(Ok(RecordedReading {
            reset_detected: before.as_ref().is_some_and(|before| reading.value < before.value),
            daily_average: odometer::daily_average(&reading, &self.zone),
            reminders: reminders::status(self, tx, now)?,
            historical,
            warning: before.and_then(|before| odometer::still_the_old_month(&reading, &before)),
            reading,
        }))
    }
}
