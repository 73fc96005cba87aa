//! The leases of this process: who may send which attempt, and until when.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;

/// The right of this process to send one attempt of a message. After it follows the settle time, in which
/// nobody may ask the provider about the attempt.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lease {
    /// The attempt that it is for.
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

/// The leases of this process by message, and the leases that it found in the database: attempts that another
/// process or instance began.
///
/// A lease is kept until its settle time is over, longer than its send. If the wall clock jumped meanwhile,
/// the row alone would let reconciliation ask too early. For a lease found in the database only wall-clock
/// time is known, which may have jumped, so that lease counts from first sight.
#[derive(Debug, Default)]
pub(super) struct Leases(Mutex<HashMap<String, Entry>>);

/// A send under way. The send has ended when this is dropped.
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
    /// Remembers a lease, instead of the message's previous one.
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

    /// Takes the right to send this attempt. One worker gets it, once.
    pub(super) fn take(&self, id: &str, attempt: u32) -> Option<Lease> {
        let mut entries = self.entries();
        let entry = entries
            .get_mut(id)
            .filter(|entry| entry.lease.attempt == attempt && !entry.taken)?;
        (entry.taken, entry.sending) = (true, true);
        Some(entry.lease)
    }

    /// Whether this attempt waits for a worker of this process. An attempt whose lease has ended does not: it
    /// is reconciled.
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

    /// A send of this process ended in doubt. Its bytes may have left only now, so the settle time begins now
    /// at the earliest. Returns how long reconciliation must wait from now on.
    pub(super) fn doubted(&self, id: &str, attempt: u32, settle: Duration, boottime: Duration) -> Duration {
        let mut entries = self.entries();
        let Some(entry) = entries.get_mut(id).filter(|entry| entry.lease.attempt == attempt) else {
            return settle;
        };
        let lease = &mut entry.lease;
        lease.settled = lease.settled.max(lease.until.max(boottime) + settle);
        lease.settled - boottime
    }

    /// How long reconciliation must wait with an attempt, by CLOCK_BOOTTIME. `as_of_now` becomes the
    /// attempt's lease if this process sees the attempt for the first time, or if another instance wrote the
    /// row since.
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
