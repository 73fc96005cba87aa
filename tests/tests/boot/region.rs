//! Everything outside the instance: metadata, S3, the other services of AWS (moto behind a gate), Twilio and
//! Beeminder.

use std::{
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use jiff::SignedDuration;
use mecris_tests::{
    agent::Config,
    beeminder::{self, Beeminder, GoalSpec},
    clock::FakeClock,
    gate::Gate,
    imds::{self, Imds},
    moto::Moto,
    s3::{self, S3},
    twilio::{self, Twilio},
};
use serde_json::{Value, json};

use crate::network::{Egress, GATEWAY, GATEWAY_6, INSTANCE, INSTANCE_6, MAC, Network, SUBNET_6};

/// Ports at [`Region::address`]. The ports of Twilio and Beeminder also exist on the instance: an unencrypted
/// upstream has to be on loopback.
pub(crate) const S3_PORT: u16 = 9000;
pub(crate) const MOTO_PORT: u16 = 9001;
pub(crate) const TWILIO_PORT: u16 = 9002;
pub(crate) const BEEMINDER_PORT: u16 = 9003;
/// The port of the gate before moto's JSON services.
pub(crate) const GATE_PORT: u16 = 9004;

/// The names of log group, parameter and secret, as Terraform names them for staging.
pub(crate) const LOG_GROUP: &str = "/mecris/staging";
pub(crate) const PARAMETER: &str = "/mecris/staging/agent.toml";
pub(crate) const SECRET: &str = "mecris/staging";

/// A token for the agent's endpoints.
pub(crate) const API_TOKEN: &str = mecris_tests::agent::API_TOKEN;

/// The folder of the workspace.
pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the crate is in a workspace")
        .to_owned()
}

/// A region. Each test has its own.
pub(crate) struct Region {
    pub(crate) clock: FakeClock,
    pub(crate) imds: Imds,
    pub(crate) s3: S3,
    pub(crate) twilio: Twilio,
    pub(crate) beeminder: Beeminder,
    pub(crate) instance_id: Mutex<String>,
    pub(crate) gate: Gate,
    egress: Egress,
    moto: Moto,
    // Dropped last, because the others are in this network.
    pub(crate) network: Network,
}

impl Region {
    /// A region with one goal on its last day, an empty bucket, and a log group and a secret as Terraform and
    /// a person make them.
    pub(crate) fn new() -> Self {
        Self::reached_by(Egress::Ipv4)
    }

    /// The same region, with every service at an address of this kind only.
    pub(crate) fn reached_by(egress: Egress) -> Self {
        let network = Network::new(egress);
        let at = |port| address(egress, port);
        let clock = FakeClock::default();
        let fakes_clock = clock.clone();
        let (s3, imds, twilio, beeminder, gate) = network.within(move || {
            let s3 = S3::start_at(&fakes_clock, at(S3_PORT)).expect("a free port");
            let metadata = "169.254.169.254:80".parse().expect("an address");
            let imds = Imds::start_at(&s3, metadata).expect("a free port");
            let twilio = Twilio::start_at(&fakes_clock, at(TWILIO_PORT)).expect("a free port");
            let beeminder = Beeminder::start_at(&fakes_clock, at(BEEMINDER_PORT)).expect("a free port");
            let gate = Gate::start_at(at(GATE_PORT), at(MOTO_PORT), imds::ROLE).expect("a free port");
            (s3, imds, twilio, beeminder, gate)
        });
        beeminder.set_goals(vec![GoalSpec::new("reading", 0)]);
        let moto =
            Moto::start_in(&network.aws, at(MOTO_PORT), s3::REGION).unwrap_or_else(|why| panic!("{why}"));
        let instance_id = Mutex::default();
        let region = Self {
            clock,
            imds,
            s3,
            twilio,
            beeminder,
            instance_id,
            gate,
            egress,
            moto,
            network,
        };
        region.new_instance();
        region.ask(
            "logs",
            "Logs_20140328.CreateLogGroup",
            &json!({"logGroupName": LOG_GROUP}),
        );
        region.secrets(
            "CreateSecret",
            &json!({"Name": SECRET, "SecretString": secrets().to_string()}),
        );
        region
    }

    /// The address of the service at this port.
    pub(crate) fn address(&self, port: u16) -> SocketAddr {
        address(self.egress, port)
    }

    /// The next boot is another instance.
    pub(crate) fn new_instance(&self) {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        self.next_instance(format!("i-{:017x}", NEXT.fetch_add(1, Ordering::Relaxed)));
    }

    /// The next boot is the instance with this id.
    pub(crate) fn next_instance(&self, id: String) {
        let name = "ip-172-31-0-10.ec2.internal";
        let document = json!({
            "instanceId": id, "region": s3::REGION, "availabilityZone": format!("{}a", s3::REGION), "instanceType": "t4g.nano",
            "accountId": "123456789012", "architecture": "x86_64", "imageId": "ami-0abc",
        });
        let mut interface = json!({
            "device-number": "0", "interface-id": "eni-1", "local-ipv4s": INSTANCE, "mac": MAC,
            "subnet-ipv4-cidr-block": "172.31.0.0/20",
        });
        if self.egress == Egress::Ipv6 {
            interface["ipv6s"] = json!(INSTANCE_6);
            interface["subnet-ipv6-cidr-blocks"] = json!(SUBNET_6);
        }
        self.imds.describe(json!({
            "meta-data": {
                "ami-id": "ami-0abc", "ami-launch-index": "0", "instance-id": id, "instance-type": "t4g.nano",
                "hostname": name, "local-hostname": name, "local-ipv4": INSTANCE, "mac": MAC,
                "placement": {"availability-zone": format!("{}a", s3::REGION), "region": s3::REGION},
                "services": {"domain": "amazonaws.com", "partition": "aws"},
                "network": {"interfaces": {"macs": {MAC: interface}}},
            },
            "dynamic": {"instance-identity": {"document": document.to_string()}},
        }));
        *self.instance_id.lock().expect("nobody panicked") = id;
    }

    /// The id of the instance that boots next or was booted last.
    pub(crate) fn instance_id(&self) -> String {
        self.instance_id.lock().expect("nobody panicked").clone()
    }

    /// Calls a service of moto.
    fn ask(&self, service: &str, target: &str, body: &Value) -> Value {
        self.network.within(|| self.moto.ask(service, target, body))
    }

    fn secrets(&self, action: &str, body: &Value) {
        self.ask("secretsmanager", &format!("secretsmanager.{action}"), body);
    }

    /// Replaces the secret by this text.
    pub(crate) fn put_secret(&self, text: &str) {
        self.secrets(
            "PutSecretValue",
            &json!({"SecretId": SECRET, "SecretString": text}),
        );
    }

    /// Replaces the agent's settings.
    pub(crate) fn put_settings(&self, settings: &Config) {
        let parameter =
            json!({"Name": PARAMETER, "Type": "String", "Value": settings.to_toml(), "Overwrite": true});
        self.ask("ssm", "AmazonSSM.PutParameter", &parameter);
    }

    /// The reports of this instance's boots in CloudWatch Logs, the newest last; empty if there is none.
    pub(crate) fn boot_log(&self) -> Vec<String> {
        self.log_lines("boot")
    }

    /// A log stream of this instance, the newest last; empty if there is none.
    pub(crate) fn log_lines(&self, name: &str) -> Vec<String> {
        let stream = format!("{}/{name}", self.instance_id());
        self.network.within(|| self.moto.log_lines(LOG_GROUP, &stream))
    }

    /// The sum of a metric's values in this environment.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let (day, now) = (SignedDuration::from_hours(24), self.clock.now());
        let (from, to) = ((now - day).to_string(), (now + day).to_string());
        let form = [
            ("Action", "GetMetricStatistics"),
            ("Version", "2010-08-01"),
            ("Namespace", "Mecris/staging"),
            ("MetricName", name),
            ("StartTime", &from),
            ("EndTime", &to),
            ("Period", "172800"),
            ("Statistics.member.1", "Sum"),
            ("Dimensions.member.1.Name", "Environment"),
            ("Dimensions.member.1.Value", "staging"),
        ];
        let answer = self.network.within(|| self.moto.ask_form("monitoring", &form));
        let sums = answer
            .split("<Sum>")
            .skip(1)
            .filter_map(|rest| rest.split('<').next()?.parse::<f64>().ok());
        sums.sum()
    }

    /// The texts that reached the phone.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.twilio
            .accepted()
            .into_iter()
            .map(|message| message.body)
            .collect()
    }

    /// Holds at the end of every test.
    pub(crate) fn nobody_misbehaved(&self) {
        assert_eq!(self.imds.violations(), Vec::<String>::new(), "metadata");
        assert_eq!(self.s3.violations(), Vec::<String>::new(), "s3");
    }
}

fn address(egress: Egress, port: u16) -> SocketAddr {
    let gateway = match egress {
        Egress::Ipv4 => GATEWAY,
        Egress::Ipv6 => GATEWAY_6,
    };
    SocketAddr::new(gateway.parse::<IpAddr>().expect("an address"), port)
}

/// All secrets in one JSON object, as a person writes them.
pub(crate) fn secrets() -> Value {
    json!({
        "BEEMINDER_AUTH_TOKEN": beeminder::TOKEN,
        "TWILIO_ACCOUNT_SID": twilio::ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": twilio::AUTH_TOKEN,
        "MECRIS_API_TOKENS": format!("tests:{API_TOKEN}"),
    })
}
