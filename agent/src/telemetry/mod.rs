//! What Mecris tells operators about itself: logs, metrics, live status, build. Nothing here decides
//! anything.

mod build;
pub mod emf;
pub mod live;
pub mod logs;
pub mod metrics;

pub use build::{BuildInfo, build_info};
pub use live::LiveStatus;
