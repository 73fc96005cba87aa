//! The arms: each reads one thing from the world and says honestly what it knows. Wire types, client and
//! domain types of each stay together. No arm decides whether to speak.
//!
//! [`activity`] reads a walk from the datapoints of a Beeminder goal, so it uses [`beeminder`].

pub mod activity;
pub mod beeminder;
