//! The disturbances of all rounds. Pure: a seed makes a deck of cards, a card makes one or several rounds.

use std::fmt;

use fastrand::Rng;
use mecris_agent::{domain::Step, failpoint};
use mecris_tests::{s3, twilio};

/// The disturbances of a round.
#[derive(Clone, Debug)]
pub(crate) struct Round {
    /// What happens before the round.
    pub(crate) before: Vec<Event>,
    /// The command that is started.
    pub(crate) command: Command,
    /// The faults of Twilio.
    pub(crate) twilio: Twilio,
    /// The faults of S3. A folder has no faults.
    pub(crate) remote: Remote,
    /// Whether Beeminder cannot be read.
    pub(crate) unread: bool,
    /// The end of the round.
    pub(crate) end: End,
}

/// What happens between two rounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Event {
    /// The wall clock jumps by this many seconds.
    Jump(i64),
    /// The wall clock jumps by this many days, to this minute around noon.
    JumpDays(i64, i64),
    /// The wall clock jumps over this many days to the evening, to this minute after 21:45. Then the last chances
    /// of goals that derail at midnight are near.
    Evening(i64, i64),
    /// A dear goal and a goal that derails tomorrow appear, and passes without faults say everything that is due.
    Settled,
    /// The machine is replaced: an empty directory. Only if the newest generation holds every claim.
    NewMachine,
    /// The other machine goes on, with the state of its last use. Only under the same condition.
    OtherMachine,
}

/// The command that is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// `run`, which ends by itself.
    Run,
    /// `serve`.
    Serve,
}

/// The faults of Twilio in a round.
#[derive(Clone, Debug, Default)]
pub(crate) struct Twilio {
    /// Random faults.
    pub(crate) chaos: twilio::Chaos,
    /// Faults of the first requests.
    pub(crate) sends: Vec<twilio::Fault>,
    /// Whether every read fails.
    pub(crate) mute: bool,
}

/// The faults of S3 in a round.
#[derive(Clone, Debug, Default)]
pub(crate) struct Remote {
    /// Faults of the first PUTs.
    pub(crate) puts: Vec<s3::Fault>,
    /// A fault of every request.
    pub(crate) always: Option<(s3::Operation, s3::Fault)>,
    /// Random faults.
    pub(crate) chaos: s3::Chaos,
}

/// The end of a round.
#[derive(Clone, Debug)]
pub(crate) enum End {
    /// At failpoints, of which the last kills. By SIGKILL after this many milliseconds if the process never
    /// reaches it.
    At(String, u64),
    /// By SIGKILL after this many milliseconds.
    Kill(u64),
    /// By SIGTERM after this many milliseconds.
    Terminate(u64),
    /// By itself; only [`Command::Run`].
    Itself,
    /// By SIGTERM, once the provider has accepted this step of the goal that [`Event::Settled`] brought for it:
    /// `last_call` of the dear goal, or `last_seen` of the one that derails a day later.
    Says(Step),
    /// The process is stopped after this many milliseconds, while the other machine makes a pass. Then it is
    /// continued, and killed this many milliseconds later.
    Overtaken(u64, u64),
    /// The process is stopped before its generation is created, while the other machine makes a pass. Then it
    /// is continued, and killed as it notices the other generation.
    Fenced,
    /// The process is stopped at failpoints. Each time the other machine makes a pass before the process is
    /// continued.
    TakenOver(String),
    /// Both machines start this many milliseconds apart, and both end by themselves.
    Race(u64),
    /// Both machines start at once. The first is killed after this many milliseconds, the second ends by
    /// itself.
    Together(u64),
    /// The wall clock jumps by this many seconds after this many milliseconds, under the running process. The
    /// process is killed the same time later.
    JumpUnder(i64, u64),
}

/// A kind of disturbance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Card {
    Failpoint(&'static str),
    Kill,
    Terminate,
    Clean,
    Overtaken,
    Together,
    JumpUnder,
    Race,
    TakenOver(&'static str),
    /// A pass is killed as it calls for a dear goal.
    LastCall,
    /// A pass is killed as it says what it last read, since Beeminder cannot be read.
    LastSeen,
}

impl End {
    /// Whether the other machine works too. Then the remote must hold every claim of this machine.
    pub(crate) fn needs_both_machines(&self) -> bool {
        matches!(
            self,
            Self::Overtaken(..) | Self::Fenced | Self::TakenOver(_) | Self::Race(_) | Self::Together(_)
        )
    }
}

/// Failpoints that are reached only in the first round after a long absence.
const AFTER_ABSENCE: [&str; 2] = ["retention.forgotten", "retention.compacted"];

/// The shuffled cards of a batch. Two batches share a deck, which has every failpoint once. A batch begins
/// with one of the two failpoints that are reached only after a long absence: an even batch with the first,
/// an odd batch with the second.
pub(crate) fn half_a_deck(seed: u64, batch: u64) -> Vec<Card> {
    let everywhere = failpoint::ALL.iter().filter(|name| !AFTER_ABSENCE.contains(name));
    let mut cards: Vec<Card> = everywhere.map(|name| Card::Failpoint(name)).collect();
    for (card, count) in [
        (Card::Kill, 8),
        (Card::Terminate, 4),
        (Card::Clean, 2),
        (Card::Overtaken, 3),
        (Card::Together, 3),
        (Card::JumpUnder, 2),
        (Card::LastCall, 2),
        (Card::LastSeen, 2),
    ] {
        cards.extend(std::iter::repeat_n(card, count));
    }
    Rng::with_seed(seed ^ (batch / 2)).shuffle(&mut cards);
    let second = cards.split_off(cards.len() / 2);
    let mut half = if batch.is_multiple_of(2) { cards } else { second };
    half.insert(0, Card::Failpoint(AFTER_ABSENCE[usize::from(batch % 2 == 1)]));
    half
}

impl Card {
    /// The rounds of the card.
    pub(crate) fn rounds(self, rng: &mut Rng) -> Vec<Round> {
        match self {
            Self::Failpoint(name) => at(name, rng),
            Self::Kill => {
                let longest = if rng.u8(0..4) == 0 { 2500 } else { 700 };
                vec![disturbed(rng, Command::any, |rng| End::Kill(rng.u64(0..longest)))]
            }
            Self::Terminate => vec![disturbed(
                rng,
                |_| Command::Serve,
                |rng| End::Terminate(rng.u64(0..2000)),
            )],
            Self::Clean => vec![disturbed(rng, |_| Command::Run, |_| End::Itself)],
            Self::Overtaken => {
                let round = disturbed(rng, Command::any, |rng| {
                    End::Overtaken(rng.u64(0..700), rng.u64(0..1500))
                });
                vec![Round {
                    remote: Remote::default(),
                    ..round
                }]
            }
            Self::Together => {
                let round = disturbed(rng, Command::any, |rng| End::Together(rng.u64(0..2000)));
                vec![Round {
                    remote: Remote::default(),
                    ..round
                }]
            }
            Self::Race => {
                let after = if rng.bool() { 0 } else { rng.u64(0..60) };
                vec![fair(Command::Run, End::Race(after))]
            }
            Self::TakenOver(name) => taken_over(name, rng),
            Self::LastCall => in_the_evening(Step::LastCall, rng),
            Self::LastSeen => in_the_evening(Step::LastSeen, rng),
            Self::JumpUnder => {
                let seconds = if rng.bool() {
                    rng.i64(1..7200)
                } else {
                    -rng.i64(1..7200)
                };
                vec![disturbed(rng, Command::any, |rng| {
                    End::JumpUnder(seconds, rng.u64(50..1000))
                })]
            }
        }
    }
}

/// A round without faults.
fn fair(command: Command, end: End) -> Round {
    Round {
        before: Vec::new(),
        command,
        twilio: Twilio::default(),
        remote: Remote::default(),
        unread: false,
        end,
    }
}

/// The time after 21:45 from which `last_call` is due for a goal that derails at midnight, in minutes.
const CALLED_FROM: i64 = 46;

/// A pass in the evening, killed as it says this step, then one that is not killed, and one on the next day.
fn in_the_evening(step: Step, rng: &mut Rng) -> Vec<Round> {
    let is_call = step == Step::LastCall;
    let settled = [Event::JumpDays(1, rng.i64(0..480)), Event::Settled];
    let evening = if is_call {
        Event::Evening(0, rng.i64(CALLED_FROM..115))
    } else {
        Event::Evening(1, rng.i64(0..115))
    };
    // Only a daemon knows that the last chance before a last call is near.
    let command = |rng: &mut Rng| {
        if is_call {
            Command::Serve
        } else {
            Command::any(rng)
        }
    };
    let places: Vec<&str> = failpoint::ALL
        .iter()
        .copied()
        .filter(|name| {
            ["pass.", "store.", "outbox.", "checkpoint."]
                .iter()
                .any(|of| name.starts_with(of))
        })
        .collect();
    let killed = disturbed(rng, command, |rng| {
        if rng.bool() {
            End::At(format!("{}=kill", places[rng.usize(..places.len())]), 4000)
        } else {
            End::Kill(rng.u64(200..2500))
        }
    });
    let moved = killed
        .before
        .into_iter()
        .filter(|event| !matches!(event, Event::Jump(_) | Event::JumpDays(..)));
    let before = settled.into_iter().chain(moved).chain([evening]).collect();
    let says = fair(command(rng), End::Says(step));
    let next_day = disturbed(rng, Command::any, |rng| End::Kill(rng.u64(0..700)));
    vec![
        Round {
            before,
            unread: !is_call,
            ..killed
        },
        Round {
            unread: !is_call,
            ..says
        },
        Round {
            before: vec![Event::JumpDays(1, rng.i64(0..480))],
            ..next_day
        },
    ]
}

/// The rounds of [`at`], with a stop instead of the kill.
fn taken_over(name: &'static str, rng: &mut Rng) -> Vec<Round> {
    let mut rounds = at(name, rng);
    if let Some(last) = rounds.last_mut() {
        let plan = match &last.end {
            End::At(plan, _) => plan.replace("=kill", "=stop"),
            _ => "checkpoint.drafted=stop;checkpoint.fenced=stop".to_owned(),
        };
        last.end = End::TakenOver(plan.replace("@2", ""));
        // A remote that fails for one of two agents is the named residual risk; a lost reply is not.
        (last.remote.always, last.remote.chaos) = (None, s3::Chaos::default());
    }
    rounds
}

/// A round that is killed at a failpoint, and the rounds before it that make the failpoint reachable.
fn at(name: &'static str, rng: &mut Rng) -> Vec<Round> {
    let kill = |name: &str| End::At(format!("{name}=kill"), 4000);
    let plain = fair;
    let command = Command::any(rng);
    let doubt = |rng: &mut Rng, came: bool| {
        use twilio::Fault::{
            DropBefore, DropReplyAfterAccept, GarbageAfterAccept, Hang, HangAfterAccept, StatusAfterAccept,
            StatusBefore,
        };
        let faults = if came {
            [
                DropReplyAfterAccept,
                StatusAfterAccept(502),
                HangAfterAccept,
                GarbageAfterAccept,
            ]
        } else {
            [DropBefore, StatusBefore(503), Hang, DropBefore]
        };
        Twilio {
            sends: vec![faults[rng.usize(..4)].clone()],
            ..Twilio::default()
        }
    };
    match name {
        "restore.fetched" | "restore.replaced" | "restore.loaded" => {
            let event = if rng.bool() {
                Event::NewMachine
            } else {
                Event::OtherMachine
            };
            let before = vec![event];
            vec![
                plain(Command::Run, End::Itself),
                Round {
                    before,
                    ..plain(command, kill(name))
                },
            ]
        }
        "retention.forgotten" | "retention.compacted" => {
            let before = vec![Event::JumpDays(100, 300)];
            vec![
                plain(Command::Run, End::Itself),
                Round {
                    before,
                    ..plain(command, kill(name))
                },
            ]
        }
        "checkpoint.compared" => {
            let lost = if rng.bool() {
                s3::Fault::DropAfter
            } else {
                s3::Fault::RefuseAfter(s3::Code::InternalError)
            };
            let remote = Remote {
                puts: vec![lost],
                ..Remote::default()
            };
            vec![Round {
                remote,
                ..plain(command, kill(name))
            }]
        }
        "checkpoint.failed" => {
            let fault = match rng.u8(..3) {
                0 => s3::Fault::Refuse(s3::Code::AccessDenied),
                1 => s3::Fault::HangBefore,
                _ => s3::Fault::Refuse(s3::Code::InternalError),
            };
            let remote = Remote {
                always: Some((s3::Operation::Put, fault)),
                ..Remote::default()
            };
            vec![Round {
                remote,
                ..plain(command, kill(name))
            }]
        }
        "checkpoint.fenced" => {
            vec![plain(Command::Run, End::Fenced)]
        }
        "finish.begun" | "finish.saved" => vec![plain(Command::Run, End::At(format!("{name}=kill"), 9000))],
        "outbox.doubted" => {
            let came = rng.bool();
            vec![Round {
                twilio: doubt(rng, came),
                ..plain(command, kill(name))
            }]
        }
        "outbox.missed" => {
            let too_many = Twilio {
                sends: vec![twilio::Fault::TooMany(1)],
                ..Twilio::default()
            };
            vec![Round {
                twilio: too_many,
                ..plain(command, kill(name))
            }]
        }
        "outbox.resumed" => {
            let too_many = Twilio {
                sends: vec![twilio::Fault::TooMany(1)],
                ..Twilio::default()
            };
            let first = Round {
                twilio: too_many,
                ..plain(command, kill("outbox.missed"))
            };
            vec![
                first,
                Round {
                    before: vec![Event::Jump(60)],
                    ..plain(command, kill(name))
                },
            ]
        }
        "outbox.doubtful" | "outbox.found" | "outbox.absent" => {
            let came = match name {
                "outbox.found" => true,
                "outbox.absent" => false,
                _ => rng.bool(),
            };
            if rng.bool() {
                return vec![Round {
                    twilio: doubt(rng, came),
                    ..plain(command, kill(name))
                }];
            }
            let first = if came {
                kill("outbox.sent")
            } else {
                kill("outbox.connected")
            };
            vec![plain(command, first), plain(command, kill(name))]
        }
        "outbox.unanswered" => {
            let mute = Twilio {
                mute: true,
                ..doubt(rng, true)
            };
            vec![Round {
                twilio: mute,
                ..plain(command, kill(name))
            }]
        }
        "outbox.polled" | "outbox.followed" => {
            let first = plain(Command::Run, End::Itself);
            vec![
                first,
                Round {
                    before: vec![Event::Jump(60)],
                    ..plain(Command::Serve, kill(name))
                },
            ]
        }
        _ => {
            let place = if rng.u8(..3) == 0 {
                format!("{name}=kill@{}", rng.u8(1..=2))
            } else {
                format!("{name}=kill")
            };
            // Half of the rounds have no faults, so that the failpoint is reached; half have random ones.
            let end = End::At(place, 4000);
            if rng.bool() {
                vec![plain(command, end)]
            } else {
                vec![disturbed(rng, |_| command, |_| end.clone())]
            }
        }
    }
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?}, {:?}", self.before, self.command, self.end)?;
        let Twilio { chaos, sends, mute } = &self.twilio;
        write!(
            f,
            "; twilio: {}{sends:?}{}",
            if chaos.seed == 0 { "" } else { "chaos " },
            if *mute { " mute" } else { "" }
        )?;
        let Remote { puts, always, chaos } = &self.remote;
        write!(
            f,
            "; remote: {}{puts:?} {always:?}",
            if chaos.seed == 0 { "" } else { "chaos " }
        )?;
        f.write_str(if self.unread {
            "; Beeminder cannot be read"
        } else {
            ""
        })
    }
}

impl Command {
    fn any(rng: &mut Rng) -> Self {
        if rng.bool() { Self::Run } else { Self::Serve }
    }
}

/// A round with random faults.
fn disturbed(rng: &mut Rng, command: impl Fn(&mut Rng) -> Command, end: impl Fn(&mut Rng) -> End) -> Round {
    let mut before = Vec::new();
    match rng.u8(..10) {
        0 | 1 => before.push(Event::Jump(rng.i64(1..7200))),
        2 => before.push(Event::Jump(-rng.i64(1..7200))),
        3 => before.push(Event::JumpDays(rng.i64(-2..=3), rng.i64(0..480))),
        _ => {}
    }
    match rng.u8(..10) {
        0 => before.push(Event::NewMachine),
        1 | 2 => before.push(Event::OtherMachine),
        _ => {}
    }
    let chaos = twilio::Chaos {
        seed: rng.u64(..),
        drop_after_accept: 0.10,
        status_after_accept: 0.05,
        status_before: 0.05,
        drop_before: 0.05,
        too_many: 0.05,
        delay: 0.40,
        delay_max_ms: 120,
        hide_max_ms: 250,
    };
    Round {
        before,
        command: command(rng),
        twilio: Twilio {
            chaos,
            ..Twilio::default()
        },
        remote: remote(rng),
        unread: false,
        end: end(rng),
    }
}

fn remote(rng: &mut Rng) -> Remote {
    use s3::{Code, Fault, Operation};
    let always = |operation, fault| Remote {
        always: Some((operation, fault)),
        ..Remote::default()
    };
    match rng.u8(..16) {
        0 => always(Operation::Put, Fault::Refuse(Code::AccessDenied)),
        1 => always(Operation::Put, Fault::HangBefore),
        2 => always(Operation::Put, Fault::RefuseAfter(Code::InternalError)),
        3 => always(Operation::List, Fault::Refuse(Code::AccessDenied)),
        4 => Remote {
            puts: vec![Fault::DropAfter, Fault::Delay(700)],
            ..Remote::default()
        },
        5 => always(Operation::Any, Fault::Refuse(Code::InternalError)),
        6 | 7 => {
            let chaos = s3::Chaos {
                seed: rng.u64(..),
                drop_after: 0.1,
                error_after: 0.1,
                hang_after: 0.03,
                drop_before: 0.1,
                slow_down: 0.05,
                conflict: 0.05,
                truncate: 0.05,
                corrupt: 0.05,
                latency_max_ms: 80,
                ..s3::Chaos::default()
            };
            Remote {
                chaos,
                ..Remote::default()
            }
        }
        _ => Remote::default(),
    }
}
