//! What the passes to come will decide, if nothing is entered until then. It is computed with the same
//! `assess` and `decide` as in every pass, from the last reading, for the chances at which the decisions can
//! change.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use rusqlite::Connection;

use super::{Next, goal::state_at};
use crate::{
    arms::{
        activity::Walk,
        beeminder::{Account, Goal},
    },
    clock::{Timetable, beeminder_day, days_from, local_day},
    domain::{Action, Ask, Daystamp, Decision, GoalState, Observation, Reason, Step, Subject, Trigger},
    heuristic::{
        assess::{History, Observed, assess, derail_risk},
        habit::Habit,
        policy::{Ledger, Said},
        rules::{Decided, Pass, Rules},
        timetable::HORIZON_DAYS,
    },
    store::tables::{silences, snapshots},
};

/// The last reading, and what it means at later instants.
pub(super) struct Ahead<'a> {
    pub(super) rules: &'a Rules,
    connection: &'a Connection,
    account: &'a Account,
    pub(super) read_at: Timestamp,
    /// The account's zone.
    pub(super) zone: TimeZone,
    pub(super) timetable: &'a Timetable,
    pub(super) habits: HashMap<String, Habit>,
    /// The last walk that is recorded, with its day.
    walk: Option<Walk>,
    /// When the silences and vacations end.
    silent_until: Vec<Timestamp>,
}

/// What the passes to come say, as far as they were looked at.
#[derive(Default)]
struct Foreseen {
    said: Vec<(Subject, Said)>,
    /// When the messages leave.
    messages: Vec<Timestamp>,
}

impl Foreseen {
    fn say(&mut self, subject: &Subject, ask: &Ask, at: Timestamp, zone: &TimeZone) {
        let said = Said {
            step: ask.step,
            occasion: ask.occasion,
            on: local_day(at, zone),
            at,
            acknowledged_by: None,
            refused_at: None,
            used: None,
        };
        self.said.push((subject.clone(), said));
    }

    /// Puts it into what was said before a pass at `at`.
    fn add_to(&self, ledger: &mut Ledger, at: Timestamp, zone: &TimeZone) {
        for (subject, said) in &self.said {
            ledger.said.entry(subject.clone()).or_default().push(said.clone());
        }
        let hour_ago = at
            .saturating_sub(SignedDuration::from_hours(1))
            .unwrap_or(Timestamp::MIN);
        let today = local_day(at, zone);
        let count = |counts: &dyn Fn(Timestamp) -> bool| {
            let messages = self.messages.iter().filter(|&&message| counts(message));
            u32::try_from(messages.count()).unwrap_or(u32::MAX)
        };
        ledger.messages_last_hour += count(&|message| message >= hour_ago);
        ledger.messages_today += count(&|message| local_day(message, zone) == today);
    }
}

impl<'a> Ahead<'a> {
    pub(super) fn new(
        rules: &'a Rules,
        connection: &'a Connection,
        account: &'a Account,
        read_at: Timestamp,
        timetable: &'a Timetable,
        habits: HashMap<String, Habit>,
    ) -> rusqlite::Result<Self> {
        let walk = snapshots::get(connection, snapshots::WALK)?;
        let silences = silences::not_ended(connection, read_at)?;
        Ok(Self {
            silent_until: silences.into_iter().map(|silence| silence.ends_at).collect(),
            zone: account.zone(&rules.assess.zone),
            walk: walk.and_then(|(_, json)| serde_json::from_str(&json).ok()),
            rules,
            connection,
            account,
            read_at,
            timetable,
            habits,
        })
    }

    /// What a pass at `at` would decide about goals and the walk.
    pub(super) fn decisions(&self, at: Timestamp) -> rusqlite::Result<Vec<Decision>> {
        Ok(self.decided(at, &Foreseen::default())?.decisions)
    }

    /// What a pass at `at` would decide after the passes before it have said what is foreseen.
    fn decided(&self, at: Timestamp, foreseen: &Foreseen) -> rusqlite::Result<Decided> {
        let pass = self.pass(at);
        let mut ledger = self
            .rules
            .ledger(self.connection, &pass.conditions, Some(&pass), at, at)?;
        foreseen.add_to(&mut ledger, at, &self.rules.policy.zone);
        Ok(self.rules.decide_by(&ledger, pass.conditions, at))
    }

    /// For each goal and for the walk, the first chance after `now`, within the horizon, at which a pass
    /// would speak of it. What an earlier chance says counts as said at a later one: a message that has left
    /// takes nothing along any more.
    pub(super) fn next(&self, now: Timestamp) -> rusqlite::Result<HashMap<Subject, Next>> {
        let mut found = HashMap::new();
        let mut foreseen = Foreseen::default();
        let today = local_day(now, &self.rules.assess.zone);
        let wanted = self.wanted();
        for days in 0..=i64::from(HORIZON_DAYS) {
            let mut chances = self.timetable.on(today.plus(days));
            chances.retain(|&at| at > now);
            let mut looks = self.worth_a_look(&chances);
            while let Some(at) = looks.pop_first() {
                let decided = self.decided(at, &foreseen)?;
                foreseen.messages.extend(decided.told.iter().map(|_| at));
                for decision in &decided.decisions {
                    let subject = &decision.condition.subject;
                    match (decision.action, decision.condition.ask) {
                        (Action::Notify, Some(ask)) => {
                            found
                                .entry(subject.clone())
                                .or_insert(Next { at, step: ask.step });
                            foreseen.say(subject, &ask, at, &self.rules.policy.zone);
                        }
                        // What a limit holds back leaves with a later pass.
                        _ if matches!(decision.reason, Reason::RateLimited | Reason::NoRoom) => {
                            looks.extend(chances.iter().find(|&&chance| chance > at));
                        }
                        _ => {}
                    }
                }
            }
            if wanted.iter().all(|subject| found.contains_key(subject)) {
                break;
            }
        }
        Ok(found)
    }

    fn wanted(&self) -> Vec<Subject> {
        let goals = self.account.goals.iter();
        let active = goals.filter(|goal| goal.state == GoalState::Active);
        let walk = self.rules.assess.walk.as_ref().map(|_| Subject::walk());
        active.map(|goal| Subject::goal(&goal.slug)).chain(walk).collect()
    }

    /// The chances of a day at which a decision may change: the first at which a step may leave by itself,
    /// the last one before a last call, the first after a silence has ended, and the first within the walk's
    /// hours.
    fn worth_a_look(&self, chances: &[Timestamp]) -> BTreeSet<Timestamp> {
        let first_from = |at: Timestamp| {
            chances
                .get(chances.partition_point(|&chance| chance < at))
                .copied()
        };
        let last_until = |at: Timestamp| {
            let reached = chances.partition_point(|&chance| chance <= at);
            reached.checked_sub(1).map(|index| chances[index])
        };
        let Some(&first) = chances.first() else {
            return BTreeSet::new();
        };
        let mut looks = BTreeSet::new();
        for condition in self.pass(first).conditions {
            let Some(ask) = condition.ask else { continue };
            looks.extend(first_from(ask.alone_from));
            let call = condition
                .expires_at
                .filter(|_| ask.step == Step::Last)
                .and_then(|at| at.checked_sub(self.rules.assess.last_call).ok());
            looks.extend(call.and_then(last_until));
        }
        for end in self.silent_until.iter().filter(|&&end| first <= end) {
            looks.extend(first_from(*end));
        }
        if let Some(walk) = &self.rules.assess.walk {
            let day = local_day(first, &self.rules.assess.zone);
            let (starts_at, _) = walk.hours.on(day, &self.rules.assess.zone);
            looks.extend(first_from(starts_at));
        }
        looks
    }

    /// The conditions of a pass at `at` about goals and the walk. Nothing is decided yet.
    fn pass(&self, at: Timestamp) -> Pass {
        let day = local_day(at, &self.rules.assess.zone);
        let observed = Observed {
            beeminder: Observation::Fresh {
                value: self.account_at(at),
                at,
            },
            cure: None,
            walk: self
                .rules
                .assess
                .walk
                .as_ref()
                .map(|walk| self.walk_on(day, &walk.goal, at)),
            budgets: Vec::new(),
            elapsed: Duration::ZERO,
        };
        let history = History {
            habits: self.habits.clone(),
            ..History::default()
        };
        let outlook = self.rules.promises.outlook(self.timetable, at);
        let mut conditions = assess(&observed, &history, &self.rules.assess, &outlook);
        conditions.retain(|condition| condition.subject.is_promise());
        Pass {
            run_id: String::new(),
            trigger: Trigger::Cli,
            now: at,
            finished_at: at,
            observed,
            histories: Vec::new(),
            conditions,
            timetable: self.timetable.clone(),
            outlook,
        }
    }

    /// The account as Beeminder will show it at `at` if nothing is entered: each day that ends takes one safe
    /// day from each goal.
    fn account_at(&self, at: Timestamp) -> Account {
        let mut account = self.account.clone();
        for goal in &mut account.goals {
            goal.state = state_at(goal, at);
            // A goal without a losedate derails on its day all the same, and only once.
            let derailed = derail_risk(goal, &self.zone, self.read_at).derails_at;
            goal.losedate = goal.losedate.or(derailed.filter(|derailed| *derailed <= at));
            let passed = days_from(self.day(goal, self.read_at), self.day(goal, at));
            goal.safebuf = goal.safebuf.map(|days| (days - i64::from(passed)).max(0));
        }
        account
    }

    fn day(&self, goal: &Goal, at: Timestamp) -> Date {
        beeminder_day(at, &self.zone, goal.deadline).date()
    }

    fn walk_on(&self, day: Daystamp, goal: &crate::domain::Slug, at: Timestamp) -> Observation<Walk> {
        let known = self
            .walk
            .as_ref()
            .filter(|walk| walk.day == day && walk.goal == *goal);
        let is_later = day > local_day(self.read_at, &self.rules.assess.zone);
        let is_there = self.account.goals.iter().any(|known| known.slug == *goal);
        let value = match known {
            Some(walk) => walk.clone(),
            None if is_later && is_there => Walk {
                goal: goal.clone(),
                day,
                done: false,
            },
            None => {
                return Observation::Unknown {
                    why: "no pass of today has found out".to_owned(),
                };
            }
        };
        Observation::Fresh { value, at }
    }
}
