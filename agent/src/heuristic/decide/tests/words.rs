//! What a person said: vacations, silences, acknowledgements.

use super::*;

#[test]
fn what_the_person_knows_is_not_repeated_not_even_when_it_gets_worse() {
    Timeline::new(Policy {
        escalate: true,
        ..policy()
    })
    .at("21 10:00", "budget:reading WARNING", "first_of_day")
    .acknowledge()
    .at("21 12:00", "budget:reading CRITICAL", "acknowledged");
}

#[test]
fn a_vacation_silences_until_it_ends() {
    let mut timeline = Timeline::new(policy());
    timeline
        .silence(SilenceKind::Vacation, "*", "23 00:00")
        .at(
            "21 10:00",
            "budget:reading CRITICAL, walk SAFE",
            "vacation, below_threshold",
        )
        .at("23 10:00", "budget:reading CRITICAL", "first_of_day");
}

#[test]
fn a_silence_covers_what_it_names_until_it_ends() {
    let mut timeline = Timeline::new(policy());
    timeline
        .silence(SilenceKind::Silence, "budget:re*", "21 16:00")
        .at(
            "21 15:00",
            "budget:reading CRITICAL, budget:bike CRITICAL, budget:rest SAFE",
            "silenced, first_of_day, below_threshold",
        )
        .at("21 15:59", "budget:reading CRITICAL", "silenced")
        .at("21 16:00", "budget:reading CRITICAL", "first_of_day");
}

#[test]
fn a_vacation_is_named_before_a_silence_and_a_silence_before_an_acknowledgement() {
    let mut timeline = Timeline::new(Policy {
        escalate: true,
        ..policy()
    });
    timeline
        .at("21 10:00", "walk WARNING", "first_of_day")
        .acknowledge();
    timeline
        .silence(SilenceKind::Silence, "walk", "21 15:00")
        .silence(SilenceKind::Vacation, "*", "21 14:00");
    timeline
        .at("21 13:00", "walk CRITICAL", "vacation")
        .at("21 14:00", "walk CRITICAL", "silenced")
        .at("21 15:00", "walk CRITICAL", "acknowledged");
}

#[test]
fn neither_vacation_nor_a_wildcard_hides_that_mecris_is_in_trouble() {
    let mut timeline = Timeline::new(policy());
    timeline
        .silence(SilenceKind::Vacation, "*", "23 00:00")
        .silence(SilenceKind::Silence, "*", "23 00:00")
        .at(
            "21 15:00",
            "upstream:beeminder CRITICAL, run WARNING, channel:sms WARNING, budget:groq WARNING",
            "first_of_day, first_of_day, first_of_day, vacation",
        );
    let mut timeline = Timeline::new(policy());
    timeline
        .silence(SilenceKind::Silence, "upstream:*", "23 00:00")
        .at("21 15:00", "upstream:beeminder CRITICAL", "silenced");
}

#[test]
fn an_escalation_is_silenced_too_and_is_said_when_the_silence_ends() {
    let mut timeline = Timeline::new(Policy {
        escalate: true,
        ..policy()
    });
    timeline.at("21 10:00", "budget:a WARNING", "first_of_day");
    timeline
        .silence(SilenceKind::Silence, "budget:*", "21 14:00")
        .at("21 12:00", "budget:a CRITICAL", "silenced")
        .at("21 14:00", "budget:a CRITICAL", "escalated")
        .at("21 14:15", "budget:a CRITICAL", "share_already_told");
}

#[test]
fn a_silent_decision_says_whose_word_it_follows_and_the_longest_counts() {
    let mut timeline = Timeline::new(policy());
    for until in ["21 16:00", "21 18:00", "21 17:00"] {
        timeline.silence(SilenceKind::Silence, "budget:*", until);
    }
    let now = at("21 15:00");
    let conditions = vec![
        condition("budget:a", Severity::Critical, now),
        condition("walk", Severity::Safe, now),
    ];
    let words: Vec<Option<Word>> = timeline
        .pass(conditions, now)
        .into_iter()
        .map(|decision| decision.word)
        .collect();
    let word = Word {
        author: "laptop".to_owned(),
        until: Some(at("21 18:00")),
        silence_id: Some("silence-1".to_owned()),
        comment: "on a plane".to_owned(),
    };
    assert_eq!(words, [Some(word), None]);
}
