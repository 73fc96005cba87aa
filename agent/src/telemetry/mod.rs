//! What Mecris says about itself to operators: logs, metrics, what the binary is. Nothing in here decides
//! anything.

mod build;
pub mod emf;
pub mod live;
pub mod logs;
pub mod metrics;

pub use build::{BuildInfo, build_info};
pub use live::LiveStatus;
