//! The demonstration of `scripts/demo` shows what README says, to its end.

use std::process::{Command, Stdio};

use mecris_tests::agent::{binary, instrumentation};

/// `target/debug/examples/demo`, which cargo builds beside the tests.
fn demo() -> Command {
    let test = std::env::current_exe().expect("a test is a file");
    let profile = test
        .parent()
        .and_then(|deps| deps.parent())
        .expect("it is in target/debug/deps");
    let mut command = Command::new(profile.join("examples/demo"));
    command
        .env("MECRIS_AGENT_BIN", binary())
        .envs(instrumentation())
        .stdin(Stdio::null());
    command
}

#[test]
fn the_demo_tells_a_day() {
    let output = demo().output().expect("the demo starts");
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}\n{errors}");
    let mut rest: &str = &text;
    for expected in [
        "$ ./mecris-agent --config agent.toml run --at 2026-03-03T12:00:00-05:00",
        "done_today",
        "The phone stays silent.",
        "run --at 2026-03-03T15:00:00-05:00",
        "killed (SIGKILL)\nThe phone stays silent.",
        "run --at 2026-03-03T15:15:00-05:00",
        "by sms: accepted",
        "no new message in this pass: what is shown is of an earlier one",
        "shows: Mecris: reading derails today 23:59 ($5, +1 needed) #",
        "run --at 2026-03-03T15:30:00-05:00",
        "already_notified_today",
        "The phone stays silent.",
        "run --at 2026-03-03T16:00:00-05:00",
        "beeminder  STALE",
        "exit 3\nThe phone stays silent.",
        "run --at 2026-03-03T16:15:00-05:00",
        "shows: Mecris: cannot read Beeminder (3 tries, since 15:30)",
        "last seen: reading due today 23:59",
        "run --at 2026-03-03T17:00:00-05:00",
        "done_today",
        "The phone stays silent.",
        "That day the phone got 2 messages.",
    ] {
        let Some((_, after)) = rest.split_once(expected) else {
            panic!("{expected:?} is missing, or in another place:\n{text}\n{errors}");
        };
        rest = after;
    }
}
