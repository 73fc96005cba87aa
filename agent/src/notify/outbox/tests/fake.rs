//! A provider in memory: it accepts, counts, loses replies, lists late, and crashes its caller.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use jiff::SignedDuration;
use tokio::sync::Notify;

use crate::{
    clock::Clock,
    notify::channels::{
        Answer, AskError, Channel, ChannelKind, Doubt, OnDoubt, Outcome, Outgoing, Scope, Status,
    },
};

/// What happens to one send.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// Accepted, but the reply is lost.
    LoseReply,
    /// The process stands still for so long before the bytes leave; accepted, but the reply is lost.
    StandStill(Duration),
    /// The process stands still for so long before the channel checks the lease.
    StandStillBeforeTheCheck(Duration),
    /// Never arrived, and the sender cannot know.
    LoseRequest,
    /// Accepted, but the reply never comes.
    Hang,
    /// Accepted, and the sending process dies before it hears of it.
    DieAfter,
    /// The sending process dies before the request leaves.
    DieBefore,
    /// Refused for good.
    Refuse,
    /// Refused for good, and so would be every other message.
    RefuseAll,
    /// Refused for now.
    NotNow(Option<Duration>),
}

/// A message that the provider has.
#[derive(Clone, Debug)]
pub(super) struct Accepted {
    pub(super) tag: String,
    pub(super) text: String,
    pub(super) validity: Option<Duration>,
    listed_at: Duration,
}

#[derive(Default)]
pub(super) struct Script {
    pub(super) faults: VecDeque<Fault>,
    /// The next questions fail.
    pub(super) deaf_for: u32,
    /// A message is listed so long after it was accepted.
    pub(super) listing_delay: SignedDuration,
    /// Opening the connection takes so long.
    pub(super) slow_opening: SignedDuration,
    /// The answers about what was accepted, the last one for ever; delivered, if there is none.
    pub(super) statuses: VecDeque<Result<Status, AskError>>,
    pub(super) accepted: Vec<Accepted>,
    pub(super) sends: u32,
    pub(super) asked: u32,
}

pub(super) struct FakeChannel {
    kind: ChannelKind,
    clock: Clock,
    /// Set if it cannot be asked.
    on_doubt: Option<OnDoubt>,
    script: Mutex<Script>,
    /// Told when the sending process is to die.
    pub(super) dies: Notify,
}

impl FakeChannel {
    pub(super) fn new(kind: ChannelKind, clock: &Clock) -> Arc<Self> {
        Arc::new(Self {
            kind,
            clock: clock.clone(),
            on_doubt: None,
            script: Mutex::default(),
            dies: Notify::new(),
        })
    }

    /// One that cannot be asked.
    pub(super) fn mute(kind: ChannelKind, on_doubt: OnDoubt, clock: &Clock) -> Arc<Self> {
        let (clock, on_doubt) = (clock.clone(), Some(on_doubt));
        Arc::new(Self {
            kind,
            clock,
            on_doubt,
            script: Mutex::default(),
            dies: Notify::new(),
        })
    }

    pub(super) fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap()
    }

    /// The next sends go wrong like this.
    pub(super) fn faults(&self, faults: impl IntoIterator<Item = Fault>) {
        self.script().faults.extend(faults);
    }

    pub(super) fn accepted(&self) -> Vec<Accepted> {
        self.script().accepted.clone()
    }

    pub(super) fn questions_and_sends(&self) -> (u32, u32) {
        let script = self.script();
        (script.asked, script.sends)
    }

    fn accept(&self, message: &Outgoing<'_>) -> Outcome {
        let mut script = self.script();
        let listed_at = self.clock.boottime() + Duration::try_from(script.listing_delay).unwrap();
        let (tag, text) = (message.tag.to_owned(), message.text.to_owned());
        script.accepted.push(Accepted {
            tag,
            text,
            validity: message.validity,
            listed_at,
        });
        Outcome::Accepted(format!("{:?}-{}", self.kind, script.accepted.len()))
    }

    async fn die(&self) -> Outcome {
        self.dies.notify_one();
        std::future::pending().await
    }
}

impl Channel for FakeChannel {
    fn kind(&self) -> ChannelKind {
        self.kind
    }

    fn reconcilable(&self) -> bool {
        self.on_doubt.is_none()
    }

    fn on_doubt(&self) -> OnDoubt {
        self.on_doubt.unwrap_or_default()
    }

    fn warm_up(&self) -> Answer<'_, Result<(), AskError>> {
        self.clock.advance(self.script().slow_opening);
        Box::pin(std::future::ready(Ok(())))
    }

    fn send<'a>(&'a self, message: Outgoing<'a>, within: Duration) -> Answer<'a, Outcome> {
        assert!(message.text.ends_with(message.tag));
        Box::pin(async move {
            // No provider answers at once: other workers get their turn while the request is on its way.
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
            let fault = {
                let mut script = self.script();
                script.sends += 1;
                script.faults.pop_front()
            };
            let unknown = || Outcome::Unknown {
                why: format!("the fake did not answer within {within:?}"),
            };
            match fault {
                None => self.accept(&message),
                Some(Fault::LoseReply) => {
                    self.accept(&message);
                    unknown()
                }
                Some(Fault::StandStill(span)) => {
                    self.clock.advance(SignedDuration::try_from(span).unwrap());
                    self.accept(&message);
                    unknown()
                }
                Some(Fault::StandStillBeforeTheCheck(span)) => {
                    self.clock.advance(SignedDuration::try_from(span).unwrap());
                    match message.lease.pass() {
                        Ok(()) => self.accept(&message),
                        Err(over) => Outcome::NotSent {
                            why: over.to_string(),
                        },
                    }
                }
                Some(Fault::LoseRequest) => unknown(),
                Some(Fault::Hang) => {
                    self.accept(&message);
                    std::future::pending().await
                }
                Some(Fault::DieAfter) => {
                    self.accept(&message);
                    self.die().await
                }
                Some(Fault::DieBefore) => self.die().await,
                Some(fault @ (Fault::Refuse | Fault::RefuseAll)) => Outcome::Rejected {
                    permanent: true,
                    scope: if matches!(fault, Fault::Refuse) {
                        Scope::Message
                    } else {
                        Scope::Channel
                    },
                    retry_after: None,
                    code: Some("21610".to_owned()),
                    why: "the person opted out".to_owned(),
                },
                Some(Fault::NotNow(retry_after)) => Outcome::Rejected {
                    permanent: false,
                    scope: Scope::Message,
                    retry_after,
                    code: Some("20429".to_owned()),
                    why: "too many requests".to_owned(),
                },
            }
        })
    }

    fn find<'a>(&'a self, doubt: &'a Doubt<'a>) -> Answer<'a, Result<Option<String>, AskError>> {
        let mut script = self.script();
        assert!(self.on_doubt.is_none(), "it cannot be asked");
        script.asked += 1;
        let answer = if script.deaf_for > 0 {
            script.deaf_for -= 1;
            Err(AskError::Refused("the fake is deaf".to_owned()))
        } else {
            let now = self.clock.boottime();
            let place = script
                .accepted
                .iter()
                .position(|m| m.tag == doubt.tag && m.listed_at <= now);
            Ok(place.map(|n| format!("{:?}-{}", self.kind, n + 1)))
        };
        Box::pin(std::future::ready(answer))
    }

    fn status<'a>(&'a self, _provider_id: &'a str) -> Answer<'a, Result<Status, AskError>> {
        let mut script = self.script();
        let answer = match script.statuses.len() {
            0 => Ok(Status::Delivered),
            1 => script.statuses[0].clone(),
            _ => script.statuses.pop_front().unwrap(),
        };
        Box::pin(std::future::ready(answer))
    }
}
