//! The person's own record as a world: what Beeminder said at past passes, as the state has kept it. A replay
//! sees a goal as its last reading showed it. Texts have no amounts: the state does not keep what was due.

use jiff::{Timestamp, tz::TimeZone};
use rusqlite::Connection;

use super::{
    goal::Derailed,
    reality::Reality,
    world::{Entry as Entered, History, ModelError, State},
};
use crate::{
    arms::beeminder::{Account, Datapoint, Goal, Line, RecentDatapoints},
    clock::{DeadlineOffset, beeminder_day},
    domain::{Derailment, GoalState, Money, Silence, Slug},
    store::tables::{
        derailments,
        entries::{self, Entry},
        readings::{self, Reading},
        silences,
        snapshots::{self, BEEMINDER},
    },
};

/// How many datapoints Beeminder sends with a goal, and how many when it is asked for them.
const SHOWN: usize = 3;
const RECENT: usize = 25;

/// How many silences that ended are replayed.
const SILENCES: u32 = 1_000;

/// Why there is nothing to replay.
#[derive(Debug, thiserror::Error)]
pub enum NoRecord {
    /// The state cannot be read.
    #[error("the state: {0}")]
    Sql(#[from] rusqlite::Error),
    /// No pass has read Beeminder yet.
    #[error("the state has no reading of Beeminder yet: `mecris-agent run` makes one")]
    NeverRead,
    /// This release cannot read the last account.
    #[error("the last reading of Beeminder in the state: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// The record is of a release that kept none.
    #[error("the state has kept no readings yet: they begin with the next pass")]
    Empty,
}

/// What a state has kept of the goals.
#[derive(Clone, Debug)]
pub struct Record {
    /// The account's zone, by the last reading.
    pub time_zone: Option<String>,
    /// When the oldest reading was made.
    pub first: Timestamp,
    /// When the newest reading was made.
    pub last: Timestamp,
    /// Goals of which readings are kept but that the account no longer has, so that their names are not known.
    pub unnamed: u32,
    /// What the person asked for: silences and vacations that began.
    pub silences: Vec<Silence>,
    goals: Vec<RecordedGoal>,
}

#[derive(Clone, Debug)]
struct RecordedGoal {
    /// As the account shows it now.
    goal: Goal,
    readings: Vec<Reading>,
    entries: Vec<Entry>,
    derailments: Vec<Derailment>,
}

impl Record {
    /// Reads the record on this connection.
    ///
    /// # Errors
    /// If there is none, or if it cannot be read.
    pub fn read(connection: &Connection) -> Result<Self, NoRecord> {
        let (last, json) = snapshots::get(connection, BEEMINDER)?.ok_or(NoRecord::NeverRead)?;
        let account: Account = serde_json::from_str(&json)?;
        let derailments = derailments::between(connection, Timestamp::MIN, Timestamp::MAX)?;
        let mut goals = Vec::new();
        for goal in account.goals {
            let readings = readings::of_goal(connection, goal.key(), Timestamp::MIN)?;
            if readings.is_empty() {
                continue;
            }
            let own = derailments.iter().filter(|(key, _)| key == goal.key());
            goals.push(RecordedGoal {
                entries: entries::of_goal(connection, goal.key(), Timestamp::MIN)?,
                derailments: own.map(|(_, derailment)| derailment.clone()).collect(),
                readings,
                goal,
            });
        }
        let first = goals
            .iter()
            .filter_map(|goal| goal.readings.first())
            .map(|reading| reading.at)
            .min();
        let known = readings::goals(connection)?;
        Ok(Self {
            time_zone: account.time_zone,
            first: first.ok_or(NoRecord::Empty)?,
            last,
            unnamed: known.saturating_sub(u32::try_from(goals.len()).unwrap_or(u32::MAX)),
            silences: said(connection, last)?,
            goals,
        })
    }

    /// The record as a world. `zone` is the person's.
    pub fn world(&self, zone: &TimeZone) -> Recorded<'_> {
        let zone = self
            .time_zone
            .as_deref()
            .and_then(|name| TimeZone::get(name).ok())
            .unwrap_or_else(|| zone.clone());
        Recorded { record: self, zone }
    }
}

/// What the person asked for. A silence that was ended early ends then.
fn said(connection: &Connection, now: Timestamp) -> rusqlite::Result<Vec<Silence>> {
    let mut all = silences::not_ended(connection, now)?;
    all.extend(silences::ended(connection, now, SILENCES)?);
    for silence in &mut all {
        if let Some(deleted_at) = silence.deleted_at.take() {
            silence.ends_at = silence.ends_at.min(deleted_at);
            silence.deleted_by = None;
        }
    }
    all.retain(|silence| silence.starts_at < silence.ends_at);
    Ok(all)
}

/// A record as a world.
#[derive(Clone, Debug)]
pub struct Recorded<'a> {
    record: &'a Record,
    /// The account's.
    zone: TimeZone,
}

impl Reality for Recorded<'_> {
    fn advance(&mut self, _now: Timestamp) {}

    fn account(&mut self, now: Timestamp) -> Result<Result<Account, String>, ModelError> {
        let goals = self.record.goals.iter();
        Ok(Ok(Account {
            time_zone: self.record.time_zone.clone(),
            deadbeat: false,
            goals: goals.filter_map(|goal| goal.at(now, &self.zone)).collect(),
            unreadable: Vec::new(),
            ignored: 0,
        }))
    }

    fn recent(&self, slug: &Slug, now: Timestamp) -> Result<RecentDatapoints, String> {
        let goal = self.record.goals.iter().find(|goal| goal.goal.slug == *slug);
        Ok(RecentDatapoints {
            points: goal.ok_or("the record has no such goal")?.datapoints(now, RECENT),
            unreadable: 0,
        })
    }

    fn goals(&self) -> Vec<Slug> {
        self.record
            .goals
            .iter()
            .map(|goal| goal.goal.slug.clone())
            .collect()
    }

    fn react(&mut self, _slug: &Slug, _now: Timestamp) {}

    fn into_histories(self: Box<Self>) -> Vec<History> {
        self.record
            .goals
            .iter()
            .filter_map(RecordedGoal::history)
            .collect()
    }
}

impl RecordedGoal {
    /// The goal as its last reading up to an instant showed it; `None` before the first.
    fn at(&self, now: Timestamp, zone: &TimeZone) -> Option<Goal> {
        let until = self.readings.partition_point(|reading| reading.at <= now);
        let reading = &self.readings[until.checked_sub(1)?];
        let deadline = DeadlineOffset::from_seconds(reading.deadline.into()).unwrap_or_default();
        let today = beeminder_day(now, zone, deadline);
        let datapoints = self.datapoints(now, SHOWN);
        Some(Goal {
            state: reading.state,
            queued: false,
            queued_since: None,
            lost: reading.lost,
            safebuf: reading.safebuf,
            losedate: reading.losedate,
            deadline,
            current_value: reading.value,
            pledge: reading.pledge,
            has_data_today: Some(datapoints.iter().any(|point| point.day == today)),
            datapoints,
            due: None,
            bare_minimum: None,
            contract: None,
            line: Line {
                delta: None,
                safe_bump: None,
                due_by: Vec::new(),
                ..self.goal.line.clone()
            },
            ..self.goal.clone()
        })
    }

    /// The newest datapoints at an instant, newest first.
    fn datapoints(&self, now: Timestamp, most: usize) -> Vec<Datapoint> {
        let until = self.entries.partition_point(|entry| entry.entered_at <= now);
        let shown = self.entries[..until].iter().rev();
        shown
            .filter(|entry| entry.gone_at.is_none_or(|gone| now < gone))
            .take(most)
            .map(|entry| Datapoint {
                id: Some(entry.datapoint.clone()),
                day: entry.day,
                value: entry.value,
                is_dummy: entry.is_dummy,
                is_initial: false,
                is_derail: entry.is_derail,
                created_at: Some(entry.entered_at),
                updated_at: Some(entry.entered_at),
            })
            .collect()
    }

    /// What happened, as far as readings showed it. `None`: Beeminder never said when the goal derails.
    fn history(&self) -> Option<History> {
        let states = self.readings.iter().filter_map(|reading| {
            let losedate = reading.losedate?;
            Some(State {
                from: reading.at,
                losedate,
            })
        });
        let entered = self.entries.iter().filter(|entry| entry.is_real());
        let derailed = self.derailments.iter().filter_map(|derailment| {
            Some(Derailed {
                losedate: derailment.losedate?,
                pledge: derailment.stake.map_or(0, dollars),
            })
        });
        let mut states: Vec<State> = states.collect();
        states.dedup_by_key(|state| state.losedate);
        (!states.is_empty()).then(|| History {
            slug: self.goal.slug.clone(),
            active: self
                .readings
                .iter()
                .any(|reading| reading.state == GoalState::Active),
            states,
            entries: entered
                .map(|entry| Entered {
                    at: entry.entered_at,
                    shown_at: entry.entered_at,
                    units: entry.value.unwrap_or(0.0),
                })
                .collect(),
            derailed: derailed.collect(),
        })
    }
}

fn dollars(money: Money) -> u32 {
    u32::try_from(money.micros() / 1_000_000).unwrap_or(0)
}
