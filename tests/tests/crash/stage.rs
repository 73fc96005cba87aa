//! An account and its surroundings: two machines, of which usually only one is used at a time, the fakes, and
//! a wall clock that jumps for all of them together.

use std::{fs, path::PathBuf, time::Duration};

use jiff::{SignedDuration, Timestamp, ToSpan as _, civil::Date, tz::TimeZone};
use mecris_tests::{
    agent::{Setup, failpoints_binary},
    beeminder::{Beeminder, GoalSpec},
    clock::{FakeClock, machine_time},
    http_client::request,
    s3::S3,
    twilio::Twilio,
    wait,
};
use tempfile::TempDir;

use crate::{
    deck::Event,
    state::{Promises, Remote, local},
};

/// The account's and the agent's zone.
const ZONE: &str = "America/New_York";

/// The time at the start: a Tuesday in winter, far from a DST change.
const BEGINNING: &str = "2026-02-03T12:00:00-05:00";

/// The longest time of an attempt, and of three checkpoints.
pub(crate) const LEASE: Duration = Duration::from_millis(1200);

/// The same for two agents at once. It is longer, because a busy machine must not look like a remote that is
/// down: two agents of which one cannot reach the remote are the named residual risk.
pub(crate) const LONG_LEASE: Duration = Duration::from_millis(9000);

/// How long an accepted message may stay hidden from lists. The fake hides it for a much shorter time,
/// because a busy machine accepts late.
pub(crate) const SETTLE: Duration = Duration::from_millis(1500);

/// The account, the machines, the fakes.
pub(crate) struct Stage {
    pub(crate) beeminder: Beeminder,
    pub(crate) twilio: Twilio,
    pub(crate) remote: Remote,
    pub(crate) machines: [Setup; 2],
    /// The index of the machine in use.
    pub(crate) at: usize,
    clock: FakeClock,
    offset: SignedDuration,
    zone: TimeZone,
    // The folder of the file with the clock's error.
    folder: TempDir,
}

impl Stage {
    /// A stage with a new account, and copies off the machine in S3 or in a folder.
    pub(crate) fn new(in_a_folder: bool) -> Self {
        let clock = FakeClock::default();
        let beeminder = Beeminder::start(&clock).expect("a free port");
        let twilio = Twilio::start(&clock).expect("a free port");
        // A message of which a second request gets lost stays unknown on purpose; here none may be lost.
        twilio.lose_each_once();
        let folder = tempfile::Builder::new()
            .prefix("mecris-crash-")
            .tempdir()
            .expect("a folder");
        let remote = if in_a_folder {
            Remote::Folder(
                tempfile::Builder::new()
                    .prefix("mecris-remote-")
                    .tempdir()
                    .expect("a folder"),
            )
        } else {
            Remote::S3(S3::start(&clock).expect("a free port"))
        };
        let machines = [(); 2].map(|()| machine(&beeminder, &twilio, &remote, &folder.path().join("clock")));
        let zone = TimeZone::get(ZONE).expect("a zone");
        let mut stage = Self {
            beeminder,
            twilio,
            remote,
            machines,
            at: 0,
            clock,
            offset: SignedDuration::ZERO,
            zone,
            folder,
        };
        stage.set_clock(BEGINNING.parse().expect("an instant"));
        stage
    }

    /// The machine in use.
    pub(crate) fn machine(&self) -> &Setup {
        &self.machines[self.at]
    }

    /// The machine that is not in use.
    pub(crate) fn other(&self) -> &Setup {
        &self.machines[1 - self.at]
    }

    /// The time on every clock but the machine's own.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The day of every goal: all of them end at midnight.
    pub(crate) fn day_of(&self, at: Timestamp) -> Date {
        self.zone.to_datetime(at).date()
    }

    /// Today.
    pub(crate) fn today(&self) -> Date {
        self.day_of(self.now())
    }

    /// Makes every clock jump, the fakes' and the agents'.
    pub(crate) fn set_clock(&mut self, at: Timestamp) {
        self.let_arrive();
        self.offset = at.duration_since(machine_time());
        self.clock.set(at);
        // Agents may be reading the file at this moment.
        let (file, new) = (
            self.folder.path().join("clock"),
            self.folder.path().join("clock.new"),
        );
        fs::write(&new, self.offset.as_millis().to_string()).expect("the clock can be set");
        fs::rename(new, file).expect("the clock can be set");
    }

    /// Waits until Twilio has accepted what a killed agent had sent already. It belongs to the time before the jump: a
    /// text of today would otherwise be dated tomorrow. The fake takes connections in the order in which they came, so
    /// it has taken all earlier ones once it answers this one. Then those remain that it answers with a delay.
    fn let_arrive(&self) {
        for _ in 0..2 {
            let answer = request(self.twilio.address(), "GET", "/_control/stats", &[], None);
            // Its port may be shut at the moment. Then nothing arrives.
            drop(answer);
        }
        wait::until(Duration::from_secs(10), || {
            (self.twilio.delayed() == 0).then_some(())
        })
        .expect("no delay is as long as this");
    }

    /// A jump by seconds stays within the middle of the day. If it would leave that, it goes the other way or
    /// does not happen.
    pub(crate) fn jump(&mut self, seconds: i64) {
        let is_day = |at: Timestamp| (9..20).contains(&self.zone.to_datetime(at).hour());
        let targets = [seconds, -seconds].map(|seconds| self.now() + seconds.seconds());
        if let Some(at) = targets.into_iter().find(|at| is_day(*at)) {
            self.set_clock(at);
        }
    }

    /// A jump to another day or within this day, to a minute after ten in the morning.
    pub(crate) fn jump_days(&mut self, days: i64, minute: i64) {
        let at = (self.today() + days.days()).at(10, 0, 0, 0) + minute.minutes();
        self.set_clock(
            self.zone
                .to_timestamp(at)
                .expect("no DST change in the middle of a day"),
        );
    }

    /// A jump over days to the evening, to a minute after 21:45.
    fn jump_to_evening(&mut self, days: i64, minute: i64) {
        let at = (self.today() + days.days()).at(21, 45, 0, 0) + minute.minutes();
        self.set_clock(self.zone.to_timestamp(at).expect("no DST change in the evening"));
    }

    /// Carries out an event, if it may happen now. Returns whether it did.
    pub(crate) fn happens(&mut self, event: Event) -> bool {
        match event {
            Event::Jump(seconds) => self.jump(seconds),
            Event::JumpDays(days, minute) => self.jump_days(days, minute),
            Event::Evening(days, minute) => self.jump_to_evening(days, minute),
            // The lane makes the passes.
            Event::Settled => {}
            Event::NewMachine | Event::OtherMachine if !self.caught_up() => return false,
            Event::NewMachine => self.empty_machine(),
            Event::OtherMachine => self.at = 1 - self.at,
        }
        true
    }

    /// Whether the newest generation holds every promise of this machine. If not, replacing the machine is
    /// the named residual risk.
    pub(crate) fn caught_up(&self) -> bool {
        match (local(&self.machine().database()), self.remote.newest()) {
            (None, _) => true,
            (Some(Ok(here)), Some(Ok(there))) => here.within(&there),
            (Some(Ok(here)), None) => here.messages.is_empty(),
            _ => false,
        }
    }

    /// Whether this machine continues from the newest generation or from nothing at all. A machine with an
    /// older state that cannot reach the remote continues from its older state: the named residual risk
    /// again.
    pub(crate) fn up_to_date(&self) -> bool {
        match (local(&self.machine().database()), self.remote.newest()) {
            (None, _) | (_, None) => true,
            (Some(Ok(here)), Some(Ok(there))) => here.goes_on_from(&there),
            _ => false,
        }
    }

    /// The promises of this machine, or what is wrong with its file.
    pub(crate) fn promises(&self) -> Result<Promises, String> {
        local(&self.machine().database()).unwrap_or_else(|| Ok(Promises::default()))
    }

    fn empty_machine(&self) {
        for entry in fs::read_dir(self.machine().folder())
            .expect("its folder")
            .flatten()
        {
            if entry.file_name().to_string_lossy().starts_with("mecris_usage.db") {
                fs::remove_file(entry.path()).expect("its state can be deleted");
            }
        }
    }

    /// `notify.lease` of the agents that are started from now on.
    pub(crate) fn set_lease(&mut self, lease: Duration) {
        for machine in &mut self.machines {
            machine
                .config
                .set("notify.lease", format!("{}ms", lease.as_millis()));
        }
    }

    /// The goals on the account, all red.
    pub(crate) fn show<'a>(&self, slugs: impl IntoIterator<Item = &'a String>) {
        self.show_with(slugs, [], []);
    }

    /// The goals on the account: those that are red, those of them that a last call is for, and those that
    /// derail tomorrow on every day.
    pub(crate) fn show_with<'a>(
        &self,
        red: impl IntoIterator<Item = &'a String>,
        dear: impl IntoIterator<Item = &'a String>,
        tomorrow: impl IntoIterator<Item = &'a String>,
    ) {
        let goals = |safebuf, pledge| {
            move |slug: &String| GoalSpec {
                pledge,
                ..GoalSpec::new(slug, safebuf)
            }
        };
        let red = red.into_iter().map(goals(0, 5.0));
        let dear = dear.into_iter().map(goals(0, 90.0));
        let tomorrow = tomorrow.into_iter().map(goals(1, 5.0));
        self.beeminder.set_goals(red.chain(dear).chain(tomorrow));
    }

    /// Clears every fault.
    pub(crate) fn fair_weather(&self) {
        self.twilio.clear_faults();
        self.beeminder.clear_faults();
        if let Some(s3) = self.remote.s3() {
            s3.clear_faults();
        }
    }

    /// The names of the failpoints at which agents on either machine have acted since the last call, with
    /// their actions.
    pub(crate) fn failpoints_hit(&self) -> Vec<String> {
        let take = |setup: &Setup| {
            let log = hit_log(setup);
            let text = fs::read_to_string(&log).unwrap_or_default();
            let _ = fs::remove_file(log);
            text.lines().map(str::to_owned).collect::<Vec<_>>()
        };
        self.machines.iter().flat_map(take).collect()
    }

    /// Checks what must hold at any time.
    pub(crate) fn violations(&self) -> Vec<String> {
        let mut all = self.twilio.violations();
        all.extend(self.remote.s3().into_iter().flat_map(S3::violations));
        if self.beeminder.writes() > 0 {
            all.push("Mecris wrote to Beeminder".to_owned());
        }
        all
    }
}

/// The last failpoint that an agent on this machine passed.
pub(crate) fn last_passed(setup: &Setup) -> String {
    fs::read_to_string(place(setup))
        .unwrap_or_default()
        .trim()
        .to_owned()
}

fn place(setup: &Setup) -> PathBuf {
    setup.folder().join("failpoint")
}

fn hit_log(setup: &Setup) -> PathBuf {
    setup.folder().join("failpoints.log")
}

fn machine(beeminder: &Beeminder, twilio: &Twilio, remote: &Remote, clock: &std::path::Path) -> Setup {
    let mut setup = Setup::new(beeminder.address(), twilio.address());
    setup.program = Some(failpoints_binary().to_owned());
    let log = hit_log(&setup).display().to_string();
    setup.set_env("MECRIS_FAILPOINT_LOG", &log);
    let at = place(&setup).display().to_string();
    setup.set_env("MECRIS_FAILPOINT_AT", &at);
    setup.set_env("MECRIS_FAILPOINT_CLOCK", &clock.display().to_string());
    for (name, value) in remote.s3().into_iter().flat_map(S3::environment) {
        setup.set_env(&name, &value);
    }
    let config = &mut setup.config;
    config.set("state.remote", remote.url());
    config.set("policy.quiet_hours", serde_json::json!([]));
    config.set("policy.max_messages_per_hour", 100_000);
    config.set("policy.max_messages_per_day", 100_000);
    config.set("heuristic.interval", "1s");
    config.set("notify.lease", format!("{}ms", LEASE.as_millis()));
    config.set("notify.settle", format!("{}ms", SETTLE.as_millis()));
    config.remove("walk");
    config.remove("budget");
    setup
}
