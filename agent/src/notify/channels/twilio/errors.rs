//! Twilio's error codes: whether trying again may help, and the sentence that a person needs. Source: contracts/apis.md 2.2 and
//! 2.6, after <https://www.twilio.com/docs/api/errors>.

/// What a code means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Explained {
    /// Whether the same message on the same channel may succeed later.
    pub(super) may_pass: bool,
    /// What happened and what to do.
    pub(super) why: String,
}

/// Explains a code, with Twilio's own words where we have none. A code that nobody knows counts as lasting: the next channel is
/// better than hope.
pub(super) fn explain(code: Option<u32>, words: Option<&str>) -> Explained {
    let Some(code) = code else {
        return Explained { may_pass: false, why: "Twilio gave no reason".to_owned() };
    };
    match CODES.iter().find(|(known, ..)| *known == code) {
        Some((_, verdict, sentence)) => {
            Explained { may_pass: *verdict == Passes, why: format!("Twilio error {code}: {sentence}") }
        }
        None => {
            let words = words.map(without_numbers).unwrap_or_default();
            let why = format!("Twilio error {code}: {words} (see https://www.twilio.com/docs/errors/{code})");
            Explained { may_pass: false, why }
        }
    }
}

/// Twilio's words as they may be kept: short, on one line, and without telephone numbers.
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Passes,
    Lasts,
}
use Verdict::{Lasts, Passes};

/// Every code that is known, with what to do about it.
const CODES: &[(u32, Verdict, &str)] = &[
    // The account.
    (
        20003,
        Lasts,
        "it refused the credentials; check TWILIO_ACCOUNT_SID with TWILIO_API_KEY_SID and TWILIO_API_KEY_SECRET, or TWILIO_AUTH_TOKEN, and that the key may use Messaging",
    ),
    (20005, Lasts, "the account is not active; open the Twilio console"),
    (20006, Lasts, "the account may not do this, or not today any more; open the Twilio console"),
    (20404, Lasts, "it does not know this account or path; check TWILIO_ACCOUNT_SID and notify.sms.base_url"),
    (20429, Passes, "too many requests at once; this one was not processed and is tried again"),
    (
        63038,
        Lasts,
        "the account has sent all it may send today; raise the daily limit in the Twilio console or wait until tomorrow",
    ),
    (90010, Lasts, "the account is not active: a trial that ended, or no balance; open the Twilio console"),
    // The numbers.
    (21211, Lasts, "notify.sms.to is no valid telephone number"),
    (21212, Lasts, "notify.sms.from is no valid sender"),
    (
        21408,
        Lasts,
        "the account may not send to that country; allow it in the Twilio console under Messaging, Geo permissions",
    ),
    (21602, Lasts, "the text was empty; this is a bug in Mecris, please report it"),
    (21603, Lasts, "there was no sender; set notify.sms.messaging_service_sid or notify.sms.from"),
    (21604, Lasts, "there was no recipient; set notify.sms.to or TWILIO_TO_NUMBER"),
    (21606, Lasts, "notify.sms.from cannot send text messages to that number; use a number of this account that can"),
    (
        21608,
        Lasts,
        "the account may send to verified numbers only; verify your number in the Twilio console under Verified Caller IDs, or leave the trial and have a primary compliance profile approved",
    ),
    (
        21610,
        Lasts,
        "your number has opted out of messages from this sender; text START to it, then alerts arrive again",
    ),
    (21611, Passes, "the sender has too many messages waiting; tried again later"),
    (21612, Lasts, "there is no way from this sender to notify.sms.to; use another sender"),
    (21614, Lasts, "notify.sms.to cannot receive text messages; it has to be a mobile number"),
    (21617, Lasts, "the text was longer than 1600 characters; this is a bug in Mecris, please report it"),
    // The messaging service.
    (21701, Lasts, "the messaging service does not exist; check notify.sms.messaging_service_sid"),
    (21702, Lasts, "the messaging service has no SID; check notify.sms.messaging_service_sid"),
    (21703, Lasts, "the messaging service has no sender; add a number to its sender pool in the Twilio console"),
    (21704, Lasts, "the messaging service has no sender that can reach notify.sms.to; add one to its sender pool"),
    (21705, Lasts, "notify.sms.messaging_service_sid is not valid: expected MG and 32 hexadecimal digits"),
    // What became of an accepted message.
    (30001, Passes, "it waited too long in Twilio's queue"),
    (30002, Lasts, "the account was suspended; open the Twilio console"),
    (30003, Passes, "the phone could not be reached: off, without signal, or not able to receive"),
    (30004, Lasts, "the phone or its carrier blocks messages from this sender"),
    (30005, Lasts, "the carrier does not know notify.sms.to"),
    (30006, Lasts, "notify.sms.to is a landline, or its carrier cannot be reached"),
    (30007, Lasts, "it was filtered as spam by Twilio or the carrier; sending it again would be filtered too"),
    (30008, Passes, "the carrier gave no reason"),
    (30022, Passes, "the sender's registered rate is used up; tried again later"),
    (30023, Lasts, "the sender's messages of this day are used up at the carrier; more tomorrow"),
    (30032, Lasts, "the toll-free sender is not verified; submit the toll-free verification in the Twilio console"),
    (
        30034,
        Lasts,
        "the sender is not registered for US messages (A2P 10DLC); register a brand and a campaign in the Twilio console and add the number to it, or use another channel",
    ),
    (30047, Passes, "it could not be rescheduled past quiet hours by Twilio's Compliance Toolkit and was not sent"),
    (30450, Lasts, "it was blocked by Twilio's SMS pumping protection; allow your number in the Twilio console"),
    (
        30532,
        Lasts,
        "the sender's registration was refused: personal use, such as reminders to oneself, is not eligible in the US; use another channel, such as mail or a chat",
    ),
    (
        30533,
        Lasts,
        "the sender's registration was refused because messages from person to person are not eligible in the US; use another channel, such as mail or a chat",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Every code of contracts/apis.md 2.2, and the two of 2.6 that concern a sender's registration.
    const CONTRACT: &[u32] = &[
        20003, 20404, 20429, 21211, 21212, 21606, 21408, 21608, 21610, 21611, 21612, 21614, 21617, 21602, 21603, 21604,
        21701, 21702, 21703, 21704, 21705, 30001, 30002, 30003, 30004, 30005, 30006, 30007, 30008, 30022, 30023, 30032,
        30034, 30450, 30047, 90010, 20005, 20006, 63038, 30532, 30533,
    ];

    #[test]
    fn every_code_of_the_contract_has_its_sentence() {
        for code in CONTRACT {
            let places = CODES.iter().filter(|(known, ..)| known == code).count();
            assert_eq!(places, 1, "{code}");
        }
        assert_eq!(CODES.len(), CONTRACT.len());
    }

    #[test]
    fn the_sentences_read_well() {
        let all: Vec<String> = CODES.iter().map(|(code, ..)| explain(Some(*code), None).why).collect();
        insta::assert_snapshot!(all.join("\n"));
    }

    #[test]
    fn what_may_pass_is_tried_again_and_nothing_else() {
        let passing: Vec<u32> = CODES.iter().filter(|(_, v, _)| *v == Passes).map(|(code, ..)| *code).collect();
        assert_eq!(passing, [20429, 21611, 30001, 30003, 30008, 30022, 30047]);
    }

    #[test]
    fn a_person_is_told_what_to_do_about_the_codes_they_can_do_something_about() {
        for (code, advice) in
            [(21610, "START"), (30034, "register"), (21608, "verify your number"), (30532, "another channel")]
        {
            assert!(explain(Some(code), None).why.contains(advice), "{code}");
        }
    }

    #[test]
    fn an_unknown_code_lasts_and_is_told_in_twilios_words_without_numbers() {
        let told = explain(Some(21999), Some("The number +14155550100 is\nodd, 3 times"));
        assert!(!told.may_pass);
        assert_eq!(
            told.why,
            "Twilio error 21999: The number +... is odd, 3 times (see https://www.twilio.com/docs/errors/21999)"
        );
        assert_eq!(explain(None, None).why, "Twilio gave no reason");
    }
}
