//! The watchdog restarts a process that exists but does not work: a stopped process, a loop that hangs, a
//! database that takes no writes.

use std::time::Duration;

use mecris_tests::{beeminder::GoalSpec, wait::until};
use tokio::time::Instant;

use crate::{
    Case,
    artifact::{release, with_failpoints},
    instance::Instance,
    region::Region,
};

pub(crate) const CASES: &[Case] = &[
    ("a_stopped_agent_is_restarted_within_35_seconds", stopped),
    (
        "a_scheduler_that_hangs_while_http_answers_trips_the_watchdog",
        scheduler_hangs,
    ),
    ("an_http_loop_that_hangs_trips_the_watchdog", http_hangs),
    ("a_database_that_takes_no_writes_trips_the_watchdog", no_writes),
];

/// A shorter `WatchdogSec`, so that a test need not wait half a minute. [`stopped`] uses the unit unchanged.
const QUICK: &str = "[Service]\nWatchdogSec=6\n";

fn installed<'r>(region: &'r Region, binary: &[u8], prepare: impl FnOnce(&Instance<'_>)) -> Instance<'r> {
    region.beeminder.set_goals(vec![GoalSpec::new("writing", 5)]);
    let mut instance = Instance::new(region);
    instance.install(binary);
    prepare(&instance);
    instance.boot();
    instance.is_at_work();
    instance
}

/// Waits until the watchdog has killed the process and the unit has started again. Returns how long that
/// took.
fn restarted(instance: &Instance<'_>, before: &str, within: Duration) -> Duration {
    let begun = Instant::now();
    let anew = until(within, || {
        let pid = instance.property("mecris-agent", "MainPID");
        let active = instance.property("mecris-agent", "ActiveState") == "active";
        (active && pid != before && pid != "0").then(|| begun.elapsed())
    });
    let journal = instance.journal("mecris-agent");
    assert!(journal.contains("Watchdog timeout"), "{journal}");
    anew.unwrap_or_else(|| panic!("not restarted within {within:?}:\n{journal}"))
}

fn stopped() {
    let region = Region::new();
    let instance = installed(&region, &release().bytes, |_| {});
    assert_eq!(instance.property("mecris-agent", "WatchdogUSec"), "30s");
    let pid = instance.property("mecris-agent", "MainPID");
    instance.sh(&format!("kill -STOP {pid}"));
    let took = restarted(&instance, &pid, Duration::from_secs(35));
    println!("SIGSTOP to READY of the next: {took:.1?}");
    instance.is_at_work();
    instance.says("mecris-agent", "\"WatchdogRestart\":1", Duration::from_secs(5));
    assert!(
        instance
            .sh("find /var/lib/systemd/coredump /var/lib/mecris -type f -name 'core*' 2>/dev/null || :")
            .is_empty()
    );
}

const HANGS: &str = "/var/lib/mecris/hangs";

fn hanging(name: &str, says: &str, http_answers: bool) {
    let region = Region::new();
    let instance = installed(&region, &with_failpoints().bytes, |instance| {
        instance.drop_in("mecris-agent.service", QUICK);
        instance.environment(&[("MECRIS_FAILPOINT_HANG", HANGS)]);
    });
    let pid = instance.property("mecris-agent", "MainPID");
    instance.sh(&format!("echo {name} >{HANGS}"));
    let noticed = until(Duration::from_secs(60), || {
        instance.journal("mecris-agent").contains(says).then_some(())
    });
    assert!(noticed.is_some(), "{}", instance.journal("mecris-agent"));
    let answers = instance.try_sh("curl -sf -m 3 http://127.0.0.1:8000/health");
    assert_eq!(answers.is_ok(), http_answers, "{answers:?}");
    instance.sh(&format!("rm {HANGS}"));
    restarted(&instance, &pid, Duration::from_secs(60));
    instance.is_at_work();
}

fn scheduler_hangs() {
    hanging("scheduler.turn", "the scheduler's last heartbeat was", true);
}

fn http_hangs() {
    hanging("http.accept", "no answer within", false);
}

fn no_writes() {
    let region = Region::new();
    let instance = installed(&region, &release().bytes, |instance| {
        // A separate disk for the state, so that the test can fill it.
        instance.drop_in("mecris-agent.service", QUICK);
        instance.write(
            "/etc/fstab",
            "tmpfs /var/lib/mecris tmpfs size=3m,mode=700,uid=mecris,gid=mecris 0 0\n",
            0o644,
        );
    });
    assert!(instance.sh("stat -f -c %T /var/lib/mecris").contains("tmpfs"));
    let pid = instance.property("mecris-agent", "MainPID");
    let fill = "for size in 65536 4096 512 1; do dd if=/dev/zero bs=$size >>/var/lib/mecris/filler 2>/dev/null || :; done";
    instance.sh(fill);
    let says = "the write probe of the database failed";
    let noticed = until(Duration::from_secs(60), || {
        instance.journal("mecris-agent").contains(says).then_some(())
    });
    assert!(noticed.is_some(), "{}", instance.journal("mecris-agent"));
    let bitten = until(Duration::from_secs(30), || {
        instance
            .journal("mecris-agent")
            .contains("Watchdog timeout")
            .then_some(())
    });
    assert!(bitten.is_some(), "{}", instance.journal("mecris-agent"));
    instance.sh("rm /var/lib/mecris/filler");
    restarted(&instance, &pid, Duration::from_secs(90));
    instance.is_at_work();
}
