//! `state list`: lists the copies off this machine.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    path::Path,
};

use jiff::tz::TimeZone;
use serde::Serialize;

use super::required_remote;
use crate::{
    cli::JsonArgs,
    clock,
    commands::{Exit, context, text},
    store::{
        Store, StoreError,
        replica::{
            prune::{Place, rule},
            remote::Generation,
        },
        tables::verified_generations,
    },
};

#[derive(Serialize)]
struct Listing<'a> {
    remote: &'a str,
    generations: Vec<Listed>,
}

#[derive(Serialize)]
struct Listed {
    #[serde(flatten)]
    place: Place,
    /// Whether the last check found the copy sound; `null` if it was never checked.
    sound: Option<bool>,
    damage: Option<String>,
}

pub(super) async fn list(config: Option<&Path>, options: &JsonArgs) -> anyhow::Result<Exit> {
    let settings = context::load(config).await?.settings;
    let remote = required_remote(&settings.state)?;
    let known = earlier_checks(&settings.state.path);
    let listing = Listing {
        remote: remote.name(),
        generations: listed(&remote.list(0).await?, &known),
    };
    let mut out = std::io::stdout().lock();
    if options.json {
        serde_json::to_writer_pretty(&mut out, &listing)?;
        writeln!(out)?;
    } else {
        print(&mut out, &listing, &settings.time_zone)?;
    }
    Ok(Exit::Done)
}

/// What is wrong with each generation that was checked; `None`: it is sound.
type Checks = BTreeMap<u64, Option<String>>;

/// The results of earlier checks. They are only shown, so a state that cannot be read does not matter much.
fn earlier_checks(state: &Path) -> Checks {
    let read = Store::open_read_only(state).and_then(|store| store.read(verified_generations::all));
    match read {
        Ok(known) => known,
        Err(StoreError::Missing(_)) => Checks::new(),
        Err(error) => {
            tracing::warn!(%error, "cannot read the results of earlier checks");
            Checks::new()
        }
    }
}

fn listed(listing: &[Generation], known: &Checks) -> Vec<Listed> {
    let damaged = known
        .iter()
        .filter(|(_, damage)| damage.is_some())
        .map(|(&number, _)| number)
        .collect();
    let places = rule::sort(listing, &damaged).into_iter();
    places
        .map(|place| {
            let verdict = known.get(&place.generation.number);
            Listed {
                place,
                sound: verdict.map(Option::is_none),
                damage: verdict.cloned().flatten(),
            }
        })
        .collect()
}

fn print(out: &mut impl Write, listing: &Listing<'_>, zone: &TimeZone) -> io::Result<()> {
    let count = text::counted(listing.generations.len(), "generation");
    writeln!(out, "{count} in {}", listing.remote)?;
    for Listed { place, damage, sound } in &listing.generations {
        let generation = &place.generation;
        let at = clock::local_second(generation.at, zone);
        let verdict = match (damage, sound) {
            (Some(damage), _) => format!("  DAMAGED: {damage}"),
            (None, Some(_)) => "  sound".to_owned(),
            (None, None) => String::new(),
        };
        let line = format!(
            "{:>10}  {at}  {:>8}  {}{verdict}",
            generation.number,
            text::size(generation.bytes),
            kept_as(place)
        );
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn kept_as(place: &Place) -> String {
    let flags = [
        (place.recent, "recent"),
        (place.daily, "daily"),
        (place.weekly, "weekly"),
        (place.damaged, "evidence"),
    ];
    let words: Vec<_> = flags
        .into_iter()
        .filter(|(flag, _)| *flag)
        .map(|(_, word)| word)
        .collect();
    if words.is_empty() {
        "deleted when copies are pruned next".to_owned()
    } else {
        words.join(", ")
    }
}
