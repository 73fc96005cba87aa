//! The command line: names, arguments and help texts. `commands` holds what each command does.

use std::{ffi::OsString, path::PathBuf};

use clap::{
    ArgGroup, Args, Parser, Subcommand, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser as _},
    error::ErrorKind,
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::{
    clock::{Moment, exact_instant},
    domain::{ChannelKind, Severity, Subject},
    simulate::Passes,
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
    /// The rules are those of every pass. Nothing is sent, nothing is read but the files, and the state of
    /// this machine is not touched. The settings are the defaults, those of --config, and the person's.
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

/// `silence`.
#[derive(Debug, Args)]
#[group(skip)]
#[command(group = ArgGroup::new("end").args(["until", "lasting", "clear"]).required(true))]
pub struct SilenceArgs {
    /// What: a subject with * for any characters and ? for one, such as goal:reading, goal:* or budget:groq.
    #[arg(value_name = "SUBJECT")]
    pub subject: String,

    /// The end: 2026-12-24T18:00 or 2026-12-24 (its first moment) on your clock. At most 90 days away.
    #[arg(long, value_name = "WHEN")]
    pub until: Option<String>,

    /// How long: 2h, 3d, "1w 2d".
    #[arg(long = "for", value_name = "LENGTH")]
    pub lasting: Option<String>,

    /// Ends the silences of this pattern.
    #[arg(long)]
    pub clear: bool,

    /// Who asks, and why.
    #[command(flatten)]
    pub said: SaidArgs,
}

/// `vacation`.
#[derive(Debug, Args)]
#[group(skip)]
#[command(group = ArgGroup::new("end").args(["until", "lasting", "clear"]))]
pub struct VacationArgs {
    /// When it begins, written as --until is [default: now].
    #[arg(long, value_name = "WHEN", requires = "end", conflicts_with = "clear")]
    pub from: Option<String>,

    /// The end: 2026-12-24T18:00 or 2026-12-24 (its first moment) on your clock. At most 90 days away.
    #[arg(long, value_name = "WHEN")]
    pub until: Option<String>,

    /// How long: 3d, "1w 2d".
    #[arg(long = "for", value_name = "LENGTH")]
    pub lasting: Option<String>,

    /// Ends the vacation, and those that begin later.
    #[arg(long)]
    pub clear: bool,

    /// Who asks, and why.
    #[command(flatten)]
    pub said: SaidArgs,
}

/// `ack`.
#[derive(Debug, Args)]
#[group(skip)]
#[command(group = ArgGroup::new("which").args(["message", "last"]).required(true))]
pub struct AckArgs {
    /// The message: its tag, as its text ends with it (k7q2x9), or its id.
    #[arg(value_name = "MESSAGE")]
    pub message: Option<String>,

    /// The newest message.
    #[arg(long)]
    pub last: bool,

    /// Who knows.
    #[arg(long, value_name = "NAME", default_value = "command line")]
    pub author: String,

    /// Prints one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// Who says something, and why.
#[derive(Debug, Args)]
pub struct SaidArgs {
    /// Who asks for it.
    #[arg(long, value_name = "NAME", default_value = "command line")]
    pub author: String,

    /// Why.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub comment: String,

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
    #[arg(long, value_name = "DAY")]
    pub from: Option<Date>,

    /// The number of days [default: as the person's file or the record says].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=3660))]
    pub days: Option<u16>,

    /// What chance begins with. The same seed makes the same person [default: as the person's file says].
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

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

/// `state …`.
#[derive(Debug, Subcommand)]
pub enum StateCommand {
    /// Writes a consistent copy to a file and reads it back. Works beside a running daemon.
    Backup(BackupArgs),
    /// Lists the copies off this machine: number, time, size, and why each is kept.
    List(JsonArgs),
    /// Checks the state and its copies for damage. Works beside a running daemon.
    ///
    /// Without an argument it checks the file of this machine and the newest copy off this machine. Exits
    /// with 1 if something is damaged, with 3 if something could not be read.
    Verify(VerifyArgs),
    /// Goes back to an earlier state, on this machine and off it. Refused while another mecris-agent has the
    /// state.
    ///
    /// The source is checked first, and the present file is kept under another name. Every other instance
    /// loads the restored state. Figures are those of the earlier state. Silences and the record of sent
    /// messages are kept, so that no message is sent twice.
    Restore(RestoreArgs),
    /// Prints every table as JSON, without secrets. Works beside a running daemon.
    Export(ExportArgs),
    /// Brings the file to the schema of this release, and keeps a copy of the older file. Every command that
    /// writes does this by itself.
    Migrate(JsonArgs),
    /// Takes over the data of the Python system: budget, sessions, Groq readings, alerts that were sent.
    ///
    /// The old files are not changed. A second import adds only the rows that are new. Refused while another
    /// mecris-agent has the state. Exits with 3 if a row could not be read.
    Import(ImportArgs),
}

/// `state backup`.
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// The file to write; an existing file is never replaced. A name that ends in .zst is compressed
    /// [default: beside the state, with the time in its name].
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

    /// The copy off this machine with this number (`state list`).
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

    /// The copy off this machine with this number (`state list`).
    #[arg(long, value_name = "N")]
    pub generation: Option<u64>,

    /// The newest sound copy off this machine that was made at this time or before: 2026-11-14 (the end of
    /// the day), 2026-11-14T13:00 (both on the clock of time_zone), 2026-11-14T13:00:00-05:00, or "7 days
    /// ago".
    #[arg(long, value_name = "WHEN")]
    pub at: Option<Moment>,

    /// The newest sound copy off this machine.
    #[arg(long)]
    pub latest: bool,

    /// Also forgets the messages that were sent since then. They may be sent again.
    #[arg(long)]
    pub exactly: bool,

    /// Only writes the copy into this folder and changes nothing else: a drill. Works beside a running
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

    /// The zone of the old machine's clock, for example America/New_York. The old times have no offset.
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    pub zone: TimeZone,

    /// Shows what an import would add, and adds nothing. Works beside a running daemon.
    #[arg(long)]
    pub dry_run: bool,

    /// Prints one JSON object.
    #[arg(long)]
    pub json: bool,
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
