//! The real binary as a process: starting it, waiting for it, ending it in every way.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// No single thing that is waited for takes nearly as long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// How many lines of a log are shown when something goes wrong.
const LINES_SHOWN: usize = 12;

/// The binary beside which these tests were built: `cargo xtask prove` builds both with all features.
pub(crate) fn path() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows where it is");
    let profile = test.parent().and_then(Path::parent).expect("tests lie in a folder of the folder of binaries");
    let path = profile.join("schoolbell");
    assert!(path.exists(), "there is no {}: cargo build -p schoolbell --features crash-points", path.display());
    path
}

/// What a process is told by its environment.
pub(crate) type Environment = Vec<(&'static str, OsString)>;

fn command(program: &[OsString], arguments: &[&str], environment: &Environment) -> Command {
    let mut command = Command::new(&program[0]);
    command.args(&program[1..]);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("SCHOOLBELL_") {
            command.env_remove(name);
        }
    }
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    command
}

/// Runs a command to its end.
pub(crate) async fn run(arguments: &[&str], environment: &Environment) -> std::process::Output {
    timeout(PATIENCE, command(&[path().into()], arguments, environment).output())
        .await
        .expect("the command ends")
        .unwrap()
}

/// The same for one that must succeed and print JSON.
pub(crate) async fn json(arguments: &[&str]) -> Value {
    let output = run(arguments, &Environment::new()).await;
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A platform that runs, or did.
pub(crate) struct Platform {
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
    /// Where it listens, if it came to that.
    pub(crate) url: Option<String>,
    /// When it began to.
    pub(crate) ready_at: Instant,
}

impl Platform {
    /// Starts to serve, and waits until it listens or is gone.
    pub(crate) async fn start(data: &Path, config: &Path, environment: &Environment) -> Self {
        Platform::start_as(&[path().into()], data, config, environment).await
    }

    /// The same of another program than the one beside these tests, or through one that takes it as its arguments.
    pub(crate) async fn start_as(program: &[OsString], data: &Path, config: &Path, environment: &Environment) -> Self {
        let (data, config) = (data.to_str().unwrap(), config.to_str().unwrap());
        let arguments = [
            "serve",
            "--data",
            data,
            "--config",
            config,
            "--listen",
            "127.0.0.1:0",
            "--allow-http",
            "--allow-private-networks",
            "--log",
            "warn,schoolbell=info",
        ];
        let mut child =
            command(program, &arguments, environment).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let log = Arc::new(Mutex::new(Vec::new()));
        while let Ok(Some(line)) = timeout(PATIENCE, lines.next_line()).await.expect("it starts or ends") {
            let address = line.split_once("listening on http://").and_then(|(_, rest)| rest.split_whitespace().next());
            let url = address.map(|address| format!("http://{address}"));
            log.lock().unwrap().push(line);
            if url.is_some() {
                let kept = log.clone();
                // A log that nobody reads would fill its pipe and hold the process up.
                tokio::spawn(async move {
                    while let Ok(Some(line)) = lines.next_line().await {
                        kept.lock().unwrap().push(line);
                    }
                });
                return Platform { child, log, url, ready_at: Instant::now() };
            }
        }
        Platform { child, log, url: None, ready_at: Instant::now() }
    }

    /// Starts one that must come to listen.
    pub(crate) async fn serve(data: &Path, config: &Path, environment: &Environment) -> Self {
        let platform = Platform::start(data, config, environment).await;
        assert!(platform.url.is_some(), "it does not serve; {}", platform.last_lines());
        platform
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> &str {
        self.url.as_deref().expect("it listens")
    }

    /// Its number, while it runs.
    pub(crate) fn id(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// The end of its log.
    pub(crate) fn last_lines(&self) -> String {
        let log = self.log.lock().unwrap();
        format!("its log ends:\n{}", log[log.len().saturating_sub(LINES_SHOWN)..].join("\n"))
    }

    /// How many lines of its log hold this.
    pub(crate) fn said(&self, part: &str) -> usize {
        self.log.lock().unwrap().iter().filter(|line| line.contains(part)).count()
    }

    /// Waits for it to end by itself; `None` if it does not.
    pub(crate) async fn ended(&mut self, within: Duration) -> Option<ExitStatus> {
        timeout(within, self.child.wait()).await.ok().map(|status| status.unwrap())
    }

    /// SIGKILL, and waits until it is gone.
    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// Any other signal, by its name.
    pub(crate) async fn signal(&self, name: &str) {
        let Some(id) = self.child.id() else { return };
        let sent = Command::new("kill").args([&format!("-{name}"), &id.to_string()]).status().await.unwrap();
        assert!(sent.success(), "{name} was sent");
    }
}
