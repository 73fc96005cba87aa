//! Which layer wins, and who is said to have set what.

use std::time::Duration;

use jiff::civil::date;
use secrecy::ExposeSecret as _;

use super::{Case, VALID, loaded};
use crate::{
    config::{
        BeeminderSource, BudgetPeriod, BudgetSource, BudgetThresholds, LeadDays, SecretName, Sender, Source,
    },
    domain::{ChannelKind, Money, Provider, Slug},
};

#[test]
fn environment_wins_over_file_wins_over_default() {
    let toml = format!("{VALID}heuristic.interval = \"20m\"\nheuristic.deadline = \"40s\"\n");
    let heuristic = loaded(&toml, &[("MECRIS__HEURISTIC__INTERVAL", "25m")])
        .settings
        .heuristic;
    assert_eq!(heuristic.interval, Duration::from_mins(25));
    assert_eq!(heuristic.deadline, Duration::from_secs(40));
    assert_eq!(heuristic.lead_days, LeadDays::Days(1));
}

#[test]
fn every_effective_setting_names_its_source() {
    let toml = format!("{VALID}walk.goal = \"bike\"\n");
    let case = Case::new(
        &toml,
        &[
            ("MECRIS__HTTP__LISTEN", "[::1]:0"),
            ("MECRIS__NOTIFY__CHANNELS", "[sms, console]"),
            ("TWILIO_TO_NUMBER", "+14155550100"),
            ("TWILIO_FROM_NUMBER", "+15005550006"),
        ],
    );
    let rows: Vec<String> = case
        .load()
        .unwrap()
        .effective
        .iter()
        .map(|row| format!("{} = {} ({})", row.key, row.value, row.source))
        .collect();
    let folder = format!("{}/", case.folder.path().display());
    let text = rows.join("\n").replace(&folder, "");
    insta::assert_snapshot!(text);
}

#[test]
fn digits_in_the_environment_stay_text_where_text_is_meant() {
    let settings = loaded(
        VALID,
        &[
            ("MECRIS__NOTIFY__CHANNELS", r#"["sms"]"#),
            ("MECRIS__NOTIFY__SMS__TO", "+14155550100"),
            ("MECRIS__NOTIFY__SMS__FROM", "+15005550006"),
            ("MECRIS__BEEMINDER__USERNAME", "007"),
            ("MECRIS__BEEMINDER__IGNORE", "['007', \"true-story\"]"),
            ("MECRIS__WALK__GOAL", "10000"),
            ("MECRIS__WINDOW__HOURS", "2.5"),
            ("MECRIS__HTTP__REQUESTS_PER_MINUTE", "60"),
            ("MECRIS__POLICY__ESCALATE", "true"),
        ],
    )
    .settings;
    let sms = settings.notify.sms.unwrap();
    assert_eq!(settings.notify.channels, [ChannelKind::Sms]);
    assert_eq!(sms.to.as_str(), "+14155550100");
    assert!(matches!(sms.sender, Sender::Number(number) if number.as_str() == "+15005550006"));
    assert!(matches!(settings.beeminder.source, BeeminderSource::Api { username, .. } if username == "007"));
    assert_eq!(
        settings
            .beeminder
            .ignore
            .iter()
            .map(Slug::as_str)
            .collect::<Vec<_>>(),
        ["007", "true-story"]
    );
    assert_eq!(settings.walk.unwrap().goal.as_str(), "10000");
    assert_eq!(
        settings.window.daily.unwrap().length,
        jiff::SignedDuration::from_mins(150)
    );
    assert_eq!(settings.http.requests_per_minute, 60);
    assert!(settings.policy.escalate);
}

#[test]
fn a_list_in_the_environment_may_be_plain_words() {
    for (text, slugs) in [
        ("[007, true-story]", &["007", "true-story"][..]),
        ("[bike]", &["bike"]),
        ("['bike', \"read\"]", &["bike", "read"]),
        ("[]", &[]),
    ] {
        let ignore = loaded(VALID, &[("MECRIS__BEEMINDER__IGNORE", text)])
            .settings
            .beeminder
            .ignore;
        assert_eq!(
            ignore.iter().map(Slug::as_str).collect::<Vec<_>>(),
            slugs,
            "{text}"
        );
    }
}

#[test]
fn prices_can_come_from_the_environment() {
    let line = r#"[{ provider = "groq", model = "x", from = 2026-11-01, input_usd_per_mtok = 1, output_usd_per_mtok = 2.5 }]"#;
    let prices = loaded(VALID, &[("MECRIS__BUDGET__PRICE", line)])
        .settings
        .budget
        .prices;
    assert_eq!(
        prices.iter().find(|price| price.model == "x").unwrap().from,
        date(2026, 11, 1)
    );
}

#[test]
fn a_period_in_the_environment_replaces_the_one_in_the_file() {
    let toml = format!("{VALID}budget.groq.limit_usd = 5\n");
    let monthly = loaded(&toml, &[]).settings.budget.providers;
    assert_eq!(monthly.len(), 1);
    assert_eq!(
        (monthly[0].source, monthly[0].period),
        (BudgetSource::Odometer, BudgetPeriod::Monthly)
    );

    let variables = [
        ("MECRIS__BUDGET__GROQ__PERIOD__STARTS", "2026-11-01"),
        ("MECRIS__BUDGET__GROQ__PERIOD__ENDS", "2026-11-30"),
    ];
    let fixed = loaded(&toml, &variables).settings.budget.providers[0].period;
    assert_eq!(
        fixed,
        BudgetPeriod::Fixed {
            starts: date(2026, 11, 1),
            ends: date(2026, 11, 30),
            rolls: false
        }
    );

    let toml =
        format!("{toml}budget.groq.period = {{ starts = 2026-10-01, ends = 2026-10-31, rolls = true }}\n");
    let partly = loaded(&toml, &variables[1..]).settings.budget.providers[0].period;
    assert_eq!(
        partly,
        BudgetPeriod::Fixed {
            starts: date(2026, 10, 1),
            ends: date(2026, 11, 30),
            rolls: true
        }
    );
    let replaced = loaded(&toml, &[("MECRIS__BUDGET__GROQ__PERIOD", "monthly")])
        .settings
        .budget
        .providers[0]
        .period;
    assert_eq!(replaced, BudgetPeriod::Monthly);
}

#[test]
fn a_configured_price_replaces_the_built_in_line_of_the_same_day_only() {
    let price = |model: &str, from: &str| {
        format!(
            "[[budget.price]]\nprovider = \"groq\"\nmodel = \"{model}\"\nfrom = {from}\ninput_usd_per_mtok = 3\noutput_usd_per_mtok = 4\n"
        )
    };
    let built_in = loaded(VALID, &[]).settings.budget.prices;
    let toml = format!(
        "{VALID}{}{}",
        price("llama-3.1-8b-instant", "2020-01-01"),
        price(" Llama-3.1-8B-instant", "2026-12-01")
    );
    let prices = loaded(&toml, &[]).settings.budget.prices;
    assert_eq!(prices.len(), built_in.len() + 1);
    let lines: Vec<_> = prices
        .iter()
        .filter(|p| p.provider == Provider::Groq && p.model == "llama-3.1-8b-instant")
        .collect();
    assert_eq!(lines.len(), 2);
    assert!(
        lines
            .iter()
            .all(|line| line.rate.input == Money::from_micros(3_000_000))
    );
}

#[test]
fn the_fallback_file_counts_when_no_file_is_named() {
    let mut case = Case::new(VALID, &[]);
    case.inputs.fallback_file = case.inputs.file.take().unwrap();
    let loaded = case.load().unwrap();
    let zone = loaded
        .effective
        .iter()
        .find(|row| row.key == "time_zone")
        .unwrap();
    assert_eq!(zone.source, Source::File(case.inputs.fallback_file.clone()));
}

#[test]
fn secrets_come_from_where_the_settings_say() {
    let case = Case::new(VALID, &[("BEEMINDER_AUTH_TOKEN", "from-environment")]);
    std::fs::write(
        &case.inputs.dotenv,
        "TWILIO_TOKEN=from-dotenv\nMECRIS__HTTP__LISTEN=127.0.0.1:1\n",
    )
    .unwrap();
    let found = case.load().unwrap();
    let value = |name| {
        found
            .secrets
            .get()
            .get(name)
            .map(|secret| secret.expose_secret().to_owned())
    };
    assert_eq!(
        value(SecretName::BeeminderAuthToken).as_deref(),
        Some("from-environment")
    );
    assert_eq!(value(SecretName::TwilioAuthToken).as_deref(), Some("from-dotenv"));
    assert!(
        found.warnings[0].contains("MECRIS__HTTP__LISTEN has no effect"),
        "{:?}",
        found.warnings
    );

    let path = case.folder.path().join("secrets.json");
    std::fs::write(&path, r#"{"BEEMINDER_AUTH_TOKEN": "from-file"}"#).unwrap();
    let source = format!("file:{}", path.display());
    let case = Case::new(
        VALID,
        &[
            ("MECRIS__SECRETS__SOURCE", &source),
            ("BEEMINDER_AUTH_TOKEN", "from-environment"),
        ],
    );
    let found = case.load().unwrap().secrets;
    assert_eq!(
        found
            .get()
            .get(SecretName::BeeminderAuthToken)
            .unwrap()
            .expose_secret(),
        "from-file"
    );
}

#[test]
fn the_default_thresholds_are_the_documented_ones() {
    assert_eq!(
        loaded(VALID, &[]).settings.budget.thresholds,
        BudgetThresholds::DEFAULT
    );
}

#[test]
fn a_templates_variables_are_the_same_from_a_file_and_from_the_environment() {
    let whatsapp = |toml: &str, variables: &[(&str, &str)]| {
        let base = format!(
            "{VALID}[notify.whatsapp]\nfrom = \"+15005550006\"\nto = \"+14155550100\"\ncontent_sid = \
             \"HX{}\"\n{toml}",
            "0".repeat(32)
        );
        let channels = ("MECRIS__NOTIFY__CHANNELS", "[whatsapp]");
        let loaded = super::loaded(&base, &[&[channels], variables].concat());
        loaded
            .settings
            .notify
            .whatsapp
            .unwrap()
            .template
            .unwrap()
            .variables
    };
    let expected = std::collections::BTreeMap::from([
        ("1".to_owned(), "{text}".to_owned()),
        ("2".to_owned(), "No. {tag}".to_owned()),
    ]);
    let inline = r#"{ "1" = "{text}", 2 = "No. {tag}" }"#;
    assert_eq!(whatsapp(&format!("variables = {inline}"), &[]), expected);
    assert_eq!(
        whatsapp(
            "[notify.whatsapp.variables]\n1 = \"{text}\"\n2 = \"No. {tag}\"",
            &[]
        ),
        expected
    );
    assert_eq!(
        whatsapp("", &[("MECRIS__NOTIFY__WHATSAPP__VARIABLES", inline)]),
        expected
    );
    assert_eq!(whatsapp("", &[])["1"], "{text} {tag}", "the default");
}

#[test]
fn a_window_is_meant_when_its_hours_are_given_and_not_otherwise() {
    for (variables, is_daily) in [
        (&[][..], false),
        (&[("MECRIS__WINDOW__GRACE", "20m")], false),
        (&[("MECRIS__WINDOW__PASSES", "['21:30']")], false),
        (&[("MECRIS__WINDOW__HOURS", "2")], true),
        (&[("MECRIS__WINDOW__START", "09:00")], true),
        (&[("MECRIS__WINDOW__DAYS", "[SUN]")], true),
        (&[("MECRIS__WINDOW__MODE", "daily")], true),
    ] {
        let settings = loaded(VALID, variables).settings;
        assert_eq!(settings.window.daily.is_some(), is_daily, "{variables:?}");
    }
}

#[test]
fn a_link_to_the_state_means_the_file_it_leads_to() {
    let folder = tempfile::tempdir().unwrap();
    let (file, link, second) = (
        folder.path().join("state.db"),
        folder.path().join("link.db"),
        folder.path().join("second.db"),
    );
    std::os::unix::fs::symlink("state.db", &link).unwrap();
    std::os::unix::fs::symlink(&link, &second).unwrap();
    for name in [&file, &link, &second] {
        let name = name.to_str().unwrap();
        let settings = loaded(VALID, &[("MECRIS__STATE__PATH", name)]).settings;
        assert_eq!(settings.state.path, file, "{name}");
    }
}
