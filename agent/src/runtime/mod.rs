//! Assembles the agent and keeps it running: scheduler, watchdog, notifications to systemd, shutdown.
//!
//! Nothing in here knows a goal or a budget. This folder decides when the other parts are called, and notices
//! when they are no longer called.

mod agent;
mod asked;
pub mod probe;
pub mod renewal;
mod scheduler;
pub mod shutdown;
pub mod state;
pub mod systemd;
pub mod watchdog;
pub mod window_guard;

pub use agent::{Agent, channels};
pub use scheduler::Scheduler;
pub(crate) use scheduler::pass_metric;
