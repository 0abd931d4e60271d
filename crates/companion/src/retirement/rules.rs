//! The settings, read once: who is told of what, and by which clock.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::dates;
use crate::config::retirement::{Administrator, PortalNotices, RetirementSettings};

/// Who is told of what, and by which clock.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    /// By person.
    administrators: BTreeMap<String, Reader>,
    by_default: HashSet<String>,
    portals: HashMap<String, PortalRules>,
    digest_weekday: Weekday,
    digest_hour: i8,
    pub(crate) learner_thresholds: Vec<i64>,
    learner_hour: i8,
    mandatory: HashSet<String>,
    pub(crate) margin: SignedDuration,
}

/// An administrator.
#[derive(Clone, Debug)]
pub(crate) struct Reader {
    pub(crate) person: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) zone: TimeZone,
}

#[derive(Clone, Debug)]
struct PortalRules {
    /// Persons; `None` for those of all portals.
    administrators: Option<HashSet<String>>,
    learner_notices: bool,
    zone: TimeZone,
}

/// How an administrator is called in the database.
pub(crate) fn administrator(email: &str) -> String {
    format!("administrator:{}", email.trim().to_lowercase())
}

/// How a learner is called in the database.
pub(crate) fn learner(portal_id: &str, user_account_id: &str) -> String {
    format!("learner:{portal_id}:{user_account_id}")
}

impl Rules {
    /// Of settings that were checked.
    pub(crate) fn new(settings: &RetirementSettings) -> Self {
        let mut administrators = BTreeMap::new();
        let by_default = people(&settings.administrators, &mut administrators);
        let portals = settings.portals.iter().map(|portal| {
            let PortalNotices { portal_id, administrators: own, learner_notices, time_zone } = portal;
            let rules = PortalRules {
                administrators: own.as_ref().map(|own| people(own, &mut administrators)),
                learner_notices: *learner_notices,
                zone: zone(time_zone),
            };
            (portal_id.clone(), rules)
        });
        let portals = portals.collect();
        Rules {
            administrators,
            by_default,
            portals,
            digest_weekday: settings.digest_weekday.into(),
            digest_hour: hour(settings.digest_hour),
            learner_thresholds: settings.learner_thresholds_days.iter().map(|days| i64::from(*days)).collect(),
            learner_hour: hour(settings.learner_hour),
            mandatory: settings.mandatory.iter().cloned().collect(),
            margin: SignedDuration::from_hours(settings.removal_margin_hours.into()),
        }
    }

    pub(crate) fn administrators(&self) -> impl Iterator<Item = &Reader> {
        self.administrators.values()
    }

    pub(crate) fn administrator(&self, person: &str) -> Option<&Reader> {
        self.administrators.get(person)
    }

    /// Whether this administrator is told of this portal.
    pub(crate) fn sees(&self, person: &str, portal_id: &str) -> bool {
        let own = self.portals.get(portal_id).and_then(|portal| portal.administrators.as_ref());
        own.unwrap_or(&self.by_default).contains(person)
    }

    pub(crate) fn tells_learners(&self, portal_id: &str) -> bool {
        self.portals.get(portal_id).is_none_or(|portal| portal.learner_notices) && !self.learner_thresholds.is_empty()
    }

    pub(crate) fn zone(&self, portal_id: &str) -> TimeZone {
        self.portals.get(portal_id).map_or(TimeZone::UTC, |portal| portal.zone.clone())
    }

    pub(crate) fn is_mandatory(&self, lo_id: &str) -> bool {
        self.mandatory.contains(lo_id)
    }

    /// The last hour of digests.
    pub(crate) fn digest_slot(&self, reader: &Reader, now: Timestamp) -> Timestamp {
        dates::latest(Some(self.digest_weekday), self.digest_hour, &reader.zone, now)
    }

    /// The last hour at which learners of a portal are told.
    pub(crate) fn learner_slot(&self, portal_id: &str, now: Timestamp) -> Timestamp {
        dates::latest(None, self.learner_hour, &self.zone(portal_id), now)
    }
}

fn people(list: &[Administrator], all: &mut BTreeMap<String, Reader>) -> HashSet<String> {
    let persons = list.iter().map(|one| {
        let person = administrator(&one.email);
        let reader = || Reader {
            person: person.clone(),
            name: one.name.clone(),
            email: one.email.clone(),
            zone: zone(&one.time_zone),
        };
        all.entry(person.clone()).or_insert_with(reader);
        person
    });
    persons.collect()
}

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

fn hour(hour: u8) -> i8 {
    i8::try_from(hour).unwrap_or(0)
}
