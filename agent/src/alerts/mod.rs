//! Alerts and words that one process leaves for another. The process that leaves them does not have the lock
//! of the state. The process that has the lock takes them up. A *word* is what a person says: a silence, a
//! vacation, the end of one, or an acknowledgement.
//!
//! [`spool`] is the folder beside the database. [`pickup`] decides about the alerts that wait there, and
//! records the words (in the file `words.rs`). It also records the sessions of an LLM that `usage scan` left (in
//! `sessions.rs`). Nothing here talks to a channel.

pub mod pickup;
mod sessions;
pub mod spool;
mod words;

pub use pickup::Pickup;
pub use spool::Spool;
