//! What every handler is given.

use std::ops::Deref;
use std::sync::Arc;

use domain::clock::Clock;
use domain::random::Random;
use domain::webhook::{PER_PORTAL_MAX, UrlPolicy};
use jiff::Timestamp;
use store::Store;
use store::keyring::Keyring;

use crate::door::Door;
use crate::idempotency::UnderWay;
use crate::limit::{LimitSettings, Limits};
use crate::token_cache::TokenCache;

/// The state of the API. Cloning it is cheap: all clones share everything.
#[derive(Clone)]
pub struct Gateway(Arc<Parts>);

/// What the clones share: behind one pointer, because every layer and handler of a request has one.
pub struct Parts {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) settings: Settings,
    pub(crate) tokens: TokenCache,
    pub(crate) limits: Limits,
    pub(crate) under_way: UnderWay,
    pub(crate) door: Door,
}

/// What the operator decides.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Which addresses webhooks may have (decision 19).
    pub url_policy: UrlPolicy,
    /// How many webhooks a portal may have (decision 18).
    pub webhooks_per_portal_max: usize,
    /// The longest body of a request.
    pub body_bytes_max: usize,
    /// How often callers may ask.
    pub limits: LimitSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            url_policy: UrlPolicy::default(),
            webhooks_per_portal_max: PER_PORTAL_MAX,
            body_bytes_max: 1024 * 1024,
            limits: LimitSettings::default(),
        }
    }
}

impl Deref for Gateway {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Gateway {
    /// The API over a store.
    pub fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        keyring: Arc<Keyring>,
        settings: Settings,
    ) -> Self {
        Gateway(Arc::new(Parts {
            store,
            clock,
            random,
            keyring,
            limits: Limits::new(&settings.limits),
            settings,
            tokens: TokenCache::default(),
            under_way: UnderWay::default(),
            door: Door::default(),
        }))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
