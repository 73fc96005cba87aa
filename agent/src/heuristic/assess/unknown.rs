//! The step `unknown`: if Mecris cannot tell for `heuristic.unknown_after` (a day by default) how a promise
//! stands, it says so. A promise that Mecris cannot look at is no promise kept. If Beeminder cannot be read,
//! the alert about Beeminder says so, and this step is not used for goals and the walk.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::{AssessSettings, History, Observed, channels::cut, words::Local};
use crate::{
    clock::local_day,
    domain::{Ask, Condition, Phrase, Reason, Severity, Step, Subject},
    heuristic::policy::PASSES_DIFFER,
};

/// The promises of which a pass could not tell how they stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Untold {
    /// Those that could not be told for a reason of their own: Beeminder was read, or they are not read from
    /// it.
    pub own: BTreeSet<Subject>,
    /// Those that could not be told because Beeminder could not be read.
    pub by_upstream: BTreeSet<Subject>,
}

/// The promises of which a pass could not tell how they stand, by its conditions. A budget without a fresh
/// reading is one of them, even if an old reading proves how much is used at least.
pub fn untold(observed: &Observed, conditions: &[Condition]) -> Untold {
    let of_beeminder = conditions
        .iter()
        .filter(|condition| is_unknown(condition))
        .map(|condition| &condition.subject)
        .filter(|subject| is_read_from_beeminder(subject))
        .cloned()
        .collect();
    let budgets = observed.budgets.iter();
    let budgets = budgets
        .filter(|(_, budget)| budget.fresh().is_none())
        .map(|(provider, _)| Subject::budget(*provider))
        .collect();
    if observed.beeminder.fresh().is_some() {
        Untold {
            own: &of_beeminder | &budgets,
            by_upstream: BTreeSet::new(),
        }
    } else {
        Untold {
            own: budgets,
            by_upstream: of_beeminder,
        }
    }
}

fn is_unknown(condition: &Condition) -> bool {
    let asks = condition.ask.is_some_and(|ask| ask.step == Step::Unknown);
    condition.severity == Severity::Unknown || asks
}

fn is_read_from_beeminder(subject: &Subject) -> bool {
    matches!(subject.topic(), "goal" | "walk" | "beeminder")
}

/// Gives the step `unknown` to the promises that could not be told. Before the step is due, a promise that
/// has another step keeps it.
pub(super) fn ask(
    conditions: &mut [Condition],
    observed: &Observed,
    history: &History,
    settings: &AssessSettings,
    local: &Local<'_>,
) {
    let untold = untold(observed, conditions);
    let upstream = Subject::upstream("beeminder");
    let is_alert = conditions
        .iter()
        .any(|condition| condition.subject == upstream && condition.severity.at_least(Severity::Warning));
    for condition in conditions {
        if untold.by_upstream.contains(&condition.subject) && is_alert {
            condition.ask = Some(Ask {
                silent: Some(Reason::ExplainedByUpstream),
                ..step(Timestamp::MIN, local)
            });
        } else if untold.own.contains(&condition.subject) {
            let since = history.untold.get(&condition.subject).copied();
            let due = due(since, settings.unknown_after, local.now);
            if due <= local.now {
                let why = why(condition, observed).to_owned();
                say(condition, &why, since.unwrap_or(local.now), local);
            }
            if due <= local.now || condition.ask.is_none() {
                condition.ask = Some(step(due, local));
            }
        }
    }
}

/// When it is due to say that a promise could not be told since `since`. The first look that fails is never
/// enough, even if `after` is zero: one failure is no news.
fn due(since: Option<Timestamp>, after: SignedDuration, now: Timestamp) -> Timestamp {
    let least = match since {
        Some(_) => SignedDuration::ZERO,
        None => SignedDuration::from_secs(1),
    };
    let wait = after.saturating_sub(PASSES_DIFFER).max(least);
    since
        .unwrap_or(now)
        .saturating_add(wait)
        .unwrap_or(Timestamp::MAX)
}

fn step(due: Timestamp, local: &Local<'_>) -> Ask {
    Ask {
        alone_from: due,
        rides_from: due,
        waits: Reason::UnknownData,
        ..Ask::at_once(Step::Unknown, local_day(local.now, local.zone))
    }
}

/// Makes a condition worth a message that says since when and why its promise cannot be told.
fn say(condition: &mut Condition, why: &str, since: Timestamp, local: &Local<'_>) {
    let what = match condition.subject.topic() {
        "budget" => format!("{} unknown", budget(&condition.subject)),
        _ => condition.phrase.short.clone(),
    };
    if !condition.severity.at_least(Severity::Warning) {
        condition.severity = Severity::Warning;
    }
    condition.expires_at = None;
    condition.phrase = Phrase {
        long: cut(&format!("{what} since {}: {why}", local.past(since))),
        short: what,
    };
}

/// `groq budget`, of `budget:groq`.
fn budget(subject: &Subject) -> String {
    let provider = subject
        .as_str()
        .split_once(':')
        .map_or("", |(_, provider)| provider);
    format!("{provider} budget")
}

fn why<'a>(condition: &'a Condition, observed: &'a Observed) -> &'a str {
    let walk = observed.walk.as_ref().and_then(|walk| walk.why());
    let budget = observed
        .budgets
        .iter()
        .find(|(provider, _)| Subject::budget(*provider) == condition.subject)
        .and_then(|(_, budget)| budget.why());
    match condition.subject.topic() {
        "walk" => walk,
        "budget" => budget,
        _ => None,
    }
    .unwrap_or(&condition.evidence)
}
