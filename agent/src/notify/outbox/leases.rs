//! The leases of this process: who may send which attempt, and until when.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;

/// The right of this process to send one attempt of a message. The settle time follows the lease. During the
/// settle time nobody may ask the provider about the attempt.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lease {
    /// The attempt that may be sent.
    pub(super) attempt: u32,
    /// The epoch of the state when the lease was written down, or an earlier epoch; see
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

/// The leases by message: the leases of this process, and the leases that this process found in the database
/// because another process or instance began the attempt.
///
/// A lease is kept after its send, until its settle time is over. If only the row were kept and the wall
/// clock jumped, reconciliation could ask too early. A lease that was found in the database is known by the
/// wall clock only, which may have jumped. So such a lease begins when this process first sees it.
#[derive(Debug, Default)]
pub(super) struct Leases(Mutex<HashMap<String, Entry>>);

/// A send under way. Dropping this value says that the send has ended.
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
    /// Whether the lease is taken and its send has not ended yet.
    sending: bool,
}

impl Leases {
    /// Remembers a lease. It replaces the previous lease of the message.
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

    /// Forgets the leases whose settle time is over and whose message is no longer open.
    pub(super) fn forget(&self, is_open: impl Fn(&str) -> bool, boottime: Duration) {
        self.entries()
            .retain(|id, entry| boottime < entry.lease.settled || is_open(id));
    }

    /// Takes the right to send this attempt. Only one worker gets the right, and only once.
    pub(super) fn take(&self, id: &str, attempt: u32) -> Option<Lease> {
        let mut entries = self.entries();
        let entry = entries
            .get_mut(id)
            .filter(|entry| entry.lease.attempt == attempt && !entry.taken)?;
        (entry.taken, entry.sending) = (true, true);
        Some(entry.lease)
    }

    /// Whether this attempt waits for a worker of this process. An attempt whose lease has ended does not
    /// wait for a worker: it is reconciled.
    pub(super) fn waits(&self, id: &str, attempt: u32, boottime: Duration) -> bool {
        self.entries()
            .get(id)
            .is_some_and(|e| e.lease.attempt == attempt && !e.taken && boottime < e.lease.until)
    }

    /// Marks the send of an attempt as under way, until the returned value is dropped.
    pub(super) fn sending(&self, id: &str, attempt: u32) -> Sending<'_> {
        Sending {
            leases: self,
            id: id.to_owned(),
            attempt,
        }
    }

    /// Whether a worker of this process is sending this attempt. A send may take longer than its lease if the
    /// process was suspended.
    pub(super) fn is_sending(&self, id: &str, attempt: u32) -> bool {
        self.entries()
            .get(id)
            .is_some_and(|entry| entry.sending && entry.lease.attempt == attempt)
    }

    /// Whether a worker of this process is sending anything.
    pub(super) fn any_sending(&self) -> bool {
        self.entries().values().any(|entry| entry.sending)
    }

    /// Records that a send of this process ended in doubt. Its bytes may have left only now, so the settle
    /// time begins now at the earliest. Returns how long reconciliation must wait from now on.
    pub(super) fn doubted(&self, id: &str, attempt: u32, settle: Duration, boottime: Duration) -> Duration {
        let mut entries = self.entries();
        let Some(entry) = entries.get_mut(id).filter(|entry| entry.lease.attempt == attempt) else {
            return settle;
        };
        let lease = &mut entry.lease;
        lease.settled = lease.settled.max(lease.until.max(boottime) + settle);
        lease.settled - boottime
    }

    /// How long the reconciliation of an attempt must still wait, by CLOCK_BOOTTIME. `as_of_now` is a lease
    /// that begins now. It becomes the lease of the attempt if this process sees the attempt for the first
    /// time, or if another instance has written the row since.
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
