//! The Hub with two partners and their customers, and visitors who are signed in.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request};
use contract::event_type::EventType;
use contract::signature::TimestampUnit;
use domain::address::AddressPolicy;
use domain::change::Change;
use domain::clock::Clock;
use domain::id::{AccountGuid, PortalId, UserAccountId, WebhookId};
use domain::password::{Cost, Password};
use domain::portal::{Portal, PortalDomain, PortalKind};
use domain::random::Random;
use domain::user_account::{EmailAddress, Role, UserAccount};
use domain::webhook::headers::Headers;
use domain::webhook::{PER_PORTAL_MAX, Secret, UrlPolicy, Webhook, WebhookStatus, WebhookUrl};
use hub::hub::{Hub, Settings};
use store::Store;
use store::id::Sequence;
use store::keyring::Keyring;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use url::form_urlencoded;

use crate::answer::{Answer, between};
use crate::world::{ManualClock, SeededRandom};

/// When every test begins.
pub(crate) const START: &str = "2022-03-29T01:29:36.676Z";
/// Everybody's password.
pub(crate) const PASSWORD: &str = "correct horse battery";
/// The host that is asked.
pub(crate) const HOST: &str = "hub.example.com";
/// Cheap, for tests.
pub(crate) const COST: Cost = Cost { memory_kib: 8, passes: 1, lanes: 1 };

/// The Hub over a store of its own.
pub(crate) struct App {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) router: Router,
    /// Cancelled when the platform stops.
    pub(crate) ending: CancellationToken,
    /// An integrator.
    pub(crate) partner: Tenant,
    /// A customer of the partner.
    pub(crate) customer: Tenant,
    /// An integrator who has nothing to do with the others.
    pub(crate) stranger: Tenant,
    /// The store is in it.
    pub(crate) _folder: TempDir,
}

/// A portal with somebody who administers it and somebody who only looks.
#[derive(Clone, Debug)]
pub(crate) struct Tenant {
    pub(crate) portal_id: PortalId,
    pub(crate) administrator: UserAccount,
    pub(crate) viewer: UserAccount,
}

/// A browser: it keeps its cookies, and says where its forms come from.
pub(crate) struct Browser<'a> {
    app: &'a App,
    cookies: Mutex<Vec<(String, String)>>,
    headers: Vec<(&'static str, String)>,
    address: Option<IpAddr>,
}

impl App {
    pub(crate) async fn new() -> Self {
        let (store, folder) = store_sqlite::testing::open();
        let clock = Arc::new(ManualClock::starting(START));
        let random: Arc<dyn Random> = Arc::new(SeededRandom::new(42));
        let keyring = store_sqlite::testing::keyring();
        let ending = CancellationToken::new();
        let settings = Settings {
            url_policy: UrlPolicy { allow_http: false, addresses: AddressPolicy::Public },
            password_cost: COST,
            origin: Arc::new(|_, extensions| Some(extensions.get::<ConnectInfo<IpAddr>>()?.0)),
            ending: ending.clone(),
            ..Settings::default()
        };
        let hub = Hub::new(store.clone(), clock.clone(), random.clone(), keyring.clone(), settings);
        let router = hub::router::router(hub);
        let make = Make { store: &store, clock: &clock, random: &*random, keyring: &keyring };
        let partner = make.tenant("partner", None).await;
        let customer = make.tenant("customer", Some(partner.portal_id)).await;
        let stranger = make.tenant("stranger", None).await;
        App { store, clock, random, keyring, router, ending, partner, customer, stranger, _folder: folder }
    }

    /// A browser in which nobody is signed in.
    pub(crate) fn browser(&self) -> Browser<'_> {
        Browser { app: self, cookies: Mutex::default(), headers: Vec::new(), address: None }
    }

    /// A browser in which somebody is signed in.
    pub(crate) async fn signed_in(&self, account: &UserAccount) -> Browser<'_> {
        let browser = self.browser();
        let entered = browser.sign_in(account.email.as_str(), PASSWORD).await;
        assert_eq!(entered.leads_to(), "/hub");
        browser
    }

    /// A browser of the partner's administrator.
    pub(crate) async fn administrator(&self) -> Browser<'_> {
        self.signed_in(&self.partner.administrator).await
    }

    /// Another account.
    pub(crate) async fn account(&self, portal_id: PortalId, email: &str, role: Role, password: &str) -> UserAccount {
        let make = Make { store: &self.store, clock: &self.clock, random: &*self.random, keyring: &self.keyring };
        let account = make.account(portal_id, email, "Grace", role).await;
        self.store.save_user_account(Change::silent(account.clone())).await.unwrap();
        make.password(&account, password).await;
        account
    }

    /// A webhook of the portal, stored.
    pub(crate) async fn webhook(&self, portal_id: PortalId, name: &str) -> WebhookId {
        let webhook = Webhook {
            id: WebhookId::draw(&*self.random),
            version: 0,
            portal_id,
            name: Some(name.to_owned()),
            url: WebhookUrl::parse("https://receiver.example.com/hook", UrlPolicy::default()).unwrap(),
            secret: Some(Secret::parse("MyS3cretK#y".to_owned()).unwrap()),
            previous_secrets: Vec::new(),
            event_types: vec![EventType::EnrollmentComplete],
            status: WebhookStatus::Active,
            timestamp_unit: TimestampUnit::Seconds,
            oauth2: None,
            integration_system_id: None,
            rate_limit: None,
            headers: Headers::default(),
            created_by: UserAccountId(1),
            updated_by: UserAccountId(1),
            created_at: self.clock.now(),
            updated_at: self.clock.now(),
        };
        let id = webhook.id.clone();
        self.store.save_webhook(Change::silent(webhook), PER_PORTAL_MAX).await.unwrap();
        id
    }

    /// The webhooks of the partner.
    pub(crate) async fn webhooks(&self) -> Vec<Webhook> {
        self.store.list_webhooks(self.partner.portal_id).await.unwrap()
    }
}

/// What tenants are made with.
struct Make<'a> {
    store: &'a Arc<dyn Store>,
    clock: &'a ManualClock,
    random: &'a dyn Random,
    keyring: &'a Keyring,
}

impl Make<'_> {
    async fn tenant(&self, name: &str, partner_id: Option<PortalId>) -> Tenant {
        let now = self.clock.now();
        let portal = Portal {
            id: PortalId(self.store.next_id(Sequence::Portal).await.unwrap()),
            version: 0,
            partner_id,
            kind: if partner_id.is_some() { PortalKind::Customer } else { PortalKind::Partner },
            name: format!("The {name}"),
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
        let portal_id = portal.id;
        let email = |who: &str| format!("{who}@{name}.example.com");
        let administrator = self.account(portal_id, &email("ada"), "Ada", Role::Administrator).await;
        let viewer = self.account(portal_id, &email("alan"), "Alan", Role::Manager).await;
        let first = Change::silent(administrator.clone());
        self.store.save_new_portal(Change::silent(portal), first).await.unwrap();
        self.store.save_user_account(Change::silent(viewer.clone())).await.unwrap();
        for account in [&administrator, &viewer] {
            self.password(account, PASSWORD).await;
        }
        Tenant { portal_id, administrator, viewer }
    }

    async fn account(&self, portal_id: PortalId, email: &str, given_name: &str, role: Role) -> UserAccount {
        let now = self.clock.now();
        UserAccount {
            id: UserAccountId(self.store.next_id(Sequence::UserAccount).await.unwrap()),
            version: 0,
            portal_id,
            guid: AccountGuid::draw(self.random, now),
            email: EmailAddress::parse(email).unwrap(),
            given_name: given_name.to_owned(),
            family_name: "Lovelace".to_owned(),
            username: email.to_owned(),
            roles: vec![role],
            active: true,
            external_user_id: None,
            created_at: now,
            updated_at: now,
        }
    }

    async fn password(&self, account: &UserAccount, password: &str) {
        let hash = hub::password::hash(self.keyring, &account.email, &Password::entered(password), COST);
        self.store.save_password(account.portal_id, account.id, hash, self.clock.now()).await.unwrap();
    }
}

impl<'a> Browser<'a> {
    /// The browser, which sends another header too, in the place of one that it would send.
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// The browser at this address.
    pub(crate) fn at(self, address: &str) -> Self {
        Browser { address: Some(address.parse().unwrap()), ..self }
    }

    /// The browser with a cookie that somebody put there.
    pub(crate) fn with_cookie(self, name: &str, value: &str) -> Self {
        self.cookies.lock().unwrap().push((name.to_owned(), value.to_owned()));
        self
    }

    /// The value of a cookie.
    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap().iter().find(|(there, _)| there == name).map(|(_, value)| value.clone())
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path, String::new())).await
    }

    /// Sends a form as it is, with nothing of ours in it.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send(self.request(Method::POST, path, body)).await
    }

    /// Opens the page at `from` and sends a form of it with these fields.
    pub(crate) async fn submit(&self, from: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.get(from).await;
        let token = between(&page.text, "name=\"_token\" value=\"", "\"").unwrap_or_default().to_owned();
        let fields: Vec<(&str, &str)> =
            [("_token", token.as_str())].into_iter().chain(fields.iter().copied()).collect();
        self.post(path, &fields).await
    }

    /// Sends the form on the page where it leads to.
    pub(crate) async fn sign_in(&self, email: &str, password: &str) -> Answer {
        self.post("/hub/sign-in", &[("email", email), ("password", password)]).await
    }

    /// The page to which an answer leads.
    pub(crate) async fn follow(&self, answer: &Answer) -> Answer {
        let path = answer.leads_to().split('#').next().unwrap_or_default().to_owned();
        self.get(&path).await
    }

    /// The request that a browser sends: with its cookies, and, for a form, where it comes from.
    pub(crate) fn request(&self, method: Method, path: &str, body: impl Into<Body>) -> Request<Body> {
        let cookies = self.cookies.lock().unwrap();
        let mut headers: Vec<(&str, String)> = vec![("host", HOST.to_owned())];
        if !cookies.is_empty() {
            let pairs: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            headers.push(("cookie", pairs.join("; ")));
        }
        if method == Method::POST {
            headers.push(("origin", format!("http://{HOST}")));
            headers.push(("sec-fetch-site", "same-origin".to_owned()));
            headers.push(("content-type", "application/x-www-form-urlencoded".to_owned()));
        }
        headers.retain(|(name, _)| !self.headers.iter().any(|(other, _)| other == name));
        headers.extend(self.headers.iter().filter(|(_, value)| !value.is_empty()).cloned());
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if let Some(address) = self.address {
            request = request.extension(ConnectInfo(address));
        }
        request.body(body.into()).unwrap()
    }

    /// Sends it, and keeps the cookies that the answer sets.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let answer = Answer::read(self.app.router.clone().oneshot(request).await.unwrap()).await;
        let mut cookies = self.cookies.lock().unwrap();
        for line in answer.headers.get_all("set-cookie") {
            let line = line.to_str().unwrap();
            let (name, rest) = line.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            cookies.retain(|(there, _)| there != name);
            if !line.contains("Max-Age=0") {
                cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        answer
    }
}
