//! Claude Code's transcripts: what its requests used, as the files on a machine say it.
//!
//! Claude Code writes each session to `projects/<folder>/<session>.jsonl`, and what a subagent does to a file beside it.
//! A response of the model is there several times: one line for each of its blocks, the first of which know less than
//! the last; copies in resumed sessions; and replays in side conversations. [`scan`] reads the lines that are new since a
//! [`Cursor`] and makes one [`NewSession`](crate::budget::NewSession) of each response and model. Whoever records the sessions records each request
//! once, so a lost cursor costs time and counts nothing twice.
//!
//! Only numbers, ids, the model, the time and the conditions of a request leave this folder. What was said in a session
//! is in none of its types, errors or files. The format is Claude Code's own and not documented: a line that cannot be
//! read is skipped and counted.

mod cursor;
mod folders;
mod line;
mod lines;
mod responses;
mod scan;
#[cfg(test)]
mod tests;

pub use cursor::{Cursor, Kept};
pub use folders::{NoTranscripts, transcripts_of};
pub use responses::{FileNumber, Found};
pub use scan::{Files, Scanned, Skipped, Unreadable, scan};
