use std::sync::mpsc;

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use super::{Lock, StoreError};

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// The one thread that writes. It ends, and lets go of the lock, when the last handle is dropped.
#[derive(Clone)]
pub(super) struct Writer(mpsc::Sender<Job>);

impl Writer {
    pub(super) fn start(mut connection: Connection, lock: Lock) -> Self {
        let (sender, jobs) = mpsc::channel::<Job>();
        let thread = std::thread::Builder::new().name("store-writer".to_owned()).spawn(move || {
            for job in jobs {
                job(&mut connection);
            }
            drop(connection);
            drop(lock);
        });
        // Without the thread the receiver is gone, so every write says `WriterGone`: the failure is loud where it matters.
        drop(thread);
        Self(sender)
    }

    pub(super) async fn run<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            // The receiver may have been dropped (a deadline passed): the transaction counts all the same.
            drop(reply.send(transact(connection, work)));
        });
        self.0.send(job).map_err(|_| StoreError::WriterGone)?;
        answer.await.map_err(|_| StoreError::WriterGone)?.map_err(StoreError::Sql)
    }
}

fn transact<T>(
    connection: &mut Connection,
    work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let value = work(&transaction)?;
    transaction.commit()?;
    Ok(value)
}
