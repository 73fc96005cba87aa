//! `state …`: the arguments of its commands.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};
use jiff::tz::TimeZone;

use super::{JsonArgs, zone};
use crate::clock::Moment;

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
