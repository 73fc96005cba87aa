//! Prices and records LLM sessions, each request once, and takes them back.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use rusqlite::Transaction;

use super::{
    BudgetArm, BudgetError, BudgetToday, NewSession,
    arm::Rules,
    bounds::{Amount, Model, Notes, RequestId, SessionType},
    many::Messages,
    merge,
    pricing::{self, Priced},
    writes::COPY_TIMEOUT,
};
use crate::{
    domain::{Conditions, Money, PricedBy, SessionSource, Speed},
    store::tables::sessions::{self, Kept, Session},
};

/// A session that costs more than so many budgets of a whole period is a slip until somebody confirms it.
const MOST_BUDGETS: i64 = 10;

/// The smallest limit that a budget can have.
const SMALLEST_BUDGET: Money = Money::from_micros(10_000);

/// How far ahead the clock of whoever reports a session may be.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(5);

/// How long ago a session may have run: as long as `/usage/summary` reaches.
const OLDEST: SignedDuration = SignedDuration::from_hours(366 * 24);

/// A session that was priced and recorded, or taken back.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedSession {
    /// The session, with its id and its cost.
    pub kept: Kept,
    /// Whether its request had been recorded before.
    pub is_repeated: bool,
    /// Every provider's budget after the write.
    pub usage: Vec<BudgetToday>,
}

/// What became of a session.
pub(super) struct Put {
    pub(super) kept: Kept,
    pub(super) is_repeated: bool,
    /// Its cost is a guess, and the first one for its model.
    pub(super) is_first_guess: bool,
}

impl BudgetArm {
    /// Prices and records a session. If its request was recorded already, what is known better stays.
    ///
    /// # Errors
    /// If an argument is out of bounds, the session costs more than ten budgets of a period and is not confirmed,
    /// or the state cannot be written.
    pub async fn record_session(
        &self,
        new: NewSession,
        now: Timestamp,
    ) -> Result<RecordedSession, BudgetError> {
        self.rules.priced(&new, SessionSource::Recorded, now)?;
        let rules = self.rules.clone();
        let write = self.store.write_and_copy(COPY_TIMEOUT, move |tx| {
            let put = match rules.put(tx, &new, SessionSource::Recorded, now, &mut Messages::default())? {
                Ok(put) => put,
                Err(refused) => return Ok(Err(refused)),
            };
            rules.refresh(tx, now)?;
            Ok(Ok((put, rules.usage(tx, now)?)))
        });
        let (put, usage) = write.await??;
        if put.is_first_guess {
            warn_of_guess(&put.kept.session);
        }
        Ok(RecordedSession {
            kept: put.kept,
            is_repeated: put.is_repeated,
            usage,
        })
    }

    /// Takes a session back that was recorded by mistake. The table `removals` keeps what it was. `None`: the ledger
    /// has no such session.
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
            let Some(kept) = sessions::remove(tx, &id, now)? else {
                return Ok(None);
            };
            rules.refresh(tx, now)?;
            let usage = rules.usage(tx, now)?;
            Ok(Some(RecordedSession {
                kept,
                is_repeated: false,
                usage,
            }))
        });
        Ok(taken.await?)
    }
}

impl Rules {
    /// The session with its cost at the prices of the day of `at`.
    fn priced(&self, new: &NewSession, source: SessionSource, at: Timestamp) -> Result<Session, BudgetError> {
        let model = new.model();
        Model::check("model", model)?;
        SessionType::check("session_type", &new.session_type)?;
        Notes::check("notes", &new.notes)?;
        if let Some(request) = &new.request_id {
            RequestId::check("request_id", request)?;
        }
        if let Some(message) = &new.message_id {
            RequestId::check("message_id", message)?;
        }
        let (used, conditions) = (new.used()?, new.conditions()?);
        let priced = match new.cost_usd {
            Some(cost) => {
                Amount::check("cost_usd", "what the session cost, ", cost)?;
                Priced {
                    cost,
                    by: PricedBy::Reported,
                    line: None,
                    speed: conditions.speed,
                }
            }
            None => {
                let day = at.to_zoned_datetime(TimeZone::UTC).date();
                let prices = &self.settings.prices;
                pricing::price(prices, new.provider, model, day, &used, &conditions)?
            }
        };
        let by = match priced.by {
            PricedBy::Listed if new.model.is_none() => PricedBy::Assumed,
            by => by,
        };
        Ok(Session {
            conditions: Conditions {
                speed: priced.speed,
                ..conditions
            },
            priced_by: Some(by),
            priced_as: priced.line,
            request_id: new.request_id.clone(),
            billed: new.billed,
            session_type: new.session_type.clone(),
            notes: match &new.message_id {
                Some(message) if source == SessionSource::Transcripts => message.clone(),
                _ => new.notes.clone(),
            },
            source,
            ..Session::new(at, new.provider, model, used, priced.cost)
        })
    }

    /// The same session at the prices of the day of an earlier instant.
    fn moved(&self, kept: Kept, at: Timestamp) -> Kept {
        let day = |at: Timestamp| at.to_zoned_datetime(TimeZone::UTC).date();
        let mut session = kept.session.clone();
        session.at = at;
        let by_table = matches!(session.priced_by, Some(PricedBy::Listed | PricedBy::Assumed));
        if by_table && day(at) != day(kept.session.at) {
            let Session {
                provider,
                ref model,
                ref used,
                ref conditions,
                ..
            } = session;
            let prices = &self.settings.prices;
            if let Ok(priced) = pricing::price(prices, provider, model, day(at), used, conditions) {
                // Whether a model was named does not depend on the day.
                session.priced_by = match (session.priced_by, priced.by) {
                    (Some(PricedBy::Assumed), PricedBy::Listed) if session.priced_as.is_some() => {
                        session.priced_by
                    }
                    (_, by) => Some(by),
                };
                (session.cost, session.priced_as) = (priced.cost, priced.line);
            }
        }
        Kept { session, ..kept }
    }

    /// Records the session, or what it adds to the one that its request has already. A session whose time is not given
    /// ran now. One that is on record keeps the earliest time that anybody gave.
    pub(super) fn put(
        &self,
        tx: &Transaction<'_>,
        new: &NewSession,
        source: SessionSource,
        now: Timestamp,
        messages: &mut Messages,
    ) -> rusqlite::Result<Result<Put, BudgetError>> {
        if let Err(refused) = when(new, now) {
            return Ok(Err(refused));
        }
        let mut known = match &new.request_id {
            Some(request) => sessions::of_request(tx, new.provider, request)?,
            None => None,
        };
        let at = |known: &Option<Kept>| {
            let known = known.as_ref().map(|known| known.session.at);
            known.into_iter().chain(new.at).min().unwrap_or(now)
        };
        let mut session = match self.priced(new, source, at(&known)) {
            Ok(session) => session,
            Err(refused) => return Ok(Err(refused)),
        };
        if known.is_none() && new.message_id.is_some() && source == SessionSource::Transcripts {
            known = messages.same_response(tx, &session)?;
            if known.is_some() {
                session = match self.priced(new, source, at(&known)) {
                    Ok(session) => session,
                    Err(refused) => return Ok(Err(refused)),
                };
            }
        }
        let at = session.at;
        let as_if_then = known.as_ref().map(|known| match known.session.at == at {
            true => known.session.clone(),
            false => self.moved(known.clone(), at).session,
        });
        let session = match &as_if_then {
            Some(known) => merge::merged(known, session),
            None => session,
        };
        let counted = known
            .as_ref()
            .map_or(Money::ZERO, |known| known.session.billed_cost());
        if session.billed_cost() > counted && !new.confirmed && !self.is_plausible(tx, &session, now)? {
            let (provider, cost) = (session.provider, session.cost);
            return Ok(Err(BudgetError::Implausible { provider, cost }));
        }
        let is_guess = session.priced_by == Some(PricedBy::Assumed);
        let is_first_guess = is_guess
            && messages.is_new_guess(&session.model)
            && !sessions::is_priced(tx, session.provider, &session.model, PricedBy::Assumed)?;
        let is_repeated = known.is_some();
        let kept = match known {
            Some(known) if known.session == session => known,
            Some(known) => sessions::replace(tx, &known, session)?,
            None => sessions::record(tx, session)?,
        };
        if let (Some(message), Some(request)) = (&new.message_id, &kept.session.request_id) {
            messages.note(message, request);
        }
        Ok(Ok(Put {
            kept,
            is_repeated,
            is_first_guess,
        }))
    }

    /// Whether a session could have cost so much: at most ten times what the provider's budget has for a whole period.
    /// Without a budget nobody can tell.
    fn is_plausible(
        &self,
        tx: &Transaction<'_>,
        session: &Session,
        now: Timestamp,
    ) -> rusqlite::Result<bool> {
        let Some(budget) = self.configured(session.provider) else {
            return Ok(true);
        };
        // No budget is smaller, so nearly all sessions need no look at what a person said.
        if session.billed_cost().micros() <= SMALLEST_BUDGET.micros() * MOST_BUDGETS {
            return Ok(true);
        }
        let said = self.adjustment(tx, session.provider, self.today(now))?;
        let limit = said.and_then(|said| said.limit).unwrap_or(budget.limit);
        let most = limit.micros().saturating_mul(MOST_BUDGETS);
        Ok(session.billed_cost() <= Money::from_micros(most))
    }
}

/// # Errors
/// If the session is of the future, or of longer ago than anything shows.
fn when(new: &NewSession, now: Timestamp) -> Result<(), BudgetError> {
    let Some(at) = new.at else { return Ok(()) };
    let age = now.duration_since(at);
    if age >= -CLOCKS_DIFFER && age <= OLDEST {
        return Ok(());
    }
    Err(BudgetError::not_now(
        "at",
        at,
        "a time in the last 366 days, at most 5 minutes ahead of this machine's clock",
    ))
}

/// Says once for each model that its price is a guess.
pub(super) fn warn_of_guess(session: &Session) {
    tracing::warn!(provider = %session.provider, "{}", why(session));
}

/// How the cost of a session is known: one sentence for a person.
pub fn why(session: &Session) -> String {
    let Session { provider, model, .. } = session;
    let fast = match session.conditions.speed {
        Speed::Fast => " in fast mode",
        Speed::Standard => "",
    };
    match (session.priced_by, session.priced_as.as_deref()) {
        (Some(PricedBy::Listed), Some(line)) => format!("at the price of {line}{fast}"),
        (Some(PricedBy::Listed), None) => "by the table of prices".to_owned(),
        (Some(PricedBy::Assumed), None) => format!(
            "the table has no price for {model:?}{fast}: each class of tokens counted at the dearest listed price \
             of {provider}; a [[budget.price]] for it makes later sessions exact"
        ),
        (Some(PricedBy::Assumed), Some("*")) => format!(
            "the table has no price for {model:?}{fast}: counted at the \"*\" price of {provider}; a \
             [[budget.price]] for it makes later sessions exact"
        ),
        (Some(PricedBy::Assumed), Some(line)) => {
            format!("no model was named: counted at the price of {line}{fast}")
        }
        (Some(PricedBy::Reported), _) => "as the caller said".to_owned(),
        (None, _) => "not noted: recorded before Mecris noted it".to_owned(),
    }
}
