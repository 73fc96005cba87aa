//! Leases and settle times hold whatever the wall clock does and however long the process stands still.

use super::*;

#[tokio::test]
async fn a_wall_clock_that_jumps_does_not_shorten_the_settle_time() {
    let world = World::new();
    world.sms.faults([Fault::LoseReply]);
    let id = world.insert(message()).await;
    world.outbox.work().await;
    // The row says that the time is over, CLOCK_BOOTTIME does not.
    let long_ago = world.clock.now() - seconds(3600);
    let row = world.store.read(|c| table::load(c, &id)).unwrap().unwrap();
    let early = Row {
        next_at: Some(long_ago),
        ..row.clone()
    };
    world
        .store
        .write(move |tx| table::replace(tx, &row, &early, long_ago))
        .await
        .unwrap();
    world.outbox.work().await;
    assert_eq!(world.sms.script().asked, 0);
    assert!(world.outbox.next_due().unwrap() > world.clock.now());
    world.turn_until(&id, State::Accepted).await;
    assert_eq!(world.sms.script().sends, 1);
}

#[tokio::test]
async fn a_wall_clock_that_jumps_ahead_between_two_processes_does_not_shorten_the_settle_time() {
    let mut world = World::new();
    world.sms.faults([Fault::DieAfter]);
    world.sms.script().listing_delay = SignedDuration::try_from(SETTLE).unwrap();
    let id = world.insert(message()).await;
    world.work_until_it_dies().await;
    // As if the clock had been an hour behind when the message was sent.
    let row = world.store.read(|c| table::load(c, &id)).unwrap().unwrap();
    let long_ago = row.updated_at - seconds(3600);
    let early = Row {
        next_at: row.next_at.map(|at| at - seconds(3600)),
        ..row.clone()
    };
    world
        .store
        .write(move |tx| table::replace(tx, &row, &early, long_ago))
        .await
        .unwrap();
    world.outbox.work().await;
    assert_eq!(world.sms.script().asked, 0);
    world.turn_until(&id, State::Accepted).await;
    assert_eq!(world.sms.script().sends, 1);
}

#[tokio::test]
async fn a_wall_clock_that_is_set_back_holds_nothing_up() {
    for fault in [Fault::DieBefore, Fault::DieAfter] {
        let mut world = World::new();
        world.sms.faults([fault]);
        let id = world.insert(message()).await;
        world.work_until_it_dies().await;
        let began = world.clock.boottime();
        world.clock.advance(seconds(-7 * 24 * 3600));
        world.turn_until(&id, State::Accepted).await;
        assert_eq!(world.clock.boottime() - began, LEASE + SETTLE);
        world.clock.advance(seconds(-24 * 3600));
        world.turn_until(&id, State::Delivered).await;
        assert_eq!(
            (world.clock.boottime() - began, world.sms.accepted().len()),
            (LEASE + SETTLE, 1)
        );
    }
}

#[tokio::test]
async fn a_process_that_stood_still_before_the_bytes_left_gives_the_provider_its_settle_time() {
    for span in [LEASE / 2, LEASE, LEASE + SETTLE, 2 * (LEASE + SETTLE)] {
        let world = World::new();
        world.sms.faults([Fault::StandStill(span)]);
        world.sms.script().listing_delay = SignedDuration::try_from(SETTLE).unwrap();
        let id = world.insert(message()).await;
        let began = world.clock.boottime();
        world.outbox.work().await;
        assert_eq!(
            (world.see(&id).state, world.sms.script().asked),
            (State::Unknown, 0),
            "{span:?}"
        );
        world.turn_until(&id, State::Accepted).await;
        assert_eq!(
            (world.sms.script().sends, world.clock.boottime() - began),
            (1, LEASE.max(span) + SETTLE)
        );
    }
}

#[tokio::test]
async fn a_wall_clock_that_is_set_back_under_a_send_in_doubt_holds_nothing_up() {
    for fault in [Fault::LoseRequest, Fault::LoseReply] {
        let world = World::new();
        world.sms.faults([fault]);
        let id = world.insert(message()).await;
        let began = world.clock.boottime();
        world.clock.advance(seconds(-3600));
        world.outbox.work().await;
        assert_eq!(world.see(&id).state, State::Unknown);
        world.turn_until(&id, State::Accepted).await;
        assert_eq!(
            (world.clock.boottime() - began, world.sms.accepted().len()),
            (LEASE + SETTLE, 1)
        );
    }
}

#[tokio::test]
async fn a_wall_clock_that_was_days_ahead_while_the_provider_was_silent_loses_nothing() {
    let world = World::with_sms_alone();
    world.sms.faults([Fault::LoseRequest]);
    let id = world.insert(message()).await;
    world.outbox.work().await;
    world.clock.advance(seconds(3 * 24 * 3600));
    world.sms.script().deaf_for = u32::MAX;
    let seen = world.turn_until(&id, State::Unknown).await;
    while world.turn().await {}
    assert!(
        world.see(&id).why.unwrap().contains("given up after 48 h"),
        "{seen:?}"
    );
    world.sms.script().deaf_for = 0;
    world.clock.advance(seconds(-3 * 24 * 3600));
    world.turn_until(&id, State::Accepted).await;
    assert_eq!(world.sms.accepted().len(), 1);
}

#[tokio::test]
async fn a_process_that_stood_still_until_its_lease_was_over_sends_nothing_and_tries_again() {
    for (span, attempts) in [(LEASE / 2, 1), (LEASE, 2), (LEASE + SETTLE, 2)] {
        let world = World::new();
        world.sms.faults([Fault::StandStillBeforeTheCheck(span)]);
        let id = world.insert(message()).await;
        world.outbox.work().await;
        if attempts > 1 {
            assert_eq!(world.sms.accepted().len(), 0, "{span:?}");
            let seen = world.see(&id);
            assert_eq!(seen.state, State::Planned, "{span:?}");
            assert_eq!(world.outcomes(&id), ["not_sent"]);
        }
        let seen = world.turn_until(&id, State::Delivered).await;
        assert_eq!(
            (seen.attempt, world.sms.accepted().len()),
            (attempts, 1),
            "{span:?}"
        );
    }
}
