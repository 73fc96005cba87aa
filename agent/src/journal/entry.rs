//! Makes an event of CloudWatch Logs from a line of `journalctl --output=json`.

use serde_json::{Map, Value, json};

use super::{metrics, pem::OpenKeys, redact::Redactor};

/// The key of the cursor in every event. A cursor is the journal's name for an entry.
pub(super) const CURSOR: &str = "cursor";

/// syslog's level of errors. Entries at this level or worse are shipped in spite of the day's limit.
const ERROR: i64 = 3;

/// The longest message and the longest of the other fields, in bytes as JSON writes them. A longer text is cut.
/// Some regions allow 256 KiB for one event.
const LONGEST: usize = 200 << 10;
const LONGEST_FIELD: usize = 1 << 10;

/// A longer text is cut before its secrets are masked, which takes time. That may cut through a secret, so that much
/// more goes than any secret has.
const LONGEST_MASKED: usize = 512 << 10;
const LONGEST_SECRET: usize = 16 << 10;

/// The longest cursor, in bytes: journald's have about 130.
const LONGEST_CURSOR: usize = 1 << 10;

/// An event that is ready to be put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event {
    /// Its name in the stream: the cursor of its entry, or `before <cursor>` for a line that the shipper
    /// adds.
    pub(super) cursor: String,
    /// Whether it is an entry of the journal.
    pub(super) is_entry: bool,
    /// Milliseconds since 1970, as the journal dates it.
    pub(super) at: i64,
    /// What is shipped: one JSON object.
    pub(super) text: String,
    /// Whether it is shipped in spite of the day's limit: errors and metrics are.
    pub(super) matters: bool,
}

/// The fields of an entry that are shipped, each with its name in the event.
const FIELDS: &[(&str, &str)] = &[
    ("_SYSTEMD_UNIT", "unit"),
    ("SYSLOG_IDENTIFIER", "identifier"),
    ("_PID", "pid"),
    ("_TRANSPORT", "transport"),
];

/// The value of `journalctl --output-fields`.
pub(super) fn output_fields() -> String {
    let names: Vec<&str> = FIELDS
        .iter()
        .map(|(name, _)| *name)
        .chain(["MESSAGE", "PRIORITY"])
        .collect();
    names.join(",")
}

/// The event for one line, which follows the lines that `keys` has seen; `None` if the line is not an entry of a journal.
pub(super) fn event(line: &str, redactor: &Redactor, keys: &mut OpenKeys) -> Option<Event> {
    let Value::Object(entry) = serde_json::from_str(line).ok()? else {
        return None;
    };
    let cursor = entry.get("__CURSOR")?.as_str()?.to_owned();
    if cursor.len() > LONGEST_CURSOR {
        return None;
    }
    let at = entry.get("__REALTIME_TIMESTAMP")?.as_str()?.parse::<i64>().ok()? / 1000;
    // Given twice, the more severe one counts.
    let priority = text(entry.get("PRIORITY"))
        .lines()
        .filter_map(|level| level.parse::<i64>().ok())
        .min();
    let message = masked(text(entry.get("MESSAGE")), |text| {
        redactor.line(&keys.mask(|| sender(&entry), text))
    });
    let said = fields_of(&message, redactor);
    let unit = entry.get("_SYSTEMD_UNIT").and_then(Value::as_str);
    let is_metric = said.as_ref().is_some_and(|said| metrics::is_ours(unit, said));
    let mut shipped = match said {
        // Metrics are not wrapped: CloudWatch finds `_aws` only at the top.
        Some(said) if is_metric => said,
        said => {
            let mut shipped = Map::new();
            for (name, short) in FIELDS {
                let value = masked(text(entry.get(*name)), |text| redactor.line(text));
                if !value.is_empty() {
                    shipped.insert((*short).to_owned(), shortened(value, LONGEST_FIELD).into());
                }
            }
            shipped.insert("priority".to_owned(), json!(priority));
            shipped.insert(
                "message".to_owned(),
                said.map_or_else(|| shortened(message, LONGEST).into(), Value::Object),
            );
            shipped
        }
    };
    shipped.insert(CURSOR.to_owned(), cursor.clone().into());
    let matters = is_metric || priority.is_some_and(|priority| priority <= ERROR);
    Some(Event {
        cursor,
        is_entry: true,
        at,
        text: Value::Object(shipped).to_string(),
        matters,
    })
}

/// An event with words of the shipper itself. It is placed before the entry whose cursor is `before`.
pub(super) fn own(before: &str, at: i64, message: &str) -> Event {
    let cursor = format!("before {before}");
    let text = json!({ "unit": "mecris-journal.service", "identifier": "ship-journal", "message": message, CURSOR: cursor });
    Event {
        cursor,
        is_entry: false,
        at,
        text: text.to_string(),
        matters: true,
    }
}

/// The writer of an entry, whose lines follow each other.
fn sender(entry: &Map<String, Value>) -> String {
    let fields = FIELDS.iter().map(|(name, _)| text(entry.get(*name)));
    fields.collect::<Vec<_>>().join(" ")
}

/// The text of a field. journald gives text, a list of bytes if the text is not UTF-8, a list of both if a field
/// was given more than once, and null if the text is too long.
fn text(message: Option<&Value>) -> String {
    let bytes = |items: &[Value]| -> Option<Vec<u8>> {
        items
            .iter()
            .map(|item| item.as_u64().and_then(|byte| u8::try_from(byte).ok()))
            .collect()
    };
    match message {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => match bytes(items) {
            Some(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            None => {
                let texts = items.iter().map(|item| text(Some(item)));
                texts
                    .filter(|text| !text.is_empty())
                    .collect::<Vec<_>>()
                    .join("\n")
            }
        },
        _ => String::new(),
    }
}

/// The text with its secrets masked by `mask`.
fn masked(mut text: String, mask: impl FnOnce(&str) -> String) -> String {
    if text.len() <= LONGEST_MASKED {
        return mask(&text);
    }
    text.truncate(text.floor_char_boundary(LONGEST_MASKED));
    let mut text = mask(&text);
    text.truncate(text.floor_char_boundary(text.len().saturating_sub(LONGEST_SECRET)));
    text.push_str(CUT);
    text
}

/// The fields of a message that is JSON already, as a line of the agent is. It stays JSON, so that CloudWatch finds
/// the fields. `None` if it is not, or becomes too long.
fn fields_of(message: &str, redactor: &Redactor) -> Option<Map<String, Value>> {
    let mut said: Map<String, Value> = serde_json::from_str(message).ok()?;
    // With `\u0061` or `\/`, a secret is another text in JSON than in what it says.
    if message.contains('\\') {
        said = masked_fields(said, redactor);
    }
    let length = serde_json::to_string(&said).ok()?.len();
    (length <= LONGEST).then_some(said)
}

fn masked_fields(fields: Map<String, Value>, redactor: &Redactor) -> Map<String, Value> {
    let masked = |(name, value): (String, Value)| (redactor.line(&name), masked_value(value, redactor));
    fields.into_iter().map(masked).collect()
}

fn masked_value(value: Value, redactor: &Redactor) -> Value {
    match value {
        Value::String(text) => redactor.line(&text).into(),
        Value::Array(items) => items
            .into_iter()
            .map(|item| masked_value(item, redactor))
            .collect(),
        Value::Object(fields) => Value::Object(masked_fields(fields, redactor)),
        other => other,
    }
}

const CUT: &str = "\u{2026} (cut)";

/// The text, or as much of its beginning as JSON writes in `most` bytes.
fn shortened(mut text: String, most: usize) -> String {
    let mut length = 0;
    let end = text.char_indices().find_map(|(at, c)| {
        length += length_in_json(c);
        (length > most).then_some(at)
    });
    if let Some(end) = end {
        text.truncate(end);
        text.push_str(CUT);
    }
    text
}

/// How many bytes a character has between the quotation marks of JSON.
fn length_in_json(c: char) -> usize {
    match c {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..' ' => 6,
        _ => c.len_utf8(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(message: &Value, priority: &str) -> String {
        json!({
            "__CURSOR": "s=1;i=2", "__REALTIME_TIMESTAMP": "1795284000123456", "PRIORITY": priority, "_PID": "7",
            "_SYSTEMD_UNIT": "mecris-agent.service", "MESSAGE": message, "_HOSTNAME": "ip-10-0-0-1",
        })
        .to_string()
    }

    fn shipped(message: impl Into<Value>, priority: &str) -> (Value, bool) {
        let event = event(
            &entry(&message.into(), priority),
            &Redactor::default(),
            &mut OpenKeys::default(),
        )
        .unwrap();
        assert_eq!((event.cursor.as_str(), event.at), ("s=1;i=2", 1_795_284_000_123));
        (serde_json::from_str(&event.text).unwrap(), event.matters)
    }

    #[test]
    fn a_line_keeps_who_said_it_and_where_in_the_journal_it_is() {
        let (found, matters) = shipped("hello", "6");
        let expected = json!({"unit": "mecris-agent.service", "pid": "7", "priority": 6, "message": "hello", "cursor": "s=1;i=2"});
        assert_eq!((found, matters), (expected, false));
        let (found, matters) = shipped(r#"{"level":"ERROR","message":"x"}"#, "3");
        assert_eq!((&found["message"]["level"], matters), (&"ERROR".into(), true));
    }

    #[test]
    fn of_two_priorities_the_more_severe_counts() {
        for (priority, expected, matters) in [
            (json!(["6", "3"]), json!(3), true),
            (json!(["3", "6"]), json!(3), true),
            (json!([[51], "6"]), json!(3), true),
            (json!([52]), json!(4), false),
            (json!(["7", "none"]), json!(7), false),
            (json!(null), json!(null), false),
        ] {
            let mut entry: Value = serde_json::from_str(&entry(&"x".into(), "6")).unwrap();
            entry["PRIORITY"] = priority;
            entry["SYSLOG_IDENTIFIER"] = json!(["a", [98]]);
            let event = event(&entry.to_string(), &Redactor::default(), &mut OpenKeys::default()).unwrap();
            let shipped: Value = serde_json::from_str(&event.text).unwrap();
            assert_eq!(
                (&shipped["priority"], event.matters),
                (&expected, matters),
                "{entry}"
            );
            assert_eq!(shipped["identifier"], "a\nb");
        }
    }

    #[test]
    fn a_private_key_that_comes_line_by_line_is_masked_in_each() {
        let mut keys = OpenKeys::default();
        let mut shipped = |message: &str| {
            let event = event(&entry(&message.into(), "6"), &Redactor::default(), &mut keys).unwrap();
            serde_json::from_str::<Value>(&event.text).unwrap()["message"].clone()
        };
        assert_eq!(shipped("-----BEGIN RSA PRIVATE KEY-----"), "***");
        assert_eq!(shipped(&"MIIEow".repeat(10)), "***");
        assert_eq!(shipped("-----END RSA PRIVATE KEY-----"), "***");
        assert_eq!(shipped("started"), "started");
    }

    #[test]
    fn an_event_is_no_longer_than_every_region_takes_however_json_writes_it() {
        let list = format!("{{\"a\":[{}1]}}", "1e9,".repeat(50_000));
        let open = format!("access_token=&{}", "access_token=&".repeat(14_000));
        for long in [
            "\u{1}".repeat(LONGEST),
            "\"".repeat(LONGEST),
            "é".repeat(LONGEST),
            list,
            open,
        ] {
            let mut entry: Value = serde_json::from_str(&entry(&long.as_str().into(), "6")).unwrap();
            entry["SYSLOG_IDENTIFIER"] = "\u{1}".repeat(LONGEST_FIELD).into();
            let event = event(&entry.to_string(), &Redactor::default(), &mut OpenKeys::default()).unwrap();
            assert!(event.text.len() + 26 <= 256 << 10, "{} bytes", event.text.len());
            let shipped: Value = serde_json::from_str(&event.text).unwrap();
            assert!(shipped["message"].as_str().unwrap().len() > LONGEST / 8);
        }
        let mut named: Value = serde_json::from_str(&entry(&"x".into(), "6")).unwrap();
        named["__CURSOR"] = "c".repeat(LONGEST_CURSOR + 1).into();
        let event = event(&named.to_string(), &Redactor::default(), &mut OpenKeys::default());
        assert_eq!(event, None);
    }

    /// A redactor that knows one secret, which JSON writes in several ways.
    fn redactor() -> Redactor {
        let mut secrets = crate::config::Secrets::default();
        secrets.insert(crate::config::SecretName::SmtpUrl, "canary/caf\u{e9}".into());
        Redactor::new(&secrets)
    }

    #[test]
    fn a_secret_is_masked_however_json_writes_it() {
        for said in [
            r#"{"to":"canary/café","x":1}"#,
            r#"{"to":"canary\/café","x":1}"#,
            r#"{"to":["a \u0063anary\u002fcaf\u00e9"],"x":1}"#,
            r#"{"to":{"canary/caf\u00E9":"b"},"x":1}"#,
        ] {
            let line = entry(&said.into(), "6");
            let event = event(&line, &redactor(), &mut OpenKeys::default()).unwrap();
            let shipped: Value = serde_json::from_str(&event.text).unwrap();
            assert!(!event.text.contains("canary"), "{}", event.text);
            assert_eq!(shipped["message"]["x"], 1, "{said}");
        }
    }

    #[test]
    fn a_long_text_is_not_cut_through_a_secret() {
        for before in [LONGEST - 8, LONGEST_MASKED - 8] {
            let said = format!("{}canary/caf\u{e9} y", "x ".repeat(before / 2));
            let event = event(&entry(&said.into(), "6"), &redactor(), &mut OpenKeys::default()).unwrap();
            assert!(!event.text.contains("cana"), "{before}");
            assert!(event.text.len() < LONGEST + 300);
        }
    }

    #[test]
    fn metrics_go_as_they_are_and_always() {
        let line = r#"{"_aws":{"Timestamp":1,"CloudWatchMetrics":[]},"Environment":"x","AgentError":0}"#;
        let (mut found, matters) = shipped(line, "6");
        assert!(matters);
        assert_eq!(
            found.as_object_mut().unwrap().remove(CURSOR),
            Some("s=1;i=2".into())
        );
        assert_eq!(found, serde_json::from_str::<Value>(line).unwrap());
    }

    #[test]
    fn what_another_program_writes_like_a_metric_is_a_line() {
        let line = r#"{"_aws":{"Timestamp":1,"CloudWatchMetrics":[]},"SuccessfulPass":1}"#;
        let forged = entry(&line.into(), "6").replace("mecris-agent.service", "session-1.scope");
        let event = event(&forged, &Redactor::default(), &mut OpenKeys::default()).unwrap();
        let found: Value = serde_json::from_str(&event.text).unwrap();
        assert!(!event.matters);
        assert_eq!(found["unit"], "session-1.scope");
        assert_eq!(found["message"]["SuccessfulPass"], 1);
    }

    #[test]
    fn bytes_lists_and_nothing_are_text_too() {
        for (message, expected) in [
            (json!([104, 105, 255]), "hi\u{fffd}"),
            (json!(["a", "b"]), "a\nb"),
            (Value::Null, ""),
            (json!(7), ""),
            (json!([[99, 233], [100]]), "c\u{fffd}\nd"),
            (json!(["a", [98]]), "a\nb"),
            (json!([null, "a", []]), "a"),
        ] {
            assert_eq!(shipped(message, "6").0["message"], expected);
        }
        let long = shipped("é".repeat(LONGEST), "6").0;
        assert!(long["message"].as_str().unwrap().len() < LONGEST + 20);
        assert_eq!(event("{}", &Redactor::default(), &mut OpenKeys::default()), None);
        assert_eq!(
            event("-- No entries --", &Redactor::default(), &mut OpenKeys::default()),
            None
        );
    }
}
