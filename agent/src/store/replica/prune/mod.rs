//! Deletes generations that are not needed any more. [`rule`] says which those are; here is when it is safe
//! to delete them.
//!
//! 1. Only whoever made the newest generation prunes, and only while nothing is wrong with the copies.
//! 2. Every generation that stands for a day or a week, and is beyond the newest or about to lose a
//!    neighbour, is fetched, opened and checked first. One that is damaged stays, and the one before it takes
//!    its place, checked in its turn.
//! 3. Then the others are deleted, the oldest first: whatever number of them, those that stay are the same.

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
    remote::{Remote, RemoteError},
};
use crate::store::{Store, StoreError, file::verify, tables::verified_generations};

/// How many are fetched and checked at a time: all that can stand for something, and as many damaged ones.
const CHECKS: usize = 2 * (rule::DAYS + rule::WEEKS);
/// How many are deleted at a time.
const DELETIONS: usize = 200;

/// What pruning did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// How many generations are there now.
    pub there: usize,
    /// Which went.
    pub deleted: Vec<u64>,
    /// Which were fetched and found sound.
    pub verified: Vec<u64>,
    /// Which are damaged, and how. They stay.
    pub damaged: BTreeMap<u64, String>,
}

impl Store {
    /// Lets generations go, if there are more than `more_than` and this file is the newest of them. `None`:
    /// there was nothing to be done, or it is not this file's turn. Takes at most `within`; what is not done
    /// then, the next call does.
    ///
    /// # Errors
    /// If the remote cannot be asked. Nothing is lost by it.
    pub async fn prune(&self, more_than: usize, within: Duration) -> Result<Option<Pruned>, StoreError> {
        let Some(copier) = &self.copier else {
            return Ok(None);
        };
        let end = Instant::now() + within;
        let remote = copier.remote();
        let listing = remote.list(0).await?;
        let Some(newest) = listing.last().map(|newest| newest.number) else {
            return Ok(None);
        };
        if listing.len() <= more_than || copier.unquestioned() != Some(newest) {
            return Ok(None);
        }
        let mut known = self.read(verified_generations::all)?;
        let mut pruned = Pruned {
            there: listing.len(),
            ..Pruned::default()
        };
        let mut checked = 0;
        let places = loop {
            let places = rule::sort(&listing, &damaged(&known));
            let Some(next) = unchecked(&places, &known) else {
                break places;
            };
            if checked >= CHECKS || Instant::now() >= end {
                return Ok(Some(pruned));
            }
            let damage = check(remote, next).await?;
            checked += 1;
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
        };
        pruned.damaged = places
            .iter()
            .filter(|place| place.damaged)
            .filter_map(|place| {
                Some((
                    place.generation.number,
                    known.get(&place.generation.number)?.clone()?,
                ))
            })
            .collect();
        let goes = places
            .iter()
            .filter(|place| !place.is_kept())
            .map(|place| place.generation.number);
        for number in goes.filter(|&number| number < newest).take(DELETIONS) {
            // Whoever went on meanwhile does it.
            if copier.unquestioned().is_none_or(|saved| saved < newest) {
                break;
            }
            match timeout_at(end, remote.delete(number)).await {
                Ok(gone) => gone?,
                Err(_) => break,
            }
            pruned.deleted.push(number);
        }
        pruned.there -= pruned.deleted.len();
        let there: BTreeSet<u64> = places.iter().map(|place| place.generation.number).collect();
        let there = &there - &pruned.deleted.iter().copied().collect();
        self.note(move |tx| verified_generations::retain(tx, &there))
            .await?;
        Ok(Some(pruned))
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

fn damaged(known: &BTreeMap<u64, Option<String>>) -> BTreeSet<u64> {
    known
        .iter()
        .filter(|(_, damage)| damage.is_some())
        .map(|(&generation, _)| generation)
        .collect()
}

/// The highest that stands for something, that nobody has looked at yet, and that somebody has to before
/// anything goes.
fn unchecked(places: &[Place], known: &BTreeMap<u64, Option<String>>) -> Option<u64> {
    // Without anything to delete there is no hurry: today's last one changes all the time.
    let all_stay = places.iter().all(Place::is_kept);
    let number = |place: &Place| place.generation.number;
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
