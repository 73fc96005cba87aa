//! A full disk and a disk that cannot be written: the agent reports it, still decides, sends nothing twice,
//! and continues by itself when the disk works again.
//!
//! The tests need to mount a small filesystem, or to forbid writing to a file: see [`cannot_mount`] and
//! [`cannot_freeze`].

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use mecris_tests::{agent::Daemon, cases::Case, wait::until};

use crate::{
    process::{Agent, Ended},
    stage::{LONG_LEASE, Stage},
    state::local,
};

/// The tests that need a small filesystem.
pub(crate) const MOUNTED: &[Case] = &[
    (
        "disk::on_a_full_disk_it_decides_and_says_so_and_goes_on_when_there_is_room",
        on_a_full_disk_it_decides_and_says_so_and_goes_on_when_there_is_room,
    ),
    (
        "disk::a_disk_that_fills_up_between_a_message_and_its_record_costs_no_second_message",
        a_disk_that_fills_up_between_a_message_and_its_record_costs_no_second_message,
    ),
    (
        "disk::on_a_read_only_disk_a_pass_decides_and_says_why_it_sends_nothing",
        on_a_read_only_disk_a_pass_decides_and_says_why_it_sends_nothing,
    ),
];

/// The tests that need a file that no process may write.
pub(crate) const FROZEN: &[Case] = &[(
    "disk::a_file_that_cannot_be_written_any_more_is_a_full_disk_by_another_name",
    a_file_that_cannot_be_written_any_more_is_a_full_disk_by_another_name,
)];

/// The longest time of any step.
const PATIENCE: Duration = Duration::from_secs(40);

/// A small disk. It is removed when dropped.
struct Disk(PathBuf);

impl Disk {
    fn mount(folder: PathBuf) -> Option<Self> {
        fs::create_dir_all(&folder).expect("a folder to mount on");
        works(
            "mount",
            &[
                "-t",
                "tmpfs",
                "-o",
                "size=2m",
                "tmpfs",
                &folder.display().to_string(),
            ],
        )
        .then_some(Self(folder))
    }

    /// Fills the disk up to the last page.
    fn fill(&self) {
        let mut file = File::create(self.0.join("filler")).expect("a file");
        for size in [65_536, 4096, 512, 1] {
            while file.write_all(&vec![7; size]).is_ok() {}
        }
    }

    fn free(&self) {
        fs::remove_file(self.0.join("filler")).expect("it is there");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        works("umount", &["--lazy", &self.0.display().to_string()]);
    }
}

fn works(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .output()
        .is_ok_and(|output| output.status.success())
}

/// The reason why no filesystem can be mounted here; `None` if it can.
pub(crate) fn cannot_mount() -> Option<&'static str> {
    let folder = tempfile::tempdir().ok()?;
    let disk = Disk::mount(folder.path().join("disk"));
    disk.is_none()
        .then_some("mounting a tmpfs is not permitted: run as root on Linux")
}

/// The reason why no file can be frozen here; `None` if it can.
pub(crate) fn cannot_freeze() -> Option<&'static str> {
    let folder = tempfile::tempdir().ok()?;
    let files = ["state.db", "state.db-wal"].map(|name| File::create(folder.path().join(name)));
    let frozen = files.iter().all(Result::is_ok) && Frozen(folder.path().to_owned()).set(true);
    (!frozen).then_some("chattr +i is not permitted: run as root, with a TMPDIR on ext4 or the like")
}

/// The state in `folder`, and a lease that is long enough for a busy machine.
fn stage_in(folder: &Path) -> Stage {
    let mut stage = Stage::new(false);
    stage.set_lease(LONG_LEASE);
    stage.machines[0]
        .config
        .set("state.path", folder.join("state.db").display().to_string());
    stage
}

fn show(stage: &Stage, goals: &[&str]) {
    stage.show(&goals.iter().map(|&goal| goal.to_owned()).collect::<Vec<_>>());
}

fn accepts(stage: &Stage, messages: usize, daemon: &Daemon) {
    let accepted = until(PATIENCE, || {
        (stage.twilio.accepted_count() >= messages).then_some(())
    });
    assert!(
        accepted.is_some(),
        "never {messages} messages:\n{}",
        daemon.logs()
    );
    assert_eq!(
        stage.twilio.accepted_count(),
        messages,
        "{:?}",
        stage.twilio.accepted()
    );
}

fn is_degraded(daemon: &Daemon) -> bool {
    let health = daemon.get("/health").json();
    health["degraded"]
        .as_array()
        .is_some_and(|all| all.iter().any(|what| what == "state"))
}

/// Waits until several passes could not be recorded, each with its decisions in the log.
fn decides_without_a_record(daemon: &Daemon, about: &str) {
    let (decision, failure) = (
        format!("subject={about}"),
        "decided, but nothing was recorded and nothing is sent",
    );
    let seen = until(PATIENCE, || {
        let logs = daemon.logs();
        let decided = logs
            .lines()
            .filter(|l| l.contains("decision, not recorded") && l.contains(&decision))
            .count();
        (decided >= 3 && logs.matches(failure).count() >= 3 && is_degraded(daemon)).then_some(())
    });
    assert!(
        seen.is_some(),
        "/health: {}\n{}",
        daemon.get("/health").body,
        daemon.logs()
    );
}

fn recovers(stage: &Stage, daemon: &mut Daemon, messages: usize) {
    let pid = daemon.pid();
    accepts(stage, messages, daemon);
    let healthy = until(PATIENCE, || (!is_degraded(daemon)).then_some(()));
    assert!(healthy.is_some(), "/health: {}", daemon.get("/health").body);
    assert!(Path::new(&format!("/proc/{pid}")).exists(), "the same process");
    let status = daemon
        .terminate(Duration::from_secs(20))
        .expect("it stops in time");
    assert_eq!(
        (status.code(), stage.twilio.accepted_count()),
        (Some(0), messages),
        "{}",
        daemon.logs()
    );
}

fn starts(stage: &Stage) -> Daemon {
    let mut daemon = Daemon::spawn(stage.machine());
    assert!(daemon.wait_ready(PATIENCE), "{}", daemon.logs());
    daemon
}

fn on_a_full_disk_it_decides_and_says_so_and_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().expect("a folder");
    let disk = Disk::mount(folder.path().join("disk")).expect("it was tried");
    let stage = stage_in(&disk.0);
    show(&stage, &["before"]);
    let mut daemon = starts(&stage);
    accepts(&stage, 1, &daemon);
    disk.fill();
    show(&stage, &["before", "during"]);
    decides_without_a_record(&daemon, "goal:during");
    assert!(
        daemon.logs().contains("database or disk is full"),
        "a clear error:\n{}",
        daemon.logs()
    );
    assert_eq!(
        stage.twilio.accepted_count(),
        1,
        "what cannot be claimed is not sent"
    );
    disk.free();
    recovers(&stage, &mut daemon, 2);
    assert!(
        local(&disk.0.join("state.db")).is_some_and(|promises| promises.is_ok_and(|p| p.steps.len() == 2))
    );
}

fn a_disk_that_fills_up_between_a_message_and_its_record_costs_no_second_message() {
    let folder = tempfile::tempdir().expect("a folder");
    let disk = Disk::mount(folder.path().join("disk")).expect("it was tried");
    let mut stage = stage_in(&disk.0);
    stage.machines[0].set_env("MECRIS_FAILPOINT", "outbox.sent=sleep:1500");
    show(&stage, &["reading"]);
    let mut daemon = starts(&stage);
    accepts(&stage, 1, &daemon);
    disk.fill();
    let stuck = until(PATIENCE, || {
        daemon
            .logs()
            .contains("the outbox cannot go on for now")
            .then_some(())
    });
    assert!(stuck.is_some(), "{}", daemon.logs());
    disk.free();
    let settled = until(PATIENCE, || {
        let told = daemon.get("/notifications").body;
        (told.contains("\"accepted\"") || told.contains("\"delivered\"")).then_some(())
    });
    assert!(
        settled.is_some(),
        "{}\n{}",
        daemon.get("/notifications").body,
        daemon.logs()
    );
    recovers(&stage, &mut daemon, 1);
}

fn a_file_that_cannot_be_written_any_more_is_a_full_disk_by_another_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let frozen = Frozen(folder.path().to_owned());
    let stage = stage_in(folder.path());
    show(&stage, &["before"]);
    let mut daemon = starts(&stage);
    accepts(&stage, 1, &daemon);
    assert!(frozen.set(true));
    show(&stage, &["before", "during"]);
    decides_without_a_record(&daemon, "goal:during");
    assert_eq!(
        stage.twilio.accepted_count(),
        1,
        "what cannot be claimed is not sent"
    );
    assert!(frozen.set(false));
    recovers(&stage, &mut daemon, 2);
}

fn on_a_read_only_disk_a_pass_decides_and_says_why_it_sends_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let disk = Disk::mount(folder.path().join("disk")).expect("it was tried");
    let stage = stage_in(&disk.0);
    show(&stage, &["reading"]);
    let path = disk.0.display().to_string();
    let pass = || Agent::start(stage.machine(), &["run", "--json"], "").ended(PATIENCE);
    assert_eq!(pass(), Some(Ended::Exited(0)));
    assert!(
        works("mount", &["-o", "remount,ro", &path]),
        "a tmpfs can be mounted again"
    );
    show(&stage, &["reading", "writing"]);
    let refused = stage.machine().agent(&["run", "--json"]);
    assert_eq!(
        (refused.code, stage.twilio.accepted_count()),
        (1, 1),
        "{}",
        refused.everything()
    );
    assert!(
        refused.stderr.contains("Read-only file system") && refused.stderr.contains(&path),
        "{}",
        refused.stderr
    );
    let report: serde_json::Value = serde_json::from_str(&refused.stdout).expect("a report all the same");
    let decided = |subject: &str| {
        report["decisions"]
            .as_array()
            .and_then(|all| all.iter().find(|d| d["subject"] == subject))
            .cloned()
    };
    assert_eq!(
        decided("goal:reading").expect("it decides")["reason"],
        "already_notified_today"
    );
    assert_eq!(decided("goal:writing").expect("it decides")["action"], "notify");
    let started = Agent::start(stage.machine(), &["serve"], "").ended(PATIENCE);
    assert_eq!(
        started,
        Some(Ended::Exited(1)),
        "a daemon that could record nothing does not start"
    );
    assert!(works("mount", &["-o", "remount,rw", &path]));
    assert_eq!(pass(), Some(Ended::Exited(0)));
    assert_eq!(stage.twilio.accepted_count(), 2);
}

/// Forbids writing to the state in a folder. Allows it again when dropped, so that the folder can be removed.
struct Frozen(PathBuf);

impl Frozen {
    fn set(&self, frozen: bool) -> bool {
        // The shared index beside the database stays writable. It is mapped into memory, and a process that
        // writes to a mapped page of an immutable file is killed by SIGBUS. The test that kills at a random
        // instant covers that.
        let [database, log] =
            ["state.db", "state.db-wal"].map(|name| self.0.join(name).display().to_string());
        works("chattr", &[if frozen { "+i" } else { "-i" }, &database, &log])
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        self.set(false);
    }
}
