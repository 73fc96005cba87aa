//! Asks the own HTTP socket as any client would: a real connection, a real request, a real reply.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// How many bytes of the reply are read: the status line is enough.
const START: u64 = 32;

/// Why the own socket did not answer with 200.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// Connecting, writing or reading failed.
    #[error("GET /health on {address}: {source}")]
    Io {
        /// Who was asked.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// No answer came in time.
    #[error("GET /health on {address}: no answer within {after:?}")]
    Silent {
        /// Who was asked.
        address: SocketAddr,
        /// How long was waited.
        after: Duration,
    },
    /// An answer came, but not with status 200.
    #[error("GET /health on {address}: the answer began with {start:?}, expected HTTP/1.1 200")]
    Refused {
        /// Who was asked.
        address: SocketAddr,
        /// The first bytes of the answer.
        start: String,
    },
}

/// `GET /health` over a fresh connection; `Ok` if the reply is 200 within `within`.
///
/// # Errors
/// Why there was no 200 in time.
pub async fn health(address: SocketAddr, within: Duration) -> Result<(), ProbeError> {
    let answer = timeout(within, ask(address)).await;
    let start = answer
        .map_err(|_| ProbeError::Silent {
            address,
            after: within,
        })?
        .map_err(|source| ProbeError::Io { address, source })?;
    if start.starts_with(b"HTTP/1.1 200") {
        return Ok(());
    }
    Err(ProbeError::Refused {
        address,
        start: String::from_utf8_lossy(&start).into_owned(),
    })
}

/// The first bytes of the reply, with the status line.
async fn ask(address: SocketAddr) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address).await?;
    stream
        .write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .await?;
    let mut start = Vec::new();
    stream.take(START).read_to_end(&mut start).await?;
    Ok(start)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    async fn answering(reply: &'static [u8]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            stream.readable().await.unwrap();
            let _ = stream.try_read(&mut [0; 1024]);
            stream.try_write(reply).unwrap();
        });
        address
    }

    #[tokio::test]
    async fn two_hundred_is_well_and_anything_else_is_not() {
        let well = answering(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
        health(well, Duration::from_secs(5)).await.unwrap();
        let ill = answering(b"HTTP/1.1 503 Service Unavailable\r\n\r\n").await;
        let error = health(ill, Duration::from_secs(5)).await.unwrap_err();
        assert!(matches!(error, ProbeError::Refused { .. }), "{error}");
    }

    #[tokio::test]
    async fn a_socket_that_accepts_and_says_nothing_is_ill() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let error = health(listener.local_addr().unwrap(), Duration::from_millis(50))
            .await
            .unwrap_err();
        assert!(matches!(error, ProbeError::Silent { .. }), "{error}");
    }

    #[tokio::test]
    async fn nobody_listening_is_ill() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let error = health(address, Duration::from_secs(5)).await.unwrap_err();
        assert!(matches!(error, ProbeError::Io { .. }), "{error}");
    }
}
