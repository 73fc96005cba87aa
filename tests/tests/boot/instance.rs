//! A machine: a disk (an overlay above the root that `scripts/boot-root` makes) and, while the machine runs,
//! systemd in a container.

use std::{
    fs,
    os::unix::{fs::PermissionsExt as _, process::ExitStatusExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
    time::Duration,
};

use mecris_tests::{s3, wait::until};
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::Instant;

use crate::{
    launch::{instance_toml, settings},
    network::{GATEWAY, INSTANCE},
    region::{API_TOKEN, BEEMINDER_PORT, GATE_PORT, MOTO_PORT, Region, S3_PORT, TWILIO_PORT, workspace},
    run::{run, try_run},
};

/// The longest time of a boot on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// A machine. It is switched off and deleted when dropped.
pub(crate) struct Instance<'r> {
    region: &'r Region,
    folder: tempfile::TempDir,
    nspawn: Option<Child>,
    /// The process id of its PID 1 on this machine.
    init: Option<Pid>,
    /// When the machine was switched on.
    pub(crate) on: Instant,
}

/// The root below the disk of every machine.
fn root() -> &'static str {
    static ROOT: OnceLock<String> = OnceLock::new();
    ROOT.get_or_init(|| {
        run(&workspace().join("scripts/boot-root").display().to_string(), &[])
            .trim()
            .to_owned()
    })
}

impl<'r> Instance<'r> {
    /// A machine with an empty disk, switched off. It knows only the endpoints of this region.
    pub(crate) fn new(region: &'r Region) -> Self {
        let place = Path::new(root())
            .parent()
            .expect("a folder in the build folder")
            .join("instances");
        fs::create_dir_all(&place).expect("the build folder can be written");
        let folder = tempfile::tempdir_in(place).expect("a folder for the disk");
        for name in ["upper", "work", "root"] {
            fs::create_dir(folder.path().join(name)).expect("it can be written");
        }
        let options = format!(
            "lowerdir={},upperdir={1}/upper,workdir={1}/work",
            root(),
            folder.path().display()
        );
        let instance = Self {
            region,
            folder,
            nspawn: None,
            init: None,
            on: Instant::now(),
        };
        run(
            "mount",
            &[
                "-t",
                "overlay",
                "overlay",
                "-o",
                &options,
                &instance.root().display().to_string(),
            ],
        );
        instance.endpoints();
        instance
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("root")
    }

    /// The path of a file on the machine's disk.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root().join(path.trim_start_matches('/'))
    }

    /// Writes a file to the machine's disk.
    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>, mode: u32) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("the disk can be written");
        fs::write(&path, text).expect("the disk can be written");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("it is ours");
    }

    /// Adds lines to the environment that this machine gives to the agent.
    pub(crate) fn environment(&self, lines: &[(&str, &str)]) {
        let path = "/etc/mecris/local.env";
        let mut text = fs::read_to_string(self.path(path)).unwrap_or_default();
        lines
            .iter()
            .for_each(|(name, value)| text.push_str(&format!("{name}='{value}'\n")));
        self.write(path, text, 0o600);
    }

    /// The fakes speak plain http, which the agent accepts only on loopback. So two ports of the machine lead
    /// to the fakes.
    fn endpoints(&self) {
        let service = |port| format!("http://{}", self.region.address(port));
        let gate = service(GATE_PORT);
        self.environment(&[
            ("AWS_ENDPOINT_URL_S3", &service(S3_PORT)),
            ("AWS_ENDPOINT_URL_CLOUDWATCH", &service(MOTO_PORT)),
            ("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", &gate),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &gate),
            ("AWS_ENDPOINT_URL_SSM", &gate),
            ("AWS_ALLOW_HTTP", "true"),
            // The SDK takes a name of its own for an endpoint, or the dual-stack one.
            ("AWS_USE_DUALSTACK_ENDPOINT", "false"),
        ]);
        for (name, port) in [("twilio", TWILIO_PORT), ("beeminder", BEEMINDER_PORT)] {
            let unit = format!("/etc/systemd/system/to-{name}");
            self.write(
                &format!("{unit}.socket"),
                format!("[Socket]\nListenStream=127.0.0.1:{port}\n"),
                0o644,
            );
            // It takes what is behind the last colon for the port, and knows no brackets.
            let there = self.region.address(port).ip();
            let proxy = format!("[Service]\nExecStart=/lib/systemd/systemd-socket-proxyd {there}:{port}\n");
            self.write(&format!("{unit}.service"), proxy, 0o644);
            let wants = self.path("/etc/systemd/system/sockets.target.wants");
            fs::create_dir_all(&wants).expect("the disk can be written");
            std::os::unix::fs::symlink(format!("{unit}.socket"), wants.join(format!("to-{name}.socket")))
                .expect("new");
        }
    }

    /// Switches the machine on and waits only for systemd itself.
    pub(crate) fn switch_on(&mut self) {
        assert!(self.nspawn.is_none(), "it is on already");
        self.region.network.unplug();
        let shim = workspace().join("tests/tests/boot/ec2-init");
        // A separate mount namespace for the files of systemd-nspawn in /run, and version 2 control groups
        // whatever the host uses.
        let script = "mkdir -p /run/systemd/nspawn; mount -t tmpfs tmpfs /run/systemd/nspawn; export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1; \
                      exec systemd-nspawn \"$@\"";
        let console = fs::File::create(self.folder.path().join("console")).expect("a file");
        self.on = Instant::now();
        let mut child = Command::new("unshare")
            .args([
                "--mount",
                "--propagation",
                "private",
                "bash",
                "-c",
                script,
                "bash",
                "--quiet",
                "--register=no",
            ])
            .args([
                "--keep-unit",
                "--link-journal=no",
                "--resolv-conf=off",
                "--timezone=off",
                "--console=read-only",
            ])
            .args([
                "--kill-signal=SIGRTMIN+3",
                "--capability=CAP_NET_ADMIN,CAP_BPF",
                "--system-call-filter=bpf",
            ])
            .arg(format!("--machine=mecris-{}", self.region.instance_id()))
            .arg(format!(
                "--network-namespace-path=/run/netns/{}",
                self.region.network.ec2
            ))
            .arg(format!("--bind-ro={}:/sbin/ec2-init", shim.display()))
            .arg(format!("--directory={}", self.root().display()))
            .arg("/sbin/ec2-init")
            .stdin(Stdio::null())
            .stdout(console.try_clone().expect("a file"))
            .stderr(console)
            .spawn()
            .expect("unshare starts");
        let id = child.id();
        let init = until(Duration::from_secs(20), || {
            if let Ok(Some(status)) = child.try_wait() {
                panic!("systemd-nspawn ended with {status}:\n{}", self.console());
            }
            let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).ok()?;
            let first = children.split(' ').next()?;
            try_run(
                "nsenter",
                &["-t", first, "-a", "test", "-S", "/run/systemd/private"],
            )
            .ok()?;
            first.parse().ok().and_then(Pid::from_raw)
        });
        self.nspawn = Some(child);
        self.init = Some(init.unwrap_or_else(|| panic!("systemd did not come up:\n{}", self.console())));
    }

    /// Switches the machine on and waits until it is up, cloud-init and user-data included. Returns the state
    /// of its systemd.
    pub(crate) fn boot(&mut self) -> String {
        self.switch_on();
        self.is_up()
    }

    /// Waits until the machine is up: `running`, or `degraded` if a unit failed.
    pub(crate) fn is_up(&self) -> String {
        let timeout = (2 * PATIENCE).as_secs().to_string();
        self.sh(&format!(
            "timeout {timeout} systemctl is-system-running --wait || :"
        ))
        .trim()
        .to_owned()
    }

    /// Runs a line of shell in the machine as root. Returns its output, or the error's text.
    pub(crate) fn try_sh(&self, line: &str) -> Result<String, String> {
        let init = self.init.expect("it is on").as_raw_nonzero().to_string();
        try_run("nsenter", &["-t", &init, "-a", "sh", "-c", line])
    }

    /// Runs a line of shell in the machine as root. The line has to succeed.
    pub(crate) fn sh(&self, line: &str) -> String {
        self.try_sh(line).unwrap_or_else(|why| panic!("{why}"))
    }

    /// A property of a unit.
    pub(crate) fn property(&self, unit: &str, name: &str) -> String {
        self.sh(&format!("systemctl show --value -p {name} {unit}"))
            .trim()
            .to_owned()
    }

    /// Waits until a unit is in this state.
    pub(crate) fn becomes(&self, unit: &str, state: &str, within: Duration) {
        let so = until(within, || {
            (self.property(unit, "ActiveState") == state).then_some(())
        });
        let is = || self.property(unit, "ActiveState");
        assert!(
            so.is_some(),
            "{unit} is {}, not {state}, after {within:?}:\n{}",
            is(),
            self.journal(unit)
        );
    }

    /// Waits until a unit has logged these words.
    pub(crate) fn says(&self, unit: &str, words: &str, within: Duration) {
        let said = until(within, || self.journal(unit).contains(words).then_some(()));
        assert!(
            said.is_some(),
            "{unit} did not say {words:?} within {within:?}:\n{}",
            self.journal(unit)
        );
    }

    /// All log lines of a unit on this disk.
    pub(crate) fn journal(&self, unit: &str) -> String {
        self.sh(&format!("journalctl --no-pager -o short-precise -u '{unit}'"))
    }

    /// The answer of an endpoint of the agent to a process in the machine that has the token.
    pub(crate) fn get(&self, path: &str) -> Option<String> {
        self.try_sh(&format!(
            "curl -s -m 5 -H 'Authorization: Bearer {API_TOKEN}' http://127.0.0.1:8000{path}"
        ))
        .ok()
    }

    /// Posts to the agent as [`Instance::get`] reads.
    pub(crate) fn post(&self, path: &str) -> Option<String> {
        self.try_sh(&format!(
            "curl -sf -m 20 -X POST -H 'Authorization: Bearer {API_TOKEN}' http://127.0.0.1:8000{path}"
        ))
        .ok()
    }

    /// The output of cloud-init's scripts.
    pub(crate) fn output(&self) -> String {
        fs::read_to_string(self.path("/var/log/cloud-init-output.log")).unwrap_or_default()
    }

    /// The text on the console.
    pub(crate) fn console(&self) -> String {
        fs::read_to_string(self.folder.path().join("console")).unwrap_or_default()
    }

    /// Shuts the machine down. Returns how long that took.
    pub(crate) fn power_off(&mut self) -> Duration {
        let begun = Instant::now();
        // The bus ends before the command does.
        let _ = self.try_sh("systemctl poweroff");
        self.is_off();
        begun.elapsed()
    }

    fn is_off(&mut self) {
        let Some(mut nspawn) = self.nspawn.take() else {
            return;
        };
        let gone = until(Duration::from_secs(60), || nspawn.try_wait().ok().flatten());
        if gone.is_none() {
            let _ = nspawn.kill();
            let status = nspawn.wait();
            self.init = None;
            panic!(
                "it did not switch off: {:?}\n{}",
                status.map(|s| s.signal()),
                self.console()
            );
        }
        self.init = None;
    }
}

impl Drop for Instance<'_> {
    fn drop(&mut self) {
        if let Some(init) = self.init {
            let _ = kill_process(init, Signal::KILL);
        }
        if let Some(mut nspawn) = self.nspawn.take() {
            let _ = nspawn.wait();
        }
        let root = self.root().display().to_string();
        let _ = try_run("umount", &["--lazy", &root]);
    }
}

impl Instance<'_> {
    /// Puts a binary, the units and settings onto the disk as user-data does. cloud-init does not run, which
    /// saves ten seconds.
    pub(crate) fn install(&self, binary: &[u8]) {
        self.region.put_settings(&settings());
        self.write("/etc/cloud/cloud-init.disabled", "", 0o644);
        let address = format!(
            "auto lo ens5\niface lo inet loopback\niface ens5 inet static\n  address {INSTANCE}/20\n  gateway {GATEWAY}\n"
        );
        self.write("/etc/network/interfaces", address, 0o644);
        self.write("/usr/local/bin/mecris-agent", binary, 0o755);
        self.write("/etc/mecris/agent.toml", instance_toml().to_toml(), 0o644);
        self.environment(&[("AWS_REGION", s3::REGION), ("MECRIS_DEPLOYMENT", "staging")]);
        for unit in fs::read_dir(workspace().join("systemd")).expect("the units are there") {
            let (path, text) = unit
                .map(|unit| (unit.path(), fs::read(unit.path())))
                .expect("it can be read");
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let place = match name.strip_prefix("sysusers-") {
                Some(name) => format!("/etc/sysusers.d/{name}"),
                None => format!("/etc/systemd/system/{name}"),
            };
            self.write(&place, text.expect("it can be read"), 0o644);
        }
        let root = self.root().display().to_string();
        run("systemd-sysusers", &[&format!("--root={root}")]);
        run(
            "systemctl",
            &[&format!("--root={root}"), "enable", "mecris-agent.service"],
        );
    }

    /// Adds lines to a unit.
    pub(crate) fn drop_in(&self, unit: &str, lines: &str) {
        self.write(&format!("/etc/systemd/system/{unit}.d/test.conf"), lines, 0o644);
    }

    /// Waits until the agent is ready and has made a pass since its newest start.
    pub(crate) fn is_at_work(&self) {
        let so = until(PATIENCE, || {
            let id = self.property("mecris-agent", "InvocationID");
            let said = self
                .try_sh(&format!(
                    "journalctl --no-pager -o cat _SYSTEMD_INVOCATION_ID={id}"
                ))
                .ok()?;
            said.contains("\"message\":\"pass\"").then_some(())
        });
        assert!(
            so.is_some(),
            "{}\n{}",
            self.journal("mecris-agent"),
            self.console()
        );
    }
}
