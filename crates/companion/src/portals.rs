//! One client of the platform for each portal, with that portal's own credentials (contract, section 6), and what differs in it.

use std::collections::HashMap;

use client::platform::Platform;
use client::platform::config::{Config, ConfigError};
use client::platform::retry::RetryPolicy;

use crate::config::{Settings, SettingsError};
use crate::learner::DetailsFrom;
use crate::learner::selector::Selector;

/// The platform as each portal sees it. They share connections, not tokens.
pub(crate) struct Portals(HashMap<String, Portal>);

/// One portal.
pub(crate) struct Portal {
    pub(crate) platform: Platform,
    /// Where it is read who completed in it.
    pub(crate) details_from: DetailsFrom,
    /// Where a learning activity has the integrator's own id.
    pub(crate) external_id_from: Selector,
}

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
            let known = Portal {
                platform: platform.with_credentials(&portal.client_id, portal.client_secret.expose()),
                details_from: portal.details_from.unwrap_or(settings.details_from),
                external_id_from: portal.external_id_from.as_ref().unwrap_or(&settings.external_id_from).clone(),
            };
            (portal.portal_id.clone(), known)
        });
        Ok(Portals(portals.collect()))
    }

    pub(crate) fn find(&self, portal_id: &str) -> Option<&Portal> {
        self.0.get(portal_id)
    }
}

fn named<T>(field: &str, result: Result<T, ConfigError>) -> Result<T, SettingsError> {
    result.map_err(|error| SettingsError { field: field.to_owned(), problem: error.to_string() })
}
