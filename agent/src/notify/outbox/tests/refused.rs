//! What is refused goes to the next channel, waits, or fails and says why.

use super::*;

#[tokio::test]
async fn a_permanent_refusal_goes_to_the_next_channel_at_once() {
    let world = World::new();
    world.sms.faults([Fault::Refuse]);
    let id = world.insert(message()).await;
    world.outbox.work().await;
    let seen = world.see(&id);
    assert_eq!(
        (seen.state, seen.channel, seen.attempt),
        (State::Accepted, ChannelKind::Console, 2)
    );
    assert_eq!(seen.attempts[0].code.as_deref(), Some("21610"));
    assert_eq!(world.outcomes(&id), ["rejected", "accepted"]);
    assert_eq!(world.sms.accepted().len() + world.console.accepted().len(), 1);
}

#[tokio::test]
async fn when_every_channel_refuses_it_failed_and_says_why() {
    let world = World::new();
    world.sms.faults([Fault::Refuse]);
    world.console.faults([Fault::Refuse]);
    let id = world.insert(message()).await;
    world.outbox.work().await;
    let seen = world.see(&id);
    assert_eq!(
        (seen.state, seen.why.as_deref()),
        (State::Failed, Some("the person opted out"))
    );
    assert_eq!(
        (world.outcomes(&id), world.outbox.next_due()),
        (vec!["rejected".to_owned(); 2], None)
    );
}

#[tokio::test]
async fn a_message_for_one_channel_falls_back_to_no_other() {
    let mut world = World::new();
    world.sms.faults([Fault::DieBefore, Fault::Refuse]);
    let id = world
        .insert(NewMessage {
            only: Some(ChannelKind::Sms),
            ..message()
        })
        .await;
    world.work_until_it_dies().await;
    world.turn_until(&id, State::Failed).await;
    assert_eq!(world.console.script().sends, 0);
}

#[tokio::test]
async fn a_message_with_channels_of_its_own_takes_them_in_their_order() {
    let of_its_own = |channels: &[ChannelKind]| NewMessage {
        channels: Some(channels.to_vec()),
        ..message()
    };
    let world = World::new();
    world.console.faults([Fault::Refuse]);
    let id = world
        .insert(of_its_own(&[ChannelKind::Console, ChannelKind::Sms]))
        .await;
    world.outbox.work().await;
    let seen = world.see(&id);
    assert_eq!(
        (seen.state, seen.channel, seen.attempt),
        (State::Accepted, ChannelKind::Sms, 2)
    );
}

#[tokio::test]
async fn a_message_with_channels_of_its_own_falls_back_to_no_other() {
    let of_its_own = |channels: &[ChannelKind]| NewMessage {
        channels: Some(channels.to_vec()),
        ..message()
    };
    let mut world = World::new();
    world.sms.faults([Fault::DieBefore, Fault::Refuse]);
    let id = world.insert(of_its_own(&[ChannelKind::Sms])).await;
    world.work_until_it_dies().await;
    world.turn_until(&id, State::Failed).await;
    assert_eq!(world.console.script().sends, 0);

    let world = World::with_sms_alone();
    let id = world.insert(of_its_own(&[ChannelKind::Voice])).await;
    assert_eq!(
        (world.see(&id).why.as_deref(), world.outbox.next_due()),
        (Some(NO_CHANNEL), None),
        "none of its channels is configured any more"
    );
}

#[tokio::test]
async fn a_message_for_a_channel_that_is_not_configured_fails_and_says_so() {
    let world = World::with_sms_alone();
    let id = world
        .insert(NewMessage {
            only: Some(ChannelKind::Console),
            ..message()
        })
        .await;
    let seen = world.see(&id);
    assert_eq!(
        (seen.state, seen.why.as_deref()),
        (State::Failed, Some(NO_CHANNEL))
    );
    assert_eq!(world.outbox.next_due(), None);
}

#[tokio::test]
async fn a_temporary_refusal_waits_as_long_as_the_provider_says() {
    let world = World::new();
    world
        .sms
        .faults([Fault::NotNow(Some(Duration::from_secs(90))), Fault::NotNow(None)]);
    let id = world.insert(message()).await;
    world.outbox.work().await;
    assert_eq!(
        (world.see(&id).state, world.outbox.next_due()),
        (State::Planned, Some(world.clock.now() + seconds(90)))
    );
    world.turn().await;
    assert_eq!(
        world.outbox.next_due(),
        Some(world.clock.now() + seconds(4)),
        "the second backoff"
    );
    world.turn_until(&id, State::Delivered).await;
    assert_eq!(world.outcomes(&id), ["retry", "retry", "accepted"]);
    assert!(world.console.accepted().is_empty());
}

#[tokio::test]
async fn what_cannot_be_delivered_goes_to_the_next_channel() {
    let world = World::new();
    let why = "filtered as spam".to_owned();
    world.sms.script().statuses.push_back(Ok(Status::Failed {
        may_pass: false,
        scope: Scope::Message,
        code: Some("30007".to_owned()),
        why,
    }));
    let id = world.insert(message()).await;
    world.outbox.work().await;
    let seen = world.turn_until(&id, State::Delivered).await;
    assert_eq!(
        (seen.channel, world.console.accepted().len()),
        (ChannelKind::Console, 1)
    );
    assert_eq!(world.outcomes(&id), ["undelivered", "accepted"]);
    assert_eq!(
        (seen.attempts[0].code.as_deref(), seen.attempts[0].why.as_deref()),
        (Some("30007"), Some("filtered as spam"))
    );
}

#[tokio::test]
async fn a_phone_that_was_off_gets_one_new_message_and_it_is_not_taken_for_the_old_one() {
    let world = World::with_sms_alone();
    let off = || {
        Ok(Status::Failed {
            may_pass: true,
            scope: Scope::Message,
            code: Some("30003".to_owned()),
            why: "the phone is off".to_owned(),
        })
    };
    world.sms.script().statuses.extend([off(), off()]);
    world.sms.faults([]);
    let id = world.insert(message()).await;
    world.outbox.work().await;
    world.turn().await;
    assert_eq!(
        (world.see(&id).state, world.see(&id).provider_id),
        (State::Planned, None)
    );
    world.sms.faults([Fault::LoseReply]);
    let seen = world.turn_until(&id, State::Accepted).await;
    assert_eq!(seen.provider_id.as_deref(), Some("Sms-2"));
    world.turn_until(&id, State::Failed).await;
    assert_eq!(world.sms.accepted().len(), 2, "once more, not for ever");
}
