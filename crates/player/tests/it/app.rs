//! The player with a partner and a customer, a course, a webhook that is told of everything, and an LMS.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, Response};
use contract::event_type::EventType;
use contract::signature::TimestampUnit;
use domain::change::Change;
use domain::clock::Clock;
use domain::destination::Destination;
use domain::enrollment::Enrollment;
use domain::id::{
    AccountGuid, ContentId, DestinationId, DestinationToken, EnrollmentId, LearningObjectId, PortalId, UserAccountId,
    WebhookId,
};
use domain::learning_activity::{LearningActivity, ScormRecord};
use domain::learning_object::{Content, LearningObject, LifecycleState};
use domain::play::{LOGIN_FOR, OneTimeToken, SECRET_LENGTH};
use domain::portal::{Portal, PortalDomain, PortalKind};
use domain::random::Random;
use domain::user_account::{EmailAddress, Role, UserAccount};
use domain::webhook::headers::Headers;
use domain::webhook::{UrlPolicy, Webhook, WebhookStatus, WebhookUrl};
use http_body_util::BodyExt;
use player::player::{Player, Settings};
use serde_json::{Value, json};
use store::Store;
use store::delivery::DeliveryFilter;
use store::enrollment::EnrollmentFilter;
use store::event::EventFilter;
use store::id::Sequence;
use store::keyring::{Keyring, ONE_TIME_TOKEN};
use store::learning_object::LearningObjectRef;
use store::page::PageRequest;
use tempfile::TempDir;
use tower::ServiceExt;

use crate::world::{ManualClock, SeededRandom};

/// When every test begins.
pub(crate) const START: &str = "2022-03-29T01:29:36.676Z";
/// Where the player says that it is reached.
pub(crate) const PLAYER: &str = "https://play.example.com";
/// Where the LMS is.
pub(crate) const LMS: &str = "https://lms.example.com";
const PAGE: PageRequest = PageRequest { limit: 1_000, offset: 0 };

/// The player over a store of its own.
pub(crate) struct App {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) router: Router,
    pub(crate) folder: TempDir,
    pub(crate) partner_id: PortalId,
    pub(crate) portal_id: PortalId,
    pub(crate) lo_id: LearningObjectId,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

/// A package in an LMS.
#[derive(Clone, Debug)]
pub(crate) struct Lms {
    pub(crate) token: String,
    pub(crate) lo_id: i64,
    pub(crate) origin: Option<&'static str>,
    pub(crate) values: Value,
    /// The session that the page had before.
    pub(crate) before: Option<String>,
}

impl Lms {
    /// The same learner, whom the LMS knows from before.
    pub(crate) fn resumed(mut self) -> Self {
        self.values["cmi.core.entry"] = json!("resume");
        self.values["cmi.core.lesson_status"] = json!("incomplete");
        self
    }
}

impl Answer {
    async fn read(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes().to_vec();
        assert!(parts.headers.get("set-cookie").is_none(), "nothing of the player sets a cookie");
        assert_eq!(parts.headers["x-content-type-options"], "nosniff");
        Answer { status: parts.status.as_u16(), headers: parts.headers, bytes }
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The JSON of a success.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text());
        serde_json::from_slice(&self.bytes).unwrap()
    }

    /// A refusal, which says what it is to programs and to learners.
    #[track_caller]
    pub(crate) fn refused(self, status: u16, error_code: &str) {
        assert_eq!(self.status, status, "{}", self.text());
        let said: Value = serde_json::from_slice(&self.bytes).unwrap();
        assert_eq!(said["error_code"], error_code, "{said}");
        assert!(said["message"].as_str().unwrap().ends_with('.'), "a sentence for people: {said}");
    }
}

impl App {
    pub(crate) async fn new() -> Self {
        let (store, folder) = store_sqlite::testing::open();
        let clock = Arc::new(ManualClock::starting(START));
        let random: Arc<dyn Random> = Arc::new(SeededRandom::new(42));
        let keyring = store_sqlite::testing::keyring();
        let settings = Settings::new(PLAYER);
        let player = Player::new(store.clone(), clock.clone(), random.clone(), keyring.clone(), settings);
        let router = player::router::router(player);
        let none = (PortalId(0), LearningObjectId(0));
        let mut app =
            App { store, clock, random, keyring, router, folder, partner_id: none.0, portal_id: none.0, lo_id: none.1 };
        app.partner_id = app.portal("partner", None).await;
        app.portal_id = app.portal("customer", Some(app.partner_id)).await;
        app.lo_id = app.content(Some(Content::text("# Run").unwrap())).await;
        app.webhook().await;
        app
    }

    async fn portal(&self, name: &str, partner_id: Option<PortalId>) -> PortalId {
        let now = self.clock.now();
        let portal = Portal {
            id: PortalId(self.store.next_id(Sequence::Portal).await.unwrap()),
            version: 0,
            partner_id,
            kind: if partner_id.is_some() { PortalKind::Customer } else { PortalKind::Partner },
            name: name.to_owned(),
            domain: PortalDomain::parse(&format!("{name}.example.com")).unwrap(),
            timezone: "UTC".to_owned(),
            country: None,
            industry: None,
            company_size: None,
            external_customer_id: None,
            child_enrollment_events: false,
            created_at: now,
            updated_at: now,
        };
        let id = portal.id;
        self.store.save_portal(Change::silent(portal)).await.unwrap();
        id
    }

    /// A webhook of the partner that hears of everything that enrollments do.
    async fn webhook(&self) {
        let now = self.clock.now();
        let webhook = Webhook {
            id: WebhookId::draw(&*self.random),
            version: 0,
            portal_id: self.partner_id,
            name: None,
            url: WebhookUrl::parse("https://receiver.example.com", UrlPolicy::default()).unwrap(),
            secret: None,
            previous_secrets: Vec::new(),
            event_types: vec![EventType::EnrollmentCreate, EventType::EnrollmentComplete],
            status: WebhookStatus::Active,
            timestamp_unit: TimestampUnit::Seconds,
            oauth2: None,
            integration_system_id: None,
            rate_limit: None,
            headers: Headers::default(),
            created_by: UserAccountId(1),
            updated_by: UserAccountId(1),
            created_at: now,
            updated_at: now,
        };
        self.store.save_webhook(Change::silent(webhook), 50).await.unwrap();
    }

    /// Content of the partner that the customer holds.
    pub(crate) async fn content(&self, content: Option<Content>) -> LearningObjectId {
        let now = self.clock.now();
        let lo = LearningObject {
            id: LearningObjectId(self.store.next_id(Sequence::LearningObject).await.unwrap()),
            version: 0,
            content_id: ContentId::draw(&*self.random, now),
            owner_id: self.partner_id,
            kind: "course".to_owned(),
            title: "Fire safety".to_owned(),
            description: "What to do <when> it burns".to_owned(),
            external_id: None,
            language: Some("en".to_owned()),
            topics: Vec::new(),
            replacements: Vec::new(),
            content,
            state: LifecycleState::Published,
            retirement: None,
            withdrawn_at: None,
            created_at: now,
            updated_at: now,
        };
        let id = lo.id;
        self.store.save_learning_object(Change::silent(lo)).await.unwrap();
        self.store.save_library_items(self.portal_id, &[id], now).await.unwrap();
        id
    }

    /// Changes content as it is stored.
    pub(crate) async fn change_content(&self, id: LearningObjectId, change: impl FnOnce(&mut LearningObject)) {
        let found = self.store.find_learning_object(self.partner_id, &LearningObjectRef::Id(id)).await.unwrap();
        let mut lo = found.unwrap();
        change(&mut lo);
        self.store.save_learning_object(Change::silent(lo)).await.unwrap();
    }

    /// A destination of the customer.
    pub(crate) async fn destination(&self, change: impl FnOnce(&mut Destination)) -> Destination {
        let id = DestinationId(self.store.next_id(Sequence::Destination).await.unwrap());
        let token = DestinationToken::draw(&*self.random);
        let mut destination = Destination::default_of(self.portal_id, id, token, self.clock.now());
        change(&mut destination);
        self.store.save_destination(Change::silent(destination.clone())).await.unwrap();
        Destination { version: 1, ..destination }
    }

    /// A package for a destination, opened by this learner for the first time.
    pub(crate) fn lms(&self, destination: &Destination, learner: &str) -> Lms {
        Lms {
            token: destination.token.to_string(),
            lo_id: self.lo_id.0,
            origin: Some(LMS),
            values: json!({
                "cmi.core.student_id": learner,
                "cmi.core.student_name": "Lovelace, Ada",
                "cmi.core.entry": "ab-initio",
                "cmi.core.lesson_status": "not attempted",
                "cmi.core.lesson_mode": "normal",
                "cmi.core.credit": "credit",
                "cmi.launch_data": "lo=741712;ref=HR-42",
            }),
            before: None,
        }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        Answer::read(self.router.clone().oneshot(request).await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// As pages and packages ask: text/plain, so that no browser asks beforehand.
    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.post_from(path, None, body.to_string()).await
    }

    pub(crate) async fn post_from(&self, path: &str, origin: Option<&str>, body: impl Into<Body>) -> Answer {
        let mut request = Request::post(path).header("Content-Type", "text/plain;charset=UTF-8");
        if let Some(origin) = origin {
            request = request.header("Origin", origin);
        }
        self.send(request.body(body.into()).unwrap()).await
    }

    pub(crate) async fn launch(&self, lms: &Lms) -> Answer {
        let body = json!({
            "protocol": 1, "token": lms.token, "id": lms.lo_id, "version": "1.2", "values": lms.values,
            "session": lms.before,
        });
        self.post_from("/scorm/launch", lms.origin, body.to_string()).await
    }

    /// What the page does with the address that a launch gave.
    pub(crate) async fn open(&self, launched: &Value) -> Value {
        self.exchange(launched).await.ok()
    }

    pub(crate) async fn exchange(&self, launched: &Value) -> Answer {
        let url = launched["play_url"].as_str().unwrap();
        let (lo, launch) = url.strip_prefix(&format!("{PLAYER}/play/")).unwrap().split_once("?launch=").unwrap();
        let lo: i64 = lo.parse().unwrap();
        self.post("/play/exchange", json!({"lo": lo, "launch": launch})).await
    }

    pub(crate) async fn report(&self, opened: &Value, sequence: i64, mut said: Value) -> Answer {
        said["session"] = opened["session"].clone();
        said["sequence"] = json!(sequence);
        self.post("/play/progress", said).await
    }

    pub(crate) async fn commit(&self, launched: &Value, sequence: i64, values: Value) -> Answer {
        let session = &launched["session"];
        let body = json!({"session": session, "sequence": sequence, "kind": "commit", "values": values});
        self.post("/scorm/commit", body).await
    }

    /// An account of the customer, made by a program.
    pub(crate) async fn account(&self, name: &str) -> UserAccountId {
        let now = self.clock.now();
        let account = UserAccount {
            id: UserAccountId(self.store.next_id(Sequence::UserAccount).await.unwrap()),
            version: 0,
            portal_id: self.portal_id,
            guid: AccountGuid::draw(&*self.random, now),
            email: EmailAddress::parse(&format!("{name}@example.com")).unwrap(),
            given_name: "Grace".to_owned(),
            family_name: "Hopper".to_owned(),
            username: name.to_owned(),
            roles: vec![Role::Learner],
            active: true,
            external_user_id: None,
            created_at: now,
            updated_at: now,
        };
        let id = account.id;
        self.store.save_user_account(Change::silent(account)).await.unwrap();
        id
    }

    /// Blocks an account.
    pub(crate) async fn block(&self, id: UserAccountId) {
        let mut account = self.store.find_user_account(self.portal_id, id).await.unwrap().unwrap();
        account.active = false;
        self.store.save_user_account(Change::silent(account)).await.unwrap();
    }

    /// A login link as the API makes one; its token.
    pub(crate) async fn login(&self, user_account_id: UserAccountId, lo_id: Option<LearningObjectId>) -> String {
        let text = self.random.alphanumeric(SECRET_LENGTH);
        let token = OneTimeToken {
            digest: self.keyring.digest(ONE_TIME_TOKEN, &text),
            portal_id: self.portal_id,
            user_account_id,
            lo_id,
            launch: None,
            created_at: self.clock.now(),
            expires_at: self.clock.now() + LOGIN_FOR,
        };
        self.store.save_one_time_token(token).await.unwrap();
        text
    }

    pub(crate) async fn use_login(&self, lo_id: LearningObjectId, token: &str) -> Answer {
        self.post("/play/exchange", json!({"lo": lo_id.0, "one_time_token": token})).await
    }

    /// All enrollments of the customer, oldest first.
    pub(crate) async fn enrollments(&self) -> Vec<Enrollment> {
        let order = store::page::Order::Ascending;
        let filter = EnrollmentFilter { with_archived: true, order, ..Default::default() };
        self.store.list_enrollments(self.portal_id, &filter, PAGE).await.unwrap().items
    }

    /// The types of the events that are stored, sorted; and each has its delivery to the partner's webhook.
    pub(crate) async fn events(&self) -> Vec<&'static str> {
        let events = self.store.list_events(self.portal_id, &EventFilter::default(), PAGE).await.unwrap().items;
        let told = self.store.list_deliveries(self.partner_id, &DeliveryFilter::default(), PAGE).await.unwrap();
        assert_eq!(told.total, events.len() as u64, "each event has its delivery");
        let mut types: Vec<_> = events.iter().map(|stored| stored.event.event_type.as_str()).collect();
        types.sort_unstable();
        types
    }

    pub(crate) async fn activities(&self, enrollment_id: EnrollmentId) -> Vec<LearningActivity> {
        self.store.list_learning_activities(self.portal_id, enrollment_id, PAGE).await.unwrap().items
    }

    pub(crate) async fn records(&self, activity: &LearningActivity) -> Vec<ScormRecord> {
        self.store.list_scorm_records(self.portal_id, &activity.id, PAGE).await.unwrap().items
    }
}
