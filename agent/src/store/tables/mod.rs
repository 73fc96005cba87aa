//! The SQL, one file for each table. The functions take a connection or a transaction, so that several of
//! them can share one transaction.
//!
//! No rules live here, and no I/O other than SQLite's.

pub mod broken_channels;
pub mod budget;
pub mod claims;
pub mod decisions;
pub mod derailments;
pub mod entries;
pub mod entry_histories;
pub mod export;
pub mod forewarned;
pub mod goal_names;
pub mod later;
pub mod lineage;
pub mod odometer;
pub mod outbox;
pub mod readings;
pub mod reconciliations;
pub mod removals;
pub mod retention;
pub mod runs;
pub mod sessions;
pub mod silences;
pub mod snapshots;
pub mod sql;
pub mod steps;
pub mod untold;
pub mod upstreams;
pub mod verified_generations;

#[cfg(test)]
mod tests;
