//! The content of a launch template: the user-data, rendered by Terraform itself from `userdata/` and
//! `systemd/`.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use mecris_tests::{agent::Config, s3};
use serde_json::json;

use crate::{
    artifact::{ARCH, release},
    region::{BEEMINDER_PORT, LOG_GROUP, PARAMETER, Region, SECRET, TWILIO_PORT, workspace},
};

/// The key of the binary in the bucket.
pub(crate) fn key() -> String {
    format!("artifacts/1.2.3/mecris-agent-{ARCH}")
}

/// The variables of the template that tests change, and the settings in the parameter.
pub(crate) struct Launch {
    pub(crate) sha256: String,
    pub(crate) instance: Config,
    pub(crate) settings: Config,
    pub(crate) ready_deadline_seconds: u32,
}

impl Launch {
    /// A valid launch.
    pub(crate) fn new() -> Self {
        Self {
            sha256: release().sha256.clone(),
            instance: instance_toml(),
            settings: settings(),
            ready_deadline_seconds: 60,
        }
    }

    /// The user-data.
    pub(crate) fn render(&self) -> String {
        let folder = workspace();
        let values = json!({
            "version": "1.2.3", "arch": ARCH, "sha256": self.sha256, "bucket": s3::BUCKET, "region": s3::REGION,
            "artifact_key": key(), "environment": "staging", "log_group": LOG_GROUP,
            "agent_toml": self.instance.to_toml(), "ready_deadline_seconds": self.ready_deadline_seconds,
        });
        let units = format!(
            "{{for f in fileset(\"{0}/systemd\", \"*\"): f => file(\"{0}/systemd/${{f}}\")}}",
            folder.display()
        );
        let scratch = tempfile::tempdir().expect("a folder");
        let file = scratch.path().join("values.json");
        std::fs::write(&file, values.to_string()).expect("it can be written");
        let expression = format!(
            "urlencode(templatefile(\"{}/userdata/boot.sh.tftpl\", merge(jsondecode(file(\"{}\")), {{units = {units}}})))\n",
            folder.display(),
            file.display(),
        );
        let mut terraform = Command::new("terraform")
            .arg("console")
            .env("CHECKPOINT_DISABLE", "1")
            .current_dir(scratch.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("terraform starts");
        terraform
            .stdin
            .take()
            .expect("it is piped")
            .write_all(expression.as_bytes())
            .expect("it reads");
        let output = terraform.wait_with_output().expect("it ends");
        let encoded = String::from_utf8_lossy(&output.stdout);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "terraform console: {said}{encoded}");
        let query = format!("text={}", encoded.trim().trim_matches('"'));
        form_urlencoded::parse(query.as_bytes())
            .next()
            .expect("one field")
            .1
            .into_owned()
    }

    /// The user-data as the launch template holds it: compressed, because EC2 takes at most 16 KiB.
    pub(crate) fn packed(&self) -> Vec<u8> {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), self.render()).expect("it can be written");
        let output = Command::new("gzip")
            .args(["--stdout", "--no-name"])
            .arg(file.path())
            .output()
            .expect("gzip starts");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        output.stdout
    }

    /// The next machines in this region get this user-data, the binary in the bucket and the settings in the
    /// parameter.
    pub(crate) fn publish(&self, region: &Region) {
        region.put_settings(&self.settings);
        region.s3.put_raw(&key(), release().bytes.clone());
        region.imds.set_user_data(self.packed());
    }
}

/// The settings that the instance needs before it can read any other, as in `infra/config.tf`.
pub(crate) fn instance_toml() -> Config {
    let mut config = Config::empty();
    config.set("config.ssm_parameter", PARAMETER);
    config.set("telemetry.environment", "staging");
    config.set("journal.log_group", LOG_GROUP);
    config
}

/// All other settings. No quiet hours, because the test may run at night.
pub(crate) fn settings() -> Config {
    let mut config = Config::default();
    config.set("environment", "production");
    config.remove("walk");
    config.remove("budget");
    config.set("policy.quiet_hours", json!([]));
    config.set("heuristic.interval", "1m");
    config.set("http.listen", "127.0.0.1:8000");
    config.set(
        "beeminder.base_url",
        format!("http://127.0.0.1:{BEEMINDER_PORT}/api/v1/"),
    );
    config.set("notify.sms.base_url", format!("http://127.0.0.1:{TWILIO_PORT}"));
    config.set("state.path", "/var/lib/mecris/mecris_usage.db");
    config.set("state.remote", format!("s3://{}/agent", s3::BUCKET));
    config.set("secrets.source", format!("secretsmanager:{SECRET}"));
    config.set("telemetry.emf", true);
    config
}
