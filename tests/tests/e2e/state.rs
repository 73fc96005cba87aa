//! The state off the machine: a new machine continues where the last one ended, and one command goes back to
//! last week's copy.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, SystemTime},
};

use jiff::{Timestamp, ToSpan as _, civil::date, tz::TimeZone};
use mecris_tests::{
    agent::{Output, Setup, binary},
    beeminder::GoalSpec,
    ledger,
    twilio::Fault,
};
use serde_json::Value;

use crate::stage::{AFTERNOON, Stage, about};

/// A stage with copies in a folder beside the database.
fn with_copies(mut stage: Stage) -> Stage {
    stage.setup.copy_to_a_folder();
    stage
}

fn copies(setup: &Setup) -> PathBuf {
    setup.folder().join("copies/state")
}

/// Removes the machine's disk.
fn lose_the_disk(setup: &Setup) {
    for entry in std::fs::read_dir(setup.folder()).expect("a folder").flatten() {
        if entry.file_name().to_string_lossy().starts_with("mecris_usage.db") {
            std::fs::remove_file(entry.path()).expect("the test may remove it");
        }
    }
    assert!(!setup.database().exists());
}

fn budgets(stage: &Stage) -> Vec<Value> {
    let mut rows = stage.table("budget");
    for row in &mut rows {
        // When the budget was last computed, and since when its numbers hold: both are times of passes.
        row.as_object_mut()
            .expect("a row")
            .retain(|name, _| !matches!(name.as_str(), "refreshed_at" | "as_of"));
    }
    rows
}

fn generations(stage: &Stage) -> Vec<Value> {
    let output = stage.setup.agent(&["state", "list", "--json"]);
    assert_eq!(output.code, 0, "{}", output.everything());
    output.json()["generations"].as_array().expect("a list").clone()
}

/// Fails unless the pass knows nothing of the budget.
#[track_caller]
fn knows_no_budget(output: Output) -> Output {
    assert_eq!(
        about(&output.json(), "decisions", "budget:groq", "reason"),
        "unknown_data",
        "{}",
        output.everything()
    );
    output
}

#[track_caller]
fn ok(output: Output) -> Output {
    assert_eq!(output.code, 0, "{}", output.everything());
    output
}

#[test]
fn a_new_machine_repeats_nothing_and_forgets_nothing() {
    let stage = with_copies(Stage::new());
    let quiet = "2026-03-03T13:00:00-05:00";
    knows_no_budget(stage.pass(quiet));
    ledger::record_groq_reading(
        &stage.setup.database(),
        quiet.parse().expect("an instant"),
        "2026-03",
        6_000_000,
    )
    .expect("the pass made the database");
    stage.beeminder.set_goals([
        GoalSpec::new("reading", 0),
        GoalSpec::new("bike", 6).walked(Some(1)),
    ]);
    ok(stage.pass(AFTERNOON));
    assert_eq!(stage.twilio.accepted_count(), 1, "{:?}", stage.texts());
    let (readings, budgets_then) = (stage.table("odometer_readings"), budgets(&stage));
    let (claims, messages) = (stage.table("claims"), stage.table("notifications"));
    assert_eq!((readings.len(), claims.len(), messages.len()), (1, 3, 1));

    for minute in ["05", "10", "15"] {
        lose_the_disk(&stage.setup);
        let report = ok(stage.pass(&format!("2026-03-03T15:{minute}:00-05:00"))).json();
        for (subject, reason) in [
            ("goal:reading", "already_notified_today"),
            ("walk", "already_notified_today"),
            ("budget:groq", "share_already_told"),
        ] {
            assert_eq!(
                about(&report, "decisions", subject, "reason"),
                reason,
                "{subject}"
            );
        }
        assert_eq!(stage.table("odometer_readings"), readings);
        assert_eq!(budgets(&stage), budgets_then);
        assert_eq!(stage.table("claims"), claims);
        assert_eq!(stage.table("notifications")[0]["body"], messages[0]["body"]);
    }
    assert_eq!(stage.twilio.accepted_count(), 1);
    assert_eq!(stage.table("runs").len(), 5, "every pass is on record");
}

/// One pass a day from 3 to 10 March. Each pass sends a message, and a reading is recorded before each but
/// the first. Each copy carries the time of its pass.
fn a_week() -> Stage {
    let stage = with_copies(Stage::new());
    stage.beeminder.set_goals([
        GoalSpec::new("reading", 0),
        GoalSpec::new("bike", 6).walked(Some(1)),
    ]);
    let zone = TimeZone::get("America/New_York").expect("a zone");
    for day in date(2026, 3, 3).series(1.day()).take(8) {
        let at = day
            .at(15, 0, 0, 0)
            .to_zoned_datetime(zone.clone())
            .expect("an afternoon")
            .timestamp();
        if stage.setup.database().exists() {
            ledger::record_groq_reading(
                &stage.setup.database(),
                at,
                "2026-03",
                i64::from(day.day()) * 100_000,
            )
            .expect("the database is there");
        }
        let pass = stage.pass(&at.to_string());
        if day == date(2026, 3, 3) {
            knows_no_budget(pass)
        } else {
            ok(pass)
        };
        age_new_copies(&stage.setup, at);
    }
    assert_eq!(stage.twilio.accepted_count(), 8, "{:?}", stage.texts());
    stage
}

/// Sets the times of the copies since the last call to `at`. Such a copy still has the time at which this
/// test really runs, which is after May 2026; the copies of earlier calls have times in March 2026.
fn age_new_copies(setup: &Setup, at: Timestamp) {
    let end_of_may = SystemTime::UNIX_EPOCH + Duration::from_secs(1_780_000_000);
    for entry in std::fs::read_dir(copies(setup))
        .expect("there are copies")
        .flatten()
    {
        if entry.metadata().expect("a copy").modified().expect("a time") > end_of_may {
            let made = SystemTime::UNIX_EPOCH + Duration::from_secs(at.as_second().unsigned_abs());
            File::options()
                .write(true)
                .open(entry.path())
                .and_then(|file| file.set_modified(made))
                .expect("a copy");
        }
    }
}

#[test]
fn last_weeks_copy_is_restored_by_one_command_and_nothing_is_said_twice() {
    let stage = a_week();
    let claims = stage.table("claims");
    assert_eq!(claims.len(), 16, "goal and walk, eight days");
    assert_eq!(stage.table("odometer_readings").len(), 7);
    let output = ok(stage.setup.agent(&["state", "restore", "--at", "2026-03-05"]));
    println!("{}", output.stdout);
    assert!(
        output.stdout.contains(" of 2026-03-05 15:00 EST, sound"),
        "{}",
        output.stdout
    );

    let readings = stage.table("odometer_readings");
    assert_eq!(
        readings
            .iter()
            .map(|row| row["value_micros"].as_i64())
            .collect::<Vec<_>>(),
        [Some(400_000), Some(500_000)]
    );
    assert_eq!(
        stage.table("claims"),
        claims,
        "the messages since the restored copy are not forgotten"
    );
    let report = ok(stage.pass("2026-03-10T15:05:00-04:00")).json();
    for subject in ["goal:reading", "walk"] {
        assert_eq!(
            about(&report, "decisions", subject, "reason"),
            "already_notified_today",
            "{subject}"
        );
    }
    let groq = stage
        .table("budget")
        .into_iter()
        .find(|budget| budget["provider"] == "groq")
        .expect("groq has a budget");
    assert_eq!(groq["used_micros"], 500_000, "{groq}");
    // The next machine starts from the restored state.
    lose_the_disk(&stage.setup);
    ok(stage.pass("2026-03-10T15:10:00-04:00"));
    assert_eq!(stage.table("odometer_readings"), readings);
    assert_eq!(stage.twilio.accepted_count(), 8);
    // The next day is a usual day.
    ok(stage.pass("2026-03-11T15:00:00-04:00"));
    assert_eq!(stage.twilio.accepted_count(), 9);
}

#[test]
fn the_drill_reads_only_and_says_how_long_it_took() {
    let stage = a_week();
    let before = (stage.table("runs"), generations(&stage));
    stage.setup.agent(&["version"]);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/restore-drill");
    let drill = |when: &str| {
        let config = stage.setup.folder().join("agent.toml");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut command = Command::new(&script);
        command
            .arg("--config")
            .arg(config)
            .args(["--at", when])
            .env_clear()
            .env("PATH", path);
        command.envs(mecris_tests::agent::instrumentation());
        command
            .envs(stage.setup.environment.iter().cloned())
            .env("MECRIS_AGENT_BIN", binary());
        command.output().expect("bash is there")
    };
    let output = drill("2026-03-04T23:00");
    let (stdout, stderr) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    println!("{stdout}{stderr}");
    assert!(output.status.success(), "{stderr}");
    assert!(
        stdout.contains("of 2026-03-04 15:00 EST, sound") && stdout.contains("nothing else was touched"),
        "{stdout}"
    );
    assert!(stdout.contains("last success  2026-03-04 15:00 EST"), "{stdout}");
    assert!(
        stderr.contains("# fetching, writing and checking took "),
        "{stderr}"
    );
    assert_eq!((stage.table("runs"), generations(&stage)), before);
    let output = drill("2020-01-01");
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stderr)
            .contains("there is no generation from that time or before: the oldest is 1 of 2026-03-03")
    );
}

#[test]
fn beside_a_daemon_copies_are_made_and_checked_but_nothing_is_restored() {
    let mut stage = with_copies(Stage::of_the_daemon());
    stage.setup.config.set("heuristic.interval", "1s");
    let _daemon = stage.setup.serve();
    let listed = mecris_tests::wait::until(Duration::from_secs(10), || {
        (generations(&stage).len() > 1).then_some(())
    });
    assert!(listed.is_some(), "the daemon makes copies");
    let before = ledger::notifications(&stage.setup.database()).expect("a database");

    let backup = stage.setup.folder().join("backup.db.zst").display().to_string();
    ok(stage.setup.agent(&["state", "backup", &backup]));
    let again = stage.setup.agent(&["state", "backup", &backup]);
    assert_eq!(again.code, 1);
    assert!(again.stderr.contains("exists already"), "{}", again.stderr);
    ok(stage.setup.agent(&["state", "verify", &backup]));
    ok(stage.setup.agent(&["state", "verify", "--all"]));
    ok(stage.setup.agent(&["state", "backup"]));
    let scratch = stage.setup.folder().join("scratch").display().to_string();
    ok(stage
        .setup
        .agent(&["state", "restore", "--latest", "--to", &scratch]));

    for refused in [
        &["state", "restore", &backup][..],
        &["state", "restore", "--latest"],
        &["state", "migrate"],
    ] {
        let output = stage.setup.agent(refused);
        assert_eq!(output.code, 75, "{refused:?}: {}", output.everything());
        assert!(
            output.stderr.contains("is in use by another mecris-agent"),
            "{}",
            output.stderr
        );
    }
    assert_eq!(
        ledger::notifications(&stage.setup.database())
            .expect("a database")
            .len(),
        before.len()
    );
}

#[test]
fn with_the_newest_copy_damaged_and_the_disk_gone_the_one_before_is_restored() {
    let stage = a_week();
    lose_the_disk(&stage.setup);
    let count = generations(&stage).len();
    let newest = copies(&stage.setup).join(format!("{count:010}.db.zst"));
    let bytes = std::fs::read(&newest).expect("the newest copy");
    std::fs::write(&newest, &bytes[..bytes.len() / 2]).expect("the test may damage the copy");

    let refused = stage.setup.run_at("2026-03-10T15:05:00-04:00");
    assert_eq!(refused.code, 1, "{}", refused.everything());
    assert!(
        refused.stderr.contains("`mecris-agent state restore --latest`"),
        "{}",
        refused.stderr
    );
    let verified = stage.setup.agent(&["state", "verify", "--all"]);
    assert_eq!(verified.code, 1);
    assert!(
        verified.stdout.contains(&format!("DAMAGED  generation {count}")),
        "{}",
        verified.stdout
    );
    let one = stage
        .setup
        .agent(&["state", "restore", "--generation", &count.to_string()]);
    assert_eq!(one.code, 1, "{}", one.everything());

    let restored = stage.setup.agent(&["state", "restore", "--latest", "--json"]);
    assert_eq!(
        restored.code,
        3,
        "what only the damaged copy knew is unknown: {}",
        restored.everything()
    );
    let report = restored.json();
    assert_eq!(report["source"], format!("generation {}", count - 1));
    assert_eq!(report["generation"], count + 1);
    assert!(
        report["unread"][0]
            .as_str()
            .expect("a sentence")
            .starts_with(&format!("generation {count} is damaged"))
    );
    stage.setup.agent(&["status"]);
    let pass = stage.pass("2026-03-10T15:10:00-04:00");
    assert_eq!(
        about(&pass.json(), "decisions", "goal:reading", "reason"),
        "already_notified_today"
    );
    assert_eq!(stage.twilio.accepted_count(), 8);
}

#[test]
fn a_damaged_file_is_said_to_be_and_restored_from_the_copies() {
    let stage = a_week();
    std::fs::write(stage.setup.database(), b"nonsense ".repeat(2000)).expect("the test may damage the file");
    let verified = stage.setup.agent(&["state", "verify"]);
    assert_eq!(verified.code, 1, "{}", verified.everything());
    assert!(
        verified.everything().contains("state restore --latest`"),
        "{}",
        verified.everything()
    );
    let restored = stage.setup.agent(&["state", "restore", "--latest"]);
    assert_eq!(restored.code, 3, "{}", restored.everything());
    assert!(restored.stdout.contains(".unusable-"), "{}", restored.stdout);
    let report = ok(stage.pass("2026-03-10T15:10:00-04:00")).json();
    assert_eq!(
        about(&report, "decisions", "goal:reading", "reason"),
        "already_notified_today"
    );
    assert_eq!(stage.table("runs").len(), 9);
}

#[test]
fn whoever_looks_at_a_damaged_file_is_told_what_to_do() {
    let mut stage = a_week();
    let database = stage.setup.database();
    let mut damaged = std::fs::read(&database).expect("the state");
    // The first page stays: the file can be opened.
    damaged[4096..].fill(0);
    std::fs::write(&database, damaged).expect("the test may damage the file");
    let with_copies = "`mecris-agent state restore --latest` goes back to the newest sound copy";
    let without = "`mecris-agent state restore FILE` goes back to a backup of yours";
    for advice in [with_copies, without] {
        let found = stage.setup.agent(&["check"]);
        assert_eq!(found.code, 1, "{}", found.everything());
        assert!(found.stdout.contains("FAIL  state"), "{}", found.stdout);
        assert!(found.stdout.contains(advice), "{}", found.stdout);
        // The start of the daemon replaces the file, so this check must not stand in its way.
        let before_start = stage.setup.agent(&["check", "--offline"]);
        assert_eq!(before_start.code, 0, "{}", before_start.everything());
        assert!(
            before_start.stdout.contains("WARN  state"),
            "{}",
            before_start.stdout
        );
        stage.setup.config.remove("state.remote");
    }
    std::fs::write(&database, b"nonsense ".repeat(2000)).expect("the test may damage the file");
    for command in [
        &["status"][..],
        &["goals"],
        &["explain", "goal:reading"],
        &["run"],
    ] {
        let output = stage.setup.agent(command);
        assert_eq!(output.code, 1, "{command:?}: {}", output.everything());
        assert!(output.stderr.contains(without), "{command:?}: {}", output.stderr);
    }
}

#[test]
fn a_damaged_file_heals_from_the_newest_copy_and_repeats_nothing() {
    let stage = a_week();
    let database = stage.setup.database();
    let whole = std::fs::read(&database).expect("the state");
    let damages: [(&str, Vec<u8>); 4] = [
        ("text", b"nonsense ".repeat(2000)),
        ("half of it", whole[..whole.len() / 2].to_vec()),
        ("zeros after the first page", {
            let mut zeros = vec![0; whole.len()];
            zeros[..4096].copy_from_slice(&whole[..4096]);
            zeros
        }),
        ("one page", {
            let mut page = whole.clone();
            let middle = whole.len() / 2 / 4096 * 4096;
            page[middle..middle + 4096].fill(0x5a);
            page
        }),
    ];
    let sent = stage.twilio.accepted_count();
    for (minute, (what, damaged)) in (10..).step_by(5).zip(damages) {
        std::fs::write(&database, damaged).expect("the test may damage the file");
        let pass = stage.pass(&format!("2026-03-10T15:{minute}:00-04:00"));
        let everything = pass.everything();
        assert!(everything.contains(".damaged-2026"), "{what}: {everything}");
        let report = ok(pass).json();
        assert_eq!(
            about(&report, "decisions", "goal:reading", "reason"),
            "already_notified_today",
            "{what}"
        );
    }
    assert_eq!(stage.twilio.accepted_count(), sent);
    assert_eq!(stage.table("runs").len(), 12);
}

#[test]
fn a_remote_that_was_emptied_is_noticed_and_gets_a_new_copy() {
    let stage = a_week();
    std::fs::remove_dir_all(copies(&stage.setup)).expect("the test may empty it");
    let pass = ok(stage.pass("2026-03-10T15:10:00-04:00"));
    let said = "the remote has no copy of the state any more";
    assert!(pass.everything().contains(said), "{}", pass.everything());
    assert!(!generations(&stage).is_empty());
    let pass = ok(stage.pass("2026-03-10T15:25:00-04:00"));
    assert!(!pass.everything().contains(said), "{}", pass.everything());
}

#[test]
fn a_damaged_file_without_a_copy_is_said_to_be_and_left_as_it_is() {
    let stage = Stage::new();
    stage.beeminder.set_goals([GoalSpec::new("reading", 0)]);
    stage.pass(AFTERNOON);
    let nonsense = b"nonsense ".repeat(2000);
    std::fs::write(stage.setup.database(), &nonsense).expect("the test may damage the file");
    let output = stage.setup.agent(&["run"]);
    assert_eq!(output.code, 1, "{}", output.everything());
    assert!(
        output.everything().contains("state restore FILE`"),
        "{}",
        output.everything()
    );
    let left = std::fs::read(stage.setup.database()).expect("the file");
    assert!(left == nonsense, "the damaged file was changed");
    assert_eq!(stage.twilio.accepted_count(), 1);
}

#[test]
fn check_and_status_say_how_the_copies_fare() {
    let mut stage = a_week();
    let state_remote = |output: &Output| {
        let checked = output.json();
        let results = checked["results"].as_array().expect("a list");
        results
            .iter()
            .find(|result| result["name"] == "state.remote")
            .cloned()
    };
    let checked = state_remote(&stage.setup.agent(&["check", "--json"])).expect("it is checked");
    let detail = checked["detail"].as_str().expect("a sentence");
    assert_eq!(checked["ok"], true);
    assert!(
        detail.contains(&format!("{} generations", generations(&stage).len()))
            && detail.contains("can be listed and written"),
        "{detail}"
    );
    assert!(
        state_remote(&stage.setup.agent(&["check", "--json", "--offline"])).is_none(),
        "with --offline the remote is not asked"
    );

    let status = stage.setup.agent(&["status", "--json"]).json();
    assert_eq!(
        status["copies"]["saved"]["generation"],
        generations(&stage).len(),
        "{}",
        status["copies"]
    );
    assert_eq!(status["copies"]["trouble"], Value::Null);

    // `check` removed the object that it wrote as a trial.
    let left = std::fs::read_dir(copies(&stage.setup))
        .expect("a folder")
        .flatten();
    let names: Vec<_> = left
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    assert!(names.iter().all(|name| name.ends_with(".db.zst")), "{names:?}");

    // The folder becomes a file, so that it can be neither listed nor written.
    let folder = copies(&stage.setup);
    std::fs::remove_dir_all(&folder)
        .and_then(|()| std::fs::write(&folder, ""))
        .expect("the test may replace the folder");
    let pass = stage.setup.run_at("2026-03-10T15:05:00-04:00");
    println!("{}", pass.everything());
    let output = stage.setup.agent(&["status"]);
    assert_eq!(output.code, 3, "{}", output.everything());
    assert!(output.stdout.contains("FAILING since"), "{}", output.stdout);
    let folder = folder.parent().expect("it is in a folder");
    std::fs::remove_dir_all(folder)
        .and_then(|()| std::fs::write(folder, ""))
        .expect("the test may replace the folder");
    let checked = state_remote(&stage.setup.agent(&["check", "--json"])).expect("it is checked");
    assert_eq!(checked["ok"], false, "{checked}");

    // A folder below a file can never be made, so `check` refuses the address.
    stage
        .setup
        .config
        .set("state.remote", format!("file://{}/below", folder.display()));
    let checked = state_remote(&stage.setup.agent(&["check", "--json"])).expect("it is checked");
    assert!(
        checked["ok"] == false && checked["detail"].to_string().contains("change state.remote"),
        "{checked}"
    );

    stage.setup.config.set("state.remote", "none");
    let listed = stage.setup.agent(&["state", "list"]);
    assert!(
        listed.code == 1 && listed.stderr.contains("state.remote is \"none\""),
        "{}",
        listed.everything()
    );
}

#[test]
fn a_backup_in_a_file_needs_no_remote() {
    let mut stage = Stage::new();
    stage.setup.config.remove("budget");
    stage.setup.config.remove("walk");
    ok(stage.pass(AFTERNOON));
    let backup = stage.setup.folder().join("backup.db").display().to_string();
    ok(stage.setup.agent(&["state", "backup", &backup]));
    stage.beeminder.set_goals([GoalSpec::new("reading", 0)]);
    ok(stage.pass("2026-03-03T15:05:00-05:00"));
    assert_eq!(stage.twilio.accepted_count(), 1, "{:?}", stage.texts());

    ok(stage.setup.agent(&["state", "restore", &backup]));
    let report = ok(stage.pass("2026-03-03T15:10:00-05:00")).json();
    assert_eq!(
        about(&report, "decisions", "goal:reading", "reason"),
        "already_notified_today"
    );

    let exactly = ok(stage.setup.agent(&["state", "restore", &backup, "--exactly"]));
    assert!(exactly.stdout.contains("may be sent again"), "{}", exactly.stdout);
    assert_eq!(stage.table("claims"), Vec::<Value>::new());
    assert_eq!(stage.table("runs").len(), 1);
    ok(stage.setup.agent(&["state", "verify"]));
    let nothing = ok(stage.setup.agent(&["state", "migrate"]));
    assert!(
        nothing
            .stdout
            .ends_with("already has the schema of this release\n"),
        "{}",
        nothing.stdout
    );
}

#[test]
fn a_run_deletes_old_copies_when_there_are_more_than_120() {
    let mut stage = with_copies(Stage::new());
    stage.setup.config.remove("budget");
    stage.setup.config.remove("walk");
    stage.beeminder.set_goals([GoalSpec::new("reading", 0)]);
    ok(stage.pass(AFTERNOON));
    let first = generations(&stage).len();
    let copy = |number: usize| copies(&stage.setup).join(format!("{number:010}.db.zst"));
    for number in first + 1..=125 {
        std::fs::copy(copy(first), copy(number)).expect("the test may add copies");
    }
    ok(stage.setup.agent(&["state", "restore", "--latest"]));
    ok(stage.pass("2026-03-03T15:05:00-05:00"));
    let listed = generations(&stage);
    assert_eq!(listed.len(), 100);
    let newest = &listed[99];
    assert!(
        newest["daily"] == true && newest["weekly"] == true && newest["sound"] == true,
        "{newest}"
    );
    assert!(
        copy(usize::try_from(newest["number"].as_u64().expect("a number")).expect("a small one")).exists()
    );
    assert_eq!(stage.twilio.accepted_count(), 1);
}

#[test]
fn a_unit_that_gives_up_is_told_once_a_day_although_the_state_cannot_be_opened() {
    let stage = Stage::of_the_daemon();
    let alert = |subject: &str, severity: &str| {
        let text = format!("{subject} gave up");
        stage.setup.agent(&[
            "send-alert",
            "--subject",
            subject,
            "--severity",
            severity,
            "--text",
            &text,
        ])
    };
    let nonsense = b"nonsense ".repeat(2000);
    std::fs::write(stage.setup.database(), &nonsense).expect("the test may damage the file");
    // A provider that surely has nothing: the alert may be tried again.
    stage.twilio.fail_always(Some(Fault::TooMany(3_600)));
    let refused = alert("unit:mecris-agent.service", "CRITICAL");
    assert_ne!(refused.code, 0, "{}", refused.everything());
    assert_eq!(stage.twilio.accepted_count(), 0);
    stage.twilio.fail_always(None);
    ok(alert("unit:mecris-agent.service", "CRITICAL"));
    let texts = stage.texts();
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert!(
        texts[0].starts_with("Mecris: unit:mecris-agent.service gave up"),
        "{texts:?}"
    );
    let again = alert("unit:mecris-agent.service", "CRITICAL");
    assert_eq!(again.code, 1, "{}", again.everything());
    assert!(
        again.stderr.contains("it was sent today already"),
        "{}",
        again.stderr
    );
    ok(alert("unit_mecris-agent.service", "CRITICAL"));
    let warning = alert("backup", "WARNING");
    assert_eq!(warning.code, 1, "{}", warning.everything());
    assert_eq!(stage.twilio.accepted_count(), 2);
    let left = std::fs::read(stage.setup.database()).expect("the file");
    assert!(left == nonsense, "the damaged file was changed");
}
