//! The read-only connections of a state.

use std::{
    num::NonZero,
    path::Path,
    sync::{
        Mutex, MutexGuard, PoisonError, TryLockError,
        atomic::{AtomicUsize, Ordering},
    },
    thread::available_parallelism,
};

use rusqlite::Connection;

use super::connection::open_reader;
use crate::store::StoreError;

/// More connections than this only cost memory.
const MOST: usize = 4;

/// One connection for each core, so that answers to several clients do not wait for each other.
pub(in crate::store) struct Readers {
    connections: Box<[Mutex<Connection>]>,
    next: AtomicUsize,
}

impl Readers {
    /// Opens a file for reading, once for each core.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub(in crate::store) fn open(path: &Path) -> Result<Self, StoreError> {
        let cores = available_parallelism().map_or(1, NonZero::get).min(MOST);
        let connections: Result<Vec<_>, _> = (0..cores).map(|_| open_reader(path)).collect();
        Ok(Self::of(connections?))
    }

    /// Only this connection.
    pub(in crate::store) fn one(connection: Connection) -> Self {
        Self::of(vec![connection])
    }

    fn of(connections: Vec<Connection>) -> Self {
        Self {
            connections: connections.into_iter().map(Mutex::new).collect(),
            next: AtomicUsize::new(0),
        }
    }

    /// A connection that nobody uses; if there is none, the next in turn, once it is free.
    pub(in crate::store) fn take(&self) -> MutexGuard<'_, Connection> {
        let free = self.connections.iter().find_map(|one| match one.try_lock() {
            Ok(connection) => Some(connection),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        });
        free.unwrap_or_else(|| {
            let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.connections.len();
            self.connections[turn]
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_readers_at_once_have_a_connection_each() {
        let open = || Connection::open_in_memory().unwrap();
        let readers = Readers::of(vec![open(), open()]);
        let (first, second) = (readers.take(), readers.take());
        assert!(!std::ptr::eq(&*first, &*second));
        drop(first);
        let again = readers.take();
        assert!(!std::ptr::eq(&*again, &*second));
    }

    #[test]
    fn a_reader_that_panicked_leaves_its_connection_to_the_next() {
        let readers = Readers::one(Connection::open_in_memory().unwrap());
        std::thread::scope(|scope| {
            let panicking = scope.spawn(|| {
                let _connection = readers.take();
                panic!("a reader");
            });
            assert!(panicking.join().is_err());
        });
        let one: i64 = readers
            .take()
            .query_row("SELECT 1", [], |row| row.get(0))
            .unwrap();
        assert_eq!(one, 1);
    }
}
