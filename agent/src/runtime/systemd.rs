//! Notifications to systemd over its datagram socket: READY, STATUS, STOPPING, WATCHDOG and `EXTEND_TIMEOUT_USEC`.
//! Without systemd, nothing is sent.

use std::{
    ffi::OsStr,
    io,
    os::{
        linux::net::SocketAddrExt,
        unix::{
            ffi::OsStrExt,
            net::{SocketAddr, UnixDatagram},
        },
    },
    time::Duration,
};

use sd_notify::NotifyState;

/// Sends notifications to the service manager. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Notifier(Option<SocketAddr>);

impl Notifier {
    /// Sends to `socket`, the value of `NOTIFY_SOCKET`: a path, or `@` and an abstract name. With `None` or an
    /// unusable name, nothing is ever sent.
    ///
    /// The name is an argument, because the tests of one process share its environment.
    pub fn new(socket: Option<&OsStr>) -> Self {
        let Some(name) = socket.filter(|name| !name.is_empty()) else {
            return Self(None);
        };
        let address = match name.as_bytes() {
            [b'@', rest @ ..] => SocketAddr::from_abstract_name(rest),
            _ => SocketAddr::from_pathname(name),
        };
        match address {
            Ok(address) => Self(Some(address)),
            Err(error) => {
                tracing::warn!(?name, %error, "NOTIFY_SOCKET cannot be used: systemd is not told anything");
                Self(None)
            }
        }
    }

    /// Sends to the service manager that started this process, if there is one.
    pub fn from_environment() -> Self {
        Self::new(std::env::var_os("NOTIFY_SOCKET").as_deref())
    }

    /// Reports that the start is complete: the secrets are loaded, the state is restored, and the endpoints listen.
    pub fn ready(&self) {
        self.notify(&NotifyState::Ready);
    }

    /// Reports that the stop has begun.
    pub fn stopping(&self) {
        self.notify(&NotifyState::Stopping);
    }

    /// Sets the status line of `systemctl status`.
    pub fn status(&self, line: &str) {
        // A line break would start another assignment.
        self.notify(&NotifyState::Status(&line.replace(['\n', '\r'], " ")));
    }

    /// Reports that the process is alive and working.
    pub fn watchdog(&self) {
        self.notify(&NotifyState::Watchdog);
    }

    /// Asks systemd to let a slow start or stop take `by` from now on, at most 71 minutes.
    pub fn extend_timeout(&self, by: Duration) {
        let micros = u32::try_from(by.as_micros()).unwrap_or(u32::MAX);
        self.notify(&NotifyState::ExtendTimeoutUsec(micros));
    }

    fn notify(&self, state: &NotifyState<'_>) {
        if let Some(address) = &self.0
            && let Err(error) = send(address, &format!("{state}\n"))
        {
            // A lost notification must not stop the agent. WATCHDOG and STATUS are sent again. After a lost READY
            // or EXTEND_TIMEOUT_USEC, a timeout of systemd decides.
            tracing::warn!(%error, "cannot notify systemd");
        }
    }
}

fn send(address: &SocketAddr, text: &str) -> io::Result<()> {
    let socket = UnixDatagram::unbound()?;
    // A service manager that does not read must not block this process.
    socket.set_nonblocking(true)?;
    socket.send_to_addr(text.as_bytes(), address).map(|_| ())
}

/// The longest time that systemd allows between two watchdog notifications (`WatchdogSec=`). `None`: systemd has
/// no watchdog for this process.
pub fn watchdog_timeout() -> Option<Duration> {
    sd_notify::watchdog_enabled()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A service manager that only listens.
    pub(in crate::runtime) struct Manager {
        folder: tempfile::TempDir,
        socket: tokio::net::UnixDatagram,
    }

    impl Manager {
        pub(in crate::runtime) fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let socket = tokio::net::UnixDatagram::bind(folder.path().join("notify")).unwrap();
            Self { folder, socket }
        }

        pub(in crate::runtime) fn notifier(&self) -> Notifier {
            Notifier::new(Some(self.folder.path().join("notify").as_os_str()))
        }

        pub(in crate::runtime) async fn next(&self) -> String {
            let mut buffer = [0; 512];
            let length = self.socket.recv(&mut buffer).await.unwrap();
            String::from_utf8(buffer[..length].to_vec()).unwrap()
        }

        pub(in crate::runtime) fn heard_nothing(&self) -> bool {
            let mut buffer = [0; 512];
            self.socket
                .try_recv(&mut buffer)
                .is_err_and(|e| e.kind() == io::ErrorKind::WouldBlock)
        }
    }

    #[tokio::test]
    async fn each_word_arrives_as_systemd_spells_it() {
        let manager = Manager::new();
        let notifier = manager.notifier();
        notifier.ready();
        assert_eq!(manager.next().await, "READY=1\n");
        notifier.status("3 goals\nREADY=0");
        assert_eq!(manager.next().await, "STATUS=3 goals READY=0\n");
        notifier.watchdog();
        assert_eq!(manager.next().await, "WATCHDOG=1\n");
        notifier.extend_timeout(Duration::from_secs(5));
        assert_eq!(manager.next().await, "EXTEND_TIMEOUT_USEC=5000000\n");
        notifier.stopping();
        assert_eq!(manager.next().await, "STOPPING=1\n");
    }

    #[tokio::test]
    async fn an_abstract_socket_is_reached_too() {
        let name = format!("mecris-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let socket = UnixDatagram::bind_addr(&address).unwrap();
        Notifier::new(Some(OsStr::new(&format!("@{name}")))).ready();
        let mut buffer = [0; 64];
        let length = socket.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..length], b"READY=1\n");
    }

    #[test]
    fn without_systemd_nothing_happens() {
        Notifier::new(None).ready();
        Notifier::new(Some(OsStr::new("/nonexistent/notify"))).ready();
    }
}
