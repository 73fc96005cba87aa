//! What Mecris says about itself to operators: logs and metrics. Nothing in here decides anything, and nothing here knows a secret.

pub mod logs;
pub mod metrics;
