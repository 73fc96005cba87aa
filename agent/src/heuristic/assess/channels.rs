//! `channel:<name>`: a broken channel that only a person can repair. A message over another channel says so.
//! If every channel is broken, there is no condition: only `/health`, `status`, metrics and exit codes can
//! report it.

use super::{History, words::Local};
use crate::{
    clock::local_day,
    domain::{Condition, Money, Phrase, Severity, Subject},
    store::tables::broken_channels::BrokenChannel,
};

/// The most characters that fit into one SMS segment with the opening and the tag.
const LONGEST_PHRASE: usize = 140;

/// One condition for each broken channel. A healthy channel has no condition.
pub(super) fn conditions(history: &History, local: &Local<'_>) -> Vec<Condition> {
    if history.healthy_channels == 0 {
        return Vec::new();
    }
    history
        .broken_channels
        .iter()
        .map(|mark| condition(mark, local))
        .collect()
}

fn condition(mark: &BrokenChannel, local: &Local<'_>) -> Condition {
    let name = mark.channel.as_str();
    let code = mark
        .code
        .as_deref()
        .map(|code| format!(" ({code})"))
        .unwrap_or_default();
    Condition {
        subject: Subject::channel(name),
        severity: Severity::Warning,
        // The condition keeps the day on which the channel broke, so that it is said once, however long it
        // lasts.
        day: local_day(mark.since, local.zone),
        expires_at: None,
        evidence: format!(
            "{name} has refused every message since {}: {}",
            local.past(mark.since),
            mark.why
        ),
        phrase: Phrase {
            long: cut(&format!("{name} is broken: {}", mark.why)),
            short: format!("{name} is broken{code}"),
        },
        ask: Condition::alert(Severity::Warning, local_day(mark.since, local.zone)),
        stake: Some(Money::ZERO),
        heading: None,
    }
}

/// The beginning of a text, up to the last whole word that fits into a phrase.
pub(super) fn cut(text: &str) -> String {
    cut_to(text, LONGEST_PHRASE)
}

/// The beginning of a text, up to the last whole word that fits.
pub(super) fn cut_to(text: &str, room: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(room) else {
        return text.to_owned();
    };
    let kept = &text[..end];
    let words = kept.rsplit_once(' ').map_or(kept, |(words, _)| words);
    format!("{}..", words.trim_end_matches([',', ';', ':', '.', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_reason_ends_with_a_whole_word() {
        assert_eq!(
            cut_to("register it, or use another one", 31),
            "register it, or use another one"
        );
        assert_eq!(cut_to("register it, or use another one", 14), "register it..");
        assert_eq!(cut_to("indivisible", 5), "indiv..");
    }
}
