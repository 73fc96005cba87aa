//! What a message counts instead of naming it: "+11 more due today, $4 together".

use jiff::{SignedDuration, Timestamp};

use super::Item;
use crate::{
    domain::{Condition, Money, Step},
    heuristic::assess::words::{Local, dollars},
    notify::message::Words,
};

/// What can be counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) step: Step,
    /// Whether the goal derails before the next day on which Mecris can speak ("nobody watches").
    pub(super) unwatched: bool,
}

/// The items that a message counts.
#[derive(Debug, Default)]
pub(super) struct Counts {
    sums: Vec<Sum>,
    words: Vec<Words>,
}

impl Counts {
    /// Each sum in words.
    pub(super) fn words(&self) -> &[Words] {
        &self.words
    }

    /// The places of what is counted, of items of which the first `named` are named: sum by sum.
    pub(super) fn places(&self, items: &[Item<'_>], named: usize) -> Vec<usize> {
        let mut places = vec![Vec::new(); self.sums.len()];
        for (place, item) in items.iter().enumerate().skip(named) {
            let sum = item.sum();
            if let Some(at) = self.sums.iter().position(|known| Some(*known) == sum) {
                places[at].push(place);
            }
        }
        places.concat()
    }
}

/// For each number of named items: what is left to be counted. Found by one look at each item, because an
/// account may have tens of thousands of goals at risk.
pub(super) struct Rests {
    /// The first element belongs to one named item, the next to two.
    by_named: Vec<Vec<Rest>>,
}

impl Rests {
    /// What is left of the items if the first one, the first two, and so on up to the first `most` are named.
    pub(super) fn of(items: &[Item<'_>], most: usize) -> Self {
        let mut rest: Vec<Rest> = Vec::new();
        let mut by_named = Vec::with_capacity(most);
        for (place, item) in items.iter().enumerate().skip(1).rev() {
            if place < most {
                by_named.push(rest.clone());
            }
            add(&mut rest, item);
        }
        by_named.push(rest);
        by_named.reverse();
        Self { by_named }
    }

    /// How many sums there are if one item is named.
    pub(super) fn sums(&self) -> usize {
        self.by_named.first().map_or(0, Vec::len)
    }

    /// What a message counts that names the first `named` items, in at most `most` sums.
    pub(super) fn counts(&self, named: usize, most: usize, local: &Local<'_>) -> Counts {
        let rests = named.checked_sub(1).and_then(|at| self.by_named.get(at));
        let mut counted: Vec<&Rest> = rests.into_iter().flatten().take(most).collect();
        counted.sort_by_key(|rest| rest.latest);
        Counts {
            sums: counted.iter().map(|rest| rest.sum).collect(),
            words: counted.iter().map(|rest| Words::of(&rest.text(local))).collect(),
        }
    }
}

/// Adds the item before all that were added already. Its sum comes first then: sums stand in the order of
/// choice of their first items.
fn add(rest: &mut Vec<Rest>, item: &Item<'_>) {
    let Some(sum) = item.sum() else { return };
    let mut of_sum = match rest.iter().position(|known| known.sum == sum) {
        Some(at) => rest.remove(at),
        None => Rest::none(sum),
    };
    of_sum.add(item.condition);
    rest.insert(0, of_sum);
}

/// The items of one sum.
#[derive(Clone, Debug)]
struct Rest {
    sum: Sum,
    count: usize,
    /// When the last of them ends that ends at all.
    latest: Option<Timestamp>,
    /// Whether one of them has no end.
    is_endless: bool,
    /// The stakes that are known.
    stakes: Money,
    /// Whether a stake is not known.
    lacks_stake: bool,
}

impl Rest {
    fn none(sum: Sum) -> Self {
        Self {
            sum,
            count: 0,
            latest: None,
            is_endless: false,
            stakes: Money::ZERO,
            lacks_stake: false,
        }
    }

    fn add(&mut self, condition: &Condition) {
        self.count += 1;
        self.latest = self.latest.max(condition.expires_at);
        self.is_endless |= condition.expires_at.is_none();
        match condition.stake {
            Some(stake) => self.stakes = self.stakes + stake,
            None => self.lacks_stake = true,
        }
    }

    /// `+11 more due today, $4 together`; `+3 more are unknown`.
    fn text(&self, local: &Local<'_>) -> String {
        let count = self.count;
        if self.sum.step == Step::Unknown {
            return format!("+{count} more are unknown");
        }
        format!("+{count} more{}{}", self.due(local), self.together())
    }

    /// Until when all of them are due: ` due today`, ` due by Mon 23:59`.
    fn due(&self, local: &Local<'_>) -> String {
        let Some(latest) = self.latest.filter(|_| !self.is_endless) else {
            return String::new();
        };
        // The end of a last safe day is the first instant after it.
        let latest = latest
            .saturating_sub(SignedDuration::from_secs(1))
            .unwrap_or(latest);
        match local.day_of(latest).as_str() {
            "today" => " due today".to_owned(),
            _ => format!(" due by {}", local.when(latest)),
        }
    }

    /// The stakes of all of them together: `, $4 together`. If a stake is unknown: `, at least $4 together`.
    fn together(&self) -> String {
        let least = if self.lacks_stake { "at least " } else { "" };
        if self.stakes > Money::ZERO {
            format!(", {least}{} together", dollars(self.stakes))
        } else {
            String::new()
        }
    }
}
