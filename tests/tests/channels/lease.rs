//! A lease that ends between the connection and the send: no byte of the message leaves.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use mecris_tests::{smtp::Smtp, telegram::CHAT_ID, twilio};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use super::*;

/// An HTTP server that keeps every byte and answers every request with an empty 200.
struct Recorder {
    address: std::net::SocketAddr,
    bytes: Arc<Mutex<Vec<u8>>>,
    connections: Arc<AtomicUsize>,
}

impl Recorder {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let recorder = Self {
            address: listener.local_addr().expect("it is bound"),
            bytes: Arc::default(),
            connections: Arc::default(),
        };
        let (bytes, connections) = (recorder.bytes.clone(), recorder.connections.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(record(stream, bytes.clone()));
            }
        });
        recorder
    }

    fn heard(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().expect("no test holds it and panics")).into_owned()
    }
}

async fn record(mut stream: TcpStream, bytes: Arc<Mutex<Vec<u8>>>) {
    let mut request = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let length = stream.read(&mut chunk).await.unwrap_or(0);
        if length == 0 {
            return;
        }
        bytes
            .lock()
            .expect("no test holds it and panics")
            .extend_from_slice(&chunk[..length]);
        request.extend_from_slice(&chunk[..length]);
        if is_whole(&String::from_utf8_lossy(&request)) {
            request.clear();
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
            if stream.write_all(answer).await.is_err() {
                return;
            }
        }
    }
}

/// Whether a request has come with as much body as its head announced.
fn is_whole(request: &str) -> bool {
    let Some((head, body)) = request.split_once("\r\n\r\n") else {
        return false;
    };
    let announced = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().expect("a number of bytes"));
    body.len() >= announced
}

/// Every channel that speaks HTTP, sending to the recorder.
fn over_http(recorder: &Recorder) -> Vec<Arc<dyn Channel>> {
    let url = format!("http://{}", recorder.address);
    let hook = format!("{url}/services/T0/B0/secret");
    let account = [
        ("TWILIO_ACCOUNT_SID", twilio::ACCOUNT_SID),
        ("TWILIO_AUTH_TOKEN", twilio::AUTH_TOKEN),
        ("TWILIO_TO_NUMBER", "+14155550100"),
        ("TWILIO_FROM_NUMBER", "+15005550006"),
    ];
    let own: [(&str, &[(&str, &str)]); 5] = [
        ("sms", &[("MECRIS__NOTIFY__SMS__BASE_URL", &url)]),
        (
            "whatsapp",
            &[
                ("MECRIS__NOTIFY__WHATSAPP__BASE_URL", &url),
                ("MECRIS__NOTIFY__WHATSAPP__FROM", "+15005550006"),
            ],
        ),
        ("voice", &[("MECRIS__NOTIFY__VOICE__BASE_URL", &url)]),
        (
            "telegram",
            &[
                ("MECRIS__NOTIFY__TELEGRAM__BASE_URL", &url),
                ("MECRIS__NOTIFY__TELEGRAM__CHAT_ID", CHAT_ID),
                ("TELEGRAM_BOT_TOKEN", mecris_tests::telegram::TOKEN),
            ],
        ),
        ("slack", &[("SLACK_WEBHOOK_URL", &hook)]),
    ];
    own.into_iter()
        .map(|(kind, variables)| {
            let variables: Vec<_> = account.iter().chain(variables).copied().collect();
            channel(kind, &variables).expect("a sound configuration")
        })
        .collect()
}

/// A lease check that counts how often it is made, and what `seen` says at that moment.
fn checked<T: Send + 'static>(
    holds: bool,
    seen: impl Fn() -> T + Send + Sync + 'static,
) -> (LeaseCheck, Arc<Mutex<Vec<T>>>) {
    let checks = Arc::new(Mutex::new(Vec::new()));
    let kept = checks.clone();
    let check = LeaseCheck::new(move || {
        kept.lock().expect("no test holds it and panics").push(seen());
        holds
    });
    (check, checks)
}

#[tokio::test]
async fn over_http_the_check_is_made_on_the_open_connection_and_a_lease_that_ended_sends_no_body() {
    for holds in [true, false] {
        let recorder = Recorder::start().await;
        for channel in over_http(&recorder) {
            let kind = channel.kind();
            recorder.bytes.lock().unwrap().clear();
            recorder.connections.store(0, Ordering::SeqCst);
            let _ = channel.warm_up().await;
            let connections = recorder.connections.clone();
            let (lease, checks) = checked(holds, move || connections.load(Ordering::SeqCst));
            let message = Outgoing {
                lease,
                ..outgoing(TEXT)
            };
            let (came, why) = came(&channel.send(message, WITHIN).await);
            assert_eq!(
                *checks.lock().unwrap(),
                [1],
                "{kind:?}: one check, one connection"
            );
            // The recorder's empty answer is no yes of a webhook.
            let is_no = kind == ChannelKind::Slack && holds;
            let wanted = if is_no {
                Came::RefusedForGood
            } else {
                Came::InDoubt
            };
            assert_eq!(came, wanted, "{kind:?}: {why}");
            let heard = recorder.heard();
            assert_eq!(heard.contains("derails"), holds, "{kind:?}: {heard}");
            assert_eq!(
                why.ends_with("not sent: the lease was over before the connection was ready"),
                !holds,
                "{kind:?}: {why}"
            );
        }
    }
}

#[tokio::test]
async fn by_mail_the_check_is_made_after_the_go_ahead_and_a_lease_that_ended_sends_no_content() {
    let mut lines_of_one_mail = 0;
    for holds in [true, false] {
        let fake = Arc::new(Smtp::start().unwrap());
        let channel = email::email(&fake);
        channel.warm_up().await.unwrap();
        let heard = fake.clone();
        let (lease, checks) = checked(holds, move || (heard.heard().pop(), heard.contents()));
        let message = Outgoing {
            lease,
            ..outgoing(TEXT)
        };
        let (came, why) = came(&channel.send(message, WITHIN).await);
        assert_eq!(*checks.lock().unwrap(), [(Some("DATA".to_owned()), 0)]);
        if holds {
            assert_eq!((came, fake.letters().len()), (Came::Accepted, 1), "{why}");
            lines_of_one_mail = fake.content_lines();
            assert!(lines_of_one_mail > 0);
            continue;
        }
        assert_eq!(came, Came::NotSent);
        assert!(
            why.ends_with("not sent: the lease was over before the connection was ready"),
            "{why}"
        );
        assert_eq!(fake.letters(), []);
        // Once another mail was accepted, the server has also read what came before it: nothing.
        let next = send(channel.as_ref(), WITHIN).await;
        assert!(matches!(next, Outcome::Accepted(_)), "{next:?}");
        assert_eq!((fake.letters().len(), fake.contents()), (1, 1));
        assert_eq!(fake.content_lines(), lines_of_one_mail);
        assert!(fake.violations().is_empty(), "{:?}", fake.violations());
    }
}
