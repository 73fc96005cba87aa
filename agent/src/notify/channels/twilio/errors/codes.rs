/// What a code means for this message and for the next messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The same message may succeed later.
    Passes,
    /// This message will not get through on this channel. Another message, or another day, may.
    Lasts,
    /// No message gets through on this channel until a person does something.
    Breaks,
}
use Verdict::{Breaks, Lasts, Passes};

/// Every known code, with what happened and what to do. `{channel}` stands for the channel's name.
pub(super) const CODES: &[(u32, Verdict, &str)] = &[
    // The account.
    (
        20003,
        Breaks,
        "Twilio refused the credentials; check TWILIO_ACCOUNT_SID with TWILIO_API_KEY_SID and TWILIO_API_KEY_SECRET, or TWILIO_AUTH_TOKEN, and that the key may use Messaging and Voice",
    ),
    (
        20005,
        Breaks,
        "the account is not active; open the Twilio console",
    ),
    (
        20006,
        Breaks,
        "the account may not do this; open the Twilio console",
    ),
    (
        20404,
        Breaks,
        "Twilio does not know this account or path; check TWILIO_ACCOUNT_SID and notify.{channel}.base_url",
    ),
    (
        20429,
        Passes,
        "too many requests at once; this one was not processed and is tried again",
    ),
    (
        63038,
        Lasts,
        "the account has sent all it may send today; raise the daily limit in the Twilio console or wait until tomorrow",
    ),
    (
        90010,
        Breaks,
        "the account is not active: a trial that ended, or no balance; open the Twilio console",
    ),
    (
        10001,
        Breaks,
        "the account is not active: a trial that ended, or no balance; open the Twilio console",
    ),
    (
        10004,
        Passes,
        "too many calls at once; this one was not made and is tried again",
    ),
    // The numbers.
    (
        21211,
        Breaks,
        "notify.{channel}.to is not a valid telephone number",
    ),
    (21212, Breaks, "notify.{channel}.from is not a valid sender"),
    (
        21408,
        Breaks,
        "the account may not send to that country; allow it in the Twilio console under Messaging, Geo permissions",
    ),
    (
        21602,
        Lasts,
        "the text was empty; this is a bug in Mecris, please report it",
    ),
    (
        21603,
        Breaks,
        "there was no sender; set notify.{channel}.messaging_service_sid or notify.{channel}.from",
    ),
    (
        21604,
        Breaks,
        "there was no recipient; set notify.{channel}.to or TWILIO_TO_NUMBER",
    ),
    (
        21606,
        Breaks,
        "notify.{channel}.from cannot send text messages to that number; use a number of this account that can",
    ),
    (
        21608,
        Breaks,
        "the account may send to verified numbers only; verify your number in the Twilio console under Verified Caller IDs, or leave the trial and have a primary compliance profile approved",
    ),
    (
        21610,
        Breaks,
        "your number has opted out of messages from this sender; text START to it, then alerts arrive again",
    ),
    (
        21611,
        Passes,
        "the sender has too many messages waiting; tried again later",
    ),
    (
        21612,
        Breaks,
        "there is no way from this sender to notify.{channel}.to; use another sender",
    ),
    (
        21614,
        Breaks,
        "notify.{channel}.to cannot receive text messages; it has to be a mobile number",
    ),
    (
        21617,
        Lasts,
        "the text was longer than 1600 characters; this is a bug in Mecris, please report it",
    ),
    (
        21659,
        Breaks,
        "notify.{channel}.from is not a Twilio number; use a number of this account",
    ),
    (
        21660,
        Breaks,
        "notify.{channel}.from belongs to another account; use a number of this account",
    ),
    (
        21661,
        Breaks,
        "notify.{channel}.from cannot send text messages; use a number of this account that can",
    ),
    // The messaging service.
    (
        21701,
        Breaks,
        "the messaging service does not exist; check notify.{channel}.messaging_service_sid",
    ),
    (
        21702,
        Breaks,
        "the messaging service has no SID; check notify.{channel}.messaging_service_sid",
    ),
    (
        21703,
        Breaks,
        "the messaging service has no sender; add a number to its sender pool in the Twilio console",
    ),
    (
        21704,
        Breaks,
        "the messaging service has no sender that can reach notify.{channel}.to; add one to its sender pool",
    ),
    (
        21705,
        Breaks,
        "notify.{channel}.messaging_service_sid is not valid: expected MG and 32 hexadecimal digits",
    ),
    // What became of an accepted message.
    (30001, Passes, "the message waited too long in Twilio's queue"),
    (
        30002,
        Breaks,
        "the account was suspended; open the Twilio console",
    ),
    (
        30003,
        Passes,
        "the phone could not be reached: off, without signal, or not able to receive",
    ),
    (
        30004,
        Breaks,
        "the phone or its carrier blocks messages from this sender; unblock it, or use another sender",
    ),
    (30005, Lasts, "the carrier does not know notify.{channel}.to"),
    (
        30006,
        Lasts,
        "notify.{channel}.to is a landline, or its carrier cannot be reached",
    ),
    (
        30007,
        Lasts,
        "Twilio or the carrier filtered the message as spam, and would filter it again",
    ),
    (30008, Passes, "the carrier gave no reason"),
    (
        30022,
        Passes,
        "the sender's registered rate is used up; tried again later",
    ),
    (
        30023,
        Lasts,
        "the sender's messages of this day are used up at the carrier; more tomorrow",
    ),
    (
        30032,
        Breaks,
        "the toll-free sender is not verified; submit the toll-free verification in the Twilio console",
    ),
    (
        30034,
        Breaks,
        "the sender is not registered for US messages (A2P 10DLC); register a brand and a campaign in the Twilio console and add the number to it, or use another channel",
    ),
    (
        30037,
        Breaks,
        "the account may not send messages; open the Twilio console",
    ),
    (
        30047,
        Passes,
        "Twilio's Compliance Toolkit could not move the message past quiet hours and did not send it",
    ),
    (
        30450,
        Breaks,
        "Twilio's SMS pumping protection blocked the message; allow your number in the Twilio console",
    ),
    (
        30532,
        Breaks,
        "the sender's registration was refused: personal use, such as reminders to oneself, is not eligible in the US; use another channel, such as mail or a chat",
    ),
    (
        30533,
        Breaks,
        "the sender's registration was refused because messages from person to person are not eligible in the US; use another channel, such as mail or a chat",
    ),
    // WhatsApp: the sender and the person.
    (
        63001,
        Breaks,
        "WhatsApp refused the sender's credentials; open the sender in the Twilio console",
    ),
    (
        63002,
        Breaks,
        "WhatsApp does not know the sender; check notify.whatsapp.from",
    ),
    (63003, Breaks, "WhatsApp does not know notify.whatsapp.to"),
    (
        63007,
        Breaks,
        "notify.whatsapp.from is not a WhatsApp sender of this account; register it in the Twilio console",
    ),
    (
        63008,
        Breaks,
        "the WhatsApp sender is not set up completely; open it in the Twilio console",
    ),
    (
        63014,
        Breaks,
        "you have blocked the sender in WhatsApp; unblock it",
    ),
    (
        63015,
        Breaks,
        "your number has not joined the WhatsApp sandbox, or left it; send its join code to it",
    ),
    (
        63020,
        Breaks,
        "Meta's business manager has a problem with the account; open it there",
    ),
    (63024, Breaks, "notify.whatsapp.to has no WhatsApp account"),
    (
        63033,
        Breaks,
        "you have blocked the sender in WhatsApp; unblock it",
    ),
    (
        63051,
        Breaks,
        "the WhatsApp business account is locked; open it in Meta's business manager",
    ),
    // WhatsApp: the content.
    (63005, Lasts, "WhatsApp did not accept the content"),
    (63006, Lasts, "the content could not be put into WhatsApp's form"),
    (63013, Lasts, "the content is against WhatsApp's policy"),
    (
        63016,
        Breaks,
        "WhatsApp takes a free text only within 24 hours of your last message to the sender; set notify.whatsapp.content_sid to an approved template",
    ),
    (
        21654,
        Breaks,
        "Twilio takes templates only here; set notify.whatsapp.content_sid",
    ),
    (
        21655,
        Breaks,
        "the content template does not exist; check notify.whatsapp.content_sid",
    ),
    (
        21656,
        Breaks,
        "the template cannot be filled like this; check notify.whatsapp.variables",
    ),
    (63021, Lasts, "WhatsApp did not accept the content"),
    (
        63027,
        Breaks,
        "WhatsApp does not have the template in this language; submit it for approval in the Twilio console",
    ),
    (
        63028,
        Breaks,
        "the template has other variables than notify.whatsapp.variables; make them the same",
    ),
    (
        63032,
        Lasts,
        "WhatsApp limits what this person may be sent at the moment",
    ),
    (
        63040,
        Breaks,
        "WhatsApp rejected the template; have another one approved and set notify.whatsapp.content_sid",
    ),
    (
        63041,
        Breaks,
        "WhatsApp paused the template; open it in the Twilio console, or use another one",
    ),
    (
        63042,
        Breaks,
        "WhatsApp disabled the template; have another one approved and set notify.whatsapp.content_sid",
    ),
    (
        63049,
        Lasts,
        "Meta chose not to deliver it; have the template approved as utility, not marketing",
    ),
    // WhatsApp: the way there.
    (63009, Passes, "WhatsApp had an error of its own"),
    (63010, Passes, "Twilio had an error of its own"),
    (63011, Passes, "Twilio had an error of its own"),
    (63012, Passes, "WhatsApp had an error of its own"),
    (
        63018,
        Passes,
        "WhatsApp's rate for this sender is used up; tried again later",
    ),
    (63023, Passes, "WhatsApp gave no reason"),
    // Calls.
    (
        21210,
        Breaks,
        "notify.voice.from is no number of this account and not verified; use one that is",
    ),
    (21214, Breaks, "notify.voice.to cannot be called"),
    (
        21215,
        Breaks,
        "the account may not call that country; allow it in the Twilio console under Voice, Geo permissions",
    ),
    (
        21216,
        Breaks,
        "the account may not call notify.voice.to; open the Twilio console",
    ),
    (21217, Breaks, "notify.voice.to is not a valid telephone number"),
    (
        21219,
        Breaks,
        "the account may call verified numbers only; verify your number in the Twilio console under Verified Caller IDs, or leave the trial",
    ),
];
