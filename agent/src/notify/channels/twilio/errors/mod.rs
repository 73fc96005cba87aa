//! Twilio's error codes: whether trying again may help, whether the channel is broken, and a sentence that
//! tells a person what to do.
//!
//! The table is in `codes`. Its source is Twilio's Error and Warning Dictionary,
//! <https://www.twilio.com/docs/api/errors>, which has a page for each code (`/docs/api/errors/30034`).

mod codes;

use codes::{CODES, Verdict};

use crate::notify::channels::{ChannelKind, Scope};

/// What a code means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Explained {
    /// Whether the same message on the same channel may succeed later.
    pub(super) may_pass: bool,
    /// Whether the code concerns this message or the channel.
    pub(super) scope: Scope,
    /// What happened and what to do.
    pub(super) why: String,
}

/// Explains a code to a person. An unknown code is told in Twilio's own words. A message with an unknown code, or with
/// none, is not tried again on this channel, but the channel is not called broken.
pub(super) fn explain(channel: ChannelKind, code: Option<u32>, words: Option<&str>) -> Explained {
    let Some(code) = code else {
        return Explained {
            may_pass: false,
            scope: Scope::Message,
            why: "Twilio gave no reason".to_owned(),
        };
    };
    match CODES.iter().find(|(known, ..)| *known == code) {
        Some((_, verdict, sentence)) => Explained {
            may_pass: *verdict == Verdict::Passes,
            scope: if *verdict == Verdict::Breaks {
                Scope::Channel
            } else {
                Scope::Message
            },
            why: format!(
                "Twilio error {code}: {}",
                sentence.replace("{channel}", channel.as_str())
            ),
        },
        None => {
            let words = words.map_or("no reason".to_owned(), without_numbers);
            let why = format!("Twilio error {code}: {words} (see https://www.twilio.com/docs/errors/{code})");
            Explained {
                may_pass: false,
                scope: Scope::Message,
                why,
            }
        }
    }
}

/// Twilio's words in a form that may be stored: at most 200 characters, one line, `...` for every run of more than six
/// digits, which may be a telephone number.
fn without_numbers(words: &str) -> String {
    let plain = crate::notify::message::plain(words);
    let mut kept = String::new();
    let mut digits = String::new();
    for c in plain.chars().take(200).chain([' ']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        kept.push_str(if digits.len() > 6 { "..." } else { &digits });
        digits.clear();
        kept.push(c);
    }
    kept.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Codes of Twilio's dictionary that must be in the table: those of the account, of messaging services, of text
    /// messages, of their delivery, and of a sender's registration.
    const DOCUMENTED: &[u32] = &[
        20003, 20404, 20429, 21211, 21212, 21606, 21408, 21608, 21610, 21611, 21612, 21614, 21617, 21602,
        21603, 21604, 21701, 21702, 21703, 21704, 21705, 30001, 30002, 30003, 30004, 30005, 30006, 30007,
        30008, 30022, 30023, 30032, 30034, 30450, 30047, 90010, 20005, 20006, 63038, 30532, 30533,
    ];

    fn of(code: u32) -> Explained {
        explain(ChannelKind::Sms, Some(code), None)
    }

    #[test]
    fn every_code_has_one_sentence_and_the_documented_codes_are_among_them() {
        for (code, ..) in CODES {
            assert_eq!(
                CODES.iter().filter(|(known, ..)| known == code).count(),
                1,
                "{code}"
            );
        }
        for code in DOCUMENTED {
            assert!(CODES.iter().any(|(known, ..)| known == code), "{code}");
        }
    }

    #[test]
    fn the_sentences_read_well() {
        let line = |code: u32, verdict: Verdict| format!("{verdict:?} {}", of(code).why);
        let all: Vec<String> = CODES
            .iter()
            .map(|(code, verdict, _)| line(*code, *verdict))
            .collect();
        insta::assert_snapshot!(all.join("\n"));
    }

    #[test]
    fn what_may_pass_is_tried_again_and_nothing_else() {
        let passing: Vec<u32> = CODES
            .iter()
            .map(|(code, ..)| *code)
            .filter(|code| of(*code).may_pass)
            .collect();
        assert_eq!(
            passing,
            [
                20429, 10004, 21611, 30001, 30003, 30008, 30022, 30047, 63009, 63010, 63011, 63012, 63018,
                63023
            ]
        );
    }

    #[test]
    fn a_code_that_would_stop_every_message_breaks_the_channel() {
        for code in [
            20003, 20404, 90010, 21606, 21659, 21608, 21610, 30002, 30034, 30532, 63007, 63016, 63042, 21215,
        ] {
            assert_eq!(of(code).scope, Scope::Channel, "{code}");
        }
        // These concern one message, end by themselves, or (21999) are unknown.
        for code in [30007, 30003, 30023, 63038, 20429, 21617, 63005, 21999] {
            assert_eq!(of(code).scope, Scope::Message, "{code}");
        }
    }

    #[test]
    fn a_code_that_a_person_can_repair_says_how() {
        for (code, advice) in [
            (21610, "START"),
            (30034, "register"),
            (21608, "verify your number"),
            (30532, "another channel"),
            (63016, "notify.whatsapp.content_sid"),
        ] {
            assert!(of(code).why.contains(advice), "{code}");
        }
    }

    #[test]
    fn a_sentence_names_the_setting_of_its_own_channel() {
        assert!(
            explain(ChannelKind::Voice, Some(21212), None)
                .why
                .contains("notify.voice.from")
        );
        assert!(
            explain(ChannelKind::WhatsApp, Some(21211), None)
                .why
                .contains("notify.whatsapp.to")
        );
    }

    #[test]
    fn an_unknown_code_is_not_tried_again_and_keeps_twilios_words_without_long_numbers() {
        let told = explain(
            ChannelKind::Sms,
            Some(21999),
            Some("The number +14155550100 is\nodd, 3 times"),
        );
        assert!(!told.may_pass);
        assert_eq!(
            told.why,
            "Twilio error 21999: The number +... is odd, 3 times (see https://www.twilio.com/docs/errors/21999)"
        );
        assert_eq!(explain(ChannelKind::Sms, None, None).why, "Twilio gave no reason");
    }
}
