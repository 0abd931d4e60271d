//! The receiving application.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use companion::config::{Portal, Settings};
use serde::{Deserialize, Serialize, Serializer};

/// The inbox's file in the data folder.
const INBOX: &str = "companion.db";

/// Section `[companion]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CompanionSection {
    /// Where webhooks are received. Default: `127.0.0.1:8421`.
    pub(crate) listen: SocketAddr,
    /// Where `/completions` and `/inbox` are served. Default: with the webhooks.
    pub(crate) api_listen: Option<SocketAddr>,
    /// What readers of those send as `Authorization: Bearer …`. Default: none, which will do on loopback only.
    pub(crate) api_token: Option<Hidden>,
    /// Where the platform is. Default: `http://127.0.0.1:8420`.
    pub(crate) platform_url: String,
    /// The secrets of the webhook, any of which may have signed. Default: none, which is refused.
    pub(crate) secrets: Vec<Hidden>,
    /// Believe whoever knows the address, for a webhook without a secret. Default: no.
    pub(crate) accept_unsigned: bool,
    /// How far the time of a signature may lie from the clock, either way, in seconds. Default: 300.
    pub(crate) tolerance_s: u32,
    /// Where webhooks are posted to. Default: `/webhooks`.
    pub(crate) webhook_path: String,
    /// The credentials of each portal whose events are fetched. Default: none.
    pub(crate) portals: Vec<PortalCredentials>,
}

/// The credentials of one portal. Fields that are not needed are ignored, so that what `sandbox --json` prints will do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct PortalCredentials {
    /// The portal, as events name it.
    pub(crate) portal_id: String,
    /// Its OAuth client.
    pub(crate) client_id: String,
    /// The secret of that client.
    pub(crate) client_secret: Hidden,
}

/// A text that is read and never shown.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(transparent)]
pub(crate) struct Hidden(pub(crate) String);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hidden(…)")
    }
}

impl Serialize for Hidden {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("(hidden)")
    }
}

impl Default for CompanionSection {
    fn default() -> Self {
        let settings = Settings::new("", "http://127.0.0.1:8420");
        CompanionSection {
            listen: SocketAddr::from(([127, 0, 0, 1], 8421)),
            api_listen: None,
            api_token: None,
            platform_url: settings.platform_url,
            secrets: Vec::new(),
            accept_unsigned: settings.accept_unsigned,
            tolerance_s: settings.tolerance_seconds,
            webhook_path: settings.webhook_path,
            portals: Vec::new(),
        }
    }
}

impl CompanionSection {
    /// What the companion is told, its inbox in the data folder.
    pub(crate) fn settings(&self, data: &Path) -> Settings {
        let mut settings = Settings::new(data.join(INBOX), self.platform_url.clone());
        settings.api_listen = self.api_listen;
        settings.api_token = self.api_token.clone().map(|token| token.0.into());
        settings.secrets = self.secrets.iter().map(|secret| secret.0.clone().into()).collect();
        settings.accept_unsigned = self.accept_unsigned;
        settings.tolerance_seconds = self.tolerance_s;
        settings.webhook_path = self.webhook_path.clone();
        settings.portals = self.portals.iter().map(PortalCredentials::settings).collect();
        settings
    }

    /// Adds the credentials in a JSON file: a list of them, or what `sandbox --json` printed, whose customers are taken.
    pub(crate) fn add_portals(&mut self, path: &PathBuf) -> Result<()> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum File {
            List(Vec<PortalCredentials>),
            Sandbox { partner: PortalCredentials, customers: Vec<PortalCredentials> },
        }
        let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        let file = serde_json::from_str(&text).with_context(|| {
            let wanted =
                "a JSON list of {portal_id, client_id, client_secret}, or what `schoolbell sandbox --json` printed";
            format!("reading {}, which should hold {wanted}", path.display())
        })?;
        match file {
            File::List(portals) => self.portals.extend(portals),
            File::Sandbox { partner, customers } => self.portals.extend(std::iter::once(partner).chain(customers)),
        }
        Ok(())
    }
}

impl PortalCredentials {
    fn settings(&self) -> Portal {
        Portal {
            portal_id: self.portal_id.clone(),
            client_id: self.client_id.clone(),
            client_secret: self.client_secret.0.clone().into(),
        }
    }
}
