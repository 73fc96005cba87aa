//! The seats of the connections: how many there may be, and who has to leave when all are taken.
//!
//! A client that reaches the socket can take every seat, without a token, and keep it: it sends nothing, or does
//! not read the answers. So when somebody waits for a seat, the connection leaves whose handler has been idle for
//! the longest time. What a handler is working on is never cut.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;

/// How often it is looked again for a connection that may leave, if all of them were at work.
const LOOK: Duration = Duration::from_millis(50);

/// Stands for a moment of idleness while a handler works.
const AT_WORK: u64 = u64::MAX;

/// All seats. Cheap to clone.
#[derive(Clone)]
pub(super) struct Seats {
    free: Arc<Semaphore>,
    taken: Arc<Mutex<Vec<Arc<Occupant>>>>,
    opened: Instant,
}

/// The connection on a seat.
struct Occupant {
    leave: CancellationToken,
    /// Since when no handler works for the connection, in milliseconds since the server began, or [`AT_WORK`].
    idle_since: AtomicU64,
}

/// A taken seat; free again when it is dropped.
pub(super) struct Seat {
    seats: Seats,
    occupant: Arc<Occupant>,
    _permit: OwnedSemaphorePermit,
}

impl Seats {
    /// Makes this many seats, all free.
    pub(super) fn new(number: usize) -> Self {
        Self {
            free: Arc::new(Semaphore::new(number)),
            taken: Arc::default(),
            opened: Instant::now(),
        }
    }

    /// Takes a seat. If there is none, somebody has to leave first.
    pub(super) async fn take(&self) -> Seat {
        let permit = loop {
            if self.free.available_permits() == 0 {
                self.ask_one_to_leave();
            }
            let free = Arc::clone(&self.free).acquire_owned();
            if let Ok(permit) = timeout(LOOK, free).await {
                break permit.expect("the semaphore is never closed");
            }
        };
        let occupant = Arc::new(Occupant {
            leave: CancellationToken::new(),
            idle_since: AtomicU64::new(self.now()),
        });
        self.occupants().push(Arc::clone(&occupant));
        Seat {
            seats: self.clone(),
            occupant,
            _permit: permit,
        }
    }

    fn ask_one_to_leave(&self) {
        let occupants = self.occupants();
        let idle = occupants
            .iter()
            .map(|occupant| (occupant.idle_since.load(Ordering::Relaxed), occupant))
            .filter(|(since, occupant)| *since != AT_WORK && !occupant.leave.is_cancelled());
        if let Some((_, longest)) = idle.min_by_key(|(since, _)| *since) {
            longest.leave.cancel();
        }
    }

    fn occupants(&self) -> MutexGuard<'_, Vec<Arc<Occupant>>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(AT_WORK - 1)
    }
}

impl Seat {
    /// Cancelled when the connection has to leave.
    pub(super) fn leave(&self) -> CancellationToken {
        self.occupant.leave.clone()
    }

    /// A handler works for the connection until the guard is dropped.
    pub(super) fn work(self: &Arc<Self>) -> AtWork {
        self.occupant.idle_since.store(AT_WORK, Ordering::Relaxed);
        AtWork(Arc::clone(self))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats
            .occupants()
            .retain(|occupant| !Arc::ptr_eq(occupant, &self.occupant));
    }
}

/// While it is there, a handler works.
pub(super) struct AtWork(Arc<Seat>);

impl Drop for AtWork {
    fn drop(&mut self) {
        let Seat { seats, occupant, .. } = self.0.as_ref();
        occupant.idle_since.store(seats.now(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_has_been_idle_for_the_longest_time_leaves_and_nobody_at_work() {
        let seats = Seats::new(3);
        let mut taken = Vec::new();
        for _ in 0..3 {
            taken.push(Arc::new(seats.take().await));
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        let at_work = taken[0].work();
        let leaves = taken[1].leave();
        let next = tokio::spawn({
            let seats = seats.clone();
            async move { seats.take().await }
        });
        leaves.cancelled().await;
        assert!(!taken[0].leave().is_cancelled() && !taken[2].leave().is_cancelled());
        taken.remove(1);
        taken.push(Arc::new(next.await.unwrap()));
        // The first has just stopped to work, so the third is next, though it came later.
        drop(at_work);
        let next = tokio::spawn({
            let seats = seats.clone();
            async move { seats.take().await }
        });
        taken[1].leave().cancelled().await;
        assert!(!taken[0].leave().is_cancelled());
        taken.remove(1);
        next.await.unwrap();
        assert_eq!(seats.occupants().len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn while_everybody_is_at_work_the_next_one_waits() {
        let seats = Seats::new(1);
        let only = Arc::new(seats.take().await);
        let at_work = only.work();
        let waits = timeout(Duration::from_secs(60), seats.take()).await;
        assert!(waits.is_err() && !only.leave().is_cancelled());
        drop(at_work);
        let next = tokio::spawn({
            let seats = seats.clone();
            async move { seats.take().await }
        });
        only.leave().cancelled().await;
        drop(only);
        next.await.unwrap();
    }
}
