//! What is known of a browser's tabs, frames and complaints, from the events that it sends. It does no I/O.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::page::{Complaint, Kind};

/// What is to be sent because of an event; its answer is of no interest.
#[derive(Debug, PartialEq)]
pub(crate) struct Order {
    pub(crate) session: String,
    pub(crate) method: String,
    pub(crate) params: Value,
}

/// By target id, session id and frame id. The id of a tab's target is that of its outermost frame.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) tabs: HashMap<String, Tab>,
    sessions: HashMap<String, Session>,
    frames: HashMap<String, Place>,
}

#[derive(Default)]
pub(crate) struct Tab {
    pub(crate) opener: Option<String>,
    /// What every frame of it is told before it runs, in whatever process: method and parameters.
    pub(crate) settings: Vec<(String, Value)>,
    pub(crate) complaints: Vec<Complaint>,
    pub(crate) dialogs: Vec<String>,
    pub(crate) is_gone: bool,
}

/// One process's share of a tab: its outermost frame there, and those below of the same site.
struct Session {
    tab: String,
    root: String,
}

/// Where a frame is, and how code runs in it.
#[derive(Clone, Default, Debug)]
pub(crate) struct Place {
    pub(crate) tab: String,
    pub(crate) parent: Option<String>,
    pub(crate) session: String,
    /// Where code runs, by session: while a frame moves from one process to another, both speak of it, in any order.
    contexts: Vec<(String, i64)>,
    pub(crate) url: String,
    /// Which load of it this is.
    pub(crate) loader: String,
}

impl Place {
    /// Where code runs, if there is a document.
    pub(crate) fn context(&self) -> Option<i64> {
        self.contexts.iter().find(|(session, _)| *session == self.session).map(|(_, context)| *context)
    }
}

impl World {
    pub(crate) fn find_tab(&self, is_it: impl Fn(&str, &str) -> bool) -> Option<String> {
        let ready = |id: &str| self.place(id).is_some_and(|place| place.context().is_some());
        let mut found = self.tabs.iter().filter(|(id, tab)| !tab.is_gone && ready(id) && is_it(id, self.url(id)));
        found.next().map(|(id, _)| id.clone())
    }

    /// A frame of a tab below its outermost one.
    pub(crate) fn find_frame(&self, tab: &str, is_it: impl Fn(&str) -> bool) -> Option<String> {
        let is_below = |place: &Place| place.tab == tab && place.parent.is_some();
        let mut found = self.frames.iter().filter(|(_, place)| is_below(place) && is_it(&place.url));
        found.find(|(id, _)| self.place(id).is_some_and(|place| place.context().is_some())).map(|(id, _)| id.clone())
    }

    pub(crate) fn url(&self, frame: &str) -> &str {
        self.frames.get(frame).map_or("", |place| &place.url)
    }

    /// Where a frame is now: in the process of its own, if it has one, else in that which spoke of it last.
    pub(crate) fn place(&self, frame: &str) -> Option<Place> {
        let mut place = self.frames.get(frame)?.clone();
        let own = self.sessions.iter().find(|(_, session)| session.root == frame);
        let last = place.contexts.last().map(|(session, _)| session);
        if let Some(session) = own.map(|(id, _)| id).or(last) {
            place.session = session.clone();
        }
        Some(place)
    }

    pub(crate) fn sessions_of(&self, tab: &str) -> Vec<String> {
        self.sessions.iter().filter(|(_, session)| session.tab == tab).map(|(id, _)| id.clone()).collect()
    }

    /// The outermost frame that shares a process with this one.
    pub(crate) fn root_of(&self, frame: &str) -> Option<&str> {
        let session = self.sessions.get(&self.place(frame)?.session)?;
        Some(&session.root)
    }

    /// Takes in an event.
    pub(crate) fn follow(&mut self, session: Option<&str>, method: &str, params: &Value) -> Vec<Order> {
        match method {
            "Target.attachedToTarget" => return self.attach(session, params),
            "Target.detachedFromTarget" => self.detach(text(&params["sessionId"])),
            _ => {}
        }
        let Some(session) = session else { return Vec::new() };
        match method {
            "Page.javascriptDialogOpening" => return self.answer_dialog(session, params),
            "Runtime.executionContextCreated" => self.enter(session, &params["context"]),
            "Runtime.executionContextDestroyed" => {
                let gone = params["executionContextId"].as_i64();
                self.leave(session, |context| Some(context) == gone);
            }
            "Runtime.executionContextsCleared" => self.leave(session, |_| true),
            "Page.frameAttached" => self.add(session, text(&params["frameId"]), text(&params["parentFrameId"])),
            "Page.frameNavigated" => self.move_to(session, &params["frame"]),
            "Page.navigatedWithinDocument" => self.rename(text(&params["frameId"]), text(&params["url"])),
            "Page.frameDetached" if params["reason"] != "swap" => {
                self.frames.remove(text(&params["frameId"]));
            }
            _ => self.hear(session, method, params),
        }
        Vec::new()
    }

    fn attach(&mut self, parent: Option<&str>, params: &Value) -> Vec<Order> {
        let (session, info) = (text(&params["sessionId"]), &params["targetInfo"]);
        let target = text(&info["targetId"]);
        let is_page = info["type"] == "page";
        let order =
            |method: &str, params: Value| Order { session: session.to_owned(), method: method.to_owned(), params };
        let is_known = is_page && self.tabs.contains_key(target);
        if is_known || !(is_page || info["type"] == "iframe") {
            return vec![order("Runtime.runIfWaitingForDebugger", json!({}))];
        }
        let tab = match parent.and_then(|parent| self.sessions.get(parent)) {
            Some(parent) if !is_page => parent.tab.clone(),
            _ => target.to_owned(),
        };
        if is_page {
            self.add_tab(target, info["openerId"].as_str());
        }
        self.sessions.insert(session.to_owned(), Session { tab: tab.clone(), root: target.to_owned() });
        let place = self.frames.entry(target.to_owned()).or_default();
        place.tab.clone_from(&tab);
        place.session = session.to_owned();
        place.url = text(&info["url"]).to_owned();
        let follow = json!({
            "autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true, "filter": [{ "type": "iframe" }],
        });
        let mut orders = vec![
            order("Page.enable", json!({})),
            order("Runtime.enable", json!({})),
            order("Log.enable", json!({})),
            order("Target.setAutoAttach", follow),
        ];
        let settings = self.tabs.get(&tab).map(|tab| tab.settings.clone()).unwrap_or_default();
        orders.extend(settings.into_iter().map(|(method, params)| order(&method, params)));
        orders.push(order("Runtime.runIfWaitingForDebugger", json!({})));
        orders
    }

    /// A window is set as the one that opened it.
    fn add_tab(&mut self, target: &str, opener: Option<&str>) {
        let settings = opener.and_then(|opener| self.tabs.get(opener)).map(|tab| tab.settings.clone());
        let tab = Tab { opener: opener.map(str::to_owned), settings: settings.unwrap_or_default(), ..Tab::default() };
        self.tabs.insert(target.to_owned(), tab);
    }

    fn detach(&mut self, session: &str) {
        let Some(Session { tab, root }) = self.sessions.remove(session) else { return };
        self.leave(session, |_| true);
        if tab == root {
            self.frames.retain(|_, place| place.tab != tab);
            if let Some(tab) = self.tabs.get_mut(&tab) {
                tab.is_gone = true;
            }
        }
    }

    fn enter(&mut self, session: &str, context: &Value) {
        let facts = &context["auxData"];
        let Some(tab) = self.sessions.get(session).map(|session| session.tab.clone()) else { return };
        if facts["isDefault"] == true {
            let place = self.frames.entry(text(&facts["frameId"]).to_owned()).or_default();
            place.tab = tab;
            place.contexts.retain(|(known, _)| known != session);
            place.contexts.extend(context["id"].as_i64().map(|id| (session.to_owned(), id)));
        }
    }

    fn leave(&mut self, session: &str, is_it: impl Fn(i64) -> bool) {
        for place in self.frames.values_mut() {
            place.contexts.retain(|(known, context)| known != session || !is_it(*context));
        }
    }

    fn add(&mut self, session: &str, frame: &str, parent: &str) {
        let Some(tab) = self.sessions.get(session).map(|session| session.tab.clone()) else { return };
        let place = self.frames.entry(frame.to_owned()).or_default();
        place.tab = tab;
        place.parent = Some(parent.to_owned());
        if place.session.is_empty() {
            place.session = session.to_owned();
        }
    }

    fn move_to(&mut self, session: &str, frame: &Value) {
        let Some(tab) = self.sessions.get(session).map(|session| session.tab.clone()) else { return };
        let place = self.frames.entry(text(&frame["id"]).to_owned()).or_default();
        place.tab = tab;
        if let Some(parent) = frame["parentId"].as_str() {
            place.parent = Some(parent.to_owned());
        }
        place.url = format!("{}{}", text(&frame["url"]), text(&frame["urlFragment"]));
        text(&frame["loaderId"]).clone_into(&mut place.loader);
    }

    fn rename(&mut self, frame: &str, url: &str) {
        if let Some(place) = self.frames.get_mut(frame) {
            url.clone_into(&mut place.url);
        }
    }

    /// A dialog would hold up everything: it is noted, and agreed to.
    fn answer_dialog(&mut self, session: &str, params: &Value) -> Vec<Order> {
        if let Some(tab) = self.tab_of(session) {
            tab.dialogs.push(format!("{}: {}", text(&params["type"]), text(&params["message"])));
        }
        let method = "Page.handleJavaScriptDialog".to_owned();
        vec![Order { session: session.to_owned(), method, params: json!({ "accept": true }) }]
    }

    fn hear(&mut self, session: &str, method: &str, params: &Value) {
        let complaint = match method {
            "Runtime.exceptionThrown" => {
                let details = &params["exceptionDetails"];
                let what = details["exception"]["description"].as_str().unwrap_or(text(&details["text"]));
                Some(Complaint { kind: Kind::Exception, text: what.to_owned() })
            }
            "Runtime.consoleAPICalled" if params["type"] == "error" || params["type"] == "assert" => {
                Some(Complaint { kind: Kind::Console, text: said(&params["args"]) })
            }
            "Log.entryAdded" => logged(&params["entry"]),
            _ => None,
        };
        if let (Some(complaint), Some(tab)) = (complaint, self.tab_of(session)) {
            tab.complaints.push(complaint);
        }
    }

    fn tab_of(&mut self, session: &str) -> Option<&mut Tab> {
        self.tabs.get_mut(&self.sessions.get(session)?.tab)
    }
}

fn logged(entry: &Value) -> Option<Complaint> {
    let (what, url) = (text(&entry["text"]), text(&entry["url"]));
    let kind = match text(&entry["source"]) {
        _ if what.contains("Content Security Policy") => Kind::Policy,
        _ if entry["level"] != "error" => return None,
        "network" => Kind::Network,
        _ => Kind::Console,
    };
    Some(Complaint { kind, text: format!("{what} ({url})") })
}

fn said(args: &Value) -> String {
    let word = |arg: &Value| match &arg["value"] {
        Value::String(text) => text.clone(),
        Value::Null => text(&arg["description"]).to_owned(),
        other => other.to_string(),
    };
    args.as_array().into_iter().flatten().map(word).collect::<Vec<_>>().join(" ")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attach(world: &mut World, parent: Option<&str>, session: &str, kind: &str, target: &str) -> Vec<Order> {
        let info = json!({ "type": kind, "targetId": target, "url": "http://a.test/" });
        world.follow(parent, "Target.attachedToTarget", &json!({ "sessionId": session, "targetInfo": info }))
    }

    fn context(world: &mut World, session: &str, frame: &str, id: i64) {
        let context = json!({ "id": id, "auxData": { "frameId": frame, "isDefault": true } });
        world.follow(Some(session), "Runtime.executionContextCreated", &json!({ "context": context }));
    }

    /// A frame that moves to a process of its own: the old one and the new one speak of it in any order.
    #[test]
    fn a_frame_is_in_the_process_of_its_own_whoever_speaks_last() {
        let mut world = World::default();
        attach(&mut world, None, "page", "page", "tab");
        world.follow(Some("page"), "Page.frameAttached", &json!({ "frameId": "frame", "parentFrameId": "tab" }));
        attach(&mut world, Some("page"), "own", "iframe", "frame");
        context(&mut world, "own", "frame", 7);
        context(&mut world, "page", "frame", 3);
        let gone = json!({ "executionContextId": 3 });
        world.follow(Some("page"), "Runtime.executionContextDestroyed", &gone);
        let place = world.place("frame").unwrap();
        assert_eq!((place.session.as_str(), place.context(), place.tab.as_str()), ("own", Some(7), "tab"));
        // It comes back, and is heard of before its own process is gone.
        context(&mut world, "page", "frame", 4);
        world.follow(Some("page"), "Target.detachedFromTarget", &json!({ "sessionId": "own" }));
        let place = world.place("frame").unwrap();
        assert_eq!((place.session.as_str(), place.context()), ("page", Some(4)));
    }

    #[test]
    fn a_window_is_set_as_the_one_that_opened_it() {
        let mut world = World::default();
        attach(&mut world, None, "page", "page", "tab");
        world.tabs.get_mut("tab").unwrap().settings.push(("Set.it".to_owned(), json!({ "to": 1 })));
        let info = json!({ "type": "page", "targetId": "window", "openerId": "tab" });
        let orders =
            world.follow(None, "Target.attachedToTarget", &json!({ "sessionId": "other", "targetInfo": info }));
        let methods: Vec<&str> = orders.iter().map(|order| order.method.as_str()).collect();
        assert_eq!(methods[methods.len() - 2..], ["Set.it", "Runtime.runIfWaitingForDebugger"]);
        assert_eq!(world.tabs["window"].opener.as_deref(), Some("tab"));
    }
}
