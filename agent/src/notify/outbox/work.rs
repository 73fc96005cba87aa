//! Which message is due, and which step of the protocol it needs.

use std::{sync::atomic::Ordering, time::Duration};

use jiff::Timestamp;
use tokio::{task::JoinSet, time::Instant};
use tracing::{Instrument, error};

use super::{Outbox, timing};
use crate::store::{
    StoreError,
    tables::outbox::{self as table, Row, State},
};

/// How many messages are worked on at once.
const AT_ONCE: usize = 8;

/// How long to wait after the database failed.
const PAUSE: Duration = Duration::from_secs(5);

impl Outbox {
    /// Works on the messages that `insert` made in this process, and on all messages that are due. Returns
    /// when nothing is due now.
    ///
    /// Several calls may run at once. A call may be dropped at any await: step 4 of the protocol (see
    /// `outbox`) picks up its messages. If the database fails, the call logs the failure and returns.
    /// [`Outbox::next_due`] then names a time a little later.
    pub async fn work(&self) {
        loop {
            let due = match self.due() {
                Ok(due) if due.is_empty() => return self.0.database_failed.store(false, Ordering::Relaxed),
                Ok(due) => due,
                Err(error) => return self.note_database_failure(&error),
            };
            let mut workers = JoinSet::new();
            for row in due.into_iter().take(AT_ONCE) {
                let outbox = self.clone();
                workers.spawn(async move { outbox.advance(row).await }.in_current_span());
            }
            let mut failure = None;
            while let Some(ended) = workers.join_next().await {
                match ended {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => failure = Some(error.to_string()),
                    Err(error) => failure = Some(error.to_string()),
                }
            }
            if let Some(error) = failure {
                return self.note_database_failure(&error);
            }
        }
    }

    /// When [`Outbox::work`] should be called next, if anything is open.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.next_due_of(|_| true)
    }

    /// Works until every message is settled: accepted, delivered, failed or withdrawn. Ends earlier if
    /// `within` is over, or if the next message is due only after that. Waits for a send that another worker
    /// has under way, but not longer than `within`. A single pass (`run`) calls this before it ends.
    pub async fn drain(&self, within: Duration) {
        let end = Instant::now() + within;
        loop {
            let mut sent = std::pin::pin!(self.0.sent.notified());
            sent.as_mut().enable();
            self.work().await;
            let Some(due) = self.next_due_of(State::is_unsettled) else {
                return;
            };
            let wait = timing::between(self.0.clock.now(), due).max(Duration::from_millis(10));
            let wake = Instant::now() + wait;
            if wake > end && !self.0.leases.any_sending() {
                return;
            }
            tokio::select! {
                () = sent => {}
                () = tokio::time::sleep_until(wake.min(end)) => {}
            }
            if Instant::now() >= end {
                return;
            }
        }
    }

    /// Takes one message one step further. The row may be outdated: another worker may have taken the lease
    /// meanwhile, and may be sending.
    async fn advance(&self, row: Row) -> Result<(), StoreError> {
        match row.state {
            State::Sending if self.0.leases.waits(&row.id, row.attempt, self.0.clock.boottime()) => {
                self.deliver(row).await
            }
            State::Sending | State::Unknown if !self.settled(&row, self.0.clock.now()) => Ok(()),
            State::Sending | State::Unknown => self.reconcile(row).await,
            State::Planned => self.resume(row).await,
            State::Accepted => self.poll(row).await,
            State::Delivered | State::Failed | State::Withdrawn => Ok(()),
        }
    }

    fn due(&self) -> Result<Vec<Row>, StoreError> {
        let now = self.0.clock.now();
        let mut open = self.0.store.read(table::open)?;
        self.0
            .leases
            .forget(|id| open.iter().any(|row| row.id == id), self.0.clock.boottime());
        open.retain(|row| self.due_at(row, now).is_some_and(|at| at <= now));
        Ok(open)
    }

    /// When a message is due. A message that this process has claimed and not sent yet is due now. A message
    /// that was sent or may have been sent, and whose outcome is not known, is due when its settle time is
    /// over. Any other message is due when its row says.
    fn due_at(&self, row: &Row, now: Timestamp) -> Option<Timestamp> {
        let boottime = self.0.clock.boottime();
        match row.state {
            State::Sending if self.0.leases.waits(&row.id, row.attempt, boottime) => Some(now),
            State::Sending | State::Unknown => self.settled_at(row, now),
            _ => planned_at(row, now),
        }
    }

    /// When the provider may be asked about an attempt that may have been sent: when the lease and the settle
    /// time are over.
    fn settled_at(&self, row: &Row, now: Timestamp) -> Option<Timestamp> {
        let as_of_now = self.new_lease(row.attempt);
        let mut unsettled = self
            .0
            .leases
            .unsettled_for(&row.id, as_of_now, self.0.clock.boottime());
        if self.0.leases.is_sending(&row.id, row.attempt) {
            // The send is still under way. Its outcome decides when the provider may be asked.
            unsettled = unsettled.max(self.settle_time(row.attempt));
        }
        planned_at(row, now).map(|at| at.max(timing::after(now, unsettled)))
    }

    fn settled(&self, row: &Row, now: Timestamp) -> bool {
        self.settled_at(row, now).is_some_and(|at| at <= now)
    }

    fn next_due_of(&self, which: impl Fn(State) -> bool) -> Option<Timestamp> {
        let now = self.0.clock.now();
        let later = timing::after(now, PAUSE);
        let open = match self.0.store.read(table::open) {
            Ok(open) => open,
            Err(error) => {
                self.note_database_failure(&error);
                return Some(later);
            }
        };
        let next = open
            .iter()
            .filter(|row| which(row.state))
            .filter_map(|row| self.due_at(row, now))
            .min();
        let failed = self.0.database_failed.load(Ordering::Relaxed);
        next.map(|at| if failed { at.max(later) } else { at })
    }

    fn note_database_failure(&self, error: &dyn std::fmt::Display) {
        error!(%error, "the outbox cannot go on for now");
        self.0.database_failed.store(true, Ordering::Relaxed);
    }
}

/// When the message is due according to its row.
///
/// If the row was written at a time that is still to come, the wall clock was set back after the write. It
/// could take days until the clock reaches that time again. So the message is due now at the latest. A
/// message in doubt that the outbox had stopped asking about has no time in its row: it is due now, too.
fn planned_at(row: &Row, now: Timestamp) -> Option<Timestamp> {
    let was_set_back = now < row.updated_at;
    match row.next_at {
        Some(at) => Some(if was_set_back { at.min(now) } else { at }),
        None => (row.state == State::Unknown && was_set_back).then_some(now),
    }
}
