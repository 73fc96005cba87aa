//! The text of a message: plain GSM-7, most urgent first, one segment where it fits. Nothing in a goal's name can break out of it.

use crate::domain::Phrase;

/// The body without its tag, from the phrases in order of urgency. `tag_length` characters (and a space) are kept free.
pub fn compose(_phrases: &[Phrase], _tag_length: usize) -> String {
    todo!()
}

/// A fresh tag, like `#k7q2x9`.
pub fn new_tag() -> String {
    todo!()
}

/// Any text as GSM-7 basic characters: transliterated where there is a close one, control characters and line breaks to spaces.
pub fn plain(_text: &str) -> String {
    todo!()
}
