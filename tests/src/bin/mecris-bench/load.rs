//! A load generator with a number of keep-alive connections. Each connection sends its next request as soon
//! as it is answered.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::Instant,
};

use crate::report::percentile;

/// The results of several rounds.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    rates: Vec<f64>,
    times: Vec<Duration>,
}

impl Figures {
    /// Adds one round.
    pub(crate) fn add(&mut self, (times, took): (Vec<Duration>, Duration)) {
        self.rates.push(times.len() as f64 / took.as_secs_f64());
        self.times.extend(times);
    }

    /// The median round.
    pub(crate) fn per_second(&self) -> f64 {
        median(self.rates.clone())
    }

    /// The median over the rounds of our rate divided by their rate in the same round. Both sides of a round
    /// run close to each other, so that a change in the load of the machine disturbs both.
    pub(crate) fn ratio(&self, theirs: &Self) -> f64 {
        median(
            self.rates
                .iter()
                .zip(&theirs.rates)
                .map(|(ours, theirs)| ours / theirs)
                .collect(),
        )
    }

    /// Over all rounds.
    pub(crate) fn p99(&self) -> Duration {
        let mut times = self.times.clone();
        times.sort_unstable();
        percentile(&times, 99)
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// Runs a round. Returns its results: the time of each answer, and the time of the round.
///
/// # Errors
/// If a connection breaks or an answer is not 200.
pub(crate) fn run(
    address: SocketAddr,
    path: &str,
    token: &str,
    connections: usize,
    round: Duration,
) -> io::Result<(Vec<Duration>, Duration)> {
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: {token}\r\n\r\n");
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(async {
            let begin = Instant::now();
            let tasks: Vec<_> = (0..connections)
                .map(|_| tokio::spawn(connection(address, request.clone().into_bytes(), begin + round)))
                .collect();
            let mut times = Vec::new();
            for task in tasks {
                times.extend(task.await.map_err(io::Error::other)??);
            }
            Ok((times, begin.elapsed()))
        })
}

async fn connection(address: SocketAddr, request: Vec<u8>, end: Instant) -> io::Result<Vec<Duration>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut times, mut buffer) = (Vec::new(), Vec::with_capacity(64 * 1024));
    while Instant::now() < end {
        let begin = Instant::now();
        stream.write_all(&request).await?;
        buffer.clear();
        while !complete(&buffer)? {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        times.push(begin.elapsed());
    }
    Ok(times)
}

/// Whether a whole answer with `content-length` has arrived.
fn complete(buffer: &[u8]) -> io::Result<bool> {
    let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(false);
    };
    let head = String::from_utf8_lossy(&buffer[..end]).to_lowercase();
    if !head.starts_with("http/1.1 200") {
        return Err(io::Error::other(head));
    }
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .and_then(|n| n.trim().parse().ok());
    let length: usize = length.ok_or_else(|| io::Error::other(format!("no content-length: {head}")))?;
    Ok(buffer.len() >= end + 4 + length)
}
