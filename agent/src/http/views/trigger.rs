//! `POST /intelligent-reminder/trigger`: a pass's report, with the fields that the Python system's cron read.

use jiff::Timestamp;
use serde_json::{Value, json};

/// The old reply around the report of `run --json`.
///
/// `triggered` is whether the pass made a message. There is one tier: no text here needs a language model.
pub fn reply(report: &Value, now: Timestamp) -> Value {
    let triggered = report["changed"].as_bool().unwrap_or(false);
    let notifications = &report["notifications"];
    let mut reply = json!({
        "triggered": triggered,
        "tier": "base_mode",
        "check_result": { "should_send": triggered, "tier": "base_mode", "decisions": report["decisions"] },
        "send_result": triggered.then(|| json!({ "sent": any_accepted(notifications), "notifications": notifications })),
        "timestamp": now,
        "run": report,
    });
    if !triggered {
        reply["reason"] = why_silent(&report["decisions"]).into();
    }
    reply
}

/// "Sent" is what a provider has, not what was tried.
fn any_accepted(notifications: &Value) -> bool {
    let states = notifications
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|n| n["state"].as_str());
    states
        .into_iter()
        .any(|state| matches!(state, "accepted" | "delivered"))
}

/// The reasons of the decision log, each once, in order.
fn why_silent(decisions: &Value) -> String {
    let mut reasons: Vec<&str> = Vec::new();
    for reason in decisions
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|d| d["reason"].as_str())
    {
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    if reasons.is_empty() {
        "nothing to decide".to_owned()
    } else {
        reasons.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::{super::testing::now, *};

    #[test]
    fn a_silent_pass_says_why() {
        let report = json!({ "changed": false, "decisions": [
            { "subject": "goal:a", "reason": "already_notified_today" }, { "subject": "walk", "reason": "unknown_data" },
            { "subject": "goal:b", "reason": "already_notified_today" },
        ], "notifications": [] });
        let reply = reply(&report, now());
        assert_eq!(reply["triggered"], false);
        assert_eq!(reply["reason"], "already_notified_today, unknown_data");
        assert_eq!(reply["send_result"], Value::Null);
    }

    #[test]
    fn sent_means_that_a_provider_has_it() {
        for (state, sent) in [
            ("accepted", true),
            ("delivered", true),
            ("unknown", false),
            ("failed", false),
        ] {
            let report = json!({ "changed": true, "decisions": [], "notifications": [{ "state": state }] });
            assert_eq!(reply(&report, now())["send_result"]["sent"], sent, "{state}");
        }
    }
}
