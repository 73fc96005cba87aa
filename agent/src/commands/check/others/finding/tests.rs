use super::*;

const OURS: &str = "#k7q2x9";

fn message(id: &str, minute: u32, text: Option<&str>) -> SentMessage {
    SentMessage {
        id: id.to_owned(),
        at: Some(format!("2026-11-21T18:{minute:02}:00Z").parse().unwrap()),
        text: text.map(str::to_owned),
    }
}

fn ours() -> Ours {
    Ours {
        tags: [OURS.to_owned()].into(),
        provider_ids: ["SM1".to_owned()].into(),
    }
}

/// What is said by an installation of this role, in UTC.
fn said(sent: &[SentMessage], memory: &Memory, role: Role) -> Result<String, String> {
    let words = Words {
        days: 7,
        role,
        at: &|at| at.strftime("%H:%M").to_string(),
    };
    words.about(&Finding::of(sent, &memory.ours), memory)
}

fn memory() -> Memory {
    Memory {
        ours: ours(),
        began: Some("2026-11-21T18:00:00Z".parse().unwrap()),
        gap: None,
    }
}

#[test]
fn what_we_sent_is_known_by_its_id_or_its_tag_and_other_programs_do_not_count() {
    let sent = [
        message("SM1", 1, None),
        message("SM1", 1, Some("Mecris: no walk yet #aaaaaa")),
        message("SM2", 2, Some("Mecris says: no walk yet (#k7q2x9).")),
        message("SM3", 3, Some("Mecris: the Python system has no tags")),
        message("SM4", 4, Some("see you at the #weekend")),
    ];
    assert_eq!(Finding::of(&sent, &ours()), Finding::default());
    insta::assert_snapshot!(said(&sent, &memory(), Role::Main).unwrap(), @"no message of the last 7 days is another installation's");
}

#[test]
fn a_message_of_mecris_that_we_do_not_know_is_another_installations() {
    let sent = [
        message("SM5", 9, Some("Mecris: reading derails today 23:59 #bbbbbb")),
        message("SM6", 5, Some("Mecris: no walk yet #cccccc")),
        message("SM7", 7, Some("Mecris: no walk yet #k7q2x9")),
    ];
    insta::assert_snapshot!(said(&sent, &memory(), Role::Main).unwrap_err(), @r#"2 messages of Mecris in the last 7 days, the newest of 18:09, from another installation: set role = "backup" or "staging" in one of the two; if one has it already, all is well"#);
    insta::assert_snapshot!(said(&sent, &memory(), Role::Backup).unwrap(), @r#"2 messages of Mecris in the last 7 days, the newest of 18:09, not from this installation; this one has role = "backup""#);
}

#[test]
fn messages_from_before_the_first_pass_may_be_of_an_earlier_state() {
    let sent = [message("SM5", 9, Some("Mecris: no walk yet #bbbbbb"))];
    let began = |at: Option<&str>| Memory {
        began: at.map(|at| at.parse().unwrap()),
        ..memory()
    };
    let later = began(Some("2026-11-21T18:10:00Z"));
    insta::assert_snapshot!(said(&sent, &later, Role::Main).unwrap_err(), @r#"1 message of Mecris in the last 7 days, the newest of 18:09, from another installation or from an earlier state of this one (the first pass that this state knows began 18:10). If there is another one, set role = "backup" or "staging" in one of the two; if one has it already, all is well"#);
    let never = said(&sent, &began(None), Role::Main).unwrap_err();
    assert!(never.contains("(this state knows no pass yet)"), "{never}");
    let undated = [SentMessage {
        at: None,
        ..sent[0].clone()
    }];
    let said = said(&undated, &later, Role::Main).unwrap_err();
    assert!(
        said.starts_with("1 message of Mecris in the last 7 days, from another installation: "),
        "{said}"
    );
}

#[test]
fn what_cannot_be_compared_is_unknown_and_never_none() {
    let stranger = message("SM5", 9, Some("Mecris: no walk yet #bbbbbb"));
    let hidden = message("SM6", 9, None);
    let blind = Memory {
        gap: Some("there is no state here yet".to_owned()),
        ..Memory::default()
    };
    insta::assert_snapshot!(said(std::slice::from_ref(&stranger), &blind, Role::Main).unwrap_err(), @r#"unknown: 1 message of Mecris in the last 7 days, the newest of 18:09, may be another installation's: there is no state here yet. If there is another one, set role = "backup" or "staging" in one of the two; if one has it already, all is well"#);
    insta::assert_snapshot!(said(std::slice::from_ref(&hidden), &memory(), Role::Main).unwrap_err(), @"unknown: the list of the last 7 days has 1 message without text (does the account redact messages?), perhaps of another installation: this installation knows no such id");
    let both = said(&[stranger, hidden], &memory(), Role::Main).unwrap_err();
    assert!(
        both.ends_with("all is well. Besides, the list has 1 message without text"),
        "{both}"
    );
    assert!(
        said(&[], &blind, Role::Main).is_ok(),
        "nothing was sent by anybody"
    );
}
