//! This release and the one before it, one after the other on one state: what one of them said, the other does
//! not say again. The release before is built from the history, so the test needs that.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use mecris_tests::{
    agent::{Output, Setup, binary},
    beeminder::{Beeminder, GoalSpec},
    cases::Case,
    clock::FakeClock,
    twilio::Twilio,
};

pub(crate) const CASES: &[Case] = &[(
    "two_releases::what_one_release_said_the_other_does_not_say_again",
    what_one_release_said_the_other_does_not_say_again,
)];

/// What the release before does not have: its last commit is the one before this file came.
const NEWER: &str = "agent/src/store/file/schema/0004_steps.sql";

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the crate is in a workspace")
}

fn from_git() -> Command {
    let mut git = Command::new("git");
    // The owner of the clone may be another user, for example in a container.
    git.args(["-c", "safe.directory=*"]).current_dir(workspace());
    git
}

/// What git prints; `None` if there is no git, no repository or no answer.
fn git(arguments: &[&str]) -> Option<String> {
    let output = from_git().args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}

/// The last commit of the release before.
fn commit() -> Option<String> {
    let added = git(&["log", "--diff-filter=A", "--format=%H", "--", NEWER])?;
    let first = added.lines().last()?;
    git(&["rev-parse", "--verify", "--quiet", &format!("{first}^")])
}

/// Why the release before cannot be built here.
pub(crate) fn missing() -> Option<&'static str> {
    commit()
        .is_none()
        .then_some("the history with the release before is not here (no repository, or a shallow clone)")
}

#[track_caller]
fn done(command: &mut Command) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
}

/// The binary of the release before, in a folder of its own. It shares the build folder with this build, so the
/// crates that both use in the same version are not compiled again.
fn release_before() -> PathBuf {
    let commit = commit().expect("the history is here");
    let target = binary().ancestors().nth(2).expect("target/debug/mecris-agent");
    let folder = target.join("release-before").join(&commit[..12]);
    let (tree, build) = (folder.join("tree"), folder.join("build"));
    let built = build.join("debug/mecris-agent");
    if !built.exists() {
        std::fs::create_dir_all(&tree).expect("a folder");
        let archive = folder.join("tree.tar");
        done(
            from_git()
                .args(["archive", "--format=tar", "-o"])
                .arg(&archive)
                .arg(&commit),
        );
        done(Command::new("tar").arg("-xf").arg(&archive).arg("-C").arg(&tree));
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args([
            "build",
            "--quiet",
            "--locked",
            "--workspace",
            "--example",
            "demo",
            "--bin",
            "mecris-agent",
        ]);
        // What `cargo test` says of this crate does not hold for that one.
        for (variable, _) in std::env::vars_os() {
            let name = variable.to_string_lossy();
            if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
                cargo.env_remove(&variable);
            }
        }
        cargo.env("CARGO_TARGET_DIR", &build);
        cargo.env("CARGO_BUILD_BUILD_DIR", target);
        done(cargo.current_dir(&tree));
    }
    built
}

/// The account, and machines of both releases on one state.
struct Releases {
    clock: FakeClock,
    beeminder: Beeminder,
    twilio: Twilio,
    this: Setup,
    before: Setup,
    _copies: tempfile::TempDir,
}

impl Releases {
    fn new() -> Self {
        let clock = FakeClock::default();
        let beeminder = Beeminder::start(&clock).expect("a free port");
        let twilio = Twilio::start(&clock).expect("a free port");
        let copies = tempfile::tempdir().expect("a folder");
        let machine = || {
            let mut setup = Setup::new(beeminder.address(), twilio.address());
            setup
                .config
                .set("state.remote", format!("file://{}", copies.path().display()));
            setup.config.set("policy.max_messages_per_hour", 100);
            setup.config.set("policy.max_messages_per_day", 100);
            setup.config.remove("budget");
            setup
        };
        let (this, mut before) = (machine(), machine());
        before.program = Some(release_before());
        Self {
            clock,
            beeminder,
            twilio,
            this,
            before,
            _copies: copies,
        }
    }

    /// A pass of a machine on Tuesday, with these goals red. Returns the text that it sends, if it sends one.
    fn pass(&self, machine: &Setup, clock_time: &str, red: &[&str]) -> Option<String> {
        let at = format!("2026-03-03T{clock_time}:00-05:00");
        self.clock.set(at.parse().expect("an instant"));
        let red = red.iter().map(|slug| GoalSpec::new(slug, 0));
        self.beeminder
            .set_goals(red.chain([GoalSpec::new("bike", 9).walked(Some(1))]));
        let before = self.twilio.accepted_count();
        let output: Output = machine.run_at(&at);
        assert_eq!(output.code, 0, "{}", output.everything());
        let mut texts = self.twilio.accepted().split_off(before);
        assert!(texts.len() <= 1, "{texts:?}");
        texts.pop().map(|message| message.body)
    }
}

fn what_one_release_said_the_other_does_not_say_again() {
    let releases = Releases::new();
    let (this, before) = (&releases.this, &releases.before);
    let said = |text: Option<String>, names: &[&str], others: &[&str]| {
        let text = text.expect("a message");
        let is_named = |name: &&str| text.contains(*name);
        assert!(
            names.iter().all(is_named) && !others.iter().any(is_named),
            "{text}"
        );
    };
    said(
        releases.pass(this, "15:00", &["reading"]),
        &["reading", "walk"],
        &[],
    );
    // The release before is started on the newest generation, because this one had to be taken back.
    assert_eq!(releases.pass(before, "15:15", &["reading"]), None);
    assert_eq!(releases.pass(before, "15:30", &["reading"]), None);
    assert_eq!(releases.pass(this, "15:45", &["reading"]), None);
    // Each says what is new, and the other does not repeat it.
    said(
        releases.pass(before, "16:00", &["reading", "piano"]),
        &["piano"],
        &["reading", "walk"],
    );
    assert_eq!(releases.pass(this, "16:15", &["reading", "piano"]), None);
    said(
        releases.pass(this, "16:30", &["reading", "piano", "gym"]),
        &["gym"],
        &["reading", "piano", "walk"],
    );
    assert_eq!(releases.pass(before, "16:45", &["reading", "piano", "gym"]), None);
    assert_eq!(releases.pass(this, "17:00", &["reading", "piano", "gym"]), None);
}
