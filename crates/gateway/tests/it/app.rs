//! The API with two partners and their customers, and callers who act for them.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request};
use contract::api::enrollment::Enrollment;
use contract::api::learning_object::LearningObject;
use contract::api::oauth::TokenResponse;
use contract::api::user_account::UserAccount;
use domain::address::AddressPolicy;
use domain::change::Change;
use domain::clock::Clock;
use domain::id::{AccountGuid, ClientId, PortalId, UserAccountId};
use domain::oauth::{OauthClient, Scopes};
use domain::portal::{Portal, PortalDomain, PortalKind};
use domain::random::Random;
use domain::user_account::{EmailAddress, Role, UserAccount as Account};
use domain::webhook::UrlPolicy;
use gateway::gateway::{Gateway, Settings};
use serde_json::{Value, json};
use store::Store;
use store::id::Sequence;
use store::keyring::{CLIENT_SECRET, Keyring};
use tempfile::TempDir;
use tower::ServiceExt;

use crate::answer::Answer;
use crate::world::{ManualClock, SeededRandom};

/// When every test begins.
pub(crate) const START: &str = "2022-03-29T01:29:36.676Z";

/// The API over a store of its own.
pub(crate) struct App {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) router: Router,
    /// An integrator.
    pub(crate) partner: Tenant,
    /// A customer of the partner.
    pub(crate) customer: Tenant,
    /// Another customer of the partner.
    pub(crate) sibling: Tenant,
    /// An integrator who has nothing to do with the others.
    pub(crate) stranger: Tenant,
    pub(crate) folder: TempDir,
}

/// A portal with an administrator, an OAuth client that may do everything, and a token of it.
#[derive(Clone, Debug)]
pub(crate) struct Tenant {
    pub(crate) portal_id: PortalId,
    pub(crate) administrator_id: UserAccountId,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) token: String,
}

/// Somebody who asks with a token, or without.
pub(crate) struct Caller<'a> {
    app: &'a App,
    authorization: Option<String>,
    version: Option<&'static str>,
    headers: Vec<(&'static str, String)>,
    peer: Option<SocketAddr>,
}

impl App {
    pub(crate) async fn new() -> Self {
        let url_policy = UrlPolicy { allow_http: false, addresses: AddressPolicy::Public };
        App::with(Settings { url_policy, ..Settings::default() }).await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        let (store, folder) = store_sqlite::testing::open();
        let clock = Arc::new(ManualClock::starting(START));
        let random: Arc<dyn Random> = Arc::new(SeededRandom::new(42));
        let keyring = store_sqlite::testing::keyring();
        let gateway = Gateway::new(store.clone(), clock.clone(), random.clone(), keyring.clone(), settings);
        let nobody = Tenant {
            portal_id: PortalId(0),
            administrator_id: UserAccountId(0),
            client_id: String::new(),
            client_secret: String::new(),
            token: String::new(),
        };
        let mut app = App {
            store,
            clock,
            random,
            keyring,
            router: gateway::router::router(gateway),
            partner: nobody.clone(),
            customer: nobody.clone(),
            sibling: nobody.clone(),
            stranger: nobody,
            folder,
        };
        app.partner = app.tenant("partner", None).await;
        app.customer = app.tenant("customer", Some(app.partner.portal_id)).await;
        app.sibling = app.tenant("sibling", Some(app.partner.portal_id)).await;
        app.stranger = app.tenant("stranger", None).await;
        assert!(app.folder.path().exists());
        app
    }

    /// Makes a portal and all that belongs to it, as the operator does.
    pub(crate) async fn tenant(&self, name: &str, partner_id: Option<PortalId>) -> Tenant {
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
        let administrator = Account {
            id: UserAccountId(self.store.next_id(Sequence::UserAccount).await.unwrap()),
            version: 0,
            portal_id: portal.id,
            guid: AccountGuid::draw(&*self.random, now),
            email: EmailAddress::parse(&format!("administrator@{name}.example.com")).unwrap(),
            given_name: "Ada".to_owned(),
            family_name: "Lovelace".to_owned(),
            username: "ada".to_owned(),
            roles: vec![Role::Administrator],
            active: true,
            external_user_id: None,
            created_at: now,
            updated_at: now,
        };
        let (portal_id, administrator_id) = (portal.id, administrator.id);
        self.store.save_new_portal(Change::silent(portal), Change::silent(administrator)).await.unwrap();
        let (client_id, client_secret) = self.client(portal_id, administrator_id, Scopes::all()).await;
        let token = self.token(&client_id, &client_secret, None).await;
        Tenant { portal_id, administrator_id, client_id, client_secret, token }
    }

    /// Makes an OAuth client, as the operator does; its id and its secret.
    pub(crate) async fn client(
        &self,
        portal_id: PortalId,
        user_account_id: UserAccountId,
        scopes: Scopes,
    ) -> (String, String) {
        let secret = self.random.hex(40);
        let client = OauthClient {
            id: ClientId::draw(&*self.random),
            portal_id,
            user_account_id,
            name: "test".to_owned(),
            redirect_uri: None,
            secret_digest: self.keyring.digest(CLIENT_SECRET, &secret),
            scopes,
            created_at: self.clock.now(),
            revoked_at: None,
        };
        let id = client.id.to_string();
        self.store.save_oauth_client(client).await.unwrap();
        (id, secret)
    }

    /// A new token of a client.
    pub(crate) async fn token(&self, client_id: &str, client_secret: &str, scope: Option<&str>) -> String {
        let asked = json!({
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": client_secret,
            "scope": scope,
        });
        self.anybody().post("/oauth/token", asked).await.expect::<TokenResponse>(200).access_token
    }

    /// A caller with the token of a tenant.
    pub(crate) fn as_(&self, tenant: &Tenant) -> Caller<'_> {
        self.with_token(&tenant.token)
    }

    /// A caller with a token.
    pub(crate) fn with_token(&self, token: &str) -> Caller<'_> {
        Caller { authorization: Some(format!("Bearer {token}")), ..self.anybody() }
    }

    /// A caller without a token.
    pub(crate) fn anybody(&self) -> Caller<'_> {
        Caller { app: self, authorization: None, version: Some("2025-01-01"), headers: Vec::new(), peer: None }
    }

    /// The API as another process serves it from the same folder.
    pub(crate) fn another_node(&self, settings: Settings) -> Router {
        let store = store_sqlite::testing::reopen(&self.folder);
        let (clock, random, keyring) = (self.clock.clone(), self.random.clone(), self.keyring.clone());
        gateway::router::router(Gateway::new(store, clock, random, keyring, settings))
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        Answer::read(self.router.clone().oneshot(request).await.unwrap()).await
    }
}

impl Caller<'_> {
    /// The caller with this text in the `Authorization` header.
    pub(crate) fn authorization(self, value: &str) -> Self {
        Caller { authorization: Some(value.to_owned()), ..self }
    }

    /// The caller who asks for this version.
    pub(crate) fn version(self, version: Option<&'static str>) -> Self {
        Caller { version, ..self }
    }

    /// The caller who sends another header.
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// The caller from this address.
    pub(crate) fn from(self, address: &str) -> Self {
        Caller { peer: Some(SocketAddr::new(address.parse().unwrap(), 1234)), ..self }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, String::new()).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, body.to_string()).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, body.to_string()).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, String::new()).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: impl Into<Body>) -> Answer {
        self.app.send(self.request(method, path, body)).await
    }

    /// The request that [`send`](Self::send) sends.
    pub(crate) fn request(&self, method: Method, path: &str, body: impl Into<Body>) -> Request<Body> {
        let mut request = Request::builder().method(method).uri(path).header("Content-Type", "application/json");
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization);
        }
        if let Some(version) = self.version {
            request = request.header("Api-Version", version);
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if let Some(peer) = self.peer {
            request = request.extension(ConnectInfo(peer));
        }
        request.body(body.into()).unwrap()
    }

    /// A new learner in the caller's portal.
    pub(crate) async fn learner(&self, email: &str) -> UserAccount {
        let asked = json!({"email": email, "given_name": "Grace", "family_name": "Hopper"});
        self.post("/user-accounts", asked).await.expect(201)
    }

    /// New content of the caller's portal.
    pub(crate) async fn content(&self, title: &str) -> LearningObject {
        self.post("/learning-objects", json!({"core": {"title": title, "type": "course"}})).await.expect(201)
    }

    /// Enrolls a learner in content, not started yet.
    pub(crate) async fn enroll(&self, learner: &UserAccount, content: &LearningObject) -> Enrollment {
        self.post("/enrollments", enrollment(learner, content)).await.expect(201)
    }
}

/// The body that enrolls a learner in content, not started yet.
pub(crate) fn enrollment(learner: &UserAccount, content: &LearningObject) -> Value {
    json!({
        "user_account_id": learner.id,
        "lo_id": content.lo_id,
        "enrollment_type": "self-directed",
        "status": "not-started",
    })
}
