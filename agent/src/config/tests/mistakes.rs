//! What a person reads when the configuration is wrong.

use super::{Case, VALID, problems};
use crate::domain::ChannelKind;

#[test]
fn a_file_with_five_mistakes_prints_five_sentences() {
    let text = problems(
        r#"
        time_zone = "America/New_Yrok"
        [window]
        hours = 25
        [http]
        lisen = "127.0.0.1:8000"
        [heuristic]
        interval = 15
        [notify]
        channels = ["smss"]
        "#,
        &[],
    );
    assert_eq!(text.lines().count(), 5, "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn mistakes_of_all_layers_are_reported_together() {
    let text = problems(
        r#"
        timezone = "Berlin"
        htpp.listen = "0.0.0.0:80"
        policy = "strict"
        [beeminder]
        auth_token = "canary"
        base_url = "http://www.beeminder.com/api/v1/?auth_token=canary"
        [budget.grok]
        limit_usd = 5
        [notify.sms]
        to = "canary 555 0100"
        messaging_service_sid = "canarycanarycanary"
        "#,
        &[
            ("MECRIS__HTTP__LISEN", "canary"),
            ("MECRIS__HTTP", "canary"),
            ("MECRIS__http__listen", "canary"),
            ("MECRIS__WINDOW__HOURS", "five"),
            ("TWILIO_FROM_NUMBER", "canary"),
            ("TWILIO_SID", "canary-1"),
            ("TWILIO_ACCOUNT_SID", "canary-2"),
        ],
    );
    assert!(!text.contains("canary"), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn no_sentence_shows_what_may_be_private() {
    let text = problems(
        r#"
        beeminder.auth_token = "canary"
        beeminder.base_url = "https://me:canary@www.beeminder.com/?auth_token=canary"
        notify.sms = { to = "canary-canary", from = "canary-canary", messaging_service_sid = "canary-canary" }
        "#,
        &[
            ("MECRIS__BEEMINDER__AUTH_TOKEN", "canary"),
            ("MECRIS_API_TOKENS", "canary"),
            ("TWILIO_TO_NUMBER", "canary"),
        ],
    );
    assert!(!text.contains("canary"), "{text}");
}

#[test]
fn text_that_is_not_toml_is_one_sentence_with_its_line() {
    for (toml, expected) in [
        (
            "time_zone = \"UTC\"\n[window\nstart = 1\n",
            "line 2: unclosed table, expected `]`",
        ),
        (
            "time_zone = \"UTC\"\n\ntime_zone = \"UTC\"\n",
            "line 3: duplicate key `time_zone`",
        ),
    ] {
        assert_eq!(
            problems(toml, &[]),
            format!("configuration (file agent.toml): is not TOML, {expected}.")
        );
    }
}

#[test]
fn an_empty_table_is_there_and_lacks_what_it_requires() {
    let text = problems(&format!("{VALID}walk = {{}}\nbudget.groq.period = {{}}\n"), &[]);
    let keys: Vec<&str> = text.lines().map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!(
        keys,
        ["walk.goal", "budget.groq.limit_usd", "budget.groq.period"],
        "{text}"
    );
}

#[test]
fn secrets_that_cannot_be_read_hide_no_mistake_and_make_up_none() {
    for source in ["credential", "file:/nonexistent/secrets.json"] {
        let sms = "time_zone = \"UTC\"\nwindow.hours = 0\nnotify.channels = [\"sms\"]\n";
        let text = problems(sms, &[("MECRIS__SECRETS__SOURCE", source)]);
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(
            text.starts_with("secrets") && text.contains("window.hours"),
            "{text}"
        );
    }
}

#[test]
fn the_environment_is_checked_even_if_the_file_cannot_be_read() {
    let text = problems("[", &[("MECRIS__HTTP__LISEN", "x")]);
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.ends_with("did you mean http.listen?"), "{text}");
}

#[test]
fn a_file_that_was_asked_for_must_exist() {
    let mut case = Case::new(
        VALID,
        &[
            ("MECRIS__TIME_ZONE", "UTC"),
            ("MECRIS__NOTIFY__CHANNELS", "[\"console\"]"),
        ],
    );
    case.inputs.file = Some(case.folder.path().join("other.toml"));
    assert_eq!(
        case.load().unwrap_err(),
        "configuration (file other.toml): there is no such file."
    );
    case.inputs.file = None;
    assert!(case.load().is_ok(), "the fallback need not exist");
}

#[test]
fn price_lines_are_checked_one_by_one() {
    let text = problems(
        &format!(
            r#"{VALID}
            [[budget.price]]
            provider = "groq"
            model = "x"
            from = 2026-11-01
            input_usd_per_mtok = 1
            output_usd_per_mtok = 2.5
            [[budget.price]]
            provider = "openai"
            modle = "x"
            from = "soon"
            input_usd_per_mtok = -1
            output_usd_per_mtok = 2
            "#
        ),
        &[],
    );
    insta::assert_snapshot!(text);
}

#[test]
fn two_prices_for_the_same_and_one_too_small_to_count_are_refused() {
    let line = |model: &str, input: &str| {
        format!(
            "[[budget.price]]\nprovider = \"groq\"\nmodel = \"{model}\"\nfrom = 2026-11-01\n\
             input_usd_per_mtok = {input}\noutput_usd_per_mtok = 2\n"
        )
    };
    assert_eq!(
        problems(&format!("{VALID}{}{}", line("x", "1"), line("X ", "2")), &[]),
        "budget.price[1]: is for the same provider, model, day, speed and length as budget.price[0]."
    );
    let tiny = problems(&format!("{VALID}{}", line("x", "0.0000001")), &[]);
    assert!(
        tiny.contains("expected US dollars for a million tokens: 0, or 0.000001 to 100000"),
        "{tiny}"
    );
}

#[test]
fn tables_of_goals_are_checked_one_by_one() {
    insta::assert_snapshot!(problems(
        &format!(
            r#"{VALID}
            heuristic.notify_at = "CAUTION"
            [[goal]]
            slug = "reading"
            lead_days = "beeminder"
            from = "19:00"
            margin = "5h"
            silent = true
            [[goal]]
            slog = "gym"
            lead_days = 31
            from = "late"
            margin = "25h"
            silent = "no"
            [[goal]]
            slug = "reading"
            "#
        ),
        &[],
    ));
}

#[test]
fn the_channels_of_a_goal_are_some_of_those_that_are_configured() {
    let with = |channels: &str| {
        let table = format!("[[goal]]\nslug = \"reading\"\nchannels = {channels}\n");
        Case::new(&format!("{VALID}{table}"), &[]).load()
    };
    let wrong = [
        "[\"smoke\"]",
        "[\"console\", \"console\"]",
        "\"console\"",
        "[\"sms\"]",
    ];
    let problems: Vec<String> = wrong.iter().filter_map(|channels| with(channels).err()).collect();
    insta::assert_snapshot!(problems.join("\n"));
    let of = |channels| {
        let goals = with(channels).unwrap().settings.goals;
        goals.into_values().next().and_then(|rule| rule.channels)
    };
    assert_eq!(of("[\"console\"]"), Some(vec![ChannelKind::Console]));
    assert_eq!(of("[]"), None, "as every message");
}

#[test]
fn a_goal_has_one_table() {
    let twice = "[[goal]]\nslug = \"reading\"\n[[goal]]\nslug = \"reading\"\n";
    let text = problems(&format!("{VALID}{twice}"), &[]);
    assert!(
        text.contains("has two tables for reading: make them one"),
        "{text}"
    );
}

#[test]
fn a_name_that_no_setting_has_cannot_break_the_sentence() {
    let long = "x".repeat(5000);
    let text = problems(
        &format!("{VALID}\"\" = 1\n\"a\\nb\" = 1\n\"\\u001b[31m\\u202e\".c = 1\n{long} = 1\n"),
        &[("MECRIS__A\nB", "1")],
    );
    assert_eq!(text.lines().count(), 5, "{text}");
    for start in [
        "\"\" (file agent.toml): no such setting",
        "\"a\\nb\" (file agent.toml): no such setting",
        "\"\\u{1b}[31m\\u{202e}\" (file agent.toml): no such setting",
        "\"a\\nb\" (environment variable \"MECRIS__A\\nB\"): no such setting",
    ] {
        assert!(
            text.lines().any(|line| line.starts_with(start)),
            "{start} in {text}"
        );
    }
    assert!(text.len() < 2000, "{} bytes", text.len());
    let variables = "notify.whatsapp.variables = { \"a\\nb\" = \"{text} {tag}\" }\n";
    let text = problems(&format!("{VALID}{variables}"), &[]);
    assert_eq!(text.lines().count(), 1, "{text}");
}

#[test]
fn the_end_of_a_masked_value_is_shown_only_if_it_can_be() {
    let channels = "time_zone = \"UTC\"\nnotify.channels = [\"sms\"]\n";
    let text = problems(channels, &[("MECRIS__NOTIFY__SMS__TO", "canary-canary\u{1b}9")]);
    assert!(
        text.contains("notify.sms.to = (not shown)") && !text.contains('\u{1b}'),
        "{text:?}"
    );
}
