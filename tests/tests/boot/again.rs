//! The same disk again, another disk with the same state off the machine, and a stop in the middle of a send.

use std::time::Duration;

use mecris_tests::{twilio::Fault, wait::until};

use crate::{
    Case,
    instance::{Instance, PATIENCE},
    launch::Launch,
    region::Region,
};

pub(crate) const CASES: &[Case] = &[
    (
        "the_same_disk_and_a_fresh_disk_repeat_no_message",
        no_message_twice,
    ),
    (
        "switched_off_in_the_middle_of_a_send_the_next_boot_reconciles",
        in_the_middle,
    ),
];

/// The time that systemd allows for a stop.
const STOP: Duration = Duration::from_secs(20);

fn passes(instance: &Instance<'_>) -> usize {
    instance
        .sh("journalctl --no-pager -o cat -b -u mecris-agent")
        .matches("\"message\":\"pass\"")
        .count()
}

fn booted<'r>(region: &'r Region, new: bool) -> Instance<'r> {
    if new {
        region.new_instance();
    }
    let mut instance = Instance::new(region);
    up(&mut instance);
    instance
}

fn up(instance: &mut Instance<'_>) {
    let state = instance.boot();
    assert_eq!(
        state,
        "running",
        "{}\n{}",
        instance.output(),
        instance.journal("mecris-agent")
    );
    let passed = until(PATIENCE, || (passes(instance) > 0).then_some(()));
    assert!(passed.is_some(), "no pass:\n{}", instance.journal("mecris-agent"));
}

fn no_message_twice() {
    let region = Region::new();
    Launch::new().publish(&region);
    let mut first = booted(&region, false);
    let sent = until(PATIENCE, || (region.twilio.accepted_count() > 0).then_some(()));
    assert!(sent.is_some(), "{}", first.journal("mecris-agent"));

    // User-data runs once more by hand and changes nothing that is already right.
    let pid = first.property("mecris-agent", "MainPID");
    let again = first.sh("sh /var/lib/cloud/instance/scripts/part-001");
    assert!(
        again.contains("ready: version") && !again.contains("install"),
        "{again}"
    );
    assert_eq!(
        first.property("mecris-agent", "MainPID"),
        pid,
        "it was restarted:\n{again}"
    );

    assert!(first.power_off() < STOP);
    up(&mut first);
    assert_eq!(
        first.output().matches("mecris-boot: fetch").count(),
        1,
        "user-data ran again:\n{}",
        first.output()
    );
    // Lines that were written after the shipper had stopped are shipped by the next boot.
    let last_words = || {
        region
            .log_lines("journal")
            .iter()
            .filter(|line| line.contains("Stopped mecris-journal.service"))
            .count()
    };
    let arrived = until(PATIENCE, || (last_words() > 0).then_some(()));
    assert!(arrived.is_some(), "{}", first.journal("mecris-journal"));
    assert_eq!(last_words(), 1);
    assert!(first.power_off() < STOP);
    drop(first);

    let second = booted(&region, true);
    assert_eq!(
        region.boot_log().len(),
        1,
        "the second instance reported: {:?}",
        region.boot_log()
    );
    assert!(
        second.journal("mecris-agent").contains("generation"),
        "{}",
        second.journal("mecris-agent")
    );
    assert_eq!(region.twilio.accepted_count(), 1, "{:?}", region.texts());
    region.nobody_misbehaved();
}

fn in_the_middle() {
    let region = Region::new();
    // The message is accepted, but its answer never arrives.
    region.twilio.fail_next([Fault::HangAfterAccept]);
    Launch::new().publish(&region);
    let mut first = booted(&region, false);
    let sending = until(PATIENCE, || (region.twilio.accepted_count() > 0).then_some(()));
    assert!(sending.is_some(), "{}", first.journal("mecris-agent"));
    let took = first.power_off();
    assert!(took < STOP, "switched off after {took:?}");
    first.boot();
    let stopped = first.sh("journalctl --no-pager -b -1 -u mecris-agent");
    assert!(
        stopped.contains("Stopped mecris-agent.service")
            && !stopped.contains("State 'stop-sigterm' timed out"),
        "{stopped}"
    );
    // The new machine finds the message at the provider and records it as its own.
    let settled = until(2 * PATIENCE, || {
        let status = first.get("/notifications")?;
        (status.contains("\"accepted\"") || status.contains("\"delivered\"")).then_some(())
    });
    assert!(settled.is_some(), "{}", first.journal("mecris-agent"));
    assert_eq!(region.twilio.accepted_count(), 1, "{:?}", region.texts());
}
