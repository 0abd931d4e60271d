//! Servers that are no servers.

use std::time::Duration;

use mail::smtp::{SendError, Smtp, SmtpConfig};
use mail::testing::MailServer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::smtp::{config, message};

/// Soon over, for what does not come.
const SOON: Duration = Duration::from_millis(300);

/// A port whose connections are handed to `serve`.
async fn listen<S: Future<Output = ()> + Send + 'static>(serve: impl Fn(TcpStream) -> S + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    port
}

#[track_caller]
fn is_unreachable(sent: Result<(), SendError>) {
    assert!(matches!(sent, Err(SendError::Unreachable(_))), "{sent:?}");
}

async fn send(port: u16, to: &str) -> Result<(), SendError> {
    Smtp::new(config(port)).unwrap().send(&message(to)).await
}

/// The same for servers that would not answer for ever.
async fn send_hastily(port: u16, to: &str) -> Result<(), SendError> {
    let smtp = Smtp::new(SmtpConfig { send_for: SOON, ..config(port) }).unwrap();
    smtp.send(&message(to)).await
}

#[tokio::test]
async fn a_server_that_says_nothing_is_not_waited_for() {
    let silent = listen(|mut stream| async move {
        let mut heard = Vec::new();
        let _ = stream.read_to_end(&mut heard).await;
    });
    is_unreachable(send_hastily(silent.await, "ada@example.com").await);
}

#[tokio::test]
async fn a_server_that_hangs_in_the_middle_is_not_waited_for() {
    let server = MailServer::plain().await;
    is_unreachable(send_hastily(server.port, "hang@example.com").await);
}

#[tokio::test]
async fn nobody_there_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    is_unreachable(send(port, "ada@example.com").await);
}

#[tokio::test]
async fn what_is_not_smtp_is_unreachable() {
    for said in [
        "HTTP/1.1 400 Bad Request\r\n\r\n",
        "\r\n",
        "220",
        "554 5.7.1 go away\r\n",
        "421 4.3.2 closing\r\n",
        "\u{0}\u{1}\r\n",
    ] {
        let port = listen(move |mut stream| async move {
            let _ = stream.write_all(said.as_bytes()).await;
        });
        is_unreachable(send(port.await, "ada@example.com").await);
    }
}

/// Plays a whole exchange, saying these lines one after the other, each after it heard something, and then nothing.
async fn scripted(lines: &'static [&'static str]) -> u16 {
    listen(move |mut stream| async move {
        let mut heard = [0; 65_536];
        for line in lines {
            let _ = stream.write_all(format!("{line}\r\n").as_bytes()).await;
            if !matches!(stream.read(&mut heard).await, Ok(1..)) {
                return;
            }
        }
        std::future::pending::<()>().await;
    })
    .await
}

#[tokio::test]
async fn a_message_that_was_taken_is_taken_whatever_is_said_of_the_farewell() {
    // Greeting, EHLO, MAIL, RCPT, DATA; the message comes in two writes, and QUIT is never answered.
    let port = scripted(&["220 hello", "250 hello", "250 ok", "250 ok", "354 go on", "250 taken"]).await;
    assert_eq!(send(port, "ada@example.com").await, Ok(()));
}

#[tokio::test]
async fn a_message_whose_fate_is_not_said_counts_as_not_taken() {
    let port = scripted(&["220 hello", "250 hello", "250 ok", "250 ok", "354 go on"]).await;
    is_unreachable(send_hastily(port, "ada@example.com").await);
}

#[tokio::test]
async fn what_a_server_says_is_cut_and_cleaned() {
    let port = scripted(&["220 hello", "250 hello", "250 ok", "550 \u{1b}[31mno\u{7}"]).await;
    match send(port, "ada@example.com").await {
        Err(SendError::Permanent(said)) => assert!(!said.contains(char::is_control) && said.contains("no"), "{said:?}"),
        sent => panic!("{sent:?}"),
    }
}
