//! From nothing to one message: a boot, user-data from a metadata service that demands tokens, the binary of
//! the bucket, one SMS.

use std::time::Duration;

use mecris_tests::wait::until;

use crate::{
    Case,
    artifact::{ARCH, release},
    instance::{Instance, PATIENCE},
    launch::Launch,
    network::{Egress, INSTANCE_6},
    region::Region,
    run::run,
};

pub(crate) const CASES: &[Case] = &[
    (
        "the_rendered_user_data_is_small_sound_shell_without_a_secret",
        rendered,
    ),
    ("from_nothing_to_one_message", one_message),
    ("where_the_only_egress_is_ipv6_it_is_the_same", by_ipv6),
    ("five_boots_say_how_long_each_step_takes", five_boots),
];

fn rendered() {
    let (text, packed) = (Launch::new().render(), Launch::new().packed().len());
    println!("{} bytes, packed {packed}", text.len());
    assert!(packed < 16 * 1024, "{packed} bytes, EC2 takes 16384");
    assert!(
        text.contains(&release().sha256) && text.contains("WatchdogSec=30"),
        "{text}"
    );
    for secret in [mecris_tests::beeminder::TOKEN, mecris_tests::twilio::AUTH_TOKEN] {
        assert!(!text.contains(secret), "a secret");
    }
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), &text).expect("it can be written");
    let path = file.path().display().to_string();
    run("sh", &["-n", &path]);
    if crate::run::try_run("sh", &["-c", "command -v shellcheck"]).is_ok() {
        run("shellcheck", &["--shell=sh", "--exclude=SC1091", &path]);
    }
}

/// A region, a machine that was booted in it, and the state of its systemd.
fn boot(region: &Region) -> Instance<'_> {
    Launch::new().publish(region);
    let mut instance = Instance::new(region);
    let state = instance.boot();
    assert_eq!(
        state,
        "running",
        "{}\n{}\n{}",
        instance.output(),
        instance.journal("mecris-agent"),
        instance.console()
    );
    instance
}

fn one_message() {
    from_nothing(&Region::new());
}

fn by_ipv6() {
    let region = Region::reached_by(Egress::Ipv6);
    let instance = from_nothing(&region);
    assert!(instance.contains(INSTANCE_6), "{instance}");
}

/// Waits for the whole boot. Returns the addresses of the instance.
fn from_nothing(region: &Region) -> String {
    let mut instance = boot(region);
    let sent = until(PATIENCE, || (region.twilio.accepted_count() > 0).then_some(()));
    assert!(
        sent.is_some(),
        "{}\n{}",
        instance.output(),
        instance.journal("mecris-agent")
    );
    assert!(region.texts()[0].contains("reading"), "{:?}", region.texts());

    assert_eq!(
        instance
            .sh("systemctl is-enabled mecris-agent mecris-journal")
            .trim(),
        "enabled\nenabled"
    );
    assert_eq!(
        instance
            .sh("stat -c '%U %a' /var/lib/mecris /etc/mecris/agent.toml")
            .trim(),
        "mecris 700\nroot 640"
    );
    let told = instance.sh("/usr/local/bin/mecris-agent version --json");
    assert!(told.contains(&format!("{ARCH}-unknown-linux-")), "{told}");
    let report = region.boot_log();
    assert!(
        report
            .last()
            .is_some_and(|line| line.contains("ready: version 1.2.3")),
        "{report:?}"
    );
    assert!(region.metric("BootReadySeconds") > 0.0 && region.metric("BootFailed") == 0.0);
    assert!(
        region
            .s3
            .objects()
            .iter()
            .any(|object| object.key.starts_with("agent/state/")),
        "no state off the machine"
    );

    // As in docs/RUNBOOK.md, "A shell on the instance", but without a terminal and with the endpoints of this
    // test.
    let files = "-p EnvironmentFile=/etc/mecris/agent.env -p EnvironmentFile=/etc/mecris/local.env";
    let agent = "/usr/local/bin/mecris-agent";
    let status = instance.sh(&format!(
        "systemd-run --pipe --wait --quiet --uid=mecris {files} {agent} status"
    ));
    assert!(status.contains("last success"), "{status}");

    let addresses = instance.sh("ip address show dev ens5");
    let took = instance.power_off();
    assert!(took < Duration::from_secs(20), "switched off after {took:?}");
    assert_eq!(region.twilio.accepted_count(), 1, "{:?}", region.texts());
    region.nobody_misbehaved();
    addresses
}

/// The times of a boot, in milliseconds: each step of user-data, and from switching on to the message.
type Phases = Vec<(String, f64)>;

fn measured() -> Phases {
    let region = Region::new();
    let instance = boot(&region);
    let up = instance.on.elapsed();
    let sent = until(PATIENCE, || {
        (region.twilio.accepted_count() > 0).then(|| instance.on.elapsed())
    });
    let report = region.boot_log().pop().expect("it reported");
    let ends = report
        .rsplit("(hundredths of a second):")
        .next()
        .expect("it says when its steps ended")
        .split_whitespace();
    let ends = ends
        .filter_map(|step| step.split_once('='))
        .map(|(step, at)| (step, at.parse::<f64>().expect("a number")));
    let mut phases = Phases::new();
    let mut last = 0.0;
    for (step, end) in ends {
        phases.push((format!("user-data: {step}"), (end - last) * 10.0));
        last = end;
    }
    phases.push((READY.to_owned(), last * 10.0));
    phases.push((
        "switched on to systemd's `running`".to_owned(),
        up.as_secs_f64() * 1000.0,
    ));
    // Looked at only after the machine is up.
    let sent = sent.expect("one message").as_secs_f64() * 1000.0;
    phases.push((
        "switched on to the message at the provider, at most".to_owned(),
        sent,
    ));
    phases
}

const READY: &str = "user-data start to READY=1";

fn five_boots() {
    let boots: Vec<Phases> = (0..5).map(|_| measured()).collect();
    println!("\n| phase | p50, ms | best | worst |\n|---|---:|---:|---:|");
    for (place, (phase, _)) in boots[0].iter().enumerate() {
        let mut times: Vec<f64> = boots.iter().map(|phases| phases[place].1).collect();
        times.sort_by(f64::total_cmp);
        println!(
            "| {phase} | {:.0} | {:.0} | {:.0} |",
            times[2], times[0], times[4]
        );
        // The times depend on the machine. They are checked only if a variable asks for it, on a quiet
        // machine.
        let asked = std::env::var_os("MECRIS_BOOT_TIMED").is_some();
        assert!(
            !asked || phase != READY || times[2] <= 3000.0,
            "p50 of {times:?} ms"
        );
    }
}
