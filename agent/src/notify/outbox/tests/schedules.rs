//! Random faults at random moments, always the same for the same seed.

use super::*;

fn any_fault(random: &mut fastrand::Rng) -> Fault {
    match random.u8(..10) {
        0 | 1 => Fault::LoseReply,
        2 | 3 => Fault::LoseRequest,
        4 | 5 => Fault::DieAfter,
        6 => Fault::DieBefore,
        7 => Fault::NotNow(random.bool().then(|| Duration::from_secs(random.u64(1..100)))),
        8 => Fault::Refuse,
        _ => Fault::RefuseAll,
    }
}

/// Takes one or two messages through random faults, crashes and late listings. At the end each message must
/// have failed or be in doubt because two requests were lost, or the two channels together must have accepted it
/// exactly once.
async fn live(seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut world = World::new();
    for channel in [&world.sms, &world.console] {
        let faults: Vec<Fault> = (0..random.usize(..6)).map(|_| any_fault(&mut random)).collect();
        channel.faults(faults);
        channel.script().deaf_for = random.u32(..4);
        channel.script().listing_delay = seconds(random.i64(0..=30));
    }
    let mut ids = Vec::new();
    for _ in 0..random.usize(1..3) {
        let lives = random
            .bool()
            .then(|| world.clock.now() + seconds(random.i64(1..2000)));
        ids.push(
            world
                .insert(NewMessage {
                    expires_at: lives,
                    ..message()
                })
                .await,
        );
        if random.u8(..5) == 0 {
            world.restart();
        }
    }
    for _ in 0..1000 {
        let (sms, console) = (world.sms.clone(), world.console.clone());
        let died = tokio::select! {
            biased;
            () = sms.dies.notified() => true,
            () = console.dies.notified() => true,
            went_on = world.turn() => {
                if !went_on {
                    break;
                }
                false
            }
        };
        if died || random.u8(..20) == 0 {
            world.restart();
        }
    }
    let mut open = world.store.read(table::open).unwrap();
    open.retain(|row| row.next_at.is_some());
    assert!(
        open.is_empty(),
        "seed {seed}: these messages never reached a final state: {open:#?} {:#?}",
        world.see(&open[0].id).attempts
    );
    for id in ids {
        let seen = world.see(&id);
        let tag = world.store.read(|c| table::load(c, &id)).unwrap().unwrap().tag;
        let accepted = [&world.sms, &world.console]
            .iter()
            .flat_map(|c| c.accepted())
            .filter(|m| m.tag == tag)
            .count();
        let wanted = usize::from(!matches!(seen.state, State::Failed | State::Unknown));
        assert_eq!(accepted, wanted, "seed {seed}: {seen:#?}");
        let outcomes = world.outcomes(&id);
        let unheard = outcomes.iter().filter(|outcome| *outcome == "unknown").count();
        assert_eq!(
            seen.state == State::Unknown,
            unheard > 0 && accepted == 0,
            "seed {seed}: {seen:#?}"
        );
    }
}

#[tokio::test]
async fn through_two_hundred_random_schedules_every_message_is_accepted_once_or_says_that_it_is_not() {
    for seed in 0..200 {
        live(seed).await;
    }
}
