use std::{
    net::TcpStream,
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
};

use axum::Router;

use super::Server;

/// Sets the flag when it goes, also if the test fails.
struct SetAtEnd<'flag>(&'flag AtomicBool);

impl Drop for SetAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A process that is being started has copies of all sockets of its parent until it becomes another program.
#[test]
fn a_port_closes_and_opens_while_other_threads_start_processes() {
    let server = Server::start(Router::new(), 0).expect("a free port");
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !ended.load(Ordering::Relaxed) {
                    Command::new("true").status().expect("true is a program");
                }
            });
        }
        let _end = SetAtEnd(&ended);
        for round in 0..200 {
            server.refuse(true);
            assert!(TcpStream::connect(server.address()).is_err(), "round {round}");
            server.refuse(false);
            assert!(TcpStream::connect(server.address()).is_ok(), "round {round}");
        }
    });
}
