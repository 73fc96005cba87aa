use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::TcpStream,
    time::Duration,
};

use super::*;
use crate::base64;

/// Says these lines one after the other and returns the codes of the answers; 0: the server is gone.
fn say(fake: &Smtp, lines: &[&str]) -> Vec<u16> {
    let stream = TcpStream::connect(fake.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut reader = BufReader::new(stream);
    let mut codes = vec![code(&mut reader)];
    for line in lines {
        if reader
            .get_mut()
            .write_all(format!("{line}\r\n").as_bytes())
            .is_err()
        {
            codes.push(0);
            break;
        }
        codes.push(code(&mut reader));
    }
    codes
}

fn code(reader: &mut BufReader<TcpStream>) -> u16 {
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return 0;
        }
        if line.as_bytes().get(3) != Some(&b'-') {
            return line.get(..3).and_then(|code| code.parse().ok()).unwrap_or(1);
        }
    }
}

const MAIL: &str =
    "From: a@b.c\r\nTo: d@e.f\r\nSubject: s\r\nDate: x\r\nMessage-ID: <1@b.c>\r\n\r\nhello\r\n..\r\n.";

fn whole() -> Vec<String> {
    let auth = format!("AUTH PLAIN {}", base64::encode(&format!("\0{USER}\0{PASSWORD}")));
    [
        "EHLO me",
        &auth,
        "MAIL FROM:<a@b.c>",
        "RCPT TO:<d@e.f>",
        "DATA",
        MAIL,
        "QUIT",
    ]
    .map(str::to_owned)
    .into()
}

/// Sends the first `count` lines of a whole conversation.
fn say_first(fake: &Smtp, count: usize) -> Vec<u16> {
    let mut lines = whole();
    lines.truncate(count);
    say(fake, &lines.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn a_mail_is_taken_and_remembered() {
    let fake = Smtp::start().unwrap();
    assert_eq!(say_first(&fake, 7), [220, 250, 235, 250, 250, 354, 250, 221]);
    let letter = &fake.letters()[0];
    assert_eq!(
        (letter.from.as_str(), letter.to.as_str(), letter.header("subject")),
        ("a@b.c", "d@e.f", "s")
    );
    assert_eq!(
        (letter.body.as_str(), fake.contents(), fake.violations()),
        ("hello\r\n.", 1, Vec::new())
    );
}

#[test]
fn nobody_sends_without_the_right_login() {
    let fake = Smtp::start().unwrap();
    let wrong = format!("AUTH PLAIN {}", base64::encode("\0me\0wrong"));
    assert_eq!(
        say(&fake, &["EHLO me", &wrong, "MAIL FROM:<a@b.c>"]),
        [220, 250, 535, 530]
    );
    fake.set_login(None);
    assert_eq!(
        say(&fake, &["EHLO me", "MAIL FROM:<a@b.c>", "DATA"]),
        [220, 250, 250, 503]
    );
    assert_eq!((fake.violations().len(), fake.letters().len()), (1, 0));
}

#[test]
fn each_place_can_go_wrong() {
    let fake = Smtp::start().unwrap();
    let places = [
        Stage::Greeting,
        Stage::Ehlo,
        Stage::Auth,
        Stage::Mail,
        Stage::Rcpt,
        Stage::Data,
        Stage::Content,
    ];
    for (n, stage) in places.into_iter().enumerate() {
        fake.fail_next([
            Fault(stage, Act::Reply(451)),
            Fault(stage, Act::Drop),
            Fault(stage, Act::Garbage),
        ]);
        for wanted in [451, 0, 1] {
            assert_eq!(say_first(&fake, n)[n], wanted, "{stage:?}");
        }
    }
    assert!(fake.letters().is_empty());
    fake.fail_always(Some(Fault(Stage::Accepted, Act::Drop)));
    assert_eq!(say_first(&fake, 6)[6], 0);
    assert_eq!(fake.letters().len(), 1);
}
