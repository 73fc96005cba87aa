//! Alerts, and a person's words, that a process without the state's lock leaves for the process that has it.
//!
//! [`spool`] is the folder beside the database. [`pickup`] decides about the alerts that wait there, and records
//! the words (`words`). Nothing here talks to a channel.

pub mod pickup;
pub mod spool;
mod words;

pub use pickup::Pickup;
pub use spool::Spool;
