//! `status`: what a person in an SSM session wants to see first. Reads the recorded state, beside a running
//! daemon too.

use std::{io::Write as _, path::Path};

use jiff::Timestamp;
use serde::Serialize;

use super::{Exit, context, text};
use crate::{
    alerts::Spool,
    cli::JsonArgs,
    clock::Clock,
    config::Settings,
    http::views::SilenceView,
    runtime::window_guard::Guard,
    store::{
        Copies, Store, StoreError,
        tables::{
            broken_channels::{self, BrokenChannel},
            decisions::{self, DecisionRow},
            lineage,
            outbox::{self, Notification},
            runs::{self, RunRow},
            silences,
        },
    },
    telemetry::{BuildInfo, build_info},
};

/// How many messages are shown.
const MESSAGES: u32 = 5;

#[derive(Serialize)]
struct Status {
    version: BuildInfo,
    environment: String,
    at: Timestamp,
    window: WindowView,
    /// No pass was ever made: there is no state yet.
    never_ran: bool,
    last_success: Option<Timestamp>,
    last_run: Option<RunRow>,
    decisions: Vec<DecisionRow>,
    notifications: Vec<Notification>,
    broken_channels: Vec<BrokenChannel>,
    /// All channels are broken.
    nobody_to_tell: bool,
    /// What the person asked not to hear about at the moment.
    silences: Vec<SilenceView>,
    /// Alerts that were left here, and are held back or not decided about yet.
    alerts_waiting: usize,
    /// The copies off the machine, as this file remembers them; `null` without a remote.
    copies: Option<CopiesView>,
}

#[derive(Serialize)]
struct CopiesView {
    #[serde(flatten)]
    copies: Copies,
    age_seconds: Option<i64>,
}

#[derive(Serialize)]
struct WindowView {
    open: bool,
    start: Timestamp,
    end: Timestamp,
    seconds_left: Option<i64>,
    /// How long ago the last one ended, past its grace.
    over_seconds: Option<i64>,
}

pub(super) async fn status(config: Option<&Path>, options: &JsonArgs) -> anyhow::Result<Exit> {
    let settings = context::load(config).await?.settings;
    let status = read(&settings, Clock::system().now())?;
    let mut out = std::io::stdout().lock();
    if options.json {
        serde_json::to_writer_pretty(&mut out, &status)?;
        writeln!(out)?;
    } else {
        print(&mut out, &status, &settings)?;
    }
    let known = status.last_run.as_ref().is_some_and(|run| run.outcome == "done");
    let settled = status
        .notifications
        .iter()
        .all(|message| !message.state.is_unsettled());
    if status.nobody_to_tell {
        return Ok(Exit::Failed);
    }
    let copied = status
        .copies
        .as_ref()
        .is_none_or(|view| view.copies.saved.is_some() && view.copies.trouble.is_none());
    Ok(if known && settled && copied {
        Exit::Done
    } else {
        Exit::Unknown
    })
}

fn read(settings: &Settings, now: Timestamp) -> anyhow::Result<Status> {
    let (start, end) = settings.window.current_or_next(now, &settings.time_zone);
    let open = start <= now && now < end;
    let mut status = Status {
        version: build_info(),
        environment: settings.environment.as_str().to_owned(),
        at: now,
        window: WindowView {
            open,
            start,
            end,
            seconds_left: open.then(|| end.duration_since(now).as_secs()),
            over_seconds: Guard::new(settings).over(now).map(|over| over.as_secs()),
        },
        never_ran: true,
        last_success: None,
        last_run: None,
        decisions: Vec::new(),
        notifications: Vec::new(),
        broken_channels: Vec::new(),
        nobody_to_tell: false,
        silences: Vec::new(),
        alerts_waiting: Spool::of(&settings.state.path)
            .waiting()
            .map_or(0, |waiting| waiting.len()),
        copies: settings.state.remote.as_ref().map(|url| CopiesView {
            copies: Copies {
                remote: url.to_string(),
                saved: None,
                trouble: None,
            },
            age_seconds: None,
        }),
    };
    let store = match Store::open_read_only(&settings.state.path) {
        Ok(store) => store,
        Err(StoreError::Missing(_)) => return Ok(status),
        Err(error) => return Err(error.into()),
    };
    store.read(|connection| {
        status.last_run = runs::list(connection, 1)?.into_iter().next();
        status.last_success = runs::last_success(connection)?;
        status.notifications = outbox::list(connection, MESSAGES)?;
        let channels = &settings.notify.channels;
        status.broken_channels = broken_channels::among(connection, channels)?;
        status.nobody_to_tell = status.broken_channels.len() == channels.len();
        status.silences = SilenceView::all(&silences::active(connection, now)?, now);
        if let Some(view) = &mut status.copies
            && let Some(lineage) = lineage::get(connection)?
        {
            view.age_seconds = lineage
                .saved
                .map(|saved| now.duration_since(saved.at).as_secs().max(0));
            (view.copies.saved, view.copies.trouble) = (lineage.saved, lineage.trouble);
        }
        if let Some(run) = &status.last_run {
            status.never_ran = false;
            status.decisions = decisions::list(connection, u32::MAX, Some(&run.id))?;
            status.decisions.reverse();
        }
        Ok(())
    })?;
    Ok(status)
}

fn print(out: &mut impl std::io::Write, status: &Status, settings: &Settings) -> std::io::Result<()> {
    let zone = &settings.time_zone;
    let ago = |at: Timestamp| {
        format!(
            "{} ({} ago)",
            text::local(at, zone),
            text::roughly(status.at.duration_since(at).as_secs().max(0))
        )
    };
    writeln!(
        out,
        "mecris-agent {} ({}), {}",
        status.version.version, status.version.commit, status.environment
    )?;
    let window = &status.window;
    match (window.seconds_left, window.over_seconds) {
        (Some(left), _) => writeln!(out, "window        open, {} left", text::roughly(left))?,
        (None, Some(over)) => writeln!(
            out,
            "window        OVER for {}, next {} (informs; what runs now is not stopped)",
            text::roughly(over),
            text::local(window.start, zone)
        )?,
        (None, None) => writeln!(
            out,
            "window        next {} (informs; what runs now is not stopped)",
            text::local(window.start, zone)
        )?,
    }
    match &status.last_run {
        None => writeln!(out, "last pass     never: try `mecris-agent run`")?,
        Some(run) => writeln!(out, "last pass     {}, {}", ago(run.finished_at), run.outcome)?,
    }
    match status.last_success {
        None => writeln!(out, "last success  NEVER: Beeminder has not been read yet")?,
        Some(at) => writeln!(out, "last success  {}", ago(at))?,
    }
    if status.nobody_to_tell {
        writeln!(out, "channels      ALL BROKEN: nobody can be told")?;
    }
    for BrokenChannel {
        channel, since, why, ..
    } in &status.broken_channels
    {
        writeln!(
            out,
            "BROKEN        {} since {}: {why}",
            channel.as_str(),
            text::local(*since, zone)
        )?;
    }
    if status.alerts_waiting > 0 {
        writeln!(
            out,
            "alerts        {} left here, held back or not decided about yet",
            status.alerts_waiting
        )?;
    }
    if let Some(CopiesView { copies, .. }) = &status.copies {
        match copies.saved {
            None => writeln!(out, "copies        none yet in {}", copies.remote)?,
            Some(saved) => {
                let size = text::size(saved.bytes);
                writeln!(
                    out,
                    "copies        generation {}, {size}, {}",
                    saved.generation,
                    ago(saved.at)
                )?;
            }
        }
        if let Some(trouble) = &copies.trouble {
            writeln!(
                out,
                "              FAILING since {}: {}",
                ago(trouble.since),
                trouble.why
            )?;
        }
    }
    for decision in &status.decisions {
        let DecisionRow {
            severity,
            subject,
            reason,
            evidence,
            ..
        } = decision;
        let severity = severity.as_deref().unwrap_or_default();
        let word = decision
            .author
            .as_deref()
            .map(|author| text::word(author, decision.until, decision.comment.as_deref(), zone));
        writeln!(
            out,
            "  {severity:<8} {subject:<24} {reason:<22} {evidence}{}",
            word.unwrap_or_default()
        )?;
    }
    for silence in &status.silences {
        let left = text::roughly(silence.ends_at.duration_since(status.at).as_secs());
        let word = text::word(
            &silence.author,
            Some(silence.ends_at),
            Some(&silence.comment),
            zone,
        );
        writeln!(out, "{:<13} {}, {left} left{word}", silence.kind, silence.subject)?;
        if let Some(warning) = &silence.warning {
            writeln!(out, "  {warning}")?;
        }
    }
    writeln!(
        out,
        "messages      {}",
        if status.notifications.is_empty() {
            "none yet"
        } else {
            "newest first"
        }
    )?;
    for message in &status.notifications {
        let state = message.state.as_str();
        let why = message.why.as_deref().unwrap_or("");
        writeln!(
            out,
            "  {} {state:<10} {} {why}",
            text::local(message.created_at, zone),
            message.body
        )?;
    }
    Ok(())
}
