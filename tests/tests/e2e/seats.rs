//! Clients that take every seat and read nothing: systemd's watchdog is pinged on time all the same.

use std::{
    io::{ErrorKind, Write as _},
    net::TcpStream,
    time::Duration,
};

use mecris_tests::{http_client::request, wait};

use crate::stage::Stage;

/// As many as the daemon has seats.
const CLIENTS: usize = 256;

/// Sends requests until the daemon takes no more, because nobody reads the answers.
fn sends_and_never_reads(address: std::net::SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream
        .set_write_timeout(Some(Duration::from_millis(20)))
        .expect("a time limit");
    let requests = b"GET /health HTTP/1.1\r\nhost: test\r\n\r\n".repeat(200);
    for _ in 0..200 {
        match stream.write(&requests) {
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => break,
            // It had to make room for another one.
            Err(_) => break,
        }
    }
    stream
}

#[test]
fn clients_that_read_nothing_keep_nobody_from_health_and_no_ping_from_systemd() {
    let mut stage = Stage::of_the_daemon();
    stage.setup.set_env("WATCHDOG_USEC", "6000000");
    let daemon = stage.setup.serve();
    let address = daemon.address();
    let clients: Vec<TcpStream> = std::thread::scope(|scope| {
        let started: Vec<_> = (0..CLIENTS)
            .map(|_| scope.spawn(move || sends_and_never_reads(address)))
            .collect();
        started
            .into_iter()
            .map(|client| client.join().expect("a client"))
            .collect()
    });
    daemon.notifications();
    let mut pings = 0;
    // A ping every two seconds. The daemon itself logs a ping that it missed; the time here is only for a busy machine.
    let pinged = wait::until(Duration::from_secs(40), || {
        let new = daemon.notifications();
        pings += new.iter().filter(|line| line.contains("WATCHDOG=1")).count();
        let health = request(address, "GET", "/health", &[], None).expect("an answer");
        assert_eq!(health.status, 200);
        (pings >= 4).then_some(())
    });
    let logs = daemon.logs();
    assert!(pinged.is_some(), "{pings} pings: {logs}");
    assert!(!logs.contains("no watchdog ping"), "{logs}");
    drop(clients);
}
