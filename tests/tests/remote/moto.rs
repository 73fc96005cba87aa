//! The contract on moto's S3 server, so that the fake is not the only witness of how S3 behaves.
//!
//! `scripts/fake-aws` installs and starts it. Where that cannot be done (no python3, no package registry), this test says so and
//! checks nothing. moto 5.2.5 honours `If-None-Match: *` of PutObject: 412 `PreconditionFailed` where the key is taken. It checks
//! no signatures and never answers 409; [`DIFFERENCES`] are the steps in which it does not do as S3 does.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, mpsc},
    time::Duration,
};

use mecris_tests::{http_client, s3::BUCKET};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::{client::client, contract::STEPS};

/// How long installing and starting may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Steps that moto 5.2.5 does not keep.
const DIFFERENCES: &[&str] = &[];

/// A running moto; ended when dropped, with all that it started.
struct Moto {
    child: Child,
    endpoint: String,
}

impl Drop for Moto {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

fn end(child: &mut Child) {
    let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    let _ = child.wait();
}

impl Moto {
    /// Starts it, or says why that cannot be.
    fn start() -> Result<Self, String> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/fake-aws");
        let mut child = Command::new(&script)
            .arg("0")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{} cannot be started: {error}", script.display()))?;
        let stdout = child.stdout.take().expect("it is piped");
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            let _ = BufReader::new(stdout).read_line(&mut line);
            let _ = tell.send(line);
        });
        let line = told.recv_timeout(PATIENCE);
        if let Some(endpoint) = line.as_deref().ok().and_then(|line| line.trim().strip_prefix("ready ")) {
            return Ok(Self { child, endpoint: endpoint.to_owned() });
        }
        end(&mut child);
        Err(match line {
            Ok(_) => "scripts/fake-aws gave up; it said why above".to_owned(),
            Err(_) => format!("scripts/fake-aws was not ready within {PATIENCE:?}"),
        })
    }

    fn environment(&self) -> Vec<(String, String)> {
        [
            ("AWS_REGION", "us-east-1"),
            ("AWS_ENDPOINT_URL", &self.endpoint),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_ACCESS_KEY_ID", "anything"),
            ("AWS_SECRET_ACCESS_KEY", "anything"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }

    fn make_bucket(&self) {
        let address = self.endpoint.trim_start_matches("http://").parse().expect("an address");
        let answer = http_client::request(address, "PUT", &format!("/{BUCKET}"), &[], None).expect("moto answers");
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

#[tokio::test]
async fn moto_keeps_the_contract_but_for_the_known_differences() {
    let moto = match Moto::start() {
        Ok(moto) => moto,
        Err(why) => {
            // Not `eprintln!`: the test runner would keep that to itself.
            let _ = writeln!(std::io::stderr(), "!! SKIPPED: no second opinion on S3 from moto: {why}");
            return;
        }
    };
    moto.make_bucket();
    let store = Arc::new(client(&moto.environment()));
    let mut different = Vec::new();
    for (name, step) in STEPS {
        eprintln!("{name}");
        if let Err(error) = tokio::spawn(step(store.clone())).await {
            eprintln!("{name}: {error}");
            different.push(*name);
        }
    }
    assert_eq!(different, DIFFERENCES);
}
