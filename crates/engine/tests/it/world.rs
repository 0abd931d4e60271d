//! An engine over a real store, with a clock that is moved and a transport that the test answers for.

use std::sync::Arc;

use async_trait::async_trait;
use contract::event_type::EventType;
use domain::change::Change;
use domain::delivery::{Answer, Attempt, Delivery, DeliveryState, Failure, FailureKind, Outcome};
use domain::enrollment::Status;
use domain::event::Event;
use domain::id::{PortalId, WebhookId};
use domain::random::Random;
use domain::retry::RetrySchedule;
use domain::webhook::Webhook;
use engine::mailer::Mailer;
use engine::request::SignedRequest;
use engine::run::{Engine, Settings, Stopped, run};
use engine::transport::Transport;
use jiff::{SignedDuration, Timestamp};
use sqlite::rusqlite::Connection;
use store::Store;
use store::conformance::world::{self, PAGE};
use store::delivery::DeliveryFilter;
use store_sqlite::testing;
use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::time::{Time, at_once};

/// More than any test adds to one portal.
const WEBHOOKS_MAX: usize = 2_000;
/// Longer than any test.
const NEVER: SignedDuration = SignedDuration::from_hours(24 * 365);

/// A store with a partner and two customers in it, and an engine that runs.
pub(crate) struct World {
    /// What is in the store.
    pub(crate) platform: world::World,
    /// What time it is.
    pub(crate) time: Arc<Time>,
    /// Before when the events that happen from now on are not given up.
    pub(crate) deadline_at: Option<Timestamp>,
    arrivals: mpsc::UnboundedReceiver<Arrival>,
    engine: Engine,
    running: Option<(JoinHandle<Stopped>, CancellationToken)>,
    folder: TempDir,
    events: usize,
}

/// A request that reached its receiver, which has not answered yet.
pub(crate) struct Arrival {
    /// What came.
    pub(crate) request: SignedRequest,
    reply: oneshot::Sender<Outcome>,
}

#[derive(Debug)]
struct Receivers(mpsc::UnboundedSender<Arrival>);

#[async_trait]
impl Transport for Receivers {
    async fn send(&self, request: SignedRequest) -> Outcome {
        let (reply, outcome) = oneshot::channel();
        self.0.send(Arrival { request, reply }).expect("the world lasts as long as its engine");
        // A receiver that the test forgets never answers.
        match outcome.await {
            Ok(outcome) => outcome,
            Err(_) => std::future::pending().await,
        }
    }
}

/// Neither early nor late: retries are exactly on schedule.
#[derive(Debug)]
struct Middle;

impl Random for Middle {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
        if let Some(last) = bytes.last_mut() {
            *last = 0x80;
        }
    }
}

impl Arrival {
    /// The body, as JSON.
    pub(crate) fn body(&self) -> serde_json::Value {
        serde_json::from_slice(&self.request.body).unwrap()
    }

    /// Which attempt it is.
    pub(crate) fn attempt_number(&self) -> u64 {
        self.body()["attempt_number"].as_u64().unwrap()
    }

    /// Whose it is.
    pub(crate) fn webhook_id(&self) -> WebhookId {
        self.body()["webhook_id"].as_str().unwrap().parse().unwrap()
    }

    /// A header, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.request.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Answers with a status.
    pub(crate) fn answer(self, status: u16) {
        self.answer_with(status, "");
    }

    /// Answers with a status and a body.
    pub(crate) fn answer_with(self, status: u16, body: &str) {
        let body = body.as_bytes().to_vec();
        self.meet(Outcome::Answered(Answer {
            status,
            retry_after: None,
            body,
            truncated: false,
            headers: String::new(),
        }));
    }

    /// Breaks the connection.
    pub(crate) fn fail(self, kind: FailureKind) {
        self.meet(Outcome::Failed(Failure { kind, detail: "so it is".to_owned() }));
    }

    /// Meets an outcome.
    pub(crate) fn meet(self, outcome: Outcome) {
        // Nobody listens any more if the engine was stopped.
        let _ = self.reply.send(outcome);
    }
}

impl World {
    /// A world whose engine runs with the usual settings.
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// A world whose engine runs with other settings.
    pub(crate) async fn with(set: impl FnOnce(&mut Settings)) -> Self {
        let (arrived, arrivals) = mpsc::unbounded_channel();
        Self::build(set, Arc::new(Receivers(arrived)), None, arrivals).await
    }

    /// A world whose engine runs with other settings and sends mail.
    pub(crate) async fn mailing(set: impl FnOnce(&mut Settings), mailer: Arc<dyn Mailer>) -> Self {
        let (arrived, arrivals) = mpsc::unbounded_channel();
        Self::build(set, Arc::new(Receivers(arrived)), Some(mailer), arrivals).await
    }

    /// A world whose engine sends for real: nothing arrives here.
    pub(crate) async fn over(transport: Arc<dyn Transport>) -> Self {
        let (_, arrivals) = mpsc::unbounded_channel();
        Self::build(|_| {}, transport, None, arrivals).await
    }

    async fn build(
        set: impl FnOnce(&mut Settings),
        transport: Arc<dyn Transport>,
        mailer: Option<Arc<dyn Mailer>>,
        arrivals: mpsc::UnboundedReceiver<Arrival>,
    ) -> Self {
        let (store, folder) = testing::open();
        let platform = world::World::new(store.clone()).await;
        let time = Time::at(world::at(1));
        // What the engine is not told of it must not find by looking now and then.
        let mut settings = Settings { poll_for: NEVER, ..Settings::default() };
        set(&mut settings);
        let engine = Engine {
            store,
            transport,
            mailer,
            clock: time.clone(),
            timer: time.clone(),
            random: Arc::new(Middle),
            schedule: RetrySchedule::default(),
            settings,
        };
        let mut world = World { platform, time, deadline_at: None, arrivals, engine, running: None, folder, events: 0 };
        world.start();
        world
    }

    /// Starts the engine.
    pub(crate) fn start(&mut self) {
        let shutdown = CancellationToken::new();
        self.running = Some((tokio::spawn(run(self.engine.clone(), shutdown.clone())), shutdown));
    }

    /// Tells the engine to stop, and gives back what waits for it.
    pub(crate) fn stop(&mut self) -> impl Future<Output = Stopped> + use<> {
        let (running, shutdown) = self.running.take().expect("it runs");
        shutdown.cancel();
        at_once(async { running.await.unwrap() })
    }

    /// The store.
    pub(crate) fn store(&self) -> &dyn Store {
        &*self.engine.store
    }

    /// The database, for what no verb does.
    pub(crate) fn database(&self) -> Connection {
        Connection::open(self.folder.path().join("schoolbell.db")).unwrap()
    }

    /// A webhook for completions in the portal, changed as is wanted.
    pub(crate) async fn add_webhook(&self, portal_id: PortalId, change: impl FnOnce(&mut Webhook)) -> WebhookId {
        let mut webhook = self.platform.webhook(portal_id, &[EventType::EnrollmentComplete]);
        change(&mut webhook);
        let id = webhook.id.clone();
        self.store().save_webhook(Change::silent(webhook), WEBHOOKS_MAX).await.unwrap();
        id
    }

    /// Somebody at customer `i` completes the course: one event for every webhook above.
    pub(crate) async fn complete(&mut self, i: usize) {
        self.complete_often(i, 1).await;
    }

    /// Somebody at customer `i` completes the course so memorably that there are so many events, all in one commit.
    pub(crate) async fn complete_often(&mut self, i: usize, events: usize) {
        let now = domain::clock::Clock::now(&*self.time).duration_since(world::at(0)).as_secs();
        let mut change = self.platform.enrollment(i, Status::Completed, now).await;
        let name = format!("learner{}", self.events);
        change.after.user_account_id = self.platform.add_learner(self.platform.customers[i], &name).await;
        let completed = change.events.pop().unwrap();
        change.events = (self.events..self.events + events)
            .map(|n| Event {
                id: format!("event{n:07}").parse().unwrap(),
                deadline_at: self.deadline_at,
                ..completed.clone()
            })
            .collect();
        self.events += events;
        self.store().save_enrollments(vec![change]).await.unwrap();
    }

    /// The next request that reaches a receiver.
    #[track_caller]
    pub(crate) fn arrival(&mut self) -> impl Future<Output = Arrival> {
        at_once(async { self.arrivals.recv().await.expect("the engine has the sender") })
    }

    /// The deliveries to a webhook, newest first.
    pub(crate) async fn deliveries(&self, portal_id: PortalId, webhook_id: &WebhookId) -> Vec<Delivery> {
        let filter = DeliveryFilter { webhook_id: Some(webhook_id.clone()), ..DeliveryFilter::default() };
        self.store().list_deliveries(portal_id, &filter, PAGE).await.unwrap().items
    }

    /// The recorded attempts of the newest delivery to a webhook of the partner, once there are so many.
    #[track_caller]
    pub(crate) fn recorded(
        &self,
        webhook_id: &WebhookId,
        count: usize,
    ) -> impl Future<Output = (Vec<Attempt>, DeliveryState)> {
        let partner = self.platform.partner;
        at_once(async move {
            loop {
                let deliveries = self.deliveries(partner, webhook_id).await;
                let attempts = self.store().list_attempts(partner, deliveries[0].id).await.unwrap();
                if attempts.len() == count {
                    return (attempts, self.deliveries(partner, webhook_id).await[0].state);
                }
                tokio::task::yield_now().await;
            }
        })
    }
}
