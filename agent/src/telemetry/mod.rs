//! What Mecris says about itself to operators: metrics here, logs beside them. Nothing in here decides anything.

pub mod metrics;
