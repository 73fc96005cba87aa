//! The command line: names, arguments and help texts. `commands` holds what each command does.

mod state;
mod usage;
mod words;

use std::{ffi::OsString, path::PathBuf};

use clap::{
    Args, Parser, Subcommand, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser as _},
    error::ErrorKind,
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};

pub use state::{BackupArgs, ExportArgs, ImportArgs, RestoreArgs, StateCommand, VerifyArgs};
pub use usage::{ScanArgs, UsageCommand};
pub use words::{AckArgs, EndArgs, SaidArgs, SilenceArgs, VacationArgs};

use crate::{
    clock::exact_instant,
    domain::{ChannelKind, Severity, Subject, Trigger},
    simulate::{FIRST_DAYS, Passes},
    telemetry::logs::Format,
};

/// `EX_USAGE`: the arguments cannot be parsed.
pub const EXIT_USAGE: u8 = 64;

/// Exit codes, at the end of every `--help`.
const EXIT_CODES: &str = "Exit codes: 0 done, 1 failed, 3 done but something is unknown, 64 usage, 75 try again, 78 configuration.";

/// The heading of the options that every command takes.
const GLOBAL: &str = "Global options";

/// Watches what you promised and sends one well-timed message when a promise is about to break.
///
/// Results go to standard output, diagnostics to standard error.
#[derive(Debug, Parser)]
#[command(name = "mecris-agent", version, disable_help_subcommand = true, after_help = EXIT_CODES)]
pub struct Cli {
    /// The configuration file [default: /etc/mecris/agent.toml, if it exists].
    #[arg(long, value_name = "FILE", global = true, help_heading = GLOBAL)]
    pub config: Option<PathBuf>,

    /// How log lines look [default: MECRIS_LOG_FORMAT, else text]. MECRIS_LOG sets what is logged, for
    /// example `debug`.
    #[arg(long, value_name = "FORMAT", global = true, help_heading = GLOBAL)]
    pub log_format: Option<Format>,

    /// The subcommand.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs the daemon: a pass every `heuristic.interval`, deliveries, the HTTP endpoints.
    Serve,
    /// Makes one pass: observes, decides, records and sends.
    Run(RunArgs),
    /// Checks every setting, credential and connection, and names the next step for each problem.
    Check(CheckArgs),
    /// Shows the last pass, open messages, and what is unknown.
    Status(JsonArgs),
    /// Shows the goals by the last reading: when each derails, and when Mecris will speak of it.
    ///
    /// Works beside a running daemon, and without one from the newest copy off this machine. Exits with 3 if
    /// the reading is not current.
    Goals(JsonArgs),
    /// Says why Mecris is silent about something, and until when.
    ///
    /// Works beside a running daemon, and without one from the newest copy off this machine. Exits with 3 if
    /// the reading is not current.
    Explain(ExplainArgs),
    /// Shows the daily windows to come, in local and UTC time.
    Window(WindowArgs),
    /// Plays people's days in virtual time: the messages that they would have got, and how good those were.
    ///
    /// The rules are those of every pass. Nothing is sent, and the state of this machine stays as it is. Only
    /// --history reads it. The settings are the defaults, those of --config, and the person's.
    Simulate(SimulateArgs),
    /// Tests the channels.
    #[command(subcommand)]
    Notify(NotifyCommand),
    /// Sends an alert through the same ledger, limits and channels as every other message.
    SendAlert(SendAlertArgs),
    /// Keeps silent about something for a while, beside a running daemon, too.
    ///
    /// A pattern covers what Mecris says about itself only if it spells out the part before the colon:
    /// upstream:*, channel:*, run.
    Silence(SilenceArgs),
    /// Keeps silent about everything that was promised while you are away, beside a running daemon, too.
    ///
    /// The answer says which goals derail while the vacation lasts if nothing is entered. Beside a running daemon
    /// that answer is sent as a message. Without options it shows the vacations there are.
    Vacation(VacationArgs),
    /// Says that you know: what a message tells is not repeated on its day.
    Ack(AckArgs),
    /// Sends the journal of this machine to CloudWatch Logs, each line once.
    ShipJournal(ShipJournalArgs),
    /// Finds out what language models were used for.
    #[command(subcommand)]
    Usage(UsageCommand),
    /// Copies, checks, restores, exports and imports the state.
    #[command(subcommand)]
    State(StateCommand),
    /// Shows the version.
    Version(JsonArgs),
}

/// `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Decides, but records and sends nothing.
    #[arg(long)]
    pub dry_run: bool,

    /// Uses this time as the present, for example 2026-11-21T15:00:00-05:00. Refused in production.
    #[arg(long, value_name = "RFC3339", value_parser = exact_instant)]
    pub at: Option<Timestamp>,

    /// Records the pass as one that was asked for by this, so that a test can make a daemon's passes at its own
    /// times.
    #[arg(
        long,
        value_name = "TRIGGER",
        default_value = "cli",
        requires = "at",
        hide = true
    )]
    pub trigger: Trigger,

    /// Prints one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Uses no network. Settings and secrets in AWS are listed, but not read.
    #[arg(long)]
    pub offline: bool,

    /// Prints one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// Commands that only choose how to print.
#[derive(Debug, Args)]
pub struct JsonArgs {
    /// Prints one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// What: goal:reading or reading, walk, budget:groq, upstream:beeminder; or all of a kind: goals, budgets.
    #[arg(value_name = "SUBJECT")]
    pub subject: String,

    /// Prints one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// `ship-journal`.
#[derive(Debug, Args)]
pub struct ShipJournalArgs {
    /// The folder for the shipping position [default: STATE_DIRECTORY, which systemd sets].
    #[arg(long, value_name = "FOLDER")]
    pub state_directory: Option<PathBuf>,
}

/// `window`.
#[derive(Debug, Args)]
pub struct WindowArgs {
    /// The number of days.
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=366))]
    pub days: u16,
}

/// `simulate`.
#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// The people, for example examples/people/morning.toml.
    #[arg(long, value_name = "FILE", num_args = 1.., required_unless_present_any = ["goals", "history"])]
    pub people: Vec<PathBuf>,

    /// Replays goals with their datapoints, as Beeminder's API sends them: an array of goals, or the user with
    /// all associations (users/me.json?associations=true).
    #[arg(long, value_name = "FILE", conflicts_with_all = ["people", "history"])]
    pub goals: Option<PathBuf>,

    /// Replays what the state of this installation has kept of the last four months.
    #[arg(long, conflicts_with = "people")]
    pub history: bool,

    /// The first day [default: as the person's file or the record says].
    #[arg(long, value_name = "DAY", value_parser = first_day)]
    pub from: Option<Date>,

    /// The number of days [default: as the person's file or the record says].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=3660))]
    pub days: Option<u16>,

    /// What chance begins with. The same seed makes the same person [default: as the person's file says].
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// The person's zone, for example Europe/Berlin [default: as the person's file says].
    #[arg(long, value_name = "ZONE", value_parser = zone, conflicts_with = "history")]
    pub zone: Option<TimeZone>,

    /// When passes are made: "13-18/15m", "always/30m", "13-18 mon-fri and 21:30" [default: as the person's
    /// file says; of a record, as configured].
    #[arg(long, value_name = "PASSES")]
    pub window: Option<Passes>,

    /// Also plays the other timetables and zones of the person's file.
    #[arg(long)]
    pub also: bool,

    /// Plays everything again with this setting, and shows both. Can be given several times.
    #[arg(long, value_name = "KEY=VALUE", value_parser = choice)]
    pub set: Vec<(String, String)>,

    /// Prints one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// `notify …`.
#[derive(Debug, Subcommand)]
pub enum NotifyCommand {
    /// Sends a test message now.
    Test {
        /// Only this channel [default: notify.channels in their order, as for every message].
        #[arg(long, value_name = "CHANNEL", value_parser = channel())]
        channel: Option<ChannelKind>,
    },
}

/// `send-alert`.
#[derive(Debug, Args)]
pub struct SendAlertArgs {
    /// The subject, for example goal:reading or backup. One alert is sent for each subject and day.
    #[arg(long)]
    pub subject: Subject,

    /// The text of the message.
    #[arg(long, value_parser = not_blank)]
    pub text: String,

    /// The severity. Below WARNING nothing is sent.
    #[arg(long, default_value = "WARNING", value_parser = severity())]
    pub severity: Severity,
}

impl Cli {
    /// Parses arguments; the first is the program's name. For a mistake, `--help` and `--version` it prints
    /// the text.
    ///
    /// # Errors
    /// The exit code: 0 after `--help` and `--version`, [`EXIT_USAGE`] after a mistake.
    pub fn parse_or_explain<T: Into<OsString> + Clone>(
        arguments: impl IntoIterator<Item = T>,
    ) -> Result<Self, u8> {
        Self::try_parse_from(arguments).map_err(|error| {
            // If the terminal is gone, the text cannot be printed anywhere.
            let _ = error.print();
            match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => 0,
                _ => EXIT_USAGE,
            }
        })
    }
}

impl ValueEnum for Format {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Text, Self::Json]
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(match self {
            Self::Text => "text",
            Self::Json => "json",
        }))
    }
}

fn channel() -> impl clap::builder::TypedValueParser<Value = ChannelKind> {
    PossibleValuesParser::new(ChannelKind::ALL.map(ChannelKind::as_str)).try_map(|name| {
        ChannelKind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == name)
            .ok_or("not a channel")
    })
}

fn choice(text: &str) -> Result<(String, String), String> {
    let (key, value) = text
        .split_once('=')
        .ok_or("expected a setting and its value, for example policy.escalate=true")?;
    Ok((key.trim().to_owned(), value.trim().to_owned()))
}

/// The first day of what is simulated.
fn first_day(text: &str) -> Result<Date, String> {
    let day = text.parse().ok().filter(|day| FIRST_DAYS.contains(day));
    let (first, last) = (FIRST_DAYS.start(), FIRST_DAYS.end());
    day.ok_or_else(|| format!("expected a day from {first} to {last}, for example 2026-10-24"))
}

fn zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name)
        .map_err(|_| "expected the IANA name of a zone, for example America/New_York".to_owned())
}

/// The severities of an alert: `SAFE` and `UNKNOWN` call for none.
fn severity() -> impl clap::builder::TypedValueParser<Value = Severity> {
    PossibleValuesParser::new(["CAUTION", "WARNING", "CRITICAL"]).try_map(|name| name.parse::<Severity>())
}

/// A text with something in it.
fn not_blank(text: &str) -> Result<String, &'static str> {
    match text.trim() {
        "" => Err("expected a text, not only spaces"),
        text => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests;
