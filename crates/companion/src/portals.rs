//! One client of the platform for each portal, with that portal's own credentials (contract, section 6).

use std::collections::HashMap;

use client::platform::Platform;
use client::platform::config::{Config, ConfigError};
use client::platform::retry::RetryPolicy;

use crate::config::{Settings, SettingsError};

/// The platform as each portal sees it. They share connections, not tokens.
pub(crate) struct Portals(HashMap<String, Platform>);

impl Portals {
    pub(crate) fn new(settings: &Settings) -> Result<Self, SettingsError> {
        let config = named("platform_url", Config::new(&settings.platform_url, "", ""))?;
        let config = match &settings.auth_url {
            None => config,
            Some(url) => named("auth_url", config.with_auth_url(url))?,
        };
        let config = match &settings.v2_url {
            None => config,
            Some(url) => named("v2_url", config.with_v2_url(url))?,
        };
        // Patience is the inbox's: it survives a restart.
        let once = RetryPolicy { attempts_max: 1, ..RetryPolicy::default() };
        let config = config.with_retry(once).with_timeout(settings.limits.fetch());
        let platform = named("platform_url", Platform::new(config))?;
        let portals = settings.portals.iter().map(|portal| {
            let platform = platform.with_credentials(&portal.client_id, portal.client_secret.expose());
            (portal.portal_id.clone(), platform)
        });
        Ok(Portals(portals.collect()))
    }

    pub(crate) fn find(&self, portal_id: &str) -> Option<&Platform> {
        self.0.get(portal_id)
    }
}

fn named<T>(field: &str, result: Result<T, ConfigError>) -> Result<T, SettingsError> {
    result.map_err(|error| SettingsError { field: field.to_owned(), problem: error.to_string() })
}
