//! The one thing that an endpoint asks of the running daemon: a pass now.

use std::pin::Pin;

use crate::heuristic::{HeuristicError, Report};

/// A pass under way. It owns what it needs, so that it can outlive the request.
pub type PassFuture = Pin<Box<dyn Future<Output = Result<Report, HeuristicError>> + Send>>;

/// Makes a pass when an endpoint asks for one.
pub trait Passes: Send + Sync {
    /// One pass of the heuristic now, and one attempt at each message that is due. The report shows the
    /// messages as they stand afterwards.
    ///
    /// # Errors
    /// If the state cannot be read, or what was decided cannot be recorded.
    fn pass(&self) -> PassFuture;
}
