//! `state import`: takes over the data of the Python system.

use std::{
    io::{self, Write},
    path::Path,
    sync::Arc,
};

use jiff::tz::TimeZone;
use rusqlite::Transaction;
use serde::Serialize;

use crate::{
    arms::beeminder::Account,
    cli::ImportArgs,
    clock::Clock,
    commands::{Exit, context, run::copy_of_state},
    config::{BudgetSettings, BudgetSource},
    domain::Provider,
    notify::message::new_tag,
    python::{self, Context, GoalDays, Report, Skip, Source},
    runtime,
    store::{Store, tables::snapshots},
};

/// How many reasons of a table are shown in a terminal; `--json` shows more.
const SHOWN: usize = 5;

#[derive(Serialize)]
struct Imported<'a> {
    files: Vec<&'a str>,
    zone: &'a str,
    dry_run: bool,
    #[serde(flatten)]
    report: &'a Report,
}

pub(super) async fn import(config: Option<&Path>, options: ImportArgs) -> anyhow::Result<Exit> {
    let settings = context::load(config).await?.settings;
    let sources = options
        .files
        .iter()
        .map(|file| Source::read(file))
        .collect::<Result<Vec<_>, _>>()?;
    let names: Vec<String> = sources.iter().map(|source| source.name().to_owned()).collect();
    let clock = Clock::system();
    let (store, _scratch) = if options.dry_run {
        let (store, scratch) = copy_of_state(&settings.state).await?;
        (store, Some(scratch))
    } else {
        (
            runtime::state::open(&settings.state, &clock, context::REMOTE_TIMEOUT).await?,
            None,
        )
    };
    let context = Context {
        zone: options.zone.clone(),
        home: settings.time_zone.clone(),
        goals: goal_days(&store, &settings.time_zone)?,
        now: clock.now(),
        new_tag,
    };
    let old = Arc::new((sources, context));
    let take = move |tx: &Transaction<'_>| python::take(tx, &old.0, &old.1);
    let mut report = store.write_and_copy(context::REMOTE_TIMEOUT, take).await?;
    let unused = unused(&report, &settings.budget).into_iter().map(str::to_owned);
    report.notes.extend(unused);
    report.doubts.extend(missing_copy(&store));

    let imported = Imported {
        files: names.iter().map(String::as_str).collect(),
        zone: options.zone.iana_name().unwrap_or("?"),
        dry_run: options.dry_run,
        report: &report,
    };
    let mut out = io::stdout().lock();
    if options.json {
        serde_json::to_writer_pretty(&mut out, &imported)?;
        writeln!(out)?;
    } else {
        print(&mut out, &imported)?;
    }
    Ok(if report.something_unknown() {
        Exit::Unknown
    } else {
        Exit::Done
    })
}

/// A sentence if the copy off the machine could not be made.
fn missing_copy(store: &Store) -> Option<String> {
    let trouble = store.copies()?.trouble?;
    Some(format!(
        "the imported rows are only on this machine until the next copy of the state succeeds: {}",
        trouble.why
    ))
}

/// When the goals' days begin, from the last snapshot of Beeminder. Without a snapshot no deadline is known.
fn goal_days(store: &Store, fallback: &TimeZone) -> anyhow::Result<GoalDays> {
    let snapshot = store.read(|connection| snapshots::get(connection, snapshots::BEEMINDER))?;
    // A snapshot of an older release may have another shape. It then counts as missing.
    let account: Option<Account> = snapshot.and_then(|(_, json)| serde_json::from_str(&json).ok());
    Ok(match account {
        None => GoalDays {
            zone: fallback.clone(),
            deadlines: [].into(),
        },
        Some(account) => GoalDays {
            zone: account.zone(fallback),
            deadlines: account
                .goals
                .into_iter()
                .map(|goal| (goal.slug, goal.deadline))
                .collect(),
        },
    })
}

/// Notes about imported rows that no setting uses yet.
fn unused(report: &Report, budget: &BudgetSettings) -> Vec<&'static str> {
    let taken = |name: &str| {
        report
            .tables
            .iter()
            .any(|table| table.table == name && table.taken > 0)
    };
    let source = |provider| {
        budget
            .providers
            .iter()
            .find(|b| b.provider == provider)
            .map(|b| b.source)
    };
    let mut notes = Vec::new();
    if taken("budget_tracking") && source(Provider::Anthropic).is_none() {
        notes.push(
            "the configuration has no [budget.anthropic]: nothing uses the imported budget until you add it",
        );
    }
    if taken("groq_odometer_readings") && source(Provider::Groq) != Some(BudgetSource::Odometer) {
        notes.push(
            "the configuration has no [budget.groq] with source = \"odometer\": nothing uses the imported readings until you add it",
        );
    }
    notes
}

fn print(out: &mut impl Write, imported: &Imported<'_>) -> io::Result<()> {
    let Imported {
        files,
        zone,
        dry_run,
        report,
    } = imported;
    writeln!(
        out,
        "{}; times without an offset are read as {zone}",
        files.join(", ")
    )?;
    writeln!(
        out,
        "{:<24} {:>6} {:>6} {:>14} {:>8}",
        "", "rows", "taken", "already there", "skipped"
    )?;
    for table in &report.tables {
        let name = &table.table;
        writeln!(
            out,
            "{name:<24} {:>6} {:>6} {:>14} {:>8}",
            table.rows, table.taken, table.already_there, table.skipped
        )?;
        for skip in table.skips.iter().take(SHOWN) {
            writeln!(out, "    {}", sentence(skip))?;
        }
        let shown: usize = table.skips.iter().take(SHOWN).map(|skip| skip.rows).sum();
        if shown < table.skipped {
            writeln!(out, "    and {} more: see --json", table.skipped - shown)?;
        }
    }
    for note in &report.notes {
        writeln!(out, "note: {note}")?;
    }
    for doubt in &report.doubts {
        writeln!(out, "unsure: {doubt}")?;
    }
    if *dry_run {
        writeln!(out, "dry run: nothing was written")?;
    }
    Ok(())
}

fn sentence(skip: &Skip) -> String {
    let Skip {
        file,
        row,
        rows,
        column,
        why,
    } = skip;
    let row = row.as_deref().map(|row| format!(" {row}")).unwrap_or_default();
    let column = column.map(|column| format!(", {column}")).unwrap_or_default();
    let others = if row.is_empty() || *rows == 1 {
        String::new()
    } else {
        format!(" and {} more", rows - 1)
    };
    format!("{file}{row}{column}{others}: {why}")
}
