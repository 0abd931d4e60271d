//! A platform and a companion in one process, with a clock that the test moves and a mail server that is real.

use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use axum::routing::post;
use client::platform::Platform;
use companion::Companion;
use companion::config::retirement::{Administrator, PortalNotices};
use companion::config::{Config, MailSettings, Portal as Credentials, Settings};
use contract::api::enrollment::CreateEnrollment;
use contract::api::learning_object::{CreateLearningObject, SetLearningObject};
use contract::api::user_account::CreateUserAccount;
use contract::api::webhook::CreateWebhook;
use domain::address::AddressPolicy;
use domain::change::Change;
use domain::clock::Clock;
use domain::id::{AccountGuid, ClientId, LearningObjectId, PortalId, UserAccountId};
use domain::oauth::{OauthClient, Scopes};
use domain::portal::{Portal, PortalDomain, PortalKind};
use domain::random::Random;
use domain::retry::RetrySchedule;
use domain::user_account::{EmailAddress, Role, UserAccount};
use domain::webhook::UrlPolicy;
use engine::run::Engine;
use engine::timer::Timer;
use engine::transport::http::{HttpSettings, HttpTransport};
use gateway::gateway::Gateway;
use jiff::{SignedDuration, Timestamp};
use mail::message::Mailbox;
use mail::smtp::{SEND_FOR, Smtp, SmtpConfig, Tls};
use mail::testing::MailServer;
use player::player::Player;
use serde_json::Value;
use store::Store;
use store::id::Sequence;
use store::keyring::CLIENT_SECRET;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};
use tower::ServiceExt as _;

use crate::process::PATIENCE;

/// Told of the first customer, and of the second.
pub(crate) const ADA: &str = "ada@one.example.com";
pub(crate) const EVE: &str = "eve@two.example.com";
const SECRET: &str = "MyS3cretK#y";
/// The instant at which every world begins.
const BEGINNING: &str = "2022-03-29T01:29:36Z";
/// The hours of a day at which the companion looks what is due: those at which something is, and some others.
const HOURS: [i64; 7] = [0, 1, 2, 8, 9, 14, 20];
const PUBLIC_URL: &str = "https://bell.example.com";

/// The clock of both halves.
#[derive(Debug)]
struct MovedClock(watch::Sender<Timestamp>);

impl Clock for MovedClock {
    fn now(&self) -> Timestamp {
        *self.0.borrow()
    }
}

/// Waits for the clock to be moved.
#[derive(Debug)]
struct MovedTimer(watch::Receiver<Timestamp>);

#[async_trait::async_trait]
impl Timer for MovedTimer {
    async fn sleep_until(&self, at: Timestamp) {
        // Without a clock nobody waits any more.
        let _ = self.0.clone().wait_for(|now| *now >= at).await;
    }
}

/// Different bytes each time, and the same in each run.
#[derive(Debug, Default)]
struct CountingRandom(AtomicUsize);

impl Random for CountingRandom {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let next = self.0.fetch_add(1, Ordering::Relaxed) as u64;
            let mixed = next.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            chunk.copy_from_slice(&(mixed ^ (mixed >> 29)).to_le_bytes()[..chunk.len()]);
        }
    }
}

/// A portal and the credentials of its application.
struct Tenant {
    portal_id: PortalId,
    platform: Platform,
    credentials: Credentials,
}

pub(crate) struct World {
    clock: Arc<MovedClock>,
    companion: Option<Companion>,
    settings: Settings,
    companion_url: String,
    /// What answers at the companion's address; nothing while it is away.
    served: Arc<Mutex<Option<Router>>>,
    mail: MailServer,
    sent: usize,
    hook: Arc<AtomicUsize>,
    partner: Tenant,
    customers: [Tenant; 2],
    lo_id: String,
    grace: String,
    player: Router,
    http: reqwest::Client,
    _stop: DropGuard,
    _folders: [TempDir; 2],
}

impl World {
    /// A course of the partner that both customers hold, three learners in it, one webhook on the partner.
    pub(crate) async fn begin() -> Self {
        let (clock, time) = watch::channel(BEGINNING.parse().unwrap());
        let clock = Arc::new(MovedClock(clock));
        let (store, platform_folder) = store_sqlite::testing::open();
        let random: Arc<dyn Random> = Arc::new(CountingRandom::default());
        let shutdown = CancellationToken::new();
        let url = serve(&store, &clock, time, &random, &shutdown).await;
        let playing = player::player::Settings::new("https://play.example.com");
        let keyring = store_sqlite::testing::keyring();
        let player = Player::new(store.clone(), clock.clone(), random.clone(), keyring, playing);
        let maker = Maker { store: store.clone(), clock: clock.clone(), random, url: url.clone() };
        let partner = maker.tenant("partner", None).await;
        let customers =
            [maker.tenant("one", Some(partner.portal_id)).await, maker.tenant("two", Some(partner.portal_id)).await];

        let (mail, hook, folder) = (MailServer::plain().await, Arc::<AtomicUsize>::default(), TempDir::new().unwrap());
        let tenants = [&partner, &customers[0], &customers[1]];
        let settings = settings(&folder, &url, tenants, mail.port, &hook_url(&hook).await);
        let served = Arc::<Mutex<Option<Router>>>::default();
        let companion_url = serve_companion(&served).await;
        let lo_id = fill(&store, &partner, &customers, &format!("{companion_url}/webhooks"), clock.now()).await;
        let [grace, ..] = enroll(&customers, &lo_id).await;
        let mut world = World {
            clock,
            companion: None,
            settings,
            companion_url,
            served,
            mail,
            sent: 0,
            hook,
            partner,
            customers,
            lo_id,
            grace,
            player: player::router::router(player),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            _stop: shutdown.drop_guard(),
            _folders: [platform_folder, folder],
        };
        world.come_back().await;
        world.tend().await;
        world
    }

    /// The companion is not there any more; its database is.
    pub(crate) fn go_away(&mut self) {
        self.served.lock().unwrap().take();
        self.companion = None;
    }

    pub(crate) async fn come_back(&mut self) {
        let told = self.clock.clone();
        let next = AtomicU8::new(1);
        let config = Config {
            settings: self.settings.clone(),
            clock: Arc::new(move || told.now()),
            random: Arc::new(move |bytes| bytes.fill_with(|| next.fetch_add(1, Ordering::Relaxed))),
            steps: None,
        };
        let companion = Companion::open(config).unwrap();
        *self.served.lock().unwrap() = Some(companion.router());
        self.companion = Some(companion);
    }

    pub(crate) fn set_clock(&self, at: &str) {
        self.clock.0.send_replace(at.parse().unwrap());
    }

    pub(crate) async fn tend(&self) {
        self.companion.as_ref().unwrap().tend_once().await.unwrap();
    }

    /// Says how the course ends, and waits until the companion has heard of it. Gives back when it ends, if it does.
    pub(crate) async fn flag(&self, lifecycle: Value) -> String {
        let before = self.heard().await;
        let set: SetLearningObject = serde_json::from_value(serde_json::json!({"lifecycle": lifecycle})).unwrap();
        let content = self.partner.platform.set_learning_object(&self.lo_id, &set).await.unwrap();
        // The engine looks for announcements each second of the clock.
        let told = async {
            while self.heard().await < before + 3 {
                self.clock.0.send_modify(|now| *now += SignedDuration::from_millis(100));
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, told).await.expect("the companion hears of it");
        content.lifecycle.pending_state.map(|pending| pending.removed_time.to_string()).unwrap_or_default()
    }

    /// How many events the companion has stored.
    async fn heard(&self) -> i64 {
        let inbox = self.json("/inbox").await;
        inbox["counts"].as_object().unwrap().values().map(|count| count.as_i64().unwrap()).sum()
    }

    /// Goes on to `until`, and tells which mails were sent when: hour, addressee and subject.
    pub(crate) async fn until(&mut self, until: &str) -> Vec<String> {
        let until: Timestamp = until.parse().unwrap();
        let mut told = Vec::new();
        loop {
            let next = next_hour(self.clock.now());
            if next > until {
                self.clock.0.send_replace(until);
                return told;
            }
            self.clock.0.send_replace(next);
            self.tend().await;
            let mut mails = self.mails().await;
            mails.sort();
            told.extend(mails.into_iter().map(|mail| format!("{} {mail}", next.strftime("%m-%d %H"))));
        }
    }

    /// What was sent since the last call: addressee and subject.
    async fn mails(&mut self) -> Vec<String> {
        let notices = self.json("/retirements/notices?limit=500&days=0").await["notices"].clone();
        let sent = notices.as_array().unwrap().iter().filter(|notice| notice["state"] == "sent").count();
        let mut mails = Vec::new();
        for _ in self.sent..sent {
            let taken = self.mail.taken().await;
            let subject = taken.content.lines().find_map(|line| line.strip_prefix("Subject: ")).unwrap().to_owned();
            mails.push(format!("{} {subject}", taken.to.join(",")));
        }
        self.sent = sent;
        mails
    }

    /// Checks that both customers' applications have removed it, once each, with this proof.
    pub(crate) async fn check_removed(&self, proof: &str) {
        let page = self.json("/retirements?state=removed").await;
        let proofs: Vec<&str> = page["retirements"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["removal"]["proof"].as_str().unwrap())
            .collect();
        assert_eq!(proofs, [proof; 3], "the partner and its customers");
        assert_eq!(self.hook_asked(), 3);
    }

    pub(crate) fn hook_asked(&self) -> usize {
        self.hook.load(Ordering::Relaxed)
    }

    /// Checks that the platform refuses what has ended.
    pub(crate) async fn check_gone(&self) {
        let content = self.customers[0].platform.learning_object(&self.lo_id).await.unwrap();
        assert_eq!(content.lifecycle.state, "removed");
        self.enroll_again(400).await;
        self.check_play(410).await;
    }

    /// Opens the content where learners play.
    pub(crate) async fn check_play(&self, expected: u16) {
        let request = Request::get(format!("/play/{}", self.lo_id)).body(Body::empty()).unwrap();
        assert_eq!(self.player.clone().oneshot(request).await.unwrap().status(), expected);
    }

    /// Enrolls Grace once more.
    pub(crate) async fn enroll_again(&self, expected: u16) {
        let create = enrollment(&self.grace, &self.lo_id, "self-directed", "not-started");
        let came = self.customers[0].platform.create_enrollment_again(&create).await;
        assert_eq!(came.map_or_else(|error| error.refusal().unwrap().status, |_| 201), expected);
    }

    pub(crate) async fn calendar(&self, email: &str) -> String {
        let url = format!("{}/retirements/calendars", self.companion_url);
        let made = self.http.post(url).json(&serde_json::json!({"email": email})).send().await.unwrap();
        let made: Value = made.json().await.unwrap();
        let path = made["url"].as_str().unwrap().strip_prefix(PUBLIC_URL).unwrap().to_owned();
        self.text(&path).await
    }

    pub(crate) async fn text(&self, path: &str) -> String {
        let response = self.http.get(format!("{}{path}", self.companion_url)).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        response.text().await.unwrap()
    }

    async fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.text(path).await).unwrap()
    }
}

/// The platform, over real sockets, its engine on a thread of its own.
async fn serve(
    store: &Arc<dyn Store>,
    clock: &Arc<MovedClock>,
    time: watch::Receiver<Timestamp>,
    random: &Arc<dyn Random>,
    shutdown: &CancellationToken,
) -> String {
    let policy = UrlPolicy { allow_http: true, addresses: AddressPolicy::PublicAndLoopback };
    let settings = gateway::gateway::Settings { url_policy: policy, ..Default::default() };
    let keyring = store_sqlite::testing::keyring();
    let gateway = Gateway::new(store.clone(), clock.clone(), random.clone(), keyring, settings);
    let seconds = Duration::from_secs;
    let http = HttpSettings { exchange_for: seconds(10), connect_for: seconds(5), policy };
    let engine = Engine {
        store: store.clone(),
        transport: Arc::new(HttpTransport::new(http, clock.clone())),
        mailer: None,
        clock: clock.clone(),
        timer: Arc::new(MovedTimer(time)),
        random: random.clone(),
        schedule: RetrySchedule::default(),
        settings: engine::run::Settings { events_kept_for: None, ..Default::default() },
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let app = gateway::router::router(gateway);
    tokio::spawn(gateway::serve::serve(listener, app, gateway::serve::Limits::default(), shutdown.clone()));
    let shutdown = shutdown.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(engine::run::run(engine, shutdown))
    });
    url
}

/// The companion's address, which stays while companions come and go.
async fn serve_companion(served: &Arc<Mutex<Option<Router>>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = async |State(served): State<Arc<Mutex<Option<Router>>>>, request: Request| {
        let router = served.lock().unwrap().clone();
        match router {
            Some(router) => router.oneshot(request).await.into_response(),
            None => StatusCode::BAD_GATEWAY.into_response(),
        }
    };
    let router = Router::new().fallback(answer).with_state(served.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

async fn hook_url(asked: &Arc<AtomicUsize>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/removals", listener.local_addr().unwrap());
    let count = async |State(asked): State<Arc<AtomicUsize>>| {
        asked.fetch_add(1, Ordering::Relaxed);
    };
    let router = Router::new().route("/removals", post(count)).with_state(asked.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

fn settings(folder: &TempDir, url: &str, tenants: [&Tenant; 3], mail_port: u16, hook: &str) -> Settings {
    let mut settings = Settings::new(folder.path().join("companion.db"), url);
    settings.secrets = vec![SECRET.into()];
    settings.portals = tenants.iter().map(|tenant| tenant.credentials.clone()).collect();
    let config = SmtpConfig {
        host: "127.0.0.1".to_owned(),
        port: mail_port,
        tls: Tls::None,
        credentials: None,
        hello: "bell.example.com".to_owned(),
        authorities: None,
        send_for: SEND_FOR,
    };
    let from = Mailbox { name: None, address: "bell@example.com".parse().unwrap() };
    settings.mail = Some(MailSettings { smtp: Smtp::new(config).unwrap(), from });
    let retirement = &mut settings.retirement;
    retirement.public_url = Some(PUBLIC_URL.into());
    retirement.administrators = vec![administrator(ADA)];
    let notices = |tenant: &Tenant, administrators: Vec<Administrator>| PortalNotices {
        portal_id: tenant.portal_id.to_string(),
        administrators: Some(administrators),
        learner_notices: true,
        time_zone: "UTC".into(),
    };
    retirement.portals = vec![notices(tenants[0], vec![]), notices(tenants[2], vec![administrator(EVE)])];
    retirement.removal_hook_url = Some(hook.into());
    retirement.removal_hook_secret = Some("hook-S3cret".into());
    settings
}

fn administrator(email: &str) -> Administrator {
    Administrator { name: "Ada".into(), email: email.into(), time_zone: "UTC".into() }
}

/// The course, which both customers hold, and the webhook.
async fn fill(store: &Arc<dyn Store>, partner: &Tenant, customers: &[Tenant; 2], url: &str, now: Timestamp) -> String {
    let mut create = CreateLearningObject::default();
    create.core.title = "Fire safety".into();
    let lo_id = partner.platform.create_learning_object(&create).await.unwrap().lo_id;
    for customer in customers {
        let items = [LearningObjectId(lo_id.parse().unwrap())];
        store.save_library_items(customer.portal_id, &items, now).await.unwrap();
    }
    let types = ["content.decommission", "content.decommission.pending", "content.add", "content.remove"];
    let webhook = CreateWebhook {
        url: Some(url.to_owned()),
        secret_key: Some(SECRET.into()),
        event_types: Some(types.map(str::to_owned).to_vec()),
        ..Default::default()
    };
    partner.platform.create_webhook(&webhook).await.unwrap();
    lo_id
}

/// Grace has not begun, Hedy has, and to Ivan it is assigned.
async fn enroll([one, two]: &[Tenant; 2], lo_id: &str) -> [String; 3] {
    let learner = async |tenant: &Tenant, email: &str, kind: &str, status: &str| {
        let create = CreateUserAccount { email: Some(email.into()), ..Default::default() };
        let account = tenant.platform.create_user_account(&create).await.unwrap();
        tenant.platform.create_enrollment(&enrollment(&account.id, lo_id, kind, status)).await.unwrap();
        account.id
    };
    [
        learner(one, "grace@one.example.com", "self-directed", "not-started").await,
        learner(one, "hedy@one.example.com", "self-directed", "in-progress").await,
        learner(two, "ivan@two.example.com", "assigned", "not-started").await,
    ]
}

fn enrollment(user_account_id: &str, lo_id: &str, kind: &str, status: &str) -> CreateEnrollment {
    CreateEnrollment {
        user_account_id: Some(user_account_id.to_owned()),
        lo_id: Some(lo_id.to_owned()),
        enrollment_type: Some(kind.to_owned()),
        status: Some(status.to_owned()),
        ..Default::default()
    }
}

fn next_hour(now: Timestamp) -> Timestamp {
    let today = now.as_second() / 86_400 * 86_400;
    let hours = HOURS.into_iter().chain([24]).map(|hour| Timestamp::from_second(today + hour * 3600).unwrap());
    hours.into_iter().find(|at| *at > now).unwrap()
}

/// Makes portals as an operator does, straight in the store.
struct Maker {
    store: Arc<dyn Store>,
    clock: Arc<MovedClock>,
    random: Arc<dyn Random>,
    url: String,
}

impl Maker {
    async fn tenant(&self, name: &str, partner_id: Option<PortalId>) -> Tenant {
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
        let account = UserAccount {
            id: UserAccountId(self.store.next_id(Sequence::UserAccount).await.unwrap()),
            version: 0,
            portal_id: portal.id,
            guid: AccountGuid::draw(&*self.random, now),
            email: EmailAddress::parse(&format!("administrator@{name}.example.com")).unwrap(),
            given_name: "Portal".to_owned(),
            family_name: "Administrator".to_owned(),
            username: "administrator".to_owned(),
            roles: vec![Role::Administrator],
            active: true,
            external_user_id: None,
            created_at: now,
            updated_at: now,
        };
        let (portal_id, account_id) = (portal.id, account.id);
        self.store.save_new_portal(Change::silent(portal), Change::silent(account)).await.unwrap();
        let credentials = self.client(portal_id, account_id).await;
        let (id, secret) = (credentials.client_id.as_str(), credentials.client_secret.expose());
        let config = client::platform::config::Config::new(&self.url, id, secret).unwrap();
        Tenant { portal_id, platform: Platform::new(config).unwrap(), credentials }
    }

    async fn client(&self, portal_id: PortalId, user_account_id: UserAccountId) -> Credentials {
        let secret = self.random.hex(40);
        let client = OauthClient {
            id: ClientId::draw(&*self.random),
            portal_id,
            user_account_id,
            name: "application".to_owned(),
            redirect_uri: None,
            secret_digest: store_sqlite::testing::keyring().digest(CLIENT_SECRET, &secret),
            scopes: Scopes::all(),
            created_at: self.clock.now(),
            revoked_at: None,
        };
        let client_id = client.id.to_string();
        self.store.save_oauth_client(client).await.unwrap();
        Credentials::new(portal_id.to_string(), client_id, secret)
    }
}
