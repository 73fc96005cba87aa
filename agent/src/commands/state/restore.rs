//! `state restore`: goes back to an earlier state.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use jiff::Timestamp;
use serde::Serialize;
use tokio::time::Instant;

use super::{remote, required_remote};
use crate::{
    cli::RestoreArgs,
    clock::{self, Clock},
    commands::{Exit, context, text},
    config::Settings,
    store::{
        file::{copies, image, verify},
        replica::{
            generation,
            remote::{Generation, Remote},
            rollback::{Rollback, RolledBack},
        },
    },
};

/// A sound state in memory, and its origin.
struct Source {
    state: rusqlite::Connection,
    /// The origin's name for a person: a file's path or `generation 17`.
    what: String,
    generation: Option<Generation>,
    schema_version: i64,
    /// One sentence for each newer generation that was skipped because it is damaged.
    passed_over: Vec<String>,
}

#[derive(Serialize)]
struct Restored {
    source: String,
    made_at: Option<Timestamp>,
    schema_version: i64,
    passed_over: Vec<String>,
    file: PathBuf,
    bytes: Option<u64>,
    #[serde(flatten)]
    rolled_back: Option<RolledBack>,
    took_seconds: f64,
}

pub(super) async fn restore(config: Option<&Path>, options: RestoreArgs) -> anyhow::Result<Exit> {
    let started = Instant::now();
    let settings = context::load(config).await?.settings;
    let clock = Clock::system();
    // The lock is taken first, so that a running daemon makes this command fail at once.
    let rollback = if options.to.is_none() {
        Some(Rollback::begin(&settings.state.path)?)
    } else {
        None
    };
    let source = source(&settings, &options, &clock).await?;
    verify::refuse_newer(&source.state, &source.what)?;
    let mut restored = Restored {
        source: source.what.clone(),
        made_at: source.generation.map(|generation| generation.at),
        schema_version: source.schema_version,
        passed_over: source.passed_over,
        file: settings.state.path.clone(),
        bytes: None,
        rolled_back: None,
        took_seconds: 0.0,
    };
    if let Some(rollback) = rollback {
        let remote = remote(&settings.state)?;
        let done = rollback
            .finish(
                source.state,
                &source.what,
                remote.as_ref(),
                &clock,
                options.exactly,
            )
            .await;
        restored.rolled_back = Some(done.context("nothing was restored")?);
    } else if let Some(folder) = &options.to {
        let name = settings
            .state
            .path
            .file_name()
            .context("state.path names no file")?;
        restored.file = folder.join(name);
        restored.bytes = Some(into_folder(source.state, folder, &restored.file)?);
    }
    restored.took_seconds = started.elapsed().as_secs_f64();
    let exit = exit(&restored);
    let mut out = std::io::stdout().lock();
    if options.json {
        serde_json::to_writer_pretty(&mut out, &restored)?;
        writeln!(out)?;
    } else {
        print(&mut out, &restored, &settings, options.exactly)?;
    }
    Ok(exit)
}

async fn source(settings: &Settings, options: &RestoreArgs, clock: &Clock) -> anyhow::Result<Source> {
    if let Some(file) = &options.file {
        let state = copies::open(file)?;
        let what = file.display().to_string();
        let schema_version = verify::verify(&state, &what)?.schema_version;
        return Ok(Source {
            state,
            what,
            generation: None,
            schema_version,
            passed_over: Vec::new(),
        });
    }
    let remote = required_remote(&settings.state)?;
    let listing = remote.list(0).await?;
    if let Some(number) = options.generation {
        let Some(listed) = listing.iter().find(|listed| listed.number == number) else {
            anyhow::bail!(
                "there is no generation {number} in {}: see `mecris-agent state list`",
                remote.name()
            );
        };
        let found = newest_sound(&remote, std::slice::from_ref(listed)).await?;
        return found.map_err(|why| {
            anyhow::anyhow!(
                "{}; another generation may be sound: `mecris-agent state verify --all`",
                why.join("; ")
            )
        });
    }
    let until = options
        .at
        .map_or(Timestamp::MAX, |at| at.instant(&settings.time_zone, clock.now()));
    let candidates: Vec<_> = listing
        .iter()
        .filter(|listed| listed.at <= until)
        .copied()
        .collect();
    if candidates.is_empty() {
        match listing.first() {
            None => anyhow::bail!(
                "there is no generation in {}; {}",
                remote.name(),
                begin_anew(settings)
            ),
            Some(oldest) => anyhow::bail!(
                "there is no generation from that time or before: the oldest is {} of {}",
                oldest.number,
                clock::local_second(oldest.at, &settings.time_zone)
            ),
        }
    }
    let found = newest_sound(&remote, &candidates).await?;
    found.map_err(|why| {
        let why = why.join("; ");
        anyhow::anyhow!(
            "no generation up to that time is sound: {why}; {}",
            begin_anew(settings)
        )
    })
}

/// What is left to do when no copy can be restored.
fn begin_anew(settings: &Settings) -> String {
    format!(
        "if the file itself cannot be used either, move {} away: Mecris then begins anew, and says again today what a \
         lost file knew of",
        settings.state.path.display()
    )
}

/// The newest sound generation among `candidates` (oldest first), or what is wrong with each of them.
async fn newest_sound(
    remote: &Remote,
    candidates: &[Generation],
) -> anyhow::Result<Result<Source, Vec<String>>> {
    let mut passed_over = Vec::new();
    for &generation in candidates.iter().rev() {
        match generation::fetch(remote, generation.number).await {
            Ok((state, sound)) => {
                return Ok(Ok(Source {
                    state,
                    what: format!("generation {}", generation.number),
                    generation: Some(generation),
                    schema_version: sound.schema_version,
                    passed_over,
                }));
            }
            Err(error) if error.is_damage() => passed_over.push(error.to_string()),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Err(passed_over))
}

/// Writes the state to a file in `folder`, which no process uses: a drill. Returns its size in bytes.
fn into_folder(mut state: rusqlite::Connection, folder: &Path, file: &Path) -> anyhow::Result<u64> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(copies::write_new(file, &image::take(&mut state)?)?)
}

fn exit(restored: &Restored) -> Exit {
    let known = restored
        .rolled_back
        .as_ref()
        .is_none_or(|done| done.unread.is_empty() && (done.generation.is_none() || done.copied));
    if known { Exit::Done } else { Exit::Unknown }
}

fn print(out: &mut impl Write, restored: &Restored, settings: &Settings, exactly: bool) -> io::Result<()> {
    print_source(out, restored, settings)?;
    match &restored.rolled_back {
        None => {
            let bytes = restored.bytes.map(text::size).unwrap_or_default();
            writeln!(
                out,
                "written to    {} ({bytes}), read back and sound; nothing else was touched",
                restored.file.display()
            )?;
        }
        Some(done) => {
            match &done.kept_aside {
                Some(aside) => writeln!(out, "kept aside    {}", aside.display())?,
                None => writeln!(out, "kept aside    nothing: there was no state here")?,
            }
            print_carried(out, done, exactly)?;
            writeln!(out, "restored      {}", restored.file.display())?;
            print_generation(out, done)?;
        }
    }
    writeln!(out, "took          {:.2} s", restored.took_seconds)
}

fn print_source(out: &mut impl Write, restored: &Restored, settings: &Settings) -> io::Result<()> {
    for damaged in &restored.passed_over {
        writeln!(out, "passed over   {damaged}")?;
    }
    let made = restored
        .made_at
        .map(|at| format!(" of {}", clock::local_minute(at, &settings.time_zone)))
        .unwrap_or_default();
    writeln!(
        out,
        "source        {}{made}, sound, schema version {}",
        restored.source, restored.schema_version
    )
}

fn print_carried(out: &mut impl Write, done: &RolledBack, exactly: bool) -> io::Result<()> {
    let carried: Vec<_> = done
        .carried
        .iter()
        .map(|carried| format!("{} {}", carried.table, carried.rows))
        .collect();
    let what = if exactly {
        "nothing, because of --exactly: messages sent since then may be sent again".to_owned()
    } else if !carried.is_empty() {
        format!("{} (so that no message is sent twice)", carried.join(", "))
    } else if done.unread.is_empty() {
        "nothing: no message was sent since then".to_owned()
    } else {
        "nothing: the readable states record no message since then".to_owned()
    };
    writeln!(out, "carried over  {what}")?;
    for unread in &done.unread {
        writeln!(
            out,
            "NOT READ      {unread}; a message that only this state records may be sent again"
        )?;
    }
    Ok(())
}

fn print_generation(out: &mut impl Write, done: &RolledBack) -> io::Result<()> {
    match (done.generation, done.copied) {
        (None, _) => Ok(()),
        (Some(generation), true) => writeln!(
            out,
            "copied as     generation {generation}: every instance loads it"
        ),
        (Some(generation), false) => writeln!(
            out,
            "NOT COPIED    generation {generation} could not be made: another instance uses the old state until `serve` or `run` makes it"
        ),
    }
}
