use clap::CommandFactory as _;

use super::*;
use crate::clock::Moment;

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(std::iter::once("mecris-agent").chain(line.split_whitespace()))
}

fn helps(command: &mut clap::Command, path: &str, into: &mut String) {
    into.push_str(&format!("$ {path} --help\n{}\n", command.render_long_help()));
    for inner in command.get_subcommands_mut() {
        let path = format!("{path} {}", inner.get_name());
        helps(inner, &path, into);
    }
}

#[test]
fn the_definition_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn help_of_every_command() {
    let mut command = Cli::command();
    command.build();
    let mut text = String::new();
    helps(&mut command, "mecris-agent", &mut text);
    insta::assert_snapshot!(text);
}

#[test]
fn commands_and_options_parse() {
    let cli = parse("run --dry-run --at 2026-11-21T15:00:00-05:00 --json --config a.toml --log-format json")
        .unwrap();
    assert_eq!(cli.config, Some(PathBuf::from("a.toml")));
    assert_eq!(cli.log_format, Some(Format::Json));
    let Command::Run(run) = cli.command else {
        panic!("not run")
    };
    assert!(run.dry_run && run.json);
    assert_eq!(run.at, Some("2026-11-21T20:00:00Z".parse().unwrap()));

    let Command::SendAlert(alert) = parse("send-alert --subject backup --text late").unwrap().command else {
        panic!("not send-alert")
    };
    assert_eq!(
        (alert.subject.as_str(), alert.text.as_str(), alert.severity),
        ("backup", "late", Severity::Warning)
    );

    let Command::Notify(NotifyCommand::Test { channel }) =
        parse("notify test --channel console").unwrap().command
    else {
        panic!("not notify test")
    };
    assert_eq!(channel, Some(ChannelKind::Console));
    let Command::State(StateCommand::Import(import)) =
        parse("state import a.db b.db --zone america/new_york --json")
            .unwrap()
            .command
    else {
        panic!("not state import")
    };
    assert_eq!(import.files, ["a.db", "b.db"].map(PathBuf::from));
    assert_eq!(import.zone.iana_name(), Some("America/New_York"));
    assert!(import.json && !import.dry_run);
    let Command::State(StateCommand::Restore(restore)) =
        parse("state restore --at 2026-11-14 --to here").unwrap().command
    else {
        panic!("not state restore")
    };
    assert!(matches!(restore.at, Some(Moment::Day(_))) && restore.to == Some(PathBuf::from("here")));
    assert!(parse("state restore a.db --exactly").is_ok() && parse("state verify").is_ok());
    assert!(matches!(
        parse("window").unwrap().command,
        Command::Window(WindowArgs { days: 7 })
    ));
    assert!(
        parse("--config b.toml serve").is_ok(),
        "global options go first, too"
    );
}

#[test]
fn mistakes_exit_64_and_help_exits_0() {
    for line in [
        "",
        "serv",
        "run --at yesterday",
        "window --days 0",
        "window --days 367",
        "notify test --channel fax",
        "send-alert --subject a",
        "send-alert --text t --subject s --severity SAFE",
        "send-alert --text t --subject with/slash",
        "serve --log-format xml",
        "state",
        "state import --zone America/New_York",
        "state import old.db",
        "state import old.db --zone EST5EDT4",
        "state import old.db --zone Sourth_Bend",
        "state restore",
        "state restore a.db --latest",
        "state restore --at yesterday",
        "state restore --latest --exactly --to folder",
        "state verify --all --generation 3",
        "state verify --generation -1",
    ] {
        let arguments = std::iter::once("mecris-agent").chain(line.split_whitespace());
        assert_eq!(
            Cli::parse_or_explain(arguments).unwrap_err(),
            EXIT_USAGE,
            "{line:?}"
        );
    }
    for line in ["--help", "run --help", "--version"] {
        let arguments = std::iter::once("mecris-agent").chain(line.split_whitespace());
        assert_eq!(Cli::parse_or_explain(arguments).unwrap_err(), 0, "{line:?}");
    }
}

#[test]
fn a_first_day_that_leaves_no_room_in_the_calendar_is_refused_with_the_bounds() {
    assert!(parse("simulate --people a.toml --from 2999-12-31").is_ok());
    for day in ["9999-12-30", "1999-12-31", "tomorrow"] {
        let error = parse(&format!("simulate --people a.toml --from {day}"))
            .unwrap_err()
            .to_string();
        let expected = format!(
            "invalid value '{day}' for '--from <DAY>': expected a day from 2000-01-01 to 2999-12-31, for example 2026-10-24"
        );
        assert!(error.contains(&expected), "{error}");
    }
}
