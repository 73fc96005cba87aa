//! Text that somebody else wrote, in a sentence of ours.

/// Characters that change how what stands around them is shown: marks of direction, spaces without width, and the
/// byte order mark. The joiners without width are no such characters: emoji and some scripts need them.
fn changes_the_rest(c: char) -> bool {
    matches!(
        c,
        '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    )
}

/// The text on one line of at most `most` characters. It cannot forge a line of a log, colour a terminal or turn
/// the direction of what follows: control characters and marks of direction count as spaces.
pub fn on_one_line(text: &str, most: usize) -> String {
    let words = text
        .split(|c: char| c.is_whitespace() || c.is_control() || changes_the_rest(c))
        .filter(|word| !word.is_empty());
    // Lazily: an upstream may send megabytes, and what is cut off is not copied.
    let spaced = words.flat_map(|word| std::iter::once(' ').chain(word.chars()));
    spaced.skip(1).take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_it_reaches_beyond_it() {
        for (text, expected) in [
            ("no such bucket", "no such bucket"),
            ("a\r\n{\"_aws\":{}}", "a {\"_aws\":{}}"),
            ("\u{1b}[31mred", "[31mred"),
            ("admin\u{202e}txt.exe", "admin txt.exe"),
            ("\u{feff}zero\u{200b}width", "zero width"),
            (" \t ", ""),
            ("Grüße aus Köln", "Grüße aus Köln"),
            ("\u{1f469}\u{200d}\u{1f4bb}", "\u{1f469}\u{200d}\u{1f4bb}"),
        ] {
            assert_eq!(on_one_line(text, 100), expected, "{text:?}");
        }
    }

    #[test]
    fn it_is_short_however_long_it_was() {
        assert_eq!(on_one_line("abcdef", 3), "abc");
        assert_eq!(on_one_line("ab cd ef", 5), "ab cd");
        let long = "word ".repeat(2_000_000);
        assert_eq!(on_one_line(&long, 300).chars().count(), 300);
        assert_eq!(on_one_line(&"[".repeat(8_000_000), 300).len(), 300);
    }
}
