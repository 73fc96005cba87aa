//! The SQL, one file a table: plain functions of a connection, so that several of them make one transaction.
//!
//! No rule and no I/O but SQLite lives here.

pub mod broken_channels;
pub mod budget;
pub mod claims;
pub mod decisions;
pub mod export;
pub mod lineage;
pub mod odometer;
pub mod outbox;
pub mod reconciliations;
pub mod retention;
pub mod runs;
pub mod sessions;
pub mod silences;
pub mod snapshots;
pub mod sql;
pub mod upstreams;
pub mod verified_generations;

#[cfg(test)]
mod tests;
