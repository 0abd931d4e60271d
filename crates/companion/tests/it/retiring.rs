//! A world in which content ends: a mail server, an application that removes, an administrator, learners.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use companion::config::retirement::Administrator;
use companion::config::{MailSettings, Settings};
use contract::signature;
use http::{HeaderMap, StatusCode};
use hyper::body::Bytes;
use jiff::{SignedDuration, Timestamp};
use mail::message::Mailbox;
use mail::smtp::{SEND_FOR, Smtp, SmtpConfig, Tls};
use mail::testing::MailServer;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::world::{CUSTOMER, World};

/// The content that ends, and one that may take its place.
pub(crate) const FIRE: &str = "741712";
pub(crate) const OTHER: &str = "741713";
pub(crate) const FLAGGED: &str = "2022-03-29T01:29:36.000Z";
/// Three months later, a Wednesday.
pub(crate) const ENDS: &str = "2022-06-29T01:29:36.000Z";
/// The hours of a day at which tests look what is due: those at which something is, and some others.
const HOURS: [i64; 8] = [0, 1, 2, 8, 9, 11, 14, 20];
const HOOK_SECRET: &str = "hook-S3cret";

pub(crate) struct Retiring {
    pub(crate) world: World,
    pub(crate) mail: MailServer,
    pub(crate) hook: Hook,
    sent: usize,
}

/// The application: answers with the status that the test sets, and keeps what it was asked.
#[derive(Clone)]
pub(crate) struct Hook {
    pub(crate) url: String,
    state: Arc<Mutex<HookState>>,
}

struct HookState {
    status: u16,
    asked: Vec<(HeaderMap, Bytes)>,
}

/// A mail that the server took.
#[derive(Debug)]
pub(crate) struct Mail {
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) message_id: String,
    /// All of it, with what the transport broke put together again.
    pub(crate) content: String,
}

impl Hook {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/removals", listener.local_addr().unwrap());
        let hook = Hook { url, state: Arc::new(Mutex::new(HookState { status: 200, asked: Vec::new() })) };
        let router = Router::new().route("/removals", post(removals)).with_state(hook.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        hook
    }

    pub(crate) fn answers(&self, status: u16) {
        self.state.lock().unwrap().status = status;
    }

    /// What it was asked since the last call, each call signed as it should be at `now`.
    pub(crate) fn asked(&self, now: Timestamp) -> Vec<Value> {
        let asked = std::mem::take(&mut self.state.lock().unwrap().asked);
        let read = asked.into_iter().map(|(headers, body)| {
            let header = |name: &str| headers[name].to_str().unwrap();
            let signed = [header("webhook-id"), header("webhook-timestamp"), header("webhook-signature")];
            signature::verify_standard(signed, &body, &[HOOK_SECRET], now, SignedDuration::from_secs(1)).unwrap();
            let body: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body["id"], header("webhook-id"));
            body
        });
        read.collect()
    }
}

async fn removals(State(hook): State<Hook>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let mut state = hook.state.lock().unwrap();
    state.asked.push((headers, body));
    StatusCode::from_u16(state.status).unwrap()
}

pub(crate) fn administrator(email: &str, time_zone: &str) -> Administrator {
    Administrator { name: "Ada".into(), email: email.into(), time_zone: time_zone.into() }
}

impl Retiring {
    pub(crate) async fn begin() -> Self {
        Retiring::with(|_| ()).await
    }

    /// With a hook, unless `change` says otherwise.
    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let (mail, hook) = (MailServer::plain().await, Hook::start().await);
        let world = World::with(|settings| {
            settings.mail = Some(mail_settings(mail.port));
            settings.retirement.public_url = Some("https://bell.customer.example/".into());
            settings.retirement.administrators = vec![administrator("ada@customer.example", "UTC")];
            settings.retirement.removal_hook_url = Some(hook.url.clone());
            settings.retirement.removal_hook_secret = Some(HOOK_SECRET.into());
            change(settings);
        })
        .await;
        for (id, status) in [("1", "not-started"), ("2", "in-progress"), ("3", "completed")] {
            world.platform.learns(CUSTOMER, id, FIRE, status, "self-directed");
        }
        let content = [(FIRE, "Fire safety"), (OTHER, "Fire safety, again")];
        world.platform.script().content = content.map(|(id, title)| (id.to_owned(), title.to_owned())).into();
        // So that the hours of digests and learners are known from before.
        world.tend().await;
        Retiring { world, mail, hook, sent: 0 }
    }

    /// The same with a new companion, as after a stop.
    pub(crate) async fn restart(self, change: impl FnOnce(&mut Settings)) -> Self {
        Retiring { world: self.world.restart(change).await, ..self }
    }

    /// An event of content of [`CUSTOMER`].
    pub(crate) async fn tell(&self, event_id: &str, event_type: &str, event_time: &str, more: &str) {
        self.world.deliver(&content_event(CUSTOMER, FIRE, event_id, event_type, event_time, more)).await;
    }

    /// It ends at [`ENDS`].
    pub(crate) async fn flag(&self) {
        self.tell("e1", "content.decommission", FLAGGED, &format!(r#","remove_time":"{ENDS}""#)).await;
    }

    /// Does what is due at this time.
    pub(crate) async fn at(&self, time: &str) {
        self.world.set_clock(time);
        self.world.tend().await;
    }

    /// Goes on to `until` by the hours of [`HOURS`], and tells which mails were sent when: hour, addressee and subject.
    pub(crate) async fn until(&mut self, until: &str) -> Vec<String> {
        let until: Timestamp = until.parse().unwrap();
        let mut told = Vec::new();
        loop {
            let next = next_hour(self.world.now());
            if next > until {
                self.world.set_clock(&until.to_string());
                return told;
            }
            self.at(&next.to_string()).await;
            for mail in self.mails().await {
                told.push(format!("{} {} {}", next.strftime("%m-%d %H"), mail.to, mail.subject));
            }
        }
    }

    /// What was sent since the last call, by addressee.
    pub(crate) async fn mails(&mut self) -> Vec<Mail> {
        let notices = self.notices().await;
        let sent = notices.iter().filter(|notice| notice["state"] == "sent").count();
        let mut mails = Vec::new();
        for _ in self.sent..sent {
            mails.push(self.taken().await);
        }
        self.sent = sent;
        mails.sort_by(|one, other| one.to.cmp(&other.to));
        mails
    }

    /// The next mail that the server took.
    pub(crate) async fn taken(&mut self) -> Mail {
        let taken = self.mail.taken().await;
        let content = unbroken(&taken.content);
        let header = |name: &str| {
            let line = content.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            line.unwrap_or_else(|| panic!("{name} in {content}")).to_owned()
        };
        let [to] = taken.to.try_into().unwrap();
        Mail { to, subject: header("Subject"), message_id: header("Message-ID"), content }
    }

    pub(crate) async fn notices(&self) -> Vec<Value> {
        self.world.get("/retirements/notices?limit=500&days=0").await.body["notices"].as_array().unwrap().clone()
    }

    /// The one retirement there is.
    pub(crate) async fn one(&self) -> Value {
        self.world.get("/retirements/1").await.body
    }

    /// Runs a statement in the writer, as somebody with the file in hand could.
    pub(crate) async fn sql(&self, statement: &'static str) {
        let run = move |connection: &rusqlite::Connection| connection.execute_batch(statement);
        self.world.database.write(run).await.unwrap();
    }
}

pub(crate) fn mail_settings(port: u16) -> MailSettings {
    let config = SmtpConfig {
        host: "127.0.0.1".to_owned(),
        port,
        tls: Tls::None,
        credentials: None,
        hello: "bell.customer.example".to_owned(),
        authorities: None,
        send_for: SEND_FOR,
    };
    let from = Mailbox { name: Some("Schoolbell".to_owned()), address: "bell@customer.example".parse().unwrap() };
    MailSettings { smtp: Smtp::new(config).unwrap(), from }
}

pub(crate) fn content_event(
    portal_id: &str,
    lo_id: &str,
    event_id: &str,
    event_type: &str,
    event_time: &str,
    more: &str,
) -> String {
    format!(
        r#"{{"id":"{event_id}","event_type":"{event_type}","webhook_version":"3.0.0","sent":"{event_time}","attempt_number":1,"url":"https://your.webhook.endpoint.com","webhook_id":"wXyZ12345678","data":{{"id":"{lo_id}","portal_id":"{portal_id}","event_time":"{event_time}"{more}}}}}"#
    )
}

/// Header lines in one, and quoted-printable text without the line breaks of the transport.
fn unbroken(content: &str) -> String {
    let (headers, body) = content.split_once("\r\n\r\n").unwrap();
    let (headers, body) = (headers.replace("\r\n ", " "), body.replace("=\r\n", "").replace("=3D", "="));
    format!("{headers}\n\n{body}").replace("\r\n", "\n")
}

fn next_hour(now: Timestamp) -> Timestamp {
    let today = now.as_second() / 86_400 * 86_400;
    let hours = HOURS.into_iter().chain([24]).map(|hour| Timestamp::from_second(today + hour * 3600).unwrap());
    hours.into_iter().find(|at| *at > now).unwrap()
}
