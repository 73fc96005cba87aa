//! Makes transcripts as Claude Code writes them, with everything that makes them hard to count.
//!
//! The same seed makes the same lines. [`Made`] says what must be counted. What a person said is [`CANARY`] everywhere, so
//! that a test can look for it where it must not be.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::Path,
};

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// What was said. It must leave the transcripts nowhere.
pub const CANARY: &str = "canary-of-what-was-said";

/// The models of the sessions. The last one has no price.
pub const MODELS: [&str; 4] = [
    "claude-opus-5-5",
    "claude-sonnet-5-5",
    "claude-haiku-4-5-20251001",
    "claude-of-tomorrow-9",
];

/// What was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// Lines, without the one that is half written.
    pub lines: u64,
    /// Sessions that must be counted.
    pub sessions: u64,
    /// Their tokens received.
    pub output_tokens: u64,
    /// Lines that cannot be read.
    pub broken: u64,
}

/// Writes about so many lines in files of a few thousand each, below `projects` of a folder. The last of them were written
/// at `end`, and the first a week before. The last file ends in the middle of a line.
///
/// # Errors
/// If the files cannot be written.
pub fn write(folder: &Path, lines: u64, seed: u64, end: Timestamp) -> io::Result<Made> {
    let mut maker = Maker {
        random: Rng::with_seed(seed),
        made: Made::default(),
        next: 0,
    };
    let mut file_number = 0;
    while maker.made.lines < lines {
        let session = format!("{seed:04x}-{file_number:04}");
        let path = if file_number % 4 == 3 {
            folder.join(format!(
                "projects/p/{seed:04x}-{:04}/subagents/agent-{file_number}.jsonl",
                file_number - 1
            ))
        } else {
            folder.join(format!("projects/p{}/{session}.jsonl", file_number % 3))
        };
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        let mut out = BufWriter::new(File::create(path)?);
        let until = lines.min(maker.made.lines + 5_000);
        while maker.made.lines < until {
            let share = maker.made.lines as f64 / lines as f64;
            let back = SignedDuration::from_secs_f64(7.0 * 86_400.0 * (1.0 - share));
            let at = end.saturating_sub(back).unwrap_or(end);
            maker.response(&mut out, &session, at, file_number % 4 == 3)?;
        }
        file_number += 1;
        if until == lines {
            write!(
                out,
                "{{\"type\":\"assistant\",\"message\":{{\"usage\":{{\"input_tokens\":99999,\"text\":\"{CANARY}"
            )?;
        }
        out.flush()?;
    }
    Ok(maker.made)
}

struct Maker {
    random: Rng,
    made: Made,
    next: u64,
}

impl Maker {
    /// Writes what a turn of a conversation leaves: what the person said, the lines of the response, and now and then
    /// something that is none.
    fn response(
        &mut self,
        out: &mut impl Write,
        session: &str,
        at: Timestamp,
        is_side: bool,
    ) -> io::Result<()> {
        self.next += 1;
        let number = self.next;
        let said = self.said();
        let user = json!({"type": "user", "sessionId": session, "uuid": format!("user-{session}-{number}"),
            "timestamp": at.to_string(), "message": {"role": "user", "content": said}});
        self.line(out, &user)?;
        let blocks = self.random.u64(1..=4);
        let output = self.random.u64(50..4_000);
        // A model is new for a while, and then it has a price.
        let last = MODELS.len() - 1;
        let model = if self.random.u8(0..20) == 0 {
            MODELS[last]
        } else {
            MODELS[self.random.usize(..last)]
        };
        let (request, message) = (
            format!("req_{session}_{number}"),
            format!("msg_{session}_{number}"),
        );
        let has_request = self.random.u8(..) > 12;
        let written = self.random.u64(0..20_000);
        let for_an_hour = self.random.u64(0..=written);
        let mut last = Value::Null;
        for block in 1..=blocks {
            // The first lines of a response know less than the last.
            let known = if block == blocks { output } else { block };
            let mut line = json!({
                "parentUuid": format!("user-{session}-{number}"), "isSidechain": is_side, "userType": "external",
                "cwd": format!("/home/{CANARY}"), "sessionId": session, "version": "2.1.218", "type": "assistant",
                "uuid": format!("assistant-{session}-{number}-{block}"), "timestamp": at.to_string(),
                "message": {
                    "model": model, "id": message, "type": "message", "role": "assistant",
                    "content": [{"type": "text", "text": self.said()}],
                    "usage": {
                        "input_tokens": number % 50, "output_tokens": known,
                        "cache_creation_input_tokens": written, "cache_read_input_tokens": number * 7 % 90_000,
                        "cache_creation": {
                            "ephemeral_5m_input_tokens": written - for_an_hour,
                            "ephemeral_1h_input_tokens": for_an_hour
                        },
                        "service_tier": "standard", "inference_geo": "not_available"
                    }
                }
            });
            if has_request {
                line["requestId"] = request.clone().into();
            }
            if block == blocks && number.is_multiple_of(3) {
                line["message"]["usage"]["speed"] = "standard".into();
            }
            if number.is_multiple_of(11) {
                line["costUSD"] = 0.01.into();
            }
            self.line(out, &line)?;
            last = line;
        }
        self.made.sessions += 1;
        self.made.output_tokens += output;
        self.trap(out, last, is_side)
    }

    /// One of the things that are easily counted wrongly.
    fn trap(&mut self, out: &mut impl Write, mut last: Value, is_side: bool) -> io::Result<()> {
        match self.random.u8(0..24) {
            // A resumed session has its lines again.
            0 => self.line(out, &last),
            // A replay under another request.
            1 if !is_side => {
                last["isSidechain"] = true.into();
                last["requestId"] = format!("req_again_{}", self.next).into();
                self.line(out, &last)
            }
            // The progress of a subagent has a copy.
            2 if last.get("requestId").is_some() => {
                let copy = json!({"type": "progress", "timestamp": last["timestamp"],
                    "data": {"type": "agent_progress", "message": last}});
                self.line(out, &copy)
            }
            3 => {
                last["message"]["model"] = "<synthetic>".into();
                self.line(out, &last)
            }
            4 => {
                last["isApiErrorMessage"] = true.into();
                self.line(out, &last)
            }
            5 => {
                last["message"]["usage"] = json!({"service_tier": "standard"});
                self.line(out, &last)
            }
            // No id at all, and few numbers.
            6 => {
                last["message"]["usage"] = json!({"output_tokens": 7});
                if let Some(line) = last.as_object_mut() {
                    line.remove("requestId");
                }
                if let Some(message) = last["message"].as_object_mut() {
                    message.remove("id");
                }
                self.made.sessions += 1;
                self.made.output_tokens += 7;
                self.line(out, &last)
            }
            7 => {
                self.made.broken += 1;
                self.made.lines += 1;
                writeln!(
                    out,
                    "{{\"message\":{{\"usage\":{{\"input_tokens\":1,,\"said\":\"{CANARY}\"}}}}}}"
                )
            }
            8 => {
                self.made.lines += 1;
                writeln!(out)
            }
            _ => Ok(()),
        }
    }

    fn line(&mut self, out: &mut impl Write, line: &Value) -> io::Result<()> {
        self.made.lines += 1;
        writeln!(out, "{line}")
    }

    /// A text. One in a thousand is a file of a megabyte that a person gave.
    fn said(&mut self) -> String {
        let length = if self.random.u16(0..1000) == 0 {
            40_000
        } else {
            self.random.usize(1..40)
        };
        let text = format!("{CANARY} said \"usage\": {{\"output_tokens\": 1}}\n");
        text.repeat(1 + length * 10 / text.len())
    }
}
