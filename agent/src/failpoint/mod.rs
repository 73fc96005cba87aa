//! Places at which a test kills, stops or delays this process. Without the feature `failpoints` the macro is
//! nothing at all.
//!
//! There is one at every await between a decision and its message's final state, and inside the transactions
//! that matter. What happens where is chosen by the environment: `MECRIS_FAILPOINT=<name>=<action>[@<n>]`,
//! several with `;` between them, where the action is `kill`, `stop` (SIGSTOP: every thread, like a machine
//! that sleeps) or `sleep:<milliseconds>` and `n` counts the passages (1, the first, if it is left out). A
//! failpoint that acts first adds `<name> <action>` as a line to the file `MECRIS_FAILPOINT_LOG`: whoever
//! killed a process this way can count where.
//!
//! The file `MECRIS_FAILPOINT_AT` always has the name of the last one that was passed.
//!
//! `MECRIS_FAILPOINT_HANG` names a file that holds names of [`HANGS`], one a line, read each time one of
//! those places is passed: the task that is there stands still for good, while all others go on.
//!
//! `MECRIS_FAILPOINT_CLOCK` names a file that holds milliseconds by which the wall clock is wrong, read each
//! time the clock is: so it can jump under a running process. The time since boot never does.

#[cfg(feature = "failpoints")]
mod active;

#[cfg(feature = "failpoints")]
pub use active::{clock_error, hang, pass};

/// Marks a place by its name, which stands in [`ALL`](crate::failpoint::ALL).
#[macro_export]
macro_rules! failpoint {
    ($name:literal) => {
        #[cfg(feature = "failpoints")]
        $crate::failpoint::pass($name);
    };
}

/// Marks an await by its name, which stands in [`HANGS`](crate::failpoint::HANGS): one task can be made to
/// stand still there.
#[macro_export]
macro_rules! hangpoint {
    ($name:literal) => {
        #[cfg(feature = "failpoints")]
        $crate::failpoint::hang($name).await;
    };
}

/// Every place at which a single task can hang: each is one that the watchdog has to notice.
pub const HANGS: &[&str] = &["scheduler.turn", "http.accept"];

/// Every failpoint, in the order of a message's life.
pub const ALL: &[&str] = &[
    // The start: the file is open and locked; what other instances wrote is known, fetched, in the file, in
    // use.
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
    "pass.assessed",
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
    // What else may come of it.
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
