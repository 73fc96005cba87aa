//! What language models were used for: `usage scan`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::Span;
use url::Url;

/// `usage …`.
#[derive(Debug, Subcommand)]
pub enum UsageCommand {
    /// Records what Claude Code's transcripts on this machine say of its requests, each request once.
    ///
    /// Reads projects/**/*.jsonl in the folders of CLAUDE_CONFIG_DIR, or else in ~/.claude and ~/.config/claude, and of
    /// these only what is new since the last time. Numbers, ids, models and times are recorded, and nothing of what was
    /// said. Works beside a running daemon. With --post it needs no configuration. Exits with 3 if something could not
    /// be read or was refused.
    Scan(ScanArgs),
}

/// `usage scan`.
#[derive(Debug, Args)]
pub struct ScanArgs {
    /// How far back, such as 12h, 30d or 8w. Claude Code deletes transcripts after 30 days unless it is told otherwise.
    #[arg(long, value_name = "LENGTH", default_value = "30d", value_parser = length)]
    pub since: Span,

    /// Looks in this folder instead, or in the folder projects in it. Can be given several times.
    #[arg(long, value_name = "FOLDER")]
    pub dir: Vec<PathBuf>,

    /// Sends the sessions to the Mecris at this address, for example http://127.0.0.1:8000, in place of recording them in
    /// the state of this machine. The token is the first of MECRIS_API_TOKENS.
    #[arg(long, value_name = "URL", value_parser = address)]
    pub post: Option<Url>,

    /// Reads the token for --post from this file.
    #[arg(long, value_name = "FILE", requires = "post")]
    pub token_file: Option<PathBuf>,

    /// Whether somebody pays for these requests by the token. Transcripts do not say that.
    #[arg(long, value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set)]
    pub billed: bool,

    /// The requests are within a plan (Pro, Max, Team): the same as --billed=false. They are shown, and no budget counts
    /// them.
    #[arg(long, conflicts_with = "billed")]
    pub plan: bool,

    /// Reads everything again, whatever was read before. Nothing counts twice.
    #[arg(long)]
    pub again: bool,

    /// Prints one JSON object.
    #[arg(long)]
    pub json: bool,
}

impl ScanArgs {
    /// Whether somebody pays for the requests.
    pub fn is_billed(&self) -> bool {
        self.billed && !self.plan
    }
}

fn length(text: &str) -> Result<Span, String> {
    let span = text.trim().parse::<Span>().ok();
    let ahead = span.filter(|span| !span.is_negative() && !span.is_zero());
    ahead.ok_or_else(|| "expected a length such as 12h, 30d or 8w".to_owned())
}

fn address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).ok();
    url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host() && url.username().is_empty())
        .ok_or_else(|| "expected an address such as http://127.0.0.1:8000".to_owned())
}
