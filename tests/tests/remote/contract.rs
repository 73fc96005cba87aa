//! What a store must do so that the agent can keep copies of its state there. `object_store` itself needs some of
//! it: it goes on with a range when a body breaks off. Each step uses keys of its own, so that the steps can share
//! a store.

use std::{collections::BTreeSet, pin::Pin, sync::Arc};

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, future::join_all};
use object_store::{
    Error, GetOptions, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, PutResult, Result, path::Path,
};

pub(crate) type Store = Arc<dyn ObjectStore>;
pub(crate) type Step = fn(Store) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// Every step, by its name.
pub(crate) const STEPS: &[(&str, Step)] = &[
    ("what_was_created_is_read_back", |s| {
        Box::pin(what_was_created_is_read_back(s))
    }),
    ("what_is_there_is_not_created_again", |s| {
        Box::pin(what_is_there_is_not_created_again(s))
    }),
    ("of_concurrent_creates_exactly_one_wins", |s| {
        Box::pin(of_concurrent_creates_exactly_one_wins(s))
    }),
    ("what_is_missing_is_not_found", |s| {
        Box::pin(what_is_missing_is_not_found(s))
    }),
    ("what_was_deleted_can_be_created_again", |s| {
        Box::pin(what_was_deleted_can_be_created_again(s))
    }),
    ("a_list_beyond_a_generation_has_only_later_ones", |s| {
        Box::pin(a_list_beyond_a_generation_has_only_later_ones(s))
    }),
    ("a_list_of_more_than_a_page_is_whole", |s| {
        Box::pin(a_list_of_more_than_a_page_is_whole(s))
    }),
    ("a_list_shows_size_and_a_recent_time", |s| {
        Box::pin(a_list_shows_size_and_a_recent_time(s))
    }),
];

/// The name of a generation as the agent writes it. Sorting the names by text sorts the generations by
/// number.
fn generation(folder: &str, number: u64) -> Path {
    Path::from(format!("{folder}/state/{number:010}.db.zst"))
}

pub(crate) async fn create(
    store: &dyn ObjectStore,
    at: &Path,
    content: impl Into<Bytes>,
) -> Result<PutResult> {
    let options = PutOptions {
        mode: PutMode::Create,
        ..PutOptions::default()
    };
    store.put_opts(at, content.into().into(), options).await
}

pub(crate) async fn read(store: &dyn ObjectStore, at: &Path) -> Result<Bytes> {
    store.get(at).await?.bytes().await
}

/// The keys under `prefix` that sort after `offset`, in the order of the store.
async fn beyond(store: &dyn ObjectStore, prefix: &str, offset: &Path) -> Result<Vec<String>> {
    let prefix = Path::from(prefix);
    store
        .list_with_offset(Some(&prefix), offset)
        .map_ok(|meta| meta.location.to_string())
        .try_collect()
        .await
}

/// All keys under `prefix`, in the order of the store.
pub(crate) async fn all(store: &dyn ObjectStore, prefix: &str) -> Result<Vec<String>> {
    let prefix = Path::from(prefix);
    store
        .list(Some(&prefix))
        .map_ok(|meta| meta.location.to_string())
        .try_collect()
        .await
}

async fn what_was_created_is_read_back(store: Store) {
    let at = generation("read", 1);
    let content = Bytes::from((0..300_000_u32).flat_map(u32::to_le_bytes).collect::<Vec<u8>>());
    create(&store, &at, content.clone()).await.expect("created");
    assert_eq!(read(&store, &at).await.expect("read"), content);
    let got = store.get(&at).await.expect("read");
    assert_eq!((got.meta.size, got.meta.e_tag.is_some()), (1_200_000, true));
    let head = store.head(&at).await.expect("head");
    assert_eq!((head.size, head.e_tag), (1_200_000, got.meta.e_tag));
    let options = GetOptions {
        range: Some((4..12).into()),
        ..GetOptions::default()
    };
    let part = store
        .get_opts(&at, options)
        .await
        .expect("a range")
        .bytes()
        .await
        .expect("its bytes");
    assert_eq!(part, content.slice(4..12));
}

async fn what_is_there_is_not_created_again(store: Store) {
    let at = generation("twice", 1);
    create(&store, &at, "first").await.expect("created");
    for content in ["second", "first"] {
        let error = create(&store, &at, content).await.expect_err("the key is taken");
        assert!(matches!(error, Error::AlreadyExists { .. }), "{error:?}");
    }
    assert_eq!(read(&store, &at).await.expect("read"), "first");
}

async fn of_concurrent_creates_exactly_one_wins(store: Store) {
    const WRITERS: usize = 16;
    for round in 1..=10 {
        let at = generation("race", round);
        let tasks = (0..WRITERS).map(|writer| {
            let (store, at) = (Arc::clone(&store), at.clone());
            tokio::spawn(async move { create(&store, &at, format!("writer {writer}")).await })
        });
        let results: Vec<_> = join_all(tasks)
            .await
            .into_iter()
            .map(|r| r.expect("no panic"))
            .collect();
        let winners: Vec<usize> = (0..WRITERS).filter(|writer| results[*writer].is_ok()).collect();
        for error in results.iter().filter_map(|r| r.as_ref().err()) {
            assert!(matches!(error, Error::AlreadyExists { .. }), "{error:?}");
        }
        assert_eq!(winners.len(), 1, "in round {round} {winners:?} won");
        assert_eq!(
            read(&store, &at).await.expect("read"),
            format!("writer {}", winners[0])
        );
    }
}

async fn what_is_missing_is_not_found(store: Store) {
    let at = generation("missing", 1);
    for error in [read(&store, &at).await.map(drop), store.head(&at).await.map(drop)] {
        let error = error.expect_err("the key is missing");
        assert!(matches!(error, Error::NotFound { .. }), "{error:?}");
    }
    assert_eq!(
        all(&store, "missing").await.expect("a list"),
        Vec::<String>::new()
    );
    assert_eq!(
        beyond(&store, "missing/state", &at).await.expect("a list"),
        Vec::<String>::new()
    );
}

async fn what_was_deleted_can_be_created_again(store: Store) {
    let places: Vec<Path> = (1..=5).map(|n| generation("delete", n)).collect();
    for at in &places {
        create(&store, at, "old").await.expect("created");
    }
    store.delete(&places[0]).await.expect("deleted");
    let some = futures_util::stream::iter(places[1..4].to_vec()).map(Ok).boxed();
    let deleted: Vec<Path> = store.delete_stream(some).try_collect().await.expect("deleted");
    assert_eq!(deleted, places[1..4]);
    assert_eq!(all(&store, "delete").await.expect("a list"), [places[4].as_ref()]);
    // S3 and memory report success, a folder reports that the key is missing. In all of them the key is gone
    // afterwards.
    let again = store.delete(&places[0]).await;
    assert!(matches!(again, Ok(()) | Err(Error::NotFound { .. })), "{again:?}");
    create(&store, &places[0], "new").await.expect("created again");
    assert_eq!(read(&store, &places[0]).await.expect("read"), "new");
}

async fn a_list_beyond_a_generation_has_only_later_ones(store: Store) {
    for number in [1, 2, 9, 10, 11, 100] {
        create(&store, &generation("beyond", number), "x")
            .await
            .expect("created");
    }
    for other in [
        "beyond/state-old/0000000999.db.zst",
        "beyond/other",
        "beyonder/state/0000000999.db.zst",
    ] {
        create(&store, &Path::from(other), "x").await.expect("created");
    }
    for (offset, expected) in [
        (0, vec![1, 2, 9, 10, 11, 100]),
        (9, vec![10, 11, 100]),
        (50, vec![100]),
        (100, vec![]),
    ] {
        // Only S3 promises to list keys in order. The agent must not rely on the order, and neither does this
        // test.
        let mut found = beyond(&store, "beyond/state", &generation("beyond", offset))
            .await
            .expect("a list");
        found.sort();
        let expected: Vec<String> = expected
            .into_iter()
            .map(|n| generation("beyond", n).to_string())
            .collect();
        assert_eq!(found, expected, "beyond {offset}");
    }
}

async fn a_list_of_more_than_a_page_is_whole(store: Store) {
    // S3 lists at most 1000 keys in one page.
    const MANY: u64 = 1003;
    let numbers: Vec<u64> = (1..=MANY).collect();
    for some in numbers.chunks(16) {
        let made = some.iter().map(|n| {
            let (store, at) = (Arc::clone(&store), generation("pages", *n));
            async move { create(&store, &at, "x").await }
        });
        join_all(made)
            .await
            .into_iter()
            .for_each(|result| drop(result.expect("created")));
    }
    let found = all(&store, "pages/state").await.expect("a list");
    assert_eq!(found.len() as u64, MANY);
    let whole: BTreeSet<String> = numbers
        .iter()
        .map(|n| generation("pages", *n).to_string())
        .collect();
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), whole);
    let found = beyond(&store, "pages/state", &generation("pages", 1))
        .await
        .expect("a list");
    assert_eq!(found.len() as u64, MANY - 1);
}

async fn a_list_shows_size_and_a_recent_time(store: Store) {
    let before = mecris_tests::clock::machine_time();
    create(&store, &generation("meta", 1), "12345")
        .await
        .expect("created");
    let prefix = Path::from("meta/state");
    let found: Vec<_> = store.list(Some(&prefix)).try_collect().await.expect("a list");
    assert_eq!(found.iter().map(|meta| meta.size).collect::<Vec<_>>(), [5]);
    let seconds_later = found[0].last_modified.timestamp() - before.as_second();
    assert!((-2..=60).contains(&seconds_later), "{seconds_later} s");
}
