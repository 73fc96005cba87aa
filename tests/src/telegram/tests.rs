use serde_json::Value;

use super::*;
use crate::http_client::post_form;

fn send(fake: &Telegram, method: &str, form: &[(&str, &str)]) -> io::Result<(u16, Value)> {
    post_form(fake.address(), &format!("/bot{TOKEN}/{method}"), form)
}

const GOOD: &[(&str, &str)] = &[("chat_id", CHAT_ID), ("text", "reading derails today #abc123")];

#[test]
fn a_message_gets_a_number_and_the_bot_has_a_name() {
    let fake = Telegram::start().unwrap();
    let (status, body) = send(&fake, "sendMessage", GOOD).unwrap();
    assert_eq!(
        (status, &body["ok"], &body["result"]["message_id"]),
        (200, &true.into(), &42.into())
    );
    assert_eq!(
        send(&fake, "getMe", &[]).unwrap().1["result"]["username"],
        "mecris_bot"
    );
    assert_eq!(
        send(&fake, "getChat", &GOOD[..1]).unwrap().1["result"]["type"],
        "private"
    );
    assert_eq!(
        (fake.messages()[0].text.as_str(), fake.sends(), fake.questions()),
        (GOOD[1].1, 1, 2)
    );
}

#[test]
fn what_telegram_refuses_is_refused() {
    let fake = Telegram::start().unwrap();
    assert_eq!(
        send(&fake, "sendMessage", &[("chat_id", "1"), GOOD[1]])
            .unwrap()
            .0,
        400
    );
    assert_eq!(
        send(&fake, "sendMessage", &[GOOD[0], GOOD[1], ("parse_mode", "HTML")])
            .unwrap()
            .0,
        400
    );
    assert_eq!(fake.violations().len(), 2);
    fake.set_token("1:other");
    assert_eq!(send(&fake, "getMe", &[]).unwrap().1["error_code"], 401);
    assert!(fake.messages().is_empty());
}

#[test]
fn faults_before_acceptance_accept_nothing_and_faults_after_it_do() {
    let fake = Telegram::start().unwrap();
    let before = [
        Fault::StatusBefore(502),
        Fault::Garbage2xx,
        Fault::TooMany(7),
        Fault::Refuse(403),
        Fault::DropBefore,
    ];
    fake.fail_next(before);
    for status in [502, 200, 429, 403] {
        assert_eq!(send(&fake, "sendMessage", GOOD).unwrap().0, status);
    }
    assert!(send(&fake, "sendMessage", GOOD).is_err());
    assert!(fake.messages().is_empty());
    fake.fail_next([
        Fault::StatusAfterAccept(502),
        Fault::GarbageAfterAccept,
        Fault::DropReplyAfterAccept,
    ]);
    assert_eq!(send(&fake, "sendMessage", GOOD).unwrap().0, 502);
    assert_eq!(send(&fake, "sendMessage", GOOD).unwrap(), (200, Value::Null));
    assert!(send(&fake, "sendMessage", GOOD).is_err());
    assert_eq!((fake.messages().len(), fake.sends()), (3, 8));
}
