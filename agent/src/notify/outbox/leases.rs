use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;

/// The right of this process to send one attempt of a message, and to leave it alone for a while after.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lease {
    /// Of which attempt.
    pub(super) attempt: u32,
    /// The epoch of the state in which it was written down, or an earlier one; see
    /// [`crate::store::Store::checkpoint`].
    pub(super) epoch: u64,
    /// Its end by CLOCK_BOOTTIME.
    pub(super) until: Duration,
    /// The end of the settle time by CLOCK_BOOTTIME.
    pub(super) settled: Duration,
    /// [`Lease::until`] by the wall clock, as the row has it.
    pub(super) row_until: Timestamp,
    /// [`Lease::settled`] by the wall clock, as the row has it.
    pub(super) row_settled: Timestamp,
}

/// The leases of this process by message, and those that it found: attempts that another process or instance
/// began.
///
/// They outlive their sends until the settle time is over: should the wall clock jump meanwhile, the row
/// alone would let reconciliation ask too early. When a found one began is told by a wall clock alone, and
/// whether that has jumped since nobody knows; so it counts from when it was first seen.
#[derive(Debug, Default)]
pub(super) struct Leases(Mutex<HashMap<String, Entry>>);

/// A send under way.
pub(super) struct Sending<'a> {
    leases: &'a Leases,
    id: String,
    attempt: u32,
}

impl Drop for Sending<'_> {
    fn drop(&mut self) {
        let mut entries = self.leases.entries();
        if let Some(entry) = entries
            .get_mut(&self.id)
            .filter(|entry| entry.lease.attempt == self.attempt)
        {
            entry.sending = false;
        }
    }
}

#[derive(Debug)]
struct Entry {
    lease: Lease,
    taken: bool,
    /// Taken, and the send has not ended yet.
    sending: bool,
}

impl Leases {
    /// Remembers a lease in the place of the message's last one.
    pub(super) fn grant(&self, id: &str, lease: Lease) {
        self.entries().insert(
            id.to_owned(),
            Entry {
                lease,
                taken: false,
                sending: false,
            },
        );
    }

    /// Forgets those whose settle time is over and whose message is open no more.
    pub(super) fn forget(&self, is_open: impl Fn(&str) -> bool, boottime: Duration) {
        self.entries()
            .retain(|id, entry| boottime < entry.lease.settled || is_open(id));
    }

    /// Takes the right to send this attempt. Only one worker gets it, and only once.
    pub(super) fn take(&self, id: &str, attempt: u32) -> Option<Lease> {
        let mut entries = self.entries();
        let entry = entries
            .get_mut(id)
            .filter(|entry| entry.lease.attempt == attempt && !entry.taken)?;
        (entry.taken, entry.sending) = (true, true);
        Some(entry.lease)
    }

    /// Whether this attempt waits for a worker of this process. One whose lease has ended does not: it is
    /// reconciled.
    pub(super) fn waits(&self, id: &str, attempt: u32, boottime: Duration) -> bool {
        self.entries()
            .get(id)
            .is_some_and(|e| e.lease.attempt == attempt && !e.taken && boottime < e.lease.until)
    }

    /// Hold it while the attempt that was taken is sent: dropped, the send has ended, however it ended.
    pub(super) fn sending(&self, id: &str, attempt: u32) -> Sending<'_> {
        Sending {
            leases: self,
            id: id.to_owned(),
            attempt,
        }
    }

    /// Whether a worker of this process is sending this attempt. It may take longer than its lease: the
    /// process may have stood still.
    pub(super) fn is_sending(&self, id: &str, attempt: u32) -> bool {
        self.entries()
            .get(id)
            .is_some_and(|entry| entry.sending && entry.lease.attempt == attempt)
    }

    /// Whether a worker of this process is sending anything.
    pub(super) fn any_sending(&self) -> bool {
        self.entries().values().any(|entry| entry.sending)
    }

    /// A send of this process ended in doubt: its bytes may have left this moment, however long ago its lease
    /// began. Returns how long reconciliation has to leave the attempt alone from now on.
    pub(super) fn doubted(&self, id: &str, attempt: u32, settle: Duration, boottime: Duration) -> Duration {
        let mut entries = self.entries();
        let Some(entry) = entries.get_mut(id).filter(|entry| entry.lease.attempt == attempt) else {
            return settle;
        };
        let lease = &mut entry.lease;
        lease.settled = lease.settled.max(lease.until.max(boottime) + settle);
        lease.settled - boottime
    }

    /// How long reconciliation has to leave an attempt alone, by CLOCK_BOOTTIME. `as_of_now` is its lease if
    /// it is seen for the first time: it is nobody's of this process, or the row is another instance's by
    /// now.
    pub(super) fn unsettled_for(&self, id: &str, as_of_now: Lease, boottime: Duration) -> Duration {
        let mut entries = self.entries();
        let found = Entry {
            lease: as_of_now,
            taken: true,
            sending: false,
        };
        let entry = entries.entry(id.to_owned()).or_insert(found);
        if (entry.lease.attempt, entry.lease.epoch) != (as_of_now.attempt, as_of_now.epoch) {
            *entry = Entry {
                lease: as_of_now,
                taken: true,
                sending: entry.sending,
            };
        }
        entry.lease.settled.saturating_sub(boottime)
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
