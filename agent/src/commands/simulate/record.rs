//! What a person really did, as `simulate` replays it.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::{Run, run};
use crate::{
    cli::SimulateArgs,
    clock::local_day,
    config::{Inputs, Settings},
    simulate::{Passes, Person, Record, Replay, Scenario, person::MOST_DAYS, settings_of_record},
    store::Store,
};

/// When passes are made if neither a configuration nor an option says it: what `serve` does without `[window]`.
const USUAL_PASSES: &str = "always/15m";

/// Replays what the state of this installation has kept.
pub(super) fn replay(config: Option<&Path>, options: &SimulateArgs) -> anyhow::Result<Run> {
    let file = file(config);
    let settings = settings_of_record(file.as_deref(), None, &[])?;
    let path = &settings.state.path;
    let store = Store::open_read_only(path)?;
    let record = store
        .read(|connection| Ok(Record::read(connection)))?
        .with_context(|| format!("{} has nothing to replay", path.display()))?;
    let zone = settings.time_zone.clone();
    let day = |at| local_day(at, &zone).date();
    let start = options.from.unwrap_or_else(|| day(record.first));
    anyhow::ensure!(
        start <= day(record.last),
        "--from {start}: the record goes from {} to {}",
        day(record.first),
        day(record.last)
    );
    let kept = start.duration_until(day(record.last)).as_hours() / 24 + 1;
    let days = u16::try_from(kept.clamp(1, MOST_DAYS.into())).unwrap_or(MOST_DAYS);
    let passes = passes(options, &settings);
    let mut person = Person::of_record(path, zone.clone(), start, passes);
    person.days = options.days.unwrap_or(days).min(days);
    if start < day(record.first) || options.days.is_some_and(|wanted| wanted > days) {
        let (first, last) = (day(record.first), day(record.last));
        let why = format!("days that are not in the record, which goes from {first} to {last}");
        person.left_out.push(why);
    }
    if record.unnamed > 0 {
        let goals = if record.unnamed == 1 { "goal" } else { "goals" };
        let why = format!("{} {goals} that the account no longer has", record.unnamed);
        person.left_out.push(why);
    }
    if !settings.budget.providers.is_empty() {
        person
            .left_out
            .push("budgets: the record has no copy of what was spent when".to_owned());
    }
    let scenario = Scenario::of(&person);
    let replay = Replay {
        record: &record,
        scenario: scenario.clone(),
    };
    let other = options.window.is_some().then_some(&scenario);
    run(
        &scenario,
        |choices| settings_of_record(file.as_deref(), other, choices),
        |settings| replay.play(settings),
        &options.set,
    )
}

/// The person of a file of goals.
pub(super) fn goals(config: Option<&Path>, goals: &Path, options: &SimulateArgs) -> anyhow::Result<Person> {
    let settings = config
        .map(|file| settings_of_record(Some(file), None, &[]))
        .transpose()?;
    let passes = match (&options.window, &settings) {
        (None, None) => USUAL_PASSES.parse().context("the usual passes")?,
        (Some(passes), None) => passes.clone(),
        (_, Some(settings)) => passes(options, settings),
    };
    let own = settings.map(|settings| settings.time_zone);
    let zone = options.zone.clone().or(own);
    Ok(Person::of_goals(goals, zone, passes)?)
}

fn passes(options: &SimulateArgs, settings: &Settings) -> Passes {
    options
        .window
        .clone()
        .unwrap_or_else(|| Passes::of_settings(settings))
}

/// The configuration of this installation.
fn file(config: Option<&Path>) -> Option<PathBuf> {
    let inputs = Inputs::of_process(config.map(Path::to_owned));
    inputs.chosen_file().map(Path::to_owned)
}
