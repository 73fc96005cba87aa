//! A pass finds out that nothing that a message says is true any more. The message has not arrived yet.

use super::*;
use crate::{
    domain::{Ask, Step},
    store::tables::steps,
};

impl World {
    /// A message that claims a step of its goal.
    async fn claims(&self) -> String {
        let outbox = self.outbox.clone();
        let now = self.clock.now();
        self.store
            .write(move |tx| {
                let id = outbox.insert(tx, message())?;
                let ask = Ask::at_once(Step::Last, "2026-11-21".parse().unwrap());
                let subject = "goal:reading".parse().unwrap();
                steps::insert(tx, &subject, &ask, Severity::Critical, &id, now)?;
                Ok(id)
            })
            .await
            .unwrap()
    }

    async fn settle_it(&self, id: &str) {
        let (id, now) = (id.to_owned(), self.clock.now());
        self.store
            .write(move |tx| table::mark_no_longer_so(tx, &id, Some(now), now))
            .await
            .unwrap();
    }

    fn holds(&self, id: &str) -> usize {
        self.store.read(|c| steps::held(c, id)).unwrap().len()
    }

    async fn go_to_the_end(&self) {
        self.outbox.work().await;
        while self.turn().await {}
    }
}

/// Sets the mark while the first attempt is under way, and lets the outbox work until nothing is left to do.
async fn settled_under_way(fault: Fault, second: Fault) -> (World, String) {
    let world = World::new();
    world.sms.faults([fault]);
    world.console.faults([second]);
    let id = world.claims().await;
    world.settle_it(&id).await;
    world.go_to_the_end().await;
    (world, id)
}

#[tokio::test]
async fn a_refused_message_is_withdrawn_and_goes_to_no_other_channel() {
    for fault in [Fault::Refuse, Fault::RefuseAll, Fault::NotNow(None)] {
        let (world, id) = settled_under_way(fault, Fault::Refuse).await;
        let seen = world.see(&id);
        assert_eq!((seen.state, world.holds(&id)), (State::Withdrawn, 0), "{fault:?}");
        assert!(
            seen.why
                .as_deref()
                .unwrap()
                .starts_with("not sent again, no longer so: "),
            "{seen:?}"
        );
        assert_eq!((world.sms.script().sends, world.console.script().sends), (1, 0));
        assert_eq!(world.outbox.next_due(), None);
    }
}

#[tokio::test]
async fn a_message_in_doubt_is_found_or_stays_in_doubt_and_keeps_its_claim() {
    for (fault, state) in [
        (Fault::LoseReply, State::Delivered),
        (Fault::LoseRequest, State::Unknown),
    ] {
        let (world, id) = settled_under_way(fault, Fault::Refuse).await;
        assert_eq!((world.see(&id).state, world.holds(&id)), (state, 1), "{fault:?}");
        assert_eq!((world.sms.script().sends, world.console.script().sends), (1, 0));
    }
}

#[tokio::test]
async fn a_mark_that_lies_in_the_future_is_ignored() {
    let world = World::new();
    world.sms.faults([Fault::Refuse]);
    let id = world.claims().await;
    world.settle_it(&id).await;
    world.clock.advance(seconds(-3600));
    world.outbox.work().await;
    assert_eq!(
        world.see(&id).channel,
        ChannelKind::Console,
        "the next channel says it"
    );
}

#[tokio::test]
async fn an_undelivered_message_goes_to_no_other_channel() {
    let world = World::new();
    world.sms.script().statuses.push_back(Ok(Status::Failed {
        may_pass: true,
        scope: Scope::Message,
        code: None,
        why: "the phone is off".to_owned(),
    }));
    let id = world.claims().await;
    world.outbox.work().await;
    world.settle_it(&id).await;
    world.go_to_the_end().await;
    assert_eq!((world.see(&id).state, world.holds(&id)), (State::Failed, 1));
    assert!(world.console.accepted().is_empty());
}

#[tokio::test]
async fn the_text_that_was_made_anew_is_sent() {
    let world = World::with_sms_alone();
    world.sms.faults([Fault::NotNow(None)]);
    let id = world.claims().await;
    world.outbox.work().await;
    let row = world.store.read(|c| table::load(c, &id)).unwrap().unwrap();
    let (old, now) = (row.clone(), world.clock.now());
    let told = world.store.write(move |tx| {
        let told = table::Retold {
            body: "Mecris: no walk yet",
            severity: Severity::Warning,
            subjects: &["walk".parse().unwrap()],
            expires_at: row.deadline(),
        };
        table::retell(tx, &row, told, now)
    });
    assert!(told.await.unwrap());
    // A worker goes on with the row as it was before the text was made anew.
    world.clock.advance(seconds(2));
    world.outbox.resume(old).await.unwrap();
    let sent = world.sms.accepted();
    assert_eq!(sent[0].text, format!("Mecris: no walk yet {}", sent[0].tag));
    assert_eq!(world.see(&id).subjects, ["walk".parse().unwrap()]);
}

#[tokio::test]
async fn a_message_that_expires_after_a_doubt_is_not_called_failed() {
    let mut world = World::new();
    let mute = FakeChannel::mute(
        ChannelKind::Telegram,
        crate::notify::channels::OnDoubt::Resend,
        &world.clock,
    );
    world.outbox = World::outbox(&world.store, &world.clock, vec![mute.clone()]);
    mute.faults([Fault::LoseReply, Fault::NotNow(Some(Duration::from_secs(60)))]);
    let id = world
        .insert(NewMessage {
            expires_at: Some(world.clock.now() + seconds(600)),
            ..message()
        })
        .await;
    world.outbox.work().await;
    world.turn().await;
    assert_eq!(world.see(&id).state, State::Planned);
    world.clock.advance(seconds(900));
    world.outbox.work().await;
    assert_eq!((world.see(&id).state, mute.script().sends), (State::Unknown, 2));
}
