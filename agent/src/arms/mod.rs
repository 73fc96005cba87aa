//! The arms: each reads one thing from the world and reports what is known and what is unknown. The wire
//! types, the client and the domain types of an arm stay together. No arm decides whether a message is sent.
//!
//! [`activity`] finds a walk in the datapoints of a Beeminder goal, so it uses [`beeminder`].

pub mod activity;
pub mod beeminder;
