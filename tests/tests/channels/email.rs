use mecris_tests::smtp::{Act, Fault, PASSWORD, Smtp, Stage, USER};

use super::*;

pub(super) fn email(fake: &Smtp) -> Arc<dyn Channel> {
    by(&fake.url())
}

fn by(url: &str) -> Arc<dyn Channel> {
    let variables = [
        ("MECRIS__NOTIFY__EMAIL__FROM", "M\u{e9}cris <mecris@example.org>"),
        ("MECRIS__NOTIFY__EMAIL__TO", "me@example.net"),
        ("SMTP_URL", url),
    ];
    channel("email", &variables).expect("a sound configuration")
}

#[tokio::test]
async fn a_mail_has_a_short_subject_the_text_and_always_the_same_id() {
    let fake = Smtp::start().unwrap();
    let channel = email(&fake);
    let text = "Mecris: caf\u{e9} derails today, 5 \u{a3} at risk\n.\nx #k7q2x9";
    for _ in 0..2 {
        channel.warm_up().await.unwrap();
        let outcome = channel.send(outgoing(text), WITHIN).await;
        let Outcome::Accepted(id) = outcome else {
            panic!("{outcome:?}")
        };
        assert!(
            id.starts_with("mecris-k7q2x9-") && id.ends_with("@example.org"),
            "{id}"
        );
        assert_eq!(
            fake.letters().last().unwrap().header("message-id"),
            format!("<{id}>")
        );
    }
    let other = channel.send(outgoing("another text #k7q2x9"), WITHIN).await;
    assert_ne!(
        other,
        Outcome::Accepted(
            fake.letters()[0]
                .header("message-id")
                .trim_matches(['<', '>'])
                .to_owned()
        )
    );

    let letter = &fake.letters()[0];
    assert_eq!(
        (letter.from.as_str(), letter.to.as_str()),
        ("mecris@example.org", "me@example.net")
    );
    assert_eq!(
        (letter.header("subject"), letter.header("to")),
        ("Mecris", "me@example.net")
    );
    assert_eq!(letter.header("auto-submitted"), "auto-generated");
    assert_eq!(letter.header("content-transfer-encoding"), "quoted-printable");
    assert_eq!(
        letter.body,
        "Mecris: caf=C3=A9 derails today, 5 =C2=A3 at risk\r\n.\r\nx #k7q2x9"
    );
    assert_eq!(
        (fake.violations(), fake.connections()),
        (Vec::new(), 3),
        "one connection for each mail"
    );
}

#[tokio::test]
async fn what_happens_before_the_content_is_never_in_doubt() {
    use Stage::{Auth, Data, Ehlo, Greeting, Mail, Rcpt};
    for stage in [Greeting, Ehlo, Auth, Mail, Rcpt, Data] {
        for (act, wanted) in [
            (Act::Reply(451), Came::RefusedForNow),
            (Act::Reply(421), Came::RefusedForNow),
            (Act::Reply(550), Came::RefusedForGood),
            (Act::Drop, Came::RefusedForNow),
            (Act::Hang, Came::RefusedForNow),
            (Act::Garbage, Came::RefusedForNow),
        ] {
            let fake = Smtp::start().unwrap();
            fake.fail_always(Some(Fault(stage, act)));
            let (came, why) = came(
                &email(&fake)
                    .send(outgoing(TEXT), Duration::from_millis(400))
                    .await,
            );
            assert_eq!((came, fake.contents()), (wanted, 0), "{stage:?} {act:?}: {why}");
            let carried = mecris_tests::base64::encode(&format!("\0{USER}\0{PASSWORD}"));
            let private = [PASSWORD, USER, &carried, "mecris@example.org", "me@example.net"];
            assert!(private.iter().all(|word| !why.contains(word)), "{why}");
        }
    }
}

#[tokio::test]
async fn after_the_content_only_an_answer_tells() {
    for (fault, wanted, told) in [
        (Fault(Stage::Content, Act::Reply(452)), Came::RefusedForNow, 0),
        (Fault(Stage::Content, Act::Reply(554)), Came::RefusedForGood, 0),
        (Fault(Stage::Content, Act::Drop), Came::InDoubt, 0),
        (Fault(Stage::Content, Act::Hang), Came::InDoubt, 0),
        (Fault(Stage::Content, Act::Garbage), Came::InDoubt, 0),
        (Fault(Stage::Content, Act::Reply(354)), Came::InDoubt, 0),
        (Fault(Stage::Accepted, Act::Drop), Came::InDoubt, 1),
        (Fault(Stage::Accepted, Act::Hang), Came::InDoubt, 1),
        (Fault(Stage::Accepted, Act::Garbage), Came::InDoubt, 1),
    ] {
        let fake = Smtp::start().unwrap();
        fake.fail_next([fault]);
        let (came, why) = came(&send(email(&fake).as_ref(), Duration::from_millis(400)).await);
        assert_eq!(
            (came, fake.contents(), fake.letters().len()),
            (wanted, 1, told),
            "{fault:?}: {why}"
        );
    }
}

#[tokio::test]
async fn a_connection_that_died_since_it_was_opened_is_a_definite_no() {
    let fake = Smtp::start().unwrap();
    let channel = email(&fake);
    fake.fail_next([Fault(Stage::Mail, Act::Drop)]);
    assert_eq!(came(&send(channel.as_ref(), WITHIN).await).0, Came::RefusedForNow);
    assert_eq!(came(&send(channel.as_ref(), WITHIN).await).0, Came::Accepted);
    drop(fake);
    let (came, why) = came(&send(channel.as_ref(), WITHIN).await);
    assert_eq!(came, Came::RefusedForNow);
    assert!(why.contains("cannot connect to 127.0.0.1"), "{why}");
}

#[tokio::test]
async fn a_connection_that_was_not_used_is_used_for_the_next_mail_if_it_still_lives() {
    let fake = Smtp::start().unwrap();
    let channel = email(&fake);
    channel.warm_up().await.unwrap();
    assert_eq!(came(&send(channel.as_ref(), WITHIN).await).0, Came::Accepted);
    assert_eq!(fake.connections(), 1);
}

#[tokio::test]
async fn a_server_without_starttls_hears_neither_password_nor_mail() {
    let fake = Smtp::start().unwrap();
    let channel = by(&format!("{}?tls=required", fake.url()));
    let (came, why) = came(&channel.send(outgoing(TEXT), WITHIN).await);
    assert_eq!(came, Came::RefusedForGood, "{why}");
    assert!(why.contains("offers no STARTTLS"), "{why}");
    let heard = fake.heard();
    assert!(
        heard
            .iter()
            .all(|line| line.starts_with("EHLO") || line.starts_with("QUIT")),
        "{heard:?}"
    );
    assert!(
        channel
            .probe()
            .await
            .unwrap_err()
            .to_string()
            .contains("STARTTLS")
    );
}

#[tokio::test]
async fn a_wrong_password_is_explained_without_being_shown() {
    let fake = Smtp::start().unwrap();
    let channel = email(&fake);
    fake.set_login(Some((USER, "another")));
    let (came, why) = came(&send(channel.as_ref(), WITHIN).await);
    assert_eq!(came, Came::RefusedForGood);
    assert!(why.contains("535") && why.contains("SMTP_URL"), "{why}");
    let carried = mecris_tests::base64::encode(&format!("\0{USER}\0{PASSWORD}"));
    let sentences = [
        why,
        channel.probe().await.unwrap_err().to_string(),
        channel.warm_up().await.unwrap_err().to_string(),
    ];
    assert!(
        sentences
            .iter()
            .all(|text| !text.contains(PASSWORD) && !text.contains(&carried)),
        "{sentences:?}"
    );
}

#[tokio::test]
async fn a_server_needs_no_login_and_a_login_needs_an_offer() {
    let fake = Smtp::start().unwrap();
    fake.hide_login();
    let (refused, why) = came(&send(email(&fake).as_ref(), WITHIN).await);
    assert_eq!(refused, Came::RefusedForGood);
    assert!(why.contains("offers no login"), "{why}");
    fake.set_login(None);
    let channel = by(&format!("smtp://{}", fake.address()));
    assert_eq!(
        channel.probe().await.unwrap(),
        format!("{} can be reached, without TLS and credentials", fake.address())
    );
    assert_eq!(came(&send(channel.as_ref(), WITHIN).await).0, Came::Accepted);
}

#[tokio::test]
async fn words_of_the_server_are_kept_without_addresses() {
    let fake = Smtp::start().unwrap();
    fake.fail_next([Fault(Stage::Rcpt, Act::Reply(550))]);
    let (_, why) = came(&send(email(&fake).as_ref(), WITHIN).await);
    assert!(
        why.contains("SMTP 550: the fake was told to say so: RCPT TO:<***>"),
        "{why}"
    );
    assert!(why.contains("notify.email.to"), "{why}");
}

#[test]
fn a_url_that_is_no_mail_server_is_refused_without_being_shown() {
    for (url, words) in [
        ("canary", "is not a mail server"),
        ("https://canary.example.org", "is not a mail server"),
        ("smtp://", "is not a mail server"),
        ("smtp://mail.example.org/canary name", "is not a mail server"),
        ("smtp://a:%zzcanary@mail.example.org", "is not a mail server"),
        ("smtp://canary@mail.example.org", "user without a password"),
        ("smtp://:canary@mail.example.org", "user without a password"),
        ("smtp://mail.example.org?tls=opportunistic", "parameter"),
        ("smtp://mail.example.org?canary=1", "parameter"),
        ("smtps://mail.example.org?tls=none", "parameter"),
    ] {
        let variables = [
            ("MECRIS__NOTIFY__EMAIL__FROM", "mecris@example.org"),
            ("MECRIS__NOTIFY__EMAIL__TO", "me@example.net"),
            ("SMTP_URL", url),
        ];
        let error = channel("email", &variables).err().expect(url);
        assert!(
            error.contains("SMTP_URL") && error.contains(words) && !error.contains("canary"),
            "{url}: {error}"
        );
    }
}
