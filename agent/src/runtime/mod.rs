//! What puts the agent together and keeps it going: assembly, scheduler, heartbeat, the word with systemd,
//! the way out.
//!
//! Nothing in here knows a goal or a budget; it knows when to call whom, and how to tell that nobody is
//! called any more.

mod agent;
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
