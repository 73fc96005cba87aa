//! Every rule, once broken and once kept. The base is [`VALID`]; a case adds variables to it.

use super::{Case, VALID, problems};

type Variables = &'static [(&'static str, &'static str)];

const SERVICE: (&str, &str) = (
    "MECRIS__NOTIFY__SMS__MESSAGING_SERVICE_SID",
    "MG0123456789abcdefABCDEF0123456789",
);
const PRODUCTION: (&str, &str) = ("MECRIS__ENVIRONMENT", "production");
const SMS: (&str, &str) = ("MECRIS__NOTIFY__CHANNELS", "[sms]");
const TO: (&str, &str) = ("MECRIS__NOTIFY__SMS__TO", "+14155550100");
const TELEGRAM: (&str, &str) = ("MECRIS__NOTIFY__CHANNELS", "[telegram]");
const EMAIL: (&str, &str) = ("MECRIS__NOTIFY__CHANNELS", "[email]");
const MAIL_FROM: (&str, &str) = ("MECRIS__NOTIFY__EMAIL__FROM", "Mecris <mecris@example.org>");
const MAIL_TO: (&str, &str) = ("MECRIS__NOTIFY__EMAIL__TO", "me@example.org");
const WHATSAPP: (&str, &str) = ("MECRIS__NOTIFY__CHANNELS", "[whatsapp]");
const WHATSAPP_TO: (&str, &str) = ("MECRIS__NOTIFY__WHATSAPP__TO", "+14155550100");
const WHATSAPP_FROM: (&str, &str) = ("MECRIS__NOTIFY__WHATSAPP__FROM", "+15005550006");
const TEMPLATE: (&str, &str) = (
    "MECRIS__NOTIFY__WHATSAPP__CONTENT_SID",
    "HX0123456789abcdefABCDEF0123456789",
);
const VARIABLES: &str = "MECRIS__NOTIFY__WHATSAPP__VARIABLES";
const VOICE: (&str, &str) = ("MECRIS__NOTIFY__CHANNELS", "[voice]");
const VOICE_TO: (&str, &str) = ("MECRIS__NOTIFY__VOICE__TO", "+14155550100");
const VOICE_FROM: (&str, &str) = ("MECRIS__NOTIFY__VOICE__FROM", "+15005550006");
const LIMIT: (&str, &str) = ("MECRIS__BUDGET__GROQ__LIMIT_USD", "5");

const BROKEN: &[(&str, Variables)] = &[
    ("environment is one of two", &[("MECRIS__ENVIRONMENT", "prod")]),
    ("the zone exists", &[("MECRIS__TIME_ZONE", "Europe/Belrin")]),
    ("a city is not enough", &[("MECRIS__TIME_ZONE", "Berlin")]),
    (
        "the unknown zone is no zone",
        &[("MECRIS__TIME_ZONE", "Etc/Unknown")],
    ),
    ("a start is a time", &[("MECRIS__WINDOW__START", "25:00")]),
    (
        "a number sends nothing to itself",
        &[SMS, TO, ("MECRIS__NOTIFY__SMS__FROM", "+14155550100")],
    ),
    (
        "nor by the secrets",
        &[
            SMS,
            ("TWILIO_TO_NUMBER", "+14155550100"),
            ("TWILIO_FROM_NUMBER", "+14155550100"),
        ],
    ),
    (
        "nor calls itself",
        &[VOICE, VOICE_TO, ("MECRIS__NOTIFY__VOICE__FROM", "+14155550100")],
    ),
    (
        "nor by WhatsApp",
        &[
            WHATSAPP,
            WHATSAPP_TO,
            ("MECRIS__NOTIFY__WHATSAPP__FROM", "+14155550100"),
        ],
    ),
    ("a mode is one of two", &[("MECRIS__WINDOW__MODE", "sometimes")]),
    (
        "a machine that always runs has no window",
        &[
            ("MECRIS__WINDOW__MODE", "always"),
            ("MECRIS__WINDOW__START", "13:00"),
        ],
    ),
    ("a window has a day", &[("MECRIS__WINDOW__DAYS", "[]")]),
    ("a day is a day", &[("MECRIS__WINDOW__DAYS", "[MON, Tuesday]")]),
    ("a pass has a time", &[("MECRIS__WINDOW__PASSES", "[21]")]),
    (
        "a pass is named once",
        &[("MECRIS__WINDOW__PASSES", "['21:30', '21:30']")],
    ),
    ("hours are above 0", &[("MECRIS__WINDOW__HOURS", "0")]),
    ("hours are a number", &[("MECRIS__WINDOW__HOURS", "nan")]),
    ("hours are at most 24", &[("MECRIS__WINDOW__HOURS", "24.1")]),
    ("listen has a port", &[("MECRIS__HTTP__LISTEN", "127.0.0.1")]),
    ("auth is one of two", &[("MECRIS__HTTP__AUTH", "off")]),
    (
        "production has tokens",
        &[PRODUCTION, ("MECRIS__HTTP__AUTH", "none"), SMS, TO, SERVICE],
    ),
    (
        "only loopback goes without tokens",
        &[
            ("MECRIS__HTTP__AUTH", "none"),
            ("MECRIS__HTTP__LISTEN", "0.0.0.0:80"),
        ],
    ),
    (
        "a request a minute at least",
        &[("MECRIS__HTTP__REQUESTS_PER_MINUTE", "0")],
    ),
    ("an interval has a unit", &[("MECRIS__HEURISTIC__INTERVAL", "15")]),
    (
        "an interval is at least 1s",
        &[("MECRIS__HEURISTIC__INTERVAL", "900ms")],
    ),
    (
        "in production 1m",
        &[
            PRODUCTION,
            ("MECRIS__HEURISTIC__INTERVAL", "59s"),
            SMS,
            TO,
            SERVICE,
        ],
    ),
    (
        "an interval is not negative",
        &[("MECRIS__HEURISTIC__INTERVAL", "-15m")],
    ),
    (
        "a pass ends before the next",
        &[
            PRODUCTION,
            ("MECRIS__HEURISTIC__INTERVAL", "1m"),
            ("MECRIS__HEURISTIC__DEADLINE", "60s"),
            SMS,
            TO,
            SERVICE,
        ],
    ),
    (
        "a warning comes thirty days ahead at most",
        &[("MECRIS__HEURISTIC__LEAD_DAYS", "31")],
    ),
    (
        "lead days are a number or Beeminder's",
        &[("MECRIS__HEURISTIC__LEAD_DAYS", "goal")],
    ),
    (
        "a message an hour at least",
        &[("MECRIS__POLICY__MAX_MESSAGES_PER_HOUR", "0")],
    ),
    (
        "a message a day at least",
        &[("MECRIS__POLICY__MAX_MESSAGES_PER_DAY", "-1")],
    ),
    (
        "quiet hours are two",
        &[("MECRIS__POLICY__QUIET_HOURS", r#"["22:00"]"#)],
    ),
    (
        "quiet hours differ",
        &[("MECRIS__POLICY__QUIET_HOURS", r#"["22:00", "22:00"]"#)],
    ),
    ("escalate is a flag", &[("MECRIS__POLICY__ESCALATE", "yes")]),
    (
        "a source is api or file",
        &[("MECRIS__BEEMINDER__SOURCE", "goals.json")],
    ),
    (
        "http is for this machine",
        &[("MECRIS__BEEMINDER__BASE_URL", "http://127.0.0.1.example.com/")],
    ),
    (
        "no credentials in URLs",
        &[(
            "MECRIS__NOTIFY__SMS__BASE_URL",
            "https://sid:token@api.twilio.com",
        )],
    ),
    (
        "a user name is no path",
        &[("MECRIS__BEEMINDER__USERNAME", "../alice")],
    ),
    ("ignored are slugs", &[("MECRIS__BEEMINDER__IGNORE", "[a b]")]),
    ("a walk has a goal", &[("MECRIS__WALK__FROM", "13:00")]),
    (
        "a walk starts before it ends",
        &[("MECRIS__WALK__GOAL", "bike"), ("MECRIS__WALK__FROM", "18:00")],
    ),
    (
        "a budget has a limit",
        &[("MECRIS__BUDGET__GROQ__SOURCE", "ledger")],
    ),
    ("a limit is above 0", &[("MECRIS__BUDGET__GROQ__LIMIT_USD", "0")]),
    (
        "anthropic has no odometer",
        &[
            ("MECRIS__BUDGET__ANTHROPIC__LIMIT_USD", "25"),
            ("MECRIS__BUDGET__ANTHROPIC__SOURCE", "odometer"),
        ],
    ),
    (
        "admin_api comes later",
        &[
            ("MECRIS__BUDGET__ANTHROPIC__LIMIT_USD", "25"),
            ("MECRIS__BUDGET__ANTHROPIC__SOURCE", "admin_api"),
        ],
    ),
    (
        "litellm comes later",
        &[LIMIT, ("MECRIS__BUDGET__GROQ__SOURCE", "litellm")],
    ),
    (
        "a period is monthly or fixed",
        &[LIMIT, ("MECRIS__BUDGET__GROQ__PERIOD", "weekly")],
    ),
    (
        "a fixed period has both ends",
        &[LIMIT, ("MECRIS__BUDGET__GROQ__PERIOD__STARTS", "2026-11-01")],
    ),
    (
        "a period starts before it ends",
        &[
            LIMIT,
            ("MECRIS__BUDGET__GROQ__PERIOD__STARTS", "2026-11-02"),
            ("MECRIS__BUDGET__GROQ__PERIOD__ENDS", "2026-11-01"),
        ],
    ),
    (
        "thresholds are ordered",
        &[("MECRIS__BUDGET__THRESHOLDS__WARNING_SHARE", "0.95")],
    ),
    (
        "a share is at most 1",
        &[("MECRIS__BUDGET__THRESHOLDS__CRITICAL_SHARE", "95")],
    ),
    ("somebody is told", &[("MECRIS__NOTIFY__CHANNELS", "[]")]),
    (
        "each channel once",
        &[("MECRIS__NOTIFY__CHANNELS", "[console, console]")],
    ),
    ("production has no console", &[PRODUCTION]),
    ("a lease is at least 50ms", &[("MECRIS__NOTIFY__LEASE", "49ms")]),
    (
        "in production 1s",
        &[PRODUCTION, ("MECRIS__NOTIFY__LEASE", "999ms"), SMS, TO, SERVICE],
    ),
    ("sms needs a recipient", &[SMS, SERVICE]),
    ("sms needs a sender", &[SMS, TO]),
    (
        "one sender",
        &[SMS, TO, SERVICE, ("MECRIS__NOTIFY__SMS__FROM", "+15005550006")],
    ),
    (
        "a service has its shape",
        &[
            SMS,
            TO,
            ("MECRIS__NOTIFY__SMS__MESSAGING_SERVICE_SID", "MG01234567"),
        ],
    ),
    (
        "a number has its shape, used or not",
        &[("MECRIS__NOTIFY__SMS__TO", "14155550100")],
    ),
    (
        "a number among the secrets too",
        &[SMS, SERVICE, ("TWILIO_TO_NUMBER", "14155550100")],
    ),
    ("telegram needs a chat", &[TELEGRAM]),
    (
        "a chat is a number or a name",
        &[TELEGRAM, ("MECRIS__NOTIFY__TELEGRAM__CHAT_ID", "me")],
    ),
    (
        "a chat has its shape, used or not",
        &[("MECRIS__NOTIFY__TELEGRAM__CHAT_ID", "@me")],
    ),
    (
        "a doubt ends in one of two ways",
        &[("MECRIS__NOTIFY__SLACK__ON_DOUBT", "ask")],
    ),
    ("email needs a sender", &[EMAIL, MAIL_TO]),
    ("email needs a recipient", &[EMAIL, MAIL_FROM]),
    (
        "an address is one",
        &[EMAIL, MAIL_TO, ("MECRIS__NOTIFY__EMAIL__FROM", "mecris")],
    ),
    (
        "an address is in ASCII, used or not",
        &[("MECRIS__NOTIFY__EMAIL__TO", "j\u{f6}rg@example.org")],
    ),
    (
        "a subject is one line",
        &[
            EMAIL,
            MAIL_FROM,
            MAIL_TO,
            ("MECRIS__NOTIFY__EMAIL__SUBJECT", "a\nBcc: b@example.org"),
        ],
    ),
    ("whatsapp needs a recipient", &[WHATSAPP, WHATSAPP_FROM]),
    (
        "whatsapp needs a sender of its own",
        &[WHATSAPP, WHATSAPP_TO, ("TWILIO_FROM_NUMBER", "+15005550006")],
    ),
    (
        "one WhatsApp sender",
        &[
            WHATSAPP,
            WHATSAPP_TO,
            WHATSAPP_FROM,
            (
                "MECRIS__NOTIFY__WHATSAPP__MESSAGING_SERVICE_SID",
                "MG0123456789abcdefABCDEF0123456789",
            ),
        ],
    ),
    (
        "a template has its shape, used or not",
        &[(
            "MECRIS__NOTIFY__WHATSAPP__CONTENT_SID",
            "MG0123456789abcdefABCDEF0123456789",
        )],
    ),
    (
        "variables fill a template",
        &[(VARIABLES, r#"{ "1" = "{text} {tag}" }"#)],
    ),
    ("variables are a table", &[TEMPLATE, (VARIABLES, "{text} {tag}")]),
    (
        "variables are texts",
        &[TEMPLATE, (VARIABLES, r#"{ "1" = 1, "2" = "{text} {tag}" }"#)],
    ),
    (
        "variables are not empty",
        &[TEMPLATE, (VARIABLES, r#"{ "1" = "{text} {tag}", "2" = " " }"#)],
    ),
    (
        "the text is in a variable",
        &[TEMPLATE, (VARIABLES, r#"{ "1" = "{tag}" }"#)],
    ),
    (
        "the tag is in a variable",
        &[TEMPLATE, (VARIABLES, r#"{ "1" = "{text}" }"#)],
    ),
    ("voice needs a recipient", &[VOICE, VOICE_FROM]),
    ("voice needs a number that calls", &[VOICE, VOICE_TO]),
    (
        "a voice is a name",
        &[("MECRIS__NOTIFY__VOICE__VOICE", "a\" onclick=\"")],
    ),
    (
        "a language is a tag",
        &[("MECRIS__NOTIFY__VOICE__LANGUAGE", "en US")],
    ),
    ("state is a file", &[("MECRIS__STATE__PATH", "")]),
    (
        "a state is a file, and no URL",
        &[("MECRIS__STATE__PATH", "file:mecris.db")],
    ),
    (
        "a remote has no credentials in it",
        &[("MECRIS__STATE__REMOTE", "s3://key:secret@bucket/prefix")],
    ),
    (
        "a bucket has a name",
        &[("MECRIS__STATE__REMOTE", "s3:///prefix")],
    ),
    (
        "a remote folder is absolute",
        &[("MECRIS__STATE__REMOTE", "file:copies")],
    ),
    (
        "a remote is S3 or a folder",
        &[("MECRIS__STATE__REMOTE", "https://bucket.s3.amazonaws.com/")],
    ),
    (
        "a year is not too long to look back, a day too short",
        &[("MECRIS__STATE__RETENTION_DAYS", "1")],
    ),
    ("a remote is a URL", &[("MECRIS__STATE__REMOTE", "bucket")]),
    (
        "systemd gave no credentials",
        &[("MECRIS__SECRETS__SOURCE", "credential")],
    ),
    (
        "a secret has a name",
        &[("MECRIS__SECRETS__SOURCE", "secretsmanager:")],
    ),
    (
        "a secrets file exists",
        &[("MECRIS__SECRETS__SOURCE", "file:/nonexistent/secrets.json")],
    ),
    (
        "a parameter has a name",
        &[("MECRIS__CONFIG__SSM_PARAMETER", "my agent")],
    ),
];

const KEPT: &[(&str, Variables)] = &[
    ("a machine always runs", &[("MECRIS__WINDOW__MODE", "always")]),
    (
        "a window on some days, and passes besides",
        &[
            ("MECRIS__WINDOW__MODE", "daily"),
            ("MECRIS__WINDOW__DAYS", "[MON, FRI]"),
            ("MECRIS__WINDOW__PASSES", "['21:30', '09:00']"),
        ],
    ),
    (
        "production with tokens and sms",
        &[
            PRODUCTION,
            SMS,
            TO,
            SERVICE,
            ("MECRIS__HTTP__LISTEN", "0.0.0.0:8000"),
        ],
    ),
    (
        "recipient and sender are secrets",
        &[
            SMS,
            ("TWILIO_TO_NUMBER", "+14155550100"),
            ("TWILIO_FROM_NUMBER", "+15005550006"),
        ],
    ),
    (
        "a service beats the secret's number",
        &[SMS, TO, SERVICE, ("TWILIO_FROM_NUMBER", "not looked at")],
    ),
    (
        "whatsapp within a session",
        &[WHATSAPP, WHATSAPP_FROM, ("TWILIO_TO_NUMBER", "+14155550100")],
    ),
    (
        "whatsapp with a template",
        &[WHATSAPP, WHATSAPP_TO, WHATSAPP_FROM, TEMPLATE],
    ),
    (
        "a template with variables of its own",
        &[
            WHATSAPP,
            WHATSAPP_TO,
            WHATSAPP_FROM,
            TEMPLATE,
            (VARIABLES, r#"{ "1" = "{text}", "tag" = "No. {tag}" }"#),
        ],
    ),
    (
        "voice by the secrets' numbers",
        &[
            VOICE,
            ("TWILIO_TO_NUMBER", "+14155550100"),
            ("TWILIO_FROM_NUMBER", "+15005550006"),
        ],
    ),
    (
        "a voice and its language",
        &[
            VOICE,
            VOICE_TO,
            VOICE_FROM,
            ("MECRIS__NOTIFY__VOICE__VOICE", "Google.de-DE-Standard-A"),
        ],
    ),
    (
        "a secret number that nobody uses",
        &[("PHONE_NUMBER", "not looked at")],
    ),
    (
        "a chat by its number",
        &[TELEGRAM, ("MECRIS__NOTIFY__TELEGRAM__CHAT_ID", "-1001234567890")],
    ),
    (
        "a chat by its name",
        &[TELEGRAM, ("MECRIS__NOTIFY__TELEGRAM__CHAT_ID", "@mecris_me")],
    ),
    (
        "slack needs no setting",
        &[
            ("MECRIS__NOTIFY__CHANNELS", "[slack]"),
            ("MECRIS__NOTIFY__SLACK__ON_DOUBT", "give_up"),
        ],
    ),
    (
        "email with names",
        &[
            EMAIL,
            MAIL_FROM,
            MAIL_TO,
            ("MECRIS__NOTIFY__EMAIL__SUBJECT", "M\u{e9}cris"),
        ],
    ),
    (
        "no tokens on loopback",
        &[
            ("MECRIS__HTTP__AUTH", "none"),
            ("MECRIS__HTTP__LISTEN", "[::1]:0"),
        ],
    ),
    (
        "http on loopback",
        &[
            ("MECRIS__BEEMINDER__BASE_URL", "http://localhost:1234/api/v1"),
            ("MECRIS__NOTIFY__SMS__BASE_URL", "http://[::1]:1234"),
        ],
    ),
    (
        "short times in development",
        &[
            ("MECRIS__HEURISTIC__INTERVAL", "1s"),
            ("MECRIS__HEURISTIC__DEADLINE", "500ms"),
            ("MECRIS__NOTIFY__LEASE", "50ms"),
            ("MECRIS__NOTIFY__SETTLE", "0s"),
        ],
    ),
    (
        "whole days and parts of hours",
        &[("MECRIS__WINDOW__HOURS", "24"), ("MECRIS__BUDGET__TTL", "1h 30m")],
    ),
    ("no quiet hours", &[("MECRIS__POLICY__QUIET_HOURS", "[]")]),
    (
        "groq by ledger",
        &[LIMIT, ("MECRIS__BUDGET__GROQ__SOURCE", "ledger")],
    ),
    (
        "a period of one day",
        &[
            LIMIT,
            ("MECRIS__BUDGET__GROQ__PERIOD__STARTS", "2026-11-01"),
            ("MECRIS__BUDGET__GROQ__PERIOD__ENDS", "2026-11-01"),
            ("MECRIS__BUDGET__GROQ__PERIOD__ROLLS", "true"),
        ],
    ),
    (
        "names that are none of ours",
        &[("MECRIS_LOG", "debug"), ("MECRIS", "x"), ("HTTP__LISTEN", "x")],
    ),
];

#[test]
fn a_broken_rule_is_one_sentence() {
    let mut text = String::new();
    for (rule, variables) in BROKEN {
        let sentences = problems(VALID, variables);
        assert_eq!(sentences.lines().count(), 1, "{rule}: {sentences}");
        text += &format!("# {rule}\n{sentences}\n");
    }
    insta::assert_snapshot!(text);
}

#[test]
fn what_keeps_the_rules_is_accepted() {
    for (rule, variables) in KEPT {
        if let Err(sentences) = Case::new(VALID, variables).load() {
            panic!("{rule}: {sentences}");
        }
    }
}

#[test]
fn a_chat_is_a_number_with_quotes_or_without() {
    for id in ["987654", "\"987654\""] {
        let toml = format!(
            "{}notify.telegram.chat_id = {id}\n",
            VALID.replace("console", "telegram")
        );
        let telegram = super::loaded(&toml, &[]).settings.notify.telegram.unwrap();
        assert_eq!(telegram.chat.as_str(), "987654");
    }
}

#[test]
fn a_bots_token_is_no_part_of_a_base_url() {
    for url in [
        "https://api.telegram.org/bot123456:canary",
        "https://api.telegram.org/bot123456%3Acanary/",
    ] {
        let text = super::problems(&format!("notify.telegram.base_url = \"{url}\""), &[]);
        assert!(text.contains("without a bot's token"), "{text}");
        assert!(!text.contains("canary"), "{text}");
    }
}

#[test]
fn base_urls_end_in_a_slash() {
    use crate::config::BeeminderSource;
    let variables = [("MECRIS__BEEMINDER__BASE_URL", "http://localhost:1234/api/v1")];
    match super::loaded(VALID, &variables).settings.beeminder.source {
        BeeminderSource::Api { base_url, .. } => {
            assert_eq!(base_url.as_str(), "http://localhost:1234/api/v1/");
        }
        BeeminderSource::File(_) => panic!("not a file"),
    }
}
