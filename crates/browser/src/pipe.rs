//! The two pipes to a browser: calls with their answers, and events, which change what is known of its tabs.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{ChildStdin, ChildStdout};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::PATIENCE;
use crate::world::{Order, World};

/// Why a call has no result: what the browser said, or that it is gone.
pub(crate) type Fault = String;

type Answer = Result<Value, Fault>;

pub(crate) struct Pipe {
    stdin: Mutex<Option<ChildStdin>>,
    next: AtomicU64,
    waiting: Mutex<Option<HashMap<u64, oneshot::Sender<Answer>>>>,
    world: Mutex<World>,
}

impl Pipe {
    /// Listens on a thread of its own, which ends when the browser does: tests come with a runtime each.
    pub(crate) fn open(stdin: ChildStdin, stdout: ChildStdout) -> Arc<Self> {
        let pipe = Arc::new(Self {
            stdin: Mutex::new(Some(stdin)),
            next: AtomicU64::new(1),
            waiting: Mutex::new(Some(HashMap::new())),
            world: Mutex::default(),
        });
        let listener = Arc::clone(&pipe);
        thread::spawn(move || listener.listen(stdout));
        pipe
    }

    pub(crate) fn close(&self) {
        *lock(&self.stdin) = None;
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.world)
    }

    /// Calls a method, of the browser itself or of one of its sessions, and waits for the answer.
    pub(crate) async fn call(&self, session: Option<&str>, method: &str, params: Value) -> Answer {
        let (sender, receiver) = oneshot::channel();
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        match &mut *lock(&self.waiting) {
            Some(waiting) => waiting.insert(id, sender),
            None => return Err("the browser is gone".to_owned()),
        };
        self.send(id, session, method, &params);
        match timeout(PATIENCE, receiver).await {
            Ok(answer) => answer.unwrap_or_else(|_| Err("the browser is gone".to_owned())),
            Err(_) => Err(format!("no answer to {method}")),
        }
    }

    fn order(&self, Order { session, method, params }: &Order) {
        self.send(self.next.fetch_add(1, Ordering::Relaxed), Some(session), method, params);
    }

    /// A browser that is gone takes nothing; whoever waits for an answer is told.
    fn send(&self, id: u64, session: Option<&str>, method: &str, params: &Value) {
        let mut message = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = session {
            message["sessionId"] = json!(session);
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        if let Some(stdin) = &mut *lock(&self.stdin) {
            let _ = stdin.write_all(&bytes).and_then(|()| stdin.flush());
        }
    }

    fn listen(&self, stdout: ChildStdout) {
        let mut stdout = BufReader::new(stdout);
        let mut bytes = Vec::new();
        while stdout.read_until(0, &mut bytes).is_ok_and(|read| read > 0) {
            if bytes.last() == Some(&0) {
                bytes.pop();
            }
            if let Ok(message) = serde_json::from_slice(&bytes) {
                self.hear(message);
            }
            bytes.clear();
        }
        *lock(&self.waiting) = None;
    }

    fn hear(&self, mut message: Value) {
        let Some(id) = message["id"].as_u64() else {
            let orders = self.world().follow(
                message["sessionId"].as_str(),
                message["method"].as_str().unwrap_or_default(),
                &message["params"],
            );
            return orders.iter().for_each(|order| self.order(order));
        };
        let sender = lock(&self.waiting).as_mut().and_then(|waiting| waiting.remove(&id));
        if let Some(sender) = sender {
            let answer = match message["error"]["message"].as_str() {
                Some(fault) => Err(fault.to_owned()),
                None => Ok(message["result"].take()),
            };
            let _ = sender.send(answer);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nobody panics while holding it")
}
