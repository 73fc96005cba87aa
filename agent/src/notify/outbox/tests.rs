mod absent;
mod acknowledged;
mod broken;
mod clocks;
mod doubt;
mod fake;
mod next;
mod no_longer_so;
mod refused;
mod schedules;
mod two_machines;

use fake::{FakeChannel, Fault};
use jiff::SignedDuration;

use super::*;
use crate::{
    notify::channels::{AskError, Scope, Status},
    store::tables::outbox::{Notification, Row, get},
};

const LEASE: Duration = Duration::from_secs(15);
const SETTLE: Duration = Duration::from_secs(30);

/// A person with a phone and a terminal.
struct World {
    store: Store,
    clock: Clock,
    sms: Arc<FakeChannel>,
    console: Arc<FakeChannel>,
    outbox: Outbox,
    _folder: tempfile::TempDir,
}

impl World {
    /// A world whose first channel is text messages and whose second channel is the terminal.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("state.db")).unwrap();
        let clock = Clock::manual("2026-11-21T18:00:00Z".parse().unwrap());
        let sms = FakeChannel::new(ChannelKind::Sms, &clock);
        let console = FakeChannel::new(ChannelKind::Console, &clock);
        let outbox = Self::outbox(&store, &clock, vec![sms.clone(), console.clone()]);
        Self {
            store,
            clock,
            sms,
            console,
            outbox,
            _folder: folder,
        }
    }

    /// A world whose only channel is text messages.
    fn with_sms_alone() -> Self {
        let mut world = Self::new();
        world.outbox = Self::outbox(&world.store, &world.clock, vec![world.sms.clone()]);
        world
    }

    fn outbox(store: &Store, clock: &Clock, channels: Vec<Arc<dyn Channel>>) -> Outbox {
        Outbox::new(store.clone(), clock.clone(), &settings(), channels)
    }

    /// The process dies and another one starts on the same state.
    fn restart(&mut self) {
        let channels = self.outbox.0.channels.clone();
        self.outbox = Self::outbox(&self.store, &self.clock, channels);
    }

    async fn insert(&self, message: NewMessage) -> String {
        let outbox = self.outbox.clone();
        self.store
            .write(move |tx| outbox.insert(tx, message))
            .await
            .unwrap()
    }

    /// Works until the process dies in a send.
    async fn work_until_it_dies(&mut self) {
        let sms = self.sms.clone();
        tokio::select! {
            () = self.outbox.work() => panic!("the process survived"),
            () = sms.dies.notified() => self.restart(),
        }
    }

    /// Lets time pass until the next message is due, and works on it. Returns false if no message will be
    /// due.
    async fn turn(&self) -> bool {
        let Some(due) = self.outbox.next_due() else {
            return false;
        };
        let wait = due.duration_since(self.clock.now());
        if wait.is_positive() {
            self.clock.advance(wait);
        }
        // A task that was dropped ends only when the runtime gets its turn.
        tokio::task::yield_now().await;
        self.outbox.work().await;
        true
    }

    /// Lets time pass until a message is in a state.
    async fn turn_until(&self, id: &str, state: State) -> Notification {
        for _ in 0..2000 {
            let seen = self.see(id);
            if seen.state == state {
                return seen;
            }
            assert!(self.turn().await, "never {state}: {seen:#?}");
        }
        panic!("not {state} after 2000 turns: {:#?}", self.see(id));
    }

    fn see(&self, id: &str) -> Notification {
        self.store.read(|c| get(c, id)).unwrap().unwrap()
    }

    fn outcomes(&self, id: &str) -> Vec<String> {
        self.see(id)
            .attempts
            .into_iter()
            .map(|a| a.outcome.map_or_else(String::new, |outcome| outcome.to_string()))
            .collect()
    }
}

fn settings() -> NotifySettings {
    NotifySettings {
        channels: Vec::new(),
        lease: LEASE,
        settle: SETTLE,
        sms: None,
        whatsapp: None,
        voice: None,
        telegram: None,
        slack: None,
        email: None,
    }
}

fn message() -> NewMessage {
    NewMessage {
        run_id: None,
        severity: Severity::Critical,
        subjects: vec!["goal:reading".parse().unwrap()],
        text: Text::alone("reading derails today 23:59"),
        expires_at: None,
        channels: None,
        only: None,
    }
}

fn seconds(n: i64) -> SignedDuration {
    SignedDuration::from_secs(n)
}

#[tokio::test]
async fn a_message_is_sent_once_and_followed_until_it_is_delivered() {
    let world = World::new();
    world
        .sms
        .script()
        .statuses
        .extend([Ok(Status::Pending), Ok(Status::Sent), Ok(Status::Delivered)]);
    let expires_at = Some(world.clock.now() + seconds(3600));
    let id = world
        .insert(NewMessage {
            expires_at,
            ..message()
        })
        .await;
    assert_eq!(
        world.see(&id).state,
        State::Sending,
        "the intent is on disk before anything is sent"
    );
    assert_eq!(world.outbox.next_due(), Some(world.clock.now()));
    world.outbox.work().await;
    let seen = world.see(&id);
    assert_eq!(
        (seen.state, seen.provider_id.as_deref(), seen.attempt),
        (State::Accepted, Some("Sms-1"), 1)
    );
    assert_eq!(world.outbox.next_due(), Some(world.clock.now() + seconds(5)));
    world.turn_until(&id, State::Delivered).await;
    assert_eq!(world.outbox.next_due(), None);
    let accepted = world.sms.accepted();
    assert_eq!(accepted.len(), 1);
    assert_eq!(
        accepted[0].text,
        format!("Mecris: reading derails today 23:59 {}", accepted[0].tag)
    );
    assert_eq!(accepted[0].validity, Some(Duration::from_secs(3600)));
    assert!(world.console.accepted().is_empty());
}

#[tokio::test]
async fn two_workers_at_once_send_once() {
    let world = World::new();
    for _ in 0..5 {
        world.insert(message()).await;
    }
    tokio::join!(world.outbox.work(), world.outbox.work(), world.outbox.work());
    assert_eq!(world.sms.accepted().len(), 5);
}

#[tokio::test]
async fn a_lost_reply_is_reconciled_not_resent() {
    let world = World::new();
    world.sms.faults([Fault::LoseReply]);
    let id = world.insert(message()).await;
    world.outbox.work().await;
    assert_eq!(world.see(&id).state, State::Unknown);
    assert_eq!(
        world.sms.script().asked,
        0,
        "nobody asks before the settle time is over"
    );
    let due = world.clock.now() + SignedDuration::try_from(LEASE + SETTLE).unwrap();
    assert_eq!(world.outbox.next_due(), Some(due));
    let seen = world.turn_until(&id, State::Accepted).await;
    assert_eq!(seen.provider_id.as_deref(), Some("Sms-1"));
    assert_eq!(world.outcomes(&id), ["adopted"]);
    assert_eq!(world.sms.script().sends, 1);
}

#[tokio::test]
async fn a_lost_request_is_sent_once_more() {
    let world = World::new();
    world.sms.faults([Fault::LoseRequest]);
    let id = world.insert(message()).await;
    world.turn_until(&id, State::Delivered).await;
    assert_eq!(world.outcomes(&id), ["absent", "accepted"]);
    assert_eq!(world.sms.accepted().len(), 1);
    let first = &world.see(&id).attempts[0];
    assert!(
        first.why.as_deref().unwrap().contains("did not answer"),
        "the reason of the doubt is kept"
    );
}

#[tokio::test]
async fn a_listing_that_lags_within_the_settle_time_does_no_harm() {
    let world = World::new();
    world.sms.faults([Fault::LoseReply]);
    world.sms.script().listing_delay = SignedDuration::try_from(SETTLE).unwrap();
    let id = world.insert(message()).await;
    world.turn_until(&id, State::Delivered).await;
    assert_eq!(
        (world.outcomes(&id), world.sms.script().sends),
        (vec!["adopted".to_owned()], 1)
    );
}

#[tokio::test]
async fn while_the_provider_cannot_be_asked_nothing_is_sent() {
    let world = World::new();
    world.sms.faults([Fault::LoseReply]);
    world.sms.script().deaf_for = 20;
    let id = world.insert(message()).await;
    for _ in 0..15 {
        world.turn().await;
        let seen = world.see(&id);
        assert_eq!(seen.state, State::Unknown);
    }
    assert!(world.see(&id).why.unwrap().contains("the fake is deaf"));
    world.turn_until(&id, State::Accepted).await;
    assert_eq!(world.sms.script().sends, 1);
}

#[tokio::test]
async fn a_provider_that_is_silent_for_two_days_leaves_the_message_unknown() {
    let world = World::new();
    world.sms.faults([Fault::LoseReply]);
    world.sms.script().deaf_for = u32::MAX;
    let id = world.insert(message()).await;
    while world.turn().await {}
    let seen = world.see(&id);
    assert_eq!(seen.state, State::Unknown, "never called failed or sent");
    assert!(seen.why.unwrap().contains("given up after 48 h"));
    assert_eq!((world.sms.script().sends, world.console.script().sends), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_hangs_is_in_doubt_before_the_lease_ends() {
    let world = World::new();
    world.sms.faults([Fault::Hang]);
    let id = world.insert(message()).await;
    let began = tokio::time::Instant::now();
    world.outbox.work().await;
    assert!(began.elapsed() < LEASE);
    assert_eq!(world.see(&id).state, State::Unknown);
    world.turn_until(&id, State::Accepted).await;
    assert_eq!(world.sms.script().sends, 1);
}

#[tokio::test]
async fn a_crash_between_the_intent_and_the_send_loses_nothing() {
    let mut world = World::new();
    let id = world.insert(message()).await;
    world.restart();
    world.outbox.work().await;
    assert_eq!(world.sms.script().sends, 0, "the dead process may still own it");
    world.turn_until(&id, State::Delivered).await;
    assert_eq!(
        (world.outcomes(&id).as_slice(), world.sms.accepted().len()),
        (["absent", "accepted"].map(str::to_owned).as_slice(), 1)
    );
}

#[tokio::test]
async fn a_crash_before_the_bytes_leave_loses_nothing() {
    let mut world = World::new();
    world.sms.faults([Fault::DieBefore]);
    let id = world.insert(message()).await;
    world.work_until_it_dies().await;
    world.turn_until(&id, State::Delivered).await;
    assert_eq!(world.sms.accepted().len(), 1);
}

#[tokio::test]
async fn a_crash_between_acceptance_and_its_record_sends_nothing_twice() {
    let mut world = World::new();
    world.sms.faults([Fault::DieAfter]);
    let id = world.insert(message()).await;
    world.work_until_it_dies().await;
    assert_eq!(world.see(&id).state, State::Sending);
    world.turn_until(&id, State::Delivered).await;
    assert_eq!(
        (world.outcomes(&id), world.sms.accepted().len()),
        (vec!["adopted".to_owned()], 1)
    );
}

#[tokio::test]
async fn a_worker_that_is_dropped_leaves_a_message_that_the_same_process_picks_up() {
    let world = World::new();
    world.sms.faults([Fault::DieAfter]);
    let id = world.insert(message()).await;
    tokio::select! {
        () = world.outbox.work() => panic!("it hangs"),
        () = world.sms.dies.notified() => {}
    }
    world.turn_until(&id, State::Delivered).await;
    assert_eq!(world.sms.accepted().len(), 1);
}

#[tokio::test]
async fn nothing_is_sent_when_the_lease_ended_while_the_connection_was_opened() {
    let world = World::new();
    world.sms.script().slow_opening = seconds(14);
    let id = world.insert(message()).await;
    world.outbox.work().await;
    assert_eq!(
        (world.sms.script().sends, world.see(&id).state),
        (0, State::Planned),
        "no doubt: it was not sent"
    );
    assert_eq!(world.outcomes(&id), ["not_sent"]);
    world.sms.script().slow_opening = SignedDuration::ZERO;
    world.turn_until(&id, State::Delivered).await;
    assert_eq!(world.sms.accepted().len(), 1);
}

#[tokio::test]
async fn a_message_whose_lease_ended_before_any_worker_came_is_reconciled_first() {
    let world = World::new();
    let id = world.insert(message()).await;
    world.clock.advance(seconds(20));
    world.outbox.work().await;
    assert_eq!(world.sms.questions_and_sends(), (0, 0));
    world.turn_until(&id, State::Delivered).await;
    assert_eq!(world.sms.questions_and_sends(), (1, 1));
}

#[tokio::test]
async fn an_expired_message_is_not_sent() {
    let world = World::new();
    let expires_at = Some(world.clock.now());
    let id = world
        .insert(NewMessage {
            expires_at,
            ..message()
        })
        .await;
    world.outbox.work().await;
    let seen = world.see(&id);
    assert_eq!(
        (seen.state, seen.why.as_deref()),
        (State::Failed, Some("expired before it was sent"))
    );
    assert_eq!(world.sms.script().sends + world.console.script().sends, 0);
}

#[tokio::test]
async fn a_message_that_expires_while_it_is_in_doubt_is_still_cleared_up_but_not_sent_again() {
    for (fault, state) in [
        (Fault::LoseReply, State::Accepted),
        (Fault::LoseRequest, State::Failed),
    ] {
        let world = World::new();
        world.sms.faults([fault]);
        let expires_at = Some(world.clock.now() + seconds(20));
        let id = world
            .insert(NewMessage {
                expires_at,
                ..message()
            })
            .await;
        world.outbox.work().await;
        world.turn_until(&id, state).await;
        assert_eq!(world.sms.script().sends, 1);
    }
}

#[tokio::test]
async fn a_refusal_for_longer_than_the_message_lives_goes_elsewhere_or_fails() {
    let world = World::with_sms_alone();
    world.sms.faults([Fault::NotNow(Some(Duration::from_secs(3600)))]);
    let expires_at = Some(world.clock.now() + seconds(600));
    let id = world
        .insert(NewMessage {
            expires_at,
            ..message()
        })
        .await;
    world.outbox.work().await;
    assert_eq!(world.see(&id).state, State::Failed);
}

#[tokio::test]
async fn sent_without_a_receipt_counts_as_delivered_after_a_day() {
    let world = World::new();
    world.sms.script().statuses.push_back(Ok(Status::Sent));
    let id = world.insert(message()).await;
    world.outbox.work().await;
    let accepted = world.clock.now();
    let seen = world.turn_until(&id, State::Delivered).await;
    assert!(world.clock.now() >= accepted + SignedDuration::from_hours(24));
    assert!(seen.why.unwrap().contains("no receipt"));
}

#[tokio::test]
async fn what_became_of_an_accepted_message_is_not_asked_for_ever() {
    let world = World::new();
    world
        .sms
        .script()
        .statuses
        .push_back(Err(AskError::Refused("the fake is deaf".to_owned())));
    let id = world.insert(message()).await;
    while world.turn().await {}
    let seen = world.see(&id);
    assert_eq!(seen.state, State::Accepted);
    assert!(
        seen.why
            .unwrap()
            .contains("given up after 48 h: the fake is deaf")
    );
}

#[tokio::test]
async fn a_pass_that_was_rolled_back_sends_nothing() {
    let world = World::new();
    let outbox = world.outbox.clone();
    let rolled_back = world.store.write(move |tx| {
        outbox.insert(tx, message())?;
        Err::<(), _>(rusqlite::Error::InvalidQuery)
    });
    assert!(rolled_back.await.is_err());
    world.outbox.work().await;
    assert_eq!((world.sms.script().sends, world.outbox.next_due()), (0, None));
}

#[tokio::test(start_paused = true)]
async fn a_single_pass_waits_for_what_is_in_doubt_but_not_for_a_receipt() {
    let world = World::new();
    world.sms.faults([Fault::LoseRequest]);
    world.sms.script().statuses.push_back(Ok(Status::Pending));
    let id = world.insert(message()).await;
    let settled = async {
        while world.see(&id).state != State::Unknown {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        world
            .clock
            .advance(SignedDuration::try_from(LEASE + SETTLE).unwrap());
    };
    // The paused clock of tokio runs ahead while the database writes, so the limit must be far away.
    tokio::join!(world.outbox.drain(Duration::from_secs(1_000_000)), settled);
    assert_eq!(world.see(&id).state, State::Accepted);
    assert_eq!(world.outcomes(&id), ["absent", "accepted"]);
}

#[tokio::test(start_paused = true)]
async fn a_single_pass_does_not_wait_for_what_it_cannot_live_to_see() {
    let world = World::new();
    world.sms.faults([Fault::LoseReply]);
    let id = world.insert(message()).await;
    let began = tokio::time::Instant::now();
    world.outbox.drain(Duration::from_secs(20)).await;
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(world.see(&id).state, State::Unknown);
}
