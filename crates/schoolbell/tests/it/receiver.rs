//! An application that receives, keeps every byte, and answers what it is told to.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::process::PATIENCE;

/// One request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// Its headers.
    pub(crate) headers: HeaderMap,
    /// Its body, byte for byte.
    pub(crate) body: Bytes,
}

impl Received {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// A header that must be there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("{name} in {:?}", self.headers)).to_str().unwrap()
    }
}

/// An application that receives.
#[derive(Clone)]
pub(crate) struct Receiver {
    /// Where: `http://127.0.0.1:…/hook`.
    pub(crate) url: String,
    state: Arc<Inbox>,
}

struct Inbox {
    received: Mutex<Vec<Received>>,
    arrived: Notify,
}

impl Receiver {
    /// Listens on any port.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let state = Arc::new(Inbox { received: Mutex::default(), arrived: Notify::new() });
        let app = Router::new().route("/hook", post(receive)).with_state(state.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Receiver { url, state }
    }

    /// Everything so far.
    pub(crate) fn all(&self) -> Vec<Received> {
        self.state.received.lock().unwrap().clone()
    }

    /// Waits until `enough` is true of everything so far.
    pub(crate) async fn wait_until(&self, enough: impl Fn(&[Received]) -> bool) -> Vec<Received> {
        let wait = async {
            loop {
                let arrived = self.state.arrived.notified();
                if enough(&self.state.received.lock().unwrap()) {
                    return;
                }
                arrived.await;
            }
        };
        if timeout(PATIENCE, wait).await.is_err() {
            panic!("only {} webhooks arrived, and not those that were waited for", self.all().len());
        }
        self.all()
    }
}

async fn receive(State(inbox): State<Arc<Inbox>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    inbox.received.lock().unwrap().push(Received { headers, body });
    inbox.arrived.notify_waiters();
    StatusCode::OK
}
