//! Two machines with one phone and one remote.

use super::*;
use crate::store::{
    Verdict,
    replica::{
        generation,
        remote::{Remote, tests::Bucket},
    },
    tables::lineage,
};

/// One of the machines. They share the provider and the clock.
struct Machine {
    store: Store,
    outbox: Outbox,
    _folder: tempfile::TempDir,
}

async fn machine(remote: &Remote, clock: &Clock, sms: &Arc<FakeChannel>) -> Machine {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(&folder.path().join("state.db")).unwrap();
    store.join(remote, clock).await.unwrap();
    let outbox = World::outbox(&store, clock, vec![sms.clone()]);
    Machine {
        store,
        outbox,
        _folder: folder,
    }
}

impl Machine {
    async fn insert(&self) -> (String, u64) {
        let outbox = self.outbox.clone();
        let written = self
            .store
            .write_in_epoch(move |tx| outbox.insert(tx, message()))
            .await
            .unwrap();
        (written.value, written.epoch)
    }

    fn states(&self) -> Vec<State> {
        let all = self
            .store
            .read(|connection| crate::store::tables::outbox::list(connection, 10))
            .unwrap();
        all.into_iter().map(|message| message.state).collect()
    }

    async fn turn(&self, clock: &Clock) {
        if let Some(due) = self.outbox.next_due() {
            let wait = due.duration_since(clock.now());
            clock.advance(wait.max(SignedDuration::ZERO));
        }
        self.outbox.work().await;
    }
}

fn phone() -> (Clock, Arc<FakeChannel>) {
    let clock = Clock::manual("2026-11-21T18:00:00Z".parse().unwrap());
    let sms = FakeChannel::new(ChannelKind::Sms, &clock);
    (clock, sms)
}

/// The states of the messages in each generation.
async fn history(remote: &Remote) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for generation in remote.list(0).await.unwrap() {
        let packed = remote.fetch(generation.number).await.unwrap().unwrap();
        let copy = generation::open(generation.number, &packed).unwrap();
        assert_eq!(
            lineage::get(&copy).unwrap().unwrap().generation,
            generation.number
        );
        let mut states = copy.prepare("SELECT state FROM notifications").unwrap();
        let states = states.query_map([], |row| row.get(0)).unwrap();
        all.push(states.collect::<Result<Vec<String>, _>>().unwrap());
    }
    all
}

#[tokio::test]
async fn the_claim_is_off_the_machine_before_its_message_leaves_and_the_answer_after() {
    let ((_, remote), (clock, sms)) = (Bucket::new(), phone());
    let machine = machine(&remote, &clock, &sms).await;
    machine.insert().await;
    machine.outbox.work().await;
    assert_eq!(history(&remote).await, [["sending"], ["accepted"]]);
    assert_eq!(sms.script().sends, 1);
}

#[tokio::test]
async fn who_is_fenced_sends_nothing() {
    let ((_, remote), (clock, sms)) = (Bucket::new(), phone());
    let (first, second) = (
        machine(&remote, &clock, &sms).await,
        machine(&remote, &clock, &sms).await,
    );
    let (_, epoch) = first.insert().await;
    assert_eq!(first.store.checkpoint(epoch, LEASE).await, Verdict::Safe);
    second.insert().await;
    second.outbox.work().await;
    assert_eq!(
        (sms.script().sends, second.states()),
        (0, vec![State::Sending]),
        "it has the first one's message now"
    );
    first.outbox.work().await;
    assert_eq!(sms.script().sends, 1);
}

#[tokio::test]
async fn an_answer_survives_that_another_instance_went_on_meanwhile() {
    let ((_, remote), (clock, sms)) = (Bucket::new(), phone());
    let first = machine(&remote, &clock, &sms).await;
    let (_, epoch) = first.insert().await;
    assert_eq!(first.store.checkpoint(epoch, LEASE).await, Verdict::Safe);
    // The next instance starts with the message in flight, and writes something.
    let second = machine(&remote, &clock, &sms).await;
    second
        .store
        .write_and_copy(LEASE, |tx| {
            crate::store::tables::snapshots::put(tx, "x", Timestamp::UNIX_EPOCH, "1")
        })
        .await
        .unwrap();
    first.outbox.work().await;
    assert_eq!((sms.script().sends, first.states()), (1, vec![State::Accepted]));
    second
        .store
        .write_and_copy(LEASE, |tx| {
            crate::store::tables::snapshots::put(tx, "y", Timestamp::UNIX_EPOCH, "1")
        })
        .await
        .unwrap();
    assert_eq!(
        second.states(),
        [State::Accepted],
        "without having asked the provider"
    );
    assert_eq!(sms.script().asked, 0);
}

#[tokio::test]
async fn a_message_in_flight_is_settled_by_the_next_instance_and_sent_once() {
    for fault in [Fault::DieBefore, Fault::DieAfter] {
        let ((_, remote), (clock, sms)) = (Bucket::new(), phone());
        let first = machine(&remote, &clock, &sms).await;
        first.insert().await;
        sms.faults([fault]);
        tokio::select! {
            () = first.outbox.work() => panic!("the process survived"),
            () = sms.dies.notified() => {}
        }
        drop(first);
        let second = machine(&remote, &clock, &sms).await;
        second.outbox.work().await;
        assert_eq!(second.states(), [State::Sending], "it may still be under way");
        second.turn(&clock).await;
        assert_eq!(
            (sms.accepted().len(), second.states()),
            (1, vec![State::Accepted]),
            "{fault:?}"
        );
    }
}

#[tokio::test]
async fn two_instances_that_take_over_the_same_doubt_send_once() {
    let ((_, remote), (clock, sms)) = (Bucket::new(), phone());
    let first = machine(&remote, &clock, &sms).await;
    sms.faults([Fault::LoseRequest]);
    first.insert().await;
    first.outbox.work().await;
    let (second, third) = (
        machine(&remote, &clock, &sms).await,
        machine(&remote, &clock, &sms).await,
    );
    clock.advance(SignedDuration::try_from(LEASE + SETTLE).unwrap());
    tokio::join!(second.outbox.work(), third.outbox.work(), first.outbox.work());
    for _ in 0..6 {
        for machine in [&first, &second, &third] {
            machine.turn(&clock).await;
        }
    }
    assert_eq!(sms.accepted().len(), 1);
}

#[tokio::test]
async fn without_an_answer_from_the_remote_the_claim_on_this_machine_has_to_do() {
    let ((bucket, remote), (clock, sms)) = (Bucket::new(), phone());
    let machine = machine(&remote, &clock, &sms).await;
    bucket.down(true);
    machine.insert().await;
    machine.outbox.work().await;
    assert_eq!((sms.script().sends, machine.states()), (1, vec![State::Accepted]));
    assert!(machine.store.copies().unwrap().trouble.is_some());
}
