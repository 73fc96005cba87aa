//! An HTTP server on its own thread, so that a fake answers even while its test is busy or blocked.
//!
//! A request is carried out even if its client is gone: a real provider that has read a message sends it,
//! too.
//!
//! A response with [`HangUp`] closes the connection without a byte. [`broken_off`] makes a body that ends
//! half-way. [`Server::refuse`] simulates a host that is up while its port is closed.

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
    thread::JoinHandle,
    time::Duration,
};

use axum::{Router, body::Body, response::Response};
use bytes::Bytes;
use hyper::{body::Frame, server::conn::http1, service::Service};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::Instant,
};

/// How long [`Server::refuse`] waits for the port.
const PATIENCE: Duration = Duration::from_secs(10);

/// An extension of a response: close the connection instead of sending it.
#[derive(Clone, Copy, Debug)]
pub struct HangUp;

/// Whether to refuse connections from now on, and the sender that confirms it.
type Turn = (bool, std::sync::mpsc::Sender<()>);

/// A running server; stops when dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<Infallible>>,
    door: mpsc::UnboundedSender<Turn>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves `router` on 127.0.0.1; port 0 takes a free one.
    ///
    /// # Errors
    /// If the port is taken.
    pub fn start(router: Router, port: u16) -> io::Result<Self> {
        Self::start_at(router, SocketAddr::from(([127, 0, 0, 1], port)))
    }

    /// Serves `router` at an address of the network that the calling thread is in.
    ///
    /// # Errors
    /// If the address is taken or does not belong to this network.
    pub fn start_at(router: Router, address: SocketAddr) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (stop, stopped) = oneshot::channel();
        let (door, turns) = mpsc::unbounded_channel();
        let thread = std::thread::spawn(move || {
            runtime.block_on(async move {
                tokio::select! {
                    _ = accept(listener, turns, router) => {}
                    _ = stopped => {}
                }
            });
        });
        Ok(Self {
            address,
            stop: Some(stop),
            door,
            thread: Some(thread),
        })
    }

    /// The address of the socket.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes every connection and refuses new ones, or accepts them again. The change is in force when this
    /// returns. A handler must not call this.
    ///
    /// # Panics
    /// If the server has ended, because the port could not be closed or opened.
    pub fn refuse(&self, refuse: bool) {
        let (done, wait) = std::sync::mpsc::channel();
        let turned = self.door.send((refuse, done)).is_ok() && wait.recv().is_ok();
        assert!(turned, "the server at {} has ended", self.address);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn accept(
    listener: std::net::TcpListener,
    mut turns: mpsc::UnboundedReceiver<Turn>,
    router: Router,
) -> io::Result<()> {
    let address = listener.local_addr()?;
    let mut door = Door::Open(TcpListener::from_std(listener)?);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            stream = door.accept() => {
                let stream = stream?;
                stream.set_nodelay(true)?;
                let service = HangUpService(TowerToHyperService::new(router.clone()));
                connections.spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
            Some((refuse, done)) = turns.recv() => {
                door = door.turn(refuse, address).await?;
                if refuse {
                    connections.shutdown().await;
                }
                let _ = done.send(());
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// The port, listening or not. A bound socket that does not listen reserves the port, while the system
/// refuses connections to it.
enum Door {
    Open(TcpListener),
    Shut(TcpSocket),
}

impl Door {
    async fn accept(&self) -> io::Result<TcpStream> {
        match self {
            Self::Open(listener) => listener.accept().await.map(|(stream, _)| stream),
            Self::Shut(_) => std::future::pending().await,
        }
    }

    async fn turn(self, refuse: bool, address: SocketAddr) -> io::Result<Self> {
        match (self, refuse) {
            (Self::Open(listener), true) => {
                drop(listener);
                bind_when_free(address).await.map(Self::Shut)
            }
            (Self::Shut(socket), false) => socket.listen(1024).map(Self::Open),
            (as_it_is, _) => Ok(as_it_is),
        }
    }
}

/// Binds a socket to a port whose listener was just closed here. A process that another thread is starting
/// holds copies of all our sockets until it becomes another program, and keeps the port listening for that long.
async fn bind_when_free(address: SocketAddr) -> io::Result<TcpSocket> {
    let give_up = Instant::now() + PATIENCE;
    loop {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        match socket.bind(address) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && Instant::now() < give_up => {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            bound => return bound.map(|()| socket),
        }
    }
}

/// Answers in a separate task, which hyper does not drop with the connection. Turns a response with
/// [`HangUp`] into an error, so that hyper closes the connection silently.
struct HangUpService(TowerToHyperService<Router>);

impl Service<hyper::Request<hyper::body::Incoming>> for HangUpService {
    type Response = Response;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Response>> + Send>>;

    fn call(&self, request: hyper::Request<hyper::body::Incoming>) -> Self::Future {
        let response = tokio::spawn(self.0.call(request));
        Box::pin(async move {
            let Ok(response) = response.await.map_err(io::Error::other)?;
            match response.extensions().get::<HangUp>() {
                Some(HangUp) => Err(io::Error::from(io::ErrorKind::ConnectionReset)),
                None => Ok(response),
            }
        })
    }
}

/// A response that hangs up.
pub fn hang_up() -> Response {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(HangUp);
    response
}

/// A response that announces all of `body` and breaks off after half of it.
pub fn broken_off(body: &[u8]) -> Response {
    let half = Bytes::copy_from_slice(&body[..body.len() / 2]);
    Response::builder()
        .header("content-type", "application/json; charset=utf-8")
        .header("content-length", body.len())
        .body(Body::new(Half(Some(half))))
        .expect("the headers are constants and a number")
}

struct Half(Option<Bytes>);

impl hyper::body::Body for Half {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        Poll::Ready(Some(match self.0.take() {
            Some(bytes) => Ok(Frame::data(bytes)),
            None => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
        }))
    }
}

#[cfg(test)]
mod tests;
