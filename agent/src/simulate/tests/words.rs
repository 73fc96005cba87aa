//! What simulated people read.

use super::*;

#[test]
fn on_fridays_the_goals_of_the_weekend_share_a_phrase() {
    let outcome = play(&Scenario::of(&example("weekdays")));
    let shared: Vec<&ToldMessage> = outcome
        .messages
        .iter()
        .filter(|message| message.text.contains("until Mon 13:00 nobody watches: "))
        .collect();
    assert!(!shared.is_empty());
    for message in shared {
        assert!(message.local.starts_with("Fri"), "{message:?}");
        assert_eq!(message.text.matches("nobody watches").count(), 1, "{message:?}");
    }
}

#[test]
fn nothing_is_wrong_when_read_although_the_phone_syncs_late() {
    let outcome = play(&Scenario::of(&example("phone")));
    assert!(outcome.measures.goal_messages > 0);
    let mut about_what_is_to_come = outcome
        .messages
        .iter()
        .map(|message| &message.text)
        .filter(|text| !text.contains(" derailed "));
    assert!(about_what_is_to_come.all(|text| text.contains("had synced")));
    assert_eq!(outcome.measures.wrong_when_read, 0);
}

#[test]
fn who_forgets_to_report_is_asked_for_the_report() {
    let outcome = play(&Scenario::of(&example("less")));
    let mut texts = outcome.messages.iter().map(|message| &message.text);
    assert!(texts.any(|text| text.contains("report today's screens (0 counts), at most 1, by 23:59 ($10)")));
}
