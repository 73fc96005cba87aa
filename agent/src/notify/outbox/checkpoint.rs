use crate::notify::channels::Answer;

/// Makes what was just written survive the loss of this machine. Called before a send and after each change that matters.
pub trait Checkpoint: Send + Sync {
    /// Returns once the state is safe, or once it is known that it cannot be made so now.
    fn checkpoint(&self) -> Answer<'_, ()>;
}

/// The state lives on this machine alone.
#[derive(Clone, Copy, Debug)]
pub struct NoCheckpoint;

impl Checkpoint for NoCheckpoint {
    fn checkpoint(&self) -> Answer<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}
