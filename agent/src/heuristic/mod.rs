//! The heuristic: observe → assess → decide → record. `assess` and `decide` are pure: they import neither tokio nor any client.

pub mod assess;
pub mod decide;
pub mod policy;
