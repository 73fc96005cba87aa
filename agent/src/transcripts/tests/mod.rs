//! Tests of scans: real files in a folder, and sessions that are recorded by the same function as everywhere.

mod cursor;
mod dedup;
mod files;
mod properties;

use std::{
    collections::HashSet,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use jiff::{Timestamp, tz::TimeZone};
use rusqlite::Connection;
use serde_json::{Value, json};

use super::*;
use crate::{
    budget::{self, Outcome, Recording, Rules},
    domain::{Provider, SessionSource},
    store::{
        self,
        tables::sessions::{self, Session},
    },
};

/// What must never leave a transcript.
const CANARY: &str = "canary-7f3a";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    at("2026-01-20T15:00:00Z")
}

/// A machine with transcripts, and a state in memory.
struct Machine {
    folder: tempfile::TempDir,
    state: Connection,
    rules: Rules,
    cursor: Option<Cursor>,
}

impl Machine {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("projects/p")).unwrap();
        let zone = TimeZone::get("America/New_York").unwrap();
        Self {
            folder,
            state: store::in_memory().unwrap(),
            rules: Rules::new(&budget::tests::settings(), &zone),
            cursor: None,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("projects/p").join(name)
    }

    fn kept(&self) -> Kept {
        Kept::beside(&self.folder.path().join("state.db"))
    }

    fn append(&self, name: &str, text: &str) {
        append(&self.path(name), text.as_bytes());
    }

    fn lines(&self, name: &str, lines: &[Value]) {
        for line in lines {
            self.append(name, &format!("{line}\n"));
        }
    }

    fn look(&self) -> Scanned {
        let folders = [self.folder.path().join("projects")];
        scan(&folders, at("2025-12-21T15:00:00Z"), self.cursor.as_ref())
    }

    /// Scans, records and remembers. Returns the scan, and how many sessions were new.
    fn scan(&mut self) -> (Scanned, usize) {
        let scanned = self.look();
        let tx = self.state.transaction().unwrap();
        let mut recording = Recording::begin(&self.rules, &tx, SessionSource::Transcripts, now());
        let sessions: Vec<_> = scanned
            .found
            .iter()
            .flat_map(|found| found.sessions(true))
            .collect();
        recording.expect(sessions.iter()).unwrap();
        let mut new = 0;
        for session in &sessions {
            match recording.record(session).unwrap() {
                Outcome::Recorded(_) => new += 1,
                Outcome::Repeated(_) | Outcome::TakenBack => {}
                Outcome::Refused(error) => panic!("{error}"),
            }
        }
        drop(recording);
        tx.commit().unwrap();
        let newer = scanned.cursor(&self.kept(), &HashSet::default(), None);
        let text = serde_json::to_vec(&newer).unwrap();
        self.cursor = Some(serde_json::from_slice(&text).unwrap());
        (scanned, new)
    }

    /// Keeps the cursor in its file.
    fn remember(&self) -> Kept {
        let kept = self.kept();
        kept.write(self.cursor.as_ref().unwrap()).unwrap();
        kept
    }

    /// The rows, in an order of their own.
    fn rows(&self) -> Vec<Session> {
        let mut rows: Vec<Session> = sessions::recent(&self.state, 10_000)
            .unwrap()
            .into_iter()
            .map(|kept| kept.session)
            .collect();
        rows.sort_by(|a, b| a.request_id.cmp(&b.request_id));
        rows
    }

    /// What the rows have of ids, tokens sent and tokens received.
    fn short(&self) -> Vec<(String, i64, i64)> {
        let rows = self.rows().into_iter();
        rows.map(|row| (row.request_id.unwrap(), row.used.input, row.used.output))
            .collect()
    }
}

fn append(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut file = fs::File::options().create(true).append(true).open(path).unwrap();
    file.write_all(bytes).unwrap();
}

/// A line of a response, as Claude Code writes it. It has what must not leave it wherever a person's text can be.
fn line(request: Option<&str>, message: Option<&str>, input: u64, output: u64) -> Value {
    let mut line = json!({
        "parentUuid": "u0", "isSidechain": false, "userType": "external", "cwd": format!("/home/{CANARY}"),
        "sessionId": "s1", "version": "2.1.218", "gitBranch": CANARY, "type": "assistant", "uuid": "u1",
        "timestamp": "2026-01-16T15:00:00.000Z",
        "message": {
            "model": "m", "type": "message", "role": "assistant", "stop_reason": null,
            "content": [{"type": "text", "text": format!("{CANARY} and \"usage\": {{\"input_tokens\": 5}}")}],
            "usage": {"input_tokens": input, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
                "output_tokens": output, "service_tier": "standard"}
        }
    });
    if let Some(request) = request {
        line["requestId"] = request.into();
    }
    if let Some(message) = message {
        line["message"]["id"] = message.into();
    }
    line
}

/// The same line, written at another time.
fn then(time: &str, mut line: Value) -> Value {
    line["timestamp"] = time.into();
    line
}

/// The same line in a side conversation.
fn side(mut line: Value) -> Value {
    line["isSidechain"] = true.into();
    line
}

#[test]
fn a_response_becomes_a_session_at_its_own_time_with_all_its_classes() {
    let mut machine = Machine::new();
    let mut response = line(Some("req_1"), Some("msg_1"), 107, 448);
    response["message"]["usage"] = json!({
        "input_tokens": 107, "output_tokens": 448, "cache_creation_input_tokens": 17_355,
        "cache_read_input_tokens": 16_549,
        "cache_creation": {"ephemeral_5m_input_tokens": 17_000, "ephemeral_1h_input_tokens": 300},
        "server_tool_use": {"web_search_requests": 2}, "service_tier": "priority", "inference_geo": "us",
        "speed": "standard"
    });
    machine.lines("s1.jsonl", &[response]);
    assert_eq!(machine.scan().1, 1);
    let row = machine.rows().remove(0);
    assert_eq!(row.at, at("2026-01-16T15:00:00Z"));
    assert_eq!((row.provider, row.model.as_str()), (Provider::Anthropic, "m"));
    let used = row.used;
    assert_eq!(
        (
            used.input,
            used.output,
            used.cache_write,
            used.cache_write_1h,
            used.cache_read,
            used.web_searches
        ),
        (107, 448, 17_055, 300, 16_549, 2)
    );
    assert_eq!(row.conditions.service_tier, "priority");
    assert_eq!(row.conditions.inference_geo, "us");
    assert_eq!((row.source, row.billed), (SessionSource::Transcripts, true));
    assert_eq!(
        (row.session_type.as_str(), row.notes.as_str()),
        ("claude-code", "msg_1")
    );
}

#[test]
fn a_response_of_several_models_becomes_several_sessions() {
    let mut machine = Machine::new();
    let mut response = line(Some("req_1"), Some("msg_1"), 10, 20);
    response["message"]["usage"]["iterations"] = json!([
        {"type": "message", "input_tokens": 10, "output_tokens": 20},
        {"type": "compaction", "input_tokens": 60, "output_tokens": 5},
        {"type": "advisor_message", "model": "m2", "input_tokens": 7, "output_tokens": 8}
    ]);
    machine.lines("s1.jsonl", &[response.clone(), response]);
    assert_eq!(machine.scan().1, 3);
    assert_eq!(
        machine.short(),
        [
            ("req_1".to_owned(), 10, 20),
            ("req_1#1".to_owned(), 60, 5),
            ("req_1#2".to_owned(), 7, 8)
        ]
    );
    let models: Vec<String> = machine.rows().into_iter().map(|row| row.model).collect();
    assert_eq!(models, ["m", "m", "m2"]);
    machine.cursor = None;
    assert_eq!(machine.scan().1, 0);
}

#[test]
fn what_was_said_is_nowhere() {
    let mut machine = Machine::new();
    let mut nested = line(Some("req_2"), Some("msg_2"), 3, 4);
    nested["toolUseResult"] = json!({"stdout": CANARY, "usage": {"input_tokens": 9}});
    machine.lines("s1.jsonl", &[line(Some("req_1"), Some("msg_1"), 1, 2), nested]);
    machine.lines("s1.jsonl", &[line(None, None, 5, 6)]);
    machine.append(
        "s1.jsonl",
        &format!("{{\"usage\": \"{CANARY}\", \"message\": {CANARY}}}\n"),
    );
    machine.append(
        "s1.jsonl",
        &format!("{{\"type\":\"user\",\"message\":{{\"usage\":[\"{CANARY}\"]}}}}\n"),
    );
    machine.append("s1.jsonl", &format!("{{\"half\": \"{CANARY} \\\"usage\\\""));
    let (scanned, new) = machine.scan();
    assert_eq!((new, scanned.skipped.broken), (3, 2));
    let cursor = fs::read_to_string(machine.remember().path).unwrap();
    let sessions: Vec<_> = scanned
        .found
        .iter()
        .flat_map(|found| found.sessions(true))
        .collect();
    let sent = serde_json::to_string(&sessions).unwrap();
    for (what, text) in [
        ("the cursor", cursor),
        ("what is sent", sent),
        ("the rows", format!("{:?}", machine.rows())),
        ("the scan", format!("{scanned:?}")),
    ] {
        assert!(!text.contains(CANARY), "{what}: {text}");
    }
}
