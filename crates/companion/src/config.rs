//! What a companion is told: by the operator ([`Settings`]) and by the program that runs it ([`Config`]).
//!
//! Where settings come from (a file, the environment, flags) is the program's business.

pub mod retirement;

use std::collections::HashSet;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use client::verify::Verifier;
use contract::signature::TOLERANCE;
use jiff::{SignedDuration, Timestamp};
use mail::message::Mailbox;
use mail::smtp::Smtp;
use serde::Deserialize;
use tokio::sync::mpsc;

use crate::config::retirement::RetirementSettings;
use crate::http::RESERVED_PATHS;
use crate::learner::DetailsFrom;
use crate::learner::selector::Selector;
use crate::step::Step;

/// Tells the time. The program hands over the system's; tests hand over one that they move.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Fills a buffer with bytes that nobody can guess. The program hands over the system's.
pub type Random = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// Everything that a companion needs.
#[derive(Clone)]
pub struct Config {
    /// What the operator decides.
    pub settings: Settings,
    /// What time it is.
    pub clock: Clock,
    /// Where secrets come from: of links in mails, and of the addresses of calendars.
    pub random: Random,
    /// Told each step as it happens, for showing it to people. A channel that is full misses steps, which are counted;
    /// nothing waits for it. What counts is in the inbox.
    pub steps: Option<mpsc::Sender<Step>>,
}

/// What the operator decides. Unknown keys are refused.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The SQLite file of the inbox; made if there is none. Its folder must exist.
    pub database: PathBuf,
    /// Where the platform is, all of its APIs at one address: `https://bell.example`.
    pub platform_url: String,
    /// Where the platform gives out tokens, if not there.
    #[serde(default)]
    pub auth_url: Option<String>,
    /// Where its V2 is, version included, if not there: `https://api.example.com/v2`.
    #[serde(default)]
    pub v2_url: Option<String>,
    /// The webhook's secrets; any of them may have signed, so that they can be rotated.
    #[serde(default)]
    pub secrets: Vec<Secret>,
    /// Believe whoever knows the address: for a webhook that has no secret, and only with `secrets` empty. What an event
    /// says is recorded only if the platform confirms it, but anybody can fill the disk. Default: false.
    #[serde(default)]
    pub accept_unsigned: bool,
    /// How far the time of a signature may lie from the clock, either way, in seconds. Default: 300.
    #[serde(default = "default_tolerance_seconds")]
    pub tolerance_seconds: u32,
    /// Where webhooks are posted to. Default: `/webhooks`.
    #[serde(default = "default_webhook_path")]
    pub webhook_path: String,
    /// The portals whose events are fetched, each with its own credentials: a partner's are refused for its customers'.
    #[serde(default)]
    pub portals: Vec<Portal>,
    /// Where it is read who completed, in portals that do not say: `enrollment`, `learning-activity` or `both`. Default:
    /// `enrollment`.
    #[serde(default)]
    pub details_from: DetailsFrom,
    /// Which field of a learning activity carries your own id of the learner, in portals that do not say:
    /// `cmi.core.student_id`, also for what SCORM 2004 calls `cmi.learner_id`; `cmi.launch_data:ref` for the `ref` in
    /// `lo=741712;portal=11861197;ref=HR-42`; or any other field, by the name that the LMS gave it. Default:
    /// `cmi.core.student_id`.
    #[serde(default)]
    pub external_id_from: Selector,
    /// A separate address for the reader API (`/completions`, `/inbox`). Default: it shares the receiver's.
    #[serde(default)]
    pub api_listen: Option<SocketAddr>,
    /// What readers send as `Authorization: Bearer …`. Without one the reader API must be on loopback. Default: none.
    #[serde(default)]
    pub api_token: Option<Secret>,
    /// What is done about content that ends.
    #[serde(default)]
    pub retirement: RetirementSettings,
    /// By which server mail is sent. It is not read from a file: the program makes it. Default: none, and then nobody is told.
    #[serde(skip)]
    pub mail: Option<MailSettings>,
    /// How much at most.
    #[serde(default)]
    pub limits: Limits,
}

/// How mail is sent.
#[derive(Clone, Debug)]
pub struct MailSettings {
    /// The server.
    pub smtp: Smtp,
    /// Who writes.
    pub from: Mailbox,
}

/// The credentials of one portal, and what differs in it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Portal {
    /// The portal, as events name it in `data.portal_id`.
    pub portal_id: String,
    /// Its OAuth client.
    pub client_id: String,
    /// That client's secret.
    pub client_secret: Secret,
    /// Where it is read who completed. Default: as for all portals.
    #[serde(default)]
    pub details_from: Option<DetailsFrom>,
    /// Which field of a learning activity carries your own id of the learner. Default: as for all portals.
    #[serde(default)]
    pub external_id_from: Option<Selector>,
}

/// How much at most, of what others can make grow.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// The longest body of a webhook, in bytes; a longer one is refused with 413. Default: 64 KiB.
    pub body_bytes_max: usize,
    /// How many enrollments are fetched at the same time. Default: 8.
    pub fetches_max: usize,
    /// How many connections are open at the same time on one listener; further ones wait. Default: 1024.
    pub connections_max: usize,
    /// How long a request may take, first its head and then all of it, in milliseconds. Default: 10,000.
    pub request_ms: u64,
    /// How long a call to the platform may take, in milliseconds. Default: 10,000.
    pub fetch_ms: u64,
    /// How long what was begun may take to finish after `shutdown`, in milliseconds. Default: 10,000.
    pub stop_ms: u64,
}

/// A text that is not shown.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

/// A setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct SettingsError {
    /// Which one.
    pub field: String,
    /// What is wrong with it.
    pub problem: String,
}

fn default_tolerance_seconds() -> u32 {
    TOLERANCE.as_secs().try_into().expect("the tolerance is five minutes")
}

fn default_webhook_path() -> String {
    "/webhooks".to_owned()
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            body_bytes_max: 64 * 1024,
            fetches_max: 8,
            connections_max: 1024,
            request_ms: 10_000,
            fetch_ms: 10_000,
            stop_ms: 10_000,
        }
    }
}

impl Limits {
    pub(crate) fn request(&self) -> Duration {
        Duration::from_millis(self.request_ms)
    }

    pub(crate) fn fetch(&self) -> Duration {
        Duration::from_millis(self.fetch_ms)
    }

    pub(crate) fn stop(&self) -> Duration {
        Duration::from_millis(self.stop_ms)
    }
}

impl Settings {
    /// Settings with every default: neither a secret, which must be added, nor a portal.
    pub fn new(database: impl Into<PathBuf>, platform_url: impl Into<String>) -> Self {
        Settings {
            database: database.into(),
            platform_url: platform_url.into(),
            auth_url: None,
            v2_url: None,
            secrets: Vec::new(),
            accept_unsigned: false,
            tolerance_seconds: default_tolerance_seconds(),
            webhook_path: default_webhook_path(),
            portals: Vec::new(),
            details_from: DetailsFrom::default(),
            external_id_from: Selector::default(),
            api_listen: None,
            api_token: None,
            retirement: RetirementSettings::default(),
            mail: None,
            limits: Limits::default(),
        }
    }

    /// Whether these settings can be used, as far as can be told without the database and the network.
    ///
    /// # Errors
    ///
    /// The first setting that cannot be used, and why.
    pub fn check(&self) -> Result<(), SettingsError> {
        self.verifier()?;
        check_path(&self.webhook_path)?;
        check_portals(&self.portals)?;
        crate::portals::Portals::new(self)?;
        self.retirement.check(self.mail.is_some())?;
        if self.api_token.as_ref().is_some_and(|token| token.expose().is_empty()) {
            return refuse("api_token", "it is empty");
        }
        let Limits { body_bytes_max, fetches_max, connections_max, request_ms, fetch_ms, stop_ms: _ } = self.limits;
        for (field, limit) in [
            ("limits.body_bytes_max", body_bytes_max as u64),
            ("limits.fetches_max", fetches_max as u64),
            ("limits.connections_max", connections_max as u64),
            ("limits.request_ms", request_ms),
            ("limits.fetch_ms", fetch_ms),
        ] {
            if limit == 0 {
                return refuse(field, "with 0 nothing would ever happen");
            }
        }
        Ok(())
    }

    /// Whether the reader API may be served at `address`: what it tells names people.
    ///
    /// # Errors
    ///
    /// Without a token, when others than this machine reach the address.
    pub fn check_api_at(&self, address: SocketAddr) -> Result<(), SettingsError> {
        if self.api_token.is_some() || address.ip().is_loopback() {
            return Ok(());
        }
        let problem = format!(
            "/completions, /people and /retirements would be open to everybody who reaches {address}: set api_token, or give \
             them a loopback address of their own with api_listen"
        );
        refuse("api_token", &problem)
    }

    pub(crate) fn verifier(&self) -> Result<Verifier, SettingsError> {
        let verifier = match (self.secrets.is_empty(), self.accept_unsigned) {
            (false, false) => Verifier::new(self.secrets.iter().map(Secret::expose))
                .or_else(|error| refuse("secrets", &error.to_string()))?,
            (true, true) => Verifier::dangerously_accept_anything(),
            (true, false) => {
                return refuse(
                    "secrets",
                    "there is none: give the webhook's secret, or set accept_unsigned if it has none",
                );
            }
            (false, true) => return refuse("accept_unsigned", "it does not go together with secrets"),
        };
        Ok(verifier.with_tolerance(SignedDuration::from_secs(self.tolerance_seconds.into())))
    }
}

impl Portal {
    /// A portal in which nothing differs.
    pub fn new(portal_id: impl Into<String>, client_id: impl Into<String>, client_secret: impl Into<Secret>) -> Self {
        Portal {
            portal_id: portal_id.into(),
            client_id: client_id.into(),
            client_secret: client_secret.into(),
            details_from: None,
            external_id_from: None,
        }
    }
}

fn refuse<T>(field: &str, problem: &str) -> Result<T, SettingsError> {
    Err(SettingsError { field: field.to_owned(), problem: problem.to_owned() })
}

fn check_path(path: &str) -> Result<(), SettingsError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
    let segments = path.strip_prefix('/').map(|rest| rest.split('/'));
    if !segments.is_some_and(|mut segments| segments.all(|segment| !segment.is_empty() && segment.chars().all(plain))) {
        return refuse("webhook_path", "it must be like /webhooks: letters, digits, -._~ and single slashes");
    }
    let is_reserved = |reserved: &str| path == reserved || path.starts_with(&format!("{reserved}/"));
    if RESERVED_PATHS.into_iter().any(is_reserved) {
        return refuse("webhook_path", "something else is served there");
    }
    Ok(())
}

fn check_portals(portals: &[Portal]) -> Result<(), SettingsError> {
    let mut seen = HashSet::new();
    for (index, Portal { portal_id, client_id, client_secret, .. }) in portals.iter().enumerate() {
        for (name, value) in
            [("portal_id", portal_id.as_str()), ("client_id", client_id), ("client_secret", client_secret.expose())]
        {
            if value.is_empty() {
                return refuse(&format!("portals[{index}].{name}"), "it is empty");
            }
        }
        if !seen.insert(portal_id) {
            return refuse(&format!("portals[{index}].portal_id"), &format!("{portal_id:?} is given twice"));
        }
    }
    Ok(())
}

impl Secret {
    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl<S: Into<String>> From<S> for Secret {
    fn from(text: S) -> Self {
        Secret(text.into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests;
