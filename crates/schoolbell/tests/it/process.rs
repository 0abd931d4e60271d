//! Running the binary, and ending only what was started.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// No single thing that these tests wait for takes nearly as long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Runs a command of the binary to its end.
pub(crate) async fn schoolbell(arguments: &[&str]) -> Output {
    let child = command(arguments).output();
    timeout(PATIENCE, child).await.expect("the command ends").unwrap()
}

/// The same for a command that must succeed and print JSON.
pub(crate) async fn json(arguments: &[&str]) -> Value {
    let output = schoolbell(arguments).await;
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A command of the binary, without what the environment says to it.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_schoolbell"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("SCHOOLBELL_") {
            command.env_remove(name);
        }
    }
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// A process of the binary that listens.
pub(crate) struct Running {
    child: Child,
    /// Where it listens: `http://127.0.0.1:…`.
    pub(crate) url: String,
}

impl Running {
    /// Starts a command that says in its log where it listens.
    pub(crate) async fn start(arguments: &[&str]) -> Self {
        let mut child = command(arguments).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut seen = Vec::new();
        let url = loop {
            let line = timeout(PATIENCE, lines.next_line()).await.expect("it starts").unwrap();
            let Some(line) = line else { panic!("{arguments:?} ended: {seen:#?}") };
            let said = line.split_once(" at http://").or_else(|| line.split_once("listening on http://"));
            if let Some((_, address)) = said.filter(|_| !line.contains("metrics")) {
                let end =
                    address.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == ':')).unwrap_or(address.len());
                break format!("http://{}", &address[..end]);
            }
            seen.push(line);
        };
        // A log that nobody reads would fill its pipe and hold the process up.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Running { child, url }
    }

    /// Starts the platform on any port, open to loopback.
    pub(crate) async fn serve(data: &Path) -> Self {
        let data = data.to_str().unwrap();
        let arguments =
            ["serve", "--data", data, "--listen", "127.0.0.1:0", "--allow-http", "--allow-private-networks"];
        Running::start(&arguments).await
    }

    /// Ends it as a power cut would: SIGKILL.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Asks it to stop, and waits for it.
    pub(crate) async fn terminate(mut self) -> ExitStatus {
        let id = self.child.id().expect("it runs").to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status().await.unwrap();
        assert!(asked.success());
        timeout(PATIENCE, self.child.wait()).await.expect("it stops").unwrap()
    }
}

/// A data folder with the sandbox in it.
pub(crate) struct Sandbox {
    folder: TempDir,
    /// What `sandbox --json` printed.
    pub(crate) made: Value,
}

impl Sandbox {
    /// Fills a new folder.
    pub(crate) async fn fill() -> Self {
        let folder = TempDir::new().unwrap();
        let made = json(&["sandbox", "--json", "--data", folder.path().join("data").to_str().unwrap()]).await;
        Sandbox { folder, made }
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A text in what was printed, by its JSON pointer.
    pub(crate) fn text(&self, pointer: &str) -> &str {
        self.made.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer} in {}", self.made))
    }

    /// A token of the portal whose credentials stand at `pointer`, such as `/partner` or `/customers/0`.
    pub(crate) async fn token(&self, url: &str, pointer: &str) -> String {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", self.text(&format!("{pointer}/client_id"))),
            ("client_secret", self.text(&format!("{pointer}/client_secret"))),
        ];
        let answer = reqwest::Client::new().post(format!("{url}/oauth/token")).form(&form).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let answer: Value = answer.json().await.unwrap();
        answer["access_token"].as_str().unwrap().to_owned()
    }
}
