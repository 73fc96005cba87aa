//! What the endpoints read: recorded rows, sessions and readings. Nothing here waits for anything.

use std::{cmp::Reverse, collections::BTreeMap};

use jiff::{Timestamp, ToSpan, civil::Date};
use rusqlite::Connection;

use super::{
    Budget, BudgetArm, BudgetError, Recorded,
    arm::Rules,
    health::{self, Standing, Verdict},
    odometer,
    period::{Month, Period},
    reminders,
    views::{
        BudgetInfo, DayUsage, Derived, GroqContext, GroqTracking, MonthView, OdometerContextView,
        OdometerStatusView, ProviderUsage, ProviderView, RecentView, SessionView, Summary, SummaryView,
        TypeUsage, Urgency, UsageView,
    },
};
use crate::{
    clock::{local_day, local_day_bounds},
    domain::{Money, Provider},
    store::{self, StoreError, tables::sessions::Session},
};

/// The longest summary.
const MAX_DAYS: u32 = 366;

/// The longest listing.
const MAX_SESSIONS: u32 = 1_000;

impl BudgetArm {
    /// The rows as they were last recorded, one for each provider, unconfigured ones too.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn budgets(&self, now: Timestamp) -> Result<Vec<Recorded>, StoreError> {
        self.store.read(|connection| self.rules.recorded(connection, now))
    }

    /// `GET /usage`.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn usage(&self, now: Timestamp) -> Result<UsageView, StoreError> {
        self.store.read(|connection| usage(&self.rules, connection, now))
    }

    /// `GET /usage/summary`: the last `days` local days, today included.
    ///
    /// # Errors
    /// If `days` is out of bounds or the state cannot be read.
    pub fn summary(&self, days: u32, now: Timestamp) -> Result<SummaryView, BudgetError> {
        bounded("days", days, MAX_DAYS)?;
        let summary = self.store.read(|connection| {
            let today = self.rules.today(now);
            let first = today.saturating_sub((i64::from(days) - 1).days());
            let (from, _) = local_day_bounds(first.into(), &self.rules.zone);
            let (_, until) = local_day_bounds(today.into(), &self.rules.zone);
            let sessions = store::tables::sessions::between(connection, from, until)?;
            let anthropic = self.rules.recorded(connection, now)?.into_iter().next();
            Ok(summarize(&self.rules, days, &sessions, anthropic.as_ref()))
        })?;
        Ok(SummaryView {
            summary,
            timestamp: now,
        })
    }

    /// `GET /usage/recent`: the newest sessions, newest first.
    ///
    /// # Errors
    /// If `limit` is out of bounds or the state cannot be read.
    pub fn recent(&self, limit: u32, now: Timestamp) -> Result<RecentView, BudgetError> {
        bounded("limit", limit, MAX_SESSIONS)?;
        let sessions = self
            .store
            .read(|connection| store::tables::sessions::recent(connection, limit))?;
        let sessions: Vec<_> = sessions.into_iter().map(SessionView::from).collect();
        Ok(RecentView {
            count: sessions.len(),
            sessions,
            timestamp: now,
        })
    }

    /// `GET /groq/odometer/status`.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn odometer_status(&self, now: Timestamp) -> Result<OdometerStatusView, StoreError> {
        self.store.read(|connection| {
            let month = Month::of(self.rules.today(now)).to_string();
            let newest = store::tables::odometer::of_month(connection, Provider::Groq, &month)?.pop();
            let history = store::tables::odometer::months(connection, Provider::Groq)?
                .into_iter()
                .map(|past| MonthView {
                    finalized: past.month < month,
                    month: past.month,
                    cost: past.value.usd(),
                    readings: past.readings,
                });
            Ok(OdometerStatusView {
                reminders: reminders::status(&self.rules, connection, now)?,
                history: history.collect(),
                current_month: month,
                current_cost: newest.as_ref().map(|newest| newest.value.usd()),
                daily_average: newest.map(|newest| odometer::daily_average(&newest, &self.rules.zone).usd()),
                timestamp: now,
            })
        })
    }

    /// `GET /groq/odometer/context`.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn odometer_context(&self, now: Timestamp) -> Result<OdometerContextView, StoreError> {
        let status = self.odometer_status(now)?;
        let asked = status.reminders.reminders;
        let groq_tracking = GroqTracking {
            status: status.reminders.status,
            has_current_data: status.current_cost.is_some(),
            days_until_reset: status.reminders.days_until_reset,
            needs_action: !asked.is_empty(),
            urgent_reminder: asked
                .into_iter()
                .find(|r| r.urgency == Urgency::High)
                .map(|r| r.message),
            current_month_spend: status.current_cost,
            daily_average: status.daily_average,
        };
        Ok(OdometerContextView {
            groq_context: GroqContext { groq_tracking },
            timestamp: now,
        })
    }
}

/// `GET /usage`, on a connection.
pub(super) fn usage(rules: &Rules, connection: &Connection, now: Timestamp) -> rusqlite::Result<UsageView> {
    let rows = rules.recorded(connection, now)?;
    let providers = rows
        .iter()
        .map(|row| ProviderView::new(row, &derive(rules, &row.budget, now)))
        .collect();
    let unknown = Budget::unknown(Provider::Anthropic, "");
    let anthropic = rows
        .iter()
        .map(|row| &row.budget)
        .find(|b| b.provider == Provider::Anthropic)
        .unwrap_or(&unknown);
    Ok(UsageView::new(
        anthropic,
        derive(rules, anthropic, now),
        providers,
    ))
}

/// What follows from a row by the present day. The health is the row's own: it was judged when the row was
/// computed.
fn derive(rules: &Rules, budget: &Budget, now: Timestamp) -> Derived {
    let (Some(limit), Some(start), Some(end)) = (budget.limit, budget.period_start, budget.period_end) else {
        return Derived {
            days_remaining: None,
            projected_exhaustion: None,
            alerts: Vec::new(),
        };
    };
    let Budget {
        used,
        spent_today,
        daily_burn,
        as_of,
        ..
    } = *budget;
    let period = Period { start, end };
    let standing = Standing {
        limit,
        used,
        spent_today,
        daily_burn,
        period,
        as_of,
    };
    let Verdict {
        alerts,
        projected_exhaustion,
        ..
    } = health::judge(&standing, &rules.settings.thresholds, &rules.zone, now);
    Derived {
        days_remaining: Some(period.days_remaining(rules.today(now))),
        projected_exhaustion,
        alerts,
    }
}

#[derive(Default)]
struct Tally {
    sessions: usize,
    cost: Money,
}

impl Tally {
    fn add(&mut self, session: &Session) {
        self.sessions += 1;
        self.cost = self.cost + session.cost;
    }
}

fn summarize(rules: &Rules, days: u32, sessions: &[Session], anthropic: Option<&Recorded>) -> Summary {
    let mut all = Tally::default();
    let mut by_day = BTreeMap::<Reverse<Date>, Tally>::new();
    let mut by_type = BTreeMap::<&str, Tally>::new();
    let mut by_provider = BTreeMap::<Provider, Tally>::new();
    for session in sessions {
        all.add(session);
        by_day
            .entry(Reverse(local_day(session.at, &rules.zone).date()))
            .or_default()
            .add(session);
        by_type.entry(&session.session_type).or_default().add(session);
        by_provider.entry(session.provider).or_default().add(session);
    }
    let day = |(Reverse(date), tally): (Reverse<Date>, Tally)| DayUsage {
        date,
        sessions: tally.sessions,
        cost: tally.cost.usd(),
    };
    let by_type = dearest_first(by_type).map(|(session_type, tally)| TypeUsage {
        session_type: session_type.to_owned(),
        sessions: tally.sessions,
        cost: tally.cost.usd(),
    });
    let by_provider = dearest_first(by_provider).map(|(provider, tally)| ProviderUsage {
        provider,
        sessions: tally.sessions,
        cost: tally.cost.usd(),
    });
    Summary {
        period_days: days,
        total_sessions: all.sessions,
        total_input_tokens: sessions
            .iter()
            .fold(0, |sum, s| sum.saturating_add(s.input_tokens)),
        total_output_tokens: sessions
            .iter()
            .fold(0, |sum, s| sum.saturating_add(s.output_tokens)),
        total_cost: all.cost.usd(),
        daily_usage: by_day.into_iter().map(day).collect(),
        usage_by_type: by_type.collect(),
        usage_by_provider: by_provider.collect(),
        budget: anthropic.and_then(BudgetInfo::of),
    }
}

fn dearest_first<K>(tallies: BTreeMap<K, Tally>) -> impl Iterator<Item = (K, Tally)> {
    let mut tallies: Vec<_> = tallies.into_iter().collect();
    tallies.sort_by_key(|(_, tally)| Reverse(tally.cost));
    tallies.into_iter()
}

fn bounded(field: &'static str, value: u32, most: u32) -> Result<(), BudgetError> {
    if (1..=most).contains(&value) {
        return Ok(());
    }
    Err(BudgetError::invalid(field, value, format!("1 to {most}")))
}
