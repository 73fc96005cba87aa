//! Two networks and a wire between them: `ec2` with the interface of the instance, and `aws` with everything
//! that the instance can reach.

use std::{
    fs::File,
    os::fd::AsFd as _,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::run::{ip, try_run};

/// The address of the gateway, the resolver and every service except metadata.
pub(crate) const GATEWAY: &str = "172.31.0.1";
/// The address of the instance.
pub(crate) const INSTANCE: &str = "172.31.0.10";
/// The gateway's address in an IPv6 network.
pub(crate) const GATEWAY_6: &str = "fd6d:6563::1";
/// The instance's address in an IPv6 network.
pub(crate) const INSTANCE_6: &str = "fd6d:6563::10";
/// The IPv6 network of both.
pub(crate) const SUBNET_6: &str = "fd6d:6563::/64";
/// The MAC address of the instance's interface.
pub(crate) const MAC: &str = "02:00:00:00:00:10";

/// By which protocol the instance reaches everything but metadata: the values of the variable `egress` of
/// `infra/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Egress {
    Ipv4,
    Ipv6,
}

/// The networks. They are removed when dropped.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) ec2: String,
    pub(crate) aws: String,
    dnsmasq: Option<Child>,
}

impl Network {
    pub(crate) fn new(egress: Egress) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let id = format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let mut network = Self {
            ec2: format!("mecris-ec2-{id}"),
            aws: format!("mecris-aws-{id}"),
            dnsmasq: None,
        };
        let Self { ec2, aws, .. } = &network;
        ip(&format!("netns add {ec2}"));
        ip(&format!("netns add {aws}"));
        ip(&format!(
            "-n {ec2} link add ens5 type veth peer name gw0 netns {aws}"
        ));
        ip(&format!("-n {ec2} link set ens5 address {MAC}"));
        ip(&format!("-n {ec2} link set lo up"));
        ip(&format!("-n {aws} link set lo up"));
        ip(&format!("-n {aws} addr add {GATEWAY}/20 dev gw0"));
        ip(&format!("-n {aws} addr add 169.254.169.254/32 dev gw0"));
        ip(&format!("-n {aws} link set gw0 up"));
        let mut by_ipv6 = Vec::new();
        if egress == Egress::Ipv6 {
            // The address is used at once, without a check for duplicates.
            ip(&format!("-n {aws} addr add {GATEWAY_6}/64 dev gw0 nodad"));
            by_ipv6 = vec![
                "--enable-ra".to_owned(),
                format!("--dhcp-range={INSTANCE_6},{INSTANCE_6},64,1h"),
            ];
        }
        let range = format!("--dhcp-range={INSTANCE},{INSTANCE},255.255.240.0,1h");
        let dnsmasq = Command::new("ip")
            .args([
                "netns",
                "exec",
                aws,
                "dnsmasq",
                "--keep-in-foreground",
                "--conf-file=/dev/null",
                "--no-resolv",
            ])
            .args([
                "--no-hosts",
                "--port=53",
                "--interface=gw0",
                "--bind-interfaces",
                "--dhcp-authoritative",
            ])
            .args([
                &range,
                &format!("--dhcp-option=3,{GATEWAY}"),
                &format!("--address=/amazonaws.com/{GATEWAY}"),
            ])
            .args(by_ipv6)
            .args([
                "--dhcp-leasefile=/dev/null",
                "--pid-file",
                "--user=root",
                "--log-facility=/dev/null",
            ])
            .stdin(Stdio::null())
            .spawn();
        network.dnsmasq = Some(dnsmasq.expect("dnsmasq starts"));
        network
    }

    /// Puts the instance's interface into its state at power-on: down, without addresses.
    pub(crate) fn unplug(&self) {
        ip(&format!("-n {} addr flush dev ens5", self.ec2));
        ip(&format!("-n {} link set ens5 down", self.ec2));
    }

    /// With `true`, drops every TCP answer from `GATEWAY`; DNS, DHCP and metadata still answer. With `false`,
    /// lets the answers through again.
    pub(crate) fn cut(&self, cut: bool) {
        let verb = if cut { "add" } else { "del" };
        ip(&format!(
            "-n {} rule {verb} pref 10 from {GATEWAY} ipproto tcp blackhole",
            self.aws
        ));
    }

    /// Calls a function in the network `aws`. Sockets that it opens stay in that network.
    pub(crate) fn within<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        let path = format!("/run/netns/{}", self.aws);
        let inside = || {
            let network = File::open(path).expect("the network is there");
            move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network))
                .expect("root may enter it");
            work()
        };
        // In a separate thread, because a thread is in only one network.
        std::thread::scope(|scope| {
            scope
                .spawn(inside)
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        if let Some(mut dnsmasq) = self.dnsmasq.take() {
            let _ = dnsmasq.kill();
            let _ = dnsmasq.wait();
        }
        for network in [&self.ec2, &self.aws] {
            let _ = try_run("ip", &["netns", "del", network]);
        }
    }
}
