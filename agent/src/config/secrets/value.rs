//! What comes along with a secret by accident: white space and invisible characters at its ends, and quotes
//! around it. A service answers them with "wrong token", which leads the reader astray.

/// Pairs of marks that a shell, an editor or a word processor puts around a value.
const QUOTES: [(char, char); 5] = [
    ('"', '"'),
    ('\'', '\''),
    ('`', '`'),
    ('\u{201c}', '\u{201d}'),
    ('\u{2018}', '\u{2019}'),
];

/// The advice for a secret whose value is in quotes, to be put behind the secret's name.
pub const IN_QUOTES: &str =
    "begins and ends with a quotation mark, which belongs to no token: remove the two marks";

/// The value without white space, control characters, byte order marks and zero-width characters at its ends.
/// No secret begins or ends with one of them.
pub(super) fn trimmed(value: &str) -> &str {
    value.trim_matches(is_invisible)
}

/// Whether the value is in quotes. The marks stay, because only the person knows whether they belong there.
pub fn is_in_quotes(value: &str) -> bool {
    QUOTES.iter().any(|(opening, closing)| {
        value
            .strip_prefix(*opening)
            .is_some_and(|rest| rest.ends_with(*closing))
    })
}

fn is_invisible(c: char) -> bool {
    let zero_width = ['\u{200b}', '\u{200c}', '\u{200d}', '\u{2060}', '\u{feff}'];
    c.is_whitespace() || c.is_control() || zero_width.contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_no_part_of_a_secret() {
        for around in [
            "\n",
            "\r\n",
            " ",
            "\t",
            "\u{feff}",
            "\u{200b}",
            "\u{2060} \u{a0}",
            "\0",
        ] {
            assert_eq!(trimmed(&format!("{around}a b{around}")), "a b", "{around:?}");
        }
        assert_eq!(trimmed("\u{feff} \n"), "");
    }

    #[test]
    fn quotes_are_two_marks_that_belong_together() {
        for quoted in [
            "\"a\"",
            "'a'",
            "`a`",
            "\u{201c}a\u{201d}",
            "\u{2018}a\u{2019}",
            "\"\"",
        ] {
            assert!(is_in_quotes(quoted), "{quoted}");
        }
        for plain in ["", "\"", "'a", "a'", "'a\"", "a\"b\"c"] {
            assert!(!is_in_quotes(plain), "{plain}");
        }
    }
}
