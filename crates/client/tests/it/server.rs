//! An HTTP server that gives scripted answers in order, one a connection, and keeps what it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use client::platform::Platform;
use client::platform::config::Config;
use client::platform::retry::RetryPolicy;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server does with one connection.
pub(crate) enum Answer {
    /// Answers with a status, further header lines, and a body.
    With(u16, &'static str, String),
    /// Closes the connection after the request.
    Hangup,
}

/// One request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Method and target.
    pub(crate) line: String,
    /// Header lines with names in lower case, each ended by a line feed.
    pub(crate) headers: String,
    pub(crate) body: String,
}

/// A running server.
pub(crate) struct Server {
    pub(crate) url: String,
    script: Arc<Mutex<VecDeque<Answer>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

pub(crate) fn json(status: u16, body: &str) -> Answer {
    Answer::With(status, "content-type: application/json", body.to_owned())
}

pub(crate) fn token(text: &str) -> Answer {
    json(200, &format!(r#"{{"token_type":"Bearer","expires_in":43200,"access_token":"{text}"}}"#))
}

impl Server {
    pub(crate) async fn start(script: impl IntoIterator<Item = Answer>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let script: Arc<Mutex<VecDeque<Answer>>> = Arc::new(Mutex::new(script.into_iter().collect()));
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let server = Server { url, script: script.clone(), asked: asked.clone() };
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let request = read(&mut stream).await;
                asked.lock().unwrap().push(request);
                let answer = script.lock().unwrap().pop_front();
                write(&mut stream, answer.expect("the client asks no more often than the script has answers")).await;
            }
        });
        server
    }

    /// A client that waits for nothing between attempts and makes three of them.
    pub(crate) fn platform(&self) -> Platform {
        Platform::new(self.config()).unwrap()
    }

    pub(crate) fn config(&self) -> Config {
        Config::new(&self.url, "the-id", "the-secret&more").unwrap().with_retry(RetryPolicy {
            attempts_max: 3,
            delay_first: Duration::ZERO,
            delay_max: Duration::ZERO,
            retry_after_max: Duration::ZERO,
        })
    }

    /// Everything that was asked. Fails when the script has answers left.
    #[track_caller]
    pub(crate) fn asked(&self) -> Vec<Asked> {
        assert_eq!(self.script.lock().unwrap().len(), 0, "answers that nobody asked for");
        self.asked.lock().unwrap().clone()
    }

    /// Checks methods and targets of everything that was asked.
    #[track_caller]
    pub(crate) fn check_asked(&self, expected: &[&str]) {
        let lines: Vec<String> = self.asked().into_iter().map(|asked| asked.line).collect();
        assert_eq!(lines, expected);
    }
}

async fn read(stream: &mut TcpStream) -> Asked {
    let mut text = Vec::new();
    let head_end = loop {
        if let Some(at) = text.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        assert_ne!(stream.read_buf(&mut text).await.unwrap(), 0, "the request ends within its head");
    };
    let head = String::from_utf8(text[..head_end].to_vec()).unwrap();
    let (line, headers) = head.split_once("\r\n").unwrap();
    let headers: String = headers
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| format!("{}: {value}\n", name.to_lowercase()))
        .collect();
    let length = headers.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.map_or(0, |length| length.parse().unwrap());
    while text.len() < head_end + length {
        assert_ne!(stream.read_buf(&mut text).await.unwrap(), 0, "the request ends within its body");
    }
    let body = String::from_utf8(text[head_end..].to_vec()).unwrap();
    Asked { line: line.trim_end_matches(" HTTP/1.1").to_owned(), headers, body }
}

async fn write(stream: &mut TcpStream, answer: Answer) {
    if let Answer::With(status, headers, body) = answer {
        let head = format!("HTTP/1.1 {status} X\r\n{headers}\r\ncontent-length: {}\r\n", body.len());
        let answer = format!("{head}connection: close\r\n\r\n{body}");
        // A client that has read enough may be gone.
        let _ = stream.write_all(answer.as_bytes()).await;
    }
    let _ = stream.shutdown().await;
}
