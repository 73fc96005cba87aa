//! A channel that refuses everything is passed over, remembered, tried again, and forgotten once it works.

use super::*;
use crate::store::tables::broken_channels::{BrokenChannel, SKIPPED_FOR, all};

impl World {
    fn broken(&self) -> Vec<BrokenChannel> {
        self.store.read(all).unwrap()
    }

    /// Sends one message to its end.
    async fn send(&self) -> Notification {
        let id = self.insert(message()).await;
        self.outbox.work().await;
        self.see(&id)
    }

    /// The channels that a message was tried on.
    fn tried(&self, id: &str) -> Vec<ChannelKind> {
        self.see(id)
            .attempts
            .into_iter()
            .map(|attempt| attempt.channel)
            .collect()
    }
}

#[tokio::test]
async fn the_next_message_begins_with_the_next_channel_at_once() {
    let world = World::new();
    world.sms.faults([Fault::RefuseAll]);
    assert_eq!(world.send().await.channel, ChannelKind::Console);
    let mark = world.broken().remove(0);
    assert_eq!(
        (mark.channel, mark.code.as_deref()),
        (ChannelKind::Sms, Some("21610"))
    );
    assert_eq!(
        (mark.since, mark.why.as_str()),
        (world.clock.now(), "the person opted out")
    );

    let second = world.send().await;
    assert_eq!((second.state, second.attempt), (State::Accepted, 1));
    assert_eq!((world.sms.script().sends, world.console.accepted().len()), (1, 2));
}

#[tokio::test]
async fn a_refusal_of_one_message_breaks_nothing() {
    let world = World::new();
    world.sms.faults([Fault::Refuse]);
    world.send().await;
    assert_eq!(world.broken(), []);
    assert_eq!(world.send().await.channel, ChannelKind::Sms);
}

#[tokio::test]
async fn a_repaired_channel_comes_back_by_itself() {
    let world = World::new();
    world.sms.faults([Fault::RefuseAll]);
    world.send().await;
    world.clock.advance(SKIPPED_FOR - seconds(1));
    assert_eq!(world.send().await.channel, ChannelKind::Console);
    world.clock.advance(seconds(1));
    assert_eq!(world.send().await.channel, ChannelKind::Sms);
    assert_eq!(world.broken(), []);
    assert_eq!(world.send().await.channel, ChannelKind::Sms);
}

#[tokio::test]
async fn one_that_is_still_broken_costs_one_try_and_is_still_the_same_breakage() {
    let world = World::new();
    world.sms.faults([Fault::RefuseAll, Fault::RefuseAll]);
    world.send().await;
    let since = world.clock.now();
    world.clock.advance(SKIPPED_FOR);
    for _ in 0..3 {
        assert_eq!(world.send().await.channel, ChannelKind::Console);
    }
    assert_eq!((world.sms.script().sends, world.broken()[0].since), (2, since));
}

#[tokio::test]
async fn a_restart_gives_it_a_chance_at_once() {
    let mut world = World::new();
    world.sms.faults([Fault::RefuseAll]);
    world.send().await;
    world.restart();
    world.outbox.retry_broken_channels().await.unwrap();
    assert_eq!(world.send().await.channel, ChannelKind::Sms);
    assert_eq!(world.broken(), []);
}

#[tokio::test]
async fn a_message_that_the_healthy_ones_refuse_goes_to_the_broken_one_rather_than_to_nobody() {
    let world = World::new();
    world.sms.faults([Fault::RefuseAll]);
    world.send().await;
    world.console.faults([Fault::Refuse]);
    let second = world.send().await;
    assert_eq!(
        (second.state, second.channel),
        (State::Accepted, ChannelKind::Sms)
    );
    assert_eq!(world.tried(&second.id), [ChannelKind::Console, ChannelKind::Sms]);
    assert_eq!(world.broken(), [], "and it worked");
}

#[tokio::test]
async fn when_all_are_broken_all_are_tried_in_order() {
    let world = World::new();
    world.sms.faults([Fault::RefuseAll, Fault::RefuseAll]);
    world.console.faults([Fault::RefuseAll, Fault::RefuseAll]);
    for _ in 0..2 {
        let sent = world.send().await;
        assert_eq!(sent.state, State::Failed);
        assert_eq!(world.tried(&sent.id), [ChannelKind::Sms, ChannelKind::Console]);
    }
    assert_eq!(world.broken().len(), 2);
    assert_eq!(world.send().await.channel, ChannelKind::Sms);
    assert_eq!(world.broken().len(), 1);
}

#[tokio::test]
async fn a_channel_that_accepts_and_never_delivers_is_broken_until_something_arrives() {
    let world = World::new();
    let unregistered = || {
        let why = "the sender is not registered".to_owned();
        Ok(Status::Failed {
            may_pass: false,
            scope: Scope::Channel,
            code: Some("30034".to_owned()),
            why,
        })
    };
    world
        .sms
        .script()
        .statuses
        .extend([unregistered(), unregistered(), Ok(Status::Delivered)]);
    let first = world.insert(message()).await;
    world.turn_until(&first, State::Delivered).await;
    assert_eq!(world.see(&first).channel, ChannelKind::Console);
    let since = world.broken()[0].since;

    world.clock.advance(SKIPPED_FOR);
    let second = world.insert(message()).await;
    world.outbox.work().await;
    assert_eq!(world.see(&second).channel, ChannelKind::Sms, "its chance");
    assert_eq!(world.broken()[0].since, since, "that it accepts proves nothing");
    let meanwhile = world.send().await;
    assert_eq!(
        meanwhile.channel,
        ChannelKind::Console,
        "one message has the chance, not all of them"
    );
    world.turn_until(&second, State::Delivered).await;
    assert_eq!(
        (world.see(&second).channel, world.broken()[0].since),
        (ChannelKind::Console, since)
    );

    world.clock.advance(SKIPPED_FOR);
    let third = world.insert(message()).await;
    world.turn_until(&third, State::Delivered).await;
    assert_eq!(
        (world.see(&third).channel, world.broken()),
        (ChannelKind::Sms, Vec::new())
    );
}

#[tokio::test]
async fn a_test_of_the_channel_itself_goes_there_and_clears_it() {
    let world = World::new();
    world.sms.faults([Fault::RefuseAll]);
    world.send().await;
    let id = world
        .insert(NewMessage {
            only: Some(ChannelKind::Sms),
            ..message()
        })
        .await;
    world.outbox.work().await;
    assert_eq!(
        (world.see(&id).channel, world.see(&id).state),
        (ChannelKind::Sms, State::Accepted)
    );
    assert_eq!(world.broken(), []);
}
