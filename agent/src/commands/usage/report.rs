//! What a scan found, for a person and as JSON.

use std::io::{self, Write};

use serde::Serialize;

use super::tally::{Sum, Tally};
use crate::{
    cli::ScanArgs,
    domain::Money,
    transcripts::{Scanned, Skipped},
};

/// What is printed.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    files: FilesReport,
    lines: LinesReport,
    sessions: SessionsReport,
    /// The new sessions.
    models: Vec<ModelReport>,
    notes: Vec<String>,
    /// Why not everything could be recorded.
    stopped: Option<String>,
}

#[derive(Debug, Serialize)]
struct FilesReport {
    all: usize,
    read: usize,
    unreadable: Vec<String>,
}

#[derive(Debug, Serialize)]
struct LinesReport {
    read: u64,
    synthetic: u64,
    failed_requests: u64,
    without_tokens: u64,
    older: u64,
    broken: u64,
    too_long: u64,
}

#[derive(Debug, Serialize)]
struct SessionsReport {
    new: u64,
    known: u64,
    refused: u64,
    reasons: Vec<ReasonReport>,
}

#[derive(Debug, Serialize)]
struct ReasonReport {
    why: String,
    sessions: u64,
}

#[derive(Debug, Serialize)]
struct ModelReport {
    provider: &'static str,
    model: String,
    sessions: u64,
    cost: Money,
    /// How many of the sessions have an assumed price.
    assumed: u64,
}

impl Report {
    pub(super) fn new(scanned: &Scanned, tally: &Tally, notes: Vec<String>, stopped: Option<String>) -> Self {
        let unreadable = scanned.files.unreadable.iter();
        let Skipped {
            synthetic,
            failed,
            empty,
            old,
            broken,
            too_long,
        } = scanned.skipped;
        let models = tally.by_model.iter().map(|((provider, model), sum)| {
            let Sum {
                sessions,
                cost,
                assumed,
            } = *sum;
            ModelReport {
                provider,
                model: model.clone(),
                sessions,
                cost,
                assumed,
            }
        });
        Self {
            files: FilesReport {
                all: scanned.files.all,
                read: scanned.files.read,
                unreadable: unreadable
                    .map(|one| format!("{}: {}", one.path.display(), one.error))
                    .collect(),
            },
            lines: LinesReport {
                read: scanned.lines,
                synthetic,
                failed_requests: failed,
                without_tokens: empty,
                older: old,
                broken,
                too_long,
            },
            sessions: SessionsReport {
                new: tally.new,
                known: tally.known,
                refused: tally.refused,
                reasons: tally
                    .reasons
                    .iter()
                    .map(|(why, &sessions)| ReasonReport {
                        why: why.clone(),
                        sessions,
                    })
                    .collect(),
            },
            models: models.collect(),
            notes,
            stopped,
        }
    }

    /// Whether everything was read and recorded. A broken line is no reason to doubt the others: the process that writes a
    /// line can be killed.
    pub(super) fn is_whole(&self) -> bool {
        self.files.unreadable.is_empty() && self.sessions.refused == 0 && self.stopped.is_none()
    }

    pub(super) fn print(&self, out: &mut impl Write, options: &ScanArgs) -> io::Result<()> {
        if options.json {
            serde_json::to_writer_pretty(&mut *out, self)?;
            return writeln!(out);
        }
        let FilesReport {
            all,
            read,
            unreadable,
        } = &self.files;
        writeln!(out, "files     {all} in all, {read} with something new")?;
        for file in unreadable {
            writeln!(out, "          cannot be read: {file}")?;
        }
        let SessionsReport {
            new,
            known,
            refused,
            reasons,
        } = &self.sessions;
        writeln!(out, "requests  {new} new, {known} known, {refused} refused")?;
        for reason in reasons {
            writeln!(out, "          {} refused: {}", reason.sessions, reason.why)?;
        }
        let lines = &self.lines;
        let skipped: Vec<String> = [
            (lines.synthetic, "of Claude Code itself"),
            (lines.failed_requests, "of failed requests"),
            (lines.without_tokens, "without tokens"),
            (lines.older, "older than --since"),
            (lines.broken, "that cannot be read"),
            (lines.too_long, "longer than any response"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
        if !skipped.is_empty() {
            writeln!(out, "skipped   lines: {}", skipped.join(", "))?;
        }
        let width = self
            .models
            .iter()
            .map(|one| one.model.chars().count())
            .max()
            .unwrap_or(0);
        for ModelReport {
            provider,
            model,
            sessions,
            cost,
            assumed,
        } in &self.models
        {
            let assumed = match assumed {
                0 => String::new(),
                assumed => format!("  ({assumed} at an assumed price)"),
            };
            writeln!(
                out,
                "{provider:<9} {model:<width$}  {sessions:>7}  {cost:>10}{assumed}"
            )?;
        }
        if !self.models.is_empty() {
            writeln!(
                out,
                "assumed   {}",
                if options.is_billed() {
                    "somebody pays for each request (--plan: they are within a plan)"
                } else {
                    "the requests are within a plan: no budget counts them"
                }
            )?;
        }
        for note in &self.notes {
            writeln!(out, "note      {note}")?;
        }
        if let Some(why) = &self.stopped {
            writeln!(out, "stopped   {why}; the next scan goes on from there")?;
        }
        Ok(())
    }
}
