//! What every handler is given.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::ops::Deref;
use std::sync::Arc;

use axum::extract::ConnectInfo;
use axum::http::{Extensions, HeaderMap};
use domain::clock::Clock;
use domain::oauth::Digest;
use domain::play::SECRET_LENGTH;
use domain::random::Random;
use jiff::Timestamp;
use store::Store;
use store::keyring::Keyring;

use crate::door::Door;
use crate::limit::Limits;

/// Finds out which address a request comes from.
pub type AddressOf = Arc<dyn Fn(&HeaderMap, &Extensions) -> Option<IpAddr> + Send + Sync>;

/// The state of the player. Cloning it is cheap: all clones share everything.
#[derive(Clone)]
pub struct Player(Arc<Parts>);

/// What the clones share.
pub struct Parts {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) settings: Settings,
    pub(crate) limits: Limits,
    pub(crate) door: Door,
}

/// What the operator decides.
#[derive(Clone)]
pub struct Settings {
    /// Where the player is reached from outside, an origin without a slash at its end.
    pub public_url: String,
    /// Which address a request comes from: behind a proxy it is not that of the connection.
    pub address_of: AddressOf,
}

impl Settings {
    /// Reached at that origin, with no proxy before it.
    pub fn new(public_url: impl Into<String>) -> Self {
        let address_of: AddressOf = Arc::new(|_, extensions| {
            let ConnectInfo(peer) = extensions.get::<ConnectInfo<SocketAddr>>()?;
            Some(peer.ip())
        });
        Settings { public_url: public_url.into(), address_of }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("public_url", &self.public_url).finish_non_exhaustive()
    }
}

impl Deref for Player {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Player {
    /// The player over a store.
    pub fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        keyring: Arc<Keyring>,
        settings: Settings,
    ) -> Self {
        let (limits, door) = (Limits::default(), Door::default());
        Player(Arc::new(Parts { store, clock, random, keyring, settings, limits, door }))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A new secret, and what is stored of it.
    pub(crate) fn draw(&self, purpose: &str) -> (String, Digest) {
        let text = self.random.alphanumeric(SECRET_LENGTH);
        let digest = self.keyring.digest(purpose, &text);
        (text, digest)
    }
}
