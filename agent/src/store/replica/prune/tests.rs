use std::sync::Arc;

use bytes::Bytes;
use tempfile::TempDir;

use super::*;
use crate::{
    clock::Clock,
    store::{Joined, replica::remote::tests::Bucket, tables::snapshots},
};

const LONG: Duration = Duration::from_secs(10);

struct Machine {
    store: Store,
    remote: Remote,
    bucket: Arc<Bucket>,
    _folder: TempDir,
}

impl Machine {
    async fn new() -> Self {
        let (bucket, remote) = Bucket::new();
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("mecris.db")).unwrap();
        let clock = Clock::manual("2026-11-21T18:00:00Z".parse().unwrap());
        assert_eq!(store.join(&remote, &clock).await.unwrap(), Joined::First);
        Self {
            store,
            remote,
            bucket,
            _folder: folder,
        }
    }

    /// Makes generations up to a number. All of them are made today, so they can stand for no earlier day or
    /// week.
    async fn fill(&self, up_to: u64) {
        while self
            .store
            .copies()
            .unwrap()
            .saved
            .is_none_or(|saved| saved.generation < up_to)
        {
            self.store
                .write_and_copy(LONG, |tx| {
                    snapshots::put(tx, "a", "2026-11-21T18:00:00Z".parse().unwrap(), "null")
                })
                .await
                .unwrap();
        }
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

    async fn prune(&self) -> Option<Pruned> {
        self.store.prune(0, LONG).await.unwrap()
    }

    /// Spoils a generation.
    async fn spoil(&self, number: u64) {
        let mut packed = self.remote.fetch(number).await.unwrap().unwrap().to_vec();
        let middle = packed.len() / 2;
        packed[middle] ^= 0xff;
        self.remote.delete(number).await.unwrap();
        self.remote.create(number, Bytes::from(packed)).await.unwrap();
    }
}

#[tokio::test]
async fn the_newest_hundred_stay_and_the_last_one_was_looked_at_before_anything_went() {
    let machine = Machine::new().await;
    machine.fill(100).await;
    machine.bucket.calls();
    let pruned = machine.prune().await.unwrap();
    assert_eq!(
        (pruned.there, pruned.deleted, pruned.verified),
        (100, vec![], vec![])
    );
    assert_eq!(
        machine.bucket.calls(),
        ["list"],
        "nothing goes, nothing is fetched"
    );
    machine.fill(130).await;
    let pruned = machine.prune().await.unwrap();
    assert_eq!(pruned.deleted, (1..=30).collect::<Vec<_>>());
    assert_eq!(pruned.verified, [130]);
    assert_eq!(machine.numbers().await, (31..=130).collect::<Vec<_>>());
    assert_eq!(
        machine.store.read(verified_generations::all).unwrap(),
        [(130, None)].into()
    );
}

#[tokio::test]
async fn few_enough_are_left_alone() {
    let machine = Machine::new().await;
    machine.fill(110).await;
    assert_eq!(machine.store.prune(110, LONG).await.unwrap(), None);
    assert_eq!(
        machine
            .store
            .prune(109, LONG)
            .await
            .unwrap()
            .unwrap()
            .deleted
            .len(),
        10
    );
}

#[tokio::test]
async fn a_damaged_one_stays_and_so_does_the_one_before_it() {
    let machine = Machine::new().await;
    machine.fill(130).await;
    machine.spoil(130).await;
    let pruned = machine.prune().await.unwrap();
    assert_eq!(pruned.verified, [129]);
    assert_eq!(pruned.damaged.keys().collect::<Vec<_>>(), [&130]);
    assert!(
        pruned.damaged[&130].contains("generation 130 is damaged"),
        "{:?}",
        pruned.damaged
    );
    machine.bucket.calls();
    let again = machine.prune().await.unwrap();
    assert_eq!(
        (again.damaged, again.deleted, again.verified),
        (pruned.damaged, vec![], vec![])
    );
    assert_eq!(machine.bucket.calls(), ["list"], "a verdict is remembered");
    // The damaged generations stay, because each of them would stand for its day. Generation 129 stands for
    // it instead.
    machine.fill(132).await;
    machine.spoil(132).await;
    machine.spoil(131).await;
    machine.fill(133).await;
    machine.spoil(133).await;
    let pruned = machine.prune().await.unwrap();
    assert_eq!(
        pruned.damaged.keys().collect::<Vec<_>>(),
        [&130, &131, &132, &133]
    );
    assert_eq!(pruned.deleted, [31, 32, 33]);
    assert_eq!(machine.store.read(verified_generations::all).unwrap()[&129], None);
}

#[tokio::test]
async fn nothing_goes_while_the_copies_fail_or_another_instance_went_on() {
    let machine = Machine::new().await;
    machine.fill(130).await;
    machine.bucket.lose_replies(true);
    machine
        .store
        .write(|tx| snapshots::put(tx, "b", "2026-11-21T18:00:00Z".parse().unwrap(), "null"))
        .await
        .unwrap();
    machine.store.save(LONG).await;
    assert!(machine.store.copies().unwrap().trouble.is_some());
    assert_eq!(machine.prune().await, None);
    machine.bucket.lose_replies(false);
    machine.store.save(LONG).await;
    let newest = *machine.numbers().await.last().unwrap();
    machine
        .remote
        .create(newest + 1, Bytes::from_static(b"another's"))
        .await
        .unwrap();
    assert_eq!(machine.prune().await, None);
    assert_eq!(machine.numbers().await.len(), 133);
}

#[tokio::test]
async fn nothing_goes_if_what_stays_cannot_be_looked_at() {
    let machine = Machine::new().await;
    machine.fill(130).await;
    machine.bucket.down_to_readers(true);
    let error = machine.store.prune(0, LONG).await.unwrap_err();
    assert!(matches!(error, StoreError::Remote(error) if error.is_silence()));
    machine.bucket.down_to_readers(false);
    assert_eq!(machine.numbers().await.len(), 130);
    assert_eq!(
        machine
            .store
            .prune(0, Duration::ZERO)
            .await
            .unwrap()
            .unwrap()
            .deleted,
        Vec::<u64>::new()
    );
    assert_eq!(machine.numbers().await.len(), 130, "no time, no deletion");
}

#[tokio::test]
async fn without_a_remote_there_is_nothing_to_prune() {
    let (_folder, store) = crate::store::tests::scratch();
    assert_eq!(store.prune(0, LONG).await.unwrap(), None);
}
