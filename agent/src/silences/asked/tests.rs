use super::*;
use crate::{
    arms::beeminder::{Account, Goal},
    config::tests::in_new_york,
    store::{
        Store,
        tables::{decisions, silences, snapshots},
        tests::scratch,
    },
};

fn at(minute: i64) -> Timestamp {
    "2026-03-03T15:00:00-05:00".parse::<Timestamp>().unwrap() + jiff::SignedDuration::from_mins(minute)
}

fn asked(id: &str, minute: i64, what: What) -> Asked {
    Asked {
        id: id.to_owned(),
        at: at(minute),
        author: "phone".to_owned(),
        what,
    }
}

fn quiet(subject: &str) -> What {
    What::Silence(SilenceRequest {
        subject: Some(subject.to_owned()),
        lasting: Some("2h".to_owned()),
        author: "phone".to_owned(),
        ..SilenceRequest::default()
    })
}

/// A reading with these goals.
async fn account(store: &Store, slugs: &[&str]) {
    let goals = slugs.iter().map(|slug| Goal::named(slug.parse().unwrap()));
    let account = Account {
        time_zone: None,
        deadbeat: false,
        goals: goals.collect(),
        unreadable: Vec::new(),
        ignored: 0,
    };
    let json = serde_json::to_string(&account).unwrap();
    let put = store.write(move |tx| snapshots::put(tx, snapshots::BEEMINDER, at(-5), &json));
    put.await.unwrap();
}

#[tokio::test]
async fn a_person_may_say_what_they_call_a_subject() {
    let (_folder, store) = scratch();
    account(&store, &["gym", "groq"]).await;
    let mut id = 0;
    for (said, pattern) in [
        ("gym", "goal:gym"),
        (" gym ", "goal:gym"),
        ("goals", "goal:*"),
        ("walk", "walk"),
        ("anthropic", "budget:anthropic"),
        ("groq", "*:groq"),
        ("gy*", "gy*"),
        ("goal:gymm", "goal:gymm"),
        ("*", "*"),
    ] {
        id += 1;
        let answer = record(&store, asked(&id.to_string(), 0, quiet(said)))
            .await
            .unwrap();
        let Answer::Begun(begun) = answer else {
            panic!("{answer:?}")
        };
        assert_eq!(begun.silence.pattern.as_str(), pattern, "{said:?}");
        assert_eq!(
            begun.warning.is_some(),
            matches!(said, "goal:gymm" | "gy*"),
            "{said:?}"
        );
    }
    let refused = record(&store, asked("x", 0, quiet("gymm")))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        refused.starts_with("subject: \"gymm\" is nothing that Mecris watches, did you mean goal:gym?"),
        "{refused}"
    );
    let ended = record(&store, asked("y", 1, What::Unsilence("gym".to_owned())))
        .await
        .unwrap();
    assert!(matches!(ended, Answer::Ended(ended) if ended.len() == 2));
}

/// Records a word that waited in a file.
async fn record(store: &Store, asked: Asked) -> Result<Answer, AskedError> {
    let left: Asked = serde_json::from_str(&serde_json::to_string(&asked).unwrap()).unwrap();
    assert_eq!(left, asked);
    let rules = Rules::new(&in_new_york(""), Vec::new());
    let recorded = store.write(move |tx| left.record(tx, &rules, Waits::No));
    recorded.await.unwrap()
}

#[tokio::test]
async fn a_word_that_waited_counts_from_when_it_was_said_and_once() {
    let (_folder, store) = scratch();
    for _ in 0..2 {
        let answer = record(&store, asked("a", 0, quiet("goal:*"))).await.unwrap();
        let Answer::Begun(begun) = answer else {
            panic!("{answer:?}")
        };
        assert_eq!(begun.silence.ends_at, at(120));
    }
    let log = store
        .read(|connection| decisions::list(connection, 9, None))
        .unwrap();
    assert_eq!(log.len(), 1);
}

#[tokio::test]
async fn a_pattern_ends_its_own_silences_and_a_vacation_its_own() {
    let (_folder, store) = scratch();
    let away = |from: &str| {
        What::Silence(SilenceRequest {
            vacation: true,
            from: Some(from.to_owned()),
            lasting: Some("3d".to_owned()),
            author: "phone".to_owned(),
            ..SilenceRequest::default()
        })
    };
    for (id, what) in [
        ("a", quiet("goal:reading")),
        ("b", quiet("goal:reading")),
        ("c", quiet("goal:*")),
        ("d", away("2026-03-03")),
        ("e", away("2026-03-20")),
    ] {
        record(&store, asked(id, 0, what)).await.unwrap();
    }
    let ended = async |what| match record(&store, asked("x", 1, what)).await.unwrap() {
        Answer::Ended(ended) => ended.into_iter().map(|silence| silence.id).collect::<String>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(ended(What::Unsilence("goal:reading".to_owned())).await, "ab");
    assert_eq!(ended(What::Unsilence("goal:reading".to_owned())).await, "");
    assert_eq!(ended(What::EndVacation).await, "de");
    let left = store
        .read(|connection| silences::not_ended(connection, at(2)))
        .unwrap();
    assert_eq!(left.len(), 1);
}

#[tokio::test]
async fn a_message_is_known_by_its_tag_its_id_or_as_the_newest() {
    let (_folder, store) = scratch();
    let none = record(&store, asked("x", 0, What::AcknowledgeLast)).await;
    assert!(matches!(none, Err(AskedError::NoMessageYet)));
    let rows = "INSERT INTO notifications (id, created_at, severity, subjects, body, tag, state, channel, attempt, updated_at)
         VALUES ('1', '2026-03-03T19:00:00.000000000Z', 'WARNING', '[\"walk\"]', '', '#aaaaaa', 'accepted', 'sms', 1, ''),
                ('2', '2026-03-03T19:10:00.000000000Z', 'WARNING', '[\"walk\"]', '', '#bbbbbb', 'accepted', 'sms', 1, ''),
                ('3', '2026-03-03T19:20:00.000000000Z', 'SAFE', '[]', 'a test', '#cccccc', 'accepted', 'sms', 1, '');
         UPDATE notifications SET updated_at = created_at";
    store.write(move |tx| tx.execute_batch(rows)).await.unwrap();
    let known = async |what| match record(&store, asked("x", 0, what)).await {
        Ok(Answer::Acknowledged(message)) => message.id,
        other => panic!("{other:?}"),
    };
    assert_eq!(known(What::AcknowledgeLast).await, "2");
    assert_eq!(known(What::Acknowledge("#aaaaaa".to_owned())).await, "1");
    assert_eq!(known(What::Acknowledge("bbbbbb".to_owned())).await, "2");
    let missing = record(&store, asked("x", 0, What::Acknowledge("zzz".to_owned()))).await;
    assert!(matches!(missing, Err(AskedError::NoMessage(_))));
}

#[tokio::test]
async fn what_cannot_be_a_silence_is_refused_and_nothing_is_recorded() {
    let (_folder, store) = scratch();
    for what in [quiet("goal:[ab]"), What::Unsilence("goal reading".to_owned())] {
        assert!(record(&store, asked("a", 0, what)).await.is_err());
    }
    assert_eq!(
        store
            .read(|connection| silences::not_ended(connection, at(0)))
            .unwrap(),
        []
    );
}
