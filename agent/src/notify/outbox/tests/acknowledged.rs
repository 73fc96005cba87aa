//! The person says that they know before a message has arrived.

use super::*;
use crate::notify::channels::OnDoubt;

impl World {
    async fn acknowledge(&self, id: &str) {
        let (id, now) = (id.to_owned(), self.clock.now());
        assert!(
            self.store
                .write(move |tx| table::acknowledge(tx, &id, "laptop", now))
                .await
                .unwrap()
        );
    }

    /// All that the outbox ever does.
    async fn turn_to_the_end(&self) {
        self.outbox.work().await;
        while self.turn().await {}
    }
}

#[tokio::test]
async fn what_waits_for_another_try_is_withdrawn() {
    let world = World::with_sms_alone();
    world.sms.faults([Fault::NotNow(Some(Duration::from_secs(600)))]);
    let id = world.insert(message()).await;
    world.outbox.work().await;
    assert_eq!(world.see(&id).state, State::Planned);
    world.acknowledge(&id).await;
    world.turn_to_the_end().await;
    let seen = world.see(&id);
    assert_eq!(
        (seen.state, seen.why.as_deref()),
        (
            State::Failed,
            Some("not sent again, the person knows: too many requests")
        )
    );
    assert_eq!(world.sms.script().sends, 1);
}

#[tokio::test]
async fn what_is_in_doubt_is_found_or_let_go_but_not_sent_again() {
    for (fault, state, sends) in [
        (Fault::LoseReply, State::Delivered, 1),
        (Fault::LoseRequest, State::Failed, 1),
    ] {
        let world = World::new();
        world.sms.faults([fault]);
        let id = world.insert(message()).await;
        world.outbox.work().await;
        assert_eq!(world.see(&id).state, State::Unknown);
        world.acknowledge(&id).await;
        world.turn_to_the_end().await;
        assert_eq!(
            (world.see(&id).state, world.sms.script().sends),
            (state, sends),
            "{fault:?}"
        );
        assert!(world.console.accepted().is_empty(), "no other channel either");
    }
}

#[tokio::test]
async fn what_cannot_be_delivered_goes_to_no_other_channel() {
    let world = World::new();
    let undelivered = Status::Failed {
        code: Some("30003".to_owned()),
        why: "phone off".to_owned(),
        may_pass: true,
        scope: Scope::Message,
    };
    world.sms.script().statuses.push_back(Ok(undelivered));
    let id = world.insert(message()).await;
    world.outbox.work().await;
    world.acknowledge(&id).await;
    world.turn_to_the_end().await;
    assert_eq!(
        (world.see(&id).state, world.see(&id).acknowledged_by.as_deref()),
        (State::Failed, Some("laptop"))
    );
    assert!(world.console.accepted().is_empty());
}

/// A channel that cannot be asked, and a message that it may have: one try without an answer, then perhaps another
/// that is refused for now.
async fn in_doubt(tries: usize) -> (World, Arc<FakeChannel>, String) {
    let mut world = World::new();
    let mute = FakeChannel::mute(ChannelKind::Telegram, OnDoubt::Resend, &world.clock);
    world.outbox = World::outbox(&world.store, &world.clock, vec![mute.clone(), world.sms.clone()]);
    mute.faults([Fault::LoseReply, Fault::NotNow(None)]);
    let id = world.insert(message()).await;
    world.outbox.work().await;
    for _ in 1..tries {
        world.turn().await;
    }
    (world, mute, id)
}

#[tokio::test]
async fn what_may_have_reached_them_stays_in_doubt() {
    for (tries, before) in [(1, State::Unknown), (2, State::Planned)] {
        let (world, mute, id) = in_doubt(tries).await;
        let sends = u32::try_from(tries).unwrap();
        assert_eq!(
            (world.see(&id).state, mute.script().sends),
            (before, sends),
            "{tries} tries"
        );
        world.acknowledge(&id).await;
        world.turn_to_the_end().await;
        assert_eq!(
            (world.see(&id).state, mute.script().sends),
            (State::Unknown, sends),
            "it is not called failed"
        );
        assert_eq!(world.sms.script().sends, 0, "no other channel either");
        assert_eq!(world.outbox.next_due(), None);
    }
}
