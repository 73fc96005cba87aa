//! Which generations are kept: a pure function of the listing.
//!
//! We keep the newest [`NEWEST`] generations, the newest generation of each of the last [`DAYS`] days, and
//! the newest generation of each of the last [`WEEKS`] weeks. A day is a UTC day and a week is an ISO week,
//! by the remote's own times. Days and weeks without a generation do not count, so a machine that was off for
//! a month finds its backups when it comes back.
//!
//! It follows that pruning often keeps the same generations as pruning once at the end. It also follows that
//! a generation that the rule lets go would never be kept later.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::Offset;

use crate::store::replica::remote::Generation;

/// How many generations with the highest numbers are kept.
pub const NEWEST: usize = 100;
/// How many days keep a generation.
pub const DAYS: usize = 7;
/// How many weeks keep a generation.
pub const WEEKS: usize = 4;

/// A generation, and why it is kept. If no flag is set, it is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Place {
    /// The generation.
    #[serde(flatten)]
    pub generation: Generation,
    /// It is one of the [`NEWEST`] last ones.
    pub recent: bool,
    /// It stands for its day.
    pub daily: bool,
    /// It stands for its week.
    pub weekly: bool,
    /// It would stand for its day or week, but it is damaged. Another generation stands instead, and this one
    /// is kept for a person who wants to look at it.
    pub damaged: bool,
}

impl Place {
    /// Whether it stays.
    pub fn is_kept(&self) -> bool {
        self.recent || self.stands() || self.damaged
    }

    /// Whether it stands for a day or a week. Such a generation has to be sound.
    pub fn stands(&self) -> bool {
        self.daily || self.weekly
    }
}

/// Decides about each generation. The result is in ascending order. Generations in `damaged` stand for
/// nothing.
pub fn sort(listing: &[Generation], damaged: &BTreeSet<u64>) -> Vec<Place> {
    let mut places: Vec<Place> = listing
        .iter()
        .map(|&generation| Place {
            generation,
            recent: false,
            daily: false,
            weekly: false,
            damaged: false,
        })
        .collect();
    places.sort_unstable_by_key(|place| place.generation.number);
    let newest = places.len().saturating_sub(NEWEST);
    places[newest..].iter_mut().for_each(|place| place.recent = true);
    let day = |place: &Place| Offset::UTC.to_datetime(place.generation.at).date();
    let week = |place: &Place| {
        let week = day(place).iso_week_date();
        (week.year(), week.week())
    };
    stand_for(&mut places, damaged, DAYS, day, |place| place.daily = true);
    stand_for(&mut places, damaged, WEEKS, week, |place| place.weekly = true);
    places
}

/// In each of the last `kept` groups, the newest generation that is not damaged stands for the group.
fn stand_for<G: Ord>(
    places: &mut [Place],
    damaged: &BTreeSet<u64>,
    kept: usize,
    group: impl Fn(&Place) -> G,
    stands: impl Fn(&mut Place),
) {
    let mut groups = BTreeMap::<G, Vec<usize>>::new();
    for (at, place) in places.iter().enumerate() {
        groups.entry(group(place)).or_default().push(at);
    }
    for members in groups.into_values().rev().take(kept) {
        for at in members.into_iter().rev() {
            let place = &mut places[at];
            if damaged.contains(&place.generation.number) {
                place.damaged = true;
            } else {
                stands(place);
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests;
