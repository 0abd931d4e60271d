//! What every page is given.

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;

use axum::http::{Extensions, HeaderMap};
use domain::clock::Clock;
use domain::password::Cost;
use domain::random::Random;
use domain::webhook::{PER_PORTAL_MAX, UrlPolicy};
use jiff::Timestamp;
use scorm::schemas::Schemas;
use store::Store;
use store::keyring::Keyring;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::live::Streams;
use crate::sign_in::check::Hashing;
use crate::sign_in::limit::SignInLimit;

/// How many pages are made at once; for one more there is no place, and it is said so.
const PAGES_AT_ONCE: usize = 128;

/// Says where a request comes from, behind the proxies that the operator trusts. None if that is not known.
pub type Origin = Arc<dyn Fn(&HeaderMap, &Extensions) -> Option<IpAddr> + Send + Sync>;

/// The state of the Hub. Cloning it is cheap: all clones share everything.
#[derive(Clone)]
pub struct Hub(Arc<Parts>);

/// What the clones share.
pub struct Parts {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) settings: Settings,
    pub(crate) sign_in_limit: SignInLimit,
    pub(crate) hashing: Hashing,
    pub(crate) streams: Streams,
    pub(crate) places: Arc<Semaphore>,
}

/// What the operator decides.
#[derive(Clone)]
pub struct Settings {
    /// Which addresses webhooks may have (decision 19).
    pub url_policy: UrlPolicy,
    /// How many webhooks a portal may have (decision 18).
    pub webhooks_per_portal_max: usize,
    /// What computing the hash of a password takes.
    pub password_cost: Cost,
    /// Where packages find the player, without a slash at its end.
    pub player_url: String,
    /// What packages carry along for LMSs that insist on it.
    pub schemas: Arc<Schemas>,
    /// Where requests come from.
    pub origin: Origin,
    /// Cancelled when the platform stops: what is streamed ends then.
    pub ending: CancellationToken,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            url_policy: UrlPolicy::default(),
            webhooks_per_portal_max: PER_PORTAL_MAX,
            password_cost: Cost::USUAL,
            player_url: "http://127.0.0.1:8422".to_owned(),
            schemas: Arc::default(),
            origin: Arc::new(|_, _| None),
            ending: CancellationToken::new(),
        }
    }
}

impl Deref for Hub {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Hub {
    /// The Hub over a store.
    pub fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        keyring: Arc<Keyring>,
        settings: Settings,
    ) -> Self {
        Hub(Arc::new(Parts {
            store,
            clock,
            random,
            keyring,
            streams: Streams::new(settings.ending.clone()),
            settings,
            sign_in_limit: SignInLimit::default(),
            hashing: Hashing::default(),
            places: Arc::new(Semaphore::new(PAGES_AT_ONCE)),
        }))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
