//! `beeminder:goals`: an account that had goals and suddenly has none. The person may have archived all of them. Or
//! Mecris reads another account, or Beeminder is broken: then goals derail unseen. Mecris cannot tell which, so it
//! is not safe, and it is said once.

use jiff::SignedDuration;

use super::{Vanished, words::Local};
use crate::{
    arms::beeminder::Account,
    clock::local_day,
    domain::{Condition, Observation, Phrase, Severity, Subject},
};

/// After this time a person who did not archive their goals has noticed it.
const WORTH_A_WARNING: SignedDuration = SignedDuration::from_hours(30 * 24);

/// `None`: Beeminder lists goals, or could not be read, or there were none before.
pub(super) fn condition(
    beeminder: &Observation<Account>,
    vanished: Option<Vanished>,
    local: &Local<'_>,
) -> Option<Condition> {
    let account = beeminder.fresh()?;
    let vanished = vanished.filter(|_| account.lists_none())?;
    let severity = if !vanished.seen_before {
        // One empty list may be a mistake of Beeminder's.
        Severity::Unknown
    } else if local.now.duration_since(vanished.changed_at) <= WORTH_A_WARNING {
        Severity::Warning
    } else {
        Severity::Caution
    };
    // The day is the same in each pass, so that it is said once.
    let day = local_day(vanished.changed_at, local.zone);
    let there_were = match vanished.goals {
        1 => "there was 1".to_owned(),
        goals => format!("there were {goals}"),
    };
    let what = format!("Beeminder lists no goals any more, {there_were} that can derail");
    Some(Condition {
        subject: Subject::listed_goals(),
        severity,
        day,
        expires_at: None,
        evidence: format!(
            "{what}; the last change of one was read {}",
            local.past(vanished.changed_at)
        ),
        phrase: Phrase {
            long: format!("{what}: if you did not archive them, check beeminder.username and the token"),
            short: "Beeminder lists no goals any more".to_owned(),
        },
        ask: Condition::alert(severity, day),
        stake: None,
        heading: None,
    })
}
