use tokio::time::timeout;

use super::{
    super::{gate, router},
    *,
};

/// Far longer than anything here takes; only a hang gets there.
const HANG: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_whether_it_says_so_or_not() {
    let server = serve().await;
    let token = format!("Bearer {TOKEN}");
    let headers = [
        ("authorization", token.as_str()),
        ("content-type", "application/json"),
    ];
    let large = "x".repeat(64 * 1024 + 1);
    let reply = server.request("POST", "/usage/record", &headers, &large).await;
    assert_eq!((reply.status, &reply.json()["code"]), (413, &json!("too_large")));

    let chunk = format!("{:x}\r\n{large}\r\n0\r\n\r\n", large.len());
    let raw = format!(
        "POST /usage/record HTTP/1.1\r\nhost: test\r\nauthorization: {token}\r\ncontent-type: application/json\r\n\
         connection: close\r\ntransfer-encoding: chunked\r\n\r\n{chunk}"
    );
    assert_eq!(server.raw(raw.as_bytes()).await.status, 413);
}

#[tokio::test]
async fn a_head_that_is_too_large_or_has_too_many_headers_is_refused() {
    let server = serve().await;
    let long = "x".repeat(20 * 1024);
    assert_eq!(
        server
            .request("GET", "/health", &[("x-long", &long)], "")
            .await
            .status,
        431
    );
    let many: Vec<_> = (0..150).map(|number| format!("x-{number}")).collect();
    let many: Vec<_> = many.iter().map(|name| (name.as_str(), "1")).collect();
    assert_eq!(server.request("GET", "/health", &many, "").await.status, 431);
}

#[tokio::test]
async fn a_slow_head_and_an_idle_connection_are_closed() {
    let limits = Limits {
        head_time: Duration::from_millis(100),
        ..Limits::default()
    };
    let server = serve_with(|_| {}, limits).await;
    for start in [
        "",
        "GET /health HTTP/1.1\r\nhost:",
        "GET /health HTTP/1.1\r\nhost: test\r\n\r\n",
    ] {
        let stream = TcpStream::connect(server.address).await.unwrap();
        write(&stream, start.as_bytes()).await;
        timeout(HANG, read_to_end(&stream))
            .await
            .expect("the server closes it");
    }
}

fn one_seat() -> Limits {
    Limits {
        connections: 1,
        ..Limits::default()
    }
}

#[tokio::test]
async fn an_idle_connection_makes_room_for_the_next() {
    let server = serve_with(|_| {}, one_seat()).await;
    for start in [
        "",
        "GET /health HTTP/1.1\r\nhost:",
        "GET /health HTTP/1.1\r\nhost: test\r\n\r\n",
    ] {
        let idle = TcpStream::connect(server.address).await.unwrap();
        write(&idle, start.as_bytes()).await;
        let next = server.request("GET", "/health", &[], "");
        assert_eq!(timeout(HANG, next).await.unwrap().status, 200, "{start:?}");
        timeout(HANG, read_to_end(&idle))
            .await
            .expect("the server closes it");
    }
}

#[tokio::test]
async fn a_connection_whose_request_is_being_answered_keeps_its_seat() {
    let server = serve_with(|_| {}, one_seat()).await;
    let pass = server.post("/intelligent-reminder/trigger");
    let meanwhile = async {
        server.fake.started.acquire().await.unwrap().forget();
        let next = server.request("GET", "/health", &[], "");
        tokio::pin!(next);
        assert!(
            timeout(Duration::from_millis(200), &mut next).await.is_err(),
            "the only seat is taken"
        );
        server.fake.let_go.add_permits(1);
        timeout(HANG, next).await.unwrap().status
    };
    let (pass, next) = tokio::join!(pass, meanwhile);
    assert_eq!((pass.status, next), (200, 200));
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_left() {
    let limits = Limits {
        write_time: Duration::from_millis(100),
        ..Limits::default()
    };
    let server = serve_with(|_| {}, limits).await;
    let stream = TcpStream::connect(server.address).await.unwrap();
    let requests = b"GET /health HTTP/1.1\r\nhost: test\r\n\r\n".repeat(100);
    let never_read = async {
        loop {
            stream.writable().await?;
            match stream.try_write(&requests) {
                Err(error) if error.kind() != std::io::ErrorKind::WouldBlock => return Err::<(), _>(error),
                _ => {}
            }
        }
    };
    timeout(HANG, never_read)
        .await
        .expect("the server ends the connection")
        .unwrap_err();
}

#[tokio::test]
async fn health_answers_while_a_request_hangs() {
    let server = serve().await;
    let pass = server.post("/intelligent-reminder/trigger");
    let meanwhile = async {
        server.fake.started.acquire().await.unwrap().forget();
        let health = server.request("GET", "/health", &[], "").await;
        server.fake.let_go.add_permits(1);
        health.status
    };
    let (pass, health) = tokio::join!(pass, meanwhile);
    assert_eq!((health, pass.status), (200, 200));
    assert_eq!(pass.json()["triggered"], true);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_takes_too_long_is_answered_all_the_same() {
    let server = serve().await;
    let started = tokio::time::Instant::now();
    let request = http::Request::post("/intelligent-reminder/trigger")
        .header("host", "test")
        .header("authorization", format!("Bearer {TOKEN}"))
        .body(axum::body::Body::empty())
        .unwrap();
    let reply = gate::pass(
        Arc::clone(&server.app),
        router::router(Arc::clone(&server.app)),
        request,
    )
    .await;
    assert_eq!(reply.status(), 503);
    assert_eq!(
        started.elapsed().as_secs(),
        85,
        "for the pass that runs and for its own, a deadline of 30 s and 10 s more; between them a turn of 5 s"
    );
}

#[tokio::test]
async fn a_client_that_hangs_up_does_not_cut_a_pass() {
    let server = serve().await;
    let raw = format!(
        "POST /intelligent-reminder/trigger HTTP/1.1\r\nhost: test\r\nauthorization: Bearer {TOKEN}\r\n\r\n"
    );
    let stream = TcpStream::connect(server.address).await.unwrap();
    write(&stream, raw.as_bytes()).await;
    server.fake.started.acquire().await.unwrap().forget();
    drop(stream);
    // The server sees that the connection is gone before the pass is let go on.
    assert_eq!(server.request("GET", "/health", &[], "").await.status, 200);
    server.fake.let_go.add_permits(1);
    timeout(HANG, server.fake.finished.acquire())
        .await
        .expect("the pass ends")
        .unwrap()
        .forget();
}

#[tokio::test]
async fn a_stop_lets_requests_in_flight_finish_and_takes_no_more() {
    let mut server = serve().await;
    let idle = TcpStream::connect(server.address).await.unwrap();
    write(&idle, b"GET /health HTTP/1.1\r\nhost: test\r\n\r\n").await;
    let pass = server.post("/intelligent-reminder/trigger");
    let stopping = async {
        server.fake.started.acquire().await.unwrap().forget();
        server.stop.cancel();
        timeout(HANG, read_to_end(&idle))
            .await
            .expect("an idle connection is closed");
        assert!(
            TcpStream::connect(server.address).await.is_err(),
            "nobody listens any more"
        );
        server.fake.let_go.add_permits(1);
    };
    let (pass, ()) = tokio::join!(pass, stopping);
    assert_eq!(pass.status, 200);
    timeout(HANG, &mut server.served)
        .await
        .expect("the server ends")
        .unwrap();
}

#[tokio::test]
async fn a_stop_does_not_wait_beyond_the_grace() {
    let limits = Limits {
        grace: Duration::from_millis(50),
        ..Limits::default()
    };
    let mut server = serve_with(|_| {}, limits).await;
    let raw = format!(
        "POST /intelligent-reminder/trigger HTTP/1.1\r\nhost: test\r\nauthorization: Bearer {TOKEN}\r\n\r\n"
    );
    let stream = TcpStream::connect(server.address).await.unwrap();
    write(&stream, raw.as_bytes()).await;
    server.fake.started.acquire().await.unwrap().forget();
    server.stop.cancel();
    timeout(HANG, &mut server.served)
        .await
        .expect("the server ends")
        .unwrap();
    assert_eq!(timeout(HANG, read_to_end(&stream)).await.expect("it is cut"), "");
}
