//! What a read found, kept until the next write.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

use super::{Store, StoreError};

/// The newest answer of one read, for [`Store::read_once`].
#[derive(Debug)]
pub struct Memo<T>(Mutex<Option<Kept<T>>>);

#[derive(Debug)]
struct Kept<T> {
    found: Arc<T>,
    /// How many jobs the writer had ended before the read began.
    jobs: u64,
}

impl<T> Default for Memo<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T> Memo<T> {
    fn found(&self, jobs: u64) -> Option<Arc<T>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = kept.as_ref().filter(|kept| kept.jobs == jobs)?;
        Some(Arc::clone(&kept.found))
    }

    fn keep(&self, found: Arc<T>, jobs: u64) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Kept { found, jobs });
    }
}

impl Store {
    /// How many jobs the writer has ended: as long as it is the same, so is the state. `None` for a store that was
    /// opened for reading only: another process may be writing.
    pub fn jobs(&self) -> Option<u64> {
        self.writer.as_ref().map(super::Writer::jobs)
    }

    /// As [`Store::read`], but reads only if something was written since the last call with this memo. `work`
    /// must be the same each time, and its answer must depend on nothing but the state.
    ///
    /// Only the process that holds the lock of the state may write, so it knows of every write. A store that
    /// was opened for reading only reads each time: another process may be writing.
    ///
    /// # Errors
    /// As [`Store::read`]. A read that failed is not kept.
    pub fn read_once<T>(
        &self,
        memo: &Memo<T>,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<Arc<T>, StoreError> {
        // Counted before the read: a write meanwhile makes the answer old at once, never new for too long.
        let jobs = self.jobs();
        if let Some(found) = jobs.and_then(|jobs| memo.found(jobs)) {
            return Ok(found);
        }
        let found = Arc::new(self.read(work)?);
        if let Some(jobs) = jobs {
            memo.keep(Arc::clone(&found), jobs);
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use jiff::Timestamp;
    use rusqlite::Transaction;

    use super::{super::tests::scratch, *};
    use crate::store::tables::snapshots;

    fn word(connection: &Connection) -> rusqlite::Result<Option<String>> {
        Ok(snapshots::get(connection, "word")?.map(|(_, word)| word))
    }

    fn say(word: &'static str) -> impl FnOnce(&Transaction<'_>) -> rusqlite::Result<()> + Send + 'static {
        move |tx| snapshots::put(tx, "word", Timestamp::UNIX_EPOCH, word)
    }

    #[tokio::test]
    async fn a_read_is_made_once_until_something_is_written() {
        let (_folder, store) = scratch();
        let (memo, reads) = (Memo::default(), Cell::new(0));
        let ask = |store: &Store| {
            let found = store.read_once(&memo, |connection| {
                reads.set(reads.get() + 1);
                word(connection)
            });
            (found.unwrap().as_deref().map(str::to_owned), reads.get())
        };
        assert_eq!(ask(&store), (None, 1));
        assert_eq!(ask(&store), (None, 1));
        for (said, reads) in [("one", 2), ("two", 3)] {
            store.note(say(said)).await.unwrap();
            assert_eq!(ask(&store), (Some(said.to_owned()), reads));
            assert_eq!(ask(&store), (Some(said.to_owned()), reads));
        }
    }

    #[tokio::test]
    async fn a_reader_beside_the_writing_process_reads_each_time() {
        let (_folder, store) = scratch();
        let beside = Store::open_read_only(store.path()).unwrap();
        let memo = Memo::default();
        assert_eq!(*beside.read_once(&memo, word).unwrap(), None);
        store.write(say("one")).await.unwrap();
        assert_eq!(beside.read_once(&memo, word).unwrap().as_deref(), Some("one"));
    }

    #[tokio::test]
    async fn a_read_that_failed_is_made_again() {
        let (_folder, store) = scratch();
        let memo = Memo::default();
        assert!(
            store
                .read_once(&memo, |connection| connection.query_row(
                    "SELECT * FROM nowhere",
                    [],
                    |row| row.get::<_, i64>(0)
                ))
                .is_err()
        );
        assert_eq!(*store.read_once(&memo, |_| Ok(7)).unwrap(), 7);
    }
}
