//! The outermost service. `GET /health` and `GET /ready` are answered here, from memory, before any router,
//! token or timer. They must answer while everything else hangs. The benchmark compares them with a bare
//! hyper server.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{Router, body::Body};
use bytes::Bytes;
use http::{
    HeaderValue, Method, Request, Response, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE},
};
use http_body_util::{Either, Full};
use hyper::body::Incoming;

use super::{App, gate, origin, request_id::X_REQUEST_ID, router, seats::Seat};

/// A body from memory, or the body that a handler made.
pub type ResponseBody = Either<Full<Bytes>, Body>;

/// The service of every connection. Cheap to clone.
#[derive(Clone)]
pub struct HttpService {
    app: Arc<App>,
    router: Router,
    /// Where the connection sits; `None`: it has no connection yet.
    seat: Option<Arc<Seat>>,
}

/// A response that is ready, or a response that will come through the gate.
pub enum ResponseFuture {
    /// From memory.
    Now(Option<Response<ResponseBody>>),
    /// From a handler.
    Later(Pin<Box<dyn Future<Output = Response<Body>> + Send>>),
}

impl HttpService {
    /// The service that answers every request.
    pub fn new(app: Arc<App>) -> Self {
        let router = router::router(Arc::clone(&app));
        Self {
            app,
            router,
            seat: None,
        }
    }

    /// The service of the connection on this seat.
    pub(super) fn on(self, seat: Arc<Seat>) -> Self {
        Self {
            seat: Some(seat),
            ..self
        }
    }
}

impl hyper::service::Service<Request<Incoming>> for HttpService {
    type Response = Response<ResponseBody>;
    type Error = Infallible;
    type Future = ResponseFuture;

    fn call(&self, request: Request<Incoming>) -> ResponseFuture {
        if request.method() == Method::GET && origin::has_one_host(request.version(), request.headers()) {
            match request.uri().path() {
                "/health" => return self.now(&request, StatusCode::OK, self.app.health_body()),
                "/ready" => {
                    let (status, body) = self.app.ready();
                    return self.now(&request, status, body);
                }
                _ => {}
            }
        }
        let at_work = self.seat.as_ref().map(Seat::work);
        let answer = gate::pass(Arc::clone(&self.app), self.router.clone(), request.map(Body::new));
        ResponseFuture::Later(Box::pin(async move {
            let answer = answer.await;
            drop(at_work);
            answer
        }))
    }
}

impl HttpService {
    fn now(&self, request: &Request<Incoming>, status: StatusCode, body: Bytes) -> ResponseFuture {
        self.app.metrics.http_request(status);
        let mut response = Response::new(Either::Left(Full::new(body)));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(X_REQUEST_ID.clone(), self.app.request_ids.of(request.headers()));
        ResponseFuture::Now(Some(response))
    }
}

impl Future for ResponseFuture {
    type Output = Result<Response<ResponseBody>, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            Self::Now(response) => Poll::Ready(Ok(response
                .take()
                .expect("a future is not polled after it was ready"))),
            Self::Later(response) => response
                .as_mut()
                .poll(context)
                .map(|response| Ok(response.map(Either::Right))),
        }
    }
}
