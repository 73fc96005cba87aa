mod odd_copies;

use std::sync::Arc;

use jiff::Timestamp;
use tempfile::TempDir;

use super::*;
use crate::store::{Joined, replica::remote::tests::Bucket, tables::snapshots};

const LONG: Duration = Duration::from_secs(10);

fn now() -> Timestamp {
    "2026-11-21T18:00:00Z".parse().unwrap()
}

/// One machine with its disk.
struct Machine {
    store: Store,
    clock: Clock,
    _folder: TempDir,
}

impl Machine {
    async fn start(remote: &Remote) -> (Self, Joined) {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("mecris.db")).unwrap();
        let clock = Clock::manual(now());
        let joined = store.join(remote, &clock).await.unwrap();
        (
            Self {
                store,
                clock,
                _folder: folder,
            },
            joined,
        )
    }

    /// Writes a word durably.
    async fn say(&self, word: &'static str) -> Result<(), StoreError> {
        self.store
            .write_and_copy(LONG, move |tx| snapshots::put(tx, word, now(), "null"))
            .await
    }

    /// Writes a word here, and says what became of its checkpoint.
    async fn claim(&self, word: &'static str) -> Verdict {
        let Written { epoch, .. } = self
            .store
            .write_in_epoch(move |tx| snapshots::put(tx, word, now(), "null"))
            .await
            .unwrap();
        self.store.checkpoint(epoch, LONG).await
    }

    fn words(&self) -> Vec<String> {
        let read = |connection: &rusqlite::Connection| {
            connection
                .prepare("SELECT arm FROM snapshots ORDER BY arm")?
                .query_map([], |row| row.get(0))?
                .collect::<rusqlite::Result<Vec<String>>>()
        };
        self.store.read(read).unwrap()
    }

    fn generation(&self) -> u64 {
        self.store.copies().unwrap().saved.unwrap().generation
    }

    fn in_trouble(&self) -> bool {
        self.store.copies().unwrap().trouble.is_some()
    }
}

async fn generations(remote: &Remote) -> Vec<u64> {
    remote
        .list(0)
        .await
        .unwrap()
        .iter()
        .map(|generation| generation.number)
        .collect()
}

#[tokio::test]
async fn what_was_written_is_there_on_the_next_machine() {
    let (_, remote) = Bucket::new();
    let (first, joined) = Machine::start(&remote).await;
    assert_eq!(joined, Joined::First);
    first.say("a").await.unwrap();
    first.say("b").await.unwrap();
    assert_eq!(generations(&remote).await, [1, 2]);
    let (second, joined) = Machine::start(&remote).await;
    assert_eq!(
        (joined, second.words()),
        (Joined::Loaded(2), vec!["a".to_owned(), "b".to_owned()])
    );
    second.say("c").await.unwrap();
    assert_eq!(second.generation(), 3);
}

#[tokio::test]
async fn what_is_safe_already_is_not_copied_again() {
    let (bucket, remote) = Bucket::new();
    let (machine, _) = Machine::start(&remote).await;
    machine.say("a").await.unwrap();
    bucket.calls();
    assert_eq!(
        machine.store.checkpoint(machine.store.epoch(), LONG).await,
        Verdict::Safe
    );
    machine
        .store
        .note(|tx| snapshots::put(tx, "here only", now(), "null"))
        .await
        .unwrap();
    let nothing = machine.store.write_and_copy(LONG, |tx| {
        tx.execute("DELETE FROM snapshots WHERE arm = 'nope'", [])
    });
    assert_eq!(nothing.await.unwrap(), 0);
    machine.store.save(LONG).await;
    assert_eq!(bucket.calls(), Vec::<&str>::new());
    machine.say("b").await.unwrap();
    assert_eq!(
        bucket.calls(),
        ["put", "list"],
        "one conditional create, one look beyond it"
    );
}

#[tokio::test]
async fn of_two_machines_one_is_first_and_the_other_sees_what_it_did() {
    let (_, remote) = Bucket::new();
    let ((first, _), (second, _)) = (Machine::start(&remote).await, Machine::start(&remote).await);
    assert_eq!(first.claim("first").await, Verdict::Safe);
    assert_eq!(second.claim("second").await, Verdict::Fenced);
    assert_eq!(
        second.words(),
        ["first"],
        "its own word is gone, so nobody acts on it"
    );
    assert_eq!(second.claim("third").await, Verdict::Safe);
    assert_eq!(first.claim("fourth").await, Verdict::Fenced);
    assert_eq!(first.words(), ["first", "third"]);
}

#[tokio::test]
async fn a_durable_write_is_made_again_on_top_of_what_the_other_wrote() {
    let (_, remote) = Bucket::new();
    let ((first, _), (second, _)) = (Machine::start(&remote).await, Machine::start(&remote).await);
    first.say("first").await.unwrap();
    second.say("second").await.unwrap();
    first.say("third").await.unwrap();
    assert_eq!(first.words(), ["first", "second", "third"]);
    assert_eq!(generations(&remote).await, [1, 2, 3]);
}

#[tokio::test]
async fn a_durable_write_that_the_other_went_on_from_is_not_made_twice() {
    let (bucket, remote) = Bucket::new();
    let (first, _) = Machine::start(&remote).await;
    let add = |tx: &Transaction<'_>| {
        let times: i64 = tx.query_row("SELECT count(*) FROM snapshots", [], |row| row.get(0))?;
        let name = format!("time {times}");
        snapshots::put(tx, &name, now(), "null").map(|()| name)
    };
    let held = bucket.hold_next_reply();
    let overtaken = async {
        held.is_created().await;
        let (second, joined) = Machine::start(&remote).await;
        assert_eq!(
            (joined, second.words()),
            (Joined::Loaded(1), vec!["time 0".to_owned()])
        );
        second.say("second").await.unwrap();
        held.release();
    };
    let (written, ()) = tokio::join!(first.store.write_and_copy(LONG, add), overtaken);
    assert_eq!(written.unwrap(), "time 0", "what the write that survived said");
    assert_eq!(first.words(), ["second", "time 0"]);
    assert_eq!(generations(&remote).await, [1, 2], "nothing new to save");
}

#[tokio::test]
async fn what_waited_for_its_turn_behind_a_lost_epoch_is_fenced_too() {
    let (_, remote) = Bucket::new();
    let ((first, _), (second, _)) = (Machine::start(&remote).await, Machine::start(&remote).await);
    first.say("first").await.unwrap();
    let both = tokio::join!(second.claim("a"), second.claim("b"));
    assert_eq!(both, (Verdict::Fenced, Verdict::Fenced));
    assert_eq!(second.words(), ["first"]);
}

#[tokio::test]
async fn what_is_written_right_after_a_reload_is_not_taken_for_copied() {
    let (_, remote) = Bucket::new();
    let ((first, _), (second, _)) = (Machine::start(&remote).await, Machine::start(&remote).await);
    for round in 0..20 {
        first.say("first").await.unwrap();
        // It finds out that it is fenced and loads, while a claim is made behind its back.
        let (store, reload) = (second.store.clone(), second.store.clone());
        let claim = async move {
            let epoch = loop {
                let Written { epoch, .. } = store
                    .write_in_epoch(|tx| snapshots::put(tx, "claim", now(), "null"))
                    .await
                    .unwrap();
                if epoch > round {
                    break epoch;
                }
            };
            (store.checkpoint(epoch, LONG).await, epoch)
        };
        let unsaved = second.store.write(|tx| snapshots::put(tx, "x", now(), "null"));
        unsaved.await.unwrap();
        let ((), (verdict, _)) = tokio::join!(reload.save(LONG), claim);
        assert_eq!(verdict, Verdict::Safe);
        let third = Machine::start(&remote).await.0;
        assert!(
            third.words().contains(&"claim".to_owned()),
            "round {round}: said to be safe, and nowhere"
        );
        second
            .store
            .write(|tx| tx.execute("DELETE FROM snapshots WHERE arm = 'claim'", []))
            .await
            .unwrap();
        second.store.save(LONG).await;
        first
            .store
            .write(|tx| snapshots::put(tx, "y", now(), "null"))
            .await
            .unwrap();
        first.store.save(LONG).await;
    }
}

#[tokio::test]
async fn a_writer_that_slept_until_its_number_was_pruned_notices() {
    let (_, remote) = Bucket::new();
    let ((sleeper, _), (other, _)) = (Machine::start(&remote).await, Machine::start(&remote).await);
    for word in ["a", "b", "c"] {
        other.say(word).await.unwrap();
    }
    for generation in [1, 2] {
        remote.delete(generation).await.unwrap();
    }
    assert_eq!(
        sleeper.claim("late").await,
        Verdict::Fenced,
        "number 1 is free, but 3 is beyond it"
    );
    assert_eq!(sleeper.words(), ["a", "b", "c"]);
}

#[tokio::test]
async fn a_lost_reply_is_recognised_as_our_own() {
    let (bucket, remote) = Bucket::new();
    let (machine, _) = Machine::start(&remote).await;
    bucket.lose_replies(true);
    assert_eq!(machine.claim("a").await, Verdict::Unreachable);
    assert!(machine.in_trouble());
    bucket.lose_replies(false);
    machine.store.save(LONG).await;
    assert_eq!((machine.generation(), machine.in_trouble()), (2, false));
    assert_eq!(generations(&remote).await, [1, 2]);
    assert_eq!(Machine::start(&remote).await.0.words(), ["a"]);
}

#[tokio::test]
async fn a_restart_after_a_lost_reply_keeps_what_was_written_since() {
    let (bucket, remote) = Bucket::new();
    let (machine, _) = Machine::start(&remote).await;
    bucket.lose_replies(true);
    assert_eq!(machine.claim("in the copy").await, Verdict::Unreachable);
    machine
        .store
        .write(|tx| snapshots::put(tx, "only here", now(), "null"))
        .await
        .unwrap();
    bucket.lose_replies(false);
    let Machine {
        mut store,
        clock,
        _folder: folder,
    } = machine;
    let joined = store.join(&remote, &clock).await.unwrap();
    assert_eq!(joined, Joined::Newest(1));
    let machine = Machine {
        store,
        clock,
        _folder: folder,
    };
    assert_eq!(machine.words(), ["in the copy", "only here"]);
    machine.say("later").await.unwrap();
    assert_eq!(
        Machine::start(&remote).await.0.words(),
        ["in the copy", "later", "only here"]
    );
}

#[tokio::test]
async fn without_an_answer_it_goes_on_alone_and_catches_up_later() {
    let (bucket, remote) = Bucket::new();
    let (machine, _) = Machine::start(&remote).await;
    machine.say("a").await.unwrap();
    bucket.down(true);
    assert_eq!(machine.claim("b").await, Verdict::Unreachable);
    bucket.calls();
    machine.say("c").await.unwrap();
    assert_eq!(
        bucket.calls(),
        Vec::<&str>::new(),
        "it failed a moment ago: nobody waits for it again"
    );
    let epoch = machine.store.epoch();
    assert_eq!(machine.store.checkpoint(epoch, LONG).await, Verdict::Unreachable);
    assert_eq!(bucket.calls(), ["put"], "but whoever is about to act on it tries");
    bucket.down(false);
    machine.store.catch_up(LONG).await;
    assert_eq!(bucket.calls(), Vec::<&str>::new(), "nor is it asked by the way");
    machine.store.save(LONG).await;
    assert!(!machine.in_trouble());
    assert_eq!(Machine::start(&remote).await.0.words(), ["a", "b", "c"]);
}

#[tokio::test(start_paused = true)]
async fn a_remote_that_hangs_costs_no_more_than_it_may() {
    let (bucket, remote) = Bucket::new();
    let (machine, _) = Machine::start(&remote).await;
    bucket.hang(true);
    let Written { epoch, .. } = machine
        .store
        .write_in_epoch(|tx| snapshots::put(tx, "a", now(), "null"))
        .await
        .unwrap();
    let verdict = machine.store.checkpoint(epoch, Duration::from_secs(2)).await;
    assert_eq!(verdict, Verdict::Unreachable);
    assert_eq!(
        machine.store.copies().unwrap().trouble.unwrap().why,
        "memory:: no answer within 2s"
    );
}

#[tokio::test]
async fn who_is_fenced_and_cannot_read_why_acts_on_nothing() {
    let (bucket, remote) = Bucket::new();
    let ((first, _), (second, _)) = (Machine::start(&remote).await, Machine::start(&remote).await);
    // Once, so that both have a past.
    first.say("first").await.unwrap();
    bucket.down_to_readers(true);
    assert_eq!(
        second.claim("second").await,
        Verdict::Unsure,
        "whose generation 1 is cannot be read"
    );
    bucket.down_to_readers(false);
    second.store.save(LONG).await;
    assert_eq!(second.words(), ["first"]);
    // Now it knows that it is fenced, by a generation beyond its own, and cannot load it.
    for word in ["a", "b"] {
        first.say(word).await.unwrap();
    }
    remote.delete(2).await.unwrap();
    bucket.down_to_readers(true);
    assert_eq!(second.claim("third").await, Verdict::Fenced);
    bucket.down(true);
    assert_eq!(
        second.claim("fourth").await,
        Verdict::Fenced,
        "and that does not become better with silence"
    );
    assert!(matches!(second.say("fifth").await, Err(StoreError::Superseded)));
    bucket.down_to_readers(false);
    bucket.down(false);
    second.store.save(LONG).await;
    assert_eq!(second.words(), ["a", "b", "first"]);
    assert_eq!(second.claim("sixth").await, Verdict::Safe);
}

#[tokio::test]
async fn a_first_start_without_an_answer_knows_nothing_and_says_so() {
    let (bucket, remote) = Bucket::new();
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(&folder.path().join("mecris.db")).unwrap();
    bucket.down(true);
    let error = store.join(&remote, &Clock::manual(now())).await.unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("the state cannot be restored, so nobody knows what was said already")
    );
    bucket.down(false);
    assert_eq!(
        store.join(&remote, &Clock::manual(now())).await.unwrap(),
        Joined::First
    );
}

#[tokio::test]
async fn a_later_start_without_an_answer_goes_on_alone() {
    let (bucket, remote) = Bucket::new();
    let (machine, _) = Machine::start(&remote).await;
    machine.say("a").await.unwrap();
    bucket.down(true);
    let Machine {
        mut store,
        clock,
        _folder,
    } = machine;
    assert_eq!(store.join(&remote, &clock).await.unwrap(), Joined::Alone);
}

#[tokio::test]
async fn what_was_replaced_is_kept_beside_the_file_but_not_for_ever() {
    let (_, remote) = Bucket::new();
    let ((first, _), (second, _)) = (Machine::start(&remote).await, Machine::start(&remote).await);
    for word in ["a", "b", "c", "d", "e"] {
        first.say(word).await.unwrap();
        assert_eq!(second.claim("lost").await, Verdict::Fenced);
    }
    let folder = second.store.path().parent().unwrap();
    let names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains(".superseded-"))
        .collect();
    assert_eq!(names.len(), 3, "{names:?}");
    let kept = rusqlite::Connection::open(folder.join("mecris.db.superseded-0000000005")).unwrap();
    let lost: u32 = kept
        .query_row("SELECT count(*) FROM snapshots WHERE arm = 'lost'", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(lost, 1);
}

/// Many machines at once, each again and again: no word is lost, and each generation has one maker.
#[tokio::test]
async fn many_machines_at_once_lose_nothing() {
    let (_, remote) = Bucket::new();
    let mut machines = Vec::new();
    for _ in 0..6 {
        machines.push(Arc::new(Machine::start(&remote).await.0));
    }
    let words: Vec<&'static str> = (0..6 * 5).map(|n| &*format!("word {n:02}").leak()).collect();
    let mut tasks = tokio::task::JoinSet::new();
    for (machine, words) in machines.iter().cloned().zip(words.chunks(5).map(<[_]>::to_vec)) {
        tasks.spawn(async move {
            for word in words {
                // With so many at once, more may be first than one write puts up with.
                while machine.say(word).await.is_err() {}
            }
        });
    }
    tasks.join_all().await;
    assert_eq!(Machine::start(&remote).await.0.words(), words);
}

#[tokio::test]
async fn a_machine_that_slept_does_not_take_it_for_a_remote_that_is_down() {
    let (bucket, remote) = Bucket::new();
    let (first, _) = Machine::start(&remote).await;
    let (second, _) = Machine::start(&remote).await;
    bucket.hang(true);
    let falls_asleep = async {
        while !bucket.calls().contains(&"put") {
            tokio::task::yield_now().await;
        }
        bucket.hang(false);
        second.say("second").await.unwrap();
        first.clock.advance(jiff::SignedDuration::from_hours(1));
        tokio::time::pause();
        tokio::time::advance(LONG).await;
        tokio::time::resume();
    };
    let (verdict, ()) = tokio::join!(first.claim("first"), falls_asleep);
    assert_eq!(
        (verdict, first.words()),
        (Verdict::Fenced, vec!["second".to_owned()])
    );
    assert!(!first.in_trouble());
}
