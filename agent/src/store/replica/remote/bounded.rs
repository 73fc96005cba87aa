//! The HTTP client of the object store, with a bound for every answer. Without it a list of half a gigabyte would be
//! read into memory as a whole.

use std::{error::Error, io};

use async_trait::async_trait;
use http_body_util::{BodyExt as _, Limited};
use object_store::{
    ClientOptions,
    client::{
        HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody,
        HttpService, ReqwestConnector,
    },
};

/// The largest answer. The largest generation ([`super::LARGEST`]) fits, and a page of a list is much smaller.
const LARGEST_ANSWER: usize = 17 * 1024 * 1024;

/// Makes clients that read no more than [`LARGEST_ANSWER`] of an answer.
#[derive(Debug, Default)]
pub(super) struct Bounded(ReqwestConnector);

impl HttpConnector for Bounded {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(BoundedClient(self.0.connect(options)?)))
    }
}

#[derive(Debug)]
struct BoundedClient(HttpClient);

#[async_trait]
impl HttpService for BoundedClient {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let answer = self.0.execute(request).await?;
        Ok(answer.map(|body| HttpResponseBody::new(Limited::new(body, LARGEST_ANSWER).map_err(too_large))))
    }
}

/// The client's own error as it was, or that of the bound.
fn too_large(error: Box<dyn Error + Send + Sync>) -> HttpError {
    match error.downcast::<HttpError>() {
        Ok(error) => *error,
        Err(_) => HttpError::new(
            HttpErrorKind::Decode,
            io::Error::other(format!("the answer has more than {LARGEST_ANSWER} bytes")),
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use object_store::client::HttpRequestBody;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;

    #[tokio::test]
    async fn an_answer_without_an_end_is_not_read_to_its_end() {
        crate::outbound::install_tls();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let sent = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&sent);
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = [0; 1024];
            assert!(stream.read(&mut head).await.unwrap() > 0, "no request came");
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/xml\r\n\r\n")
                .await
                .unwrap();
            let chunk = vec![b'['; 64 * 1024];
            // Until the client closes the connection.
            while stream.write_all(&chunk).await.is_ok() {
                counted.fetch_add(chunk.len(), Ordering::Relaxed);
            }
        });
        let options = ClientOptions::new().with_allow_http(true);
        let client = Bounded::default().connect(&options).unwrap();
        let request = http::Request::get(url).body(HttpRequestBody::empty()).unwrap();
        let answer = client.execute(request).await.unwrap();
        let error = answer.into_body().bytes().await.unwrap_err();
        assert!(
            error
                .source()
                .unwrap()
                .to_string()
                .contains("more than 17825792 bytes"),
            "{error}"
        );
        server.await.unwrap();
        let sent = sent.load(Ordering::Relaxed);
        assert!(sent < 2 * LARGEST_ANSWER, "{sent} bytes were read or wait to be");
    }
}
