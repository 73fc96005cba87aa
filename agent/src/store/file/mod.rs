//! The database file on this machine: how it is opened, locked, migrated, written, copied and checked.
//!
//! No table and no network is known here.

pub mod connection;
pub mod copies;
pub mod image;
pub mod lock;
pub mod migrate;
pub mod place;
pub mod readers;
pub mod verify;
pub mod version;
pub mod writer;
