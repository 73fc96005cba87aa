//! The provider does not list what it may have: that is believed once.

use super::*;
use crate::store::tables::outbox::messages_since;

/// No message is ever listed by this channel.
fn lists_nothing(channel: &FakeChannel) {
    channel.script().listing_delay = SignedDuration::from_hours(1000);
}

impl World {
    async fn work_to_the_end(&self) {
        self.outbox.work().await;
        while self.turn().await {}
    }
}

#[tokio::test]
async fn one_channel_whose_list_shows_nothing_gets_a_message_twice_and_then_says_that_it_is_unknown() {
    let world = World::with_sms_alone();
    world.sms.faults([Fault::LoseReply; 9]);
    lists_nothing(&world.sms);
    let id = world.insert(message()).await;
    world.work_to_the_end().await;
    let seen = world.see(&id);
    assert_eq!((seen.state, world.sms.accepted().len()), (State::Unknown, 2));
    assert_eq!(world.outcomes(&id), ["absent", "unknown"]);
    for why in [seen.why.as_deref(), seen.attempts[1].why.as_deref()] {
        let why = why.unwrap();
        assert!(
            why.starts_with("it stays unknown whether sms has the message") && why.contains("did not answer"),
            "{why}"
        );
    }
    assert_eq!(world.outbox.next_due(), None);
    world.clock.advance(seconds(-3600));
    world.work_to_the_end().await;
    assert_eq!(world.sms.accepted().len(), 2, "also when the clock is set back");
}

#[tokio::test]
async fn the_next_channel_says_it_once_more_and_that_it_is_said_again() {
    let world = World::new();
    world.sms.faults([Fault::LoseReply; 9]);
    lists_nothing(&world.sms);
    let id = world.insert(message()).await;
    let seen = world.turn_until(&id, State::Delivered).await;
    assert_eq!(seen.channel, ChannelKind::Console);
    assert_eq!(world.outcomes(&id), ["absent", "unknown", "accepted"]);
    let (first, second) = (world.sms.accepted(), world.console.accepted());
    assert_eq!((first.len(), second.len()), (2, 1));
    assert!(first.iter().all(|sent| sent.text.starts_with("Mecris: reading")));
    assert_eq!(
        second[0].text,
        format!("Mecris again: reading derails today 23:59 {}", first[0].tag)
    );
    assert!(seen.attempts[1].why.as_deref().unwrap().contains("stays unknown"));
}

#[tokio::test]
async fn no_more_than_three_are_ever_accepted() {
    let mut world = World::new();
    let voice = FakeChannel::new(ChannelKind::Voice, &world.clock);
    let channels: Vec<Arc<FakeChannel>> = vec![world.sms.clone(), world.console.clone(), voice];
    for channel in &channels {
        channel.faults([Fault::LoseReply; 9]);
        lists_nothing(channel);
    }
    let all = channels.iter().map(|channel| channel.clone() as Arc<dyn Channel>);
    world.outbox = World::outbox(&world.store, &world.clock, all.collect());
    let id = world.insert(message()).await;
    world.work_to_the_end().await;
    let accepted: Vec<usize> = channels.iter().map(|channel| channel.accepted().len()).collect();
    assert_eq!((world.see(&id).state, accepted), (State::Unknown, vec![2, 1, 0]));
    assert_eq!(world.outcomes(&id), ["absent", "unknown", "unknown"]);
    let counted = world.store.read(|c| messages_since(c, Timestamp::MIN)).unwrap();
    assert_eq!(counted, 3, "each of them may have arrived");
}

#[tokio::test]
async fn a_channel_that_refuses_after_the_doubt_does_not_make_it_a_failure() {
    let world = World::new();
    world.sms.faults([Fault::LoseReply; 9]);
    lists_nothing(&world.sms);
    world.console.faults([Fault::Refuse]);
    let id = world.insert(message()).await;
    world.work_to_the_end().await;
    assert_eq!(
        world.see(&id).state,
        State::Unknown,
        "the first channel may have it"
    );
    assert_eq!(world.outcomes(&id), ["absent", "unknown", "rejected"]);
}

#[tokio::test]
async fn a_sender_that_dies_again_and_again_before_anything_leaves_loses_nothing() {
    let mut world = World::with_sms_alone();
    world
        .sms
        .faults([Fault::DieBefore, Fault::DieBefore, Fault::DieBefore]);
    let id = world.insert(message()).await;
    world.work_until_it_dies().await;
    for _ in 0..2 {
        let sms = world.sms.clone();
        loop {
            tokio::select! {
                biased;
                () = sms.dies.notified() => break,
                went_on = world.turn() => assert!(went_on),
            }
        }
        world.restart();
    }
    world.turn_until(&id, State::Delivered).await;
    assert_eq!(world.outcomes(&id), ["absent", "absent", "absent", "accepted"]);
    assert_eq!(world.sms.accepted().len(), 1);
}

#[tokio::test]
async fn each_attempt_gives_the_provider_more_time() {
    let world = World::with_sms_alone();
    world.sms.faults([Fault::LoseReply; 2]);
    lists_nothing(&world.sms);
    world.insert(message()).await;
    world.outbox.work().await;
    let after =
        |settles: u32| world.clock.now() + SignedDuration::try_from(LEASE + settles * SETTLE).unwrap();
    assert_eq!(world.outbox.next_due(), Some(after(1)));
    world.turn().await;
    assert_eq!(world.outbox.next_due(), Some(after(2)));
}
