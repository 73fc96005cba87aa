//! Passes that callers ask for over HTTP. However many ask at once, one pass runs and one waits, and a caller who
//! asks in a loop does not make the agent ask Beeminder in a loop.
//!
//! 1. Who asks is answered by a pass that begins afterwards. The pass that runs at that moment may have read
//!    Beeminder before, so it is not the answer.
//! 2. All who ask until that pass begins share it.
//! 3. A pass waits for its [`Pace`]: six at once, then one each five seconds. The passes of the schedule do not count.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use crate::http::passes::TURN;

/// How many may begin at once after a quiet minute.
const AT_ONCE: u32 = 6;

/// The passes that callers ask for; each comes to a `T`. Clones share everything.
pub(super) struct Asked<T> {
    /// The pass that has not begun yet, and will answer everybody who asks now.
    next: Arc<Mutex<Option<Answer<T>>>>,
    /// Held by the pass that runs.
    turn: Arc<tokio::sync::Mutex<Pace>>,
}

/// What a pass came to, once it has ended.
type Answer<T> = watch::Receiver<Option<T>>;

/// When the next pass may begin.
#[derive(Debug, Default)]
struct Pace {
    /// When all passes that began are paid for, at one each [`TURN`].
    paid: Option<Instant>,
}

impl Pace {
    /// The first instant at which a pass may begin.
    fn free(&self) -> Option<Instant> {
        self.paid?.checked_sub(TURN * (AT_ONCE - 1))
    }

    /// Notes that a pass begins.
    fn begin(&mut self, now: Instant) {
        self.paid = Some(self.paid.map_or(now, |paid| paid.max(now)) + TURN);
    }
}

impl<T> Clone for Asked<T> {
    fn clone(&self) -> Self {
        Self {
            next: self.next.clone(),
            turn: self.turn.clone(),
        }
    }
}

impl<T> Default for Asked<T> {
    fn default() -> Self {
        Self {
            next: Arc::default(),
            turn: Arc::default(),
        }
    }
}

impl<T: Clone + Send + Sync + 'static> Asked<T> {
    /// What a pass comes to that begins after this call. `pass` makes it, unless another caller's pass does.
    ///
    /// # Panics
    /// If the pass panicked.
    pub(super) async fn ask<F>(self, pass: impl FnOnce() -> F + Send + 'static) -> T
    where
        F: Future<Output = T> + Send + 'static,
    {
        let mut answer = self.next(pass);
        let told = answer.wait_for(Option::is_some).await;
        told.ok()
            .and_then(|told| told.clone())
            .expect("the pass panicked")
    }

    fn next<F>(&self, pass: impl FnOnce() -> F + Send + 'static) -> Answer<T>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = &*next {
            return answer.clone();
        }
        let (tell, answer) = watch::channel(None);
        *next = Some(answer.clone());
        // A task of its own: a caller who leaves must not take the answer from the others.
        tokio::spawn(self.clone().make(pass, tell));
        answer
    }

    async fn make<F>(self, pass: impl FnOnce() -> F + Send + 'static, tell: watch::Sender<Option<T>>)
    where
        F: Future<Output = T> + Send + 'static,
    {
        let mut turn = self.turn.lock().await;
        if let Some(free) = turn.free() {
            sleep_until(free).await;
        }
        turn.begin(Instant::now());
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = None;
        tell.send_replace(Some(pass().await));
    }
}

#[cfg(test)]
mod tests;
