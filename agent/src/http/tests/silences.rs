use super::*;
use crate::store::tables::snapshots;

/// How many silences are on record.
async fn recorded(server: &Harness) -> u64 {
    server.get("/silences?all=true").await.json()["count"]
        .as_u64()
        .unwrap()
}

#[tokio::test]
async fn a_silence_comes_from_the_query_or_from_json_and_has_its_author() {
    let server = serve().await;
    let reply = server
        .post("/silences?subject=goal:*&for=2h&comment=on+a+plane")
        .await;
    assert_eq!(reply.status, 201, "{reply:?}");
    let silence = reply.json();
    assert_eq!(
        (&silence["subject"], &silence["kind"]),
        (&json!("goal:*"), &json!("silence"))
    );
    assert_eq!(
        (&silence["author"], &silence["comment"]),
        (&json!("test"), &json!("on a plane")),
        "the token's name"
    );
    assert_eq!(
        (&silence["active"], &silence["warning"]),
        (&json!(true), &Value::Null)
    );

    let body = json!({ "vacation": true, "until": "2026-11-24", "author": "phone" });
    let vacation = server.post_json("/silences", &body).await.json();
    assert_eq!(
        (&vacation["subject"], &vacation["kind"]),
        (&json!("*"), &json!("vacation"))
    );
    assert_eq!(
        (&vacation["author"], &vacation["ends_at"]),
        (&json!("phone"), &json!("2026-11-24T05:00:00Z"))
    );

    let odd = server.post("/silences?subject=gaol:*&for=2h").await;
    assert_eq!(odd.status, 201);
    assert!(
        odd.json()["warning"].as_str().unwrap().contains("goal:<slug>"),
        "{odd:?}"
    );
    assert_eq!(recorded(&server).await, 3);
}

#[tokio::test]
async fn what_cannot_be_a_silence_is_refused_and_nothing_is_recorded() {
    let server = serve().await;
    for query in [
        "",
        "for=2h",
        "subject=goal:[ab]&for=2h",
        "subject=*",
        "subject=*&for=2h&until=2026-11-24",
        "subject=*&for=0h",
        "subject=*&for=91d",
        "subject=*&for=soon",
        "subject=*&until=2020-01-01",
        "subject=goal:*&vacation=true&for=2h",
        "subject=*&for=2h&comment=a%0Ab",
        "subject=*&for=2h&author=a%07",
    ] {
        let reply = server.post(&format!("/silences?{query}")).await;
        let is_understood = [
            "subject=*&for=0h",
            "subject=*&for=91d",
            "subject=*&until=2020-01-01",
        ];
        let refusal = if is_understood.contains(&query) {
            (409, &json!("conflict"))
        } else {
            (422, &json!("invalid"))
        };
        assert_eq!(
            (reply.status, &reply.json()["code"]),
            refusal,
            "{query}: {reply:?}"
        );
        assert!(
            reply.json()["detail"].as_str().unwrap().contains(": "),
            "it names the argument: {reply:?}"
        );
    }
    assert_eq!(recorded(&server).await, 0);
}

#[tokio::test]
async fn silences_are_open_to_nobody_without_a_token() {
    let server = serve().await;
    for (method, path) in [
        ("GET", "/silences"),
        ("POST", "/silences?subject=*&for=2h"),
        ("DELETE", "/silences/a"),
        ("POST", "/notifications/a/ack"),
    ] {
        assert_eq!(
            server.request(method, path, &[], "").await.status,
            401,
            "{method} {path}"
        );
    }
    assert_eq!(recorded(&server).await, 0);
}

#[tokio::test]
async fn ending_a_silence_names_who_did_and_an_unknown_one_is_not_found() {
    let server = serve().await;
    for (query, by) in [("", "test"), ("?author=phone", "phone")] {
        let id = server.post("/silences?subject=walk&for=2h").await.json()["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let ended = server.delete(&format!("/silences/{id}{query}")).await;
        assert_eq!(
            (ended.status, &ended.json()["deleted_by"]),
            (200, &json!(by)),
            "{ended:?}"
        );
        assert_eq!(ended.json()["active"], false);
    }
    let unknown = server.delete("/silences/nobody").await;
    assert_eq!(
        (unknown.status, &unknown.json()["code"]),
        (404, &json!("not_found"))
    );
}

#[tokio::test]
async fn the_list_has_what_holds_and_what_is_over_only_if_asked() {
    let server = serve().await;
    let mut last = Value::Null;
    for query in [
        "subject=walk&for=2h",
        "subject=goal:*&for=1h",
        "vacation=true&for=1d",
        "subject=run&for=3h",
    ] {
        last = server.post(&format!("/silences?{query}")).await.json()["id"].take();
    }
    server
        .delete(&format!("/silences/{}", last.as_str().unwrap()))
        .await;
    let subjects = |list: &Value| -> Vec<String> {
        list["silences"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| s["subject"].as_str().unwrap().to_owned())
            .collect()
    };
    let list = server.get("/silences").await.json();
    assert_eq!(
        subjects(&list),
        ["goal:*", "walk", "*"],
        "what ends first comes first"
    );
    assert_eq!(
        (&list["count"], &list["vacation"]["kind"]),
        (&json!(3), &json!("vacation"))
    );
    let list = server.get("/silences?all=true").await.json();
    assert_eq!(subjects(&list), ["goal:*", "walk", "*", "run"]);
    assert_eq!(list["silences"][3]["active"], false);
    assert_eq!(server.get("/silences?all=true&limit=0").await.status, 422);
}

#[tokio::test]
async fn a_vacation_that_begins_later_is_answered_with_what_derails_while_it_lasts() {
    let server = serve().await;
    let (at, account) = crate::http::views::testing::snapshot_at(now()).unwrap();
    let put = move |tx: &rusqlite::Transaction<'_>| snapshots::put(tx, snapshots::BEEMINDER, at, &account);
    server.store.write(put).await.unwrap();
    let vacation = server
        .post("/silences?vacation=true&from=2026-11-23T12:00&until=2026-11-25")
        .await;
    assert_eq!(vacation.status, 201, "{vacation:?}");
    let vacation = vacation.json();
    assert_eq!(
        (&vacation["starts_at"], &vacation["active"]),
        (&json!("2026-11-23T17:00:00Z"), &json!(false))
    );
    let goals = vacation["forewarning"]["goals"].as_array().unwrap();
    assert_eq!(goals.len(), 1, "{vacation:#}");
    assert_eq!(
        (&goals[0]["subject"], &goals[0]["stake"]),
        (&json!("goal:ellinika"), &json!(5.0))
    );
    let listed = server.get("/silences").await.json();
    assert_eq!(
        (&listed["count"], &listed["vacation"]),
        (&json!(1), &Value::Null),
        "it has not begun"
    );
    for (query, status) in [
        ("subject=goal:*&from=2026-11-23&for=2h", 422),
        ("vacation=true&from=soon&for=2h", 422),
        ("vacation=true&from=2026-11-20&for=2h", 409),
        ("vacation=true&from=2026-11-25&until=2026-11-24", 409),
    ] {
        let reply = server.post(&format!("/silences?{query}")).await;
        assert_eq!(reply.status, status, "{query}: {reply:?}");
    }
    let odd = server.post("/silences?subject=goal:raeding&for=2h").await.json();
    assert_eq!(
        odd["warning"],
        "the account has no goal raeding, did you mean goal:reading?"
    );
}
