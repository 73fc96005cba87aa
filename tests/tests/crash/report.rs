//! The counts of a run, and their table.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use mecris_agent::{domain::Step, failpoint};

use crate::audit::Findings;

/// The counts of all lanes.
#[derive(Debug, Default)]
pub(crate) struct Tally(Mutex<Counts>);

/// A pass that was not killed ended with code 1.
pub(crate) const FAILED: &str =
    "passes without a kill that ended with code 1: a message or the remote failed";
/// A pass that was not killed did not end.
pub(crate) const HANGS: &str = "passes without a kill that did not end";

/// What was counted in one run.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Starts of an agent that were disturbed in any way.
    pub(crate) rounds: u64,
    pub(crate) batches: u64,
    /// Kills by failpoint.
    pub(crate) kills: BTreeMap<String, u64>,
    /// Stops by failpoint: the process stood still there and went on later.
    pub(crate) stops: BTreeMap<String, u64>,
    /// All other counts, by name.
    pub(crate) events: BTreeMap<&'static str, u64>,
    pub(crate) due: usize,
    pub(crate) accepted: usize,
    pub(crate) overtaken: usize,
    pub(crate) lost: usize,
    pub(crate) duplicates: usize,
    /// How often each step of a goal was named.
    pub(crate) named: BTreeMap<Step, usize>,
    pub(crate) integrity_checks: u64,
    /// The failures, each with the command that repeats it.
    pub(crate) failures: Vec<String>,
    /// How long the whole run took.
    pub(crate) took: Duration,
}

impl Tally {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn into_inner(self) -> Counts {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn count(&self, event: &'static str) {
        *self.lock().events.entry(event).or_default() += 1;
    }
}

impl Counts {
    pub(crate) fn add(&mut self, findings: &Findings) {
        self.due += findings.due;
        self.accepted += findings.accepted;
        self.overtaken += findings.overtaken;
        self.lost += findings.lost.len();
        self.duplicates += findings.duplicates.len();
        for (step, count) in &findings.named {
            *self.named.entry(*step).or_default() += count;
        }
    }

    /// How often a process was killed at this failpoint.
    pub(crate) fn kills_at(&self, name: &str) -> u64 {
        self.kills.get(name).copied().unwrap_or_default()
    }

    /// The failpoint with the fewest kills, and their number.
    pub(crate) fn rarest(&self) -> (&'static str, u64) {
        let counts = failpoint::ALL.iter().map(|name| (*name, self.kills_at(name)));
        counts.min_by_key(|(_, count)| *count).unwrap_or_default()
    }

    /// Prints one line about the progress.
    pub(crate) fn progress(&self, so_far: Duration) {
        let (rarest, kills) = self.rarest();
        eprintln!(
            "{:>5} s: {} rounds, {} messages, {} duplicates, {} lost; rarest failpoint {rarest}: {kills}",
            so_far.as_secs(),
            self.rounds,
            self.accepted,
            self.duplicates,
            self.lost,
        );
    }

    /// A row of a table in Markdown.
    pub(crate) fn summary(&self, what: &str, times: u64, seed: u64) -> String {
        let Self {
            due,
            accepted,
            duplicates,
            lost,
            took,
            ..
        } = self;
        format!(
            "| {what} | {times} | {due} | {accepted} | **{duplicates}** | **{lost}** | {seed} | {} s |\n",
            took.as_secs()
        )
    }

    /// The report in Markdown.
    pub(crate) fn table(&self, seed: u64) -> String {
        let took = self.took;
        let mut text = String::from("| What | Count |\n|---|---:|\n");
        let mut line = |name: &str, count: &dyn std::fmt::Display| {
            let _ = writeln!(text, "| {name} | {count} |");
        };
        line("rounds", &self.rounds);
        line("accounts (each with two machines and its fakes)", &self.batches);
        line("kills at a failpoint", &self.kills.values().sum::<u64>());
        let (rarest, count) = self.rarest();
        line(&format!("kills at the rarest failpoint, `{rarest}`"), &count);
        for (event, count) in &self.events {
            line(event, count);
        }
        line(
            "integrity checks of the file and of the newest generation",
            &self.integrity_checks,
        );
        line("goals and days on which they were due", &self.due);
        line("messages accepted by the provider", &self.accepted);
        for (step, count) in &self.named {
            line(&format!("goals named, `{step}`"), count);
        }
        line(
            "goals and days that the clock jumped away from before they were told",
            &self.overtaken,
        );
        line("**duplicates**", &format!("**{}**", self.duplicates));
        line("**lost**", &format!("**{}**", self.lost));
        line("seed", &seed);
        line(
            "duration",
            &format!("{} min {} s", took.as_secs() / 60, took.as_secs() % 60),
        );
        text.push_str("\n| Failpoint | Kills |\n|---|---:|\n");
        for name in failpoint::ALL {
            let _ = writeln!(text, "| `{name}` | {} |", self.kills_at(name));
        }
        text
    }
}

/// Writes a part of the report into the folder `MECRIS_CRASH_REPORT`, if that is set.
pub(crate) fn publish(name: &str, text: &str) {
    if let Some(folder) = std::env::var_os("MECRIS_CRASH_REPORT") {
        let file = std::path::Path::new(&folder).join(format!("{name}.md"));
        std::fs::write(&file, text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }
}
