//! Plays a person's days: at every promised pass the product's own rules observe the model, assess, decide and
//! record on a state in memory.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Transaction};

use super::{
    passes::Passes,
    person::BudgetPlan,
    reality::Reality,
    world::{History, Life, ModelError, World},
};
use crate::{
    arms::activity::Seen,
    budget,
    clock::{local_day_bounds, time_ordered_id},
    config::Settings,
    domain::{
        Action, BudgetSource, ChannelKind, Condition, Money, Month, Observation, Provider, Severity, Silence,
        SilenceKind, Step, Subject, SubjectPattern, Trigger, Used,
    },
    heuristic::{Report, Rules, assess::Observed, settled},
    notify::outbox::{NewMessage, insert_delivered},
    store::{
        self, StoreError,
        tables::{
            odometer::{self, Reading},
            retention, sessions,
            sessions::Session,
            silences,
        },
    },
};

/// For how many days after the end the promised passes are known: what is said on the last day may be about a
/// later day.
const DAYS_AHEAD: u16 = 10;

/// The channel of the simulated person.
const CHANNEL: [ChannelKind; 1] = [ChannelKind::Sms];

/// How often old decisions are forgotten, and after how long.
const FORGET_EVERY: SignedDuration = SignedDuration::from_hours(7 * 24);
const KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Why a simulation could not be played. Each is a defect of Mecris.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// The state in memory.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The state in memory refused a query.
    #[error("the simulated state: {0}")]
    Sql(#[from] rusqlite::Error),
    /// The model says what Beeminder would not say.
    #[error("the model of a goal: {0}")]
    Model(#[from] ModelError),
}

/// A message that the person got.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// When.
    pub at: Timestamp,
    /// Its text, without its tag.
    pub text: String,
    /// What it is about, in order, and how bad each was; without what had happened already.
    pub about: Vec<(Subject, Severity)>,
}

/// A promised pass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// When.
    pub at: Timestamp,
    /// Whether it was made.
    pub made: bool,
    /// Whether it may speak: outside quiet hours and vacations.
    pub may_speak: bool,
}

/// Something that could not be told at a pass.
#[derive(Clone, Debug, PartialEq)]
pub struct Doubt {
    /// When.
    pub at: Timestamp,
    /// What could not be told.
    pub subjects: Vec<Subject>,
    /// Whether Beeminder was read.
    pub beeminder_read: bool,
}

/// A period of a budget: whose, and its first and last instant.
pub type BudgetPeriod = (Provider, Timestamp, Timestamp);

/// What happened.
#[derive(Clone, Debug)]
pub struct Played {
    /// Every message, in order.
    pub messages: Vec<Message>,
    /// Every promised pass, in order, and those that are promised for some days after the end.
    pub looks: Vec<Look>,
    /// The first instant after the last day.
    pub end: Timestamp,
    /// What could not be told, pass by pass.
    pub doubts: Vec<Doubt>,
    /// The truth about every goal.
    pub goals: Vec<History>,
    /// When the person was on vacation.
    pub vacations: Vec<(Timestamp, Timestamp)>,
    /// The periods of the budgets.
    pub budget_periods: Vec<BudgetPeriod>,
}

/// Where passes are made, and what the person asked for.
#[derive(Clone, Debug)]
pub struct Stage<'a> {
    /// Whose life.
    pub life: Life<'a>,
    /// When passes are made.
    pub passes: &'a Passes,
    /// What the person asked for besides the vacations of their file.
    pub silences: &'a [Silence],
    /// The first and the last instant that the world knows. No pass is made outside. `None`: the world goes on.
    pub known: Option<(Timestamp, Timestamp)>,
}

/// Plays a life with these settings.
///
/// # Errors
/// If the state in memory or the model fails: a defect of Mecris.
pub fn play(life: Life<'_>, passes: &Passes, settings: &Settings) -> Result<Played, PlayError> {
    let world = Box::new(World::new(life.clone()));
    let stage = Stage {
        life,
        passes,
        silences: &[],
        known: None,
    };
    play_in(world, &stage, settings, &mut store::in_memory()?)
}

/// Plays a life in a world, on a state that has nothing yet.
///
/// # Errors
/// As [`play`].
pub fn play_in(
    world: Box<dyn Reality + '_>,
    stage: &Stage<'_>,
    settings: &Settings,
    connection: &mut Connection,
) -> Result<Played, PlayError> {
    let Stage { life, passes, .. } = stage;
    let said = silences(stage)?;
    say(connection, &said)?;
    let away = said
        .iter()
        .filter(|silence| silence.kind == SilenceKind::Vacation);
    let vacations: Vec<_> = away.map(|silence| (silence.starts_at, silence.ends_at)).collect();
    let looks = looks(life, passes, settings, &vacations);
    let (from, end) = span(stage);
    let mut game = Game {
        rules: Rules::new(settings, CHANNEL.to_vec()),
        budgets: budget::Rules::new(&settings.budget, &settings.time_zone),
        spending: spending(life),
        world,
        settings,
        trigger: if passes.daemon().is_some() {
            Trigger::Schedule
        } else {
            Trigger::Cli
        },
        messages: Vec::new(),
        doubts: Vec::new(),
        budget_periods: Vec::new(),
    };
    let mut forgot_at = Timestamp::MIN;
    let within = |look: &&Look| look.made && (from..end).contains(&look.at);
    for look in looks.iter().filter(within) {
        let tx = connection.transaction()?;
        game.pass(&tx, look.at)?;
        if look.at.duration_since(forgot_at) >= FORGET_EVERY {
            retention::forget(&tx, KEPT, look.at)?;
            forgot_at = look.at;
        }
        tx.commit()?;
    }
    game.world.advance(end);
    Ok(Played {
        messages: game.messages,
        looks,
        end,
        doubts: game.doubts,
        goals: game.world.into_histories(),
        vacations,
        budget_periods: game.budget_periods,
    })
}

/// From when to when passes are made: the days of the life, as far as the world knows them.
fn span(stage: &Stage<'_>) -> (Timestamp, Timestamp) {
    let end = stage.life.midnight(i64::from(stage.life.days));
    let Some((first, last)) = stage.known else {
        return (Timestamp::MIN, end);
    };
    let after = last
        .saturating_add(SignedDuration::from_secs(1))
        .unwrap_or(Timestamp::MAX);
    (first, end.min(after))
}

/// Every promised pass, whether it is made, and whether it may speak.
fn looks(
    life: &Life<'_>,
    passes: &Passes,
    settings: &Settings,
    vacations: &[(Timestamp, Timestamp)],
) -> Vec<Look> {
    let zone = &settings.time_zone;
    let quiet = |at| {
        settings
            .policy
            .quiet_hours
            .is_some_and(|hours| hours.contains(at, zone))
    };
    let away = |at| vacations.iter().any(|(from, until)| *from <= at && at < *until);
    let days = life.days.saturating_add(DAYS_AHEAD);
    let promised = passes.on(life.start, days, zone).into_iter();
    promised
        .zip(0_i64..)
        .map(|(at, number)| Look {
            at,
            made: !life.chance("pass", "", number, life.person.miss_chance),
            may_speak: !quiet(at) && !away(at),
        })
        .collect()
}

/// What the person asks for.
fn silences(stage: &Stage<'_>) -> Result<Vec<Silence>, PlayError> {
    let away = stage.life.person.vacations.iter().map(|away| {
        let from = stage.life.midnight(i64::from(away.from));
        let until = stage.life.midnight(i64::from(away.until) + 1);
        vacation(from, until)
    });
    away.chain(stage.silences.iter().cloned().map(Ok)).collect()
}

/// Says each beforehand, as a person does.
fn say(connection: &mut Connection, silences: &[Silence]) -> Result<(), PlayError> {
    let tx = connection.transaction()?;
    for silence in silences {
        silences::insert(&tx, silence)?;
    }
    Ok(tx.commit()?)
}

fn vacation(starts_at: Timestamp, ends_at: Timestamp) -> Result<Silence, PlayError> {
    let pattern: SubjectPattern = "*".parse().map_err(|_| rusqlite::Error::InvalidQuery)?;
    Ok(Silence {
        id: time_ordered_id(starts_at),
        kind: SilenceKind::Vacation,
        pattern,
        starts_at,
        ends_at,
        author: "the person".to_owned(),
        comment: String::new(),
        created_at: starts_at,
        deleted_at: None,
        deleted_by: None,
    })
}

/// What is spent when, in order.
fn spending(life: &Life<'_>) -> VecDeque<(Timestamp, Provider, BudgetSource, Money)> {
    let spent_on = |budget: &BudgetPlan, day: i64| {
        let bursts = budget.bursts.iter().filter(|(burst, _)| i64::from(*burst) == day);
        bursts.fold(budget.daily, |sum, (_, usd)| sum + *usd)
    };
    let mut spent: Vec<_> = life
        .person
        .budgets
        .iter()
        .flat_map(|budget| (0..i64::from(life.days)).map(move |day| (budget, day)))
        .map(|(budget, day)| {
            let at = life.instant(day, budget.at);
            (at, budget.provider, budget.source, spent_on(budget, day))
        })
        .filter(|(.., usd)| *usd > Money::ZERO)
        .collect();
    spent.sort_by_key(|(at, ..)| *at);
    spent.into()
}

/// A simulation under way.
struct Game<'a> {
    rules: Rules,
    budgets: budget::Rules,
    spending: VecDeque<(Timestamp, Provider, BudgetSource, Money)>,
    world: Box<dyn Reality + 'a>,
    settings: &'a Settings,
    /// Who makes the passes: a daemon, or a crontab.
    trigger: Trigger,
    messages: Vec<Message>,
    doubts: Vec<Doubt>,
    budget_periods: Vec<BudgetPeriod>,
}

impl Game<'_> {
    fn pass(&mut self, tx: &Transaction<'_>, now: Timestamp) -> Result<(), PlayError> {
        self.world.advance(now);
        self.spend(tx, now)?;
        let observed = self.observe(tx, now)?;
        self.note_doubts(&observed, now);
        let pass = self.rules.assess(tx, observed, self.trigger, now)?;
        let mut told = Vec::new();
        let (report, _) = self.rules.decide_and_record(
            tx,
            &pass,
            now,
            |_| Ok(()),
            |message| {
                // A simulation has one channel.
                let message = NewMessage {
                    channels: None,
                    ..message
                };
                let delivered = insert_delivered(tx, &message, &CHANNEL, now)?;
                told.push((delivered.text, message.subjects));
                Ok(delivered.id)
            },
        )?;
        for (text, subjects) in told {
            self.tell(text, &subjects, &report, now);
        }
        Ok(())
    }

    fn observe(&mut self, tx: &Transaction<'_>, now: Timestamp) -> Result<Observed, PlayError> {
        let zone = &self.settings.time_zone;
        let beeminder = settled(tx, self.world.account(now)?, now)?;
        let walk =
            self.settings
                .walk
                .as_ref()
                .map(|walk| match Seen::of(&walk.goal, &beeminder, now, zone) {
                    Seen::Known(walk) => walk,
                    Seen::InDoubt(doubt) => doubt.settle(self.world.recent(&walk.goal, now)),
                });
        let budgets = if self.settings.budget.providers.is_empty() {
            Vec::new()
        } else {
            self.budgets.refresh(tx, now)?
        };
        self.note_periods(&budgets);
        Ok(Observed {
            beeminder,
            cure: None,
            walk,
            budgets,
            elapsed: std::time::Duration::from_secs(1),
        })
    }

    fn spend(&mut self, tx: &Transaction<'_>, now: Timestamp) -> rusqlite::Result<()> {
        while let Some((at, provider, source, usd)) =
            self.spending.front().copied().filter(|(at, ..)| *at <= now)
        {
            self.spending.pop_front();
            match source {
                BudgetSource::Ledger => sessions::insert(tx, &session(at, provider, usd))?,
                BudgetSource::Odometer => {
                    let month = Month::of(self.settings.time_zone.to_datetime(at).date());
                    let before = odometer::of_month(tx, provider, month)?;
                    let total = before.last().map_or(Money::ZERO, |reading| reading.value) + usd;
                    let reading = Reading {
                        at,
                        month,
                        value: total,
                        notes: String::new(),
                    };
                    odometer::insert(tx, provider, &reading)?;
                }
            }
        }
        Ok(())
    }

    fn tell(&mut self, text: String, subjects: &[Subject], report: &Report, now: Timestamp) {
        let is_to_come = |condition: &Condition| condition.ask.is_none_or(|ask| ask.step != Step::Derailed);
        let told = report
            .decisions
            .iter()
            .zip(&report.conditions)
            .filter(|(decision, condition)| decision.action == Action::Notify && is_to_come(condition))
            .filter(|(decision, _)| subjects.contains(&decision.subject));
        let about: Vec<_> = told
            .map(|(told, _)| (told.subject.clone(), told.severity))
            .collect();
        let message = Message { at: now, text, about };
        for slug in self.world.goals() {
            if super::words::names(&message.text, &slug) {
                self.world.react(&slug, now);
            }
        }
        self.messages.push(message);
    }

    fn note_doubts(&mut self, observed: &Observed, now: Timestamp) {
        let walk = observed
            .walk
            .iter()
            .filter(|walk| walk.fresh().is_none())
            .map(|_| Subject::walk());
        let budgets = observed
            .budgets
            .iter()
            .filter(|(_, budget)| budget.fresh().is_none());
        let budgets = budgets.map(|(provider, _)| Subject::budget(*provider));
        let subjects: Vec<Subject> = walk.chain(budgets).collect();
        self.doubts.push(Doubt {
            at: now,
            subjects,
            beeminder_read: observed.beeminder.fresh().is_some(),
        });
    }

    fn note_periods(&mut self, budgets: &[(Provider, Observation<budget::Budget>)]) {
        let zone = &self.settings.time_zone;
        for (provider, budget) in budgets {
            let days = budget
                .value()
                .and_then(|budget| budget.period_start.zip(budget.period_end));
            let Some((first, last)) = days else { continue };
            let from = local_day_bounds(first.into(), zone).0;
            let until = local_day_bounds(last.into(), zone).1;
            if !self.budget_periods.contains(&(*provider, from, until)) {
                self.budget_periods.push((*provider, from, until));
            }
        }
    }
}

fn session(at: Timestamp, provider: Provider, cost: Money) -> Session {
    Session::new(at, provider, "simulated", Used::default(), cost)
}
