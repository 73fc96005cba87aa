//! `POST /intelligent-reminder/trigger`: a pass's report, with the fields that the Python system's cron read.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    heuristic::{DecisionView, Report, report::NotificationView},
    notify::outbox::State,
};

/// The one tier there is: no text here needs a language model.
const TIER: &str = "base_mode";

/// The old answer around the report of `run --json`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TriggerReply {
    /// Whether the pass made a message.
    pub triggered: bool,
    /// Always `base_mode`.
    pub tier: &'static str,
    /// What was decided.
    pub check_result: CheckResult,
    /// What became of the message; `null`: the pass made none.
    pub send_result: Option<SendResult>,
    /// When this was answered.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
    /// The object of `run --json`.
    pub run: Report,
    /// Why the pass made no message: the reasons of its decisions, each once; absent if it made one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What was decided.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CheckResult {
    /// Same as `triggered`.
    pub should_send: bool,
    /// Always `base_mode`.
    pub tier: &'static str,
    /// Same as in `run`.
    pub decisions: Vec<DecisionView>,
}

/// What became of the message.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SendResult {
    /// Whether a provider has the message. An attempt alone does not count.
    pub sent: bool,
    /// Same as in `run`.
    pub notifications: Vec<NotificationView>,
}

impl TriggerReply {
    /// A pass that ended just before `now`.
    pub fn new(report: Report, now: Timestamp) -> Self {
        let triggered = report.changed;
        Self {
            triggered,
            tier: TIER,
            check_result: CheckResult {
                should_send: triggered,
                tier: TIER,
                decisions: report.decisions.clone(),
            },
            send_result: triggered.then(|| SendResult {
                sent: any_accepted(&report.notifications),
                notifications: report.notifications.clone(),
            }),
            timestamp: now,
            reason: (!triggered).then(|| why_silent(&report.decisions)),
            run: report,
        }
    }
}

fn any_accepted(notifications: &[NotificationView]) -> bool {
    notifications
        .iter()
        .any(|message| matches!(message.state, State::Accepted | State::Delivered))
}

/// The reasons of the decision log, each once, in order.
fn why_silent(decisions: &[DecisionView]) -> String {
    let mut reasons: Vec<&str> = Vec::new();
    for decision in decisions {
        let reason = decision.reason.as_str();
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
    use serde_json::Value;

    use super::{super::testing::*, *};
    use crate::domain::{Reason, Severity};

    fn reply(report: Report) -> Value {
        serde_json::to_value(TriggerReply::new(report, now())).unwrap()
    }

    #[test]
    fn a_silent_pass_says_why() {
        let mut report = report();
        report.decisions = vec![
            decision("goal:a", Severity::Critical, Reason::AlreadyNotifiedToday),
            decision("walk", Severity::Unknown, Reason::UnknownData),
            decision("goal:b", Severity::Critical, Reason::AlreadyNotifiedToday),
        ];
        let reply = reply(report);
        assert_eq!(reply["triggered"], false);
        assert_eq!(reply["reason"], "already_notified_today, unknown_data");
        assert_eq!(reply["send_result"], Value::Null);
    }

    #[test]
    fn sent_means_that_a_provider_has_it() {
        for (state, sent) in [
            (State::Accepted, true),
            (State::Delivered, true),
            (State::Unknown, false),
            (State::Failed, false),
        ] {
            let mut report = report();
            report.changed = true;
            report.notifications = vec![message_in(state)];
            assert_eq!(reply(report)["send_result"]["sent"], sent, "{state}");
        }
    }
}
