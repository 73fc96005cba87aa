//! What a pass could not find out, and why: the text of the one warning that such a pass logs.

use crate::domain::{Condition, ObservationView, Observations, Severity, Step};

/// One reason for each thing that could not be found out; empty if everything was found out.
///
/// If Beeminder could not be read, that one reason stands for the goals and the walk too, because both are
/// read from Beeminder.
pub(super) fn reasons(observations: &Observations, conditions: &[Condition]) -> Vec<String> {
    let beeminder = reason("beeminder", &observations.beeminder);
    let follows_from_beeminder = |condition: &Condition| {
        beeminder.is_some()
            && matches!(
                condition.subject.topic(),
                "goal" | "beeminder" | "upstream" | "walk"
            )
    };
    let named = conditions
        .iter()
        .filter(|condition| was_to_be_found_out(condition) && !follows_from_beeminder(condition))
        .map(|condition| format!("{}: {}", condition.subject, condition.evidence));
    beeminder.clone().into_iter().chain(named).collect()
}

/// Whether a pass had to find this out and could not. Budgets do not count: people tell Mecris how much of a
/// budget is used. If nobody took a reading, no pass can find it out.
pub(super) fn was_to_be_found_out(condition: &Condition) -> bool {
    let asks = condition.ask.is_some_and(|ask| ask.step == Step::Unknown);
    (condition.severity == Severity::Unknown || asks) && condition.subject.topic() != "budget"
}

fn reason(arm: &str, view: &ObservationView) -> Option<String> {
    let why = view.why.as_deref().unwrap_or("no reason was given");
    (view.doubt() > 0).then(|| format!("{arm}: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Freshness, Money, Phrase};

    fn view(status: Freshness, why: &str) -> ObservationView {
        ObservationView {
            status,
            at: None,
            why: (!why.is_empty()).then(|| why.to_owned()),
        }
    }

    fn observations(beeminder: ObservationView, budget: ObservationView) -> Observations {
        Observations {
            beeminder,
            budget,
            walk: ObservationView::NOT_CONFIGURED,
        }
    }

    fn condition(subject: &str, severity: Severity, evidence: &str) -> Condition {
        Condition {
            subject: subject.parse().unwrap(),
            severity,
            day: "2026-03-03".parse().unwrap(),
            expires_at: None,
            evidence: evidence.to_owned(),
            phrase: Phrase {
                long: String::new(),
                short: String::new(),
            },
            ask: None,
            stake: Some(Money::ZERO),
            heading: None,
        }
    }

    #[test]
    fn a_pass_that_found_everything_out_has_no_reason() {
        let fresh = || view(Freshness::Fresh, "");
        let conditions = [condition("goal:reading", Severity::Critical, "safebuf 0")];
        assert_eq!(
            reasons(&observations(fresh(), fresh()), &conditions),
            Vec::<String>::new()
        );
        assert_eq!(
            reasons(&observations(fresh(), ObservationView::NOT_CONFIGURED), &[]),
            Vec::<String>::new()
        );
    }

    #[test]
    fn the_reason_of_beeminder_stands_for_the_goals_and_the_walk_too() {
        let down = view(Freshness::Stale, "Beeminder failed (status 503)");
        let conditions = [
            condition("goal:reading", Severity::Unknown, "read at noon"),
            condition("walk", Severity::Unknown, "the goals could not be read"),
            condition("budget:groq", Severity::Unknown, "no reading in March"),
        ];
        assert_eq!(
            reasons(
                &observations(down, view(Freshness::Unknown, "no reading in March")),
                &conditions
            ),
            ["beeminder: Beeminder failed (status 503)"]
        );
    }

    #[test]
    fn one_goal_that_cannot_be_read_is_named() {
        let fresh = || view(Freshness::Fresh, "");
        let conditions = [
            condition("goal:odd", Severity::Unknown, "safebuf is not a number"),
            condition("goal:reading", Severity::Safe, "safebuf 9"),
        ];
        assert_eq!(
            reasons(&observations(fresh(), fresh()), &conditions),
            ["goal:odd: safebuf is not a number"]
        );
    }

    #[test]
    fn a_budget_that_nobody_read_is_no_failure_of_the_pass() {
        let conditions = [condition("budget:groq", Severity::Unknown, "no reading in March")];
        let unread = view(Freshness::Unknown, "no reading in March");
        assert_eq!(
            reasons(&observations(view(Freshness::Fresh, ""), unread), &conditions),
            Vec::<String>::new()
        );
    }
}
