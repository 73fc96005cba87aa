//! Copies that are damaged, of another number than their name says, of something else, or of a newer release.

use super::*;

#[tokio::test]
async fn a_damaged_newest_generation_is_no_reason_to_begin_anew() {
    let (_, remote) = Bucket::new();
    let (machine, _) = Machine::start(&remote).await;
    machine.say("a").await.unwrap();
    remote.create(2, Bytes::from_static(b"garbage")).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(&folder.path().join("mecris.db")).unwrap();
    let error = store.join(&remote, &Clock::manual(now())).await.unwrap_err();
    assert!(
        error.to_string().starts_with("generation 2 is damaged: "),
        "{error}"
    );
}

#[tokio::test]
async fn a_generation_that_a_person_copied_to_a_higher_number_is_gone_on_from() {
    for number in [3, 7, 8_999_999_997] {
        let (_, remote) = Bucket::new();
        let (running, _) = Machine::start(&remote).await;
        running.say("a").await.unwrap();
        running.say("b").await.unwrap();
        let packed = remote.fetch(1).await.unwrap().unwrap();
        remote.create(number, packed).await.unwrap();
        let (new, joined) = Machine::start(&remote).await;
        assert_eq!(
            (joined, new.words()),
            (Joined::Loaded(number), vec!["a".to_owned()]),
            "going back by hand is what the person wanted"
        );
        new.say("c").await.unwrap();
        assert_eq!(new.generation(), number + 1);
        running.say("d").await.unwrap();
        assert_eq!(running.words(), ["a", "c", "d"]);
        assert_eq!(remote.newest(0).await.unwrap(), Some(number + 2));
        let Machine { mut store, clock, .. } = running;
        let joined = store.join(&remote, &clock).await.unwrap();
        assert_eq!(joined, Joined::Newest(number + 2));
    }
}

#[tokio::test]
async fn a_copy_of_something_else_is_not_loaded() {
    let (_, remote) = Bucket::new();
    let (machine, _) = Machine::start(&remote).await;
    machine.say("a").await.unwrap();
    let packed = remote.fetch(1).await.unwrap().unwrap();
    let mut trapped = generation::open(1, &packed).unwrap();
    trapped
        .execute_batch("CREATE TRIGGER again AFTER INSERT ON runs BEGIN DELETE FROM steps; END")
        .unwrap();
    let mut foreign = rusqlite::Connection::open_in_memory().unwrap();
    foreign.execute_batch("CREATE TABLE words (word TEXT)").unwrap();
    let sound = [
        (&mut trapped, "it has a trigger again, which is none of Mecris"),
        (&mut foreign, "it is no state of Mecris"),
    ];
    for (state, why) in sound {
        let packed = image::take_packed(state).unwrap().unwrap();
        remote.create(2, packed.into()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("mecris.db")).unwrap();
        let error = store.join(&remote, &Clock::manual(now())).await.unwrap_err();
        assert_eq!(error.to_string(), format!("generation 2 is damaged: {why}"));
        remote.delete(2).await.unwrap();
    }
}

#[tokio::test]
async fn a_copy_that_was_damaged_later_does_not_stop_the_machine_that_made_it() {
    let (_, remote) = Bucket::new();
    let (machine, _) = Machine::start(&remote).await;
    machine.say("a").await.unwrap();
    remote.delete(1).await.unwrap();
    remote.create(1, Bytes::from_static(b"garbage")).await.unwrap();
    let Machine {
        mut store,
        clock,
        _folder,
    } = machine;
    assert_eq!(store.join(&remote, &clock).await.unwrap(), Joined::Newest(1));
    let machine = Machine {
        store,
        clock,
        _folder,
    };
    machine.say("b").await.unwrap();
    assert_eq!(Machine::start(&remote).await.0.words(), ["a", "b"]);
}

#[tokio::test]
async fn a_generation_of_a_newer_release_is_refused_and_nothing_is_lost() {
    let (_, remote) = Bucket::new();
    let (machine, _) = Machine::start(&remote).await;
    machine.say("a").await.unwrap();
    let (newer, _) = Machine::start(&remote).await;
    newer
        .store
        .write(|tx| crate::store::tests::make_newer(tx))
        .await
        .unwrap();
    newer.store.save(LONG).await;
    assert_eq!(machine.claim("b").await, Verdict::Fenced);
    assert!(
        machine
            .store
            .copies()
            .unwrap()
            .trouble
            .unwrap()
            .why
            .contains("schema version 99")
    );
    assert_eq!(
        machine.words(),
        ["a", "b"],
        "what it has stays, and it acts on none of it"
    );
}
