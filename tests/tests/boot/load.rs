//! A busy machine with a healthy agent: the watchdog must tell it from an agent that hangs.

use std::{collections::BTreeMap, time::Duration};

use mecris_tests::{beeminder::GoalSpec, wait::pause};

use crate::{
    Case,
    artifact::release,
    instance::Instance,
    region::{API_TOKEN, Region},
};

pub(crate) const CASES: &[Case] = &[("a_healthy_agent_under_load_never_trips_the_watchdog", under_load)];

/// The length of the test, unless `MECRIS_BOOT_LOAD_SECONDS` sets another.
const SECONDS: u64 = 30;

/// Programs that use a whole processor each, and clients that send requests without a pause.
const SPINNERS: usize = 4;
const CLIENTS: usize = 4;

fn under_load() {
    let asked = std::env::var("MECRIS_BOOT_LOAD_SECONDS").ok();
    let seconds = asked.map_or(SECONDS, |text| {
        text.parse().expect("MECRIS_BOOT_LOAD_SECONDS is a whole number")
    });
    let region = Region::new();
    region.beeminder.set_goals(vec![GoalSpec::new("writing", 5)]);
    let mut instance = Instance::new(&region);
    instance.install(&release().bytes);
    instance.boot();
    instance.is_at_work();
    assert_eq!(instance.property("mecris-agent", "WatchdogUSec"), "30s");
    let pid = instance.property("mecris-agent", "MainPID");
    for number in 0..SPINNERS {
        instance.sh(&format!(
            "systemd-run --quiet --unit=load-cpu-{number} sh -c 'while :; do :; done'"
        ));
    }
    for number in 0..CLIENTS {
        let ask = format!(
            "while :; do curl -s -m 20 -H \"Authorization: Bearer {API_TOKEN}\" -w \"%{{http_code}} %{{time_total}}\\n\" \
             -o /dev/null http://127.0.0.1:8000/health -o /dev/null http://127.0.0.1:8000/usage; done >/run/load-{number}"
        );
        instance.sh(&format!(
            "systemd-run --quiet --unit=load-http-{number} sh -c '{ask}'"
        ));
    }
    // The test shows that nothing happens in this time.
    pause(Duration::from_secs(seconds));
    instance.sh("systemctl stop 'load-*'");

    let answers = instance.sh("cat /run/load-*");
    let mut statuses = BTreeMap::new();
    for (status, _) in answers.lines().filter_map(|line| line.split_once(' ')) {
        *statuses.entry(status).or_insert(0_u64) += 1;
    }
    let slowest = answers
        .lines()
        .filter_map(|line| line.split_once(' ')?.1.parse::<f64>().ok())
        .fold(0.0, f64::max);
    println!(
        "{seconds} s, {SPINNERS} spinning programs, {CLIENTS} clients: {statuses:?}, the slowest after {slowest:.2} s"
    );
    assert!(
        statuses.get("200").is_some_and(|ok| *ok > seconds),
        "hardly anybody was answered: {statuses:?}"
    );
    let journal = instance.journal("mecris-agent");
    assert!(!journal.contains("Watchdog timeout"), "{journal}");
    assert_eq!(
        instance.property("mecris-agent", "MainPID"),
        pid,
        "it was restarted:\n{journal}"
    );
    assert_eq!(instance.property("mecris-agent", "NRestarts"), "0");
}
