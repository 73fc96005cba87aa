//! The units: their sandbox, and what happens when a unit gives up.

use std::time::Duration;

use mecris_tests::{beeminder::GoalSpec, wait::until};

use crate::{
    Case,
    artifact::release,
    instance::{Instance, PATIENCE},
    region::Region,
};

pub(crate) const CASES: &[Case] = &[
    ("the_units_are_sound_and_their_exposure_is_small", sound),
    (
        "killed_again_and_again_it_gives_up_after_five_starts_and_a_person_is_told_once",
        killed_again_and_again,
    ),
    ("what_gave_up_is_tried_again_and_again_after_a_pause", again),
    (
        "the_agent_tells_a_person_of_another_unit_that_gave_up",
        beside_the_agent,
    ),
];

/// The highest exposure that we allow, on the scale from 0 to 10 of `systemd-analyze security`.
const EXPOSURE: f64 = 1.1;

/// A machine with the agent, without any goal in danger.
fn installed(region: &Region) -> Instance<'_> {
    region.beeminder.set_goals(vec![GoalSpec::new("writing", 5)]);
    let mut instance = Instance::new(region);
    instance.install(&release().bytes);
    instance.boot();
    instance.is_at_work();
    instance
}

fn sound() {
    let region = Region::new();
    let instance = installed(&region);
    for unit in [
        "mecris-agent.service",
        "mecris-journal.service",
        "mecris-alert@mecris-agent.service.service",
    ] {
        let said = instance.sh(&format!(
            "systemd-analyze verify --man=no /etc/systemd/system/{unit} 2>&1"
        ));
        assert_eq!(said, "", "systemd-analyze verify {unit}");
        let said = instance.sh(&format!("systemd-analyze security --no-pager {unit}"));
        let level = said
            .lines()
            .find_map(|line| line.split_once("Overall exposure level for")?.1.split_once(": "));
        let level: f64 = level
            .and_then(|(_, rest)| rest.split(' ').next()?.parse().ok())
            .expect("a number");
        println!("{unit}: exposure {level}");
        assert!(level <= EXPOSURE, "{said}");
    }
    // The sandbox is in force, not only written down.
    let pid = instance.property("mecris-agent", "MainPID");
    let status = instance.sh(&format!("cat /proc/{pid}/status"));
    for line in [
        "NoNewPrivs:\t1",
        "Seccomp:\t2",
        "CapEff:\t0000000000000000",
        "CapBnd:\t0000000000000000",
    ] {
        assert!(status.contains(line), "{line}:\n{status}");
    }
    assert!(
        instance
            .try_sh(&format!("nsenter -t {pid} -m touch /usr/local/bin/x"))
            .is_err(),
        "the agent may write to /usr"
    );
    assert_eq!(
        instance.property("mecris-agent", "MemoryMax"),
        (192 * 1024 * 1024).to_string()
    );
    each_keeps_to_itself(&instance);
}

/// Neither unit can look into the other's folder, the journal's cannot listen on TCP, and no other process of the same
/// user can read the agent's environment.
fn each_keeps_to_itself(instance: &Instance<'_>) {
    let journal = instance.property("mecris-journal", "MainPID");
    let agent = instance.property("mecris-agent", "MainPID");
    for (pid, folder) in [(&journal, "/var/lib/mecris"), (&agent, "/var/lib/mecris-journal")] {
        let looked = instance.try_sh(&format!(
            "nsenter -t {pid} -m setpriv --reuid mecris --clear-groups ls {folder}"
        ));
        assert!(looked.is_err(), "{folder}: {looked:?}");
    }
    // systemd 252 shows `tcp` with any port as "tcpany", later releases as "tcp".
    let denied = instance.property("mecris-journal", "SocketBindDeny");
    assert!(["tcp", "tcpany"].contains(&denied.as_str()), "{denied}");
    let environment = instance.try_sh(&format!(
        "setpriv --reuid mecris --clear-groups cat /proc/{agent}/environ"
    ));
    assert!(environment.is_err(), "{environment:?}");
}

fn killed_again_and_again() {
    let region = Region::new();
    let instance = installed(&region);
    assert_eq!(region.twilio.accepted_count(), 0, "{:?}", region.texts());
    let mut kills = 0;
    while kills < 10 {
        let next = until(Duration::from_secs(30), || {
            match instance.property("mecris-agent", "ActiveState").as_str() {
                "failed" => Some(None),
                "active" => Some(Some(instance.property("mecris-agent", "MainPID"))),
                _ => None,
            }
        });
        let Some(pid) = next.expect("the agent becomes active or fails within the time") else {
            break;
        };
        if instance.try_sh(&format!("kill -9 {pid}")).is_ok() {
            kills += 1;
        }
        let gone = || (instance.property("mecris-agent", "MainPID") != pid).then_some(());
        assert!(
            until(PATIENCE, gone).is_some(),
            "the killed process is still the main process"
        );
    }
    assert_eq!(
        kills,
        5,
        "five starts in ten minutes:\n{}",
        instance.journal("mecris-agent")
    );
    instance.becomes("mecris-agent", "failed", PATIENCE);
    let told = until(PATIENCE, || (region.twilio.accepted_count() > 0).then_some(()));
    assert!(told.is_some(), "{}", instance.journal("mecris-alert@*"));
    instance.becomes("mecris-alert@mecris-agent.service.service", "inactive", PATIENCE);
    assert!(
        region.texts()[0].contains("mecris-agent.service gave up"),
        "{:?}",
        region.texts()
    );
    let alert = instance.journal("mecris-alert@*");
    assert!(
        alert.contains("\"UnitFailed\":1") && !alert.contains("NOBODY WAS TOLD"),
        "{alert}"
    );

    // After five more starts the unit gives up again. The person was told today already, so no second message is sent.
    instance.sh("systemctl reset-failed mecris-agent; systemctl start mecris-agent");
    for _ in 0..5 {
        let pid = until(PATIENCE, || {
            Some(instance.property("mecris-agent", "MainPID")).filter(|pid| pid != "0")
        });
        let pid = pid.expect("it runs");
        let _ = instance.try_sh(&format!("kill -9 {pid}"));
        let gone = || (instance.property("mecris-agent", "MainPID") != pid).then_some(());
        assert!(
            until(PATIENCE, gone).is_some(),
            "the killed process is still the main process"
        );
    }
    instance.becomes("mecris-agent", "failed", PATIENCE);
    let silent = until(PATIENCE, || {
        instance
            .journal("mecris-alert@*")
            .contains("already_notified_today")
            .then_some(())
    });
    assert!(silent.is_some(), "{}", instance.journal("mecris-alert@*"));
    assert_eq!(region.twilio.accepted_count(), 1, "{:?}", region.texts());
}

fn again() {
    let region = Region::new();
    let mut instance = Instance::new(&region);
    instance.install(&release().bytes);
    // The unit gives up after two starts, and the timer starts it again after seconds instead of minutes.
    let lines = "[Unit]\nStartLimitIntervalSec=5\nStartLimitBurst=2\n\
                 [Service]\nExecStartPre=/usr/bin/test -e /var/lib/mecris/repaired\n";
    instance.drop_in("mecris-agent.service", lines);
    instance.drop_in("mecris-again@.timer", "[Timer]\nOnActiveSec=\nOnActiveSec=6\n");
    instance.boot();
    let gave_up = || {
        instance
            .journal("mecris-agent")
            .matches("Start request repeated too quickly")
            .count()
    };
    for times in 1..=3 {
        let so = until(PATIENCE, || (gave_up() >= times).then_some(()));
        assert!(
            so.is_some(),
            "it did not give up {times} times:\n{}",
            instance.sh("journalctl --no-pager")
        );
    }
    instance.sh("touch /var/lib/mecris/repaired");
    instance.is_at_work();
    // A unit that a person stops, as the runbook says, stays stopped.
    let timer = "mecris-again@mecris-agent.service.timer";
    instance.sh(&format!("systemctl start {timer}"));
    assert_eq!(instance.property(timer, "ActiveState"), "active");
    instance.sh("systemctl stop 'mecris-again@*.timer' mecris-agent");
    assert_eq!(instance.property(timer, "ActiveState"), "inactive");
    assert_eq!(instance.property("mecris-agent", "ActiveState"), "inactive");
}

fn beside_the_agent() {
    let region = Region::new();
    let instance = installed(&region);
    let lines = "[Service]\nExecStart=\nExecStart=/bin/false\nRestartSec=100ms\n";
    instance.drop_in("mecris-journal.service", lines);
    instance.sh("systemctl daemon-reload; systemctl start mecris-journal || :");
    instance.becomes("mecris-journal", "failed", PATIENCE);
    let told = until(PATIENCE, || (region.twilio.accepted_count() > 0).then_some(()));
    let journal = || {
        format!(
            "{}\n{}",
            instance.journal("mecris-alert@*"),
            instance.journal("mecris-agent")
        )
    };
    assert!(told.is_some(), "{}", journal());
    assert!(
        region.texts()[0].contains("mecris-journal.service gave up"),
        "{:?}",
        region.texts()
    );
    let alert = instance.journal("mecris-alert@*");
    assert!(
        alert.contains("left for the mecris-agent that has the state") && !alert.contains("NOBODY"),
        "{alert}"
    );
    let emptied = until(PATIENCE, || {
        instance
            .sh("ls /var/lib/mecris/*.alerts")
            .is_empty()
            .then_some(())
    });
    assert!(emptied.is_some(), "{}", journal());
    assert_eq!(region.twilio.accepted_count(), 1, "{:?}", region.texts());
}
