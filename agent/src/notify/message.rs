//! The text of a message: plain GSM-7, most urgent first, one segment where it fits. Nothing in a goal's name
//! can break out of it.
//!
//! Only the template writes `;` (between two phrases) and `#` (before the tag). No phrase contains either, so
//! no phrase looks like a second phrase or like another message's tag.

mod gsm7;

pub use gsm7::{plain, septets};

use crate::domain::Phrase;

/// Septets of a message that is sent as one segment.
const ONE_SEGMENT: usize = 160;
/// Septets of a message in two segments of 153 each. One septet is kept free, because an extension character
/// cannot be split.
const TWO_SEGMENTS: usize = 305;
/// What every message begins with.
const OPENING: &str = "Mecris: ";
/// Between two phrases.
const SEPARATOR: &str = "; ";
/// What stands for the rest of a phrase that is cut.
const CUT: &str = "..";
/// Crockford's base 32 in lower case: no i, l, o, u, so that a person can read a tag out loud.
const TAG_LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The body of a message without its tag. `phrases` come most urgent first; `tag_length` characters and a
/// space are kept free for the tag.
///
/// First every phrase is long. Then phrases are shortened, the least urgent first, until the text fits into
/// one segment. If all short phrases do not fit into one segment, two segments are used. Phrases that do not
/// fit into two segments are counted: `+2 more`.
pub fn compose(phrases: &[Phrase], tag_length: usize) -> String {
    let phrases: Vec<(String, String)> = phrases
        .iter()
        .map(|p| (contained(&p.long), contained(&p.short)))
        .collect();
    let one = ONE_SEGMENT.saturating_sub(tag_length + 1);
    for long in (0..=phrases.len()).rev() {
        let parts = phrases
            .iter()
            .enumerate()
            .map(|(n, (full, brief))| if n < long { full } else { brief });
        let text = join(parts.map(String::as_str), 0);
        if septets(&text) <= one {
            return text;
        }
    }
    let two = TWO_SEGMENTS.saturating_sub(tag_length + 1);
    for named in (1..=phrases.len()).rev() {
        let text = join(
            phrases.iter().take(named).map(|(_, brief)| brief.as_str()),
            phrases.len() - named,
        );
        if septets(&text) <= two {
            return text;
        }
    }
    let first = phrases.first().map_or("", |(_, brief)| brief.as_str());
    let rest = phrases.len().saturating_sub(1);
    join(
        std::iter::once(cut(first, two - septets(&join([CUT], rest))).as_str()),
        rest,
    )
}

/// A random tag like `#k7q2x9`. There are about 10^9 of them; the outbox checks that no message has it yet.
pub fn new_tag() -> String {
    let letters = std::iter::repeat_with(|| char::from(TAG_LETTERS[fastrand::usize(..TAG_LETTERS.len())]));
    std::iter::once('#').chain(letters.take(6)).collect()
}

fn join<'a>(parts: impl IntoIterator<Item = &'a str>, more: usize) -> String {
    let parts: Vec<&str> = parts.into_iter().collect();
    let text = format!("{OPENING}{}", parts.join(SEPARATOR));
    if more == 0 {
        text
    } else {
        format!("{text}{SEPARATOR}+{more} more")
    }
}

/// A phrase without `;` and `#`. It is made plain before and after, because characters like `＃` become `#`
/// only then.
fn contained(phrase: &str) -> String {
    plain(&plain(phrase).replace(';', ",").replace('#', " "))
}

/// The beginning of `phrase`, at most `room` septets, followed by [`CUT`].
fn cut(phrase: &str, room: usize) -> String {
    let mut used = 0;
    let kept: String = phrase
        .chars()
        .take_while(|c| {
            used += gsm7::width(*c).unwrap_or(0);
            used <= room
        })
        .collect();
    format!("{}{CUT}", kept.trim_end())
}

#[cfg(test)]
mod tests;
