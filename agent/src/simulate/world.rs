//! What happens in a simulation: entries, ends of days, travel, and what Beeminder would say at an instant.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use serde_json::{Value, json};

use super::{
    chance::draw,
    goal::{Derailed, GoalModel},
    person::{GoalPlan, Person, on_day},
    reality::Reality,
};
use crate::{
    arms::beeminder::{Account, Goal, Malformed, RecentDatapoints, account_of},
    clock::{local_day, local_instant},
    domain::Slug,
};

/// What a run does to a person: where and when they live, and what chance begins with.
#[derive(Clone, Debug)]
pub struct Life<'a> {
    /// The person.
    pub person: &'a Person,
    /// Where they live at first.
    pub home: TimeZone,
    /// Their first day.
    pub start: Date,
    /// How many days.
    pub days: u16,
    /// What chance begins with.
    pub seed: u64,
}

/// The model of a goal does not say what Beeminder would say: a defect of the model.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// Its JSON is of another shape.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The goal in it cannot be read.
    #[error("{0}")]
    Unreadable(String),
}

/// The goals of a person at one instant, and what happened to them.
#[derive(Debug)]
pub struct World<'a> {
    life: Life<'a>,
    goals: Vec<Tracked>,
    down: Vec<(Timestamp, Timestamp)>,
}

/// A goal, what is going to be entered, and everything that happened to it.
#[derive(Debug)]
struct Tracked {
    model: GoalModel,
    /// By when Beeminder shows them.
    planned: VecDeque<Entry>,
    /// How much later than entered Beeminder shows an entry, at most.
    late: SignedDuration,
    /// What an entry adds that was not planned.
    units: f64,
    moves: VecDeque<(Timestamp, TimeZone)>,
    shown: Option<Goal>,
    history: History,
}

/// An entry: when the person made it, and when Beeminder shows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry {
    /// When it was entered.
    pub at: Timestamp,
    /// When Beeminder shows it.
    pub shown_at: Timestamp,
    /// How much, in the goal's unit.
    pub units: f64,
}

/// The truth about a goal.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// The goal.
    pub slug: Slug,
    /// Whether it can derail.
    pub active: bool,
    /// What Beeminder said from when on, in order.
    pub states: Vec<State>,
    /// What was entered, in order.
    pub entries: Vec<Entry>,
    /// Each derailment.
    pub derailed: Vec<Derailed>,
}

/// What Beeminder said about a goal from an instant on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// From when on.
    pub from: Timestamp,
    /// When the goal derails.
    pub losedate: Timestamp,
}

impl Life<'_> {
    /// The instant of a time of the person's clock on a day of theirs.
    pub fn instant(&self, day: i64, time: jiff::civil::Time) -> Timestamp {
        let zone = self.person.zone_on(&self.home, day);
        local_instant(on_day(self.start, day, time), zone)
    }

    /// The first instant of a day of the person.
    pub fn midnight(&self, day: i64) -> Timestamp {
        self.instant(day, jiff::civil::Time::midnight())
    }

    /// The number of the person's day at an instant.
    pub fn day_of(&self, at: Timestamp) -> i64 {
        let days = |zone| i64::from((local_day(at, zone).date() - self.start).get_days());
        days(self.person.zone_on(&self.home, days(&self.home)))
    }

    /// The zone of the account at an instant.
    fn zone_at(&self, at: Timestamp) -> &TimeZone {
        self.person.zone_on(&self.home, self.day_of(at))
    }

    /// Everything that the person will enter, in the order in which Beeminder shows it.
    fn plan(&self, goal: &GoalPlan) -> VecDeque<Entry> {
        if let Some(given) = &goal.given {
            return given.iter().copied().collect();
        }
        let mut entries: Vec<Entry> = (0..i64::from(self.days))
            .filter(|day| !self.chance("day off", "", *day, self.person.day_off_chance))
            .flat_map(|day| self.entries_on(goal, day))
            .collect();
        entries.sort_by_key(|entry| entry.shown_at);
        entries.into()
    }

    fn entries_on(&self, goal: &GoalPlan, day: i64) -> Vec<Entry> {
        let slug = goal.kind.slug.as_str();
        // A longer life repeats the days of the file.
        let of_file = day.rem_euclid(i64::from(self.person.days));
        let drawn = goal
            .drawn
            .as_ref()
            .and_then(|times| times.get(usize::try_from(of_file).ok()?));
        let times: Vec<Timestamp> = match drawn {
            Some(time) => time.iter().map(|time| self.instant(day, *time)).collect(),
            None => {
                let date = on_day(self.start, day, jiff::civil::Time::midnight()).date();
                let plans = goal.entries.iter().enumerate();
                plans
                    .filter(|(_, plan)| plan.days.contain(of_file, date))
                    .filter(|_| self.chance("entry", slug, day, goal.entry_chance))
                    .map(|(number, plan)| {
                        let most = self.person.scatter_minutes;
                        let question = format!("scatter {number}");
                        let minutes = draw(self.seed, &question, slug, day).i64(-most..=most);
                        self.instant(day, plan.at) + SignedDuration::from_mins(minutes)
                    })
                    .collect()
            }
        };
        let late = goal.sync_delay;
        let entry = |at| Entry {
            at,
            shown_at: at + late,
            units: goal.units,
        };
        times.into_iter().map(entry).collect()
    }

    /// Whether something of this chance happens.
    pub fn chance(&self, question: &str, subject: &str, number: i64, chance: f64) -> bool {
        chance > 0.0 && draw(self.seed, question, subject, number).f64() < chance
    }
}

impl<'a> World<'a> {
    /// The person's goals at the beginning of their first day.
    pub fn new(life: Life<'a>) -> Self {
        let now = life.midnight(0);
        let moves: VecDeque<_> = life
            .person
            .moves
            .iter()
            .map(|there| (life.midnight(i64::from(there.day)), there.zone.clone()))
            .collect();
        let goals = life.person.goals.iter().map(|plan| {
            let zone = life.zone_at(now).clone();
            let model = GoalModel::new(plan.kind.clone(), plan.buffer, plan.pledge, zone, now);
            Tracked {
                history: History {
                    slug: plan.kind.slug.clone(),
                    active: !plan.kind.frozen,
                    states: vec![State {
                        from: now,
                        losedate: model.losedate(),
                    }],
                    entries: Vec::new(),
                    derailed: Vec::new(),
                },
                model,
                planned: life.plan(plan),
                late: plan.sync_delay,
                units: plan.units,
                moves: moves.clone(),
                shown: None,
            }
        });
        let goals = goals.collect();
        let down = life.person.down.iter().map(|absence| {
            let from = life.instant(i64::from(absence.day), absence.from);
            (from, from + absence.length)
        });
        Self {
            down: down.collect(),
            goals,
            life,
        }
    }
}

impl Reality for World<'_> {
    fn advance(&mut self, now: Timestamp) {
        for goal in &mut self.goals {
            goal.advance(now);
        }
    }

    fn account(&mut self, now: Timestamp) -> Result<Result<Account, String>, ModelError> {
        if self.down.iter().any(|(from, until)| *from <= now && now < *until) {
            return Ok(Err("Beeminder did not answer".to_owned()));
        }
        let goals = self.goals.iter_mut().map(|goal| goal.shown(now));
        Ok(Ok(Account {
            goals: goals.collect::<Result<_, _>>()?,
            time_zone: self.life.zone_at(now).iana_name().map(str::to_owned),
            deadbeat: false,
            unreadable: Vec::new(),
            ignored: 0,
        }))
    }

    /// By the product's own reading of the model's JSON.
    fn recent(&self, slug: &Slug, now: Timestamp) -> Result<RecentDatapoints, String> {
        let goal = self.goals.iter().find(|goal| goal.model.kind().slug == *slug);
        let points = goal.ok_or("there is no such goal")?.model.datapoints_json();
        let goal = json!([{ "slug": slug.as_str(), "datapoints": points }]);
        let account = account_of(None, goal, now).map_err(|error| error.to_string())?;
        let goal = account.goals.into_iter().next();
        Ok(RecentDatapoints {
            points: goal.ok_or("the model has no such goal")?.datapoints,
            unreadable: 0,
        })
    }

    fn goals(&self) -> Vec<Slug> {
        self.goals
            .iter()
            .map(|goal| goal.model.kind().slug.clone())
            .collect()
    }

    /// Perhaps the person acts. Then they do it now instead of later on the same day.
    fn react(&mut self, slug: &Slug, now: Timestamp) {
        let Some(reaction) = self.life.person.reaction else {
            return;
        };
        let day = self.life.day_of(now);
        if !self.life.chance("react", slug.as_str(), day, reaction.chance) {
            return;
        }
        let most = reaction.within.max(reaction.after);
        let minutes = reaction.after.as_mins()..=most.as_mins();
        let wait = draw(self.life.seed, "how soon", slug.as_str(), day).i64(minutes);
        let at = now + SignedDuration::from_mins(wait);
        let end_of_day = self.life.midnight(day + 1);
        if let Some(goal) = self.goals.iter_mut().find(|goal| goal.model.kind().slug == *slug) {
            goal.do_now(at, end_of_day);
        }
    }

    fn into_histories(self: Box<Self>) -> Vec<History> {
        self.goals.into_iter().map(|goal| goal.history).collect()
    }
}

impl World<'_> {
    /// The goals as `goals.json` has them.
    pub fn goals_json(&self) -> Value {
        self.goals.iter().map(|goal| goal.model.json()).collect()
    }
}

impl Tracked {
    fn advance(&mut self, now: Timestamp) {
        loop {
            let entry = self.planned.front().map(|entry| entry.shown_at);
            let moved = self.moves.front().map(|(at, _)| *at);
            let ends = self.model.ends_at();
            let next = [entry, moved, Some(ends)].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= now) else {
                return;
            };
            if entry == Some(next) && next < ends {
                self.show_first();
            } else if moved == Some(next) {
                if let Some((_, zone)) = self.moves.pop_front() {
                    self.model.move_to(zone);
                }
            } else {
                self.end_day(ends);
            }
            self.note(next);
        }
    }

    /// Beeminder fetches what a device has before it lets a goal derail.
    fn end_day(&mut self, ends: Timestamp) {
        while let Some(index) = self.first_planned(ends + self.late, |entry| entry.at < ends) {
            if let Some(mut entry) = self.planned.remove(index) {
                entry.shown_at = entry.shown_at.min(ends - SignedDuration::from_secs(1));
                self.show(entry);
            }
        }
        self.history.derailed.extend(self.model.end_day());
    }

    /// The first planned entry of a kind that Beeminder shows before an instant.
    fn first_planned(&self, until: Timestamp, is_meant: impl Fn(&Entry) -> bool) -> Option<usize> {
        let soon = self.planned.iter().take_while(|entry| entry.shown_at < until);
        soon.enumerate()
            .find(|(_, entry)| is_meant(entry))
            .map(|(index, _)| index)
    }

    fn show_first(&mut self) {
        if let Some(entry) = self.planned.pop_front() {
            self.show(entry);
        }
    }

    fn show(&mut self, entry: Entry) {
        self.model.sync(entry.units, entry.at, entry.shown_at);
        let entries = &mut self.history.entries;
        let place = entries.iter().rposition(|earlier| earlier.at <= entry.at);
        entries.insert(place.map_or(0, |index| index + 1), entry);
    }

    fn note(&mut self, from: Timestamp) {
        self.shown = None;
        let losedate = self.model.losedate();
        let same = self
            .history
            .states
            .last()
            .is_some_and(|state| state.losedate == losedate);
        if !same {
            self.history.states.push(State { from, losedate });
        }
    }

    fn shown(&mut self, now: Timestamp) -> Result<Goal, ModelError> {
        if let Some(goal) = &self.shown {
            return Ok(goal.clone());
        }
        let mut account = account_of(None, Value::Array(vec![self.model.json()]), now)?;
        let Some(goal) = account.goals.pop() else {
            return Err(ModelError::Unreadable(account.unreadable.join("; ")));
        };
        self.shown = Some(goal.clone());
        Ok(goal)
    }

    fn do_now(&mut self, at: Timestamp, end_of_day: Timestamp) {
        if at > self.model.losedate() {
            return;
        }
        let until = end_of_day + self.late;
        let later = self.first_planned(until, |entry| at < entry.at && entry.at < end_of_day);
        let later = later.and_then(|index| self.planned.remove(index));
        let late = later.map_or(SignedDuration::ZERO, |entry| {
            entry.shown_at.duration_since(entry.at)
        });
        let shown_at = at + late;
        let units = later.map_or(self.units, |entry| entry.units);
        let place = self.planned.partition_point(|entry| entry.shown_at <= shown_at);
        self.planned.insert(place, Entry { at, shown_at, units });
    }
}

impl History {
    /// When the goal derails, as Beeminder said at an instant.
    pub fn losedate_at(&self, at: Timestamp) -> Timestamp {
        let after = self.states.partition_point(|state| state.from <= at);
        self.states[after.saturating_sub(1)].losedate
    }

    /// Whether something was entered from one instant up to another, whether Beeminder showed it or not.
    pub fn entered_between(&self, from: Timestamp, until: Timestamp) -> bool {
        let first = self.entries.partition_point(|entry| entry.at < from);
        self.entries.get(first).is_some_and(|entry| entry.at <= until)
    }

    /// Whether something was entered from one instant up to another, and Beeminder showed it by then.
    pub fn was_shown_between(&self, from: Timestamp, until: Timestamp) -> bool {
        let first = self.entries.partition_point(|entry| entry.at < from);
        let entries = self.entries[first..].iter();
        entries
            .take_while(|entry| entry.at <= until)
            .any(|entry| entry.shown_at <= until)
    }

    /// Whether something was entered before an instant that Beeminder did not show yet.
    pub fn is_unsynced_at(&self, at: Timestamp) -> bool {
        self.entries
            .iter()
            .any(|entry| entry.at <= at && at < entry.shown_at)
    }
}
