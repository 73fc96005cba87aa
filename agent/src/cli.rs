//! The command line. What each command does is in `commands`; here are only words and their shapes.

use std::{ffi::OsString, path::PathBuf};

use clap::{
    ArgGroup, Args, Parser, Subcommand, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser as _},
    error::ErrorKind,
};
use jiff::{Timestamp, tz::TimeZone};

use crate::{
    clock::Moment,
    domain::{ChannelKind, Severity, Subject},
    telemetry::logs::Format,
};

/// `EX_USAGE`: the arguments make no sense.
pub const EXIT_USAGE: u8 = 64;

/// Exit codes, at the end of every `--help`.
const EXIT_CODES: &str = "Exit codes: 0 done, 1 failed, 3 done but something was unknown, 64 usage, 75 try again, 78 configuration.";

/// The heading of what every command takes.
const GLOBAL: &str = "Global options";

/// Watches what you promised and sends one well-timed message when a promise is about to break.
///
/// Results go to standard output, diagnostics to standard error.
#[derive(Debug, Parser)]
#[command(name = "mecris-agent", version, disable_help_subcommand = true, after_help = EXIT_CODES)]
pub struct Cli {
    /// The configuration [default: /etc/mecris/agent.toml, if it exists].
    #[arg(long, value_name = "FILE", global = true, help_heading = GLOBAL)]
    pub config: Option<PathBuf>,

    /// How log lines look [default: MECRIS_LOG_FORMAT, else text]. MECRIS_LOG sets what is logged, for
    /// example `debug`.
    #[arg(long, value_name = "FORMAT", global = true, help_heading = GLOBAL)]
    pub log_format: Option<Format>,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs the daemon: a pass every `heuristic.interval`, deliveries, the HTTP endpoints.
    Serve,
    /// Makes one pass: looks, decides, records and sends.
    Run(RunArgs),
    /// Checks every setting, credential and connection, and says what to do about each problem.
    Check(CheckArgs),
    /// Shows what a person wants to see first: the last pass, open messages, what is unknown.
    Status(JsonArgs),
    /// Shows when it will run, in local and UTC time.
    Window(WindowArgs),
    /// Tries the channels.
    #[command(subcommand)]
    Notify(NotifyCommand),
    /// Sends an alert through the same ledger, limits and channels as everything else.
    SendAlert(SendAlertArgs),
    /// Follows the journal of this machine and puts it to CloudWatch Logs, each line once.
    ShipJournal(ShipJournalArgs),
    /// Looks after what Mecris remembers.
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

    /// Takes this for the time now, for example 2026-11-21T15:00:00-05:00. Refused in production.
    #[arg(long, value_name = "RFC3339")]
    pub at: Option<Timestamp>,

    /// Prints one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Asks nothing over a network. Settings and secrets that are in AWS are named, and not read.
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

/// `ship-journal`.
#[derive(Debug, Args)]
pub struct ShipJournalArgs {
    /// Where to keep how far it came [default: STATE_DIRECTORY, which systemd sets].
    #[arg(long, value_name = "FOLDER")]
    pub state_directory: Option<PathBuf>,
}

/// `window`.
#[derive(Debug, Args)]
pub struct WindowArgs {
    /// How many days to show.
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=366))]
    pub days: u16,
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

/// `state …`.
#[derive(Debug, Subcommand)]
pub enum StateCommand {
    /// Writes a consistent copy to a file and reads it back. Works beside a running daemon.
    Backup(BackupArgs),
    /// Lists the copies off this machine: number, time, size, and why each is kept.
    List(JsonArgs),
    /// Checks that the state and its copies can be relied on. Works beside a running daemon.
    ///
    /// Without an argument: the file of this machine and the newest copy off it. Exits with 1 if something is
    /// damaged, with 3 if something could not be read.
    Verify(VerifyArgs),
    /// Goes back to an earlier state, on this machine and off it. Refused while another mecris-agent has the
    /// state.
    ///
    /// The source is checked first, the present file is kept beside itself, and every other instance loads
    /// what was restored. Figures are as they were then; what was said since, and silences, are kept, so that
    /// nothing is said twice.
    Restore(RestoreArgs),
    /// Prints every table as JSON, beside a running daemon too. There are no secrets in it.
    Export(ExportArgs),
    /// Brings the file to the schema of this release, after a copy. Every command that writes does so by
    /// itself.
    Migrate(JsonArgs),
    /// Takes over what the Python system remembers: budget, sessions, Groq readings, alerts that were sent.
    ///
    /// The old files stay as they are. Taking them over again adds only what is new in them. Refused while
    /// another mecris-agent has the state. Exits with 3 if a row could not be read.
    Import(ImportArgs),
}

/// `state backup`.
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// Where to; never over another file. A name that ends in .zst is compressed [default: beside the state,
    /// with the time].
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,

    /// Prints one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// `state verify`.
#[derive(Debug, Args)]
#[group(skip)]
#[command(group = ArgGroup::new("what").args(["file", "generation", "all"]))]
pub struct VerifyArgs {
    /// A copy in a file, compressed or not.
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,

    /// One copy off this machine.
    #[arg(long, value_name = "N")]
    pub generation: Option<u64>,

    /// The file of this machine and every copy off it.
    #[arg(long)]
    pub all: bool,

    /// Prints one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// `state restore`.
#[derive(Debug, Args)]
#[group(skip)]
#[command(group = ArgGroup::new("source").args(["file", "generation", "at", "latest"]).required(true))]
pub struct RestoreArgs {
    /// A copy in a file, compressed or not.
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,

    /// The copy off this machine of that number (`state list`).
    #[arg(long, value_name = "N")]
    pub generation: Option<u64>,

    /// The newest copy off this machine that was made by then: 2026-11-14 (the end of the day),
    /// 2026-11-14T13:00 (both on the clock of time_zone), 2026-11-14T13:00:00-05:00, or "7 days ago".
    #[arg(long, value_name = "WHEN")]
    pub at: Option<Moment>,

    /// The newest copy off this machine that is sound.
    #[arg(long)]
    pub latest: bool,

    /// Forgets what was said since, too. It may be said again.
    #[arg(long)]
    pub exactly: bool,

    /// Only writes the copy into this folder, and touches nothing else: a drill. Works beside a running
    /// daemon.
    #[arg(long, value_name = "FOLDER", conflicts_with = "exactly")]
    pub to: Option<PathBuf>,

    /// Prints one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// `state export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Only this table, one row a line [default: one object with every table].
    #[arg(long, value_name = "TABLE")]
    pub table: Option<String>,
}

/// `state import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The Python system's mecris_usage.db and mecris_virtual_budget.db.
    #[arg(value_name = "OLD.db", required = true)]
    pub files: Vec<PathBuf>,

    /// The zone of the old machine's clock, for example America/New_York: its times have no offset.
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    pub zone: TimeZone,

    /// Says what it would take, and takes nothing. Works while another mecris-agent has the state, too.
    #[arg(long)]
    pub dry_run: bool,

    /// Prints one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// `send-alert`.
#[derive(Debug, Args)]
pub struct SendAlertArgs {
    /// What it is about, for example goal:reading or backup. One alert for each subject and day is sent.
    #[arg(long)]
    pub subject: Subject,

    /// What to say.
    #[arg(long, value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub text: String,

    /// How urgent it is; compared with heuristic.notify_at.
    #[arg(long, default_value = "WARNING", value_parser = severity())]
    pub severity: Severity,
}

impl Cli {
    /// Parses arguments, the program's name first. On a mistake, and after `--help`, prints what there is to
    /// say.
    ///
    /// # Errors
    /// The code to exit with: 0 after `--help` and `--version`, [`EXIT_USAGE`] after a mistake.
    pub fn parse_or_explain<T: Into<OsString> + Clone>(
        arguments: impl IntoIterator<Item = T>,
    ) -> Result<Self, u8> {
        Self::try_parse_from(arguments).map_err(|error| {
            // There is nobody left to tell if the terminal is gone.
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
            .ok_or("there is no such channel")
    })
}

fn zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name)
        .map_err(|_| "expected the IANA name of a zone, for example America/New_York".to_owned())
}

/// `SAFE` and `UNKNOWN` are nothing to alert about.
fn severity() -> impl clap::builder::TypedValueParser<Value = Severity> {
    PossibleValuesParser::new(["CAUTION", "WARNING", "CRITICAL"]).try_map(|name| name.parse::<Severity>())
}

#[cfg(test)]
mod tests;
