//! The accept loop. It puts hyper-util's pieces together itself, so that the limits and the shutdown are
//! ours.
//!
//! A connection is bounded before it can cost anything: how many there are, how long a request head may take
//! (which bounds an idle keep-alive connection too), how large it may be, how many headers it may have
//! (hyper's 100).

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_util::sync::CancellationToken;

use super::service::HttpService;
use crate::hangpoint;

/// What one client, or all together, may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at one time; more wait in the system's queue.
    pub connections: usize,
    /// For a request head to arrive, and for an idle connection to stay.
    pub head_time: Duration,
    /// Size of a request head.
    pub head_bytes: usize,
    /// For requests in flight to finish once the stop has begun.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 256,
            head_time: Duration::from_secs(10),
            head_bytes: 16 * 1024,
            grace: Duration::from_secs(10),
        }
    }
}

/// A bound socket that does not serve yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    limits: Limits,
}

impl Server {
    /// Binds. Port 0 takes a free one, see [`Server::address`].
    ///
    /// # Errors
    /// If the address is taken, not ours or not allowed.
    pub async fn bind(listen: SocketAddr, limits: Limits) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        Ok(Self {
            listener,
            address,
            limits,
        })
    }

    /// Where it listens, with the real port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` is cancelled, then stops accepting, lets requests in flight finish within the
    /// grace, and cuts the rest.
    pub async fn serve(self, service: HttpService, stop: CancellationToken) {
        let Self { listener, limits, .. } = self;
        let seats = Arc::new(Semaphore::new(limits.connections));
        let graceful = GracefulShutdown::new();
        let cut = CancellationToken::new();
        let http = protocol(limits);
        loop {
            let (stream, seat) = tokio::select! {
                () = stop.cancelled() => break,
                accepted = accept(&listener, &seats) => accepted,
            };
            let connection = Connection {
                stream,
                seat,
                watcher: graceful.watcher(),
                cut: cut.clone(),
            };
            tokio::spawn(connection.serve(http.clone(), service.clone()));
        }
        drop(listener);
        if tokio::time::timeout(limits.grace, graceful.shutdown())
            .await
            .is_err()
        {
            tracing::warn!(grace = ?limits.grace, "requests were still in flight when the grace ended: they are cut");
        }
        cut.cancel();
    }
}

fn protocol(limits: Limits) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.head_time)
        .max_header_size(limits.head_bytes)
        .max_buf_size(limits.head_bytes.max(8 * 1024))
        .keep_alive(true);
    http
}

/// The next connection, once there is a seat for it.
async fn accept(listener: &TcpListener, seats: &Arc<Semaphore>) -> (TcpStream, OwnedSemaphorePermit) {
    let seat = Arc::clone(seats)
        .acquire_owned()
        .await
        .expect("the semaphore is never closed");
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                hangpoint!("http.accept");
                return (stream, seat);
            }
            Err(error) => {
                // The client went away, or files are used up: both pass, and a pause keeps the second from
                // spinning.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

struct Connection {
    stream: TcpStream,
    seat: OwnedSemaphorePermit,
    watcher: Watcher,
    cut: CancellationToken,
}

impl Connection {
    async fn serve(self, http: http1::Builder, service: HttpService) {
        let Self {
            stream,
            seat,
            watcher,
            cut,
        } = self;
        // Answers are one small write: waiting for more to send would only delay them.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY");
        }
        let served = watcher.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::select! {
            biased;
            outcome = served => {
                if let Err(error) = outcome {
                    tracing::debug!(%error, "connection ended");
                }
            }
            () = cut.cancelled() => {}
        }
        drop(seat);
    }
}
