//! `usage scan`: what Claude Code's transcripts say, recorded in the state of this machine or sent to another Mecris.

mod local;
mod post;
mod report;
mod tally;

use std::{
    io,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use jiff::{Timestamp, tz::TimeZone};

use self::{local::State, post::Address, report::Report, tally::Tally};
use super::{Exit, context};
use crate::{
    cli::ScanArgs,
    clock::Clock,
    transcripts::{self, Cursor, Kept},
};

/// Where the sessions go.
enum Destination {
    State(Box<State>),
    Address(Box<Address>),
}

/// How the recording ended.
struct Sent {
    tally: Tally,
    /// What a person should know, a sentence each.
    notes: Vec<String>,
    /// Why not everything could be recorded, and the exit code for that.
    stopped: Option<(String, Exit)>,
}

pub(super) async fn scan(config: Option<&Path>, options: &ScanArgs) -> anyhow::Result<Exit> {
    let clock = Clock::system();
    let now = clock.now();
    let since = before(now, options)?;
    let folders = transcripts::transcripts_of(&options.dir, |name| std::env::var_os(name))?;
    let (destination, kept) = match &options.post {
        None => {
            let state = State::new(context::load(config).await?.settings);
            let kept = Kept::beside(state.path());
            (Destination::State(Box::new(state)), kept)
        }
        Some(url) => {
            let address = Address::new(url, options.token_file.as_deref(), clock.clone())?;
            let kept = Kept::of_address(&state_home()?, url.as_str());
            (Destination::Address(Box::new(address)), kept)
        }
    };
    let mut notes = Vec::new();
    let cursor = if options.again {
        None
    } else {
        usable(&destination, &kept, &mut notes)
    };
    let mut scanned = transcripts::scan(&folders, since, cursor.as_ref());
    let found = std::mem::take(&mut scanned.found);
    let sent = match &destination {
        _ if found.is_empty() => Sent::nothing(),
        Destination::State(state) => state.record(found, options.is_billed(), &clock).await?,
        Destination::Address(address) => address.record(found, options.is_billed()).await,
    };
    let last = sent
        .tally
        .last
        .clone()
        .or(cursor.as_ref().and_then(|cursor| cursor.last.clone()));
    let newer = scanned.cursor(&kept, &sent.tally.again, last);
    if cursor.as_ref() != Some(&newer)
        && let Err(error) = kept.write(&newer)
    {
        let path = kept.path.display();
        notes.push(format!(
            "{path} cannot be written ({error}): the next scan reads everything again"
        ));
    }
    notes.extend(sent.notes);
    let report = Report::new(
        &scanned,
        &sent.tally,
        notes,
        sent.stopped.as_ref().map(|(why, _)| why.clone()),
    );
    report.print(&mut io::stdout().lock(), options)?;
    Ok(match sent.stopped {
        Some((_, exit)) => exit,
        None if report.is_whole() => Exit::Done,
        None => Exit::Unknown,
    })
}

impl Sent {
    fn nothing() -> Self {
        Self {
            tally: Tally::default(),
            notes: Vec::new(),
            stopped: None,
        }
    }
}

/// The cursor, if it tells what this destination has. If not, `notes` says why.
fn usable(destination: &Destination, kept: &Kept, notes: &mut Vec<String>) -> Option<Cursor> {
    let read = kept.read().and_then(|cursor| match (destination, cursor) {
        (Destination::State(state), Some(cursor)) if !state.has(cursor.last.as_deref()) => {
            Err("the state does not have what was recorded last".to_owned())
        }
        (_, cursor) => Ok(cursor),
    });
    read.unwrap_or_else(|why| {
        notes.push(format!("{why}: everything is read again"));
        None
    })
}

fn before(now: Timestamp, options: &ScanArgs) -> anyhow::Result<Timestamp> {
    let now = now.to_zoned_datetime(TimeZone::UTC);
    let since = now.saturating_sub(options.since);
    Ok(since.timestamp())
}

/// The folder for what this person's programs remember.
fn state_home() -> anyhow::Result<PathBuf> {
    let variable = |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let home = || Some(variable("HOME")?.join(".local/state"));
    let folder = variable("XDG_STATE_HOME")
        .filter(|folder| folder.is_absolute())
        .or_else(home);
    Ok(folder
        .context("neither HOME nor XDG_STATE_HOME is set: one of them says where to remember what was read")?
        .join("mecris"))
}
