//! The accept loop. It is built from the parts of hyper-util, so that we decide about the limits and the
//! shutdown.
//!
//! Connections are limited before they can cost anything. The limits are the number of connections (`seats.rs`),
//! the time for a request head to arrive (this also ends an idle keep-alive connection), the time for a client to take
//! what is written to it, the size of a request head, and the number of its headers (100, from hyper).

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
};
use tokio::net::{TcpListener, TcpStream};
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;

use super::{
    seats::{Seat, Seats},
    service::HttpService,
};
use crate::hangpoint;

/// The limits for one client and for all clients together.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How many connections may be open at one time. For a further one, that connection ends which has been idle
    /// for the longest time.
    pub connections: usize,
    /// How long a request head may take to arrive, and how long an idle connection may stay open.
    pub head_time: Duration,
    /// How long a client may take nothing of what is written to it.
    pub write_time: Duration,
    /// The largest size of a request head.
    pub head_bytes: usize,
    /// How long requests in flight may take to finish after the stop has begun.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 256,
            head_time: Duration::from_secs(10),
            write_time: Duration::from_secs(10),
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
    /// Binds the socket. Port 0 means any free port, see [`Server::address`].
    ///
    /// # Errors
    /// If the address is in use, does not belong to this machine, or may not be used.
    pub async fn bind(listen: SocketAddr, limits: Limits) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        Ok(Self {
            listener,
            address,
            limits,
        })
    }

    /// The address of the socket, with the real port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` is cancelled, then stops accepting, lets requests in flight finish within the
    /// grace, and cuts the rest.
    pub async fn serve(self, service: HttpService, stop: CancellationToken) {
        let Self { listener, limits, .. } = self;
        let seats = Seats::new(limits.connections);
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
                write_time: limits.write_time,
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
///
/// If the server stops meanwhile, a connection that was accepted and has no seat yet is closed.
async fn accept(listener: &TcpListener, seats: &Seats) -> (TcpStream, Arc<Seat>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                hangpoint!("http.accept");
                return (stream, Arc::new(seats.take().await));
            }
            Err(error) => {
                // Either the client went away, or the process has no file descriptor left. Both pass. In the
                // second case the pause keeps this loop from spinning.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

struct Connection {
    stream: TcpStream,
    seat: Arc<Seat>,
    watcher: Watcher,
    cut: CancellationToken,
    write_time: Duration,
}

impl Connection {
    async fn serve(self, http: http1::Builder, service: HttpService) {
        let Self {
            stream,
            seat,
            watcher,
            cut,
            write_time,
        } = self;
        // An answer is one small write. The system must not wait for more bytes before it sends the answer.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY");
        }
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(write_time));
        let leave = seat.leave();
        let service = service.on(Arc::clone(&seat));
        let served =
            std::pin::pin!(watcher.watch(http.serve_connection(TokioIo::new(Box::pin(stream)), service)));
        tokio::select! {
            biased;
            outcome = served => {
                if let Err(error) = outcome {
                    tracing::debug!(%error, "connection ended");
                }
            }
            () = leave.cancelled() => tracing::debug!("a connection made room for another one"),
            () = cut.cancelled() => {}
        }
        drop(seat);
    }
}
