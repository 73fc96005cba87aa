//! Channels that cannot be asked: at least once, or at most once, as configured.

use super::*;
use crate::notify::channels::OnDoubt;

/// A channel that cannot be asked, then one that can.
struct Mute {
    world: World,
    first: Arc<FakeChannel>,
}

fn mute(on_doubt: OnDoubt) -> Mute {
    let mut world = World::new();
    let first = FakeChannel::mute(ChannelKind::Telegram, on_doubt, &world.clock);
    world.outbox = World::outbox(&world.store, &world.clock, vec![first.clone(), world.sms.clone()]);
    Mute { world, first }
}

#[tokio::test]
async fn at_least_once_sends_again_with_the_same_tag_after_lease_and_settle_time() {
    let Mute { world, first } = mute(OnDoubt::Resend);
    first.faults([Fault::LoseReply]);
    let id = world.insert(message()).await;
    world.outbox.work().await;
    assert_eq!((first.script().sends, world.see(&id).state), (1, State::Unknown));
    let due = world.clock.now() + SignedDuration::try_from(LEASE + SETTLE).unwrap();
    assert_eq!(world.outbox.next_due(), Some(due));
    world.turn_until(&id, State::Delivered).await;
    let accepted = first.accepted();
    assert_eq!(
        (accepted.len(), accepted[0].text == accepted[1].text),
        (2, true),
        "{accepted:?}"
    );
    assert_eq!(world.outcomes(&id), ["resent", "accepted"]);
    let why = world.see(&id).attempts[0].why.clone().unwrap();
    assert!(
        why.contains("did not answer"),
        "the reason of the doubt is kept: {why}"
    );
}

#[tokio::test]
async fn at_least_once_goes_to_the_next_channel_after_two_doubts_and_says_that_it_is_said_again() {
    let Mute { world, first } = mute(OnDoubt::Resend);
    first.faults([Fault::LoseRequest; 2]);
    let id = world.insert(message()).await;
    world.outbox.work().await;
    let seen = world.turn_until(&id, State::Delivered).await;
    assert_eq!(
        (seen.channel, first.script().sends, world.sms.accepted().len()),
        (ChannelKind::Sms, 2, 1)
    );
    assert_eq!(world.outcomes(&id), ["resent", "resent", "accepted"]);
    let said = &world.sms.accepted()[0].text;
    assert!(said.starts_with("Mecris again: reading derails"), "{said}");
}

#[tokio::test]
async fn without_another_channel_it_stays_in_doubt_and_does_not_flood_the_person() {
    let Mute { mut world, first } = mute(OnDoubt::Resend);
    world.outbox = World::outbox(&world.store, &world.clock, vec![first.clone()]);
    first.faults([Fault::LoseReply; 10]);
    let id = world.insert(message()).await;
    while world.turn().await {}
    let seen = world.see(&id);
    assert_eq!((seen.state, first.script().sends), (State::Unknown, 2));
    assert_eq!(world.outcomes(&id), ["resent", "unknown"]);
}

#[tokio::test]
async fn what_was_refused_after_a_doubt_stays_so_when_the_clock_is_set_back() {
    let Mute { mut world, first } = mute(OnDoubt::Resend);
    world.outbox = World::outbox(&world.store, &world.clock, vec![first.clone()]);
    first.faults([Fault::LoseReply, Fault::Refuse]);
    let id = world.insert(message()).await;
    while world.turn().await {}
    assert_eq!(world.outcomes(&id), ["resent", "rejected"]);
    world.clock.advance(seconds(-3600));
    assert!(!world.turn().await, "{:#?}", world.see(&id));
    assert_eq!(first.script().sends, 2);
}

#[tokio::test]
async fn at_most_once_says_nothing_more_anywhere_and_says_so() {
    let Mute { world, first } = mute(OnDoubt::GiveUp);
    first.faults([Fault::LoseRequest]);
    let id = world.insert(message()).await;
    while world.turn().await {}
    let seen = world.see(&id);
    assert_eq!(seen.state, State::Unknown, "never called failed or sent");
    let why = seen.why.unwrap();
    assert!(
        why.contains("at most once") && why.contains("did not answer"),
        "{why}"
    );
    assert_eq!(
        (
            first.script().sends,
            world.sms.script().sends,
            world.outbox.next_due()
        ),
        (1, 0, None)
    );
    assert_eq!(world.outcomes(&id), ["unknown"]);
}

#[tokio::test]
async fn at_most_once_still_falls_back_where_nothing_is_in_doubt() {
    let Mute { world, first } = mute(OnDoubt::GiveUp);
    first.faults([Fault::NotNow(None), Fault::Refuse]);
    let id = world.insert(message()).await;
    let seen = world.turn_until(&id, State::Delivered).await;
    assert_eq!(
        (seen.channel, world.outcomes(&id)),
        (
            ChannelKind::Sms,
            ["retry", "rejected", "accepted"].map(str::to_owned).into()
        )
    );
}

#[tokio::test]
async fn a_crash_in_a_send_is_a_doubt_like_any_other() {
    for (on_doubt, sends, state) in [
        (OnDoubt::Resend, 2, State::Delivered),
        (OnDoubt::GiveUp, 1, State::Unknown),
    ] {
        let Mute { mut world, first } = mute(on_doubt);
        first.faults([Fault::DieAfter]);
        let id = world.insert(message()).await;
        let dying = first.clone();
        tokio::select! {
            () = world.outbox.work() => panic!("the process survived"),
            () = dying.dies.notified() => world.restart(),
        }
        while world.turn().await {}
        assert_eq!(
            (first.script().sends, world.see(&id).state),
            (sends, state),
            "{on_doubt:?}"
        );
        assert!(
            world.see(&id).why.is_none_or(|why| why.contains("interrupted")),
            "{:?}",
            world.see(&id).why
        );
    }
}

#[tokio::test]
async fn a_message_that_expired_in_doubt_is_not_called_failed() {
    let Mute { world, first } = mute(OnDoubt::Resend);
    first.faults([Fault::LoseReply]);
    let id = world
        .insert(NewMessage {
            expires_at: Some(world.clock.now() + seconds(20)),
            ..message()
        })
        .await;
    while world.turn().await {}
    assert_eq!((first.script().sends, world.see(&id).state), (1, State::Unknown));
}
