//! The process: one Chromium with a profile of its own, stopped for sure.
//!
//! It is spoken to through two pipes (`--remote-debugging-pipe`), so there is no driver between and no port that anybody
//! else could reach; and when the pipes close, for whatever reason, Chromium ends by itself and its profile is deleted.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::time::sleep;

use crate::PATIENCE;
use crate::page::Page;
use crate::pipe::Pipe;

/// How long it may take to end once the pipes are closed, before it is killed.
const ENDS_WITHIN: Duration = Duration::from_secs(10);
/// How often it is looked whether what is waited for has come.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Names below `test` are this machine; there is no other address for a page to reach.
const HOSTS: &str = "MAP *.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost";

const FLAGS: &[&str] = &[
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    // A click is not lost because nothing is painted yet.
    "--allow-pre-commit-input",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-search-engine-choice-screen",
    "--disable-sync",
    "--disable-renderer-backgrounding",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--mute-audio",
    "--lang=en-US",
    "--remote-debugging-pipe",
];

/// Runs what follows with the pipes where Chromium wants them, and deletes the profile (`$0`) afterwards.
const SHELL: &str = r#"trap 'rm -rf -- "$0"' EXIT; trap '' INT; "$@" 3<&0 4>&1 >/dev/null 2>&1"#;

/// A running browser, on its own. Dropping it ends it.
pub struct Browser {
    pipe: Arc<Pipe>,
    shell: Child,
    pid: u32,
}

impl Browser {
    /// Starts one, with a fresh profile that blocks third-party cookies.
    ///
    /// # Panics
    ///
    /// If there is no `chromium` on the path, or it does not answer in [`PATIENCE`].
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts one with further flags.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start).
    pub async fn start_with(flags: &[&str]) -> Self {
        let profile = tempfile::Builder::new().prefix("browser-").tempdir().expect("a folder for the profile").keep();
        write_preferences(&profile);
        let mut shell = Command::new("sh")
            .args(["-c", SHELL])
            .arg(&profile)
            .arg("chromium")
            .args(FLAGS)
            .arg(format!("--host-resolver-rules={HOSTS}"))
            .arg(format!("--user-data-dir={}", profile.display()))
            .args(flags)
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        let (stdin, stdout) = (shell.stdin.take().expect("piped"), shell.stdout.take().expect("piped"));
        let pipe = Pipe::open(stdin, stdout);
        let mut browser = Self { pipe, shell, pid: 0 };
        browser.pid = browser.find_pid().await;
        let follow = json!({
            "autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true, "filter": [{ "type": "page" }],
        });
        browser.call("Target.setAutoAttach", follow).await;
        browser
    }

    /// Opens an address in a new tab, and waits until it is loaded.
    pub async fn open(&self, url: &str) -> Page {
        let page = self.blank().await;
        page.goto(url).await;
        page
    }

    /// A new tab with nothing in it, for what is to be set before the first page loads.
    pub async fn blank(&self) -> Page {
        let made = self.call("Target.createTarget", json!({ "url": "about:blank" })).await;
        let target = made["targetId"].as_str().expect("a target has an id").to_owned();
        self.page_where("a new tab", |id, _| id == target).await
    }

    /// The tab or window whose address contains this, whoever opened it. Waits for it.
    pub async fn page(&self, part_of_url: &str) -> Page {
        self.page_where(part_of_url, |_, url| url.contains(part_of_url)).await
    }

    /// How many tabs and windows are open whose address contains this.
    pub fn count(&self, part_of_url: &str) -> usize {
        let world = self.pipe.world();
        world.tabs.iter().filter(|(id, tab)| !tab.is_gone && world.url(id).contains(part_of_url)).count()
    }

    async fn page_where(&self, what: &str, is_it: impl Fn(&str, &str) -> bool) -> Page {
        let started_at = Instant::now();
        loop {
            let found = self.pipe.world().find_tab(&is_it);
            if let Some(target) = found {
                return Page::of(&self.pipe, target);
            }
            assert!(started_at.elapsed() < PATIENCE, "no tab came up: {what}");
            sleep(LOOK_EVERY).await;
        }
    }

    async fn find_pid(&self) -> u32 {
        let told = self.call("SystemInfo.getProcessInfo", json!({})).await;
        let all = told["processInfo"].as_array().expect("a list of processes");
        let own = all.iter().find(|one| one["type"] == "browser").expect("it lists itself");
        own["id"].as_u64().and_then(|id| u32::try_from(id).ok()).expect("a process has a number")
    }

    async fn call(&self, method: &str, params: Value) -> Value {
        self.pipe.call(None, method, params).await.unwrap_or_else(|fault| panic!("{method}: {fault}"))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.pipe.close();
        let started_at = Instant::now();
        while let Ok(None) = self.shell.try_wait() {
            if started_at.elapsed() > ENDS_WITHIN {
                for pid in [self.pid, self.shell.id()] {
                    let _ = Command::new("kill").args(["-9", &pid.to_string()]).status();
                }
                let _ = self.shell.wait();
                return;
            }
            std::thread::park_timeout(LOOK_EVERY);
        }
    }
}

/// What Debian's Chromium is set to: no cookies for third parties.
fn write_preferences(profile: &Path) {
    let folder = profile.join("Default");
    let preferences = json!({
        "profile": { "cookie_controls_mode": 1, "block_third_party_cookies": true },
        "browser": { "has_seen_welcome_page": true },
    });
    std::fs::create_dir_all(&folder).expect("a folder in the profile");
    std::fs::write(folder.join("Preferences"), preferences.to_string()).expect("the profile can be written");
}
