//! `silence`, `vacation` and `ack`: what a person says, by the same code as the endpoints. If another process has
//! the state, the word is left for that process.

use std::{
    io::{self, Write},
    path::Path,
    time::Duration,
};

use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;
use serde_json::json;

use super::{Exit, context, text};
use crate::{
    alerts::Spool,
    cli::{AckArgs, SilenceArgs, VacationArgs},
    clock::{self, Clock},
    config::Settings,
    domain::{Money, Silence, SilenceKind},
    heuristic::{Rules, set_right},
    http::views::SilenceView,
    runtime,
    silences::{
        asked::{Answer, Asked, AskedError, What},
        record::{Begun, Waits},
        request::{self, SilenceRequest},
    },
    store::{Store, StoreError, tables::silences},
};

/// The time for copying what was said off the machine.
const COPY: Duration = Duration::from_secs(10);

pub(super) async fn silence(config: Option<&Path>, options: &SilenceArgs) -> anyhow::Result<Exit> {
    let subject = options.subject.trim().to_owned();
    let what = if options.clear {
        What::Unsilence(subject)
    } else {
        What::Silence(SilenceRequest {
            subject: Some(subject),
            until: options.end.until.clone(),
            lasting: options.end.lasting.clone(),
            author: options.said.author.clone(),
            comment: options.said.comment.clone(),
            ..SilenceRequest::default()
        })
    };
    say(config, what, &options.said.author, options.said.json).await
}

pub(super) async fn vacation(config: Option<&Path>, options: &VacationArgs) -> anyhow::Result<Exit> {
    let what = if options.clear {
        What::EndVacation
    } else if options.end.until.is_none() && options.end.lasting.is_none() {
        return show_vacations(config, options.said.json).await;
    } else {
        What::Silence(SilenceRequest {
            from: options.from.clone(),
            until: options.end.until.clone(),
            lasting: options.end.lasting.clone(),
            vacation: true,
            author: options.said.author.clone(),
            comment: options.said.comment.clone(),
            ..SilenceRequest::default()
        })
    };
    say(config, what, &options.said.author, options.said.json).await
}

pub(super) async fn acknowledge(config: Option<&Path>, options: &AckArgs) -> anyhow::Result<Exit> {
    let what = match &options.message {
        Some(message) => What::Acknowledge(message.clone()),
        None => What::AcknowledgeLast,
    };
    say(config, what, &options.author, options.json).await
}

async fn say(config: Option<&Path>, what: What, author: &str, json: bool) -> anyhow::Result<Exit> {
    let settings = context::load(config).await?.settings;
    let clock = Clock::system();
    let now = clock.now();
    let asked = Asked {
        id: clock::time_ordered_id(now),
        at: now,
        author: request::author(author).map_err(AskedError::from)?,
        what,
    };
    let mut out = io::stdout().lock();
    let store = match runtime::state::open(&settings.state, &clock, context::REMOTE_TIMEOUT).await {
        Ok(store) => store,
        Err(StoreError::Locked { holder, .. }) => {
            let warning = leave(&settings, &asked)?;
            return left(&mut out, &holder, &asked.what, warning.as_deref(), json);
        }
        Err(error) => return Err(error.into()),
    };
    let (rules, zone) = (rules(&settings), settings.time_zone.clone());
    let recorded = store.write_and_copy(settings.notify.lease, move |tx| {
        set_right(tx, &zone, now)?;
        asked.record(tx, &rules, Waits::Yes)
    });
    let answer = recorded.await??;
    store.save(COPY).await;
    print(&mut out, answer, &settings.time_zone, now, json)?;
    Ok(Exit::Done)
}

/// The rules of the passes: what a vacation costs depends on when they are promised.
fn rules(settings: &Settings) -> Rules {
    Rules::new(settings, settings.notify.channels.clone())
}

/// Leaves a word for the process that has the state. A word that cannot be recorded is refused here: that process
/// could not tell the person. Returns a sentence if it is a silence that covers nothing.
fn leave(settings: &Settings, asked: &Asked) -> anyhow::Result<Option<String>> {
    let mut scratch = crate::store::in_memory()?;
    Store::open_read_only(&settings.state.path)?.read(|connection| {
        let backup = rusqlite::backup::Backup::new(connection, &mut scratch)?;
        backup.step(-1).map(drop)
    })?;
    let tried = scratch.transaction()?;
    let answer = asked.record(&tried, &rules(settings), Waits::No)??;
    Spool::of(&settings.state.path).leave_word(asked)?;
    Ok(match answer {
        Answer::Begun(begun) => begun.warning,
        Answer::Ended(_) | Answer::Acknowledged(_) => None,
    })
}

fn left(
    out: &mut impl Write,
    holder: &str,
    what: &What,
    warning: Option<&str>,
    json: bool,
) -> anyhow::Result<Exit> {
    if json {
        print_json(out, &json!({"left_for_process": holder, "warning": warning}))?;
    } else {
        if let Some(warning) = warning {
            writeln!(out, "it silences nothing: {warning}")?;
        }
        let also = match what {
            What::Silence(request) if request.vacation => {
                ", and sends what derails during the vacation as a message"
            }
            _ => "",
        };
        writeln!(
            out,
            "left for the mecris-agent that has the state (process {holder}); that process or its successor records \
             it{also}"
        )?;
    }
    Ok(Exit::Done)
}

fn print(
    out: &mut impl Write,
    answer: Answer,
    zone: &TimeZone,
    now: Timestamp,
    json: bool,
) -> anyhow::Result<()> {
    match answer {
        Answer::Begun(begun) if json => print_json(out, &SilenceView::answer(*begun, now))?,
        Answer::Begun(begun) => print_begun(out, &begun, zone)?,
        Answer::Ended(ended) if json => print_json(out, &SilenceView::all(&ended, now))?,
        Answer::Ended(ended) if ended.is_empty() => {
            writeln!(out, "nothing to end: nothing of this was silent")?;
        }
        Answer::Ended(ended) => {
            for silence in &ended {
                let end = clock::local_minute(silence.ends_at, zone);
                writeln!(
                    out,
                    "ended: {} of {}, it was until {end}",
                    silence.kind, silence.pattern
                )?;
            }
        }
        Answer::Acknowledged(message) if json => print_json(out, &message)?,
        Answer::Acknowledged(message) => {
            let by = message.acknowledged_by.as_deref().unwrap_or_default();
            writeln!(out, "known (by {by}): {}", message.body)?;
        }
    }
    Ok(())
}

fn print_begun(out: &mut impl Write, begun: &Begun, zone: &TimeZone) -> io::Result<()> {
    let silence = &begun.silence;
    let said = text::attribution(
        &silence.author,
        Some(silence.ends_at),
        Some(&silence.comment),
        zone,
    );
    let begins = if silence.starts_at > silence.created_at {
        format!(" from {}", clock::local_minute(silence.starts_at, zone))
    } else {
        String::new()
    };
    match silence.kind {
        SilenceKind::Silence if begun.warning.is_some() => {
            writeln!(
                out,
                "on record, but it silences nothing: {}{said}",
                silence.pattern
            )?;
        }
        SilenceKind::Silence => writeln!(out, "silent: {}{said}", silence.pattern)?,
        SilenceKind::Vacation => writeln!(out, "vacation{begins}{said}")?,
    }
    if let Some(warning) = &begun.warning {
        writeln!(out, "  {warning}")?;
    }
    let Some(forewarning) = &begun.forewarning else {
        return Ok(());
    };
    writeln!(out, "  {}", forewarning.text)?;
    for goal in &forewarning.goals {
        let at = clock::local_minute(goal.derails_at, zone);
        let stake = goal.stake.map_or("stake unknown".to_owned(), Money::short);
        let guesses = if goal.guesses {
            ", Beeminder enters guesses"
        } else {
            ""
        };
        writeln!(out, "  {:<20} {at}  {stake}{guesses}", goal.subject.as_str())?;
    }
    Ok(())
}

/// The vacation that holds, and those that begin later.
async fn show_vacations(config: Option<&Path>, json: bool) -> anyhow::Result<Exit> {
    let settings = context::load(config).await?.settings;
    let now = Clock::system().now();
    let store = Store::open_read_only(&settings.state.path)?;
    let mut vacations: Vec<Silence> = store.read(|connection| silences::not_ended(connection, now))?;
    vacations.retain(|silence| silence.kind == SilenceKind::Vacation);
    let mut out = io::stdout().lock();
    if json {
        print_json(&mut out, &SilenceView::all(&vacations, now))?;
    } else if vacations.is_empty() {
        writeln!(out, "no vacation")?;
    } else {
        for vacation in vacations {
            print_begun(
                &mut out,
                &Begun {
                    silence: vacation,
                    warning: None,
                    forewarning: None,
                },
                &settings.time_zone,
            )?;
        }
    }
    Ok(Exit::Done)
}

fn print_json(out: &mut impl Write, value: &impl Serialize) -> anyhow::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)?;
    Ok(())
}
