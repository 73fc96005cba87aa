//! Measures the time from exec to READY=1.

use std::{os::unix::net::UnixDatagram, process::Stdio, time::Duration};

use mecris_tests::agent::Setup;
use tokio::time::Instant;

use crate::report::{Report, milliseconds, percentile};

/// Starts the daemon `times` times on the same state and prints the median and the 99th percentile.
pub(crate) fn measure(setup: &Setup, times: usize, report: &mut Report) {
    let mut durations: Vec<Duration> = (0..times.max(1)).map(|_| start(setup)).collect();
    durations.sort_unstable();
    let median = percentile(&durations, 50);
    report.row(
        "exec to READY, p50",
        milliseconds(median),
        "<= 50 ms",
        median <= Duration::from_millis(50),
    );
    report.row(
        "exec to READY, p99",
        milliseconds(percentile(&durations, 99)),
        "",
        true,
    );
}

/// One start, timed to the datagram, without polling.
fn start(setup: &Setup) -> Duration {
    let path = setup.folder().join("bench-notify");
    let _ = std::fs::remove_file(&path);
    let socket = UnixDatagram::bind(&path).expect("a socket in the installation's folder");
    socket
        .set_read_timeout(Some(Duration::from_secs(20)))
        .expect("a timeout can be set");
    let mut command = setup.command(&["serve"]);
    command
        .env("NOTIFY_SOCKET", &path)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let begin = Instant::now();
    let mut child = command.spawn().expect("the agent starts");
    let mut buffer = [0; 4096];
    loop {
        let length = socket
            .recv(&mut buffer)
            .expect("the agent gets ready within 20 s");
        if String::from_utf8_lossy(&buffer[..length]).contains("READY=1") {
            break;
        }
    }
    let took = begin.elapsed();
    let _ = child.kill();
    let _ = child.wait();
    took
}
