//! What cannot be seen from outside. The conversation is tested against the fake server
//! (`tests/tests/channels`).

use secrecy::{ExposeSecret as _, SecretString};

use super::{server::Security, *};
use crate::{
    config::secrets::{SecretName, Secrets},
    notify::channels::LeaseOver,
};

fn server(url: &str) -> Result<MailServer, MailServerError> {
    let mut secrets = Secrets::default();
    secrets.insert(SecretName::SmtpUrl, SecretString::from(url));
    MailServer::from_secrets(&secrets)
}

fn settings() -> EmailSettings {
    EmailSettings {
        from: "Mecris <mecris@example.org>".parse().unwrap(),
        to: "me@example.net".parse().unwrap(),
        subject: "Mecris".to_owned(),
        on_doubt: OnDoubt::Resend,
    }
}

#[test]
fn only_this_machine_or_the_url_itself_does_without_tls() {
    use Security::{None, StartTls, Tls};
    for (url, security, port) in [
        ("smtps://mail.example.org", Tls, 465),
        ("smtps://mail.example.org:4465?tls=required", Tls, 4465),
        ("smtps://localhost", Tls, 465),
        ("smtp://mail.example.org", StartTls, 587),
        ("smtp://mail.example.org:25", StartTls, 25),
        ("smtp://mail.example.org?tls=required", StartTls, 587),
        ("smtp://mail.example.org?tls=none", None, 25),
        ("smtp://localhost", None, 25),
        ("smtp://LOCALHOST:2525", None, 2525),
        ("smtp://127.0.0.1:2525", None, 2525),
        ("smtp://[::1]", None, 25),
        ("smtp://127.0.0.1?tls=required", StartTls, 587),
        ("smtp://127.0.0.1.example.org", StartTls, 587),
        ("smtp://10.0.0.1", StartTls, 587),
    ] {
        let server = server(url).unwrap();
        assert_eq!((server.security, server.port), (security, port), "{url}");
    }
}

#[test]
fn user_and_password_are_decoded_and_the_path_is_our_name() {
    let server =
        server("smtps://me%40example.org:c%C3%A4n%3Aary%2F@[2001:db8::1]/agent.example.org").unwrap();
    let (user, password) = server.login.clone().unwrap();
    assert_eq!(
        (user.expose_secret(), password.expose_secret()),
        ("me@example.org", "c\u{e4}n:ary/")
    );
    assert_eq!(
        (server.host.as_str(), server.hello.as_deref()),
        ("2001:db8::1", Some("agent.example.org"))
    );
    assert!(!format!("{server:?}").contains("ary"));
}

#[test]
fn the_sentences_read_well() {
    let server = server("smtps://me:canary@mail.example.org").unwrap();
    let refused = |stage, code, permanent, words: &str| Failure::Refused {
        stage,
        code,
        permanent,
        words: words.to_owned(),
    };
    let lost = |stage, why: &str| Failure::Lost {
        stage,
        why: why.to_owned(),
    };
    let sentences = [
        refused(Stage::Connecting, 554, true, "no service\nhere"),
        refused(Stage::LoggingIn, 535, true, "AUTH PLAIN canary"),
        refused(Stage::Addressing, 550, true, "<me@example.net>: no such user"),
        refused(Stage::Addressing, 451, false, "greylisted, canary"),
        refused(Stage::Content, 552, true, "too large"),
        Failure::Unable {
            stage: Stage::Connecting,
        },
        Failure::Unable {
            stage: Stage::LoggingIn,
        },
        lost(Stage::Connecting, "Connection refused (os error 111)"),
        lost(Stage::LoggingIn, "canary"),
        lost(Stage::Addressing, "incomplete response"),
        Failure::LeaseOver(LeaseOver),
        Failure::late(Stage::Content, Duration::from_secs(13)),
    ]
    .map(|failure| {
        let why = outcome::describe(&failure, &server, &settings());
        match outcome::of(&failure, why) {
            Outcome::Rejected {
                permanent, code, why, ..
            } => {
                format!("{:?} {why}", (permanent, code.unwrap_or_default()))
            }
            Outcome::NotSent { why } => why,
            Outcome::Unknown { why } => format!("in doubt: {why}"),
            other => panic!("{other:?}"),
        }
    });
    let text = sentences.join("\n");
    assert!(
        !text.contains("canary") && !text.contains("me@example.net"),
        "{text}"
    );
    insta::assert_snapshot!(text);
}

#[test]
fn a_letter_is_ascii_whatever_is_in_it() {
    let text = "Mecris: caf\u{e9} \u{20ac} #k7q2x9";
    let outgoing = Outgoing {
        text,
        tag: "#k7q2x9",
        validity: None,
        lease: LeaseCheck::new(|| true),
    };
    let letter = Letter::new(&settings(), &outgoing, "2026-11-21T18:00:00Z".parse().unwrap()).unwrap();
    let content = String::from_utf8(letter.content).unwrap();
    assert!(content.is_ascii());
    assert!(
        content.contains("Date: Sat, 21 Nov 2026 18:00:00 +0000\r\n"),
        "{content}"
    );
}
