//! `explain`: why Mecris is silent about something, and until when.

use std::{
    io::{self, Write},
    path::Path,
};

use jiff::tz::TimeZone;
use serde::Serialize;

use super::{Exit, context, goals::heading, recorded::Recorded};
use crate::{
    cli::ExplainArgs,
    clock::{self, Clock},
    heuristic::standing::{Explanation, Standing, UnknownSubject, explain as explain_one, resolve},
    store::tables::decisions::DecisionRow,
};

#[derive(Serialize)]
struct Explained<'a> {
    standing: &'a Standing,
    explanations: &'a [Explanation],
}

pub(super) async fn explain(config: Option<&Path>, options: &ExplainArgs) -> anyhow::Result<Exit> {
    let settings = context::load(config).await?.settings;
    let recorded = Recorded::open(&settings.state).await?;
    let now = Clock::system().now();
    let (view, explanations) = recorded.view(&settings, now, |view, connection| {
        let subjects = match resolve(&options.subject, &view.known) {
            Ok(subjects) => subjects,
            Err(unknown) => return Ok(Err(unknown)),
        };
        let explained = subjects
            .iter()
            .map(|subject| explain_one(view, connection, subject));
        Ok(Ok::<_, UnknownSubject>(
            explained.collect::<rusqlite::Result<Vec<_>>>()?,
        ))
    })?;
    let explanations = explanations?;
    let mut out = io::stdout().lock();
    if options.json {
        let explained = Explained {
            standing: &view.standing,
            explanations: &explanations,
        };
        serde_json::to_writer_pretty(&mut out, &explained)?;
        writeln!(out)?;
    } else {
        heading(&mut out, &view.standing)?;
        for explanation in &explanations {
            print(&mut out, &view.standing, explanation, &settings.time_zone)?;
        }
    }
    Ok(if view.standing.is_current() {
        Exit::Done
    } else {
        Exit::Unknown
    })
}

fn print(
    out: &mut impl Write,
    standing: &Standing,
    explanation: &Explanation,
    zone: &TimeZone,
) -> io::Result<()> {
    let Explanation {
        subject,
        because,
        until,
        ..
    } = explanation;
    let reason = explanation
        .reason
        .map(|reason| format!(" [{reason}]"))
        .unwrap_or_default();
    match (explanation.silent, until) {
        (false, Some(at)) => writeln!(
            out,
            "{subject}: the pass of {} speaks of it: {because}{reason}",
            standing.when(*at)
        )?,
        (false, None) => writeln!(out, "{subject}: the next pass speaks of it: {because}{reason}")?,
        (true, Some(at)) => writeln!(
            out,
            "{subject}: silent until {}: {because}{reason}",
            standing.when(*at)
        )?,
        (true, None) => writeln!(out, "{subject}: silent: {because}{reason}")?,
    }
    if let Some(evidence) = &explanation.evidence {
        writeln!(out, "  it stands     {evidence}")?;
    }
    match explanation.next {
        Some(next) => writeln!(out, "  speaks next   {} ({})", standing.when(next.at), next.step)?,
        None => writeln!(out, "  speaks next   not foreseeable: each pass looks again")?,
    }
    for row in &explanation.decided {
        let DecisionRow {
            action,
            reason,
            evidence,
            ..
        } = row;
        let at = clock::local_minute(row.at, zone);
        writeln!(out, "  last decision {at}: {action} {reason}: {evidence}")?;
    }
    match explanation.told {
        Some(told) => {
            let at = clock::local_minute(told.at, zone);
            writeln!(out, "  last told     {at}: {}", told.step)
        }
        None => writeln!(out, "  last told     never"),
    }
}
