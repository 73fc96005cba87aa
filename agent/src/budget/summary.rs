use std::{cmp::Reverse, collections::BTreeMap};

use jiff::{civil::Date, tz::TimeZone};

use super::Recorded;
use crate::{
    clock::local_day,
    domain::{Money, Provider},
    store::tables::sessions::Session,
};

/// Sums over all providers' sessions of the last `days` local days, today included.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// How many local days were summed up.
    pub days: u32,
    /// All sessions together.
    pub total: Tally,
    /// Tokens sent, with those that were written to a cache or read from one.
    pub input_tokens: i64,
    /// Tokens received.
    pub output_tokens: i64,
    /// By local day, newest first; days without sessions are left out.
    pub by_day: Vec<(Date, Tally)>,
    /// By session type, the most expensive first.
    pub by_type: Vec<(String, Tally)>,
    /// By provider, the most expensive first.
    pub by_provider: Vec<(Provider, Tally)>,
    /// Anthropic's budget as it was last recorded.
    pub anthropic: Option<Recorded>,
}

/// How many sessions there were and what they cost together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    /// How many sessions.
    pub sessions: usize,
    /// What the billed ones cost together.
    pub cost: Money,
}

impl Tally {
    fn add(&mut self, session: &Session) {
        self.sessions += 1;
        self.cost = self.cost + session.billed_cost();
    }
}

impl Summary {
    /// Adds up `sessions`. The caller has read those of the last `days` local days.
    pub(super) fn of(days: u32, sessions: &[Session], zone: &TimeZone, anthropic: Option<Recorded>) -> Self {
        let mut total = Tally::default();
        let mut by_day = BTreeMap::<Reverse<Date>, Tally>::new();
        let mut by_type = BTreeMap::<&str, Tally>::new();
        let mut by_provider = BTreeMap::<Provider, Tally>::new();
        for session in sessions {
            let day = local_day(session.at, zone).date();
            total.add(session);
            by_day.entry(Reverse(day)).or_default().add(session);
            by_type.entry(&session.session_type).or_default().add(session);
            by_provider.entry(session.provider).or_default().add(session);
        }
        let sum = |tokens: fn(&Session) -> i64| sessions.iter().map(tokens).fold(0, i64::saturating_add);
        Self {
            days,
            total,
            input_tokens: sum(|session| session.used.prompt()),
            output_tokens: sum(|session| session.used.output),
            by_day: by_day
                .into_iter()
                .map(|(Reverse(day), tally)| (day, tally))
                .collect(),
            by_type: dearest_first(by_type.into_iter().map(|(word, tally)| (word.to_owned(), tally))),
            by_provider: dearest_first(by_provider),
            anthropic,
        }
    }
}

fn dearest_first<K>(tallies: impl IntoIterator<Item = (K, Tally)>) -> Vec<(K, Tally)> {
    let mut tallies: Vec<_> = tallies.into_iter().collect();
    tallies.sort_by_key(|(_, tally)| Reverse(tally.cost));
    tallies
}
