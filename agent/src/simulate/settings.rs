//! The settings of a simulation: the defaults, the person's, and those that are tried out.

use std::path::Path;

use toml::{Table, Value};

use super::Scenario;
use crate::{
    clock::Weekdays,
    config::{self, ConfigError, Settings, Source},
    domain::BudgetSource,
};

/// A setting to try out: `policy.escalate` and `true`.
pub type Choice = (String, String);

/// The settings of a scenario: those of `file` if there is one, the person's on top, then `choices`. The
/// environment and secrets are not read, so that a simulation is the same everywhere.
///
/// # Errors
/// With everything that is wrong with them.
pub fn settings_of(
    file: Option<&Path>,
    scenario: &Scenario<'_>,
    choices: &[Choice],
) -> Result<Settings, ConfigError> {
    let source = Source::File(scenario.person.file.clone());
    let tables = vec![
        (source.clone(), of_person(scenario)),
        (source, scenario.person.settings.clone()),
    ];
    config::load_given(file, tables, choices)
}

/// The settings of a record: those of `file`, with the timetable of the scenario if it is another one, then
/// `choices`. The environment and secrets are not read.
///
/// # Errors
/// With everything that is wrong with them.
pub fn settings_of_record(
    file: Option<&Path>,
    timetable: Option<&Scenario<'_>>,
    choices: &[Choice],
) -> Result<Settings, ConfigError> {
    let source = Source::File("--window".into());
    let tables = timetable.map(|scenario| (source, timetable_of(scenario)));
    config::load_given(file, tables.into_iter().collect(), choices)
}

/// `[window]` and the interval.
fn timetable_of(scenario: &Scenario<'_>) -> Table {
    let mut settings = Table::new();
    settings.insert("window".to_owned(), window(scenario));
    if let Some(daemon) = scenario.passes.daemon() {
        let interval = format!("{:#}", daemon.interval);
        settings.insert("heuristic".to_owned(), table([("interval", interval.into())]));
    }
    settings
}

/// What the person's file says, as settings.
fn of_person(scenario: &Scenario<'_>) -> Table {
    let person = scenario.person;
    let mut settings = timetable_of(scenario);
    let zone = scenario.zone.iana_name().unwrap_or("UTC");
    settings.insert("time_zone".to_owned(), zone.into());
    settings.insert(
        "notify".to_owned(),
        table([("channels", Value::from(vec!["console"]))]),
    );
    settings.insert("state".to_owned(), table([("path", "simulated".into())]));
    if let Some(quiet) = person.quiet_hours {
        let times = [quiet.from(), quiet.until()].map(|time| time.strftime("%H:%M").to_string());
        settings.insert(
            "policy".to_owned(),
            table([("quiet_hours", times.to_vec().into())]),
        );
    }
    if let Some(walk) = &person.walk {
        let time = |time: jiff::civil::Time| Value::from(time.strftime("%H:%M").to_string());
        let goal = walk.goal.as_str().into();
        let walk = [
            ("goal", goal),
            ("from", time(walk.from)),
            ("until", time(walk.until)),
        ];
        settings.insert("walk".to_owned(), table(walk));
    }
    let budgets = person.budgets.iter().map(|budget| {
        let source = match budget.source {
            BudgetSource::Ledger => "ledger",
            BudgetSource::Odometer => "odometer",
        };
        let budget_table = table([
            ("source", source.into()),
            ("limit_usd", budget.limit.usd().into()),
        ]);
        (budget.provider.to_string(), budget_table)
    });
    let budgets: Table = budgets.collect();
    if !budgets.is_empty() {
        settings.insert("budget".to_owned(), Value::Table(budgets));
    }
    settings
}

/// `[window]`: the daemon's hours, and the single passes besides.
fn window(scenario: &Scenario<'_>) -> Value {
    let clock = |time: jiff::civil::Time| Value::from(time.strftime("%H:%M").to_string());
    let mut window = Table::new();
    let single = scenario.passes.single();
    let single: Vec<String> = single.iter().map(ToString::to_string).collect();
    window.insert("passes".to_owned(), single.into());
    let Some(daemon) = scenario.passes.daemon() else {
        return Value::Table(window);
    };
    if let Some(hours) = daemon.hours {
        let length = hours.length.as_secs_f64() / 3600.0;
        window.insert("start".to_owned(), clock(hours.start));
        window.insert("hours".to_owned(), length.into());
        window.insert("days".to_owned(), daemon.day_names().into());
    } else if daemon.days != Weekdays::ALL {
        // All day on some days only is a window of a whole day.
        window.insert("start".to_owned(), "00:00".into());
        window.insert("hours".to_owned(), 24.into());
        window.insert("days".to_owned(), daemon.day_names().into());
    }
    Value::Table(window)
}

fn table<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value));
    Value::Table(fields.collect())
}
