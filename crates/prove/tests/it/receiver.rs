//! The application that receives: records every request, and behaves as it is told to.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::routing::post;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::binary::PATIENCE;
use crate::dice::Dice;

/// How long nothing comes until nothing more is taken to be on its way.
const QUIET_FOR: Duration = Duration::from_millis(30);

/// Where nobody wants anything any more, and nothing is recorded.
pub(crate) const GONE: &str = "/gone";

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// The event.
    pub(crate) event: String,
    /// The webhook.
    pub(crate) webhook: String,
    /// The enrollment that the event tells of.
    pub(crate) enrollment: String,
    /// `attempt_number`.
    pub(crate) number: u64,
    /// How often the platform had been started when it came.
    pub(crate) life: u32,
    /// Whether it was answered with 200.
    pub(crate) accepted: bool,
    /// When it came.
    pub(crate) at: Instant,
    /// How far the time in its signature lies from that of this machine, either way.
    pub(crate) skew: Option<i64>,
}

/// How it behaves.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Manner {
    /// Of 100 requests so many are answered with 500.
    pub(crate) fails: u64,
    /// And so many not at all, until the platform gives up.
    pub(crate) hangs: u64,
    /// How long it takes over every answer.
    pub(crate) takes: Duration,
}

/// The receiver.
#[derive(Clone)]
pub(crate) struct Receiver {
    /// Where: `http://127.0.0.1:…/`, to be followed by any path.
    pub(crate) url: String,
    inner: Arc<Inner>,
}

struct Inner {
    received: Mutex<Vec<Received>>,
    arrived: Notify,
    life: AtomicU32,
    manner: Manner,
    dice: Mutex<Dice>,
    /// Seconds that the platform's clock is ahead of ours.
    ahead_s: AtomicU64,
}

impl Receiver {
    /// Listens on any port.
    pub(crate) async fn start(manner: Manner, dice: Dice) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let inner = Arc::new(Inner {
            received: Mutex::default(),
            arrived: Notify::new(),
            life: AtomicU32::new(0),
            manner,
            dice: Mutex::new(dice),
            ahead_s: AtomicU64::new(0),
        });
        let app = Router::new().route("/{*path}", post(receive)).with_state(inner.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Receiver { url, inner }
    }

    /// Everything so far.
    pub(crate) fn all(&self) -> Vec<Received> {
        self.inner.received.lock().unwrap().clone()
    }

    /// How many requests so far.
    pub(crate) fn count(&self) -> usize {
        self.inner.received.lock().unwrap().len()
    }

    /// Takes note that the platform starts again.
    pub(crate) fn next_life(&self) -> u32 {
        self.inner.life.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Waits until what a dead platform still had on its way has come: until nothing comes for a moment.
    pub(crate) async fn settles(&self) {
        loop {
            let before = self.count();
            tokio::time::sleep(QUIET_FOR).await;
            if self.count() == before {
                return;
            }
        }
    }

    /// From now on the platform's clock is taken to be so far ahead.
    pub(crate) fn clock_is_ahead(&self, seconds: i64) {
        self.inner.ahead_s.store(seconds.cast_unsigned(), Ordering::SeqCst);
    }

    /// Waits until `enough` is true of everything so far; false if that takes too long.
    pub(crate) async fn waits(&self, within: Duration, mut enough: impl FnMut(&[Received]) -> bool) -> bool {
        let wait = async {
            loop {
                let arrived = self.inner.arrived.notified();
                if enough(&self.inner.received.lock().unwrap()) {
                    return;
                }
                arrived.await;
            }
        };
        timeout(within, wait).await.is_ok()
    }
}

async fn receive(State(inner): State<Arc<Inner>>, uri: Uri, headers: HeaderMap, body: Bytes) -> StatusCode {
    if uri.path() == GONE {
        return StatusCode::GONE;
    }
    let at = Instant::now();
    let manner = inner.manner;
    let roll = inner.dice.lock().unwrap().below(100);
    let (hangs, fails) = (roll < manner.hangs, roll < manner.hangs + manner.fails);
    let envelope: Value = serde_json::from_slice(&body).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let received = Received {
        event: text(&envelope["id"]),
        webhook: text(&envelope["webhook_id"]),
        enrollment: text(&envelope["data"]["id"]),
        number: envelope["attempt_number"].as_u64().unwrap(),
        life: inner.life.load(Ordering::SeqCst),
        accepted: !fails,
        at,
        skew: skew(&headers, inner.ahead_s.load(Ordering::SeqCst).cast_signed()),
    };
    inner.received.lock().unwrap().push(received);
    inner.arrived.notify_waiters();
    let takes = if hangs { PATIENCE } else { manner.takes };
    if !takes.is_zero() {
        tokio::time::sleep(takes).await;
    }
    if fails { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK }
}

#[expect(clippy::disallowed_methods, reason = "the one thing that is measured against this machine's clock is a clock")]
fn skew(headers: &HeaderMap, ahead_s: i64) -> Option<i64> {
    let signature = headers.get("go1-signature")?.to_str().ok()?;
    let signed_at: i64 = signature.strip_prefix("t=")?.split(',').next()?.parse().ok()?;
    Some((signed_at - ahead_s - jiff::Timestamp::now().as_second()).abs())
}

/// Of every event and webhook, in the order in which they came: the requests.
pub(crate) fn by_delivery(received: &[Received]) -> HashMap<(String, String), Vec<Received>> {
    let mut deliveries: HashMap<(String, String), Vec<Received>> = HashMap::new();
    for one in received {
        deliveries.entry((one.event.clone(), one.webhook.clone())).or_default().push(one.clone());
    }
    deliveries
}
