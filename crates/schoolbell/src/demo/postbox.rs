//! A mail server on this machine that takes everything and delivers nothing: what it took is shown.
//!
//! Speaks as much of SMTP (RFC 5321) as a client that hands mail over needs.

use std::net::Ipv4Addr;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// How much one client may say, in bytes.
const SAID_BYTES_MAX: u64 = 1024 * 1024;
/// How many letters may wait to be shown.
const LETTERS_MAX: usize = 1_024;

/// A letter that was taken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Letter {
    /// To whom it is addressed.
    pub(super) to: String,
    /// What it is about.
    pub(super) subject: String,
    /// What it says, as plain text.
    pub(super) text: String,
}

/// Opens a postbox until `shutdown`. Gives back its port, and the letters as they come: each is there before its sender hears
/// that it was taken.
pub(super) async fn open(shutdown: CancellationToken) -> Result<(u16, mpsc::Receiver<Letter>)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("listening for mail")?;
    let port = listener.local_addr()?.port();
    let (letters, taken) = mpsc::channel(LETTERS_MAX);
    tokio::spawn(async move {
        while let Some(Ok((stream, _))) = shutdown.run_until_cancelled(listener.accept()).await {
            let letters = letters.clone();
            // A client that says nonsense has its connection closed, and will try again or not.
            tokio::spawn(async move { converse(stream, &letters).await });
        }
    });
    Ok((port, taken))
}

async fn converse(mut stream: TcpStream, letters: &mpsc::Sender<Letter>) -> Result<()> {
    let (read, mut write) = stream.split();
    let mut lines = BufReader::new(read.take(SAID_BYTES_MAX)).lines();
    let mut to = Vec::new();
    write.write_all(b"220 postbox ESMTP\r\n").await?;
    while let Some(line) = lines.next_line().await? {
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let answer = match verb.as_str() {
            "EHLO" => "250-postbox\r\n250 8BITMIME",
            "HELO" | "MAIL" | "RSET" | "NOOP" => "250 so be it",
            "RCPT" => {
                to.push(address(&line).to_owned());
                "250 so be it"
            }
            "DATA" => {
                write.write_all(b"354 go on, and end with a dot\r\n").await?;
                let mut message = String::new();
                loop {
                    let Some(line) = lines.next_line().await? else { bail!("the message has no end") };
                    if line == "." {
                        break;
                    }
                    message.push_str(line.strip_prefix('.').unwrap_or(&line));
                    message.push('\n');
                }
                let letter = read_letter(std::mem::take(&mut to).join(", "), &message);
                letters.send(letter).await.context("nobody reads letters any more")?;
                "250 taken"
            }
            "QUIT" => "221 goodbye",
            _ => "502 not here",
        };
        write.write_all(format!("{answer}\r\n").as_bytes()).await?;
        if verb == "QUIT" {
            break;
        }
    }
    Ok(())
}

/// What stands between the angle brackets.
fn address(line: &str) -> &str {
    line.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or("", |(address, _)| address)
}

/// The subject, and the first part that is plain text. The letters of a companion about content with plain titles are not encoded.
fn read_letter(to: String, message: &str) -> Letter {
    let subject = message.lines().find_map(|line| line.strip_prefix("Subject: ")).unwrap_or_default().to_owned();
    let part = message.split_once("Content-Type: text/plain").map_or("", |(_, part)| part);
    let body = part.split_once("\n\n").map_or("", |(_, body)| body);
    let text = body.lines().take_while(|line| !line.starts_with("--")).collect::<Vec<_>>().join("\n");
    Letter { to, subject, text }
}

impl Letter {
    /// What it says of each thing: its name, and the first line below it that is no number of anything.
    pub(super) fn news(&self) -> Vec<String> {
        let mut news = Vec::new();
        let mut heading = "";
        for line in self.text.lines() {
            match line.strip_prefix("  ") {
                None => heading = line,
                Some(said) if !heading.is_empty() && !said.starts_with("Portal ") => {
                    news.push(format!("{heading}: {said}"));
                    heading = "";
                }
                Some(_) => {}
            }
        }
        news
    }
}

#[cfg(test)]
mod tests {
    use mail::message::{Mailbox, Message};
    use mail::smtp::{SEND_FOR, Smtp, SmtpConfig, Tls};

    use super::*;

    #[tokio::test]
    async fn a_letter_is_there_once_it_was_taken() {
        let shutdown = CancellationToken::new();
        let (port, mut letters) = open(shutdown.clone()).await.unwrap();
        let config = SmtpConfig {
            host: "127.0.0.1".to_owned(),
            port,
            tls: Tls::None,
            credentials: None,
            hello: "example.com".to_owned(),
            authorities: None,
            send_for: SEND_FOR,
        };
        let mailbox = |address: &str| Mailbox { name: None, address: address.parse().unwrap() };
        let text = "Hello,\n\nFire safety\n  Portal 1, content 2\n  It ends tomorrow.\n.\n".to_owned();
        let message = Message {
            from: mailbox("bell@example.com"),
            to: mailbox("ada@example.com"),
            subject: "Content that ends".to_owned(),
            text: text.clone(),
            html: Some("<p>Fire safety</p>".to_owned()),
            message_id: "1@example.com".to_owned(),
            date: jiff::Timestamp::UNIX_EPOCH,
            headers: Vec::new(),
        };
        Smtp::new(config).unwrap().send(&message).await.unwrap();
        let letter = letters.try_recv().expect("it is there");
        assert_eq!((letter.to.as_str(), letter.subject.as_str()), ("ada@example.com", "Content that ends"));
        assert_eq!(letter.text.trim_end(), text.trim_end());
        assert_eq!(letter.news(), ["Fire safety: It ends tomorrow."]);
        shutdown.cancel();
    }
}
