//! The server with which the benchmark compares an endpoint: hyper and nothing else, in a process of its own. It
//! answers every request with the headers and the body of the endpoint.

use std::{
    convert::Infallible,
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::Context as _;
use bytes::Bytes;
use http_body_util::Full;
use hyper::{Response, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use mecris_tests::http_client::Answer;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

/// The headers that hyper writes by itself.
const SET_BY_HYPER: [&str; 3] = ["date", "content-length", "connection"];

/// The one answer of the server, as it is handed to the child process in a file.
#[derive(Serialize, Deserialize)]
struct Canned {
    headers: Vec<(String, String)>,
    body: String,
}

/// The server as a child process; killed when dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    address: SocketAddr,
}

impl Process {
    /// Starts this program again, as a server that always gives this answer. `folder` gets the file with the
    /// answer.
    pub(crate) fn start(folder: &Path, answer: &Answer) -> anyhow::Result<Self> {
        let headers = answer
            .headers
            .iter()
            .filter(|(name, _)| !SET_BY_HYPER.contains(&name.as_str()))
            .cloned()
            .collect();
        let file = folder.join("bare.json");
        std::fs::write(
            &file,
            serde_json::to_string(&Canned {
                headers,
                body: answer.body.clone(),
            })?,
        )?;
        let child = Command::new(std::env::current_exe()?)
            .arg("bare")
            .arg(&file)
            .stdout(Stdio::piped())
            .spawn()?;
        // It is killed from here on, whatever fails.
        let mut bare = Self {
            child,
            address: ([127, 0, 0, 1], 0).into(),
        };
        let output = bare.child.stdout.take();
        let output = output.context("the bare server has no piped output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        bare.address = line
            .trim()
            .parse()
            .context("the bare server did not print its address")?;
        Ok(bare)
    }

    /// Where the server listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs the server in this process, with one thread as in the agent, and prints its address. `answer` is the file
/// that [`Process::start`] wrote.
pub(crate) fn serve(answer: &Path) -> anyhow::Result<()> {
    let canned: Canned = serde_json::from_str(&std::fs::read_to_string(answer)?)?;
    let body = Bytes::from(canned.body);
    let mut head = Response::builder();
    for (name, value) in canned.headers {
        head = head.header(name, value);
    }
    let (head, ()) = head.body(())?.into_parts();
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            println!("{}", listener.local_addr()?);
            loop {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                let (head, body) = (head.clone(), body.clone());
                let service = service_fn(move |_| {
                    let response = Response::from_parts(head.clone(), Full::new(body.clone()));
                    async move { Ok::<_, Infallible>(response) }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        })
}
