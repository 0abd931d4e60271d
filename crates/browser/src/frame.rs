//! A document and what a person does in it: read, click, type.

use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};
use tokio::time::sleep;

use crate::PATIENCE;
use crate::browser::LOOK_EVERY;
use crate::pipe::{Fault, Pipe};
use crate::world::Place;

/// Which element is meant: a CSS selector (any `&str`), or what assistive technology calls it ([`role`]).
#[derive(Clone, Debug)]
pub enum Element {
    /// The first that matches.
    Css(String),
    /// The first of this role with exactly this accessible name.
    Role(String, String),
}

/// The element of a role with exactly this accessible name: `role("button", "Save")`.
pub fn role(role: &str, name: &str) -> Element {
    Element::Role(role.to_owned(), name.to_owned())
}

impl From<&str> for Element {
    fn from(selector: &str) -> Self {
        Self::Css(selector.to_owned())
    }
}

/// Where to click: the middle of the first box, once nothing else lies over it. And notes whether the mouse comes down there.
const FIND_POINT: &str = r"function () {
    this.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' });
    const box = this.getClientRects()[0];
    if (!box || !box.width || !box.height || this.disabled) return null;
    const point = { x: box.left + box.width / 2, y: box.top + box.height / 2 };
    const isMeant = (hit) => {
        const label = hit && hit.closest && hit.closest('label');
        return Boolean(hit) && (this.contains(hit) || Boolean(label && label.control === this));
    };
    if (!isMeant(document.elementFromPoint(point.x, point.y))) return null;
    const note = (event) => { document[Symbol.for('is clicked')] = isMeant(event.target); };
    document[Symbol.for('is clicked')] = false;
    addEventListener('pointerdown', note, { capture: true, once: true });
    return point;
}";
/// `false` if the mouse came down elsewhere or not at all; nothing at all in a document that the click led to.
const IS_CLICKED: &str = "document[Symbol.for('is clicked')]";

/// A frame of a page; a [`Page`](crate::page::Page) is used as its outermost one.
#[derive(Clone)]
pub struct Frame {
    pub(crate) pipe: Arc<Pipe>,
    pub(crate) tab: String,
    pub(crate) id: String,
}

impl Frame {
    /// The address it shows.
    pub fn url(&self) -> String {
        self.pipe.world().url(&self.id).to_owned()
    }

    /// Goes to an address, and waits until it is loaded.
    pub async fn goto(&self, url: &str) {
        let params = json!({ "url": url, "frameId": self.id });
        let told = self.call("Page.navigate", params).await;
        assert!(told["errorText"].is_null(), "{url}: {}", told["errorText"]);
        if let Some(loader) = told["loaderId"].as_str() {
            self.until(|| self.place().filter(|place| place.loader == loader), || format!("{url} to come")).await;
        }
        self.wait_for("document.readyState === 'complete'").await;
    }

    /// Loads it again, and waits until it is loaded.
    pub async fn reload(&self) {
        let before = self.place().map(|place| place.loader).unwrap_or_default();
        self.call("Page.reload", json!({})).await;
        self.until(|| self.place().filter(|place| place.loader != before), || "it to come again".to_owned()).await;
        self.wait_for("document.readyState === 'complete'").await;
    }

    /// What an expression comes to; a promise is waited for.
    ///
    /// # Panics
    ///
    /// If it throws, or the document goes away meanwhile.
    pub async fn eval(&self, expression: &str) -> Value {
        let value = self.try_eval(expression).await;
        value.unwrap_or_else(|fault| panic!("{expression} at {}: {fault}{}", self.url(), self.complaints_in_words()))
    }

    /// Waits until an expression comes to something true, and gives that. A document that goes away meanwhile is no matter.
    ///
    /// # Panics
    ///
    /// If it has not in [`PATIENCE`]; says what the page complained of.
    pub async fn wait_for(&self, expression: &str) -> Value {
        let started_at = Instant::now();
        loop {
            let last = match self.try_eval(expression).await {
                Ok(value) if is_true(&value) => return value,
                Ok(value) => value.to_string(),
                Err(fault) => fault,
            };
            let words = || format!("{expression} at {} is {last}{}", self.url(), self.complaints_in_words());
            assert!(started_at.elapsed() < PATIENCE, "waited in vain: {}", words());
            sleep(LOOK_EVERY).await;
        }
    }

    /// Waits until the document shows this text: as it is rendered, so not if it is hidden.
    pub async fn wait_for_text(&self, text: &str) {
        let started_at = Instant::now();
        loop {
            let shown = self.try_eval("document.body ? document.body.innerText : ''").await;
            if shown.as_ref().is_ok_and(|shown| shown.as_str().is_some_and(|shown| shown.contains(text))) {
                return;
            }
            let words = || format!("{text:?} at {}: {shown:?}{}", self.url(), self.complaints_in_words());
            assert!(started_at.elapsed() < PATIENCE, "waited in vain for {}", words());
            sleep(LOOK_EVERY).await;
        }
    }

    /// What an element shows, waited for.
    pub async fn text(&self, element: impl Into<Element>) -> String {
        let text = self.with(&element.into(), "function () { return this.innerText ?? this.textContent; }").await;
        text.as_str().unwrap_or_default().trim().to_owned()
    }

    /// What an attribute of an element says, waited for.
    pub async fn attribute(&self, element: impl Into<Element>, name: &str) -> Option<String> {
        let ask = format!("function () {{ return this.getAttribute({}); }}", json!(name));
        self.with(&element.into(), &ask).await.as_str().map(str::to_owned)
    }

    /// Clicks on an element once it is there, enabled, and nothing lies over it. A click that does not come to it, because the page
    /// moved meanwhile, is made again.
    pub async fn click(&self, element: impl Into<Element>) {
        let element = element.into();
        let started_at = Instant::now();
        loop {
            self.offset().await;
            let point = self.with(&element, FIND_POINT).await;
            let (left, top) = self.offset().await;
            self.click_at(
                point["x"].as_f64().unwrap_or_default() + left,
                point["y"].as_f64().unwrap_or_default() + top,
            )
            .await;
            if self.try_eval(IS_CLICKED).await != Ok(Value::Bool(false)) {
                return;
            }
            let words = || format!("{element:?} at {}: each click went elsewhere", self.url());
            assert!(started_at.elapsed() < PATIENCE, "waited in vain: {}", words());
            sleep(LOOK_EVERY).await;
        }
    }

    async fn click_at(&self, x: f64, y: f64) {
        for (kind, button, buttons) in
            [("mouseMoved", "none", 0), ("mousePressed", "left", 1), ("mouseReleased", "left", 0)]
        {
            let params = json!({ "type": kind, "x": x, "y": y, "button": button, "buttons": buttons, "clickCount": 1 });
            self.input("Input.dispatchMouseEvent", params).await;
        }
    }

    /// Replaces what is in a field.
    pub async fn fill(&self, element: impl Into<Element>, text: &str) {
        let select = "function () { this.focus(); if (this.select) { this.select(); } return true; }";
        self.with(&element.into(), select).await;
        self.input("Input.insertText", json!({ "text": text })).await;
    }

    /// Calls a function on an element, again and again until it gives something other than `null`.
    async fn with(&self, element: &Element, function: &str) -> Value {
        let started_at = Instant::now();
        loop {
            let last = match self.try_with(element, function).await {
                Ok(Some(value)) => return value,
                Ok(None) => "it is not to be had".to_owned(),
                Err(fault) => fault,
            };
            let words = || format!("{element:?} at {}: {last}{}", self.url(), self.complaints_in_words());
            assert!(started_at.elapsed() < PATIENCE, "waited in vain: {}", words());
            sleep(LOOK_EVERY).await;
        }
    }

    async fn try_with(&self, element: &Element, function: &str) -> Result<Option<Value>, Fault> {
        let Some(object) = self.find(element).await? else { return Ok(None) };
        let params = json!({ "objectId": object, "functionDeclaration": function, "returnByValue": true });
        let value = value_of(self.try_call("Runtime.callFunctionOn", params).await?)?;
        Ok((!value.is_null()).then_some(value))
    }

    /// A handle on an element, if it is there.
    async fn find(&self, element: &Element) -> Result<Option<String>, Fault> {
        match element {
            Element::Css(selector) => self.handle(&format!("document.querySelector({})", json!(selector))).await,
            Element::Role(role, name) => {
                // A browser leaves frames that nobody sees unfinished, names included.
                self.offset().await;
                let Some(document) = self.handle("document").await? else { return Ok(None) };
                let params = json!({ "objectId": document, "role": role, "accessibleName": name });
                let found = self.try_call("Accessibility.queryAXTree", params).await?;
                let nodes = found["nodes"].as_array().into_iter().flatten();
                let mut seen = nodes.filter(|node| node["ignored"] != true);
                let Some(node) = seen.find_map(|node| node["backendDOMNodeId"].as_i64()) else { return Ok(None) };
                let params = json!({ "backendNodeId": node, "executionContextId": self.context()? });
                let resolved = self.try_call("DOM.resolveNode", params).await?;
                Ok(resolved["object"]["objectId"].as_str().map(str::to_owned))
            }
        }
    }

    async fn handle(&self, expression: &str) -> Result<Option<String>, Fault> {
        let params = json!({ "expression": expression, "contextId": self.context()? });
        let told = self.try_call("Runtime.evaluate", params).await?;
        Ok(told["result"]["objectId"].as_str().map(str::to_owned))
    }

    async fn try_eval(&self, expression: &str) -> Result<Value, Fault> {
        let params = json!({
            "expression": expression, "contextId": self.context()?, "returnByValue": true, "awaitPromise": true,
        });
        value_of(self.try_call("Runtime.evaluate", params).await?)
    }

    /// How far its corner is from that of the tab, once it is scrolled into view. A process knows only of its own frames, so
    /// this goes from one to the next.
    async fn offset(&self) -> (f64, f64) {
        let (mut left, mut top) = (0.0, 0.0);
        let mut frame = self.clone();
        while let Some(parent) = frame.place().and_then(|place| place.parent) {
            let parent = Self { id: parent, ..self.clone() };
            let owner = parent.call("DOM.getFrameOwner", json!({ "frameId": frame.id })).await;
            let params = json!({ "backendNodeId": owner["backendNodeId"] });
            parent.call("DOM.scrollIntoViewIfNeeded", params.clone()).await;
            let quad = parent.call("DOM.getBoxModel", params).await["model"]["content"].take();
            left += quad[0].as_f64().unwrap_or_default();
            top += quad[1].as_f64().unwrap_or_default();
            let root = self.pipe.world().root_of(&parent.id).map(str::to_owned);
            frame = Self { id: root.unwrap_or(parent.id), ..self.clone() };
        }
        (left, top)
    }

    /// What a person does with mouse and keyboard goes to the tab, which passes it on. It may be what closes it.
    pub(crate) async fn input(&self, method: &str, params: Value) {
        let tab = Self { id: self.tab.clone(), ..self.clone() };
        if let Err(fault) = tab.try_call(method, params).await {
            let is_gone = self.pipe.world().tabs.get(&self.tab).is_none_or(|tab| tab.is_gone);
            assert!(is_gone, "{method} at {}: {fault}", self.url());
        }
    }

    pub(crate) async fn call(&self, method: &str, params: Value) -> Value {
        self.try_call(method, params).await.unwrap_or_else(|fault| panic!("{method} at {}: {fault}", self.url()))
    }

    async fn try_call(&self, method: &str, params: Value) -> Result<Value, Fault> {
        let Some(place) = self.place() else { return Err("the frame is gone".to_owned()) };
        self.pipe.call(Some(&place.session), method, params).await
    }

    /// Waits until there is something.
    pub(crate) async fn until<T>(&self, mut look: impl FnMut() -> Option<T>, what: impl Fn() -> String) -> T {
        let started_at = Instant::now();
        loop {
            if let Some(found) = look() {
                return found;
            }
            assert!(started_at.elapsed() < PATIENCE, "waited in vain for {}{}", what(), self.complaints_in_words());
            sleep(LOOK_EVERY).await;
        }
    }

    fn place(&self) -> Option<Place> {
        self.pipe.world().place(&self.id)
    }

    fn context(&self) -> Result<i64, Fault> {
        self.place().and_then(|place| place.context()).ok_or_else(|| "there is no document yet".to_owned())
    }

    fn complaints_in_words(&self) -> String {
        let world = self.pipe.world();
        let all = world.tabs.get(&self.tab).into_iter().flat_map(|tab| &tab.complaints);
        all.map(|one| format!("; {:?}: {}", one.kind, one.text)).collect()
    }
}

fn value_of(mut told: Value) -> Result<Value, Fault> {
    let thrown = &told["exceptionDetails"];
    if thrown.is_null() {
        return Ok(told["result"]["value"].take());
    }
    let what = thrown["exception"]["description"].as_str().or(thrown["exception"]["value"].as_str());
    Err(format!("it throws: {}", what.or(thrown["text"].as_str()).unwrap_or_default()))
}

/// As the language of pages has it.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(is_true) => *is_true,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}
