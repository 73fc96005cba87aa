//! `POST /beeminder/alert`: what a pass means for a client that asked about the CRITICAL goals.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    domain::{Action, Freshness, Reason, Severity, Subject},
    heuristic::{DecisionView, Report},
    notify::outbox::State,
};

/// The answer, with the fields of the Python system.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AlertReply {
    /// Whether a provider took a message about a CRITICAL goal. Never true for one that was only planned.
    pub alert_sent: bool,
    /// How many goals are CRITICAL; `null` if that is not known.
    pub critical_count: Option<usize>,
    /// What happened, one sentence for a person.
    pub message: String,
    /// Why nothing was sent: a reason of the decision log. `already_notified_today` is called
    /// `cooldown_active`, as in the Python system. Absent if there is no reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The message, if the pass made one.
    pub notification_id: Option<String>,
    /// The CRITICAL goals, as `goal:<slug>`.
    #[schema(value_type = Vec<String>)]
    pub subjects: Vec<Subject>,
}

impl AlertReply {
    /// Reads the CRITICAL goals off a pass. There are never "none" while Beeminder cannot be read.
    pub fn new(report: &Report) -> Self {
        let critical: Vec<&DecisionView> = report
            .decisions
            .iter()
            .filter(|decision| is_goal(&decision.subject) && decision.severity == Severity::Critical)
            .collect();
        let told = critical.iter().any(|decision| decision.action == Action::Notify);
        let accepted = report
            .notifications
            .iter()
            .any(|message| matches!(message.state, State::Accepted | State::Delivered));
        let in_doubt = critical.is_empty() && some_goal_is_unknown(report);
        let known = report.observations.beeminder.status == Freshness::Fresh && !in_doubt;
        let reason = critical
            .iter()
            .find(|decision| decision.action == Action::Suppress)
            .map(|decision| decision.reason);
        let message = match (told, accepted) {
            _ if in_doubt => "Some goals could not be read: nobody knows whether there are emergencies",
            _ if !known => "Beeminder could not be read: nobody knows whether there are emergencies",
            (true, true) => "Beemergency alert sent",
            (true, false) => "Beemergency alert is on its way, not accepted by a provider yet",
            (false, _) if critical.is_empty() => "No critical emergencies found",
            (false, _) if reason == Some(Reason::AlreadyNotifiedToday) => "Beemergency alert on cooldown",
            (false, _) => "Beemergency alert held back",
        };
        Self {
            alert_sent: told && accepted,
            critical_count: known.then_some(critical.len()),
            message: message.to_owned(),
            reason: reason.filter(|_| !told).map(word),
            notification_id: report.notifications.first().map(|message| message.id.clone()),
            subjects: critical.iter().map(|decision| decision.subject.clone()).collect(),
        }
    }
}

fn is_goal(subject: &Subject) -> bool {
    subject.as_str().starts_with("goal:")
}

fn some_goal_is_unknown(report: &Report) -> bool {
    report.decisions.iter().any(|decision| {
        let about_goals = is_goal(&decision.subject) || decision.subject == Subject::unreadable_goals();
        about_goals && decision.severity == Severity::Unknown
    })
}

/// The word of the Python system where it had one.
fn word(reason: Reason) -> String {
    match reason {
        Reason::AlreadyNotifiedToday => "cooldown_active".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::testing::*, *};

    #[test]
    fn sent_means_that_a_provider_has_the_message_about_a_critical_goal() {
        for (state, sent, message) in [
            (State::Accepted, true, "Beemergency alert sent"),
            (State::Delivered, true, "Beemergency alert sent"),
            (
                State::Planned,
                false,
                "Beemergency alert is on its way, not accepted by a provider yet",
            ),
        ] {
            let mut report = report();
            report.decisions = vec![decision("goal:reading", Severity::Critical, Reason::FirstOfDay)];
            report.notifications = vec![message_in(state)];
            let reply = AlertReply::new(&report);
            assert_eq!((reply.alert_sent, reply.message.as_str()), (sent, message));
            assert_eq!(
                (
                    reply.critical_count,
                    reply.notification_id.as_deref(),
                    reply.reason
                ),
                (Some(1), Some("n1"), None)
            );
        }
    }

    #[test]
    fn a_goal_that_was_said_already_is_on_cooldown_and_other_reasons_keep_their_word() {
        for (reason, word, message) in [
            (
                Reason::AlreadyNotifiedToday,
                "cooldown_active",
                "Beemergency alert on cooldown",
            ),
            (Reason::QuietHours, "quiet_hours", "Beemergency alert held back"),
        ] {
            let mut report = report();
            report.decisions = vec![decision("goal:reading", Severity::Critical, reason)];
            let reply = AlertReply::new(&report);
            assert_eq!((reply.alert_sent, reply.reason.as_deref()), (false, Some(word)));
            assert_eq!(reply.message, message);
            assert_eq!(reply.subjects, ["goal:reading".parse().unwrap()]);
        }
    }

    #[test]
    fn there_are_no_emergencies_only_if_all_goals_were_read() {
        let mut report = report();
        report.decisions = vec![decision("walk", Severity::Critical, Reason::FirstOfDay)];
        let none = AlertReply::new(&report);
        assert_eq!(
            (none.critical_count, none.message.as_str()),
            (Some(0), "No critical emergencies found")
        );
        for subject in ["goal:reading", "beeminder:unreadable"] {
            report.decisions = vec![decision(subject, Severity::Unknown, Reason::UnknownData)];
            let reply = AlertReply::new(&report);
            assert_eq!(reply.critical_count, None, "{subject}");
            assert!(
                reply.message.starts_with("Some goals could not be read"),
                "{reply:?}"
            );
        }
        report.decisions.clear();
        report.observations.beeminder.status = Freshness::Stale;
        let down = AlertReply::new(&report);
        assert_eq!(down.critical_count, None);
        assert!(
            down.message.starts_with("Beeminder could not be read"),
            "{down:?}"
        );
    }
}
