use serde_json::json;

use super::*;
use crate::telemetry::live::Phase;

#[tokio::test]
async fn health_and_ready_need_no_token_and_everything_else_does() {
    let server = serve().await;
    assert_eq!(server.request("GET", "/health", &[], "").await.status, 200);
    assert_eq!(server.request("HEAD", "/health", &[], "").await.status, 200);
    for path in ["/usage", "/metrics", "/openapi.json", "/version", "/no-such-path"] {
        let reply = server.request("GET", path, &[], "").await;
        assert_eq!(reply.status, 401, "{path}");
        assert_eq!(reply.header("www-authenticate"), Some("bearer"));
        let wrong = server
            .request(
                "GET",
                path,
                &[("authorization", "Bearer correct-horse-battery-stapl")],
                "",
            )
            .await;
        assert_eq!(wrong.status, 401, "{path}");
    }
    assert_eq!(server.get("/version").await.status, 200);
}

#[tokio::test]
async fn a_rotated_token_counts_as_soon_as_it_is_read_and_no_caller_waits_for_that() {
    let server = serve().await;
    let call = async |token: &str| {
        server
            .request(
                "GET",
                "/version",
                &[("authorization", &format!("Bearer {token}"))],
                "",
            )
            .await
            .status
    };
    let new = "correct-horse-battery-rotated";
    server.vault.put(&format!("test:{new}"));
    assert_eq!(
        (call(TOKEN).await, call(new).await, server.vault.asked()),
        (200, 401, 0)
    );
    assert!(server.secrets.renew().await);
    assert_eq!(
        (call(TOKEN).await, call(new).await, server.vault.asked()),
        (401, 200, 1)
    );
}

#[tokio::test]
async fn without_auth_everybody_on_this_machine_may_call_and_no_web_page() {
    let server = serve_with(|settings| settings.auth = Auth::None, Limits::default()).await;
    let ask = async |head: &str| {
        let raw = format!("{head}\r\nconnection: close\r\n\r\n");
        server.raw(raw.as_bytes()).await
    };
    let usage = ask("GET /usage HTTP/1.1\r\nhost: localhost:8000").await;
    assert_eq!(usage.status, 200, "{usage:?}");
    let rebound = ask("GET /usage HTTP/1.1\r\nhost: evil.example:8000").await;
    assert_eq!(
        (rebound.status, rebound.json()["code"].as_str()),
        (403, Some("forbidden"))
    );

    let silence = "POST /silences?vacation=true&for=90d HTTP/1.1\r\nhost: localhost";
    for page in ["origin: http://evil.example", "sec-fetch-site: cross-site"] {
        let reply = ask(&format!("{silence}\r\n{page}")).await;
        assert_eq!(reply.status, 403, "{page}: {reply:?}");
    }
    assert_eq!(ask(silence).await.status, 201);
}

#[tokio::test]
async fn a_token_does_not_open_the_door_to_a_web_page() {
    let server = serve().await;
    let token = format!("Bearer {TOKEN}");
    for page in [
        ("origin", "http://evil.example"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let headers = [("authorization", token.as_str()), page];
        let reply = server.request("GET", "/usage", &headers, "").await;
        assert_eq!(reply.status, 403, "{page:?}: {reply:?}");
    }
}

#[tokio::test]
async fn a_probe_may_call_by_any_name_but_by_one() {
    let server = serve_with(|settings| settings.auth = Auth::None, Limits::default()).await;
    for (head, status) in [
        ("GET /health HTTP/1.1\r\nhost: pod.example:8000", 200),
        ("HEAD /health HTTP/1.1\r\nhost: pod.example:8000", 200),
        ("GET /health HTTP/1.0", 200),
        ("GET /health HTTP/1.1", 400),
        ("GET /health HTTP/1.1\r\nhost: a\r\nhost: a", 400),
        ("GET /usage HTTP/1.1\r\nhost: localhost\r\nhost: localhost", 400),
        ("GET /usage HTTP/1.1", 400),
    ] {
        let raw = format!("{head}\r\nconnection: close\r\n\r\n");
        let reply = server.raw(raw.as_bytes()).await;
        assert_eq!(reply.status, status, "{head}: {reply:?}");
    }
}

#[tokio::test]
async fn ready_is_503_until_it_is() {
    let server = serve().await;
    for (phase, status) in [
        (None, 503),
        (Some(Phase::Ready), 200),
        (Some(Phase::Stopping), 503),
    ] {
        if let Some(phase) = phase {
            server.live.enter(phase);
        }
        assert_eq!(
            server.request("GET", "/ready", &[], "").await.status,
            status,
            "{phase:?}"
        );
        assert_eq!(
            server.request("HEAD", "/ready", &[], "").await.status,
            status,
            "{phase:?}"
        );
    }
}

#[tokio::test]
async fn every_error_has_the_same_shape() {
    let server = serve().await;
    server.drop_table("decisions").await;
    server.drop_table("odometer_readings").await;
    let token = format!("Bearer {TOKEN}");
    let headers = [("authorization", token.as_str()), ("x-request-id", "deploy-42")];
    for (method, path, status, code) in [
        ("GET", "/no-such-path", 404, "not_found"),
        ("DELETE", "/usage", 405, "method_not_allowed"),
        ("POST", "/health", 405, "method_not_allowed"),
        (
            "POST",
            "/usage/record?input_tokens=many&output_tokens=1",
            422,
            "invalid",
        ),
        ("POST", "/usage/update_budget", 422, "invalid"),
        (
            "POST",
            "/usage/update_budget?remaining_budget=1000",
            409,
            "conflict",
        ),
        ("GET", "/runs?limit=0", 422, "invalid"),
        ("GET", "/runs?before=yesterday", 422, "invalid"),
        ("GET", "/notifications/none", 404, "not_found"),
        ("POST", "/notifications/none/ack", 404, "not_found"),
        ("GET", "/beeminder/daily-activity/a%20b", 422, "invalid"),
        ("GET", "/notifications/%ff", 400, "bad_request"),
        ("GET", "/decisions", 500, "internal"),
        ("GET", "/groq/odometer/status", 503, "unavailable"),
    ] {
        let reply = server.request(method, path, &headers, "").await;
        assert_eq!(reply.status, status, "{method} {path}: {reply:?}");
        assert_eq!(reply.header("content-type"), Some("application/json"));
        let body = reply.json();
        assert_eq!(body["code"], code, "{path}");
        assert_eq!(body["request_id"], "deploy-42");
        assert!(
            body["detail"].as_str().is_some_and(|detail| detail.len() > 5),
            "{body}"
        );
        assert_eq!(body.as_object().unwrap().len(), 3);
    }
}

#[tokio::test]
async fn every_request_refuses_an_argument_that_it_does_not_know() {
    let server = serve().await;
    let document = server.get("/openapi.json").await.json();
    let token = format!("Bearer {TOKEN}");
    let headers = [
        ("authorization", token.as_str()),
        ("content-type", "application/json"),
    ];
    let mut asked = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        // The two that must always answer look at nothing but the path.
        if ["/health", "/ready"].contains(&path.as_str()) {
            continue;
        }
        let path = path.replace("{goal}", "bike").replace("{id}", "a");
        for method in item.as_object().unwrap().keys() {
            let method = method.to_uppercase();
            let query = server
                .request(&method, &format!("{path}?zzz=1"), &headers, "")
                .await;
            let body = server.request(&method, &path, &headers, r#"{"zzz": 1}"#).await;
            for reply in [query, body] {
                assert_eq!(reply.status, 422, "{method} {path}: {reply:?}");
                let error = reply.json();
                assert_eq!(error["code"], "invalid");
                let detail = error["detail"].as_str().unwrap();
                assert!(detail.starts_with("there is no argument \"zzz\": "), "{detail}");
            }
            asked += 1;
        }
    }
    assert_eq!(asked, 30, "operations besides /health and /ready");
    let refused = server.get("/runs?limt=5").await;
    let near = json!("there is no argument \"limt\": did you mean limit?");
    assert_eq!((refused.status, &refused.json()["detail"]), (422, &near));
}

#[tokio::test]
async fn the_wrong_method_is_told_the_right_one() {
    let server = serve().await;
    assert_eq!(server.post("/usage").await.header("allow"), Some("get,head"));
}

#[tokio::test]
async fn what_is_for_the_operator_is_not_sent() {
    let server = serve().await;
    for (path, table) in [("/groq/odometer/status", "odometer_readings"), ("/runs", "runs")] {
        server.drop_table(table).await;
        let reply = server.get(path).await;
        assert!(reply.status >= 500, "{reply:?}");
        assert!(!reply.body.contains(table), "{}", reply.body);
        assert!(!reply.body.contains("no such table"), "{}", reply.body);
    }
}

#[tokio::test]
async fn every_reply_has_a_request_id_and_the_callers_is_kept() {
    let server = serve().await;
    let (first, second) = (server.get("/version").await, server.get("/version").await);
    assert!(first.header("x-request-id").is_some());
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
    let token = format!("Bearer {TOKEN}");
    let named = [("authorization", token.as_str()), ("x-request-id", "a-b.c:1")];
    assert_eq!(
        server
            .request("GET", "/version", &named, "")
            .await
            .header("x-request-id"),
        Some("a-b.c:1")
    );
    let odd = [("authorization", token.as_str()), ("x-request-id", "a b<script>")];
    assert_ne!(
        server
            .request("GET", "/version", &odd, "")
            .await
            .header("x-request-id"),
        Some("a b<script>")
    );
}

#[tokio::test]
async fn each_token_has_its_own_rate() {
    let server = serve_with(|settings| settings.requests_per_minute = 2, Limits::default()).await;
    assert_eq!(server.get("/version").await.status, 200);
    assert_eq!(server.get("/version").await.status, 200);
    let busy = server.get("/version").await;
    assert_eq!(busy.status, 429);
    let wait: u64 = busy.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=30).contains(&wait), "{wait}");
    let other = [("authorization", "Bearer correct-horse-battery-staple-too")];
    assert_eq!(server.request("GET", "/version", &other, "").await.status, 200);
    assert_eq!(server.request("GET", "/health", &[], "").await.status, 200);
}

#[tokio::test]
async fn arguments_come_in_the_query_or_the_body() {
    let server = serve().await;
    let token = format!("Bearer {TOKEN}");
    let recorded = |reply: Reply| {
        let reply = reply.json();
        json!({ "recorded": reply["recorded"], "input_tokens": reply["input_tokens"], "model": reply["model"] })
    };
    let expected = json!({ "recorded": true, "input_tokens": 7, "model": "claude-3-5-sonnet-20241022" });
    let query = server.post("/usage/record?input_tokens=7&output_tokens=2").await;
    assert_eq!(recorded(query), expected);
    let headers = [
        ("authorization", token.as_str()),
        ("content-type", "application/json"),
    ];
    let body = r#"{"input_tokens": 7, "output_tokens": 2}"#;
    let posted = server.request("POST", "/usage/record", &headers, body).await;
    assert_eq!(recorded(posted), expected);
}

#[tokio::test]
async fn total_alone_updates_a_budget() {
    let server = serve().await;
    let reply = server.post("/usage/update_budget?total_budget=30").await.json();
    assert_eq!(
        (&reply["updated"], &reply["budget_info"]["total"]),
        (&json!(true), &json!(30.0))
    );
}

#[tokio::test]
async fn requests_are_counted_by_class() {
    let server = serve().await;
    server.request("GET", "/health", &[], "").await;
    server.request("GET", "/usage", &[], "").await;
    let text = server.get("/metrics").await.body;
    assert!(
        text.contains("mecris_http_requests_total{status=\"2xx\"} 1"),
        "{text}"
    );
    assert!(
        text.contains("mecris_http_requests_total{status=\"4xx\"} 1"),
        "{text}"
    );
    assert!(text.ends_with("# EOF\n"));
}
