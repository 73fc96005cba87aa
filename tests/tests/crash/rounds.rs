//! Rounds: start the agent, disturb it, look; and when a batch of them is over, let everything settle and count.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::{Duration, Instant},
};

use fastrand::Rng;
use mecris_tests::wait::{pause, until};

use crate::{
    audit::{GoalDays, audit},
    deck::{Card, Command, End, Event, Round, deck},
    options::{lanes, number, seed, size},
    process::{Agent, Ended},
    report::Tally,
    stage::{LEASE, LONG_LEASE, Stage, last_passed},
    state::local,
};

/// Goals that stay red on the account after they were told, so that telling them again is possible.
const LINGER: usize = 3;

/// So many passes may it take until everything has settled.
const PASSES_TO_SETTLE: usize = 12;

/// The longest a clean pass takes: two doubts, and a provider that wants to be asked later.
const LONGEST_PASS: Duration = Duration::from_secs(40);

#[test]
fn killed_anywhere_it_tells_everything_once() {
    let rounds = size("MECRIS_CRASH_ROUNDS", 1000);
    let seed = seed("crash rounds");
    let started = Instant::now();
    let longest = number("MECRIS_CRASH_MINUTES").map_or(Duration::MAX, |minutes| Duration::from_secs(60 * minutes));
    let tally = Tally::default();
    let (next, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let only = number("MECRIS_CRASH_BATCH");
    std::thread::scope(|scope| {
        for _ in 0..if only.is_some() { 1 } else { lanes() } {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) && (only.is_none() || next.load(Ordering::Relaxed) == 0) {
                    let turn = next.fetch_add(1, Ordering::Relaxed);
                    if tally.lock().rounds >= rounds || started.elapsed() > longest {
                        break;
                    }
                    if let Err(why) = batch(seed, only.unwrap_or(turn), &tally) {
                        stop.store(true, Ordering::Relaxed);
                        tally.lock().failures.push(why);
                    }
                }
            });
        }
    });
    let counts = tally.lock();
    let table = counts.table(seed, started.elapsed());
    println!("{table}");
    if let Some(path) = std::env::var_os("MECRIS_CRASH_REPORT") {
        std::fs::write(path, &table).expect("the report can be written");
    }
    assert!(counts.failures.is_empty(), "{}", counts.failures.join("\n\n"));
    assert_eq!((counts.duplicates, counts.lost), (0, 0));
    if only.is_none() {
        let (rarest, kills) = counts.rarest();
        let wanted = (counts.rounds / 400).max(1);
        assert!(kills >= wanted, "{rarest} was reached {kills} times only in {} rounds", counts.rounds);
    }
}

/// One account from its first message to its audit.
fn batch(seed: u64, number: u64, tally: &Tally) -> Result<(), String> {
    let mut rng = Rng::with_seed(seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut lane = Lane {
        stage: Stage::new(number % 4 == 3),
        tally,
        shown: Vec::new(),
        told: GoalDays::new(),
        red: GoalDays::new(),
        named: 0,
        accounted: 0,
        history: Vec::new(),
    };
    let result = lane.play(&mut rng, number);
    result.map_err(|why| {
        let mut logs: Vec<String> = Vec::new();
        for machine in &lane.stage.machines {
            let path = machine.folder().join("agent.log");
            let log = String::from_utf8_lossy(&std::fs::read(&path).unwrap_or_default()).into_owned();
            let kept = std::env::temp_dir().join(format!("mecris-crash-{seed}-{number}-{}.log", logs.len()));
            let _ = std::fs::write(&kept, &log);
            logs.push(kept.display().to_string());
        }
        let story = std::env::temp_dir().join(format!("mecris-crash-{seed}-{number}.txt"));
        let accepted = lane.stage.twilio.accepted();
        let accepted = accepted.iter().map(|m| format!("    accepted at {:.3}: {}", m.accepted_at, m.body));
        let accepted = accepted.collect::<Vec<_>>().join("\n");
        let _ = std::fs::write(&story, format!("{}\n{accepted}\n", lane.history.join("\n")));
        logs.push(story.display().to_string());
        let history = lane.history.split_off(lane.history.len().saturating_sub(12)).join("\n");
        format!(
            "{why}\n  the last rounds:\n{history}\n  logs: {}\n  again: MECRIS_TEST_SEED={seed} MECRIS_CRASH_BATCH={number} \
             cargo test -p mecris-tests --test crash killed_anywhere",
            logs.join(" ")
        )
    })
}

/// One account and what is expected of it.
struct Lane<'a> {
    stage: Stage,
    tally: &'a Tally,
    /// Goals on the account, all red.
    shown: Vec<String>,
    told: GoalDays,
    red: GoalDays,
    named: u64,
    /// So many messages are accounted for, and may be forgotten.
    accounted: usize,
    history: Vec<String>,
}

impl Lane<'_> {
    fn play(&mut self, rng: &mut Rng, number: u64) -> Result<(), String> {
        for card in deck(rng, number) {
            for round in card.rounds(rng) {
                self.round(card, &round)?;
            }
        }
        self.settle()?;
        self.tally.lock().batches += 1;
        self.audit()
    }

    fn round(&mut self, card: Card, round: &Round) -> Result<(), String> {
        for event in &round.before {
            let named = match event {
                Event::Jump(_) | Event::JumpDays(..) => "jumps of the wall clock between two rounds",
                Event::NewMachine => "machines replaced: local directory deleted",
                Event::OtherMachine => "rounds on the other machine, which had older state",
            };
            // An absence ends an account's story so far: what is older is forgotten.
            if matches!(event, Event::JumpDays(days, _) if *days > 90) {
                self.settle()?;
                self.audit()?;
            }
            if self.stage.happens(*event) {
                self.tally.count(named);
            }
        }
        let both = matches!(round.end, End::Overtaken(..) | End::Together(_) | End::Fenced);
        if both && !self.stage.caught_up() {
            self.clean_pass()?;
        }
        self.stage.set_lease(if both { LONG_LEASE } else { LEASE });
        self.new_goal();
        let (at, now) = (self.stage.at, self.stage.now());
        self.history.push(format!("    g{}: {card:?} on machine {at} at {now:.3}: {round}", self.named));
        self.weather(round);
        self.disturb(round);
        self.stage.fair_weather();
        self.tally.lock().rounds += 1;
        self.look()
    }

    fn new_goal(&mut self) {
        self.named += 1;
        self.shown.push(format!("g{}", self.named));
        self.show();
    }

    fn show(&mut self) {
        let today = self.stage.today();
        self.red.extend(self.shown.iter().map(|slug| (slug.clone(), today)));
        self.stage.show(&self.shown);
    }

    fn weather(&self, round: &Round) {
        self.stage.twilio.set_chaos(round.twilio.chaos);
        self.stage.twilio.fail_next(round.twilio.sends.iter().cloned());
        self.stage.twilio.fail_reads(round.twilio.mute.then_some(mecris_tests::twilio::Fault::StatusBefore(503)));
        if let Some(s3) = self.stage.remote.s3().filter(|_| self.stage.up_to_date()) {
            s3.set_chaos(round.remote.chaos);
            s3.fault_next(mecris_tests::s3::Operation::Put, round.remote.puts.iter().cloned());
            if let Some((operation, fault)) = &round.remote.always {
                s3.fault_always(*operation, Some(fault.clone()));
            }
        }
    }

    /// Starts the agent and does to it what the round says.
    fn disturb(&mut self, round: &Round) {
        let arguments: &[&str] = match round.command {
            Command::Run => &["run", "--json"],
            Command::Serve => &["serve"],
        };
        let failpoints = match &round.end {
            End::At(plan, _) => plan.as_str(),
            End::Fenced => "checkpoint.drafted=stop;checkpoint.fenced=kill",
            _ => "",
        };
        let mut agent = Agent::start(self.stage.machine(), arguments, failpoints);
        let millis = Duration::from_millis;
        match round.end {
            End::At(_, limit) => {
                if agent.ended(millis(limit)).is_none() {
                    agent.kill();
                }
            }
            End::Itself => {
                agent.ended(LONGEST_PASS);
            }
            End::Kill(after) => {
                if agent.ended(millis(after)).is_none() && agent.kill() == Ended::Killed {
                    self.tally.count("kills at a random instant");
                }
            }
            End::Terminate(after) => {
                pause(millis(after));
                agent.terminate();
                if agent.ended(Duration::from_secs(20)).is_some() {
                    self.tally.count("ends by SIGTERM");
                }
            }
            End::Overtaken(after, then) => {
                let creates = self.stage.twilio.creates();
                pause(millis(after));
                agent.stop();
                // Between the check of the lease and the write to the socket: the named residual risk, measured apart.
                let named = last_passed(self.stage.machine()) == "outbox.lease_checked";
                if named && self.stage.twilio.creates() == creates {
                    self.tally.count("stopped in the named gap by chance, continued at once");
                    agent.resume();
                }
                let mut other = Agent::start(self.stage.other(), &["run", "--json"], "");
                other.ended(LONGEST_PASS);
                agent.resume();
                self.tally.count("stopped while the other machine made a pass, then continued");
                agent.ended(millis(then));
                agent.kill();
            }
            End::Fenced => {
                if until(Duration::from_secs(10), || agent.is_stopped().then_some(())).is_some() {
                    let mut other = Agent::start(self.stage.other(), &["run", "--json"], "");
                    other.ended(LONGEST_PASS);
                    agent.resume();
                }
                agent.ended(LONGEST_PASS);
                agent.kill();
            }
            End::Together(after) => {
                let mut other = Agent::start(self.stage.other(), &["run", "--json"], "");
                agent.ended(millis(after));
                agent.kill();
                other.ended(LONGEST_PASS);
                self.tally.count("both machines at once");
                self.stage.at = 1 - self.stage.at;
            }
            End::JumpUnder(seconds, after) => {
                agent.ended(millis(after));
                self.stage.jump(seconds);
                agent.ended(millis(after));
                agent.kill();
                self.tally.count("jumps of the wall clock under a running agent");
            }
        }
    }

    /// What must hold after every round.
    fn look(&mut self) -> Result<(), String> {
        for hit in self.stage.failpoints_hit() {
            if let Some(name) = hit.strip_suffix(" kill") {
                *self.tally.lock().kills.entry(name.to_owned()).or_default() += 1;
            }
        }
        for machine in &self.stage.machines {
            if let Some(Err(why)) = local(&machine.database()) {
                return Err(format!("the file is damaged: {why}"));
            }
        }
        if let Some(Err(why)) = self.stage.remote.newest() {
            return Err(format!("the newest generation is damaged: {why}"));
        }
        self.tally.lock().integrity_checks += 1;
        self.forget_told()
    }

    /// Goals that were told leave the account, so that the last round is as quick as the first; a few stay, to tempt the agent.
    fn forget_told(&mut self) -> Result<(), String> {
        let (promises, today) = (self.stage.promises()?, self.stage.today());
        let told: BTreeSet<String> = self
            .shown
            .iter()
            .filter(|slug| {
                let tag = promises.claims.get(&(format!("goal:{slug}"), today.to_string()));
                let message = tag.and_then(|tag| promises.messages.get(tag));
                message.is_some_and(|message| matches!(message.state.as_str(), "accepted" | "delivered"))
            })
            .cloned()
            .collect();
        self.told.extend(told.iter().map(|slug| (slug.clone(), today)));
        let keep = self.shown.len().saturating_sub(LINGER);
        let mut place = 0;
        self.shown.retain(|slug| {
            place += 1;
            place > keep || !told.contains(slug)
        });
        Ok(())
    }

    fn clean_pass(&mut self) -> Result<(), String> {
        self.show();
        let mut agent = Agent::start(self.stage.machine(), &["run", "--json"], "");
        match agent.ended(LONGEST_PASS) {
            Some(_) => Ok(()),
            None => Err("a clean pass does not end".to_owned()),
        }
    }

    /// Lets the agent finish in fair weather: every goal on the account is told today, and nothing is in doubt.
    fn settle(&mut self) -> Result<(), String> {
        for _ in 0..PASSES_TO_SETTLE {
            self.clean_pass()?;
            let (promises, today) = (self.stage.promises()?, self.stage.today().to_string());
            let all =
                self.shown.iter().all(|slug| promises.claims.contains_key(&(format!("goal:{slug}"), today.clone())));
            if all && promises.settled() {
                let today = self.stage.today();
                self.told.extend(self.shown.drain(..).map(|slug| (slug, today)));
                return Ok(());
            }
        }
        let promises = self.stage.promises()?;
        Err(format!("it does not settle: {:?} of {:?}", promises.messages, self.shown))
    }

    /// Counts, and begins anew.
    fn audit(&mut self) -> Result<(), String> {
        if let Some(violation) = self.stage.violations().first() {
            return Err(format!("something no agent should ask: {violation}"));
        }
        if !self.stage.caught_up() {
            return Err("in fair weather a pass ends with all of its state off the machine".to_owned());
        }
        let promises = self.stage.promises()?;
        let accepted = self.stage.twilio.accepted().split_off(self.accounted);
        self.accounted += accepted.len();
        let findings = audit(&promises, &self.told, &self.red, &accepted);
        let mut counts = self.tally.lock();
        counts.add(&findings);
        self.told.clear();
        self.red.clear();
        if findings.lost.is_empty() && findings.duplicates.is_empty() {
            return Ok(());
        }
        Err(format!("lost: {:?}, duplicates: {:?}", findings.lost, findings.duplicates))
    }
}
