//! The arms: each reads one thing from the world and says honestly what it knows. Wire types, client and
//! domain types of each stay together. No arm decides whether to speak, and none knows another.

pub mod activity;
pub mod beeminder;
pub mod budget;
