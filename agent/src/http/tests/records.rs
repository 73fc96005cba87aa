use super::*;

/// Two passes, a quarter of an hour apart, with one decision each.
async fn with_records() -> Harness {
    let server = serve().await;
    let write = server.store.write(|tx| {
        let observations = json!({
            "beeminder": {"status": "stale", "at": "2026-11-21T17:00:00Z", "why": "timed out"},
            "budget": {"status": "not_configured", "at": null, "why": null},
            "walk": {"status": "fresh", "at": "2026-11-21T18:00:00Z", "why": null},
        });
        for (id, at) in [("r1", "2026-11-21T18:00:00.000000000Z"), ("r2", "2026-11-21T18:15:00.000000000Z")] {
            tx.execute(
                "INSERT INTO runs (id, started_at, finished_at, trigger, outcome, succeeded, changed, observations)
                 VALUES (?1, ?2, ?2, 'schedule', 'done', 1, 0, ?3)",
                (id, at, observations.to_string()),
            )?;
            tx.execute(
                "INSERT INTO decisions (run_id, at, subject, severity, day, action, reason, evidence)
                 VALUES (?1, ?2, 'goal:reading', 'CRITICAL', '2026-11-21', 'suppress', 'quiet_hours', 'safebuf 0')",
                (id, at),
            )?;
        }
        Ok(())
    });
    write.await.unwrap();
    server
}

fn ids(page: &Value, list: &str, id: &str) -> Vec<String> {
    page[list]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row[id].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn runs_come_newest_first_and_in_pages() {
    let server = with_records().await;
    let all = server.get("/runs").await.json();
    assert_eq!(
        (ids(&all, "runs", "id"), &all["count"]),
        (vec!["r2".to_owned(), "r1".to_owned()], &json!(2))
    );
    assert_eq!(all["runs"][0]["observations"]["walk"]["status"], "fresh");
    assert_eq!(
        ids(&server.get("/runs?limit=1").await.json(), "runs", "id"),
        ["r2"]
    );
    let last = all["runs"][0]["started_at"].as_str().unwrap();
    assert_eq!(
        ids(
            &server.get(&format!("/runs?before={last}")).await.json(),
            "runs",
            "id"
        ),
        ["r1"]
    );
}

#[tokio::test]
async fn decisions_say_why_and_are_found_by_their_pass() {
    let server = with_records().await;
    let all = server.get("/decisions").await.json();
    assert_eq!(ids(&all, "decisions", "run_id"), ["r2", "r1"]);
    assert_eq!(all["decisions"][0]["reason"], "quiet_hours");
    assert_eq!(
        ids(
            &server.get("/decisions?run_id=r1").await.json(),
            "decisions",
            "run_id"
        ),
        ["r1"]
    );
    let unknown = server.get("/decisions?run_id=r9").await;
    assert_eq!(
        unknown.status, 404,
        "a pass that is not there is no pass without decisions"
    );
    let before = server.get("/decisions?before=2").await.json();
    assert_eq!(ids(&before, "decisions", "run_id"), ["r1"]);
}

#[tokio::test]
async fn messages_come_in_pages_and_an_unknown_beginning_is_refused() {
    let server = with_records().await;
    let write = server.store.write(|tx| {
        for (id, minute) in [("n1", 0), ("n2", 1), ("n3", 2)] {
            tx.execute(
                "INSERT INTO notifications (id, created_at, severity, subjects, body, tag, state, channel, attempt, updated_at)
                 VALUES (?1, ?2, 'CRITICAL', '[\"walk\"]', '', ?1, 'accepted', 'sms', 1, ?2)",
                (id, format!("2026-11-21T18:0{minute}:00.000000000Z")),
            )?;
        }
        Ok(())
    });
    write.await.unwrap();
    let mut seen = Vec::new();
    let mut path = "/notifications?limit=2".to_owned();
    loop {
        let page = ids(&server.get(&path).await.json(), "notifications", "id");
        let Some(last) = page.last() else { break };
        path = format!("/notifications?limit=2&before={last}");
        seen.extend(page);
    }
    assert_eq!(seen, ["n3", "n2", "n1"]);
    let refused = server.get("/notifications?before=n4").await;
    assert_eq!(refused.status, 404);
    assert!(
        refused.json()["detail"]
            .as_str()
            .unwrap()
            .starts_with("before: expected the id"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn decisions_come_in_pages_to_the_first_one() {
    let server = with_records().await;
    let mut seen = Vec::new();
    let mut path = "/decisions?limit=1".to_owned();
    while let Some(row) = server.get(&path).await.json()["decisions"]
        .as_array()
        .unwrap()
        .first()
    {
        path = format!("/decisions?limit=1&before={}", row["id"]);
        seen.push(row["run_id"].as_str().unwrap().to_owned());
    }
    assert_eq!(seen, ["r2", "r1"]);
}

#[tokio::test]
async fn no_messages_are_an_empty_list() {
    let reply = with_records().await.get("/notifications").await.json();
    assert_eq!(reply, json!({ "count": 0, "notifications": [] }));
}
