//! Against a socket that misbehaves as told. Delays are real but tiny.

use std::{collections::VecDeque, sync::Mutex};

use http::{Method, StatusCode};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
};
use url::Url;

use super::*;

/// What the server does with one request.
#[derive(Clone)]
enum Act {
    Say(String),
    /// Never answers.
    Hang,
}

struct Server {
    url: Url,
    requests: Arc<Mutex<Vec<String>>>,
    hanging: Arc<Notify>,
}

impl Server {
    /// One act for each request; the last one is repeated.
    async fn start(acts: impl IntoIterator<Item = Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/here?auth_token=canary", listener.local_addr().unwrap())
            .parse()
            .unwrap();
        let (requests, hanging) = (Arc::default(), Arc::default());
        let (seen, hang) = (Arc::clone(&requests), Arc::clone(&hanging));
        let mut acts: VecDeque<Act> = acts.into_iter().collect();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let act = if acts.len() > 1 {
                    acts.pop_front()
                } else {
                    acts.front().cloned()
                };
                tokio::spawn(serve(socket, act.unwrap(), Arc::clone(&seen), Arc::clone(&hang)));
            }
        });
        Self {
            url,
            requests,
            hanging,
        }
    }

    fn count(&self) -> usize {
        self.requests.lock().unwrap().len()
    }
}

async fn serve(mut socket: TcpStream, act: Act, seen: Arc<Mutex<Vec<String>>>, hanging: Arc<Notify>) {
    let mut request = vec![0; 4096];
    let length = socket.read(&mut request).await.unwrap();
    seen.lock()
        .unwrap()
        .push(String::from_utf8_lossy(&request[..length]).into_owned());
    match act {
        Act::Say(text) => socket.write_all(text.as_bytes()).await.unwrap(),
        Act::Hang => {
            hanging.notify_one();
            std::future::pending::<()>().await;
        }
    }
}

fn reply(status: &str, more: &str) -> Act {
    Act::Say(format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\n{more}content-length: 4\r\n\r\nbody"
    ))
}

fn outbound(tuning: Tuning) -> Outbound {
    Outbound::with_tuning("fake", Clock::system(), tuning)
}

/// Pauses of a millisecond, as many tries as the circuit allows.
fn quick() -> Tuning {
    Tuning {
        first_delay: Duration::from_millis(1),
        ..Tuning::default()
    }
}

fn get(url: &Url) -> Call {
    Call {
        method: Method::GET,
        url: url.clone(),
        basic: None,
        bearer: None,
        form: None,
        json: None,
        lease: None,
        timeout: Duration::from_secs(5),
        total: Duration::from_secs(10),
        idempotent: true,
    }
}

fn post(url: &Url) -> Call {
    Call {
        method: Method::POST,
        idempotent: false,
        form: Some(vec![("Body", "a b".into())]),
        ..get(url)
    }
}

#[tokio::test]
async fn a_refusal_that_repeats_the_credentials_does_not_hand_them_on() {
    let said = r#"{"message": "Authorization: Basic QUMxOmNvcnJlY3QtaG9yc2U=, correct-horse"}"#;
    let length = said.len();
    let refused = Act::Say(format!(
        "HTTP/1.1 403 No\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{said}"
    ));
    let server = Server::start([refused]).await;
    let basic = Some(("AC1".to_owned(), "correct-horse".to_owned().into()));
    let reply = outbound(quick())
        .call(Call {
            basic,
            bearer: None,
            ..post(&server.url)
        })
        .await
        .unwrap();
    let body = std::str::from_utf8(&reply.body).unwrap();
    assert_eq!(body, r#"{"message": "Authorization: Basic ***U=, ***"}"#);
}

#[tokio::test]
async fn a_reply_is_handed_on_and_the_request_says_who_asks() {
    let server = Server::start([reply("200 OK", "")]).await;
    let basic = Some(("me".to_owned(), "pw".to_owned().into()));
    let reply = outbound(quick())
        .call(Call {
            basic,
            bearer: None,
            ..post(&server.url)
        })
        .await
        .unwrap();
    assert_eq!(
        (reply.status, &reply.body[..], reply.retry_after),
        (StatusCode::OK, &b"body"[..], None)
    );
    let request = server.requests.lock().unwrap()[0].clone();
    for part in [
        "POST /here?auth_token=canary ",
        "user-agent: mecris-agent/",
        "authorization: Basic bWU6cHc=",
        "Body=a+b",
    ] {
        assert!(request.contains(part), "{part} not in {request}");
    }
}

#[tokio::test]
async fn an_idempotent_call_survives_two_failures_of_any_kind() {
    for failure in [
        reply("500 No", ""),
        reply("429 No", ""),
        Act::Say(String::new()),
        Act::Say("garbage\r\n\r\n".into()),
    ] {
        let server = Server::start([failure.clone(), failure, reply("200 OK", "")]).await;
        assert_eq!(
            outbound(quick()).call(get(&server.url)).await.unwrap().status,
            StatusCode::OK
        );
        assert_eq!(server.count(), 3);
    }
}

#[tokio::test]
async fn a_call_that_must_not_be_repeated_is_not() {
    let server = Server::start([reply("503 No", ""), reply("200 OK", "")]).await;
    assert_eq!(
        outbound(quick()).call(post(&server.url)).await.unwrap().status,
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn the_last_outcome_is_returned_when_every_try_failed() {
    let server = Server::start([Act::Say(String::new()), reply("502 No", ""), reply("503 No", "")]).await;
    assert_eq!(
        outbound(quick()).call(get(&server.url)).await.unwrap().status,
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert_eq!(server.count(), 3);
}

#[tokio::test]
async fn a_refusal_is_not_retried() {
    for status in ["401 No", "404 No", "422 No"] {
        let server = Server::start([reply(status, "")]).await;
        outbound(quick()).call(get(&server.url)).await.unwrap();
        assert_eq!(server.count(), 1, "{status}");
    }
}

#[tokio::test]
async fn retry_after_is_waited_for_if_it_fits_and_ends_the_call_if_not() {
    let server = Server::start([reply("429 No", "retry-after: 1\r\n"), reply("200 OK", "")]).await;
    let before = Instant::now();
    let call = Call {
        total: Duration::from_millis(900),
        ..get(&server.url)
    };
    let early = outbound(quick()).call(call).await.unwrap();
    assert_eq!(
        (early.status, early.retry_after),
        (StatusCode::TOO_MANY_REQUESTS, Some(Duration::from_secs(1)))
    );
    assert!(before.elapsed() < Duration::from_millis(900));

    let server = Server::start([reply("429 No", "retry-after: 1\r\n"), reply("200 OK", "")]).await;
    let before = Instant::now();
    assert_eq!(
        outbound(quick()).call(get(&server.url)).await.unwrap().status,
        StatusCode::OK
    );
    assert!(before.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let target = Server::start([reply("200 OK", "")]).await;
    let server = Server::start([reply("302 Found", &format!("location: {}\r\n", target.url))]).await;
    assert_eq!(
        outbound(quick()).call(get(&server.url)).await.unwrap().status,
        StatusCode::FOUND
    );
    assert_eq!(target.count(), 0);
}

#[tokio::test]
async fn a_try_ends_at_its_deadline_and_the_next_one_follows() {
    let server = Server::start([Act::Hang]).await;
    let call = Call {
        timeout: Duration::from_millis(60),
        ..get(&server.url)
    };
    let error = outbound(quick()).call(call).await.unwrap_err();
    assert!(
        matches!(error, CallError::Timeout { .. }) && !error.nothing_was_sent(),
        "{error}"
    );
    assert_eq!(server.count(), 1 + quick().retries);
}

#[tokio::test]
async fn a_call_ends_at_the_total_of_its_tries() {
    let server = Server::start([Act::Hang]).await;
    let call = Call {
        timeout: Duration::from_hours(1),
        total: Duration::from_millis(100),
        ..get(&server.url)
    };
    let error = outbound(quick()).call(call).await.unwrap_err();
    assert!(
        matches!(error, CallError::Timeout { .. }) && !error.nothing_was_sent(),
        "{error}"
    );
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn half_a_body_garbage_and_silence_leave_open_whether_it_was_processed() {
    let half = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf".to_owned();
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n".to_owned();
    for text in [half, chunked, "SSH-2.0-OpenSSH\r\n".to_owned(), String::new()] {
        let server = Server::start([Act::Say(text)]).await;
        let error = outbound(quick()).call(post(&server.url)).await.unwrap_err();
        assert!(
            matches!(error, CallError::Broken { .. }) && !error.nothing_was_sent(),
            "{error}"
        );
    }
}

#[tokio::test]
async fn no_listener_and_no_tls_mean_that_nothing_was_sent() {
    let port = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let url: Url = format!("http://127.0.0.1:{port}/?auth_token=canary")
        .parse()
        .unwrap();
    let error = outbound(quick()).call(get(&url)).await.unwrap_err();
    assert!(
        matches!(error, CallError::Connect { .. }) && error.nothing_was_sent(),
        "{error}"
    );
    assert!(!error.to_string().contains("canary"));

    let server = Server::start([Act::Say("no TLS here".into())]).await;
    let mut url = server.url.clone();
    url.set_scheme("https").unwrap();
    let error = outbound(quick()).call(get(&url)).await.unwrap_err();
    assert!(matches!(error, CallError::Connect { .. }), "{error}");
}

#[tokio::test]
async fn a_body_above_the_limit_is_broken_off() {
    let server = Server::start([reply("200 OK", "")]).await;
    let error = outbound(Tuning {
        largest_body: 3,
        ..quick()
    })
    .call(post(&server.url))
    .await
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "fake broke off: the reply is larger than 3 bytes"
    );
    assert_eq!(
        outbound(Tuning {
            largest_body: 4,
            ..quick()
        })
        .call(post(&server.url))
        .await
        .unwrap()
        .body
        .len(),
        4
    );
}

#[tokio::test]
async fn an_open_circuit_asks_nobody_and_closes_after_one_good_probe() {
    let server = Server::start([
        reply("500 No", ""),
        reply("500 No", ""),
        reply("500 No", ""),
        reply("200 OK", ""),
    ])
    .await;
    let outbound = outbound(Tuning {
        first_pause: Duration::from_millis(50),
        ..quick()
    });
    outbound.call(get(&server.url)).await.unwrap();
    let error = outbound.clone().call(post(&server.url)).await.unwrap_err();
    assert!(error.nothing_was_sent());
    let CallError::CircuitOpen {
        failures: 3,
        retry_in,
        why,
    } = error
    else {
        panic!("{error}")
    };
    assert_eq!(why, "fake answered with status 500");
    assert_eq!(server.count(), 3);

    tokio::time::sleep(retry_in).await;
    let (one, other) = tokio::join!(outbound.call(get(&server.url)), outbound.call(get(&server.url)));
    assert_eq!(
        (one.unwrap().status, other.unwrap().status),
        (StatusCode::OK, StatusCode::OK)
    );
}

#[tokio::test]
async fn a_probe_that_is_cancelled_in_flight_does_not_keep_the_circuit_shut() {
    let failures = [reply("500 No", ""), reply("500 No", ""), reply("500 No", "")];
    let server = Server::start(failures.into_iter().chain([Act::Hang, reply("200 OK", "")])).await;
    let outbound = outbound(Tuning {
        first_pause: Duration::ZERO,
        ..quick()
    });
    outbound.call(get(&server.url)).await.unwrap();
    tokio::select! {
        _ = outbound.call(get(&server.url)) => panic!("it hangs"),
        () = server.hanging.notified() => {}
    }
    assert_eq!(
        outbound.call(get(&server.url)).await.unwrap().status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn concurrent_calls_are_counted_together() {
    let server = Server::start([reply("500 No", "")]).await;
    let outbound = outbound(quick());
    let (one, other) = tokio::join!(outbound.call(get(&server.url)), outbound.call(get(&server.url)));
    assert!(
        one.is_ok() && other.is_ok(),
        "a call that was let through keeps its tries"
    );
    assert!(matches!(
        outbound.call(get(&server.url)).await,
        Err(CallError::CircuitOpen { failures: 6, .. })
    ));
}

#[tokio::test]
async fn a_lease_is_checked_once_the_connection_is_there_and_lets_the_body_through_or_nothing() {
    for holds in [true, false] {
        let server = Server::start([reply("200 OK", "")]).await;
        let asked = Arc::new(Mutex::new(0));
        let asking = Arc::clone(&asked);
        let lease = LeaseCheck::new(move || {
            *asking.lock().unwrap() += 1;
            holds
        });
        let call = Call {
            lease: Some(lease),
            ..post(&server.url)
        };
        let outcome = outbound(quick()).call(call).await;
        assert_eq!(*asked.lock().unwrap(), 1);
        if holds {
            assert_eq!(outcome.unwrap().status, StatusCode::OK);
            let request = server.requests.lock().unwrap().remove(0);
            assert!(
                request.contains("content-length: 8\r\n") && request.ends_with("\r\n\r\nBody=a+b"),
                "{request}"
            );
        } else {
            let error = outcome.unwrap_err();
            assert!(matches!(error, CallError::LeaseOver { .. }), "{error}");
            assert!(!error.nothing_was_sent(), "the head of the request may have left");
            let error = error.to_string();
            assert!(
                error.ends_with("not sent: the lease was over before the connection was ready"),
                "{error}"
            );
            assert!(
                server
                    .requests
                    .lock()
                    .unwrap()
                    .iter()
                    .all(|request| !request.contains("Body"))
            );
        }
    }
}

#[tokio::test]
async fn a_lease_of_a_call_without_a_body_is_checked_before_anything_leaves() {
    let server = Server::start([reply("200 OK", "")]).await;
    let call = Call {
        lease: Some(LeaseCheck::new(|| false)),
        ..get(&server.url)
    };
    let error = outbound(quick()).call(call).await.unwrap_err();
    assert!(matches!(error, CallError::LeaseOver { .. }), "{error}");
    assert_eq!(server.count(), 0);
}
