//! The start of every test: both fakes, one clock, one installation.

use jiff::{Timestamp, tz::TimeZone};
use mecris_tests::{
    agent::{Output, Setup},
    beeminder::Beeminder,
    clock::{FakeClock, machine_time},
    twilio::Twilio,
};
use serde_json::Value;

/// A Tuesday in winter, 15:00 in New York: inside the walk's hours, outside quiet hours, far from a DST
/// change.
pub(crate) const AFTERNOON: &str = "2026-03-03T15:00:00-05:00";

/// Both fakes and an installation.
pub(crate) struct Stage {
    pub(crate) clock: FakeClock,
    pub(crate) beeminder: Beeminder,
    pub(crate) twilio: Twilio,
    pub(crate) setup: Setup,
}

impl Stage {
    /// Every row of a table of the state, as `state export` prints it.
    pub(crate) fn table(&self, name: &str) -> Vec<Value> {
        let output = self.setup.agent(&["state", "export", "--table", name]);
        assert_eq!(output.code, 0, "{}", output.everything());
        output
            .stdout
            .lines()
            .map(|line| serde_json::from_str(line).expect("a row"))
            .collect()
    }

    /// A stage at [`AFTERNOON`].
    pub(crate) fn new() -> Self {
        let stage = Self::now();
        stage.clock.set(AFTERNOON.parse().expect("an instant"));
        stage
    }

    /// A stage at the machine's time, for tests that run the daemon: no quiet hours, no limits, no walk, no
    /// budgets, and short times in doubt.
    pub(crate) fn of_the_daemon() -> Self {
        let mut stage = Self::now();
        let config = &mut stage.setup.config;
        config.set("policy.quiet_hours", serde_json::json!([]));
        config.remove("walk");
        config.remove("budget");
        config.set("policy.max_messages_per_hour", 100_000);
        config.set("policy.max_messages_per_day", 100_000);
        config.set("notify.lease", "300ms");
        config.set("notify.settle", "300ms");
        stage
    }

    /// A window that is over soon after midnight. A daemon then takes its passes for the last of the day, so that
    /// a warning ahead of a goal's last day leaves at once.
    pub(crate) fn today_is_over(&mut self) {
        let config = &mut self.setup.config;
        config.set("window.start", "00:00");
        config.set("window.hours", 0.1);
    }

    /// The same stage in a zone where it is noon now, so that the day does not end for hours.
    pub(crate) fn of_the_daemon_at_noon() -> Self {
        let mut stage = Self::of_the_daemon();
        let behind = machine_time().to_zoned_datetime(TimeZone::UTC).hour() - 12;
        // POSIX inverts the sign: a zone behind UTC has a plus.
        let zone = format!("Etc/GMT{behind:+}");
        stage.setup.config.set("time_zone", zone.as_str());
        stage.beeminder.set_zone(&zone);
        stage
    }

    fn now() -> Self {
        let clock = FakeClock::default();
        let beeminder = Beeminder::start(&clock).expect("a free port");
        let twilio = Twilio::start(&clock).expect("a free port");
        let setup = Setup::new(beeminder.address(), twilio.address());
        Self {
            clock,
            beeminder,
            twilio,
            setup,
        }
    }

    /// Configures these channels in this order, WhatsApp with a template.
    pub(crate) fn channels(&mut self, channels: &[&str]) {
        let config = &mut self.setup.config;
        config.set("notify.channels", serde_json::json!(channels));
        for channel in ["whatsapp", "voice"] {
            config.set(&format!("notify.{channel}.to"), "+14155550100");
            config.set(&format!("notify.{channel}.from"), "+15005550006");
        }
        config.set("notify.whatsapp.content_sid", mecris_tests::twilio::CONTENT_SID);
        config.set(
            "notify.whatsapp.variables",
            serde_json::json!({"1": "{text} {tag}"}),
        );
    }

    /// Makes a pass at an instant, to which the fakes' clock is set.
    pub(crate) fn pass(&self, at: &str) -> Output {
        self.clock.set(at.parse::<Timestamp>().expect("an instant"));
        self.setup.run_at(at)
    }

    /// The same, as a daemon makes it.
    pub(crate) fn pass_of_a_daemon(&self, at: &str) -> Output {
        self.clock.set(at.parse::<Timestamp>().expect("an instant"));
        self.setup
            .agent(&["run", "--json", "--at", at, "--trigger", "schedule"])
    }

    /// The texts that reached the phone.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.twilio.accepted().into_iter().map(|m| m.body).collect()
    }
}

impl Drop for Stage {
    /// Holds at the end of every test.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.beeminder.writes(), 0, "Mecris only reads from Beeminder");
            assert_eq!(
                self.twilio.violations(),
                Vec::<String>::new(),
                "Twilio was asked something wrong"
            );
        }
    }
}

/// The value of `field` in `decisions[]` or `conditions[]` for a subject.
pub(crate) fn about<'a>(report: &'a Value, list: &str, subject: &str, field: &str) -> &'a str {
    report[list]
        .as_array()
        .and_then(|all| all.iter().find(|entry| entry["subject"] == subject))
        .and_then(|entry| entry[field].as_str())
        .unwrap_or_else(|| panic!("no {field} about {subject} in {list} of {report:#}"))
}

/// The subjects of all messages of a report, in order.
pub(crate) fn notified(report: &Value) -> Vec<&str> {
    let lists = report["notifications"]
        .as_array()
        .expect("notifications is a list")
        .iter();
    lists
        .flat_map(|n| n["subjects"].as_array().into_iter().flatten())
        .filter_map(Value::as_str)
        .collect()
}

/// Fails if an object lacks one of these fields.
pub(crate) fn assert_fields(object: &Value, fields: &[&str]) {
    let missing: Vec<_> = fields
        .iter()
        .filter(|field| object.get(field).is_none())
        .collect();
    assert!(missing.is_empty(), "{missing:?} missing in {object:#}");
}
