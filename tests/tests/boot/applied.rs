//! The whole way: a stack that Terraform applied to a fake AWS, the machine that its launch template
//! describes, one message, and the removal of everything. `tests/infra/applied.py` plays the person who
//! deploys and destroys, with the scripts of the repository.

use std::{
    io::{self, BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use mecris_tests::{agent::API_TOKEN, beeminder, twilio, wait::until};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};

use crate::{
    Case,
    artifact::{ARCH, release},
    instance::{Instance, PATIENCE},
    region::{BEEMINDER_PORT, Region, TWILIO_PORT, workspace},
};

pub(crate) const CASES: &[Case] = &[(
    "what_terraform_applied_boots_sends_one_message_and_is_destroyed_without_a_trace",
    whole_life,
)];

/// The port at [`Region::address`] of the AWS that Terraform applied to.
const PORT: u16 = 9010;

/// The person who deploys and destroys. The script and its child processes end when this is dropped.
struct Person {
    child: Child,
    says: BufReader<ChildStdout>,
    hears: ChildStdin,
}

impl Drop for Person {
    fn drop(&mut self) {
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let _ = self.child.wait();
    }
}

impl Person {
    fn new() -> Self {
        let mut child = Command::new("bash")
            .args([
                "-euo",
                "pipefail",
                "-c",
                ". tests/infra/tools.sh; exec python tests/infra/applied.py",
            ])
            .current_dir(workspace())
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("bash starts");
        let says = BufReader::new(child.stdout.take().expect("it is piped"));
        let hears = child.stdin.take().expect("it is piped");
        Self { child, says, hears }
    }

    fn tell(&mut self, what: &Value) {
        writeln!(self.hears, "{what}").expect("it listens");
    }

    /// The script's next line.
    fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.says.read_line(&mut line).expect("it can be read");
        let said: Value =
            serde_json::from_str(&line).unwrap_or_else(|_| panic!("tests/infra/applied.py said {line:?}"));
        assert!(
            said.get("failed").is_none(),
            "{}",
            said["failed"].as_str().unwrap_or_default()
        );
        said
    }
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal"))
        .collect()
}

/// Makes an address of this machine reachable from the instance, as long as the test runs.
fn lead_to(region: &Region, aws: SocketAddr) {
    let here = region.address(PORT);
    let listener = region
        .network
        .within(move || TcpListener::bind(here))
        .expect("a free port");
    let pass = |from: &TcpStream, to: &TcpStream| -> io::Result<()> {
        let (mut from, mut to) = (from.try_clone()?, to.try_clone()?);
        std::thread::spawn(move || {
            let _ = io::copy(&mut from, &mut to);
            let _ = to.shutdown(std::net::Shutdown::Write);
        });
        Ok(())
    };
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            // If the connection behind cannot be made, the instance's connection is closed: the instance sees
            // a dead service.
            let _ = TcpStream::connect(aws)
                .and_then(|aws| pass(&client, &aws).and_then(|()| pass(&aws, &client)));
        }
    });
}

/// The endpoints of this instance: one AWS for all services. The lines of this file override those that
/// [`Instance::new`] wrote.
fn endpoints(region: &Region, instance: &Instance<'_>) {
    let aws = format!("http://{}", region.address(PORT));
    for service in ["S3", "CLOUDWATCH", "CLOUDWATCH_LOGS", "SECRETS_MANAGER", "SSM"] {
        instance.environment(&[(&format!("AWS_ENDPOINT_URL_{service}"), &aws)]);
    }
    instance.environment(&[
        ("AWS_USE_DUALSTACK_ENDPOINT", "false"),
        (
            "MECRIS__BEEMINDER__BASE_URL",
            &format!("http://127.0.0.1:{BEEMINDER_PORT}/api/v1/"),
        ),
        (
            "MECRIS__NOTIFY__SMS__BASE_URL",
            &format!("http://127.0.0.1:{TWILIO_PORT}"),
        ),
    ]);
}

fn wanted(binary: &Path) -> Value {
    json!({
        "binary": binary, "arch": ARCH,
        "instance_types": [if ARCH == "aarch64" { "t4g.small" } else { "t3.small" }],
        // The test may run at night.
        "settings": "[policy]\nquiet_hours = []\n",
        "secrets": {
            "BEEMINDER_AUTH_TOKEN": beeminder::TOKEN, "TWILIO_ACCOUNT_SID": twilio::ACCOUNT_SID, "TWILIO_API_KEY_SID": twilio::API_KEY_SID,
            "TWILIO_API_KEY_SECRET": twilio::API_KEY_SECRET, "TWILIO_FROM_NUMBER": "+14155550123", "TWILIO_TO_NUMBER": "+14155550100",
            "MECRIS_API_TOKENS": format!("tests:{API_TOKEN}"),
        },
    })
}

fn whole_life() {
    let region = Region::new();
    let scratch = tempfile::tempdir().expect("a folder");
    let binary = scratch.path().join("mecris-agent");
    std::fs::write(&binary, &release().bytes).expect("it can be written");
    let mut person = Person::new();
    person.tell(&wanted(&binary));

    let launch = person.hear();
    lead_to(
        &region,
        text(&launch["aws"])
            .trim_start_matches("http://")
            .parse()
            .expect("an address"),
    );
    region.next_instance(text(&launch["instance"]).to_owned());
    region.imds.set_user_data(bytes(text(&launch["user_data"])));
    let mut instance = Instance::new(&region);
    endpoints(&region, &instance);
    let state = instance.boot();
    assert_eq!(
        state,
        "running",
        "{}\n{}\n{}",
        instance.output(),
        instance.journal("mecris-agent"),
        instance.console()
    );
    let sent = until(PATIENCE, || (region.twilio.accepted_count() > 0).then_some(()));
    assert!(
        sent.is_some(),
        "{}\n{}",
        instance.output(),
        instance.journal("mecris-agent")
    );
    assert!(region.texts()[0].contains("reading"), "{:?}", region.texts());

    let (id, deployed) = (region.instance_id(), person.hear());
    let ready = format!("mecris-boot: ready: version 1.2.3 ({ARCH}) on {id}, ");
    assert!(text(&deployed["deployed"]).starts_with(&ready), "{deployed}");
    let position = || instance.try_sh("cat /var/lib/mecris-journal/position.json").ok();
    let shipped = until(PATIENCE, || {
        position().filter(|position| position.contains("\"shipped\":\""))
    });
    assert!(
        shipped.is_some(),
        "the journal was not shipped: {:?}\n{}",
        position(),
        instance.journal("mecris-journal")
    );
    instance.power_off();
    person.tell(&json!("off"));
    let left = person.hear();
    assert_eq!(
        left["streams"],
        json!([format!("{id}/boot"), format!("{id}/journal")])
    );
    assert!(
        left["ready_seconds"]
            .as_f64()
            .is_some_and(|seconds| seconds > 0.0),
        "{left}"
    );
    assert!(
        left["generations"].as_array().is_some_and(|all| !all.is_empty()),
        "no state off the machine: {left}"
    );

    let destroyed = person.hear();
    assert_eq!(destroyed["left"], json!({}), "terraform destroy leaves something");
    assert_eq!(
        destroyed["kept"],
        json!(["28b52ffd"]),
        "the newest state, as zstd begins"
    );
    assert_eq!(region.twilio.accepted_count(), 1, "{:?}", region.texts());
    region.nobody_misbehaved();
}
