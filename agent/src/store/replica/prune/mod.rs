//! Deletes generations that are not needed any more. [`rule`] decides which those are. This module decides
//! when it is safe to delete them.
//!
//! 1. Only an instance whose file is the newest generation prunes, and only while nothing is wrong with the
//!    copies.
//! 2. Every generation that stands for a day or a week is fetched, opened and checked first. While there is
//!    nothing to delete, the newest generations (`recent`) are not checked yet. A damaged generation stays,
//!    and the generation before it takes its place and is checked in turn.
//! 3. Then the generations that the rule does not keep are deleted, the oldest first. Stopping early does not
//!    change which generations the rule keeps.

pub mod rule;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use tokio::time::{Instant, timeout_at};

pub use rule::Place;

use super::{
    checkpoint::Copier,
    generation,
    remote::{Generation, Remote, RemoteError},
};
use crate::store::{Store, StoreError, file::verify, tables::verified_generations};

/// How many generations one call checks at most: all that can stand for a day or a week, and as many damaged
/// generations.
const CHECKS: usize = 2 * (rule::DAYS + rule::WEEKS);
/// How many generations one call deletes at most.
const DELETIONS: usize = 200;

/// What pruning did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// How many generations there are now.
    pub there: usize,
    /// The generations that were deleted.
    pub deleted: Vec<u64>,
    /// The generations that were fetched and found sound.
    pub verified: Vec<u64>,
    /// The damaged generations, and what is wrong with each. They stay.
    pub damaged: BTreeMap<u64, String>,
}

impl Store {
    /// Deletes generations, if there are more than `more_than` and this file is the newest of them. `None` if
    /// there is nothing to do, or if this file is not the newest generation. Takes at most `within`. The next
    /// call does what is left.
    ///
    /// # Errors
    /// If the remote fails. Nothing is lost then.
    pub async fn prune(&self, more_than: usize, within: Duration) -> Result<Option<Pruned>, StoreError> {
        let Some(copier) = &self.copier else {
            return Ok(None);
        };
        let end = Instant::now() + within;
        let listing = copier.remote().list(0).await?;
        let Some(newest) = listing.last().map(|newest| newest.number) else {
            return Ok(None);
        };
        if listing.len() <= more_than || copier.unquestioned() != Some(newest) {
            return Ok(None);
        }
        let mut pruned = Pruned {
            there: listing.len(),
            ..Pruned::default()
        };
        let Some(places) = self.check_places(copier, &listing, end, &mut pruned).await? else {
            return Ok(Some(pruned));
        };
        delete(copier, &places, end, &mut pruned).await?;
        pruned.there -= pruned.deleted.len();
        let there: BTreeSet<u64> = places.iter().map(number).collect();
        let there = &there - &pruned.deleted.iter().copied().collect();
        self.note(move |tx| verified_generations::retain(tx, &there))
            .await?;
        Ok(Some(pruned))
    }

    /// Step 2: checks every generation that stands for a day or a week. Returns how each generation stands
    /// after that; `None` if not all could be checked in this call.
    async fn check_places(
        &self,
        copier: &Copier,
        listing: &[Generation],
        end: Instant,
        pruned: &mut Pruned,
    ) -> Result<Option<Vec<Place>>, StoreError> {
        let mut known = self.read(verified_generations::all)?;
        for checked in 0.. {
            let places = rule::sort(listing, &damaged(&known));
            let Some(next) = unchecked(&places, &known) else {
                pruned.damaged = damage_in(&places, &known);
                return Ok(Some(places));
            };
            if checked >= CHECKS || Instant::now() >= end {
                break;
            }
            let damage = check(copier.remote(), next).await?;
            self.note_verdict(copier, next, damage.clone()).await?;
            match &damage {
                None => pruned.verified.push(next),
                Some(why) => {
                    tracing::warn!(
                        generation = next,
                        why,
                        "a generation is damaged; the one before it is kept, too"
                    );
                }
            }
            known.insert(next, damage);
        }
        Ok(None)
    }

    async fn note_verdict(
        &self,
        copier: &Copier,
        generation: u64,
        damage: Option<String>,
    ) -> Result<(), StoreError> {
        let now = copier.clock().now();
        self.note(move |tx| verified_generations::put(tx, generation, damage.as_deref(), now))
            .await
    }
}

/// Step 3: deletes what the rule does not keep, the oldest first, until `end`.
async fn delete(
    copier: &Copier,
    places: &[Place],
    end: Instant,
    pruned: &mut Pruned,
) -> Result<(), RemoteError> {
    let newest = places.last().map_or(0, number);
    let goes = places.iter().filter(|place| !place.is_kept()).map(number);
    for number in goes.filter(|&number| number < newest).take(DELETIONS) {
        // If another instance went on meanwhile, that instance prunes.
        if copier.unquestioned().is_none_or(|saved| saved < newest) {
            break;
        }
        match timeout_at(end, copier.remote().delete(number)).await {
            Ok(gone) => gone?,
            Err(_) => break,
        }
        pruned.deleted.push(number);
    }
    Ok(())
}

fn number(place: &Place) -> u64 {
    place.generation.number
}

/// What is wrong with each damaged generation.
fn damage_in(places: &[Place], known: &BTreeMap<u64, Option<String>>) -> BTreeMap<u64, String> {
    let damaged = places.iter().filter(|place| place.damaged).map(number);
    damaged
        .filter_map(|number| Some((number, known.get(&number)?.clone()?)))
        .collect()
}

fn damaged(known: &BTreeMap<u64, Option<String>>) -> BTreeSet<u64> {
    known
        .iter()
        .filter(|(_, damage)| damage.is_some())
        .map(|(&generation, _)| generation)
        .collect()
}

/// The highest generation that stands for a day or a week and still has to be checked before anything is
/// deleted.
fn unchecked(places: &[Place], known: &BTreeMap<u64, Option<String>>) -> Option<u64> {
    // While there is nothing to delete, there is no hurry: the generation that stands for today changes all
    // the time.
    let all_stay = places.iter().all(Place::is_kept);
    let candidates = places
        .iter()
        .rev()
        .filter(|place| place.stands() && !known.contains_key(&number(place)));
    candidates
        .filter(|place| !(all_stay && place.recent))
        .map(number)
        .next()
}

/// What is wrong with a generation, if anything is.
async fn check(remote: &Remote, generation: u64) -> Result<Option<String>, RemoteError> {
    let Some(packed) = remote.fetch(generation).await? else {
        return Err(RemoteError::gone(generation));
    };
    let checked = generation::open(generation, &packed)
        .map_err(StoreError::from)
        .and_then(|copy| verify::verify(&copy, &format!("generation {generation}")));
    Ok(checked.err().map(|error| error.to_string()))
}

#[cfg(test)]
mod tests;
