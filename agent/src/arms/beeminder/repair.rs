//! Reads JSON of which a part is broken, so that half an emoji in one goal's title does not hide the other goals.
//!
//! Sound JSON is read as usual. Otherwise a list is cut into its elements, and each element is read by itself, if
//! need be after a repair. A repair never makes up a value: what it cannot keep becomes null or the replacement
//! character. If the brackets do not match, the document is not JSON.

use std::{borrow::Cow, ops::Range};

use serde_json::Value;

use super::error::Malformed;
use crate::config::handwritten::without_bom;

/// A parser of JSON.
pub(super) type Parse = fn(&[u8]) -> serde_json::Result<Value>;

/// A JSON document, whole or in pieces.
#[derive(Clone, Debug)]
pub(super) enum Document {
    /// All of it can be read.
    Whole(Value),
    /// A list, of which some elements cannot be read.
    Pieces(Vec<Result<Value, Broken>>),
}

/// An element of a list that cannot be read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Broken {
    /// Its field `slug`, if that can be read.
    pub(super) slug: Option<String>,
    /// Why it cannot be read, with line and column.
    pub(super) why: String,
}

impl Document {
    /// The elements of a list. `what` names the list.
    pub(super) fn elements(self, what: &'static str) -> Result<Vec<Result<Value, Broken>>, Malformed> {
        match self {
            Self::Whole(Value::Array(list)) => Ok(list.into_iter().map(Ok).collect()),
            Self::Whole(other) => Err(Malformed::new(what, "an array", &other)),
            Self::Pieces(pieces) => Ok(pieces),
        }
    }

    /// The document, if it is no list in pieces. `what` names the document.
    pub(super) fn whole(self, what: &'static str) -> Result<Value, Malformed> {
        match self {
            Self::Whole(value) => Ok(value),
            Self::Pieces(_) => Err(Malformed::new(what, "an object", &Value::Array(Vec::new()))),
        }
    }
}

impl From<Value> for Document {
    fn from(value: Value) -> Self {
        Self::Whole(value)
    }
}

/// Reads a document.
///
/// # Errors
/// The error of `parse` for the whole document, if it is no list, or if where its elements begin and end cannot be
/// told.
pub(super) fn read(text: &[u8], parse: Parse) -> serde_json::Result<Document> {
    let text = without_bom(text);
    part(text, 0..text.len(), parse)
}

/// As [`read`], for a part of a text.
pub(super) fn part(text: &[u8], range: Range<usize>, parse: Parse) -> serde_json::Result<Document> {
    let document = &text[range.clone()];
    let error = match parse(document) {
        Ok(value) => return Ok(Document::Whole(value)),
        Err(error) => error,
    };
    match pieces(document) {
        Some((b'[', pieces)) => {
            let mut place = Place::default();
            let read = |piece: Range<usize>| {
                place.move_to(text, range.start + piece.start);
                element(&document[piece], place, parse)
            };
            Ok(Document::Pieces(pieces.into_iter().map(read).collect()))
        }
        _ => parse(&repaired(document)).map(Document::Whole).map_err(|_| error),
    }
}

/// Where the values of an object's field stand, even if other fields cannot be read: one place for each time that
/// the object has the field.
pub(super) fn fields(text: &[u8], name: &str) -> Vec<Range<usize>> {
    let Some((b'{', fields)) = pieces(text) else {
        return Vec::new();
    };
    let name = format!("{name:?}");
    let value = |field: Range<usize>| {
        let value = text[field.clone()]
            .trim_ascii_start()
            .strip_prefix(name.as_bytes())?
            .trim_ascii_start()
            .strip_prefix(b":")?;
        Some(field.end - value.len()..field.end)
    };
    fields.into_iter().filter_map(value).collect()
}

/// The slug of a goal of which another part cannot be read.
fn slug(goal: &[u8]) -> Option<String> {
    match fields(goal, "slug").as_slice() {
        [slug] => serde_json::from_slice(&goal[slug.clone()]).ok(),
        _ => None,
    }
}

fn element(element: &[u8], place: Place, parse: Parse) -> Result<Value, Broken> {
    parse(element).or_else(|error| {
        parse(&repaired(element)).map_err(|_| Broken {
            slug: slug(element),
            why: place.located(&error),
        })
    })
}

/// A place in a text that is read from its beginning to its end. The text is counted once, not once for each of its
/// elements: a list of a megabyte can have a hundred thousand of them.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    at: usize,
    /// The line breaks before the place.
    above: usize,
    /// The bytes between the last line break and the place.
    beside: usize,
}

impl Place {
    /// Goes on to a place that is not before this one.
    fn move_to(&mut self, text: &[u8], at: usize) {
        for &byte in &text[self.at..at] {
            if byte == b'\n' {
                (self.above, self.beside) = (self.above + 1, 0);
            } else {
                self.beside += 1;
            }
        }
        self.at = at;
    }

    /// The error with line and column of the whole text. What was parsed begins at this place.
    fn located(self, error: &serde_json::Error) -> String {
        let said = error.to_string();
        let words = said.split(" at line ").next().unwrap_or(&said);
        let beside = if error.line() <= 1 { self.beside } else { 0 };
        let (line, column) = (self.above + error.line().max(1), beside + error.column());
        format!("{words} at line {line} column {column}")
    }
}

/// Where the elements of a list stand, or the fields of an object, and the bracket before them. `None` if it is
/// neither, or if the brackets do not match.
fn pieces(text: &[u8]) -> Option<(u8, Vec<Range<usize>>)> {
    let (mut found, mut start) = (Vec::new(), 0);
    let (mut open, mut in_text, mut is_escaped) = (Vec::new(), false, false);
    let mut bytes = text
        .iter()
        .enumerate()
        .skip_while(|(_, byte)| byte.is_ascii_whitespace());
    let first = *bytes.clone().next()?.1;
    for (at, &byte) in bytes.by_ref() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_text => is_escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'[' | b'{' => {
                if open.is_empty() {
                    start = at + 1;
                }
                open.push(byte);
            }
            b']' | b'}' => {
                if open.pop()? != byte - 2 {
                    return None;
                }
                if open.is_empty() {
                    found.push(start..at);
                    break;
                }
            }
            b',' if open.len() == 1 => {
                found.push(start..at);
                start = at + 1;
            }
            _ if open.is_empty() => return None,
            _ => {}
        }
    }
    let ends = open.is_empty() && bytes.all(|(_, byte)| byte.is_ascii_whitespace());
    // Nothing stands in an empty list, or after the comma behind the last element.
    found.pop_if(|last| text[last.clone()].trim_ascii().is_empty());
    ends.then_some((first, found))
}

/// The text with what no parser of JSON takes and programs write nevertheless: bytes that are no UTF-8, halves of
/// surrogate pairs, control characters in a text, numbers that are not finite, a comma before a closing bracket.
fn repaired(text: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(text);
    let mut left = text.as_bytes();
    let mut repaired = Vec::with_capacity(left.len());
    while let Some(&byte) = left.first() {
        let (piece, length): (Cow<'_, [u8]>, usize) = match byte {
            b'"' => quoted(left),
            b',' if matches!(left[1..].trim_ascii_start().first(), Some(b']' | b'}')) => (Cow::default(), 1),
            _ if is_bare(byte) => bare(left),
            _ => (Cow::Borrowed(&left[..1]), 1),
        };
        repaired.extend_from_slice(&piece);
        left = &left[length..];
    }
    repaired
}

/// Whether a byte outside a text is part of a number or a word.
fn is_bare(byte: u8) -> bool {
    !byte.is_ascii_whitespace() && !b"[]{},:\"".contains(&byte)
}

/// The number or word that the text begins with. A number that is not finite is null.
fn bare(text: &[u8]) -> (Cow<'_, [u8]>, usize) {
    let length = text.iter().take_while(|&&byte| is_bare(byte)).count();
    let word = &text[..length];
    let number = std::str::from_utf8(word)
        .ok()
        .and_then(|word| word.parse::<f64>().ok());
    match number {
        Some(number) if !number.is_finite() => (Cow::Borrowed(b"null"), length),
        _ => (Cow::Borrowed(word), length),
    }
}

/// The text in quotation marks that the text begins with.
fn quoted(text: &[u8]) -> (Cow<'_, [u8]>, usize) {
    let (mut repaired, mut at) = (vec![b'"'], 1);
    while let Some(&byte) = text.get(at) {
        let length = match byte {
            b'\\' => match escaped(&text[at..]) {
                Some(length) => length,
                None => {
                    repaired.extend_from_slice(br"\ufffd");
                    at += 6;
                    continue;
                }
            },
            _ => 1,
        };
        let end = text.len().min(at + length);
        match byte {
            0..0x20 => repaired.push(b' '),
            _ => repaired.extend_from_slice(&text[at..end]),
        }
        at = end;
        if byte == b'"' {
            break;
        }
    }
    (Cow::Owned(repaired), at.min(text.len()))
}

/// The length of the escape that the text begins with; `None` for half of a surrogate pair.
fn escaped(text: &[u8]) -> Option<usize> {
    match (unit(text), text.get(6..).and_then(unit)) {
        (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => Some(12),
        (Some(0xd800..0xe000), _) => None,
        (Some(_), _) => Some(6),
        (None, _) => Some(2),
    }
}

/// The number of the `\uXXXX` that the text begins with.
fn unit(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(br"\u")?.get(..4)?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests;
