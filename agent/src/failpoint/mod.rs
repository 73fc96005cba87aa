//! Failpoints: places at which a test kills, stops or delays this process. Without the feature `failpoints`
//! the macros expand to nothing.
//!
//! A failpoint stands at every await between a decision and the final state of its message, and inside the
//! transactions that matter. The environment chooses what happens:
//!
//! * `MECRIS_FAILPOINT=<name>=<action>[@<n>]`, several separated by `;`. The action is `kill`, `stop`
//!   (SIGSTOP stops every thread, as if the machine slept) or `sleep:<milliseconds>`. `n` counts the passages
//!   and is 1 by default.
//! * `MECRIS_FAILPOINT_LOG` names a file. A failpoint that acts first appends the line `<name> <action>`, so
//!   a test can count where it killed a process.
//! * `MECRIS_FAILPOINT_AT` names a file that always holds the name of the failpoint that was passed last.
//! * `MECRIS_FAILPOINT_HANG` names a file with names of [`HANGS`], one a line. It is read each time such a
//!   place is passed: the task there hangs forever, while all other tasks go on.
//! * `MECRIS_FAILPOINT_CLOCK` names a file with the milliseconds by which the wall clock is wrong. It is read
//!   each time the clock is read, so a test can make the wall clock jump under a running process. The time
//!   since boot never jumps.

#[cfg(feature = "failpoints")]
mod active;

#[cfg(feature = "failpoints")]
pub use active::{clock_error, hang, pass};

/// Marks a failpoint. Its name must be in [`ALL`](crate::failpoint::ALL).
#[macro_export]
macro_rules! failpoint {
    ($name:literal) => {
        #[cfg(feature = "failpoints")]
        $crate::failpoint::pass($name);
    };
}

/// Marks an await at which a test can hang a single task. Its name must be in
/// [`HANGS`](crate::failpoint::HANGS).
#[macro_export]
macro_rules! hangpoint {
    ($name:literal) => {
        #[cfg(feature = "failpoints")]
        $crate::failpoint::hang($name).await;
    };
}

/// Every place at which a single task can hang. The watchdog has to notice a hang at each of them.
pub const HANGS: &[&str] = &["scheduler.turn", "http.accept"];

/// Every failpoint, in the order of a message's life.
pub const ALL: &[&str] = &[
    // The start: the file is open and locked; then the generations of other instances are listed, fetched,
    // written to the file and loaded.
    "start.opened",
    "restore.listed",
    "restore.fetched",
    "restore.replaced",
    "restore.loaded",
    "start.joined",
    "retention.forgotten",
    "retention.compacted",
    // A pass, up to the transaction that holds its decisions, claims and message.
    "pass.observed",
    "pass.assessing",
    "pass.assessed",
    "pass.deciding",
    "pass.recording",
    "store.committed",
    // A checkpoint.
    "checkpoint.drafted",
    "checkpoint.created",
    "checkpoint.compared",
    "checkpoint.looked_beyond",
    "checkpoint.confirmed",
    "checkpoint.fenced",
    "checkpoint.failed",
    "pass.recorded",
    // A send.
    "outbox.claimed",
    "outbox.checkpointed",
    "outbox.connected",
    // Between the check of the lease and the write to the socket: a pause here, and only here, may cost a
    // second message.
    "outbox.lease_checked",
    "outbox.sent",
    "outbox.accepted",
    "outbox.recorded",
    // The other ways a send can end.
    "outbox.doubted",
    "outbox.missed",
    "outbox.resumed",
    "outbox.doubtful",
    "outbox.found",
    "outbox.absent",
    "outbox.unanswered",
    "outbox.polled",
    "outbox.followed",
    // The end.
    "finish.begun",
    "finish.saved",
];

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, path::Path};

    use super::*;

    fn count(folder: &Path, found: &mut BTreeMap<String, usize>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                count(&path, found);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let places = text.split(concat!("failpoint!", "(\"")).skip(1);
                for place in places.chain(text.split(concat!("hangpoint!", "(\"")).skip(1)) {
                    let name = place.split('"').next().unwrap();
                    *found.entry(name.to_owned()).or_default() += 1;
                }
            }
        }
    }

    #[test]
    fn every_name_marks_one_place_and_every_place_has_a_name_in_the_list() {
        let mut found = BTreeMap::new();
        count(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
        let all = ALL.iter().chain(HANGS);
        let listed: BTreeMap<String, usize> = all.map(|name| ((*name).to_owned(), 1)).collect();
        assert_eq!(listed.len(), ALL.len() + HANGS.len(), "a name is listed twice");
        assert_eq!(found, listed);
    }
}
