//! Receives deliveries as an integrator would: checks the signature of each, reads it, answers 200.

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use contract::envelope::Envelope;
use contract::event_type::EventType;
use contract::events::enrollment::EnrollmentData;
use contract::signature::{self, TOLERANCE};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;

use super::{answer_jobs, say};
use crate::clock;
use crate::job::{ArrivalsJob, ArrivalsReport, SECRET};

/// How large a delivery may be.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// An enrollment, and the webhook that is told of it.
type Delivery = (u64, String);

/// What has arrived since the last report.
#[derive(Default)]
struct Inbox {
    state: Mutex<State>,
    /// How many different deliveries have arrived.
    count: watch::Sender<usize>,
}

#[derive(Default)]
struct State {
    report: ArrivalsReport,
    seen: HashSet<Delivery>,
}

pub(super) async fn receive() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await.context("listening")?;
    let inbox = Arc::new(Inbox::default());
    say(&listener.local_addr()?)?;
    tokio::spawn(accept(listener, inbox.clone()));
    answer_jobs(async |job: ArrivalsJob| Ok(inbox.wait(job).await)).await
}

async fn accept(listener: TcpListener, inbox: Arc<Inbox>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, inbox.clone()));
    }
}

async fn serve(stream: TcpStream, inbox: Arc<Inbox>) {
    let service = service_fn(move |request| {
        let inbox = inbox.clone();
        async move { Ok::<_, Infallible>(receive_one(request, &inbox).await) }
    });
    // A connection that ends early is noticed where its delivery is missed.
    let _ = stream.set_nodelay(true);
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn receive_one(request: Request<Incoming>, inbox: &Inbox) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let read = Limited::new(body, BODY_BYTES_MAX).collect().await.ok();
    let accepted = read.and_then(|body| self::accepted(&head.headers, &body.to_bytes()));
    let mut response = Response::new(Full::default());
    if accepted.is_none() {
        *response.status_mut() = StatusCode::BAD_REQUEST;
    }
    inbox.keep(accepted, clock::now_us());
    response
}

/// The enrollment that was completed and the webhook that is told, if the delivery is what it should be.
fn accepted(headers: &HeaderMap, body: &[u8]) -> Option<Delivery> {
    let signature = headers.get(signature::HEADER)?.to_str().ok()?;
    signature::verify(signature, body, &[SECRET], clock::now(), TOLERANCE).ok()?;
    let envelope: Envelope<EnrollmentData> = serde_json::from_slice(body).ok()?;
    let completed = envelope.event_type == EventType::EnrollmentComplete.as_str();
    completed.then_some((envelope.data.id.parse().ok()?, envelope.webhook_id))
}

impl Inbox {
    fn keep(&self, accepted: Option<Delivery>, at_us: i64) {
        let mut state = self.lock();
        let Some(delivery) = accepted else {
            state.report.refused += 1;
            return;
        };
        let id = delivery.0;
        if state.seen.insert(delivery) {
            state.report.arrivals.push((id, at_us));
            let count = state.report.arrivals.len();
            drop(state);
            self.count.send_replace(count);
        } else {
            state.report.repeated += 1;
        }
    }

    async fn wait(&self, job: ArrivalsJob) -> ArrivalsReport {
        let mut count = self.count.subscribe();
        let enough = count.wait_for(|count| *count >= job.count);
        // Whoever asks sees that there are fewer.
        let _ = timeout(Duration::from_millis(job.within_ms), enough).await;
        self.count.send_replace(0);
        std::mem::take(&mut *self.lock()).report
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
