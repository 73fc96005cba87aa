//! The copies of the state off the machine: numbered generations, each created only if its number is free.
//!
//! One conditional create is durability, the fence between two instances, and history. [`checkpoint`] writes,
//! [`join`] loads at start, [`heal`] sets a damaged file aside, [`prune`] deletes, [`rollback`] goes back. No rule
//! about when to speak lives here.

mod carried;
pub mod checkpoint;
pub mod generation;
pub mod heal;
pub mod join;
pub mod prune;
pub mod remote;
pub mod rollback;
mod suspend;
mod write_marks;
