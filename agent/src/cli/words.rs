//! What a person says on the command line: `silence`, `vacation`, `ack`.

use clap::{ArgGroup, Args};

/// `silence`.
#[derive(Debug, Args)]
#[group(skip)]
#[command(group = ArgGroup::new("end").args(["until", "lasting", "clear"]).required(true))]
pub struct SilenceArgs {
    /// What: a subject with * for any characters and ? for one, such as goal:reading, goal:* or budget:groq.
    #[arg(value_name = "SUBJECT")]
    pub subject: String,

    /// When it ends.
    #[command(flatten)]
    pub end: EndArgs,

    /// Ends the silences of this pattern.
    #[arg(long)]
    pub clear: bool,

    /// The person who asks, and the reason.
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

    /// When it ends.
    #[command(flatten)]
    pub end: EndArgs,

    /// Ends the vacation, and those that begin later.
    #[arg(long)]
    pub clear: bool,

    /// The person who asks, and the reason.
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

/// When silence ends.
#[derive(Debug, Args)]
#[group(skip)]
pub struct EndArgs {
    /// The end: 2026-12-24T18:00 or 2026-12-24 (its first moment) on your clock. At most 90 days away.
    #[arg(long, value_name = "WHEN")]
    pub until: Option<String>,

    /// How long: 2h, 3d, "1w 2d".
    #[arg(long = "for", value_name = "LENGTH")]
    pub lasting: Option<String>,
}

/// The person who says something, and the reason.
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
