use std::sync::Arc;

use tempfile::TempDir;

use super::*;
use crate::{
    durable::beside,
    store::{Joined, Written, replica::remote::tests::Bucket, tables::snapshots},
};

const LONG: Duration = Duration::from_secs(10);

fn clock() -> Clock {
    Clock::manual("2026-11-21T18:00:00Z".parse().unwrap())
}

struct Place {
    bucket: Arc<Bucket>,
    remote: Remote,
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        let (bucket, remote) = Bucket::new();
        Self {
            bucket,
            remote,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("mecris.db")
    }

    async fn start(&self) -> Store {
        let mut store = open(&self.path()).await;
        store.join(&self.remote, &clock()).await.unwrap();
        store
    }

    /// Restores a generation.
    async fn restore(&self, number: u64, exactly: bool) -> Result<RolledBack, StoreError> {
        let rollback = begin(&self.path()).await;
        let source = generation::fetch(&self.remote, number).await?.0;
        let what = format!("generation {number}");
        rollback
            .finish(source, &what, Some(&self.remote), &clock(), exactly)
            .await
    }

    async fn numbers(&self) -> Vec<u64> {
        self.remote
            .list(0)
            .await
            .unwrap()
            .iter()
            .map(|generation| generation.number)
            .collect()
    }
}

/// As soon as the last handle's thread has let go of the lock.
async fn open(path: &Path) -> Store {
    loop {
        match Store::open(path) {
            Err(StoreError::Locked { .. }) => tokio::task::yield_now().await,
            opened => return opened.unwrap(),
        }
    }
}

async fn begin(path: &Path) -> Rollback {
    loop {
        match Rollback::begin(path) {
            Err(StoreError::Locked { .. }) => tokio::task::yield_now().await,
            begun => return begun.unwrap(),
        }
    }
}

/// A day: a figure, and a claim with its message.
async fn live(store: &Store, day: &'static str) {
    let at = format!("{day}T18:00:00.000000000Z");
    store
        .write_and_copy(LONG, move |tx| {
            snapshots::put(tx, day, "2026-11-21T18:00:00Z".parse().unwrap(), "null")?;
            tx.execute(
                "INSERT INTO notifications (id, created_at, severity, subjects, body, tag, state, channel, attempt, updated_at)
                 VALUES (?1, ?2, 'WARNING', '[]', '', ?1, 'accepted', 'sms', 1, ?2)",
                [day, at.as_str()],
            )?;
            tx.execute("INSERT INTO claims VALUES ('walk', ?1, 0, 'WARNING', ?1, ?2)", [day, at.as_str()])
        })
        .await
        .unwrap();
}

fn words(store: &Store, sql: &str) -> Vec<String> {
    store
        .read(|connection| {
            connection
                .prepare(sql)?
                .query_map([], |row| row.get(0))?
                .collect()
        })
        .unwrap()
}

fn figures(store: &Store) -> Vec<String> {
    words(store, "SELECT arm FROM snapshots ORDER BY arm")
}

fn claims(store: &Store) -> Vec<String> {
    words(store, "SELECT day FROM claims ORDER BY day")
}

/// Three days, each with its generation.
async fn three_days(place: &Place) {
    let store = place.start().await;
    for day in ["2026-11-18", "2026-11-19", "2026-11-20"] {
        live(&store, day).await;
    }
}

#[tokio::test]
async fn figures_go_back_and_claims_do_not_and_every_other_instance_loads_it() {
    let place = Place::new();
    three_days(&place).await;
    let done = place.restore(1, false).await.unwrap();
    assert_eq!(
        (done.generation, done.copied, done.unread.len()),
        (Some(4), true, 0)
    );
    assert_eq!(
        done.carried,
        [
            Carried {
                table: "notifications",
                rows: 2
            },
            Carried {
                table: "claims",
                rows: 2
            }
        ]
    );
    let aside = done.kept_aside.unwrap();
    assert_eq!(
        aside,
        beside(&place.path(), ".superseded-0000000003-20261121T180000Z")
    );
    let kept = copies::open(&aside).unwrap();
    assert_eq!(
        kept.query_row("SELECT count(*) FROM snapshots", [], |row| row.get::<_, u32>(0))
            .unwrap(),
        3
    );

    let here = place.start().await;
    assert_eq!(figures(&here), ["2026-11-18"]);
    assert_eq!(claims(&here), ["2026-11-18", "2026-11-19", "2026-11-20"]);
    let elsewhere = Place {
        folder: tempfile::tempdir().unwrap(),
        bucket: place.bucket.clone(),
        remote: place.remote.clone(),
    };
    let other = elsewhere.start().await;
    assert_eq!((figures(&other), claims(&other)), (figures(&here), claims(&here)));
    // And it goes on from there.
    live(&here, "2026-11-21").await;
    assert_eq!(place.numbers().await, [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn exactly_means_exactly() {
    let place = Place::new();
    three_days(&place).await;
    let done = place.restore(1, true).await.unwrap();
    assert_eq!(done.carried, []);
    let store = place.start().await;
    assert_eq!(
        (figures(&store).len(), claims(&store)),
        (1, vec!["2026-11-18".to_owned()])
    );
}

#[tokio::test]
async fn an_instance_that_was_running_elsewhere_is_fenced() {
    let place = Place::new();
    let elsewhere = Place {
        folder: tempfile::tempdir().unwrap(),
        bucket: place.bucket.clone(),
        remote: place.remote.clone(),
    };
    three_days(&place).await;
    let running = elsewhere.start().await;
    place.restore(1, false).await.unwrap();
    let Written { epoch, .. } = running
        .write_in_epoch(|tx| snapshots::put(tx, "lost", "2026-11-21T18:00:00Z".parse().unwrap(), "null"))
        .await
        .unwrap();
    assert_eq!(running.checkpoint(epoch, LONG).await, Verdict::Fenced);
    assert_eq!(figures(&running), ["2026-11-18"]);
}

#[tokio::test]
async fn a_missing_file_is_no_obstacle() {
    let place = Place::new();
    three_days(&place).await;
    drop(begin(&place.path()).await);
    for log in ["", "-wal", "-shm"] {
        drop(std::fs::remove_file(beside(&place.path(), log)));
    }
    let done = place.restore(2, false).await.unwrap();
    assert_eq!(
        (done.kept_aside, done.generation, done.unread),
        (None, Some(4), vec![])
    );
    let store = place.start().await;
    assert_eq!(
        (figures(&store).len(), claims(&store).len()),
        (2, 3),
        "the newest generation knows what was said"
    );
}

#[tokio::test]
async fn a_damaged_file_is_no_obstacle_and_is_kept() {
    let place = Place::new();
    three_days(&place).await;
    drop(begin(&place.path()).await);
    std::fs::write(place.path(), b"nonsense ".repeat(1000)).unwrap();
    // A log that the last reader left behind would heal the file.
    for log in ["-wal", "-shm"] {
        drop(std::fs::remove_file(beside(&place.path(), log)));
    }
    let done = place.restore(1, false).await.unwrap();
    let aside = done.kept_aside.unwrap();
    assert_eq!(aside, beside(&place.path(), ".unusable-20261121T180000Z"));
    assert!(std::fs::read(aside).unwrap().starts_with(b"nonsense nonsense"));
    assert_eq!(done.unread.len(), 1);
    assert!(
        done.unread[0].contains("mecris.db is damaged: "),
        "{:?}",
        done.unread
    );
    let store = place.start().await;
    assert_eq!((figures(&store).len(), claims(&store).len()), (1, 3));
}

#[tokio::test]
async fn a_damaged_newest_generation_is_no_obstacle() {
    let place = Place::new();
    three_days(&place).await;
    place.remote.delete(3).await.unwrap();
    place
        .remote
        .create(3, bytes::Bytes::from_static(b"nonsense"))
        .await
        .unwrap();
    let done = place.restore(1, false).await.unwrap();
    assert_eq!((done.generation, done.copied), (Some(4), true));
    assert!(
        done.unread[0].starts_with("generation 3 is damaged: "),
        "{:?}",
        done.unread
    );
    let store = place.start().await;
    assert_eq!(
        (figures(&store).len(), claims(&store).len()),
        (1, 3),
        "the file here knew it all"
    );
}

#[tokio::test]
async fn a_remote_that_does_not_answer_leaves_everything_as_it_was() {
    let place = Place::new();
    three_days(&place).await;
    let source = generation::fetch(&place.remote, 1).await.unwrap().0;
    place.bucket.down(true);
    let rollback = begin(&place.path()).await;
    let error = rollback
        .finish(source, "generation 1", Some(&place.remote), &clock(), false)
        .await
        .unwrap_err();
    assert!(
        matches!(&error, StoreError::Remote(error) if error.is_silence()),
        "{error}"
    );
    place.bucket.down(false);
    let store = place.start().await;
    assert_eq!((figures(&store).len(), place.numbers().await.len()), (3, 3));
}

#[tokio::test]
async fn a_lost_reply_is_found_out_by_the_next_start() {
    let place = Place::new();
    three_days(&place).await;
    place.bucket.lose_replies(true);
    let done = place.restore(1, false).await.unwrap();
    assert_eq!((done.generation, done.copied), (Some(4), false));
    place.bucket.lose_replies(false);
    drop(begin(&place.path()).await);
    let mut store = open(&place.path()).await;
    assert_eq!(
        store.join(&place.remote, &clock()).await.unwrap(),
        Joined::Newest(4)
    );
    assert_eq!(figures(&store).len(), 1);
}

#[tokio::test]
async fn a_source_of_a_newer_release_or_of_something_else_is_refused_before_anything_is_touched() {
    let place = Place::new();
    three_days(&place).await;
    let (newer, other) = (
        Connection::open_in_memory().unwrap(),
        Connection::open_in_memory().unwrap(),
    );
    newer.pragma_update(None, "user_version", 99).unwrap();
    for (source, says) in [
        (newer, "it has schema version 99"),
        (other, "what was given is damaged: it is no state of Mecris"),
    ] {
        let rollback = begin(&place.path()).await;
        let error = rollback
            .finish(source, "what was given", Some(&place.remote), &clock(), false)
            .await
            .unwrap_err();
        let text = error.to_string().replace("what was given has", "it has");
        assert!(text.contains(says), "{error}");
    }
    assert_eq!(
        (figures(&place.start().await).len(), place.numbers().await.len()),
        (3, 3)
    );
}

#[tokio::test]
async fn without_a_remote_every_replaced_file_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mecris.db");
    let backup = folder.path().join("backup.db");
    let at = "2026-11-21T18:00:00Z".parse().unwrap();
    let store = open(&path).await;
    store
        .write(move |tx| snapshots::put(tx, "a", at, "null"))
        .await
        .unwrap();
    copies::write_new(&backup, &copies::read(&path).unwrap()).unwrap();
    store
        .write(move |tx| snapshots::put(tx, "b", at, "null"))
        .await
        .unwrap();
    drop(store);
    let rollback = begin(&path).await;
    let done = rollback
        .finish(copies::open(&backup).unwrap(), "backup.db", None, &clock(), false)
        .await
        .unwrap();
    assert_eq!((done.generation, done.copied), (None, false));
    let aside = done.kept_aside.unwrap();
    let kept: u32 = copies::open(&aside)
        .unwrap()
        .query_row("SELECT count(*) FROM snapshots", [], |row| row.get(0))
        .unwrap();
    assert_eq!(kept, 2);
    assert_eq!(figures(&open(&path).await), ["a"]);
}

#[tokio::test]
async fn another_instance_that_goes_on_meanwhile_is_told_what_was_restored() {
    let place = Place::new();
    three_days(&place).await;
    // Number 4 is taken between the listing and the creation, as if by a pass elsewhere.
    let elsewhere = Place {
        folder: tempfile::tempdir().unwrap(),
        bucket: place.bucket.clone(),
        remote: place.remote.clone(),
    };
    let other = elsewhere.start().await;
    let restore = place.restore(1, false);
    let (restored, ()) = tokio::join!(restore, live(&other, "2026-11-21"));
    let done = restored.unwrap();
    assert!(done.copied);
    let store = place.start().await;
    assert_eq!(place.numbers().await.len(), 5);
    let newest = place.start_elsewhere().await;
    assert_eq!(claims(&newest).len(), 4, "whoever was first, no claim is lost");
    drop(store);
}

impl Place {
    async fn start_elsewhere(&self) -> Store {
        let elsewhere = Place {
            folder: tempfile::tempdir().unwrap(),
            bucket: self.bucket.clone(),
            remote: self.remote.clone(),
        };
        elsewhere.start().await
    }
}
