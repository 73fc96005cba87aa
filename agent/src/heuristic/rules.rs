//! The part of a pass that needs only a connection to the database and no upstream. It assesses what was
//! observed, decides, and records. A real pass and a simulated pass both use it, so a simulation judges the
//! rules that really run.

use std::{collections::HashMap, time::Duration};

use jiff::{Timestamp, tz::TimeZone};
use rusqlite::{Connection, Transaction};

use super::{
    assess::{AssessSettings, Observed, assess, derailed, should_be_read_again, untold, with_habit},
    decide::decide,
    observe::History,
    policy::{Ledger, MISSED_DAY, NO_DAY_MISSED, Policy},
    record, remember,
    report::{self, DecisionView, Report},
    tell::{Told, tell_each},
    time_limit::Stage,
    timetable::Promises,
    unknown, waiting, warned,
};
use crate::{
    arms::beeminder::Account,
    clock::{self, Outlook, Timetable},
    config::{GoalRule, Settings},
    domain::{Action, Condition, Decision, RunOutcome, Slug, Subject, Trigger},
    notify::{channels::ChannelKind, outbox::NewMessage},
    store::tables::{self, runs, silences},
};

/// The rules of one configuration.
#[derive(Clone, Debug)]
pub struct Rules {
    pub(super) assess: AssessSettings,
    pub(super) policy: Policy,
    /// When passes happen.
    pub(super) promises: Promises,
    /// `heuristic.habit`.
    pub(super) uses_habits: bool,
    /// The channels that a message can use, in the configured order.
    pub(super) channels: Vec<ChannelKind>,
}

/// A pass that has its conditions. It still has to decide and to record.
#[derive(Clone, Debug)]
pub struct Pass {
    pub(super) run_id: String,
    pub(super) trigger: Trigger,
    pub(super) now: Timestamp,
    pub(super) finished_at: Timestamp,
    pub(super) observed: Observed,
    /// What was entered into new goals before Mecris knew them.
    pub(super) histories: Vec<History>,
    pub(super) conditions: Vec<Condition>,
    pub(super) timetable: Timetable,
    pub(super) outlook: Outlook,
}

/// The decisions of one pass, and the messages that follow from them.
#[derive(Clone, Debug)]
pub(super) struct Decided {
    pub(super) decisions: Vec<Decision>,
    /// What is said: one message for all that goes by the same channels.
    pub(super) told: Vec<Told>,
}

impl Decided {
    /// What the messages tell, in their order.
    pub(super) fn told(&self) -> impl Iterator<Item = &Decision> {
        self.told.iter().flat_map(|message| self.told_by(message))
    }

    /// What one of the messages tells, in its order.
    pub(super) fn told_by<'a>(&'a self, message: &'a Told) -> impl Iterator<Item = &'a Decision> {
        message
            .order
            .iter()
            .filter_map(|index| self.decisions.get(*index))
    }
}

impl Rules {
    /// The rules of these settings, for messages that can use `channels`.
    pub fn new(settings: &Settings, channels: Vec<ChannelKind>) -> Self {
        let zone = settings.time_zone.clone();
        Self {
            assess: AssessSettings {
                zone: zone.clone(),
                walk: settings.walk.clone(),
                deadline: settings.heuristic.deadline,
                budget_thresholds: settings.budget.thresholds,
                budget_shares: settings.budget.shares.clone(),
                unknown_after: settings.heuristic.unknown_after,
                lead_days: settings.heuristic.lead_days,
                margin: settings.heuristic.margin,
                habit_margin: settings.heuristic.habit_margin,
                last_call: settings.heuristic.last_call,
                last_call_stake: settings.heuristic.last_call_stake,
                role: settings.role,
                goals: settings.goals.clone(),
            },
            policy: Policy {
                zone,
                max_messages_per_hour: settings.policy.max_messages_per_hour,
                max_messages_per_day: settings.policy.max_messages_per_day,
                quiet_hours: settings.policy.quiet_hours,
                escalate: settings.policy.escalate,
                channels: channels_of(&settings.goals),
            },
            promises: Promises::new(settings),
            uses_habits: settings.heuristic.habit,
            channels,
        }
    }

    /// The person's zone.
    pub fn zone(&self) -> &TimeZone {
        &self.assess.zone
    }

    /// Assesses what a pass at `now` observed, with the history on this connection.
    ///
    /// # Errors
    /// If the history cannot be read.
    pub fn assess(
        &self,
        connection: &Connection,
        observed: Observed,
        trigger: Trigger,
        now: Timestamp,
    ) -> rusqlite::Result<Pass> {
        let failed = observed.beeminder.fresh().is_none();
        let mut history = record::history(connection, &self.channels, failed, self.assess.deadline, now)?;
        let timetable = self.promises.timetable(connection, trigger, now)?;
        let was_due = |from: Timestamp, until: Timestamp| {
            timetable.promises_between(from + NO_DAY_MISSED, until - NO_DAY_MISSED)
        };
        let is_long = |since: Timestamp| now.duration_since(since) > MISSED_DAY;
        history.nothing_was_due = history
            .last_success
            .is_some_and(|at| is_long(at) && !was_due(at, now));
        history.gap = history.gap.filter(|&(from, until)| was_due(from, until));
        if observed.beeminder.fresh().is_some_and(Account::lists_none) {
            history.vanished = record::vanished(connection)?;
        }
        let outlook = self.promises.outlook(&timetable, now);
        if let Some(account) = observed.beeminder.fresh().filter(|_| self.uses_habits) {
            let zone = account.zone(&self.assess.zone);
            let goals = with_habit(account, &self.assess, &outlook);
            history.habits = record::habits(connection, goals, &zone, now)?;
        }
        Ok(Pass {
            run_id: clock::time_ordered_id(now),
            trigger,
            now,
            finished_at: now,
            histories: Vec::new(),
            conditions: assess(&observed, &history, &self.assess, &outlook),
            observed,
            timetable,
            outlook,
        })
    }

    /// Whether an account that was just read should be read again in this pass: Beeminder is recomputing a goal
    /// that cannot wait for the next pass.
    pub(super) fn should_be_read_again(
        &self,
        connection: &Connection,
        account: &Account,
        trigger: Trigger,
        now: Timestamp,
    ) -> rusqlite::Result<bool> {
        let timetable = self.promises.timetable(connection, trigger, now)?;
        let outlook = self.promises.outlook(&timetable, now);
        Ok(should_be_read_again(account, &outlook, &self.assess))
    }

    /// Decides about conditions, with the ledger on this connection, and composes the messages. `pass` is the
    /// pass that made the conditions, if one did. A silence or vacation counts if it is active at
    /// `spoken_at`.
    pub(super) fn decide(
        &self,
        connection: &Connection,
        conditions: Vec<Condition>,
        pass: Option<&Pass>,
        now: Timestamp,
        spoken_at: Timestamp,
    ) -> rusqlite::Result<Decided> {
        let ledger = self.ledger(connection, &conditions, pass, now, spoken_at)?;
        Ok(self.decide_by(&ledger, conditions, now))
    }

    /// What was said already about the subjects of these conditions, as [`Rules::decide`] takes it.
    pub(super) fn ledger(
        &self,
        connection: &Connection,
        conditions: &[Condition],
        pass: Option<&Pass>,
        now: Timestamp,
        spoken_at: Timestamp,
    ) -> rusqlite::Result<Ledger> {
        let mut ledger = record::ledger(connection, conditions, &self.policy.zone, now)?;
        ledger.silences = silences::active(connection, spoken_at)?;
        if let Some((pass, account)) = pass.and_then(|pass| Some((pass, pass.observed.beeminder.fresh()?))) {
            let rules = (&self.assess, &pass.timetable);
            ledger.last_safe = warned::last_safe(connection, account, conditions, &ledger, rules)?;
        }
        Ok(ledger)
    }

    /// Decides by this ledger, and composes the messages.
    pub(super) fn decide_by(&self, ledger: &Ledger, conditions: Vec<Condition>, now: Timestamp) -> Decided {
        let mut decisions = decide(conditions, ledger, &self.policy, now);
        let told = tell_each(&mut decisions, &self.policy, now);
        Decided { decisions, told }
    }

    /// Decides and records in one transaction. `insert` puts a message into the outbox and returns its id. A
    /// silence or vacation counts if it is active at `spoken_at`. `in_time` is asked after each stage before
    /// recording, and fails when the time of the pass is over. Returns the report and the ids of the messages:
    /// none or one, unless goals have channels of their own.
    ///
    /// # Errors
    /// If the state cannot be read or written, or by `in_time`. The caller then rolls its transaction back.
    pub fn decide_and_record(
        &self,
        tx: &Transaction<'_>,
        pass: &Pass,
        spoken_at: Timestamp,
        in_time: impl Fn(Stage) -> rusqlite::Result<()>,
        insert: impl FnMut(NewMessage) -> rusqlite::Result<String>,
    ) -> rusqlite::Result<(Report, Vec<String>)> {
        record::renamed_goals(tx, &pass.observed)?;
        remember::pass(tx, &pass.observed, &pass.histories, &self.assess.zone, pass.now)?;
        record::expire_waiting(tx, pass.now)?;
        let mut conditions = pass.conditions.clone();
        if let Some(account) = pass.observed.beeminder.fresh() {
            // Whether this reading shows a derailment is known only now: `remember` has just compared it with
            // the earlier readings.
            let derailments = record::derailments(tx, pass.now)?;
            conditions.extend(derailed(account, &derailments, &pass.outlook, &self.assess));
        }
        let waiting = waiting::check(tx, &pass.observed, &conditions, pass.now)?;
        in_time(Stage::Remembering)?;
        let ledger = self.ledger(tx, &conditions, Some(pass), pass.now, spoken_at)?;
        in_time(Stage::LookingBack)?;
        let decided = self.decide_by(&ledger, conditions, pass.now);
        in_time(Stage::Deciding)?;
        let report = pass.report(&decided.decisions);
        record::reading(tx, &pass.observed, pass.now)?;
        let untold = untold(&pass.observed, &pass.conditions);
        tables::untold::keep(tx, &untold.own, &untold.by_upstream, pass.now)?;
        runs::insert(tx, &pass.row(&report, &decided.decisions, self.assess.deadline))?;
        let run_id = Some(pass.run_id.as_str());
        let messages = self.record(tx, run_id, &decided, pass.now, insert)?;
        waiting::retell(tx, waiting, &decided, &self.policy.zone, pass.now)?;
        Ok((report, messages))
    }

    /// Records decisions and the messages that follow from them. Returns the ids of the messages.
    pub(super) fn record(
        &self,
        tx: &Transaction<'_>,
        run_id: Option<&str>,
        decided: &Decided,
        now: Timestamp,
        insert: impl FnMut(NewMessage) -> rusqlite::Result<String>,
    ) -> rusqlite::Result<Vec<String>> {
        record::decisions_and_messages(tx, insert, run_id, decided, &self.policy.zone, now)
    }
}

/// The channels of goals that have channels of their own.
fn channels_of(goals: &HashMap<Slug, GoalRule>) -> HashMap<Subject, Vec<ChannelKind>> {
    let of_goal = |(slug, rule): (&Slug, &GoalRule)| Some((Subject::goal(slug), rule.channels.clone()?));
    goals.iter().filter_map(of_goal).collect()
}

impl Pass {
    /// Logs one warning with everything that the pass could not find out. Called before anything is recorded:
    /// if the state cannot be written, the log is the only place that has the reasons.
    pub(super) fn warn_of_unknown(&self) {
        let reasons = unknown::reasons(&report::observations(&self.observed), &self.conditions);
        if !reasons.is_empty() {
            let why = reasons.join("; ");
            tracing::warn!(
                run_id = self.run_id,
                why,
                "the pass could not find out everything"
            );
        }
    }

    pub(super) fn report(&self, decisions: &[Decision]) -> Report {
        Report {
            run_id: self.run_id.clone(),
            at: self.now,
            changed: false,
            observations: report::observations(&self.observed),
            conditions: decisions
                .iter()
                .map(|decision| decision.condition.clone())
                .collect(),
            decisions: decisions.iter().map(DecisionView::from).collect(),
            notifications: Vec::new(),
            broken_channels: Vec::new(),
            nobody_to_tell: false,
        }
    }

    fn row(&self, report: &Report, decisions: &[Decision], deadline: Duration) -> runs::RunRow {
        runs::RunRow {
            id: self.run_id.clone(),
            started_at: self.now,
            finished_at: self.finished_at,
            trigger: self.trigger,
            outcome: if report.is_incomplete() {
                RunOutcome::Unknown
            } else {
                RunOutcome::Done
            },
            succeeded: self.observed.beeminder.fresh().is_some(),
            overran: self.observed.elapsed > deadline,
            changed: decisions.iter().any(|decision| decision.action == Action::Notify),
            observations: Some(report.observations.clone()),
        }
    }
}

#[cfg(test)]
mod tests;
