//! What every handler is given.

use std::ops::Deref;
use std::sync::Arc;

use domain::clock::Clock;
use domain::random::Random;
use domain::webhook::{PER_PORTAL_MAX, UrlPolicy};
use jiff::Timestamp;
use scorm::schemas::Schemas;
use store::Store;
use store::keyring::Keyring;

use crate::door::Door;
use crate::idempotency::UnderWay;
use crate::limit::{LimitSettings, Limits};
use crate::token_cache::TokenCache;
use crate::upload::Uploads;

/// The longest package that may be uploaded, packed, unless the operator says otherwise.
pub const PACKAGE_BYTES_MAX: usize = 100 * 1024 * 1024;
/// How long all packages of a portal may be together, unpacked, unless the operator says otherwise.
pub const PACKAGES_PER_PORTAL_BYTES_MAX: u64 = 50 * 1024 * 1024 * 1024;

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
    pub(crate) uploads: Uploads,
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
    /// The longest package that may be uploaded, packed.
    pub package_bytes_max: usize,
    /// How long all packages of a portal may be together, unpacked.
    pub packages_per_portal_bytes_max: u64,
    /// How often callers may ask.
    pub limits: LimitSettings,
    /// Where learners play, an origin without a slash at its end: packages and login links lead there.
    pub player_url: String,
    /// What packages carry along for LMSs that insist on it.
    pub schemas: Arc<Schemas>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            url_policy: UrlPolicy::default(),
            webhooks_per_portal_max: PER_PORTAL_MAX,
            body_bytes_max: 1024 * 1024,
            package_bytes_max: PACKAGE_BYTES_MAX,
            packages_per_portal_bytes_max: PACKAGES_PER_PORTAL_BYTES_MAX,
            limits: LimitSettings::default(),
            player_url: "http://127.0.0.1:8422".to_owned(),
            schemas: Arc::default(),
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
            uploads: Uploads::default(),
        }))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
