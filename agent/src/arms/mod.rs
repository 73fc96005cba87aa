//! The arms. Each arm reads one thing from the outside world, and reports what it found out and what it could
//! not find out. The wire types, the client and the domain types of an arm stay together. No arm decides
//! whether a message is sent.
//!
//! [`activity`] finds a walk in the datapoints of a Beeminder goal, so it uses [`beeminder`].

pub mod activity;
pub mod beeminder;
