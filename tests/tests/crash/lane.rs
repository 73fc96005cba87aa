//! An account through its rounds: the disturbances of the agent, and what must hold.

use std::{collections::BTreeSet, time::Duration};

use mecris_agent::domain::Step;
use mecris_tests::wait::{pause, until};

use crate::{
    audit::{Accepted, Due, MustBeTold, audit, says},
    deck::{Card, Command, End, Event, Round},
    process::{Agent, Ended},
    report::{FAILED, HANGS, Tally},
    stage::{LEASE, LONG_LEASE, Stage, last_passed},
    state::{Promises, local},
};

/// Goals that stay red on the account after their message, so that a second message would be possible.
const LINGER: usize = 3;

/// Of so many new goals one derails tomorrow instead of today: it may be warned of, and need not be.
const ONE_IN: u64 = 5;

/// The most passes until everything has settled.
const PASSES_TO_SETTLE: usize = 12;

/// The longest time of a clean pass: two messages in doubt, and a provider that asks for a later retry.
const LONGEST_PASS: Duration = Duration::from_secs(40);

/// An account and the messages that are expected.
pub(crate) struct Lane<'a> {
    pub(crate) stage: Stage,
    tally: &'a Tally,
    /// The goals on the account that are red.
    shown: Vec<String>,
    /// The goal on the account that is red and has much at stake.
    dear: Option<String>,
    /// The goals on the account that derail tomorrow.
    tomorrow: Vec<String>,
    /// One more of them, which was there when everything was told before an evening.
    last_read: Option<String>,
    /// What the agent reported as told since the last audit.
    told: MustBeTold,
    /// The tags of the messages before the last audit.
    past: BTreeSet<String>,
    named: u64,
    /// How many messages, and how many losedates of goals, are already audited and may be forgotten.
    accounted: (usize, usize),
    pub(crate) history: Vec<String>,
}

impl<'a> Lane<'a> {
    pub(crate) fn new(tally: &'a Tally, in_a_folder: bool) -> Self {
        Self {
            stage: Stage::new(in_a_folder),
            tally,
            shown: Vec::new(),
            dear: None,
            tomorrow: Vec::new(),
            last_read: None,
            told: MustBeTold::new(),
            past: BTreeSet::new(),
            named: 0,
            accounted: (0, 0),
            history: Vec::new(),
        }
    }

    /// Plays the rounds and audits the account.
    pub(crate) fn play(&mut self, rounds: &[(Card, Round)]) -> Result<(), String> {
        for (card, round) in rounds {
            self.round(*card, round)?;
        }
        self.settle()?;
        self.tally.lock().batches += 1;
        self.audit()
    }

    fn round(&mut self, card: Card, round: &Round) -> Result<(), String> {
        for event in &round.before {
            let named = match event {
                Event::Jump(_) | Event::JumpDays(..) | Event::Evening(..) => {
                    "jumps of the wall clock between two rounds"
                }
                Event::Settled => "evenings before which an account had been told everything",
                Event::NewMachine => "machines replaced: local directory deleted",
                Event::OtherMachine => "rounds on the other machine, which had older state",
            };
            // After a long absence the earlier part of the account's story is forgotten.
            if matches!(event, Event::JumpDays(days, _) if *days > 90) {
                self.settle()?;
                self.audit()?;
            }
            if *event == Event::Settled {
                self.dear = Some(self.name());
                self.last_read = Some(self.name());
                self.settle()?;
            }
            if self.stage.happens(*event) {
                self.tally.count(named);
            }
        }
        let both = round.end.needs_both_machines();
        if both && !self.stage.caught_up() {
            self.clean_pass()?;
        }
        self.stage.set_lease(if both { LONG_LEASE } else { LEASE });
        self.new_goal();
        let (at, now) = (self.stage.at, self.stage.now());
        self.history.push(format!(
            "    g{}: {card:?} on machine {at} at {now:.3}: {round}",
            self.named
        ));
        self.weather(round);
        let result = self.disturb(round);
        self.stage.fair_weather();
        self.tally.lock().rounds += 1;
        result?;
        self.look()
    }

    /// The name of a goal that was not on the account yet.
    fn name(&mut self) -> String {
        self.named += 1;
        format!("g{}", self.named)
    }

    fn new_goal(&mut self) {
        let name = self.name();
        self.shown.push(name);
        if self.named.is_multiple_of(ONE_IN) {
            self.tomorrow = vec![self.name()];
        }
        self.show();
    }

    fn show(&self) {
        let tomorrow = self.tomorrow.iter().chain(&self.last_read);
        self.stage.show_with(&self.shown, &self.dear, tomorrow);
    }

    fn weather(&self, round: &Round) {
        self.stage.twilio.set_chaos(round.twilio.chaos);
        self.stage.twilio.fail_next(round.twilio.sends.iter().cloned());
        self.stage.twilio.fail_reads(
            round
                .twilio
                .mute
                .then_some(mecris_tests::twilio::Fault::StatusBefore(503)),
        );
        if round.unread {
            self.stage
                .beeminder
                .fail(mecris_tests::beeminder::Fault::Status(503));
        }
        if let Some(s3) = self.stage.remote.s3().filter(|_| self.stage.up_to_date()) {
            s3.set_chaos(round.remote.chaos);
            s3.fault_next(
                mecris_tests::s3::Operation::Put,
                round.remote.puts.iter().cloned(),
            );
            if let Some((operation, fault)) = &round.remote.always {
                s3.fault_always(*operation, Some(fault.clone()));
            }
        }
    }

    /// Starts the agent and disturbs it as the round says.
    fn disturb(&mut self, round: &Round) -> Result<(), String> {
        let arguments: &[&str] = match round.command {
            Command::Run => &["run", "--json"],
            Command::Serve => &["serve"],
        };
        let failpoints = match &round.end {
            End::At(plan, _) | End::TakenOver(plan) => plan.as_str(),
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
            End::Itself => self.finishes(&mut agent),
            End::Says(step) => {
                let said = self.says(step);
                agent.terminate();
                agent.ended(LONGEST_PASS);
                self.tally.count(match step {
                    Step::LastCall => "evenings with a last call",
                    _ => "evenings on which Beeminder could not be read",
                });
                said?;
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
                // A stop between the check of the lease and the write to the socket is the named residual
                // risk, which `residual` measures.
                let named = last_passed(self.stage.machine()) == "outbox.lease_checked";
                if named && self.stage.twilio.creates() == creates {
                    self.tally
                        .count("stopped in the named gap by chance, continued at once");
                } else {
                    self.other_passes();
                    self.tally.count(
                        "stopped at a random instant while the other machine made a pass, then continued",
                    );
                }
                agent.resume();
                agent.ended(millis(then));
                agent.kill();
            }
            End::Fenced => {
                if until(Duration::from_secs(10), || agent.is_stopped().then_some(())).is_some() {
                    self.other_passes();
                    agent.resume();
                }
                agent.ended(LONGEST_PASS);
                agent.kill();
            }
            End::TakenOver(_) => {
                let stands = |agent: &mut Agent| {
                    let ended = |agent: &mut Agent| agent.ended(Duration::ZERO).map(|_| false);
                    until(Duration::from_secs(10), || {
                        agent.is_stopped().then_some(true).or_else(|| ended(agent))
                    })
                };
                while stands(&mut agent) == Some(true) {
                    self.other_passes();
                    agent.resume();
                    self.tally
                        .count("stopped at a failpoint while the other machine made a pass, then continued");
                }
                match round.command {
                    Command::Run => self.finishes(&mut agent),
                    // A daemon never ends by itself.
                    Command::Serve => drop(agent.ended(Duration::from_secs(2))),
                }
                agent.kill();
            }
            End::Race(after) => {
                pause(millis(after));
                let mut other = Agent::start(self.stage.other(), &["run", "--json"], "");
                self.finishes(&mut agent);
                self.finishes(&mut other);
                self.tally.count("two agents started together, neither disturbed");
                self.stage.at = 1 - self.stage.at;
            }
            End::Together(after) => {
                let mut other = Agent::start(self.stage.other(), &["run", "--json"], "");
                agent.ended(millis(after));
                agent.kill();
                self.finishes(&mut other);
                self.tally
                    .count("two agents started together, one of them killed");
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
        Ok(())
    }

    /// Waits until the provider has accepted this step of the goal that it is about.
    fn says(&self, step: Step) -> Result<(), String> {
        let goal = match step {
            Step::LastCall => self.dear.as_ref(),
            _ => self.last_read.as_ref(),
        };
        let slug = goal.ok_or("nothing settled before the evening")?;
        let is_said = || {
            let accepted = self.stage.twilio.accepted().split_off(self.accounted.0);
            accepted
                .iter()
                .any(|message| says(&message.body, slug, step))
                .then_some(())
        };
        until(LONGEST_PASS, is_said).ok_or_else(|| format!("{slug} has no {step} in the evening"))
    }

    fn other_passes(&self) {
        self.finishes(&mut Agent::start(self.stage.other(), &["run", "--json"], ""));
    }

    /// A pass that is not killed ends by itself, and does not fail because another machine works too.
    fn finishes(&self, agent: &mut Agent) {
        match agent.ended(LONGEST_PASS) {
            Some(Ended::Exited(1)) => self.tally.count(FAILED),
            // The process was to be stopped, but reached the place too late.
            None if agent.is_stopped() => {}
            None => self.tally.count(HANGS),
            Some(_) => {}
        }
    }

    /// What must hold after every round.
    fn look(&mut self) -> Result<(), String> {
        for hit in self.stage.failpoints_hit() {
            let mut counts = self.tally.lock();
            if let Some(name) = hit.strip_suffix(" kill") {
                *counts.kills.entry(name.to_owned()).or_default() += 1;
            } else if let Some(name) = hit.strip_suffix(" stop") {
                *counts.stops.entry(name.to_owned()).or_default() += 1;
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

    /// Goals with a message leave the account, so that the last round is as quick as the first. A few stay,
    /// to tempt the agent.
    fn forget_told(&mut self) -> Result<(), String> {
        let (promises, today) = (self.stage.promises()?, self.stage.today());
        self.remember(&promises);
        let is_told = |slug: &&String| promises.was_told(slug, today);
        let told: BTreeSet<String> = self.shown.iter().filter(is_told).cloned().collect();
        let keep = self.shown.len().saturating_sub(LINGER);
        let mut place = 0;
        self.shown.retain(|slug| {
            place += 1;
            place > keep || !told.contains(slug)
        });
        Ok(())
    }

    /// Remembers what the agent reports as told, for the audit.
    fn remember(&mut self, promises: &Promises) {
        let new = promises.told().filter(|((_, _, step), tag)| {
            // That it derailed has words of its own, which do not always show the day.
            *step < Step::Derailed && !self.past.contains(*tag)
        });
        self.told.extend(new.map(|(step, _)| step.clone()));
    }

    fn clean_pass(&mut self) -> Result<(), String> {
        self.show();
        let mut agent = Agent::start(self.stage.machine(), &["run", "--json"], "");
        match agent.ended(LONGEST_PASS) {
            Some(_) => Ok(()),
            None => Err("a clean pass does not end".to_owned()),
        }
    }

    /// Lets the agent finish without faults: every goal on the account has its message of today, and no
    /// message is in doubt.
    fn settle(&mut self) -> Result<(), String> {
        for _ in 0..PASSES_TO_SETTLE {
            self.clean_pass()?;
            let (promises, today) = (self.stage.promises()?, self.stage.today());
            let mut red = self.shown.iter().chain(&self.dear);
            let all = red.all(|slug| promises.was_told(slug, today));
            if all && promises.settled() {
                self.remember(&promises);
                self.shown.clear();
                return Ok(());
            }
            // A message may wait for its next try longer than a pass waits for the message.
            self.stage.jump(60);
        }
        let promises = self.stage.promises()?;
        Err(format!(
            "it does not settle: {:?} of {:?}",
            promises.messages, self.shown
        ))
    }

    /// Audits the account and starts a new story.
    fn audit(&mut self) -> Result<(), String> {
        if let Some(violation) = self.stage.violations().first() {
            return Err(format!("something no agent should ask: {violation}"));
        }
        if !self.stage.caught_up() {
            return Err("in fair weather a pass ends with all of its state off the machine".to_owned());
        }
        let accepted = self.stage.twilio.accepted().split_off(self.accounted.0);
        let due = self.stage.beeminder.losedates().split_off(self.accounted.1);
        self.accounted = (self.accounted.0 + accepted.len(), self.accounted.1 + due.len());
        let accepted: Vec<Accepted> = accepted
            .into_iter()
            .map(|message| Accepted {
                day: self.stage.day_of(message.accepted_at),
                at: message.arrived,
                body: message.body,
            })
            .collect();
        let due: Vec<Due> = due
            .into_iter()
            .map(|shown| Due {
                day: self.stage.day_of(shown.losedate),
                slug: shown.slug,
                since: shown.since,
            })
            .collect();
        let findings = audit(&self.told, &due, &accepted);
        self.tally.lock().add(&findings);
        self.told.clear();
        self.past.extend(self.stage.promises()?.messages.into_keys());
        self.tomorrow.clear();
        (self.dear, self.last_read) = (None, None);
        if findings.lost.is_empty() && findings.duplicates.is_empty() {
            return Ok(());
        }
        Err(format!(
            "lost: {:?}, duplicates: {:?}",
            findings.lost, findings.duplicates
        ))
    }
}

mod tests;
pub(crate) use tests::CASES;
