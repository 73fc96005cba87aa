//! What must hold in the end. It is judged by the fakes: when Beeminder said that a goal derails, and the texts
//! that the provider accepted. What the agent wrote into its state is no evidence that anybody was told; it only
//! says what the agent believes to have told, which the texts must then show.
//!
//! * **Duplicate**: two accepted messages that name the same goal, the same derailment and the same step; two
//!   messages with one tag; a message that names what was never due; or messages that name and count more than
//!   there was.
//! * **Lost**: a goal that was red at the end, or a step that the agent reported as sent, that no accepted
//!   message of its day names or counts.
//!
//! A goal and day that the clock jumped away from before its message was sent is *overtaken*: it may have one
//! message or none.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{ToSpan as _, civil::Date};
use mecris_agent::domain::Step;
use tokio::time::Instant;

use crate::state::GoalStep;

/// Steps of goals that must have been told.
pub(crate) type MustBeTold = BTreeSet<GoalStep>;

/// Beeminder said that a goal derails at the end of a day.
#[derive(Clone, Debug)]
pub(crate) struct Due {
    pub(crate) slug: String,
    pub(crate) day: Date,
    /// When it first said so.
    pub(crate) since: Instant,
}

/// A message that the provider accepted.
#[derive(Clone, Debug)]
pub(crate) struct Accepted {
    pub(crate) body: String,
    /// The day of the fakes' clock, which may have jumped since the text was made.
    pub(crate) day: Date,
    pub(crate) at: Instant,
}

/// The findings about an account.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// Goals and days on which they were due.
    pub(crate) due: usize,
    /// Messages that the provider accepted.
    pub(crate) accepted: usize,
    /// Goals and days without a message because the clock jumped away from them.
    pub(crate) overtaken: usize,
    /// How often each step of a goal was named.
    pub(crate) named: BTreeMap<Step, usize>,
    pub(crate) lost: Vec<String>,
    pub(crate) duplicates: Vec<String>,
}

/// The steps that a message about a derailment to come may have said.
const TO_COME: [Step; 4] = [Step::Ahead, Step::LastSeen, Step::Last, Step::LastCall];

/// Compares what was due and what must have been told with what the provider accepted.
pub(crate) fn audit(must_be_told: &MustBeTold, due: &[Due], accepted: &[Accepted]) -> Findings {
    let mut findings = Findings {
        accepted: accepted.len(),
        due: due.len(),
        ..Findings::default()
    };
    let mut told = BTreeMap::<(&str, Step), BTreeSet<Date>>::new();
    let mut tags = BTreeSet::new();
    let mut counted: Vec<(&Accepted, usize)> = Vec::new();
    for message in accepted {
        let (text, tag) = message.body.rsplit_once(' ').unwrap_or_default();
        if !tags.insert(tag) {
            findings.duplicates.push(format!("two messages {tag}: {text:?}"));
        }
        for phrase in phrases(text) {
            counted.push((message, more(phrase)));
            for slug in slugs(phrase) {
                let (step, possible) = said(phrase, slug, message, due);
                *findings.named.entry(step).or_default() += 1;
                let days = told.entry((slug_of(due, slug), step)).or_default();
                let mut free: Vec<&Date> = possible.iter().filter(|day| !days.contains(*day)).collect();
                free.sort_by_key(|day| !must_be_told.contains(&(slug.to_owned(), **day, step)));
                match free.first() {
                    Some(day) => drop(days.insert(**day)),
                    None if possible.is_empty() => findings
                        .duplicates
                        .push(format!("{slug} was not due: {phrase:?} on {}", message.day)),
                    None => findings
                        .duplicates
                        .push(format!("{slug} is told again: {phrase:?} on {}", message.day)),
                }
            }
        }
    }
    let named = |slug: &str, day: &Date, steps: &[Step]| {
        let named = |step: &Step| told.get(&(slug, *step)).is_some_and(|days| days.contains(day));
        steps.iter().any(named)
    };
    let unnamed: Vec<&GoalStep> = must_be_told
        .iter()
        .filter(|(slug, day, step)| !named(slug, day, words_of(*step)))
        .collect();
    let is_unnamed = |due: &&Due| {
        let of_it = |(slug, day, _): &&GoalStep| *slug == due.slug && *day == due.day;
        !named(&due.slug, &due.day, &TO_COME) && !unnamed.iter().any(of_it)
    };
    let untold = unnamed.len() + due.iter().filter(is_unnamed).count();
    let in_sums: usize = counted.iter().map(|(_, count)| count).sum();
    if in_sums > untold {
        findings.duplicates.push(format!(
            "{in_sums} are counted, but {untold} were due and not named"
        ));
    }
    let since = |slug: &str, day: &Date| {
        let of_it = due.iter().find(|due| due.slug == slug && due.day == *day);
        of_it.map(|due| due.since)
    };
    // Each place of a sum stands for one goal. A message may have left on an earlier day, to which the clock was set
    // back.
    let places: Vec<&Accepted> = counted
        .iter()
        .flat_map(|(message, count)| std::iter::repeat_n(*message, *count))
        .collect();
    let fits = |goal: usize, place: usize| {
        let ((slug, day, _), message) = (unnamed[goal], places[place]);
        message.day <= *day && Some(message.at) > since(slug, day)
    };
    let mut taken: Vec<Option<usize>> = vec![None; places.len()];
    for (index, (slug, day, step)) in unnamed.iter().enumerate() {
        if !finds_place(index, &fits, &mut taken, &mut vec![false; places.len()]) {
            findings
                .lost
                .push(format!("{slug} on {day}, {step}: no message names it"));
        }
    }
    findings.overtaken = untold.saturating_sub(in_sums + findings.lost.len());
    findings
}

/// Gives a goal a place that fits it, and moves others to other places if that helps. Returns whether it has one: if it
/// has none, no way to give the places leaves none of these goals without one. `seen` are the places that were tried
/// for it.
fn finds_place(
    goal: usize,
    fits: &impl Fn(usize, usize) -> bool,
    taken: &mut Vec<Option<usize>>,
    seen: &mut Vec<bool>,
) -> bool {
    for place in 0..taken.len() {
        if seen[place] || !fits(goal, place) {
            continue;
        }
        seen[place] = true;
        if taken[place].is_none_or(|other| finds_place(other, fits, taken, seen)) {
            taken[place] = Some(goal);
            return true;
        }
    }
    false
}

/// Whether a text says this step of a goal.
pub(crate) fn says(body: &str, slug: &str, step: Step) -> bool {
    phrases(body).any(|phrase| step_of(phrase) == step && slugs(phrase).any(|named| named == slug))
}

/// The phrases of a text that are about goals. What was last seen when Beeminder cannot be read belongs to that
/// alert.
fn phrases(text: &str) -> impl Iterator<Item = &str> {
    text.split("; ")
        .filter(|phrase| !phrase.starts_with("last seen: "))
}

/// The steps whose words a step may have. On a last day that is not the day of the derailment the words are those
/// of a warning ahead.
fn words_of(step: Step) -> &'static [Step] {
    match step {
        Step::Ahead | Step::Last => &[Step::Ahead, Step::Last],
        Step::LastSeen => &[Step::LastSeen],
        Step::LastCall => &[Step::LastCall],
        _ => &[],
    }
}

/// The slug as it stands in `due`, or nothing: another goal's name does not matter.
fn slug_of<'a>(due: &'a [Due], slug: &str) -> &'a str {
    due.iter()
        .find(|due| due.slug == slug)
        .map_or("", |due| &due.slug)
}

/// The step of a phrase, and the derailments of the goal that it may be about, the likeliest first.
fn said(phrase: &str, slug: &str, message: &Accepted, due: &[Due]) -> (Step, Vec<Date>) {
    let known: BTreeSet<Date> = due
        .iter()
        .filter(|due| due.slug == slug && due.since < message.at)
        .map(|due| due.day)
        .collect();
    let step = step_of(phrase);
    if let Some((_, when)) = phrase.split_once(DERAILED) {
        let word = when.split([' ', ',']).next().unwrap_or_default();
        let fits =
            |day: &Date| word == "today" || word == day.strftime("%a").to_string() || word == day.to_string();
        return (step, known.into_iter().filter(fits).collect());
    }
    // The text was made on that day, or on a later one, from which the clock was set back since.
    let first = message.day + i64::from(step == Step::Ahead).days();
    (step, known.range(first..).copied().collect())
}

/// The words of a derailment that has happened.
const DERAILED: &str = " derailed ";

/// The step that a phrase says, by its words.
fn step_of(phrase: &str) -> Step {
    if phrase.contains(DERAILED) {
        Step::Derailed
    } else if phrase.contains("last call: ") {
        Step::LastCall
    } else if phrase.contains("as of ") {
        Step::LastSeen
    } else if phrase.contains("derails tomorrow") {
        Step::Ahead
    } else {
        Step::Last
    }
}

/// How many goals a sum counts: `+3 more due today, $15 together`.
fn more(phrase: &str) -> usize {
    let count = phrase
        .strip_prefix('+')
        .and_then(|rest| rest.split_once(" more "));
    count
        .and_then(|(count, _)| count.parse().ok())
        .unwrap_or_default()
}

/// The names of the test's goals in a text: `g12`.
fn slugs(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| {
        word.strip_prefix('g')
            .is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
    })
}

mod tests;
pub(crate) use tests::CASES;
