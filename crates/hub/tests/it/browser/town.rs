//! Something of everything that the Hub shows: webhooks that are well and that are not, deliveries of every state, content that ends,
//! learners and what their LMS passed, what was done by whom.

use contract::event_type::EventType;
use domain::audit::{Action, Actor, Channel, Entry, Noted};
use domain::change::Change;
use domain::clock::Clock;
use domain::delivery::{Answer, Failure, FailureKind, FinishedAttempt, Next, Outcome};
use domain::enrollment::Status;
use domain::event::Event;
use domain::id::{AccountGuid, ClientId, EventId, LearningObjectId, PortalId, ReplayId, UserAccountId, WebhookId};
use domain::learning_object::Content;
use domain::oauth::{Digest, OauthClient, Scopes};
use domain::portal::{Portal, PortalDomain};
use domain::random::Random;
use domain::replay::{Replay, ReplayScope};
use domain::user_account::{EmailAddress, Role};
use domain::webhook::{
    InactiveReason, Oauth2Credentials, PER_PORTAL_MAX, Secret, UrlPolicy, WebhookStatus, WebhookUrl,
};
use jiff::SignedDuration;
use store::delivery::LeaseRequest;
use store::id::Sequence;
use store::learning_object::LearningObjectRef;

use crate::app::{App, PASSWORD};

/// What something is called: what it would be called in a sample, and how many characters there may be.
pub(crate) type Words<'a> = &'a (dyn Fn(&str, usize) -> String + Sync);

/// What things are usually called.
pub(crate) fn usual(sample: &str, _: usize) -> String {
    sample.to_owned()
}

const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// For how many hours things happen.
const HOURS: u32 = 30;
const NAME: usize = 255;

/// Two portals with something of everything.
pub(crate) struct Town<'a> {
    app: &'a App,
    words: Words<'a>,
}

/// The partner's webhooks.
struct Webhooks {
    healthy: WebhookId,
    failing: WebhookId,
    paused: WebhookId,
    gone: WebhookId,
}

impl<'a> Town<'a> {
    pub(crate) async fn fill(app: &'a App, words: Words<'a>) {
        let town = Town { app, words };
        town.portals().await;
        let webhooks = town.webhooks().await;
        let content = town.content().await;
        let learners = town.learners(app.customer.portal_id, &CUSTOMERS_LEARNERS).await;
        let own = town.learners(app.partner.portal_id, &PARTNERS_LEARNERS).await;
        town.days(&webhooks, &content, &learners).await;
        town.enrollments(app.customer.portal_id, &learners).await;
        town.enrollments(app.partner.portal_id, &own).await;
        town.retire(&content).await;
        town.credentials().await;
        town.log(&webhooks).await;
        town.last(&webhooks).await;
    }

    fn say(&self, sample: &str, chars_max: usize) -> String {
        (self.words)(sample, chars_max)
    }

    async fn portals(&self) {
        for (tenant, name) in
            [(&self.app.partner, "Northwind Learning Partners"), (&self.app.customer, "Contoso Retail Group")]
        {
            let mut portal = self.app.store.find_portal(tenant.portal_id).await.unwrap().unwrap();
            portal.name = self.say(name, NAME);
            portal.country = Some(self.say("AU", NAME));
            portal.industry = Some(self.say("Retail", NAME));
            portal.external_customer_id = Some(self.say("C-0042", NAME));
            self.app.store.save_portal(Change::silent(portal)).await.unwrap();
        }
        for (n, name) in CUSTOMERS.iter().enumerate() {
            self.customer(n, name).await;
        }
        for account in [&self.app.partner.administrator, &self.app.partner.viewer] {
            let stored = self.app.store.find_user_account(account.portal_id, account.id).await.unwrap();
            let mut account = stored.unwrap();
            account.given_name = self.say(&account.given_name, NAME);
            account.family_name = self.say(&account.family_name, NAME);
            self.app.store.save_user_account(Change::silent(account)).await.unwrap();
        }
    }

    async fn customer(&self, n: usize, name: &str) {
        let like = self.app.store.find_portal(self.app.customer.portal_id).await.unwrap().unwrap();
        let id = PortalId(self.app.store.next_id(Sequence::Portal).await.unwrap());
        let domain = PortalDomain::parse(&format!("customer-{n}.example.com")).unwrap();
        let portal = Portal { id, version: 0, domain, name: self.say(name, NAME), ..like };
        let account_id = UserAccountId(self.app.store.next_id(Sequence::UserAccount).await.unwrap());
        let mut account = self.app.customer.administrator.clone();
        (account.id, account.version, account.portal_id) = (account_id, 0, id);
        account.guid = AccountGuid::draw(&*self.app.random, self.app.clock.now());
        account.email = EmailAddress::parse(&format!("owner-{n}@example.com")).unwrap();
        self.app.store.save_new_portal(Change::silent(portal), Change::silent(account)).await.unwrap();
    }

    async fn webhook(&self, portal_id: PortalId, name: &str, event_types: &[EventType]) -> WebhookId {
        let id = self.app.webhook(portal_id, "New").await;
        let mut webhook = self.app.store.find_webhook(portal_id, &id).await.unwrap().unwrap();
        webhook.name = Some(self.say(name, NAME));
        webhook.event_types = event_types.to_vec();
        self.app.store.save_webhook(Change::silent(webhook), PER_PORTAL_MAX).await.unwrap();
        id
    }

    async fn webhooks(&self) -> Webhooks {
        let partner = self.app.partner.portal_id;
        let complete = &[EventType::EnrollmentComplete];
        let enrollments = &[EventType::EnrollmentCreate, EventType::EnrollmentComplete];
        let webhooks = Webhooks {
            healthy: self.webhook(partner, "Completions to the data warehouse", &EventType::ALL).await,
            failing: self.webhook(partner, "HR system (staging)", enrollments).await,
            paused: self.webhook(partner, "Badges", complete).await,
            gone: self.webhook(partner, "Old receiver of 2021", complete).await,
        };
        let off = self.webhook(partner, "Not in use", complete).await;
        self.status(&off, InactiveReason::Owner).await;
        self.webhook(self.app.customer.portal_id, "The customer's own", enrollments).await;
        let mut webhook = self.app.store.find_webhook(partner, &webhooks.healthy).await.unwrap().unwrap();
        let parse = |url: &str| WebhookUrl::parse(url, UrlPolicy::default()).unwrap();
        webhook.url =
            parse("https://ingest.warehouse.example.com/tenants/northwind/streams/learning-completions?format=json");
        webhook.integration_system_id = Some(self.say("int_AzuTsRz", NAME));
        webhook.oauth2 = Some(Oauth2Credentials {
            client_id: self.say("northwind-delivery", NAME),
            client_secret: Secret::restore("hidden".to_owned()),
            server_url: parse("https://login.warehouse.example.com/oauth2/token"),
            scope: Some(self.say("events:write", NAME)),
        });
        self.app.store.save_webhook(Change::silent(webhook), PER_PORTAL_MAX).await.unwrap();
        webhooks
    }

    async fn status(&self, id: &WebhookId, reason: InactiveReason) {
        let mut webhook = self.app.store.find_webhook(self.app.partner.portal_id, id).await.unwrap().unwrap();
        webhook.status = WebhookStatus::Inactive(reason);
        self.app.store.save_webhook(Change::silent(webhook), PER_PORTAL_MAX).await.unwrap();
    }

    async fn content(&self) -> Vec<LearningObjectId> {
        let partner = self.app.partner.portal_id;
        let mut ids = Vec::new();
        for title in TITLES {
            ids.push(self.app.content(partner, &self.say(title, 500)).await);
        }
        let found = self.app.store.find_learning_object(partner, &LearningObjectRef::Id(ids[0])).await;
        let mut lo = found.unwrap().unwrap();
        lo.description = self.say("What to do when it burns, in **three** steps.", 2_000);
        lo.external_id = Some(self.say("NW-0042", NAME));
        lo.topics = vec![self.say("Safety", 100), self.say("Onboarding", 100)];
        lo.language = Some("en-AU".to_owned());
        lo.replacements = ids[3..5].to_vec();
        lo.content = Some(Content::text(&self.say("## When it burns\n\nStay calm.", 2_000)).unwrap());
        self.app.store.save_learning_object(Change::silent(lo)).await.unwrap();
        self.app.store.save_library_items(self.app.customer.portal_id, &ids, self.app.clock.now()).await.unwrap();
        ids
    }

    async fn learners(&self, portal_id: PortalId, names: &[(&str, &str)]) -> Vec<UserAccountId> {
        let mut ids = Vec::new();
        for (n, (given, family)) in names.iter().enumerate() {
            let email = format!("learner-{n}@{portal_id}.example.com");
            let account = self.app.account(portal_id, &email, Role::Learner, PASSWORD).await;
            let stored = self.app.store.find_user_account(portal_id, account.id).await.unwrap();
            let mut account = stored.unwrap();
            account.given_name = self.say(given, NAME);
            account.family_name = self.say(family, NAME);
            account.external_user_id = Some(self.say("4711", NAME));
            ids.push(account.id);
            self.app.store.save_user_account(Change::silent(account)).await.unwrap();
        }
        ids
    }

    /// Learners complete, hour by hour, and the webhooks are told.
    async fn days(&self, webhooks: &Webhooks, content: &[LearningObjectId], learners: &[UserAccountId]) {
        let mut pairs = learners.iter().flat_map(|learner| content.iter().map(move |lo_id| (*learner, *lo_id)));
        for hour in 0..HOURS {
            for (learner, lo_id) in pairs.by_ref().take(hour as usize % 3) {
                self.app.enrollment(self.app.customer.portal_id, learner, lo_id, Status::Completed).await;
            }
            if hour == 4 {
                self.status(&webhooks.paused, InactiveReason::Paused).await;
            }
            self.attempt(webhooks, hour).await;
            self.app.clock.advance(HOUR);
        }
    }

    /// Attempts what is due, with what is to be expected of each webhook.
    async fn attempt(&self, webhooks: &Webhooks, hour: u32) {
        let now = self.app.clock.now();
        let lanes = self.app.webhooks().await.into_iter().map(|webhook| (webhook.id, 50)).collect();
        let request = LeaseRequest { lanes, now, expires_at: now + SignedDuration::from_secs(60) };
        let leases = self.app.store.lease_deliveries(&request).await.unwrap();
        let mut attempts = Vec::new();
        for (n, lease) in leases.into_iter().enumerate() {
            let retry = Next::Retry { at: now + HOUR };
            let (outcome, next) = if lease.webhook.id == webhooks.gone {
                (self.answer(410, "gone for good"), Next::Gone)
            } else if lease.webhook.id == webhooks.failing {
                let next = if lease.attempt_number > 5 { Next::Exhausted } else { retry };
                match (hour + n as u32) % 4 {
                    0 => (
                        self.answer(
                            503,
                            "{\"error\":\"upstream connect error: the staging database is being migrated\"}",
                        ),
                        next,
                    ),
                    1 => (self.failure(FailureKind::Timeout), next),
                    2 => (self.failure(FailureKind::NameResolution), next),
                    _ => (self.answer(401, "<html><body><h1>401 Unauthorized</h1></body></html>"), next),
                }
            } else if hour % 7 == 3 && n == 0 && lease.attempt_number == 1 {
                (self.answer(502, "bad gateway"), retry)
            } else {
                (self.answer(200, "ok"), Next::Delivered)
            };
            let took = SignedDuration::from_millis(23 + 91 * (n as i64 % 7));
            attempts.push(FinishedAttempt { lease, started_at: now, took, outcome, next });
        }
        self.app.store.finish_attempts(attempts, now).await.unwrap();
    }

    fn answer(&self, status: u16, body: &str) -> Outcome {
        let body = self.say(body, 4_000).into_bytes();
        let headers = if status < 300 { String::new() } else { format!("server: {}\n", self.say("nginx", 500)) };
        Outcome::Answered(Answer { status, retry_after: None, body, truncated: false, headers })
    }

    fn failure(&self, kind: FailureKind) -> Outcome {
        Outcome::Failed(Failure { kind, detail: self.say("hr.staging.example.com did not answer", 500) })
    }

    async fn enrollments(&self, portal_id: PortalId, learners: &[UserAccountId]) {
        for (n, learner) in learners.iter().enumerate() {
            let status = [Status::NotStarted, Status::InProgress][n % 2];
            let lo_id = self.app.content(portal_id, &self.say("Working at heights", 500)).await;
            let id = self.app.enrollment(portal_id, *learner, lo_id, status).await;
            if n < 2 {
                let core = |name: &str| format!("cmi.core.{name}");
                let values = [
                    (core("student_id"), self.say("u-4711", NAME)),
                    (core("student_name"), self.say("Lovelace, Ada", NAME)),
                    (core("lesson_status"), self.say("incomplete", NAME)),
                    ("cmi.suspend_data".to_owned(), self.say(&"0123456789abcdef".repeat(30), 4_000)),
                ];
                let values: Vec<(&str, &str)> =
                    values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                self.app.launch(portal_id, *learner, (lo_id, id), &values).await;
            }
        }
        // A name has no line breaks.
        let name = self.say("Cornerstone (production)", NAME).replace(char::is_control, " ");
        self.app.destination(portal_id, &name).await;
    }

    async fn retire(&self, content: &[LearningObjectId]) {
        let browser = self.app.administrator().await;
        let now = self.app.clock.now();
        let day =
            |days: i64| (now + HOUR * 24 * i32::try_from(days).unwrap()).strftime("%Y-%m-%dT%H:%M:%S").to_string();
        for (id, removed, retired) in [(content[0], 91, ""), (content[1], 120, "30"), (content[2], 200, "")] {
            let path = format!("/hub/{}/content/{id}/flag", self.app.partner.portal_id);
            let retired = if retired.is_empty() { String::new() } else { day(30) };
            let fields = [("removed_at", day(removed)), ("retired_at", retired)];
            let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            browser.submit(&path, &path, &fields).await.leads_to();
        }
    }

    async fn credentials(&self) {
        for (portal_id, owner, name, revoked) in [
            (self.app.partner.portal_id, &self.app.partner.administrator, "Nightly synchronisation", false),
            (self.app.partner.portal_id, &self.app.partner.administrator, "The old script", true),
            (self.app.customer.portal_id, &self.app.customer.administrator, "Contoso's own", false),
        ] {
            let now = self.app.clock.now();
            let client = OauthClient {
                id: ClientId::draw(&*self.app.random),
                portal_id,
                user_account_id: owner.id,
                name: self.say(name, 100),
                redirect_uri: Some(self.say("https://northwind.example.com/callback", 500)),
                secret_digest: Digest([7; 32]),
                scopes: Scopes::all(),
                created_at: now,
                revoked_at: revoked.then_some(now),
            };
            self.app.store.save_oauth_client(client).await.unwrap();
        }
    }

    /// What was done by other ways than by pages.
    async fn log(&self, webhooks: &Webhooks) {
        let (now, portal_id) = (self.app.clock.now(), self.app.partner.portal_id);
        let noted = |action, name: &str| {
            Noted::done(action, portal_id, &webhooks.healthy, now)
                .named(Some(self.say(name, NAME)))
                .with("reason", self.say("A change of plans", NAME))
        };
        let account = &self.app.partner.administrator;
        let id = ClientId::draw(&*self.app.random);
        for (actor, channel, action) in [
            (Actor::operator(&self.say("operations", 80)), Channel::Cli, Action::UserAccountPassword),
            (Actor::Client { id, portal_id, user_account_id: account.id }, Channel::Api, Action::WebhookUpdate),
            (Actor::Unknown, Channel::Hub, Action::UserAccountSignInRefused),
        ] {
            let entry = Entry { actor, channel, noted: noted(action, "Completions") };
            self.app.store.save_audit_entry(entry).await.unwrap();
        }
        let browser = self.app.administrator().await;
        let path = format!("/hub/{portal_id}/webhooks/{}", webhooks.failing);
        let name = self.say("HR system, staging", NAME);
        let fields = [
            ("name", name.as_str()),
            ("url", "https://hr.staging.example.com/hook"),
            ("event_types", "enrollment.complete"),
            ("rate_limit", "5"),
        ];
        browser.submit(&format!("{path}/edit"), &format!("{path}/edit"), &fields).await.leads_to();
        browser.submit(&path, &format!("{path}/secret"), &[]).await.leads_to();
    }

    /// A test, a replay, and events whose deliveries are under way.
    async fn last(&self, webhooks: &Webhooks) {
        let (now, portal_id) = (self.app.clock.now(), self.app.partner.portal_id);
        let event = Event {
            id: EventId::draw(&*self.app.random as &dyn Random),
            event_type: EventType::EnrollmentComplete,
            portal_id,
            subject_id: 1,
            data: format!("{{\"id\":\"1\",\"said\":{}}}", serde_json::json!(self.say("a sample", 4_000))),
            occurred_at: now,
            deadline_at: None,
            is_test: true,
        };
        self.app.store.save_test(&webhooks.healthy, event, now).await.unwrap();
        let Webhooks { healthy, failing, paused, gone } = webhooks;
        for (scope, webhook_id) in [
            (ReplayScope::Failed, failing),
            (ReplayScope::All, healthy),
            (ReplayScope::All, paused),
            (ReplayScope::All, gone),
        ] {
            let replay = Replay {
                id: ReplayId::draw(&*self.app.random as &dyn Random),
                portal_id,
                webhook_id: webhook_id.clone(),
                scope,
                since: now - HOUR * 20,
                deliveries: 0,
                finished_at: None,
                created_by: self.app.partner.administrator.id,
                created_at: now,
            };
            self.app.store.save_replay(replay).await.unwrap();
        }
        while self.app.store.expand_replays(10, now).await.unwrap() {}
    }
}

const CUSTOMERS: [&str; 11] = [
    "Adventure Works",
    "Fabrikam Verkehrsinfrastrukturgesellschaft für Nordrhein-Westfalen mbH & Co. KG",
    "株式会社リテール",
    "שלום Learning",
    "<script>alert(1)</script>",
    "Litware",
    "Proseware",
    "Tailspin Toys",
    "Wide World Importers",
    "Zoë’s Café",
    // The latest stands first.
    "WOODGROVEBANKWITHOUTANYSPACEINITSNAMEWHICHISLONGERTHANAPHONEISWIDE",
];
const CUSTOMERS_LEARNERS: [(&str, &str); 5] = [
    ("Grace", "Hopper"),
    ("Wolfeschlegelsteinhausenbergerdorff", "von und zu Guttenberg-Hohenzollern"),
    ("明", "山田"),
    ("Zoë", "O’Neill"),
    ("\"><img src=x onerror=alert(1)>", ""),
];
const PARTNERS_LEARNERS: [(&str, &str); 2] = [("Katherine", "Johnson"), ("Mary", "Jackson")];
const TITLES: [&str; 7] = [
    "Fire safety for everybody in the building, with the answers of the fire brigade to what is asked most",
    "Data protection in retail",
    "Manual handling",
    "Fire safety 2023",
    "Fire safety: the essentials",
    "Anti-money laundering",
    "</textarea><script>alert(1)</script>",
];
