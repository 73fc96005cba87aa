//! `state verify`: checks the state and its copies for damage.

use std::{io::Write as _, path::Path};

use rusqlite::Connection;
use serde::Serialize;

use super::{remote, required_remote};
use crate::{
    cli::VerifyArgs,
    commands::{Exit, context, text},
    config::StateSettings,
    store::{
        StoreError,
        file::{copies, verify},
        replica::{generation, remote::Remote},
    },
};

#[derive(Serialize)]
struct Verified {
    ok: bool,
    results: Vec<Verdict>,
}

#[derive(Serialize)]
struct Verdict {
    what: String,
    /// Whether the state is undamaged; `null` if it could not be read.
    sound: Option<bool>,
    schema_version: Option<i64>,
    detail: String,
}

pub(super) async fn verify(config: Option<&Path>, options: &VerifyArgs) -> anyhow::Result<Exit> {
    let settings = context::load(config).await?.settings.state;
    let results = match (&options.file, options.generation) {
        (Some(file), _) => vec![verdict(file.display().to_string(), in_file(file), ADVICE_FILE)],
        (None, Some(number)) => vec![of_generation(&required_remote(&settings)?, number).await],
        (None, None) => everything(&settings, options.all).await?,
    };
    let exit = exit(&results);
    let verified = Verified {
        ok: exit == Exit::Done,
        results,
    };
    let mut out = std::io::stdout().lock();
    if options.json {
        serde_json::to_writer_pretty(&mut out, &verified)?;
        writeln!(out)?;
        return Ok(exit);
    }
    let width = verified
        .results
        .iter()
        .map(|verdict| verdict.what.len())
        .max()
        .unwrap_or_default();
    for Verdict {
        what, sound, detail, ..
    } in &verified.results
    {
        let word = match sound {
            Some(true) => "ok",
            Some(false) => "DAMAGED",
            None => "UNKNOWN",
        };
        writeln!(out, "{word:<8} {what:<width$}  {detail}")?;
    }
    if verified.results.len() > 2 {
        let sound = verified
            .results
            .iter()
            .filter(|verdict| verdict.sound == Some(true))
            .count();
        writeln!(
            out,
            "{sound} of {} sound",
            text::counted(verified.results.len(), "copy")
        )?;
    }
    Ok(exit)
}

/// The file of this machine, and the newest generation or all of them.
async fn everything(settings: &StateSettings, all: bool) -> anyhow::Result<Vec<Verdict>> {
    let mut results = Vec::new();
    let local = in_file(&settings.path);
    let remote = remote(settings)?;
    match (&local, &remote) {
        // A missing local file is no damage: the next start makes it from the copies.
        (Err(StoreError::Missing(_)), Some(_)) => {}
        _ => results.push(verdict(settings.path.display().to_string(), local, ADVICE_LOCAL)),
    }
    if let Some(remote) = remote {
        match remote.list(0).await {
            Ok(listing) if listing.is_empty() => results.push(Verdict {
                what: "state.remote".to_owned(),
                sound: None,
                schema_version: None,
                detail: format!(
                    "no generation in {} yet: `serve` or `run` makes the first",
                    remote.name()
                ),
            }),
            Ok(listing) => {
                let skipped = if all { 0 } else { listing.len().saturating_sub(1) };
                for listed in &listing[skipped..] {
                    results.push(of_generation(&remote, listed.number).await);
                }
            }
            Err(error) => results.push(verdict("state.remote".to_owned(), Err(error.into()), "")),
        }
    }
    if results.is_empty() {
        return Err(StoreError::Missing(settings.path.clone()).into());
    }
    Ok(results)
}

const ADVICE_FILE: &str = "do not restore from it";
const ADVICE_LOCAL: &str = "stop the daemon, then `mecris-agent state restore --latest` (or a FILE) replaces this file and keeps it beside";
const ADVICE_GENERATION: &str =
    "restore from another generation: `mecris-agent state verify --all` finds the sound ones";

async fn of_generation(remote: &Remote, number: u64) -> Verdict {
    let what = format!("generation {number}");
    let mut made_as = None;
    let found = generation::fetch(remote, number).await.and_then(|(copy, sound)| {
        made_as = generation::made_as(&copy)?;
        of_a_known_release(&copy, &what).map(|()| sound)
    });
    let mut verdict = verdict(what, found, ADVICE_GENERATION);
    if let Some(made_as) = made_as.filter(|&made_as| made_as != number) {
        let note = format!("; made as generation {made_as}, the number in its name counts");
        verdict.detail.push_str(&note);
    }
    verdict
}

fn in_file(file: &Path) -> Result<verify::Sound, StoreError> {
    if !file.exists() {
        return Err(StoreError::Missing(file.to_owned()));
    }
    let (state, what) = (copies::open(file)?, file.display().to_string());
    let sound = verify::verify(&state, &what)?;
    of_a_known_release(&state, &what).map(|()| sound)
}

/// Of what a newer release wrote nobody can say whether it is sound.
fn of_a_known_release(state: &Connection, what: &str) -> Result<(), StoreError> {
    verify::refuse_newer(state, what)
}

fn verdict(what: String, found: Result<verify::Sound, StoreError>, advice: &str) -> Verdict {
    match found {
        Ok(verify::Sound { schema_version }) => Verdict {
            what,
            sound: Some(true),
            schema_version: Some(schema_version),
            detail: format!("integrity and references checked, schema version {schema_version}"),
        },
        Err(error) => {
            let damaged = error.is_damage();
            let detail = if damaged {
                format!("{error}; {advice}")
            } else {
                error.to_string()
            };
            Verdict {
                what,
                sound: damaged.then_some(false),
                schema_version: None,
                detail,
            }
        }
    }
}

fn exit(results: &[Verdict]) -> Exit {
    if results.iter().any(|verdict| verdict.sound == Some(false)) {
        Exit::Failed
    } else if results.iter().any(|verdict| verdict.sound.is_none()) {
        Exit::Unknown
    } else {
        Exit::Done
    }
}
