//! The receiving application.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use companion::config::retirement::{Administrator, PortalNotices, RetirementSettings, Weekday};
use companion::config::{MailSettings, Portal, Settings, SettingsError};
use companion::learner::DetailsFrom;
use companion::learner::selector::Selector;
use serde::{Deserialize, Serialize, Serializer};

use crate::config::mail::MailSection;
use crate::config::without_value;

/// The inbox's file in the data folder.
const INBOX: &str = "companion.db";

/// Section `[companion]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CompanionSection {
    /// Where webhooks are received. Default: `127.0.0.1:8421`.
    pub(crate) listen: SocketAddr,
    /// Where `/completions`, `/people`, `/unmatched`, `/retirements` and `/inbox` are served. Default: with the webhooks.
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
    /// Where it is read who completed: `enrollment`, `learning-activity` or `both`. Default: `enrollment`.
    pub(crate) details_from: DetailsFrom,
    /// Which field of a learning activity carries your own id of the learner. Default: `cmi.core.student_id`.
    pub(crate) external_id_from: Selector,
    /// The credentials of each portal whose events are fetched, and what differs in it. Default: none.
    pub(crate) portals: Vec<PortalCredentials>,
    /// What is done about content that ends.
    pub(crate) retirement: RetirementSection,
}

/// Section `[companion.retirement]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RetirementSection {
    /// Where the receiver is reached from outside; links in mails begin with it. Default: none, and then no mail is
    /// sent.
    pub(crate) public_url: Option<String>,
    /// Who is told of every portal that does not name others, each with `name`, `email` and `time_zone`. Default: nobody.
    pub(crate) administrators: Vec<Administrator>,
    /// What differs in certain portals: `administrators`, `learner_notices` and `time_zone`. Default: nothing.
    pub(crate) portals: Vec<PortalNotices>,
    /// The day of the weekly digest. Default: `monday`.
    pub(crate) digest_weekday: Weekday,
    /// Its hour, 0 to 23, in the zone of whoever gets it. Default: 8.
    pub(crate) digest_hour: u8,
    /// When learners are told, in days before the content is removed here. Default: 30, 7 and 1.
    pub(crate) learner_thresholds_days: Vec<u16>,
    /// The hour at which they are, 0 to 23, in the zone of their portal. Default: 9.
    pub(crate) learner_hour: u8,
    /// Content that people must complete, besides what is assigned to them. Default: none.
    pub(crate) mandatory: Vec<String>,
    /// How long before its end content is removed here, in hours. Default: 24.
    pub(crate) removal_margin_h: u32,
    /// Where removals are asked for. Default: none, and then they wait to be fetched.
    pub(crate) removal_hook_url: Option<String>,
    /// What calls of the hook are signed with. Needed with it.
    pub(crate) removal_hook_secret: Option<Hidden>,
    /// Send no notice, only list which would be sent. Default: no.
    pub(crate) dry_run_notices: bool,
}

/// The credentials of one portal, and what differs in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PortalCredentials {
    /// The portal, as events name it.
    pub(crate) portal_id: String,
    /// Its OAuth client.
    pub(crate) client_id: String,
    /// The secret of that client.
    pub(crate) client_secret: Hidden,
    /// Where it is read who completed. Default: as in all portals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) details_from: Option<DetailsFrom>,
    /// Which field of a learning activity carries your own id of the learner. Default: as in all portals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) external_id_from: Option<Selector>,
}

/// The same in a JSON file. Fields that are not needed are ignored, so that what `sandbox --json` prints will do.
#[derive(Deserialize)]
struct PortalInFile {
    portal_id: String,
    client_id: String,
    client_secret: Hidden,
    details_from: Option<DetailsFrom>,
    external_id_from: Option<Selector>,
}

impl From<PortalInFile> for PortalCredentials {
    fn from(portal: PortalInFile) -> Self {
        let PortalInFile { portal_id, client_id, client_secret, details_from, external_id_from } = portal;
        PortalCredentials { portal_id, client_id, client_secret, details_from, external_id_from }
    }
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
            details_from: settings.details_from,
            external_id_from: settings.external_id_from,
            retirement: RetirementSection::default(),
        }
    }
}

impl Default for RetirementSection {
    fn default() -> Self {
        let settings = RetirementSettings::default();
        RetirementSection {
            public_url: settings.public_url,
            administrators: settings.administrators,
            portals: settings.portals,
            digest_weekday: settings.digest_weekday,
            digest_hour: settings.digest_hour,
            learner_thresholds_days: settings.learner_thresholds_days,
            learner_hour: settings.learner_hour,
            mandatory: settings.mandatory,
            removal_margin_h: settings.removal_margin_hours,
            removal_hook_url: settings.removal_hook_url,
            removal_hook_secret: None,
            dry_run_notices: settings.dry_run_notices,
        }
    }
}

impl RetirementSection {
    fn settings(&self) -> RetirementSettings {
        RetirementSettings {
            public_url: self.public_url.clone(),
            administrators: self.administrators.clone(),
            portals: self.portals.clone(),
            digest_weekday: self.digest_weekday,
            digest_hour: self.digest_hour,
            learner_thresholds_days: self.learner_thresholds_days.clone(),
            learner_hour: self.learner_hour,
            mandatory: self.mandatory.clone(),
            removal_margin_hours: self.removal_margin_h,
            removal_hook_url: self.removal_hook_url.clone(),
            removal_hook_secret: self.removal_hook_secret.clone().map(|secret| secret.0.into()),
            dry_run_notices: self.dry_run_notices,
        }
    }
}

impl CompanionSection {
    /// What the companion is told, its inbox in the data folder, mail sent by that server; or which key keeps it from running.
    pub(crate) fn checked(&self, data: &Path, mail: &MailSection) -> Result<Settings> {
        let mut settings = self.settings(data);
        // Every mail has links in it: without an address for them there is none.
        if self.retirement.public_url.is_some() {
            settings.mail = mail.mailer()?.map(|mailer| MailSettings { smtp: mailer.smtp, from: mailer.from });
        }
        settings.check().map_err(|error| named(&error))?;
        settings.check_api_at(self.api_listen.unwrap_or(self.listen)).map_err(|error| named(&error))?;
        Ok(settings)
    }

    fn settings(&self, data: &Path) -> Settings {
        let mut settings = Settings::new(data.join(INBOX), self.platform_url.clone());
        settings.api_listen = self.api_listen;
        settings.api_token = self.api_token.clone().map(|token| token.0.into());
        settings.secrets = self.secrets.iter().map(|secret| secret.0.clone().into()).collect();
        settings.accept_unsigned = self.accept_unsigned;
        settings.tolerance_seconds = self.tolerance_s;
        settings.webhook_path = self.webhook_path.clone();
        settings.portals = self.portals.iter().map(PortalCredentials::settings).collect();
        settings.details_from = self.details_from;
        settings.external_id_from = self.external_id_from.clone();
        settings.retirement = self.retirement.settings();
        settings
    }

    /// Adds the credentials in a JSON file: a list of them, or what `sandbox --json` printed, whose customers are taken.
    pub(crate) fn add_portals(&mut self, path: &PathBuf) -> Result<()> {
        #[derive(Deserialize)]
        struct Sandbox {
            partner: PortalInFile,
            customers: Vec<PortalInFile>,
        }
        let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        let portals: Result<Vec<PortalInFile>, _> = if text.trim_start().starts_with('[') {
            serde_json::from_str(&text)
        } else {
            let sandbox = serde_json::from_str(&text);
            sandbox.map(|Sandbox { partner, customers }| std::iter::once(partner).chain(customers).collect())
        };
        let portals = portals.map_err(|error| anyhow!(without_value(&error.to_string()))).with_context(|| {
            let wanted =
                "a JSON list of {portal_id, client_id, client_secret}, or what `schoolbell sandbox --json` printed";
            format!("reading {}, which should hold {wanted}", path.display())
        })?;
        self.portals.extend(portals.into_iter().map(PortalCredentials::from));
        Ok(())
    }
}

/// By the key of the file, which has shorter units.
fn named(SettingsError { field, problem }: &SettingsError) -> anyhow::Error {
    let key = match field.as_str() {
        "retirement.removal_margin_hours" => "retirement.removal_margin_h",
        field => field,
    };
    anyhow!("companion.{key}: {problem}")
}

impl PortalCredentials {
    fn settings(&self) -> Portal {
        Portal {
            portal_id: self.portal_id.clone(),
            client_id: self.client_id.clone(),
            client_secret: self.client_secret.0.clone().into(),
            details_from: self.details_from,
            external_id_from: self.external_id_from.clone(),
        }
    }
}
