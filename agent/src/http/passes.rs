//! The one thing that an endpoint asks of the running daemon: a pass now.

use std::{pin::Pin, sync::Arc, time::Duration};

use crate::heuristic::{HeuristicError, Report};

/// What a pass came to. Everybody whom it answers gets a copy.
pub type Passed = Result<Report, Arc<HeuristicError>>;

/// A pass under way. It owns what it needs, so that it can outlive the request.
pub type PassFuture = Pin<Box<dyn Future<Output = Passed> + Send>>;

/// How long a pass may wait for its turn when many were asked for: in the long run one begins each five seconds. A
/// pass makes two or three requests of Beeminder.
pub const TURN: Duration = Duration::from_secs(5);

/// Makes a pass when an endpoint asks for one.
pub trait Passes: Send + Sync {
    /// One pass of the heuristic that begins after this call, and one attempt at each message that is due. The
    /// report shows the messages as they stand afterwards. All who ask before it begins share it.
    ///
    /// # Errors
    /// If the state cannot be read, or what was decided cannot be recorded.
    fn pass(&self) -> PassFuture;
}
