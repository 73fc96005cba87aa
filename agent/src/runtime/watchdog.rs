//! The watchdog: systemd is pinged only while the agent really works.
//!
//! A process that answers pings while its loop hangs is the silent failure that Mecris exists to prevent. So
//! a ping is sent only if three conditions hold, checked in this order:
//!
//! 1. the scheduler's heartbeat is younger than its bound;
//! 2. a write to the database has just succeeded;
//! 3. the process's own HTTP socket answered `GET /health` over a real connection.
//!
//! If a condition fails, its error is logged and no ping is sent. systemd restarts the unit when
//! `WatchdogSec` is over.

use std::{future::Future, net::SocketAddr, time::Duration};

use tokio::time::{Instant, MissedTickBehavior, timeout};
use tokio_util::sync::CancellationToken;

use super::{probe, systemd::Notifier};
use crate::telemetry::live::LiveStatus;

/// Checks the conditions of a ping, and sends it.
#[derive(Clone, Debug)]
pub struct Watchdog {
    /// Sends the pings to systemd.
    pub notifier: Notifier,
    /// `WatchdogSec`. A ping is tried every third of it.
    pub timeout: Duration,
    /// Holds the heartbeat.
    pub live: LiveStatus,
    /// The greatest allowed age of the heartbeat.
    pub heartbeat_bound: Duration,
    /// The address of the process's own HTTP server.
    pub address: SocketAddr,
}

/// Why no ping is sent.
#[derive(Debug, thiserror::Error)]
pub enum Unwell {
    /// The scheduler's loops do not turn.
    #[error("the scheduler's last heartbeat was {age:?} ago, allowed are {bound:?}")]
    Scheduler {
        /// The age of the heartbeat.
        age: Duration,
        /// The greatest allowed age.
        bound: Duration,
    },
    /// The database refused the write.
    #[error("the write probe of the database failed: {0}")]
    Write(String),
    /// The database did not answer.
    #[error("the write probe of the database did not return within {0:?}")]
    WriteHangs(Duration),
    /// The HTTP server did not answer.
    #[error(transparent)]
    Http(#[from] probe::ProbeError),
}

impl Watchdog {
    /// Checks and pings until `stop` is cancelled. `write` makes one small write to the database.
    pub async fn run<W, F, E>(self, write: W, stop: CancellationToken)
    where
        W: Fn() -> F,
        F: Future<Output = Result<(), E>>,
        E: std::fmt::Display,
    {
        let mut ticks = tokio::time::interval(self.interval());
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            self.tick(&write).await;
        }
    }

    /// The time between two tries: a third of `WatchdogSec`, so two tries may fail before systemd acts.
    pub fn interval(&self) -> Duration {
        (self.timeout / 3).max(Duration::from_millis(1))
    }

    async fn tick<W, F, E>(&self, write: &W)
    where
        W: Fn() -> F,
        F: Future<Output = Result<(), E>>,
        E: std::fmt::Display,
    {
        let started = Instant::now();
        match self.examine(write).await {
            Ok(()) => self.notifier.watchdog(),
            Err(why) => {
                let took = started.elapsed();
                tracing::error!(%why, ?took, "no watchdog ping: if this goes on, systemd restarts the unit");
            }
        }
    }

    /// Checks the three conditions, in the order of the module's list.
    async fn examine<W, F, E>(&self, write: &W) -> Result<(), Unwell>
    where
        W: Fn() -> F,
        F: Future<Output = Result<(), E>>,
        E: std::fmt::Display,
    {
        let age = self.live.heartbeat_age();
        let bound = self.heartbeat_bound;
        if age > bound {
            return Err(Unwell::Scheduler { age, bound });
        }
        let written = timeout(self.interval(), write()).await;
        self.live.store(matches!(written, Ok(Ok(()))));
        match written {
            Err(_) => return Err(Unwell::WriteHangs(self.interval())),
            Ok(Err(error)) => return Err(Unwell::Write(error.to_string())),
            Ok(Ok(())) => {}
        }
        probe::health(self.address, self.interval()).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use tokio::net::TcpListener;

    use super::{super::systemd::tests::Manager, *};

    /// Answers every connection with 200.
    async fn healthy_socket() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                stream.writable().await.unwrap();
                let _ =
                    stream.try_write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            }
        });
        address
    }

    async fn watchdog(manager: &Manager) -> Watchdog {
        Watchdog {
            notifier: manager.notifier(),
            timeout: Duration::from_millis(300),
            live: LiveStatus::new("2026-11-21T13:00:00Z".parse().unwrap()),
            heartbeat_bound: Duration::from_secs(60),
            address: healthy_socket().await,
        }
    }

    fn writes() -> std::future::Ready<Result<(), String>> {
        ready(Ok(()))
    }

    #[tokio::test]
    async fn it_pings_again_and_again_while_all_is_well() {
        let manager = Manager::new();
        let stop = CancellationToken::new();
        let task = tokio::spawn(watchdog(&manager).await.run(writes, stop.clone()));
        for _ in 0..3 {
            assert_eq!(manager.next().await, "WATCHDOG=1\n");
        }
        stop.cancel();
        task.await.unwrap();
    }

    #[tokio::test]
    async fn a_scheduler_that_stands_still_earns_no_ping() {
        let manager = Manager::new();
        let watchdog = Watchdog {
            heartbeat_bound: Duration::ZERO,
            ..watchdog(&manager).await
        };
        tokio::task::yield_now().await;
        let why = watchdog.examine(&writes).await.unwrap_err();
        assert!(matches!(why, Unwell::Scheduler { .. }), "{why}");
        watchdog.tick(&writes).await;
        assert!(manager.heard_nothing());
    }

    #[tokio::test]
    async fn a_database_that_refuses_or_hangs_earns_no_ping() {
        let manager = Manager::new();
        let watchdog = watchdog(&manager).await;
        let refused = watchdog.examine(&|| ready(Err("disk full"))).await.unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the write probe of the database failed: disk full"
        );
        assert!(!watchdog.live.read().store_ok);
        let hangs = watchdog
            .examine(&pending::<Result<(), String>>)
            .await
            .unwrap_err();
        assert!(matches!(hangs, Unwell::WriteHangs(_)), "{hangs}");
        watchdog.tick(&|| ready(Err("disk full"))).await;
        assert!(manager.heard_nothing());
    }

    #[tokio::test]
    async fn endpoints_that_do_not_answer_earn_no_ping() {
        let manager = Manager::new();
        let deaf = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let watchdog = Watchdog {
            address: deaf.local_addr().unwrap(),
            ..watchdog(&manager).await
        };
        let why = watchdog.examine(&writes).await.unwrap_err();
        assert!(matches!(why, Unwell::Http(_)), "{why}");
        watchdog.tick(&writes).await;
        assert!(manager.heard_nothing());
    }
}
