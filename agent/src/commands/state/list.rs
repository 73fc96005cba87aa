//! `state list`: lists the copies off this machine.

use std::{io::Write as _, path::Path};

use serde::Serialize;

use super::required_remote;
use crate::{
    cli::JsonArgs,
    clock,
    commands::{Exit, context, text},
    store::{
        Store, StoreError,
        replica::prune::{Place, rule},
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
    let listing = remote.list(0).await?;
    let known = match Store::open_read_only(&settings.state.path)
        .and_then(|store| store.read(verified_generations::all))
    {
        Ok(known) => known,
        Err(StoreError::Missing(_)) => [].into(),
        Err(error) => {
            tracing::warn!(%error, "cannot read the results of earlier checks");
            [].into()
        }
    };
    let damaged = known
        .iter()
        .filter(|(_, damage)| damage.is_some())
        .map(|(&number, _)| number)
        .collect();
    let generations = rule::sort(&listing, &damaged).into_iter().map(|place| {
        let verdict = known.get(&place.generation.number);
        Listed {
            place,
            sound: verdict.map(Option::is_none),
            damage: verdict.cloned().flatten(),
        }
    });
    let listing = Listing {
        remote: remote.name(),
        generations: generations.collect(),
    };
    let mut out = std::io::stdout().lock();
    if options.json {
        serde_json::to_writer_pretty(&mut out, &listing)?;
        writeln!(out)?;
        return Ok(Exit::Done);
    }
    writeln!(
        out,
        "{} in {}",
        text::counted(listing.generations.len(), "generation"),
        listing.remote
    )?;
    for Listed { place, damage, sound } in &listing.generations {
        let generation = &place.generation;
        let at = clock::local_second(generation.at, &settings.time_zone);
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
    Ok(Exit::Done)
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
