//! The programs and rights that booting a machine needs.

use crate::run::try_run;

/// The programs, each with its Debian package.
const PROGRAMS: &[(&str, &str)] = &[
    ("systemd-nspawn", "systemd-container"),
    ("debootstrap", "debootstrap"),
    ("dnsmasq", "dnsmasq-base"),
    ("ip", "iproute2"),
    ("nsenter", "util-linux"),
    ("python3", "python3-venv"),
    ("terraform", "no package of Debian: see hashicorp.com"),
];

/// A sentence about the first missing thing; `None` if nothing is missing.
pub(crate) fn missing() -> Option<String> {
    if !rustix::process::geteuid().is_root() {
        return Some("only root can start a machine: run as root".to_owned());
    }
    for (program, package) in PROGRAMS {
        if try_run("sh", &["-c", &format!("command -v {program}")]).is_err() {
            return Some(format!("{program} is missing (Debian: {package})"));
        }
    }
    let probe = "mecris-probe";
    let allowed =
        try_run("ip", &["netns", "add", probe]).and_then(|_| try_run("ip", &["netns", "del", probe]));
    allowed
        .err()
        .map(|why| format!("no network of its own can be made for them: {why}"))
}
