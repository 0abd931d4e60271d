//! A real SMTP server on loopback (Debian's `aiosmtpd`), for the tests of this and of other crates.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

/// What the server is: it is run by the interpreter that its library was installed for.
const SERVER: &str = include_str!("testing/server.py");
/// No single thing that a test waits for takes nearly as long.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running server; it ends with this value.
///
/// What becomes of a message is in the name of its recipient: `refused` gets 550, `full` 552, `later` 451, `spam` 554 and
/// `busy` 452 after the message was sent, `once…` 451 the first time, `hang` no answer, everybody else's mail is taken.
#[derive(Debug)]
pub struct MailServer {
    /// Where it listens on 127.0.0.1.
    pub port: u16,
    lines: Lines<BufReader<ChildStdout>>,
    _child: Child,
}

/// What a server has taken.
#[derive(Clone, Debug, Deserialize)]
pub struct Taken {
    /// The sender of the envelope.
    pub from: String,
    /// The recipients of the envelope.
    pub to: Vec<String>,
    /// The message as it came, headers and all; a byte is a character.
    pub content: String,
    /// Whether it came over TLS.
    pub tls: bool,
    /// As whom the client came.
    pub user: Option<String>,
    /// What the client called itself.
    pub hello: String,
}

#[derive(Deserialize)]
struct Started {
    port: u16,
}

impl MailServer {
    /// Starts one without TLS.
    pub async fn plain() -> Self {
        Self::start(&["plain"]).await
    }

    /// Starts one that wants `mode` (`starttls` or `implicit`) with a certificate and its key, both PEM files, and a user with a
    /// password (`name:password`) if there is one.
    pub async fn with_tls(mode: &str, certificate: &Path, key: &Path, user: Option<&str>) -> Self {
        let [certificate, key] = [certificate, key].map(|path| path.to_str().expect("a temporary path is UTF-8"));
        let mut arguments = vec![mode, certificate, key];
        arguments.extend(user.into_iter().flat_map(|user| ["--user", user]));
        Self::start(&arguments).await
    }

    async fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(interpreter());
        command.arg("-c").arg(SERVER).args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("the mail server starts");
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let Started { port } = line(&mut lines).await;
        MailServer { port, lines, _child: child }
    }

    /// The next message that it takes.
    pub async fn taken(&mut self) -> Taken {
        line(&mut self.lines).await
    }
}

async fn line<T: for<'de> Deserialize<'de>>(lines: &mut Lines<BufReader<ChildStdout>>) -> T {
    let line = timeout(PATIENCE, lines.next_line()).await.expect("the mail server says something").expect("it is read");
    serde_json::from_str(&line.expect("the mail server runs")).expect("the mail server says what is expected")
}

/// The interpreter that `aiosmtpd` itself begins with: the one that finds the library.
fn interpreter() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let script = std::env::split_paths(&path).map(|folder| folder.join("aiosmtpd")).find(|file| file.is_file());
    let script = script.expect("aiosmtpd is on the path: cargo xtask test installs it");
    let text = std::fs::read_to_string(script).expect("aiosmtpd can be read");
    let interpreter = text.lines().next().and_then(|line| line.strip_prefix("#!")).expect("aiosmtpd is a script");
    PathBuf::from(interpreter.trim())
}
