//! `status`: what a person in an SSM session wants to see first. Reads the recorded state, beside a running
//! daemon too.

use std::{io::Write as _, path::Path};

use jiff::Timestamp;
use serde::Serialize;

use super::{Exit, context, text};
use crate::{
    alerts::Spool,
    cli::JsonArgs,
    clock::{self, Clock},
    config::Settings,
    domain::{RunOutcome, Severity},
    http::views::SilenceView,
    status::{Facts, Status},
    store::{
        Store, StoreError,
        tables::{
            broken_channels::BrokenChannel,
            decisions::{self, DecisionRow},
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
struct Shown {
    version: BuildInfo,
    environment: String,
    #[serde(flatten)]
    status: Status,
    /// No pass was ever made: there is no state yet.
    never_ran: bool,
    last_run: Option<RunRow>,
    decisions: Vec<DecisionRow>,
    notifications: Vec<Notification>,
    /// What the person asked not to hear about at the moment.
    silences: Vec<SilenceView>,
    /// Alerts that another process left beside the state, and that are held back or not decided about yet.
    alerts_waiting: usize,
}

pub(super) async fn status(config: Option<&Path>, options: &JsonArgs) -> anyhow::Result<Exit> {
    let settings = context::load(config).await?.settings;
    let shown = read(&settings, Clock::system().now())?;
    let mut out = std::io::stdout().lock();
    if options.json {
        serde_json::to_writer_pretty(&mut out, &shown)?;
        writeln!(out)?;
    } else {
        print(&mut out, &shown, &settings)?;
    }
    let known = shown
        .last_run
        .as_ref()
        .is_some_and(|run| run.outcome == RunOutcome::Done);
    let settled = shown
        .notifications
        .iter()
        .all(|message| !message.state.is_unsettled());
    if shown.status.nobody_to_tell {
        return Ok(Exit::Failed);
    }
    let copies = shown.status.copies.as_ref();
    let copied = copies.is_none_or(|copies| copies.saved.is_some() && copies.trouble.is_none());
    Ok(if known && settled && copied {
        Exit::Done
    } else {
        Exit::Unknown
    })
}

fn read(settings: &Settings, now: Timestamp) -> anyhow::Result<Shown> {
    let facts = Facts::new(settings);
    let mut shown = Shown {
        version: build_info(),
        environment: settings.environment.as_str().to_owned(),
        status: Status::recorded(None, &facts, now)?,
        never_ran: true,
        last_run: None,
        decisions: Vec::new(),
        notifications: Vec::new(),
        silences: Vec::new(),
        alerts_waiting: Spool::of(&settings.state.path)
            .waiting()
            .map_or(0, |waiting| waiting.len()),
    };
    let store = match Store::open_read_only(&settings.state.path) {
        Ok(store) => store,
        Err(StoreError::Missing(_)) => return Ok(shown),
        Err(error) => return Err(error.into()),
    };
    store.read(|connection| {
        shown.status = Status::recorded(Some(connection), &facts, now)?;
        shown.last_run = runs::list(connection, 1)?.into_iter().next();
        shown.notifications = outbox::list(connection, MESSAGES)?;
        shown.silences = SilenceView::all(&silences::active(connection, now)?, now);
        if let Some(run) = &shown.last_run {
            shown.never_ran = false;
            shown.decisions = decisions::list(connection, u32::MAX, Some(&run.id))?;
            shown.decisions.reverse();
        }
        Ok(())
    })?;
    Ok(shown)
}

fn print(out: &mut impl std::io::Write, shown: &Shown, settings: &Settings) -> std::io::Result<()> {
    let zone = &settings.time_zone;
    let status = &shown.status;
    let ago = |at: Timestamp| {
        format!(
            "{} ({} ago)",
            clock::local_minute(at, zone),
            text::roughly(status.at.duration_since(at).as_secs().max(0))
        )
    };
    writeln!(
        out,
        "mecris-agent {} ({}), {}",
        shown.version.version, shown.version.commit, shown.environment
    )?;
    let window = &status.window;
    match (window.seconds_left, window.over_seconds) {
        (Some(left), _) => writeln!(out, "window        open, {} left", text::roughly(left))?,
        (None, Some(over)) => writeln!(
            out,
            "window        OVER for {}, next {} (informs; what runs now is not stopped)",
            text::roughly(over),
            clock::local_minute(window.start, zone)
        )?,
        (None, None) => writeln!(
            out,
            "window        next {} (informs; what runs now is not stopped)",
            clock::local_minute(window.start, zone)
        )?,
    }
    match &shown.last_run {
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
            clock::local_minute(*since, zone)
        )?;
    }
    if shown.alerts_waiting > 0 {
        writeln!(
            out,
            "alerts        {} left here, held back or not decided about yet",
            shown.alerts_waiting
        )?;
    }
    if let Some(copies) = &status.copies {
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
    for decision in &shown.decisions {
        let DecisionRow {
            severity,
            subject,
            reason,
            evidence,
            ..
        } = decision;
        let (severity, subject) = (severity.map_or("", Severity::as_str), subject.as_str());
        let reason = reason.as_str();
        let word = decision
            .author
            .as_deref()
            .map(|author| text::attribution(author, decision.until, decision.comment.as_deref(), zone));
        writeln!(
            out,
            "  {severity:<8} {subject:<24} {reason:<22} {evidence}{}",
            word.unwrap_or_default()
        )?;
    }
    for silence in &shown.silences {
        let left = text::roughly(silence.ends_at.duration_since(status.at).as_secs());
        let word = text::attribution(
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
        if shown.notifications.is_empty() {
            "none yet"
        } else {
            "newest first"
        }
    )?;
    for message in &shown.notifications {
        let state = message.state.as_str();
        let why = message.why.as_deref().unwrap_or("");
        writeln!(
            out,
            "  {} {state:<10} {} {why}",
            clock::local_minute(message.created_at, zone),
            message.body
        )?;
    }
    Ok(())
}
