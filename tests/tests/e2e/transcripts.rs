//! `usage scan`: what Claude Code's transcripts say is recorded once, here or in another Mecris, and what was said in them
//! is nowhere.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::SignedDuration;
use mecris_tests::{
    agent::{API_TOKEN, Output, optimised_binary},
    clock::machine_time,
    http_client::request,
    transcripts::{self, CANARY, Made},
    wait::until,
};
use serde_json::{Value, json};

use crate::stage::Stage;

const PATIENCE: Duration = Duration::from_secs(60);

/// A laptop: an installation whose HOME has transcripts.
struct Laptop {
    stage: Stage,
    made: Made,
}

impl Laptop {
    fn new(lines: u64) -> Self {
        let mut stage = Stage::of_the_daemon();
        let home = stage.setup.folder().join("home");
        stage.setup.set_env("HOME", &home.display().to_string());
        stage.setup.config.set(
            "budget.anthropic",
            json!({"source": "ledger", "limit_usd": 1000.0, "period": "monthly"}),
        );
        let end = machine_time() - SignedDuration::from_mins(1);
        let made = transcripts::write(&home.join(".claude"), lines, 1, end).expect("transcripts");
        Self { stage, made }
    }

    fn home(&self) -> PathBuf {
        self.stage.setup.folder().join("home")
    }

    fn scan(&self, more: &[&str]) -> Output {
        let arguments: Vec<&str> = ["usage", "scan", "--json"].iter().chain(more).copied().collect();
        self.stage.setup.agent(&arguments)
    }

    /// Scans, and returns how many sessions were new and known.
    fn counted(&self, more: &[&str]) -> (u64, u64) {
        let output = self.scan(more);
        assert_eq!(output.code, 0, "{}", output.everything());
        new_and_known(&output)
    }

    /// How many rows there are, and their tokens received.
    fn rows(&self) -> (u64, u64) {
        let rows = self.stage.table("usage_sessions");
        let output = rows.iter().filter_map(|row| row["output_tokens"].as_u64()).sum();
        (rows.len() as u64, output)
    }

    fn all(&self) -> (u64, u64) {
        (self.made.sessions, self.made.output_tokens)
    }

    /// Adds a response to a session of its own, and returns its file.
    fn adds(&self, request: &str) -> PathBuf {
        let file = self.home().join(".claude/projects/p0/added.jsonl");
        let line = json!({"type": "assistant", "timestamp": machine_time().to_string(), "requestId": request,
            "message": {"id": format!("msg_{request}"), "model": "claude-opus-5-5", "content": CANARY,
                "usage": {"input_tokens": 1, "output_tokens": 11}}});
        let mut out = fs::File::options()
            .create(true)
            .append(true)
            .open(&file)
            .expect("a file");
        writeln!(out, "{line}").expect("a line");
        file
    }

    /// Every file of the installation but the transcripts.
    fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        below(self.stage.setup.folder(), &mut files);
        files.retain(|file| !file.starts_with(self.home().join(".claude")));
        files
    }

    fn has_no_canary(&self) {
        let files = self.files();
        assert!(files.len() > 1, "{files:?}");
        for file in files {
            // A socket cannot be read, and holds nothing.
            let content = fs::read(&file).unwrap_or_default();
            let found = content
                .windows(CANARY.len())
                .any(|part| part == CANARY.as_bytes());
            assert!(!found, "{} has what was said", file.display());
        }
    }
}

fn below(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            below(&path, files);
        } else {
            files.push(path);
        }
    }
}

fn new_and_known(output: &Output) -> (u64, u64) {
    let sessions = &output.json()["sessions"];
    assert!(!output.everything().contains(CANARY), "{}", output.everything());
    (
        sessions["new"].as_u64().expect("a number"),
        sessions["known"].as_u64().expect("a number"),
    )
}

#[test]
fn a_machines_transcripts_are_recorded_once_whatever_happens_to_them() {
    let laptop = Laptop::new(3_000);
    let output = laptop.scan(&[]);
    assert_eq!(output.code, 0, "{}", output.everything());
    let report = output.json();
    assert_eq!(report["sessions"]["new"], laptop.made.sessions, "{report:#}");
    assert_eq!(report["lines"]["broken"], laptop.made.broken, "{report:#}");
    let assumed = report["models"]
        .as_array()
        .expect("models")
        .iter()
        .find(|one| one["assumed"] != 0);
    assert_eq!(assumed.expect("one")["model"], "claude-of-tomorrow-9");
    assert_eq!(laptop.rows(), laptop.all());
    assert_eq!(laptop.counted(&[]), (0, 0), "nothing is new");
    let file = laptop.adds("req_added_1");
    assert_eq!(laptop.counted(&[]), (1, 0), "only what is new is read");
    laptop.adds("req_added_2");
    fs::write(&file, "").expect("truncated");
    laptop.adds("req_added_2");
    assert_eq!(laptop.counted(&[]), (1, 0));
    let (new, known) = laptop.counted(&["--again"]);
    assert!(
        new == 0 && known >= laptop.made.sessions,
        "{new} new, {known} known"
    );
    assert_eq!(laptop.counted(&[]), (0, 0), "what is known is remembered as well");
    let cursor = laptop.stage.setup.folder().join("mecris_usage.db.transcripts");
    fs::write(&cursor, "{\"version\":1,").expect("damaged");
    let output = laptop.scan(&[]);
    assert_eq!(
        (output.code, new_and_known(&output).0),
        (0, 0),
        "{}",
        output.everything()
    );
    assert!(
        output.stdout.contains("is damaged: everything is read again"),
        "{}",
        output.stdout
    );
    let (sessions, output_tokens) = laptop.all();
    assert_eq!(laptop.rows(), (sessions + 2, output_tokens + 22));
    laptop.has_no_canary();
}

#[test]
fn a_state_that_was_set_back_gets_everything_again() {
    let laptop = Laptop::new(300);
    laptop.counted(&[]);
    for name in ["mecris_usage.db", "mecris_usage.db-wal", "mecris_usage.db-shm"] {
        let _ = fs::remove_file(laptop.stage.setup.folder().join(name));
    }
    let output = laptop.scan(&[]);
    assert_eq!(
        new_and_known(&output).0,
        laptop.made.sessions,
        "{}",
        output.everything()
    );
    assert!(
        output.stdout.contains("does not have what was recorded last"),
        "{}",
        output.stdout
    );
    assert_eq!(laptop.rows(), laptop.all());
}

#[test]
fn a_scan_that_is_killed_counts_nothing_twice_and_loses_nothing() {
    let laptop = Laptop::new(4_000);
    let folder = laptop.stage.setup.folder().to_owned();
    // Before the state is written, while it is written, and when the cursor is.
    for name in [
        "mecris_usage.db",
        "mecris_usage.db-wal",
        "mecris_usage.db.transcripts",
    ] {
        let mut scan = laptop
            .stage
            .setup
            .command(&["usage", "scan", "--json", "--again"])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("the agent starts");
        let there = until(PATIENCE, || folder.join(name).exists().then_some(()));
        assert!(there.is_some(), "{name}");
        // Whether the signal finds it at work or at its end, the next scan must mend it.
        scan.kill().expect("it is ours");
        scan.wait().expect("it ends");
    }
    let output = laptop.scan(&[]);
    assert_eq!(output.code, 0, "{}", output.everything());
    assert_eq!(laptop.rows(), laptop.all());
}

#[test]
fn a_plan_is_shown_and_no_budget_counts_it() {
    let laptop = Laptop::new(300);
    let output = laptop.scan(&["--plan"]);
    assert_eq!(output.code, 0, "{}", output.everything());
    let rows = laptop.stage.table("usage_sessions");
    assert!(rows.iter().all(|row| row["billed"] == 0), "{rows:?}");
    let text = laptop.stage.setup.agent(&["usage", "scan", "--plan", "--again"]);
    assert!(text.stdout.contains("0 new"), "{}", text.stdout);
}

#[test]
fn what_cannot_be_meant_is_refused_in_a_sentence() {
    let laptop = Laptop::new(10);
    for (arguments, says) in [
        (&["--since", "tomorrow"][..], "expected a length such as"),
        (&["--since=-3d"], "expected a length such as"),
        (&["--dir", "/nowhere/at/all"], "is not a folder"),
        (&["--post", "ftp://x"], "expected an address such as"),
        (&["--token-file", "x"], "--post"),
        (&["--plan", "--billed=true"], "cannot be used with"),
    ] {
        let output = laptop.scan(arguments);
        assert_eq!(output.code, 64, "{arguments:?}: {}", output.everything());
        assert!(output.stderr.contains(says), "{arguments:?}: {}", output.stderr);
    }
    fs::remove_dir_all(laptop.home()).expect("removed");
    let output = laptop.scan(&[]);
    assert_eq!(output.code, 64, "{}", output.everything());
    assert!(
        output.stderr.contains("no transcripts of Claude Code"),
        "{}",
        output.stderr
    );
}

#[test]
fn another_mecris_gets_each_request_once_and_nothing_is_remembered_that_it_did_not_answer() {
    let mut laptop = Laptop::new(3_000);
    let mut daemon = laptop.stage.setup.serve();
    let address = format!("http://{}", daemon.address());
    let post = ["--post", address.as_str()];

    laptop
        .stage
        .setup
        .set_env("MECRIS_API_TOKENS", "laptop:not-the-token-of-anybody");
    let refused = laptop.scan(&post);
    assert_eq!(refused.code, 1, "{}", refused.everything());
    let stopped = refused.json()["stopped"].to_string();
    assert!(stopped.contains("answered 401"), "{stopped}");
    assert!(
        !refused.everything().contains("not-the-token"),
        "{}",
        refused.everything()
    );

    let file = laptop.stage.setup.folder().join("token");
    fs::write(&file, format!("{API_TOKEN}\n")).expect("a file");
    let file = file.display().to_string();
    let post = ["--post", address.as_str(), "--token-file", file.as_str()];
    daemon.kill();
    let unreached = laptop.scan(&post);
    assert_eq!(unreached.code, 75, "{}", unreached.everything());

    laptop
        .stage
        .setup
        .set_env("MECRIS_API_TOKENS", &format!("tests:{API_TOKEN}"));
    let daemon = laptop.stage.setup.serve();
    assert_eq!(laptop.counted(&post), (laptop.made.sessions, made_twice(&laptop)));
    assert_eq!(laptop.counted(&post), (0, 0), "what was answered is remembered");
    laptop.adds("req_added");
    assert_eq!(laptop.counted(&post), (1, 0));
    assert_eq!(laptop.counted(&[&post[..], &["--again"]].concat()).0, 0);
    let recent = daemon.get("/usage/recent?limit=1").json();
    assert_eq!(recent["sessions"][0]["source"], "transcripts", "{recent:#}");
    assert_eq!(recent["sessions"][0]["request_id"], "req_added", "{recent:#}");
    let usage = daemon.get("/usage").json();
    assert!(
        usage["used_budget"].as_f64().is_some_and(|used| used > 0.0),
        "{usage:#}"
    );
    drop(daemon);
    let (sessions, output_tokens) = laptop.all();
    assert_eq!(laptop.rows(), (sessions + 1, output_tokens + 11));
    // The other way out finds all of it.
    assert_eq!(laptop.counted(&[]).0, 0);
    laptop.has_no_canary();
}

/// Replays under another request are known when they come.
fn made_twice(laptop: &Laptop) -> u64 {
    let output = laptop.scan(&["--again"]);
    // The daemon has the state, so what it would record was tried on a copy.
    let known = output.json()["sessions"]["known"].as_u64();
    known.expect("a number") - laptop.made.sessions
}

#[test]
fn beside_a_daemon_the_sessions_are_left_for_it() {
    let laptop = Laptop::new(1_000);
    let daemon = laptop.stage.setup.serve();
    let output = laptop.scan(&[]);
    assert_eq!(output.code, 0, "{}", output.everything());
    assert_eq!(new_and_known(&output).0, laptop.made.sessions);
    let notes = output.json()["notes"].to_string();
    assert!(notes.contains(&format!("(process {})", daemon.pid())), "{notes}");
    let all = until(PATIENCE, || {
        let summary = daemon.get("/usage/summary?days=30").json();
        (summary["summary"]["total_sessions"] == laptop.made.sessions).then_some(())
    });
    assert!(all.is_some(), "{}", daemon.logs());
    assert_eq!(laptop.counted(&[]), (0, 0));
    drop(daemon);
    assert_eq!(laptop.rows(), laptop.all());
    laptop.has_no_canary();
}

#[test]
fn one_bad_session_of_many_does_not_drop_the_others() {
    let laptop = Laptop::new(10);
    let daemon = laptop.stage.setup.serve();
    let token = format!("Bearer {API_TOKEN}");
    let post = |body: &Value| {
        let headers = [("authorization", token.as_str())];
        request(daemon.address(), "POST", "/usage/records", &headers, Some(body)).expect("an answer")
    };
    let hour_ago = (machine_time() - SignedDuration::from_hours(1)).to_string();
    let good = |request: &str| {
        json!({"request_id": request, "model": "claude-opus-5-5", "input_tokens": 1000, "output_tokens": 1,
            "at": hour_ago})
    };
    let mut future = good("req_future");
    future["at"] = (machine_time() + SignedDuration::from_hours(1))
        .to_string()
        .into();
    let mut misspelt = good("req_misspelt");
    misspelt["input_token"] = 5.into();
    let mut wrong = good("req_wrong");
    wrong["input_tokens"] = "many".into();
    let mut implausible = good("req_implausible");
    implausible["output_tokens"] = 900_000_000.into();
    let sessions = json!([
        good("req_1"),
        future,
        misspelt,
        wrong,
        implausible,
        good("req_1"),
        good("req_2")
    ]);
    let answer = post(&json!({"source": "transcripts", "sessions": sessions})).json();
    assert_eq!(
        (&answer["recorded"], &answer["repeated"], &answer["refused"]),
        (&json!(2), &json!(1), &json!(4))
    );
    let results: Vec<&str> = answer["sessions"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| one["why"].as_str().or(one["result"].as_str()).expect("a text"))
        .collect();
    assert_eq!(results[0], "recorded");
    assert!(
        results[1].contains("at is") && results[1].contains("5 minutes ahead"),
        "{results:?}"
    );
    assert!(results[2].contains("did you mean input_tokens?"), "{results:?}");
    assert!(results[3].contains("expected a whole number"), "{results:?}");
    assert!(results[4].contains("more than ten times"), "{results:?}");
    assert_eq!(results[5..], ["repeated", "recorded"]);
    let recent = daemon.get("/usage/recent").json();
    assert_eq!(
        (&recent["count"], &recent["sessions"][0]["timestamp"]),
        (&json!(2), &json!(hour_ago))
    );
    for (body, says) in [
        (json!({"sessions": []}), "expected 1 to 500"),
        (
            json!({"source": "proxy", "sessions": [good("a")]}),
            "unknown variant",
        ),
        (json!({"session": [good("a")]}), "did you mean sessions?"),
        (json!([good("a")]), "the body cannot be used"),
    ] {
        let refused = post(&body);
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert!(refused.body.contains(says), "{}", refused.body);
    }
}

/// How much memory a scan may use, in kB.
const MOST_KB: u64 = 40 * 1024;

#[test]
#[ignore = "heavy tier: scripts/test-all runs it"]
fn a_hundred_thousand_lines_take_little_memory_and_a_second_scan_next_to_nothing() {
    let mut laptop = Laptop::new(100_000);
    laptop.stage.setup.program = Some(optimised_binary().to_owned());
    let scans = [laptop.made.sessions, 0].map(|new| {
        let (output, used, peak) = measured(&laptop);
        println!(
            "{} lines: {used:?} of the processor, at most {peak} kB resident",
            laptop.made.lines
        );
        assert_eq!(output["sessions"]["new"], new, "{output:#}");
        assert!(peak <= MOST_KB, "{peak} kB");
        used
    });
    // What a second scan uses is measured against the first one: machines differ. (docs/PERFORMANCE.md has times.)
    assert!(scans[1] * 5 <= scans[0], "{scans:?}");
    laptop.stage.setup.program = None;
    assert_eq!(laptop.rows(), laptop.all());
}

/// Scans, and returns what the process used of the processor and its largest memory in kB. The time on the wall depends on
/// what else the machine does.
fn measured(laptop: &Laptop) -> (Value, Duration, u64) {
    let file = laptop.stage.setup.folder().join("report.json");
    let mut scan = laptop
        .stage
        .setup
        .command(&["usage", "scan", "--json"])
        .stdout(fs::File::create(&file).expect("a file"))
        .spawn()
        .expect("the agent starts");
    let of_process =
        |name: &str| fs::read_to_string(format!("/proc/{}/{name}", scan.id())).unwrap_or_default();
    let mut peak = 0;
    // A process that has ended and was not waited for has its times still, and its memory no more.
    let ticks = until(PATIENCE, || {
        let status = of_process("status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        peak = kilobytes.unwrap_or(0).max(peak);
        let stat = of_process("stat");
        let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
        let ticks = |at: usize| fields.get(at)?.parse::<u64>().ok();
        (fields.first() == Some(&"Z")).then_some(ticks(11)? + ticks(12)?)
    });
    let code = scan.wait().expect("it ends");
    assert!(code.success(), "{code}");
    let report = fs::read_to_string(&file).expect("a report");
    let used = Duration::from_millis(10 * ticks.expect("it ended"));
    (serde_json::from_str(&report).expect("JSON"), used, peak)
}
