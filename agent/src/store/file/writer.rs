//! The writer thread, which owns the one connection that writes.

use std::{
    convert::Infallible,
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use super::{connection::empty_log, place::Place};
use crate::store::StoreError;

/// How long the last handle waits until the file is closed. A disk that does not answer must not keep the
/// process from ending: nothing is lost then, because SQLite's log beside the file has it.
const CLOSING: Duration = Duration::from_secs(2);

type Job = Box<dyn FnOnce(&mut Connection, &Place) + Send>;

/// The one thread that writes. When the last handle is dropped, the thread moves everything into the file
/// itself, closes it, and lets go of the lock. The drop waits for that.
#[derive(Clone)]
pub(in crate::store) struct Writer {
    thread: Arc<WriterThread>,
    counters: Arc<Counters>,
}

struct WriterThread {
    /// `None` while it is dropped.
    jobs: Option<mpsc::Sender<Job>>,
    /// `None` if the system gave no thread.
    handle: Option<JoinHandle<()>>,
    /// Disconnected when the file is closed. Nothing is ever sent.
    closed: Mutex<mpsc::Receiver<Infallible>>,
}

impl WriterThread {
    fn start(mut connection: Connection, place: Place) -> Self {
        let (sender, jobs) = mpsc::channel::<Job>();
        let (closing, closed) = mpsc::channel();
        let started: io::Result<JoinHandle<()>> = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || {
                for job in jobs {
                    job(&mut connection, &place);
                }
                empty_log(&connection);
                drop(connection);
                drop(place);
                drop(closing);
            });
        Self {
            jobs: Some(sender),
            // Without the thread the receiver of the jobs is gone, so every write says `WriterGone`: the
            // failure is loud where it matters.
            handle: started.ok(),
            closed: Mutex::new(closed),
        }
    }
}

impl Drop for WriterThread {
    fn drop(&mut self) {
        drop(self.jobs.take());
        let Some(handle) = self.handle.take() else { return };
        if handle.thread().id() == thread::current().id() {
            return;
        }
        let closed = self.closed.get_mut().unwrap_or_else(PoisonError::into_inner);
        match closed.recv_timeout(CLOSING) {
            Err(mpsc::RecvTimeoutError::Disconnected) => drop(handle.join()),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                tracing::warn!(after = ?CLOSING, "the state is not closed yet: its newest part is in the file -wal beside it");
            }
            Ok(never) => match never {},
        }
    }
}

/// What happened to the file so far in this process. Changed on the writer thread alone.
#[derive(Debug, Default)]
struct Counters {
    /// Transactions that have to survive this machine.
    writes: AtomicU64,
    /// How often the whole content was replaced by a newer generation: what was written in an earlier epoch
    /// is gone.
    epoch: AtomicU64,
    /// All jobs that ended, whether they changed anything or not.
    jobs: AtomicU64,
}

/// What a transaction returned, and the epoch in which it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written<T> {
    /// What the transaction returned.
    pub value: T,
    /// How often the whole content had been replaced before. If it is replaced again, this write is gone.
    pub epoch: u64,
}

/// A point in the writes of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) struct Point {
    /// How often the whole content had been replaced.
    pub(in crate::store) epoch: u64,
    /// How many transactions there had been, in all epochs, that have to survive this machine.
    pub(in crate::store) writes: u64,
}

impl Point {
    /// Whether a copy of this point holds the first `writes` transactions, and its epoch is `epoch`.
    pub(in crate::store) fn holds(self, epoch: u64, writes: u64) -> bool {
        self.epoch == epoch && self.writes >= writes
    }
}

impl Writer {
    pub(in crate::store) fn start(connection: Connection, place: Place) -> Self {
        Self {
            thread: Arc::new(WriterThread::start(connection, place)),
            counters: Arc::default(),
        }
    }

    /// How many transactions there were that have to survive this machine.
    pub(in crate::store) fn writes(&self) -> u64 {
        self.counters.writes.load(Ordering::Acquire)
    }

    /// How often the content was replaced.
    pub(in crate::store) fn epoch(&self) -> u64 {
        self.counters.epoch.load(Ordering::Acquire)
    }

    /// How many jobs ended, counted before their callers know it. While this does not change, neither does the
    /// file.
    pub(in crate::store) fn jobs(&self) -> u64 {
        self.counters.jobs.load(Ordering::Acquire)
    }

    /// One transaction that has to survive this machine, and the epoch that it belongs to.
    pub(in crate::store) async fn run<T, F>(&self, work: F) -> Result<Written<T>, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        let counters = Arc::clone(&self.counters);
        self.exclusively(move |connection| {
            let before = connection.total_changes();
            let value = transact(connection, work)?;
            // One that found nothing to change is no reason for a copy.
            if connection.total_changes() != before {
                counters.writes.fetch_add(1, Ordering::Release);
            }
            Ok(Written {
                value,
                epoch: counters.epoch.load(Ordering::Acquire),
            })
        })
        .await
    }

    /// One transaction that is about this machine alone.
    pub(in crate::store) async fn note<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        self.exclusively(move |connection| Ok(transact(connection, work)?))
            .await
    }

    /// Work that replaces the whole content. A new epoch begins with its success; returns its first point.
    pub(in crate::store) async fn replace<F>(&self, work: F) -> Result<Point, StoreError>
    where
        F: FnOnce(&mut Connection) -> Result<(), StoreError> + Send + 'static,
    {
        let counters = Arc::clone(&self.counters);
        self.exclusively(move |connection| {
            work(connection)?;
            let writes = counters.writes.fetch_add(1, Ordering::Release) + 1;
            let epoch = counters.epoch.fetch_add(1, Ordering::Release) + 1;
            Ok(Point { epoch, writes })
        })
        .await
    }

    /// Moves everything into the file itself, although other handles are still there.
    pub(in crate::store) async fn empty_log(&self) -> Result<(), StoreError> {
        self.exclusively(|connection| {
            empty_log(connection);
            Ok(())
        })
        .await
    }

    /// Fails if the file is no longer where its name leads to.
    pub(in crate::store) async fn check_place(&self) -> Result<(), StoreError> {
        self.exclusively(|_| Ok(())).await
    }

    /// Work on the writing connection, with no other write before its end. If the file is no longer where its name
    /// leads to, the work is not done.
    pub(in crate::store) async fn exclusively<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let counters = Arc::clone(&self.counters);
        let job: Job = Box::new(move |connection, place| {
            let result = place.check().and_then(|()| work(connection));
            counters.jobs.fetch_add(1, Ordering::Release);
            // The receiver may have been dropped (a deadline passed): the transaction counts all the same.
            drop(reply.send(result));
        });
        let jobs = self.thread.jobs.as_ref().ok_or(StoreError::WriterGone)?;
        jobs.send(job).map_err(|_| StoreError::WriterGone)?;
        answer.await.map_err(|_| StoreError::WriterGone)?
    }
}

pub(in crate::store) fn transact<T>(
    connection: &mut Connection,
    work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let value = work(&transaction)?;
    transaction.commit()?;
    Ok(value)
}
