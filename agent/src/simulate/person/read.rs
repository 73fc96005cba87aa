//! From a people file to a person, or to everything that is wrong with the file.

use std::path::Path;

use jiff::{
    SignedDuration,
    civil::{Date, Time},
    tz::TimeZone,
};
use toml::{Table, Value};

use super::{
    BudgetPlan, GoalPlan, Person, WalkPlan,
    entries::{self, DAYS, Drawn, time},
    fields::{Fields, number},
    habits::{self, DURATION, day_number, each},
};
use crate::{
    clock::{DailyRange, DeadlineOffset},
    config::ConfigError,
    domain::{BudgetSource, Money, Provider, Slug},
    foreign_file::{self, BY_HAND},
    simulate::{
        FIRST_DAYS,
        goal::{GoalKind, PLEDGES},
        passes::Passes,
    },
};

const TIME: &str = "a time such as \"13:00\"";
const PLEDGE: &str = "one of Beeminder's pledges: 0, 5, 10, 30, 90, 270, 810, 2430";

pub(super) fn person(file: &Path) -> Result<Person, ConfigError> {
    let one = |message: String| ConfigError(vec![Person::problem(file, "person", message)]);
    let text = foreign_file::read_text(file, BY_HAND).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => one("there is no such file".to_owned()),
        _ => one(format!("cannot be read: {error}")),
    })?;
    let table: Table = text.parse().map_err(|error: toml::de::Error| {
        let start = error.span().unwrap_or_default().start;
        let line = text.get(..start).unwrap_or_default().matches('\n').count() + 1;
        one(format!(
            "is not TOML, line {line}: {}",
            entries::toml_message(&error)
        ))
    })?;
    let drawn = entries::drawn(file)
        .map_err(|(file, message)| ConfigError(vec![Person::problem(&file, "entries", message)]))?;
    let mut problems = Vec::new();
    let read = fields(Fields::new("", table, file, &mut problems), file, &drawn);
    match read {
        Some(person) if problems.is_empty() => Ok(person),
        _ => Err(ConfigError(problems)),
    }
}

fn fields(mut fields: Fields<'_>, file: &Path, drawn: &Drawn) -> Option<Person> {
    let name = fields.required("name", "a name", |value| value.as_str().map(str::to_owned));
    let home = zone(&mut fields, "time_zone");
    let start = date(&mut fields, "start");
    let days = fields.required("days", "a number of days from 1 to 3660", |value| {
        day_number(value).filter(|days| *days > 0)
    });
    let passes = timetables(&mut fields);
    let also = each(&mut fields, "also", habits::elsewhere);
    let quiet_hours = fields.read(
        "quiet_hours",
        "two different times such as [\"22:00\", \"08:00\"]",
        range,
    );
    let walk = fields.inner("walk").map(walk);
    let scatter_minutes = fields.whole("scatter_minutes", 0..=720).unwrap_or(0);
    let seed = fields.whole("seed", 0..=i64::MAX).unwrap_or(0);
    let goals: Vec<(String, Table)> = fields.tables("goal");
    let goals: Vec<Option<GoalPlan>> = goals
        .into_iter()
        .map(|(at, table)| goal(fields.of(&at, table), drawn))
        .collect();
    let reaction = fields.inner("reaction").map(habits::reaction);
    let day_off_chance = fields.number("day_off_chance", 0.0..=1.0).unwrap_or(0.0);
    let miss_chance = fields.number("miss_chance", 0.0..=1.0).unwrap_or(0.0);
    let down = each(&mut fields, "beeminder_down", habits::absence);
    let moves = each(&mut fields, "travel", habits::travel);
    let vacations = each(&mut fields, "vacation", habits::vacation);
    let budgets = each(&mut fields, "budget", budget);
    let settings = fields.read("settings", "a table of settings", |value| {
        value.as_table().cloned()
    });
    if let Some(unknown) = drawn.keys().find(|slug| !has_goal(&goals, slug)) {
        fields.refuse(
            "goal",
            None,
            format!("the entries file has {unknown:?}, which is no goal here"),
        );
    }
    fields.finish();
    Some(Person {
        name: name?,
        file: file.to_owned(),
        zone: home?,
        start: start?,
        days: days?,
        passes: passes?,
        also,
        quiet_hours,
        walk: match walk {
            Some(walk) => Some(walk?),
            None => None,
        },
        scatter_minutes,
        seed: u64::try_from(seed).unwrap_or(0),
        goals: goals.into_iter().collect::<Option<_>>()?,
        reaction: match reaction {
            Some(reaction) => Some(reaction?),
            None => None,
        },
        day_off_chance,
        miss_chance,
        down,
        moves,
        vacations,
        budgets,
        settings: settings.unwrap_or_default(),
        left_out: Vec::new(),
    })
}

fn has_goal(goals: &[Option<GoalPlan>], slug: &str) -> bool {
    let mut read = goals.iter();
    read.any(|goal| goal.as_ref().is_none_or(|goal| goal.kind.slug.as_str() == slug))
}

pub(super) fn zone(fields: &mut Fields<'_>, name: &'static str) -> Option<TimeZone> {
    let expected = "the IANA name of a zone such as \"America/New_York\"";
    fields.required(name, expected, |value| TimeZone::get(value.as_str()?).ok())
}

pub(super) fn date(fields: &mut Fields<'_>, name: &'static str) -> Option<Date> {
    let expected = "a day from 2000-01-01 to 2999-12-31, such as \"2026-10-24\"";
    fields.required(name, expected, |value| {
        let day = Date::strptime("%Y-%m-%d", value.as_str()?).ok();
        day.filter(|day| FIRST_DAYS.contains(day))
    })
}

pub(super) fn duration(text: &str) -> Option<SignedDuration> {
    text.parse()
        .ok()
        .filter(|duration: &SignedDuration| !duration.is_negative())
}

fn range(value: &Value) -> Option<DailyRange> {
    match value.as_array()?.as_slice() {
        [from, until] => DailyRange::new(time(from.as_str()?)?, time(until.as_str()?)?),
        _ => None,
    }
}

/// `passes` is one timetable, given in pieces; `also_passes` are others.
fn timetables(fields: &mut Fields<'_>) -> Option<Vec<Passes>> {
    let texts = |value: &Value| {
        let texts = value.as_array()?.iter();
        texts
            .map(|text| text.as_str().map(str::to_owned))
            .collect::<Option<Vec<_>>>()
    };
    let expected = "a list of times (\"13:00\"), windows (\"13-18/15m\") or \"always/30m\"";
    let first = fields.required("passes", expected, |value| Passes::all_of(&texts(value)?).ok());
    let others = fields.read("also_passes", expected, |value| {
        texts(value)?
            .iter()
            .map(|text| text.parse().ok())
            .collect::<Option<Vec<Passes>>>()
    });
    Some([vec![first?], others.unwrap_or_default()].concat())
}

fn walk(mut fields: Fields<'_>) -> Option<WalkPlan> {
    let goal = fields.required("goal", "the slug of a goal such as \"bike\"", |value| {
        value.as_str()?.parse().ok()
    });
    let from = fields.required("from", TIME, |value| time(value.as_str()?));
    let until = fields.required("until", TIME, |value| time(value.as_str()?));
    fields.finish();
    Some(WalkPlan {
        goal: goal?,
        from: from?,
        until: until?,
    })
}

fn goal(mut fields: Fields<'_>, drawn: &Drawn) -> Option<GoalPlan> {
    let slug: Option<Slug> = fields.required("slug", "the slug of a goal such as \"reading\"", |value| {
        value.as_str()?.parse().ok()
    });
    let buffer = fields.number("buffer", 0.0..=3_660.0).unwrap_or(0.0);
    let deadline = fields.read("deadline", "seconds from midnight, -61200 to 21600", |value| {
        DeadlineOffset::from_seconds(value.as_integer()?)
    });
    let at_first = fields.read("pledge", PLEDGE, pledge);
    let pledge_cap = fields.read("pledge_cap", PLEDGE, pledge);
    let per_week = fields.number("per_week", 0.01..=10_000.0).unwrap_or(7.0);
    let units = fields.number("units", 0.0..=1_000_000.0).unwrap_or(1.0);
    let unit = fields.parsed("unit", "a word", |text| Some(text.to_owned()));
    let expected = format!("a table of times, each with {DAYS}");
    let entries = fields
        .read("entries", &expected, entries::plans)
        .unwrap_or_default();
    let entry_chance = fields.number("entry_chance", 0.0..=1.0).unwrap_or(1.0);
    let sync_delay = fields.parsed("sync_delay", DURATION, duration);
    let do_less = fields.flag("do_less");
    let frozen = fields.flag("frozen");
    fields.finish();
    let slug = slug?;
    Some(GoalPlan {
        drawn: drawn.get(slug.as_str()).cloned(),
        given: None,
        kind: GoalKind {
            slug,
            deadline: deadline.unwrap_or_default(),
            per_week,
            do_less,
            autodata: sync_delay.is_some(),
            unit: unit.unwrap_or_default(),
            pledge_cap: pledge_cap.unwrap_or(PLEDGES[PLEDGES.len() - 1]),
            frozen,
        },
        buffer,
        pledge: at_first.unwrap_or(0),
        units,
        entries,
        entry_chance,
        sync_delay: sync_delay.unwrap_or(SignedDuration::ZERO),
    })
}

fn pledge(value: &Value) -> Option<u32> {
    let dollars = u32::try_from(value.as_integer()?).ok()?;
    PLEDGES.contains(&dollars).then_some(dollars)
}

fn budget(mut fields: Fields<'_>) -> Option<BudgetPlan> {
    let provider: Option<Provider> = fields.required("provider", "\"anthropic\" or \"groq\"", |value| {
        value.as_str()?.parse().ok()
    });
    let source = fields.parsed("source", "\"ledger\" or \"odometer\"", |text| {
        text.parse::<BudgetSource>().ok()
    });
    let dollars = |value: &Value| {
        Money::from_usd(number(value)?)
            .ok()
            .filter(|usd| *usd >= Money::ZERO)
    };
    let limit = fields.required("limit_usd", "an amount in dollars", dollars);
    let daily = fields.read("daily_usd", "an amount in dollars", dollars);
    let at = fields.parsed("at", TIME, time);
    let bursts = each(&mut fields, "burst", |mut fields| {
        let day = fields.required("day", "a day from 0", day_number);
        let usd = fields.required("usd", "an amount in dollars", dollars);
        fields.finish();
        Some((day?, usd?))
    });
    fields.finish();
    Some(BudgetPlan {
        provider: provider?,
        source: source.unwrap_or(BudgetSource::Ledger),
        limit: limit?,
        daily: daily.unwrap_or(Money::ZERO),
        at: at.unwrap_or(Time::constant(12, 0, 0, 0)),
        bursts,
    })
}
