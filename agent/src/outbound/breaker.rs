//! The circuit breaker of an upstream.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, timeout_at},
};

use super::Tuning;

/// The circuit breaker of one upstream.
///
/// It opens after some failures in a row, and then refuses every call.
/// When the pause is over, one call gets through as the probe. The other calls wait for the probe's outcome,
/// as long as their own deadline allows, so that the second call of a pass does not fail just when the
/// upstream is back. A probe that fails doubles the pause. A probe that is dropped half-way proves nothing,
/// and the next call becomes the probe.
pub(super) struct Breaker {
    state: Mutex<State>,
    /// Notified when the phase has changed.
    changed: Notify,
    tuning: Tuning,
}

struct State {
    phase: Phase,
    failures: u32,
    /// Why the last try failed.
    why: String,
    pause: Duration,
}

#[derive(Clone, Copy, PartialEq)]
enum Phase {
    Closed,
    Open { until: Instant },
    Probing,
}

/// Why a call is not let through.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Refusal {
    pub(super) failures: u32,
    pub(super) why: String,
    pub(super) retry_in: Duration,
}

impl Breaker {
    pub(super) fn new(tuning: Tuning) -> Arc<Self> {
        let state = State {
            phase: Phase::Closed,
            failures: 0,
            why: String::new(),
            pause: tuning.first_pause,
        };
        Arc::new(Self {
            state: Mutex::new(state),
            changed: Notify::new(),
            tuning,
        })
    }

    /// Lets a call through: now, or after a probe that is under way. Refuses it while the circuit is open.
    pub(super) async fn admit(self: &Arc<Self>, deadline: Instant) -> Result<Permit, Refusal> {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            // Registered before the state is read, so that a change in between is not missed.
            changed.as_mut().enable();
            if let Some(answer) = self.try_admit() {
                return answer;
            }
            if timeout_at(deadline, changed).await.is_err() {
                let state = self.lock();
                return Err(Refusal {
                    failures: state.failures,
                    why: state.why.clone(),
                    retry_in: Duration::ZERO,
                });
            }
        }
    }

    /// `None` while a probe is under way.
    fn try_admit(self: &Arc<Self>) -> Option<Result<Permit, Refusal>> {
        let mut state = self.lock();
        let now = Instant::now();
        match state.phase {
            Phase::Closed => Some(Ok(self.permit(false))),
            Phase::Open { until } if until > now => Some(Err(Refusal {
                failures: state.failures,
                why: state.why.clone(),
                retry_in: until - now,
            })),
            Phase::Open { .. } => {
                state.phase = Phase::Probing;
                Some(Ok(self.permit(true)))
            }
            Phase::Probing => None,
        }
    }

    fn permit(self: &Arc<Self>, probe: bool) -> Permit {
        Permit {
            breaker: Arc::clone(self),
            probe: AtomicBool::new(probe),
            failed: AtomicBool::new(false),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The permission for one call with all its tries. Each try reports how it went.
pub(super) struct Permit {
    breaker: Arc<Breaker>,
    /// Whether this call is the probe.
    probe: AtomicBool,
    failed: AtomicBool,
}

impl Permit {
    /// A try was answered. Closes the circuit, unless another call is the probe: then the probe decides.
    pub(super) fn answered(&self) {
        let mut state = self.breaker.lock();
        if state.phase == Phase::Probing && !self.probe.swap(false, Relaxed) {
            return;
        }
        *state = State {
            phase: Phase::Closed,
            failures: 0,
            why: String::new(),
            pause: self.breaker.tuning.first_pause,
        };
        drop(state);
        self.breaker.changed.notify_waiters();
    }

    /// A try failed, and why. Opens a closed circuit after too many failures in a row.
    pub(super) fn failed(&self, why: &str) {
        self.failed.store(true, Relaxed);
        let mut state = self.breaker.lock();
        why.clone_into(&mut state.why);
        state.failures = state.failures.saturating_add(1);
        if state.phase == Phase::Closed && state.failures >= self.breaker.tuning.failures_to_open {
            state.phase = Phase::Open {
                until: Instant::now() + state.pause,
            };
        }
    }
}

impl Drop for Permit {
    /// The end of a probe that was never answered.
    fn drop(&mut self) {
        if !self.probe.load(Relaxed) {
            return;
        }
        let mut state = self.breaker.lock();
        let mut until = Instant::now();
        if self.failed.load(Relaxed) {
            state.pause = (state.pause * 2).min(self.breaker.tuning.longest_pause);
            until += state.pause;
        }
        state.phase = Phase::Open { until };
        drop(state);
        self.breaker.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{advance, timeout};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn soon() -> Instant {
        Instant::now() + SECOND
    }

    /// A breaker that has just opened, for five seconds.
    async fn opened() -> Arc<Breaker> {
        let breaker = Breaker::new(Tuning::default());
        for _ in 0..3 {
            breaker.admit(soon()).await.unwrap().failed("down");
        }
        breaker
    }

    async fn refusal(breaker: &Arc<Breaker>) -> Refusal {
        match breaker.admit(soon()).await {
            Err(refusal) => refusal,
            Ok(_) => panic!("let through"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn three_failures_in_a_row_open_it() {
        let breaker = Breaker::new(Tuning::default());
        for _ in 0..2 {
            breaker.admit(soon()).await.unwrap().failed("down");
        }
        breaker.admit(soon()).await.unwrap().answered();
        for _ in 0..2 {
            breaker.admit(soon()).await.unwrap().failed("down");
        }
        breaker.admit(soon()).await.unwrap().failed("down");
        assert_eq!(
            refusal(&breaker).await,
            Refusal {
                failures: 3,
                why: "down".to_owned(),
                retry_in: 5 * SECOND
            }
        );
    }

    #[tokio::test(start_paused = true)]
    async fn exactly_one_of_a_hundred_calls_is_the_probe_and_the_others_wait_for_it() {
        let breaker = opened().await;
        advance(5 * SECOND).await;
        let probe = breaker.admit(soon()).await.unwrap();
        let waiting: Vec<_> = (0..99)
            .map(|_| {
                let breaker = Arc::clone(&breaker);
                tokio::spawn(async move { breaker.admit(soon()).await.is_ok() })
            })
            .collect();
        tokio::task::yield_now().await;
        assert!(waiting.iter().all(|call| !call.is_finished()));
        probe.answered();
        for call in waiting {
            assert!(call.await.unwrap());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_pause_doubles_up_to_a_minute_and_starts_over_after_success() {
        let breaker = opened().await;
        for seconds in [5, 10, 20, 40, 60, 60] {
            assert_eq!(refusal(&breaker).await.retry_in, seconds * SECOND);
            advance(seconds * SECOND).await;
            breaker.admit(soon()).await.unwrap().failed("down");
        }
        advance(60 * SECOND).await;
        breaker.admit(soon()).await.unwrap().answered();
        for _ in 0..3 {
            breaker.admit(soon()).await.unwrap().failed("down");
        }
        assert_eq!(refusal(&breaker).await.retry_in, 5 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_is_dropped_hands_over_to_a_waiting_call() {
        let breaker = opened().await;
        advance(5 * SECOND).await;
        let probe = breaker.admit(soon()).await.unwrap();
        let next = tokio::spawn({
            let breaker = Arc::clone(&breaker);
            async move { breaker.admit(soon()).await.map(|permit| permit.answered()) }
        });
        tokio::task::yield_now().await;
        drop(probe);
        assert!(next.await.unwrap().is_ok());
        assert!(timeout(SECOND, breaker.admit(soon())).await.unwrap().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_for_a_probe_ends_at_the_deadline() {
        let breaker = opened().await;
        advance(5 * SECOND).await;
        let _probe = breaker.admit(soon()).await.unwrap();
        let before = Instant::now();
        assert_eq!(refusal(&breaker).await.failures, 3);
        assert_eq!(before.elapsed(), SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_answer_closes_an_open_circuit_but_does_not_replace_the_probe() {
        let breaker = Breaker::new(Tuning::default());
        let late = [
            breaker.admit(soon()).await.unwrap(),
            breaker.admit(soon()).await.unwrap(),
        ];
        for _ in 0..3 {
            late[0].failed("down");
        }
        late[1].answered();
        assert!(breaker.admit(soon()).await.is_ok());

        for _ in 0..3 {
            late[0].failed("down");
        }
        advance(5 * SECOND).await;
        let probe = breaker.admit(soon()).await.unwrap();
        late[1].answered();
        probe.failed("down");
        drop(probe);
        assert_eq!(refusal(&breaker).await.retry_in, 10 * SECOND);
    }
}
