//! The contract on every store that needs no other program.

use std::sync::Arc;

use mecris_tests::{clock::FakeClock, s3::S3};
use object_store::{local::LocalFileSystem, memory::InMemory};

use crate::{
    client,
    contract::{STEPS, Store},
};

async fn hold(store: Store) {
    for (name, step) in STEPS {
        eprintln!("{name}");
        step(Arc::clone(&store)).await;
    }
}

#[tokio::test]
async fn the_fake_keeps_the_contract() {
    let s3 = S3::start(&FakeClock::default()).expect("a free port");
    hold(Arc::new(client::of(&s3))).await;
    assert_eq!(
        s3.violations()
            .iter()
            .filter(|v| !v.starts_with("deleted the last"))
            .count(),
        0,
        "{:?}",
        s3.violations()
    );
    let counts = s3.counts();
    assert_eq!(
        counts.puts,
        counts.created + counts.conditional_conflicts + counts.concurrent_conflicts
    );
    assert!(counts.conditional_conflicts >= 150, "{counts:?}");
}

#[tokio::test]
async fn the_fake_with_small_pages_keeps_the_contract() {
    let s3 = S3::start(&FakeClock::default()).expect("a free port");
    s3.set_page_size(7);
    hold(Arc::new(client::of(&s3))).await;
    assert!(s3.counts().lists > 2 * 1003 / 7, "{:?}", s3.counts());
}

#[tokio::test]
async fn a_local_folder_keeps_the_contract() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = LocalFileSystem::new_with_prefix(folder.path())
        .expect("a store")
        .with_fsync(true);
    hold(Arc::new(store)).await;
}

#[tokio::test]
async fn memory_keeps_the_contract() {
    hold(Arc::new(InMemory::new())).await;
}
