//! Everything outside the instance: metadata, S3, CloudWatch (moto), Twilio, Beeminder.

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use jiff::SignedDuration;
use mecris_tests::{
    beeminder::{Beeminder, GoalSpec},
    clock::FakeClock,
    http_client,
    imds::Imds,
    s3::{self, S3},
    twilio::Twilio,
};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};

use crate::{
    network::{GATEWAY, INSTANCE, MAC, Network},
    run::run,
};

/// Ports at [`GATEWAY`]. Those of Twilio and Beeminder are the instance's own, too: an unencrypted upstream has to be on loopback.
pub(crate) const S3_PORT: u16 = 9000;
pub(crate) const MOTO_PORT: u16 = 9001;
pub(crate) const TWILIO_PORT: u16 = 9002;
pub(crate) const BEEMINDER_PORT: u16 = 9003;

/// Where the log lines of the boot go.
pub(crate) const LOG_GROUP: &str = "/mecris/staging";

/// The workspace.
pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is in a workspace").to_owned()
}

/// A region of its own for each test.
pub(crate) struct Region {
    pub(crate) clock: FakeClock,
    pub(crate) imds: Imds,
    pub(crate) s3: S3,
    pub(crate) twilio: Twilio,
    pub(crate) beeminder: Beeminder,
    pub(crate) instance_id: Mutex<String>,
    moto: Moto,
    // Last, because the others are in it.
    pub(crate) network: Network,
}

struct Moto {
    child: Child,
    _alive: ChildStdin,
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let _ = self.child.wait();
    }
}

fn moto(network: &Network) -> Moto {
    let script = workspace().join("scripts/fake-aws");
    run(&script.display().to_string(), &["--install"]);
    let mut child = Command::new("ip")
        .args(["netns", "exec", &network.aws])
        .arg(script)
        .args(["--listen", GATEWAY, &MOTO_PORT.to_string()])
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("scripts/fake-aws starts");
    let alive = child.stdin.take().expect("it is piped");
    let mut line = String::new();
    let _ = BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut line);
    assert!(line.starts_with("ready "), "scripts/fake-aws gave up; it said why above");
    Moto { child, _alive: alive }
}

fn at(port: u16) -> SocketAddr {
    format!("{GATEWAY}:{port}").parse().expect("an address")
}

/// By which moto sees which service and region are meant; it checks no signature.
fn scope(service: &str) -> String {
    format!("AWS4-HMAC-SHA256 Credential=anything/20260101/{}/{service}/aws4_request", s3::REGION)
}

impl Region {
    /// With one goal on its last day, no object in the bucket, and a log group as Terraform makes it.
    pub(crate) fn new() -> Self {
        let network = Network::new();
        let clock = FakeClock::default();
        let fakes_clock = clock.clone();
        let (s3, imds, twilio, beeminder) = network.within(move || {
            let s3 = S3::start_at(&fakes_clock, at(S3_PORT)).expect("a free port");
            let metadata = "169.254.169.254:80".parse().expect("an address");
            let imds = Imds::start_at(&s3, metadata).expect("a free port");
            let twilio = Twilio::start_at(&fakes_clock, at(TWILIO_PORT)).expect("a free port");
            (s3, imds, twilio, Beeminder::start_at(&fakes_clock, at(BEEMINDER_PORT)).expect("a free port"))
        });
        beeminder.set_goals(vec![GoalSpec::new("reading", 0)]);
        let moto = moto(&network);
        let region = Self { clock, imds, s3, twilio, beeminder, instance_id: Mutex::default(), moto, network };
        region.new_instance();
        region.logs("CreateLogGroup", &json!({"logGroupName": LOG_GROUP}));
        region
    }

    /// What boots from now on is another instance.
    pub(crate) fn new_instance(&self) {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        self.next_instance(format!("i-{:017x}", NEXT.fetch_add(1, Ordering::Relaxed)));
    }

    /// What boots from now on is the instance of this id.
    pub(crate) fn next_instance(&self, id: String) {
        let name = "ip-172-31-0-10.ec2.internal";
        let document = json!({
            "instanceId": id, "region": s3::REGION, "availabilityZone": format!("{}a", s3::REGION), "instanceType": "t4g.nano",
            "accountId": "123456789012", "architecture": "x86_64", "imageId": "ami-0abc",
        });
        self.imds.describe(json!({
            "meta-data": {
                "ami-id": "ami-0abc", "ami-launch-index": "0", "instance-id": id, "instance-type": "t4g.nano",
                "hostname": name, "local-hostname": name, "local-ipv4": INSTANCE, "mac": MAC,
                "placement": {"availability-zone": format!("{}a", s3::REGION), "region": s3::REGION},
                "services": {"domain": "amazonaws.com", "partition": "aws"},
                "network": {"interfaces": {"macs": {MAC: {
                    "device-number": "0", "interface-id": "eni-1", "local-ipv4s": INSTANCE, "mac": MAC,
                    "subnet-ipv4-cidr-block": "172.31.0.0/20",
                }}}},
            },
            "dynamic": {"instance-identity": {"document": document.to_string()}},
        }));
        *self.instance_id.lock().expect("nobody panicked") = id;
    }

    /// The id of the instance that boots next, or was booted last.
    pub(crate) fn instance_id(&self) -> String {
        self.instance_id.lock().expect("nobody panicked").clone()
    }

    fn logs(&self, action: &str, body: &Value) -> Value {
        let (target, scope, body) = (format!("Logs_20140328.{action}"), scope("logs"), body.clone());
        let answer = self.network.within(move || {
            http_client::request(
                at(MOTO_PORT),
                "POST",
                "/",
                &[("x-amz-target", &target), ("authorization", &scope)],
                Some(&body),
            )
        });
        let answer = answer.expect("moto answers");
        assert_eq!(answer.status, 200, "{action}: {}", answer.body);
        serde_json::from_str(&answer.body).unwrap_or_default()
    }

    /// What the boot of this instance reported to CloudWatch Logs, the newest last; empty if nothing.
    pub(crate) fn boot_log(&self) -> Vec<String> {
        let stream = format!("{}/boot", self.instance_id());
        let streams = self.logs("DescribeLogStreams", &json!({"logGroupName": LOG_GROUP}));
        let there =
            streams["logStreams"].as_array().is_some_and(|all| all.iter().any(|s| s["logStreamName"] == stream));
        if !there {
            return Vec::new();
        }
        let events = self.logs("GetLogEvents", &json!({"logGroupName": LOG_GROUP, "logStreamName": stream}));
        let events = events["events"].as_array().cloned().unwrap_or_default();
        events.iter().filter_map(|event| event["message"].as_str().map(str::to_owned)).collect()
    }

    /// The sum of a metric's values under this environment.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let (day, now) = (SignedDuration::from_hours(24), self.clock.now());
        let (from, to) = ((now - day).to_string(), (now + day).to_string());
        let name = name.to_owned();
        let answer = self.network.within(move || {
            let form = [
                ("Action", "GetMetricStatistics"),
                ("Version", "2010-08-01"),
                ("Namespace", "Mecris"),
                ("MetricName", &name),
                ("StartTime", &from),
                ("EndTime", &to),
                ("Period", "172800"),
                ("Statistics.member.1", "Sum"),
                ("Dimensions.member.1.Name", "Environment"),
                ("Dimensions.member.1.Value", "staging"),
            ];
            http_client::post_form_with(at(MOTO_PORT), "/", &[("authorization", &scope("monitoring"))], &form)
        });
        let answer = answer.expect("moto answers");
        assert_eq!(answer.status, 200, "{}", answer.body);
        let sums = answer.body.split("<Sum>").skip(1).filter_map(|rest| rest.split('<').next()?.parse::<f64>().ok());
        sums.sum()
    }

    /// The texts that reached the phone.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.twilio.accepted().into_iter().map(|message| message.body).collect()
    }

    /// What must be true of every test.
    pub(crate) fn nobody_misbehaved(&self) {
        assert_eq!(self.imds.violations(), Vec::<String>::new(), "metadata");
        assert_eq!(self.s3.violations(), Vec::<String>::new(), "s3");
        let _ = &self.moto;
    }
}
