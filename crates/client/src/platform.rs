//! Typed calls to the platform, with the credentials of one portal.
//!
//! A [`Platform`] keeps a token and renews it, repeats what may be repeated when the platform is busy or away, and
//! turns every answer into a type or into an [`Error`] that says what a caller can do about it. It stores nothing and
//! knows nothing of webhooks that arrive.

use std::fmt;
use std::sync::Arc;

pub mod audit;
mod call;
pub mod config;
pub mod delivery;
mod destination;
pub mod enrollment;
pub mod error;
pub mod event;
mod learning_object;
pub mod notice;
pub mod package;
mod portal;
pub mod retry;
mod token;
pub mod v2;
mod webhook;

use crate::platform::config::{Config, ConfigError};
use crate::platform::error::Error;
use crate::platform::token::TokenCache;

/// The platform, as one OAuth client of one portal sees it.
///
/// Cheap to clone: clones share the connections and the token.
#[derive(Clone)]
pub struct Platform {
    config: Arc<Config>,
    http: reqwest::Client,
    token: Arc<TokenCache>,
}

impl Platform {
    /// Prepares for calls; makes none yet.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        let mut http = reqwest::Client::builder()
            .user_agent(concat!("schoolbell-client/", env!("CARGO_PKG_VERSION")))
            .timeout(config.timeout)
            // A redirect would carry the token to a place that nobody configured.
            .redirect(reqwest::redirect::Policy::none());
        if config.is_local() {
            // A proxy that the environment names leads outwards.
            http = http.no_proxy();
        }
        let http = http.build().map_err(|error| ConfigError::Http(Box::new(error)))?;
        Ok(Platform { config: Arc::new(config), http, token: Arc::default() })
    }

    /// The same platform with other credentials: its own token, the same connections. For partners, who call with the
    /// credentials of the customer portal that an event names.
    #[must_use]
    pub fn with_credentials(&self, client_id: &str, client_secret: &str) -> Self {
        let config = self.config.as_ref().clone().with_credentials(client_id, client_secret);
        Platform { config: Arc::new(config), http: self.http.clone(), token: Arc::default() }
    }

    /// A token that is good now, for instance to see whether the credentials are.
    pub async fn access_token(&self) -> Result<String, Error> {
        self.token.get(self).await.map(|access| access.text)
    }
}

/// Neither credentials nor the token are shown.
impl fmt::Debug for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Platform").field("config", &self.config).finish_non_exhaustive()
    }
}
