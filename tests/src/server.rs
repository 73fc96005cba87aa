//! An HTTP server on a thread of its own, so that a fake answers however busy or blocked its test is.
//!
//! A response may carry [`HangUp`]: then the connection is closed without a byte. [`broken_off`] makes a body that ends half-way.

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
    thread::JoinHandle,
};

use axum::{Router, body::Body, response::Response};
use bytes::Bytes;
use hyper::{body::Frame, server::conn::http1, service::Service};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::sync::oneshot;

/// An extension of a response: close the connection instead of sending it.
#[derive(Clone, Copy, Debug)]
pub struct HangUp;

/// A running server; stops when dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves `router` on 127.0.0.1; port 0 takes a free one.
    ///
    /// # Errors
    /// If the port is taken.
    pub fn start(router: Router, port: u16) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(("127.0.0.1", port))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            runtime.block_on(async move {
                tokio::select! {
                    _ = accept(listener, router) => {}
                    _ = stopped => {}
                }
            });
        });
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
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

async fn accept(listener: std::net::TcpListener, router: Router) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let service = HangUpService(TowerToHyperService::new(router.clone()));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

/// Turns a response with [`HangUp`] into an error, upon which hyper closes the connection silently.
struct HangUpService(TowerToHyperService<Router>);

impl Service<hyper::Request<hyper::body::Incoming>> for HangUpService {
    type Response = Response;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Response>> + Send>>;

    fn call(&self, request: hyper::Request<hyper::body::Incoming>) -> Self::Future {
        let response = self.0.call(request);
        Box::pin(async move {
            let Ok(response) = response.await;
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
