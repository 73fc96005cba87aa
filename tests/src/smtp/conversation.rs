//! The conversation with one client, line by line.

use std::io;

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

use super::{Act, Letter, Shared, Stage};
use crate::base64;

/// The longest line with its line break (RFC 5321, 4.5.3.1.6).
const LONGEST_LINE: usize = 1000;

pub(super) async fn accept(listener: std::net::TcpListener, shared: Shared) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        shared.lock().connections += 1;
        let conversation = Conversation {
            stream: BufReader::new(stream),
            shared: shared.clone(),
            at: At::default(),
        };
        tokio::spawn(conversation.hold());
    }
}

/// How far the conversation has come.
#[derive(Default)]
struct At {
    greeted: bool,
    logged_in: bool,
    from: Option<String>,
    to: Option<String>,
}

struct Conversation {
    stream: BufReader<TcpStream>,
    shared: Shared,
    at: At,
}

/// What follows an answer.
enum Then {
    GoOn,
    Close,
}

impl Conversation {
    async fn hold(mut self) -> io::Result<()> {
        if matches!(
            self.say(Stage::Greeting, "220 mail.example.org ESMTP").await?,
            Then::Close
        ) {
            return Ok(());
        }
        while let Some(line) = self.line().await? {
            if matches!(self.command(&line).await?, Then::Close) {
                break;
            }
        }
        Ok(())
    }

    async fn command(&mut self, line: &str) -> io::Result<Then> {
        self.shared.lock().heard.push(line.to_owned());
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => {
                self.at = At {
                    greeted: true,
                    ..At::default()
                };
                let login = if self.shared.lock().offers_login {
                    "250-AUTH PLAIN LOGIN\r\n"
                } else {
                    ""
                };
                self.say(
                    Stage::Ehlo,
                    &format!("250-mail.example.org\r\n{login}250 8BITMIME"),
                )
                .await
            }
            "AUTH" => {
                let login = self.shared.lock().login.clone();
                let right = login.is_some_and(|(user, password)| {
                    rest == format!("PLAIN {}", base64::encode(&format!("\0{user}\0{password}")))
                });
                self.at.logged_in = right;
                // Real servers quote what they refuse.
                let wrong = format!("535 5.7.8 not accepted: {line}");
                self.say(Stage::Auth, if right { "235 2.7.0 accepted" } else { &wrong })
                    .await
            }
            "MAIL" => {
                let may_send = self.at.greeted && (self.at.logged_in || self.shared.lock().login.is_none());
                self.at.from = address(rest, "FROM:").filter(|_| may_send);
                let answer = if may_send {
                    "250 2.1.0 ok"
                } else {
                    "530 5.7.0 log in first"
                };
                self.say(Stage::Mail, answer).await
            }
            "RCPT" => {
                self.at.to = address(rest, "TO:").filter(|_| self.at.from.is_some());
                let right = self.at.to.is_some();
                self.say(
                    Stage::Rcpt,
                    if right {
                        "250 2.1.5 ok"
                    } else {
                        "503 5.5.1 MAIL first"
                    },
                )
                .await
            }
            "DATA" if self.at.to.is_some() => match self.say(Stage::Data, "354 go ahead").await? {
                Then::GoOn => self.content().await,
                Then::Close => Ok(Then::Close),
            },
            "NOOP" => self.write("250 2.0.0 ok").await,
            "QUIT" => self.write("221 2.0.0 bye").await.map(|_| Then::Close),
            _ => {
                self.shared
                    .lock()
                    .violations
                    .push(format!("out of order or unknown: {line}"));
                self.write("503 5.5.1 out of order or unknown").await
            }
        }
    }

    /// The content up to its dot.
    async fn content(&mut self) -> io::Result<Then> {
        let mut lines = Vec::new();
        loop {
            let Some(line) = self.line().await? else {
                return Ok(Then::Close);
            };
            self.shared.lock().content_lines += 1;
            if line == "." {
                break;
            }
            lines.push(line.strip_prefix('.').map_or(line.clone(), str::to_owned));
        }
        self.shared.lock().contents += 1;
        if let Some(act) = self.fault(Stage::Content) {
            return self.act(act).await;
        }
        let (from, to) = (
            self.at.from.take().unwrap_or_default(),
            self.at.to.take().unwrap_or_default(),
        );
        let letter = letter(from, to, &lines);
        let missing = ["from", "to", "subject", "date", "message-id"]
            .into_iter()
            .find(|name| letter.header(name).is_empty());
        if let Some(missing) = missing {
            self.shared
                .lock()
                .violations
                .push(format!("mail without {missing}: {letter:?}"));
            return self.write("554 5.6.0 not a mail").await;
        }
        self.shared.lock().letters.push(letter);
        self.say(Stage::Accepted, "250 2.0.0 queued as 4711").await
    }

    /// One line without its end; `None` when the client is gone.
    async fn line(&mut self) -> io::Result<Option<String>> {
        let mut bytes = Vec::new();
        if self.stream.read_until(b'\n', &mut bytes).await? == 0 {
            return Ok(None);
        }
        let bad = (!bytes.ends_with(b"\r\n"))
            .then_some("a line without CRLF")
            .or((!bytes.is_ascii()).then_some("bytes that are not ASCII"))
            .or((bytes.len() > LONGEST_LINE).then_some("a line that is too long"));
        if let Some(bad) = bad {
            self.shared
                .lock()
                .violations
                .push(format!("{bad}: {:?}", String::from_utf8_lossy(&bytes)));
        }
        Ok(Some(
            String::from_utf8_lossy(&bytes)
                .trim_end_matches(['\r', '\n'])
                .to_owned(),
        ))
    }

    fn fault(&self, stage: Stage) -> Option<Act> {
        self.shared.lock().faults.take(stage)
    }

    /// Sends the good answer, or applies the fault at this place.
    async fn say(&mut self, stage: Stage, right: &str) -> io::Result<Then> {
        match self.fault(stage) {
            None => self.write(right).await,
            Some(act) => self.act(act).await,
        }
    }

    async fn act(&mut self, act: Act) -> io::Result<Then> {
        match act {
            Act::Reply(code) => {
                // Real servers quote what they refuse.
                let heard = self.shared.lock().heard.last().cloned().unwrap_or_default();
                self.write(&format!("{code} the fake was told to say so: {heard}"))
                    .await?;
                // 421: "Service not available, closing transmission channel".
                Ok(if code == 421 { Then::Close } else { Then::GoOn })
            }
            Act::Drop => Ok(Then::Close),
            Act::Hang => {
                // Hangs until the client gives up. Its further lines are lost.
                while self.line().await?.is_some() {}
                Ok(Then::Close)
            }
            Act::Garbage => self.write("<html>Welcome to the hotel Wi-Fi</html>").await,
        }
    }

    async fn write(&mut self, text: &str) -> io::Result<Then> {
        self.stream
            .get_mut()
            .write_all(format!("{text}\r\n").as_bytes())
            .await?;
        Ok(Then::GoOn)
    }
}

/// The address of `FROM:<a@b>`; parameters may follow.
fn address(rest: &str, prefix: &str) -> Option<String> {
    let (address, _) = rest.strip_prefix(prefix)?.strip_prefix('<')?.split_once('>')?;
    Some(address.to_owned())
}

fn letter(from: String, to: String, lines: &[String]) -> Letter {
    let end = lines.iter().position(String::is_empty).unwrap_or(lines.len());
    let (head, body) = lines.split_at(end);
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in head {
        match (
            line.starts_with([' ', '\t']),
            headers.last_mut(),
            line.split_once(':'),
        ) {
            (true, Some((_, value)), _) => value.push_str(line),
            (_, _, Some((name, value))) => headers.push((name.to_lowercase(), value.trim().to_owned())),
            _ => {}
        }
    }
    Letter {
        from,
        to,
        headers,
        body: body.iter().skip(1).cloned().collect::<Vec<_>>().join("\r\n"),
    }
}
