/// The GSM 7-bit default alphabet (3GPP TS 23.038, 6.2.1), without its control characters.
const BASIC: &str = "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

/// Its extension table: each of these takes two septets.
const EXTENSION: &str = "^{}\\[~]|€";

/// How many septets a character takes; `None` if it would turn the whole message into UCS-2.
pub(super) fn width(c: char) -> Option<usize> {
    if BASIC.contains(c) {
        Some(1)
    } else if EXTENSION.contains(c) {
        Some(2)
    } else {
        None
    }
}

/// The length of a GSM-7 text in septets. A character outside GSM-7 counts two; a text from [`plain`] has
/// none.
pub fn septets(text: &str) -> usize {
    text.chars().map(|c| width(c).unwrap_or(2)).sum()
}

/// Any text as GSM-7 characters. A character outside GSM-7 is transliterated, or becomes `?` if no close one
/// exists. Control characters and line breaks become spaces; runs of spaces become one space; spaces at the
/// ends are removed.
pub fn plain(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for c in text.chars() {
        if width(c).is_some() {
            written.push(c);
        } else if c.is_control() || c.is_whitespace() {
            written.push(' ');
        } else {
            written.extend(any_ascii::any_ascii_char(c).chars().map(close));
        }
    }
    written.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The GSM-7 character for an ASCII character. GSM-7 has all of ASCII but the back quote and control
/// characters.
fn close(c: char) -> char {
    match c {
        '`' => '\'',
        c if c.is_control() => ' ',
        c if width(c).is_some() => c,
        _ => '?',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alphabet_is_complete() {
        // 128 places, without LF, CR and the escape.
        assert_eq!(BASIC.chars().count(), 125);
        assert_eq!(EXTENSION.chars().count(), 9);
    }

    #[test]
    fn an_extension_character_takes_two_septets() {
        assert_eq!(septets("a[b]"), 6);
        assert_eq!(septets("5 €"), 4);
    }

    #[test]
    fn what_gsm7_has_is_kept_and_the_rest_is_transliterated() {
        assert_eq!(plain("Übung für José"), "Übung für José");
        assert_eq!(plain("“smart” – naïve… ł"), "\"smart\" - naive... l");
        assert_eq!(plain("`code`"), "'code'");
        assert_eq!(plain("run 🏃"), "run :person_running:");
    }

    #[test]
    fn line_breaks_and_control_characters_become_single_spaces() {
        assert_eq!(plain(" a\r\n\tb\u{0}\u{7f}c\u{2028}d\u{200b}e "), "a b c de");
    }
}
