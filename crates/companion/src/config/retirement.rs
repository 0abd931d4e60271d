//! What the operator decides about content that ends.

use std::collections::HashSet;

use jiff::civil;
use jiff::tz::TimeZone;
use mail::message::Address;
use reqwest::Url;
use serde::{Deserialize, Serialize};

use super::{Secret, SettingsError, refuse};

/// The most days before an end at which learners can be told.
const THRESHOLD_DAYS_MAX: u16 = 365;
/// The most hours before an end at which it can be removed: 30 days.
const MARGIN_HOURS_MAX: u32 = 30 * 24;

/// What is done about content that ends. Unknown keys are refused.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetirementSettings {
    /// Where the receiver is reached from outside: `https://bell.customer.example`. Links in mails and addresses of calendars begin
    /// with it. Needed when mail is sent. Default: none.
    pub public_url: Option<String>,
    /// Who is told of every portal that does not name others. Default: nobody.
    pub administrators: Vec<Administrator>,
    /// What differs in certain portals. Default: nothing.
    pub portals: Vec<PortalNotices>,
    /// The day of the weekly digest, in the zone of whoever gets it. Default: `monday`.
    pub digest_weekday: Weekday,
    /// The hour of the weekly digest, 0 to 23, in the same zone. Default: 8.
    pub digest_hour: u8,
    /// When learners are told, in days before the content is removed here. Default: 30, 7 and 1.
    pub learner_thresholds_days: Vec<u16>,
    /// The hour at which learners are told, 0 to 23, in the zone of their portal. Default: 9.
    pub learner_hour: u8,
    /// Content that people must complete, by the id that events carry, besides what is assigned to somebody. Default: none.
    pub mandatory: Vec<String>,
    /// How long before its end content is removed here, in hours. Default: 24.
    pub removal_margin_hours: u32,
    /// Where removals are asked for: `https://learning.customer.example/removals`. Default: none, and then they wait to be
    /// fetched.
    pub removal_hook_url: Option<String>,
    /// What calls of the hook are signed with. Needed with it.
    pub removal_hook_secret: Option<Secret>,
    /// Only list which notices would be sent, and send none. Default: false.
    pub dry_run_notices: bool,
}

/// Somebody who is told of content that ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Administrator {
    /// What people call them.
    pub name: String,
    /// Where mail reaches them.
    pub email: String,
    /// Their time zone: `Europe/Berlin`. Default: `UTC`.
    #[serde(default = "utc")]
    pub time_zone: String,
}

/// What differs in one portal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortalNotices {
    /// The portal, as events name it.
    pub portal_id: String,
    /// Who is told instead of the others. Default: the others.
    #[serde(default)]
    pub administrators: Option<Vec<Administrator>>,
    /// Whether its learners are told. Default: true.
    #[serde(default = "yes")]
    pub learner_notices: bool,
    /// Its time zone. Default: `UTC`.
    #[serde(default = "utc")]
    pub time_zone: String,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "their names say all")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl From<Weekday> for civil::Weekday {
    fn from(day: Weekday) -> Self {
        match day {
            Weekday::Monday => civil::Weekday::Monday,
            Weekday::Tuesday => civil::Weekday::Tuesday,
            Weekday::Wednesday => civil::Weekday::Wednesday,
            Weekday::Thursday => civil::Weekday::Thursday,
            Weekday::Friday => civil::Weekday::Friday,
            Weekday::Saturday => civil::Weekday::Saturday,
            Weekday::Sunday => civil::Weekday::Sunday,
        }
    }
}

fn utc() -> String {
    "UTC".to_owned()
}

fn yes() -> bool {
    true
}

impl Default for RetirementSettings {
    fn default() -> Self {
        RetirementSettings {
            public_url: None,
            administrators: Vec::new(),
            portals: Vec::new(),
            digest_weekday: Weekday::Monday,
            digest_hour: 8,
            learner_thresholds_days: vec![30, 7, 1],
            learner_hour: 9,
            mandatory: Vec::new(),
            removal_margin_hours: 24,
            removal_hook_url: None,
            removal_hook_secret: None,
            dry_run_notices: false,
        }
    }
}

impl RetirementSettings {
    pub(super) fn check(&self, sends_mail: bool) -> Result<(), SettingsError> {
        match &self.public_url {
            Some(url) => check_url("retirement.public_url", url)?,
            None if sends_mail => return refuse("retirement.public_url", "it is missing: mails have links in them"),
            None => {}
        }
        check_administrators("retirement.administrators", &self.administrators)?;
        self.check_portals()?;
        for (field, hour) in [("digest_hour", self.digest_hour), ("learner_hour", self.learner_hour)] {
            if hour > 23 {
                return refuse(&format!("retirement.{field}"), "an hour is 0 to 23");
            }
        }
        if self.learner_thresholds_days.iter().any(|days| *days > THRESHOLD_DAYS_MAX) {
            return refuse(
                "retirement.learner_thresholds_days",
                &format!("it must be at most {THRESHOLD_DAYS_MAX} days"),
            );
        }
        if self.removal_margin_hours > MARGIN_HOURS_MAX {
            return refuse("retirement.removal_margin_hours", &format!("it must be at most {MARGIN_HOURS_MAX} hours"));
        }
        self.check_hook()
    }

    fn check_hook(&self) -> Result<(), SettingsError> {
        match (&self.removal_hook_url, &self.removal_hook_secret) {
            (None, None) => Ok(()),
            (None, Some(_)) => refuse("retirement.removal_hook_url", "it is missing: there is a secret for it"),
            (Some(url), Some(secret)) if !secret.expose().is_empty() => check_url("retirement.removal_hook_url", url),
            (Some(_), _) => refuse("retirement.removal_hook_secret", "it is missing: calls of the hook are signed"),
        }
    }

    fn check_portals(&self) -> Result<(), SettingsError> {
        let mut seen = HashSet::new();
        for (index, portal) in self.portals.iter().enumerate() {
            let field = format!("retirement.portals[{index}]");
            if !seen.insert(&portal.portal_id) {
                return refuse(&format!("{field}.portal_id"), &format!("{:?} is given twice", portal.portal_id));
            }
            check_zone(&format!("{field}.time_zone"), &portal.time_zone)?;
            check_administrators(
                &format!("{field}.administrators"),
                portal.administrators.as_deref().unwrap_or_default(),
            )?;
        }
        Ok(())
    }
}

fn check_administrators(field: &str, administrators: &[Administrator]) -> Result<(), SettingsError> {
    for (index, Administrator { name, email, time_zone }) in administrators.iter().enumerate() {
        if email.parse::<Address>().is_err() {
            return refuse(&format!("{field}[{index}].email"), "it is no mail address such as ada@example.com");
        }
        if name.chars().any(char::is_control) {
            return refuse(&format!("{field}[{index}].name"), "it must be one line");
        }
        check_zone(&format!("{field}[{index}].time_zone"), time_zone)?;
    }
    Ok(())
}

fn check_zone(field: &str, name: &str) -> Result<(), SettingsError> {
    TimeZone::get(name).map(drop).or_else(|_| refuse(field, &format!("there is no time zone {name:?}")))
}

fn check_url(field: &str, text: &str) -> Result<(), SettingsError> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    match url {
        Some(url) if url.query().is_none() && url.fragment().is_none() && url.username().is_empty() => Ok(()),
        Some(_) => refuse(field, "it must have neither a user, nor a query, nor a fragment"),
        None => refuse(field, "it must be an address such as https://learning.example.com"),
    }
}
