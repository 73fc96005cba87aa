//! `explain`: why Mecris is silent about something, and until when.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    path::Path,
};

use serde::Serialize;

use super::{Exit, context, goals::heading, recorded::Recorded};
use crate::{
    cli::ExplainArgs,
    clock::{self, Clock},
    config::Settings,
    domain::{ChannelKind, Reason, SilenceKind, Subject},
    heuristic::standing::{Explanation, Standing, UnknownSubject, explain as explain_one, resolve},
    store::tables::decisions::DecisionRow,
};

#[derive(Serialize)]
struct Explained<'a> {
    standing: &'a Standing,
    explanations: &'a [Explanation],
    /// The channels by which messages about these subjects go, where they are not those of every message.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    channels: BTreeMap<&'a Subject, &'a [ChannelKind]>,
}

/// The channels of a goal that has channels of its own.
fn own_channels<'a>(settings: &'a Settings, subject: &Subject) -> Option<&'a [ChannelKind]> {
    let is_it = |slug| Subject::goal(slug) == *subject;
    let (_, rule) = settings.goals.iter().find(|(slug, _)| is_it(slug))?;
    rule.channels.as_deref()
}

pub(super) async fn explain(config: Option<&Path>, options: &ExplainArgs) -> anyhow::Result<Exit> {
    let settings = context::load(config).await?.settings;
    let recorded = Recorded::open(&settings.state).await?;
    let now = Clock::system().now();
    let (view, explanations) = recorded.view(&settings, now, |view, connection| {
        let subjects = match resolve(&options.subject, &view.known) {
            Ok(subjects) => subjects,
            Err(unknown) => return Ok(Err(unknown.beside_unreadable(view.standing.unreadable.len()))),
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
            channels: explanations
                .iter()
                .filter_map(|one| Some((&one.subject, own_channels(&settings, &one.subject)?)))
                .collect(),
        };
        serde_json::to_writer_pretty(&mut out, &explained)?;
        writeln!(out)?;
    } else {
        heading(&mut out, &view.standing)?;
        for explanation in &explanations {
            print(&mut out, &view.standing, explanation, &settings)?;
        }
    }
    Ok(if view.standing.is_reliable() {
        Exit::Done
    } else {
        Exit::Unknown
    })
}

fn print(
    out: &mut impl Write,
    standing: &Standing,
    explanation: &Explanation,
    settings: &Settings,
) -> io::Result<()> {
    let zone = &settings.time_zone;
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
        (true, None) if explanation.reason.is_none() => writeln!(out, "{subject}: silent: {because}")?,
        (true, None) if explanation.reason == Some(Reason::BelowThreshold) => {
            writeln!(out, "{subject}: nothing to say: {because}{reason}")?;
        }
        (true, None) => writeln!(
            out,
            "{subject}: silent, it is not known until when: {because}{reason}"
        )?,
    }
    if let Some(evidence) = &explanation.evidence {
        writeln!(out, "  it stands     {evidence}")?;
    }
    match explanation.next {
        Some(next) => writeln!(out, "  speaks next   {} ({})", standing.when(next.at), next.step)?,
        None => writeln!(out, "  speaks next   not foreseeable: each pass looks again")?,
    }
    let is_reason = matches!(explanation.reason, Some(Reason::Silenced | Reason::Vacation));
    if let Some(covering) = explanation.covered_by.as_ref().filter(|_| !is_reason) {
        let kind = match covering.kind {
            SilenceKind::Silence => "a silence",
            SilenceKind::Vacation => "the vacation",
        };
        let end = standing.when(covering.until);
        writeln!(out, "  covered by    {kind} until {end}, by {}", covering.author)?;
    }
    if let Some(channels) = own_channels(settings, subject) {
        let names: Vec<&str> = channels.iter().map(|channel| channel.as_str()).collect();
        writeln!(
            out,
            "  goes by       {} (its [[goal]] table)",
            names.join(", then ")
        )?;
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
