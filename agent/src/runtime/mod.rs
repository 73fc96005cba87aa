//! What keeps the daemon going: the scheduler, its heartbeat, the word with systemd, the way out.
//!
//! Nothing in here knows a goal or a budget; it knows when to call whom, and how to tell that nobody is called any more.

pub mod heartbeat;
pub mod probe;
pub mod shutdown;
pub mod systemd;
pub mod watchdog;
