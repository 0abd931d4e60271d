//! A tab or a window.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::frame::Frame;
use crate::key;
use crate::pipe::Pipe;

/// What a page was not content with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// Of which kind.
    pub kind: Kind,
    /// What the browser says about it.
    pub text: String,
}

/// Kinds of complaints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `console.error`, and what the browser itself logs as an error.
    Console,
    /// An exception, or a refused promise, that nobody caught.
    Exception,
    /// A violation of the content security policy.
    Policy,
    /// A request that failed, or was answered with an error.
    Network,
}

/// How the page is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// CSS pixels.
    pub width: u32,
    /// CSS pixels.
    pub height: u32,
    /// What `prefers-color-scheme` says.
    pub is_dark: bool,
}

/// A tab or window. It is used like its outermost [`Frame`].
#[derive(Clone)]
pub struct Page {
    outermost: Frame,
}

impl Deref for Page {
    type Target = Frame;

    fn deref(&self) -> &Frame {
        &self.outermost
    }
}

impl Page {
    pub(crate) fn of(pipe: &Arc<Pipe>, target: String) -> Self {
        Self { outermost: Frame { pipe: Arc::clone(pipe), tab: target.clone(), id: target } }
    }

    /// The frame, at any depth, whose address contains this. Waits for it.
    pub async fn frame(&self, part_of_url: &str) -> Frame {
        let look = || self.pipe.world().find_frame(&self.tab, |url| url.contains(part_of_url));
        let id = self.until(look, || format!("a frame with {part_of_url}")).await;
        Frame { id, ..self.outermost.clone() }
    }

    /// The window that this one opened. Waits for it.
    pub async fn popup(&self) -> Self {
        let look = || {
            let world = self.pipe.world();
            let mut found = world.tabs.iter().filter(|(_, tab)| !tab.is_gone && tab.opener.as_ref() == Some(&self.tab));
            found.next().map(|(id, _)| id.clone())
        };
        let target = self.until(look, || "a window that it opens".to_owned()).await;
        Self::of(&self.pipe, target)
    }

    /// Presses a key, with modifiers before it if need be: `Enter`, `Tab`, `Shift+Tab`, `a`.
    ///
    /// # Panics
    ///
    /// If there is no such key.
    pub async fn press(&self, key: &str) {
        for params in key::events(key) {
            self.input("Input.dispatchKeyEvent", params).await;
        }
    }

    /// Types into what has the focus.
    pub async fn type_text(&self, text: &str) {
        self.input("Input.insertText", json!({ "text": text })).await;
    }

    /// Closes it as its owner would, and waits until it is gone.
    pub async fn close(self) {
        self.input("Page.close", json!({})).await;
        self.until_gone().await;
    }

    /// Waits until it is closed, by whomever.
    pub async fn until_gone(&self) {
        let look = || self.pipe.world().tabs.get(&self.tab).is_none_or(|tab| tab.is_gone).then_some(());
        self.until(look, || "the tab to close".to_owned()).await;
    }

    /// Puts it before all others: the others are hidden then.
    pub async fn bring_to_front(&self) {
        self.call("Page.bringToFront", json!({})).await;
    }

    /// Cuts its network, or gives it back. What is open already is not closed.
    pub async fn set_offline(&self, is_offline: bool) {
        let rest = json!({ "offline": is_offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
        self.set("Network.enable", json!({})).await;
        self.set("Network.emulateNetworkConditions", rest).await;
    }

    /// Runs a script in every document from now on, before its own.
    pub async fn before_scripts(&self, script: &str) {
        self.set("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script })).await;
    }

    /// Looks at it at this size, in light or dark, and without motion.
    pub async fn look(&self, Look { width, height, is_dark }: Look) {
        let scheme = if is_dark { "dark" } else { "light" };
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme }, { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        self.set("Emulation.setEmulatedMedia", json!({ "features": features })).await;
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// Keeps a picture of the whole page as `target/screenshots/<name>.png`, for people to look at.
    pub async fn screenshot(&self, name: &str) -> PathBuf {
        let metrics = self.call("Page.getLayoutMetrics", json!({})).await;
        let (width, height) = (&metrics["cssContentSize"]["width"], &metrics["cssContentSize"]["height"]);
        let clip = json!({ "x": 0, "y": 0, "width": width, "height": height, "scale": 1 });
        let params = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let told = self.call("Page.captureScreenshot", params).await;
        let picture = STANDARD.decode(told["data"].as_str().unwrap_or_default()).expect("it is base64");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/screenshots");
        std::fs::create_dir_all(&folder).expect("a folder below target");
        let path = folder.join(format!("{name}.png"));
        std::fs::write(&path, picture).expect("the picture can be written");
        path
    }

    /// What was complained of in any of its frames, since it was opened.
    pub fn complaints(&self) -> Vec<Complaint> {
        self.pipe.world().tabs.get(&self.tab).map(|tab| tab.complaints.clone()).unwrap_or_default()
    }

    /// Waits for a complaint of this kind, and gives the first.
    pub async fn wait_for_complaint(&self, kind: Kind) -> Complaint {
        let look = || self.complaints().into_iter().find(|complaint| complaint.kind == kind);
        self.until(look, || format!("a complaint of kind {kind:?}")).await
    }

    /// The dialogs that came up, as `alert: its text`. They are agreed to at once.
    pub fn dialogs(&self) -> Vec<String> {
        self.pipe.world().tabs.get(&self.tab).map(|tab| tab.dialogs.clone()).unwrap_or_default()
    }

    /// Tells every process that has a part in the tab, now or later.
    async fn set(&self, method: &str, params: Value) {
        let sessions = {
            let mut world = self.pipe.world();
            if let Some(tab) = world.tabs.get_mut(&self.tab) {
                tab.settings.push((method.to_owned(), params.clone()));
            }
            world.sessions_of(&self.tab)
        };
        for session in sessions {
            let told = self.pipe.call(Some(&session), method, params.clone()).await;
            told.unwrap_or_else(|fault| panic!("{method}: {fault}"));
        }
    }
}
