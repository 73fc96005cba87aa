//! `status` for a person at a terminal: a line for each fact, what is wrong in capitals.

use std::io::{self, Write};

use jiff::{Timestamp, tz::TimeZone};

use super::{Holder, Shown};
use crate::{
    clock,
    commands::text,
    domain::Severity,
    status::{CopiesStatus, Status},
    store::tables::{broken_channels::BrokenChannel, decisions::DecisionRow},
};

/// Writes one status.
pub(super) struct Printer<'a, W> {
    out: &'a mut W,
    shown: &'a Shown,
    status: &'a Status,
    zone: &'a TimeZone,
}

impl<'a, W: Write> Printer<'a, W> {
    /// Times are shown in `zone`.
    pub(super) fn new(out: &'a mut W, shown: &'a Shown, zone: &'a TimeZone) -> Self {
        Self {
            out,
            shown,
            status: &shown.status,
            zone,
        }
    }

    /// # Errors
    /// If the output cannot be written.
    pub(super) fn print(mut self) -> io::Result<()> {
        self.overdue()?;
        writeln!(
            self.out,
            "mecris-agent {} ({}), {}",
            self.shown.version.version, self.shown.version.commit, self.shown.environment
        )?;
        self.daemon()?;
        self.window()?;
        self.passes()?;
        self.channels()?;
        if self.shown.alerts_waiting > 0 {
            writeln!(
                self.out,
                "alerts        {} left here, held back or not decided about yet",
                self.shown.alerts_waiting
            )?;
        }
        if self.shown.words_waiting > 0 {
            writeln!(
                self.out,
                "words         {} left here, not recorded yet",
                self.shown.words_waiting
            )?;
        }
        if let Some(copies) = &self.status.copies {
            self.copies(copies)?;
        }
        self.decisions()?;
        self.silences()?;
        self.messages()
    }

    /// The first line, if what follows is old.
    fn overdue(&mut self) -> io::Result<()> {
        let Some(run) = self.shown.last_run.as_ref().filter(|_| self.shown.overdue) else {
            return Ok(());
        };
        let since = self.ago(run.finished_at);
        writeln!(
            self.out,
            "OVERDUE       no pass since {since}: nobody watches, and what follows is as of then"
        )
    }

    fn daemon(&mut self) -> io::Result<()> {
        match &self.shown.holder {
            None => writeln!(self.out, "daemon        none runs here"),
            Some(Holder { process, daemon }) => match daemon {
                Some(true) => writeln!(self.out, "daemon        runs here, process {process}"),
                Some(false) => writeln!(
                    self.out,
                    "daemon        none runs here; process {process} has the state"
                ),
                None => writeln!(self.out, "daemon        process {process} has the state"),
            },
        }
    }

    fn window(&mut self) -> io::Result<()> {
        let window = &self.status.window;
        let Some(start) = window.start else {
            return writeln!(self.out, "window        always open");
        };
        let next = clock::local_minute(start, self.zone);
        match (window.seconds_left, window.over_seconds) {
            (Some(left), _) => writeln!(self.out, "window        open, {} left", text::roughly(left)),
            (None, Some(over)) => writeln!(
                self.out,
                "window        OVER for {}, next {next} (informs; what runs now is not stopped)",
                text::roughly(over)
            ),
            (None, None) => writeln!(
                self.out,
                "window        next {next} (informs; what runs now is not stopped)"
            ),
        }
    }

    fn passes(&mut self) -> io::Result<()> {
        match &self.shown.last_run {
            None => writeln!(self.out, "last pass     never: try `mecris-agent run`")?,
            Some(run) => writeln!(
                self.out,
                "last pass     {}, {}",
                self.ago(run.finished_at),
                run.outcome
            )?,
        }
        match self.status.last_success {
            None => writeln!(self.out, "last success  NEVER: Beeminder has not been read yet"),
            Some(at) => writeln!(self.out, "last success  {}", self.ago(at)),
        }
    }

    fn channels(&mut self) -> io::Result<()> {
        if self.status.nobody_to_tell {
            writeln!(self.out, "channels      ALL BROKEN: nobody can be told")?;
        }
        for BrokenChannel {
            channel, since, why, ..
        } in &self.status.broken_channels
        {
            writeln!(
                self.out,
                "BROKEN        {} since {}: {why}",
                channel.as_str(),
                clock::local_minute(*since, self.zone)
            )?;
        }
        Ok(())
    }

    fn copies(&mut self, copies: &CopiesStatus) -> io::Result<()> {
        match copies.saved {
            None => writeln!(self.out, "copies        none yet in {}", copies.remote)?,
            Some(saved) => writeln!(
                self.out,
                "copies        generation {}, {}, {}",
                saved.generation,
                text::size(saved.bytes),
                self.ago(saved.at)
            )?,
        }
        if let Some(trouble) = &copies.trouble {
            writeln!(
                self.out,
                "              FAILING since {}: {}",
                self.ago(trouble.since),
                trouble.why
            )?;
        }
        Ok(())
    }

    fn decisions(&mut self) -> io::Result<()> {
        if let Some(run) = self
            .shown
            .last_run
            .as_ref()
            .filter(|_| !self.shown.decisions.is_empty())
        {
            let then = text::as_of(run.started_at, self.status.at, self.zone);
            writeln!(self.out, "decisions     {then}:")?;
        }
        for decision in &self.shown.decisions {
            let DecisionRow {
                subject,
                reason,
                evidence,
                ..
            } = decision;
            let severity = decision.severity.map_or("", Severity::as_str);
            let subject = subject.as_str();
            let reason = reason.as_str();
            let comment = decision.comment.as_deref();
            let attribution = decision
                .author
                .as_deref()
                .map(|author| text::attribution(author, decision.until, comment, self.zone));
            writeln!(
                self.out,
                "  {severity:<8} {subject:<24} {reason:<22} {evidence}{}",
                attribution.unwrap_or_default()
            )?;
        }
        Ok(())
    }

    fn silences(&mut self) -> io::Result<()> {
        for silence in &self.shown.silences {
            let left = text::roughly(silence.ends_at.duration_since(self.status.at).as_secs());
            let attribution = text::attribution(
                &silence.author,
                Some(silence.ends_at),
                Some(&silence.comment),
                self.zone,
            );
            let span = if silence.active {
                format!("{left} left")
            } else {
                format!("from {}", clock::local_minute(silence.starts_at, self.zone))
            };
            writeln!(
                self.out,
                "{:<13} {}, {span}{attribution}",
                silence.kind, silence.subject
            )?;
            if let Some(warning) = &silence.warning {
                writeln!(self.out, "  {warning}")?;
            }
        }
        Ok(())
    }

    fn messages(&mut self) -> io::Result<()> {
        let order = if self.shown.notifications.is_empty() {
            "none yet"
        } else {
            "newest first"
        };
        writeln!(self.out, "messages      {order}")?;
        for message in &self.shown.notifications {
            writeln!(
                self.out,
                "  {} {:<10} {} {}",
                clock::local_minute(message.created_at, self.zone),
                message.state.as_str(),
                message.body,
                message.why.as_deref().unwrap_or("")
            )?;
        }
        Ok(())
    }

    /// `2026-11-21 13:00 EST (20m ago)`. A clock that was ahead records a time to come.
    fn ago(&self, at: Timestamp) -> String {
        let seconds = self.status.at.duration_since(at).as_secs();
        if seconds < 0 {
            return format!(
                "{} ({} from now: the clock was ahead, which the next pass sets right)",
                clock::local_minute(at, self.zone),
                text::roughly(-seconds)
            );
        }
        format!(
            "{} ({} ago)",
            clock::local_minute(at, self.zone),
            text::roughly(seconds)
        )
    }
}
