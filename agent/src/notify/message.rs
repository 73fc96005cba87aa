//! The text of a message: plain GSM-7 of one or two segments. Nothing in a goal's name can break out of it.
//!
//! Only the template writes `;` (between two phrases) and `#` (before the tag). No [`Words`] contain either, so
//! no phrase looks like a second phrase or like another message's tag.

mod gsm7;

pub use gsm7::{plain, septets};

/// Septets of a message that is sent as one segment.
const ONE_SEGMENT: usize = 160;
/// Septets of a message in two segments of 153 each. One septet is kept free, because an extension character
/// cannot be split.
const TWO_SEGMENTS: usize = 305;
/// What every message begins with.
const OPENING: &str = "Mecris: ";
/// What a message begins with that another channel may have brought already, and the same where the message has
/// no room for that. The second is not longer than [`OPENING`].
const OPENINGS_AGAIN: [&str; 2] = ["Mecris again: ", "Again: "];
/// Between two phrases.
const SEPARATOR: &str = "; ";
/// What stands for the rest of a phrase that is cut.
const CUT: &str = "..";
/// A word that is at least this long may be cut, in bytes.
const LONGEST_WORD: usize = 40;
/// Crockford's base 32 in lower case: no i, l, o, u, so that a person can read a tag out loud.
const TAG_LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Characters of a tag: `#` and the letters after it.
const TAG_LENGTH: usize = 7;

/// How long a message may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// One SMS segment.
    OneSegment,
    /// Two SMS segments: the longest message.
    TwoSegments,
}

impl Size {
    /// Septets for the phrases, without the opening and the tag.
    fn room(self) -> usize {
        let all = match self {
            Self::OneSegment => ONE_SEGMENT,
            Self::TwoSegments => TWO_SEGMENTS,
        };
        all - OPENING.len() - 1 - TAG_LENGTH
    }
}

/// Words of a message: GSM-7 without `;` and `#`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words(String);

impl Words {
    /// Any text as words: transliterated, on one line, with `,` for `;` and without `#`.
    pub fn of(text: &str) -> Self {
        // It is made plain before and after, because characters like `＃` become `#` only then.
        Self(plain(&plain(text).replace(';', ",").replace('#', " ")))
    }

    /// One phrase for several things that have the same heading: `heading: a, b`.
    pub fn listed<'a>(heading: &Self, members: impl IntoIterator<Item = &'a Self>) -> Self {
        let members: Vec<&str> = members.into_iter().map(Self::as_str).collect();
        Self(format!("{}: {}", heading.0, members.join(", ")))
    }

    /// The words as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The beginning of the words, at most `room` septets with the mark of the cut. Words stay whole, except
    /// for an endless name: a phrase without its name says nothing.
    fn cut(&self, room: usize) -> Self {
        if septets(&self.0) <= room {
            return self.clone();
        }
        let room = room.saturating_sub(CUT.len());
        let mut used = 0;
        let end = self.0.char_indices().find_map(|(at, c)| {
            used += gsm7::width(c).unwrap_or(0);
            (used > room).then_some(at)
        });
        let Some(end) = end else {
            return self.clone();
        };
        let (kept, rest) = self.0.split_at(end);
        let whole = match kept.rsplit_once(' ') {
            Some((whole, part)) if !rest.starts_with(' ') && part.len() < LONGEST_WORD => whole,
            _ => kept,
        };
        Self(format!(
            "{}{CUT}",
            whole.trim_end_matches([' ', ',', '.', ':', '('])
        ))
    }
}

/// The body of a message without its tag: with a tag it fits into two segments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text(String);

impl Text {
    /// These phrases in their order; `None` if they are longer than `size`.
    pub fn of<'a>(phrases: impl IntoIterator<Item = &'a Words>, size: Size) -> Option<Self> {
        let text = join(phrases);
        (septets(&text) <= size.room()).then(|| Self(format!("{OPENING}{text}")))
    }

    /// One phrase and then others, in two segments. The first phrase is cut where it is too long; `None` if
    /// fewer than `least` septets would be left of it.
    pub fn cut(first: &Words, others: &[Words], least: usize) -> Option<Self> {
        let others_take: usize = others
            .iter()
            .map(|words| SEPARATOR.len() + septets(words.as_str()))
            .sum();
        let room = Size::TwoSegments.room().checked_sub(others_take)?;
        if room < least {
            return None;
        }
        let first = first.cut(room);
        Self::of(std::iter::once(&first).chain(others), Size::TwoSegments)
    }

    /// One phrase alone, cut where it is longer than two segments.
    pub fn alone(phrase: &str) -> Self {
        let words = Words::of(phrase).cut(Size::TwoSegments.room());
        Self(format!("{OPENING}{}", words.as_str()))
    }

    /// Whether a message about this phrase alone has to cut it.
    pub fn is_too_long(phrase: &str) -> bool {
        septets(Words::of(phrase).as_str()) > Size::TwoSegments.room()
    }

    /// The text, without its tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A random tag like `#k7q2x9`. There are about 10^9 of them; the outbox checks that no message has it yet.
pub fn new_tag() -> String {
    let letters = std::iter::repeat_with(|| char::from(TAG_LETTERS[fastrand::usize(..TAG_LETTERS.len())]));
    std::iter::once('#').chain(letters.take(TAG_LENGTH - 1)).collect()
}

/// The text of a message, without its tag, that another channel may have brought already.
pub fn again(text: &str) -> String {
    let said = text.strip_prefix(OPENING).unwrap_or(text);
    let [opening, short] = OPENINGS_AGAIN;
    let all = septets(opening) + septets(said) + 1 + TAG_LENGTH;
    let opening = if all <= TWO_SEGMENTS { opening } else { short };
    format!("{opening}{said}")
}

/// Whether a text contains anything that looks like a tag.
pub fn has_tag(text: &str) -> bool {
    text.match_indices('#').any(|(at, _)| {
        let letters = text.as_bytes().get(at + 1..at + TAG_LENGTH);
        letters.is_some_and(|letters| letters.iter().all(|letter| TAG_LETTERS.contains(letter)))
    })
}

/// The tags in a text. A longer word has none: `#weekend`. A template may put a tag right behind other words.
pub fn tags(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('#').filter_map(|(at, _)| {
        let end = at + TAG_LENGTH;
        let tag = text.get(at..end).filter(|tag| has_tag(tag))?;
        (!text[end..].starts_with(char::is_alphanumeric)).then_some(tag)
    })
}

fn join<'a>(phrases: impl IntoIterator<Item = &'a Words>) -> String {
    let phrases: Vec<&str> = phrases.into_iter().map(Words::as_str).collect();
    phrases.join(SEPARATOR)
}

#[cfg(test)]
mod tests;
