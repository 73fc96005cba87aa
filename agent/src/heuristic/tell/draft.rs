//! A draft of a message: it names the first few of the items and counts others.

use super::{Item, Told, count::Counts};
use crate::notify::message::{Size, Text, Words};

/// The most conditions that a message names. More never fit: a message has 305 septets, and a phrase with its separator
/// takes more than 3.
const MOST_NAMED: usize = 100;

/// The first phrase may be cut, but keeps at least this many septets. If the sums leave less room for it, the last sums
/// are left out.
const LEAST_OF_FIRST: usize = 60;

/// The words of an item.
pub(super) struct Phrases {
    pub(super) long: Words,
    pub(super) short: Words,
    pub(super) heading: Option<Words>,
}

impl Phrases {
    /// The words of the first items, as many as a message could name. An account may have tens of thousands of goals at
    /// risk, and making the words takes the most time.
    pub(super) fn of(items: &[Item<'_>]) -> Vec<Self> {
        let words = |item: &Item<'_>| Self {
            long: Words::of(&item.condition.phrase.long),
            short: Words::of(&item.condition.phrase.short),
            heading: item.condition.heading.as_deref().map(Words::of),
        };
        items.iter().take(MOST_NAMED).map(words).collect()
    }
}

/// A message that names the first few of the items and counts others.
pub(super) struct Draft<'a> {
    items: &'a [Item<'a>],
    /// The words of the named items, in the order of choice.
    phrases: &'a [Phrases],
    /// The indices in `items` of the named items, in the order in which the message lists them.
    listed: Vec<usize>,
    counts: Counts,
}

impl<'a> Draft<'a> {
    /// Names the items that have `phrases`: the first of `items`.
    pub(super) fn new(items: &'a [Item<'a>], phrases: &'a [Phrases], counts: Counts) -> Self {
        let mut listed: Vec<usize> = (0..phrases.len()).collect();
        listed.sort_by(|a, b| items[*a].place().cmp(&items[*b].place()));
        Self {
            items,
            phrases,
            listed,
            counts,
        }
    }

    /// The message with every phrase long for which there is room, tried in the order of choice. `None`: it is too long
    /// even if all phrases are short.
    pub(super) fn longest(&self, size: Size) -> Option<Told> {
        let text = |in_full: &[bool]| Text::of(self.words(in_full).iter().chain(self.counts.words()), size);
        let mut in_full = vec![false; self.phrases.len()];
        let mut longest = text(&in_full)?;
        for place in 0..in_full.len() {
            in_full[place] = true;
            match text(&in_full) {
                Some(longer) => longest = longer,
                None => in_full[place] = false,
            }
        }
        Some(self.told(longest))
    }

    /// The message that names the first condition only, its phrase cut to fit. `None`: the sums leave too little room for
    /// it.
    pub(super) fn cut(&self) -> Option<Told> {
        let first = self.words(&[false]);
        let text = Text::cut(first.first()?, self.counts.words(), LEAST_OF_FIRST)?;
        Some(self.told(text))
    }

    /// The phrases of the named items, in the order of the list. Items with the same heading share one phrase.
    /// `in_full[n]` says whether the phrase of item `n` is the long one.
    fn words(&self, in_full: &[bool]) -> Vec<Words> {
        let words = |place: &usize| {
            let phrases = &self.phrases[*place];
            if in_full[*place] {
                &phrases.long
            } else {
                &phrases.short
            }
        };
        let heading = |place: &usize| self.phrases[*place].heading.as_ref();
        let mut phrases = Vec::with_capacity(self.listed.len());
        let mut said: Vec<&Words> = Vec::new();
        for place in &self.listed {
            let Some(this) = heading(place) else {
                phrases.push(words(place).clone());
                continue;
            };
            if said.contains(&this) {
                continue;
            }
            said.push(this);
            let members = self.listed.iter().filter(|other| heading(other) == Some(this));
            phrases.push(Words::listed(this, members.map(words)));
        }
        phrases
    }

    fn told(&self, text: Text) -> Told {
        let counted = self.counts.places(self.items, self.phrases.len());
        let order = self.listed.iter().copied().chain(counted);
        Told {
            text,
            channels: None,
            order: order.map(|place| self.items[place].index).collect(),
        }
    }
}
