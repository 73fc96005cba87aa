//! The binary in a root that holds nothing else: no libc, no time zones, no certificates, no shell. Whatever
//! works there works on every Linux of this architecture, with glibc of any age or with musl.

use std::os::unix::fs::{PermissionsExt as _, symlink};

use mecris_tests::{
    agent::Setup,
    beeminder::{Beeminder, GoalSpec},
    clock::FakeClock,
    twilio::Twilio,
};

use crate::{Case, artifact::release};

pub(crate) const CASES: &[Case] = &[("the_binary_needs_nothing_of_the_machine", needs_nothing)];

fn needs_nothing() {
    let at = "2026-03-03T15:00:00-05:00";
    let clock = FakeClock::default();
    clock.set(at.parse().expect("an instant"));
    let beeminder = Beeminder::start(&clock).expect("a free port");
    beeminder.set_goals([GoalSpec::new("reading", 0)]);
    let twilio = Twilio::start(&clock).expect("a free port");
    let mut setup = Setup::new(beeminder.address(), twilio.address());
    for unneeded in ["walk", "budget"] {
        setup.config.remove(unneeded);
    }

    // The installation's own folder becomes the root. The paths in the configuration lead to the same files
    // from inside.
    let root = setup.folder().to_owned();
    let outside = root.strip_prefix("/").expect("it is absolute");
    std::fs::create_dir_all(root.join(outside.parent().expect("it is in a folder"))).expect("a folder");
    symlink("/", root.join(outside)).expect("a link");
    let program = |name: &str, bytes: &[u8]| {
        let path = root.join(name);
        std::fs::write(&path, bytes).expect("it can be written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("it can be run");
        path
    };
    program("mecris-agent", &release().bytes);
    let start = format!(
        "#!/bin/sh\nexec /usr/sbin/chroot {} /mecris-agent \"$@\"\n",
        root.display()
    );
    setup.program = Some(program("start", start.as_bytes()));

    let version = setup.agent(&["version", "--json"]);
    assert_eq!(version.code, 0, "{}", version.everything());
    assert!(
        version.json()["target"]
            .as_str()
            .is_some_and(|target| target.ends_with("linux-musl")),
        "{}",
        version.stdout
    );
    let check = setup.agent(&["check", "--offline"]);
    assert_eq!(check.code, 0, "{}", check.everything());
    let pass = setup.run_at(at);
    assert_eq!(pass.code, 0, "{}", pass.everything());
    assert_eq!(twilio.accepted_count(), 1, "{}", pass.everything());
}
