//! Counts what became of the sessions of a scan.

use std::collections::{BTreeMap, HashSet};

use crate::{
    budget::{NewSession, Outcome},
    domain::{Money, PricedBy, Provider, on_one_line},
    transcripts::{FileNumber, Found},
};

/// How many different reasons for a refusal are told.
const MOST_REASONS: usize = 10;

/// The longest text of a reason or a model that is shown.
const LONGEST: usize = 200;

/// What became of one session.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Told {
    /// It is new, and costs that.
    New(Money, Option<PricedBy>),
    /// It was on record, under this request, or was taken back.
    Known(Option<String>),
    /// It is not recorded: why.
    Refused(String),
}

/// What became of all.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) new: u64,
    pub(super) known: u64,
    pub(super) refused: u64,
    /// The new sessions of each model.
    pub(super) by_model: BTreeMap<(&'static str, String), Sum>,
    /// Why sessions were refused, and how many.
    pub(super) reasons: BTreeMap<String, u64>,
    /// Files of which something was not recorded.
    pub(super) again: HashSet<FileNumber>,
    /// The last request that was recorded.
    pub(super) last: Option<String>,
}

/// Sessions and their cost.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sum {
    pub(super) sessions: u64,
    pub(super) cost: Money,
    /// How many of them have an assumed price.
    pub(super) assumed: u64,
}

impl From<Outcome> for Told {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Recorded(kept) => Self::New(kept.session.cost, kept.session.priced_by),
            Outcome::Repeated(kept) => Self::Known(kept.session.request_id),
            Outcome::TakenBack => Self::Known(None),
            Outcome::Refused(error) => Self::Refused(error.to_string()),
        }
    }
}

impl Tally {
    /// Counts one session of a response.
    pub(super) fn count(&mut self, found: &Found, session: &NewSession, told: Told) {
        match told {
            Told::Refused(why) => {
                self.refused += 1;
                self.again.extend(found.files());
                let why = on_one_line(&why, LONGEST);
                if self.reasons.len() < MOST_REASONS || self.reasons.contains_key(&why) {
                    *self.reasons.entry(why).or_default() += 1;
                }
            }
            Told::Known(request) => {
                self.known += 1;
                self.last = request.or_else(|| self.last.take());
            }
            Told::New(cost, by) => {
                self.new += 1;
                let provider = Provider::as_str(session.provider);
                let model = on_one_line(session.model.as_deref().unwrap_or_default(), LONGEST);
                let sum = self.by_model.entry((provider, model)).or_default();
                sum.sessions += 1;
                sum.cost = sum.cost + cost;
                sum.assumed += u64::from(by == Some(PricedBy::Assumed));
                self.last.clone_from(&session.request_id);
            }
        }
    }
}
