//! Who is to be told of what, at this moment: one pure function for administrators, one for learners.
//!
//! Both look at what was told already, so that asking again tells nothing again; time that passed without anybody asking is
//! made up for by the latest threshold alone.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use super::Standing;
use super::dates::{THRESHOLDS, crossed, days_left};
use super::rules::{Reader, Rules, learner};

/// How long a change waits for others that come with it, so that they are told of in one mail.
const SETTLED_AFTER: SignedDuration = SignedDuration::from_mins(5);
/// How long a change waits for its details at most.
const DETAILS_WITHIN: SignedDuration = SignedDuration::from_hours(1);
/// From this threshold on, what is mandatory is told of at once.
const URGENT_DAYS: i64 = 7;
/// How long the application may take to remove something before anybody is called.
const REMOVAL_WITHIN: SignedDuration = SignedDuration::from_mins(10);
/// When the deadline is so near that whoever was told of a removal that does not come is told again.
const LAST_CALL: SignedDuration = SignedDuration::from_hours(1);

/// A retirement, as far as notices depend on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Course {
    pub(crate) number: i64,
    pub(crate) portal_id: String,
    pub(crate) standing: Standing,
    pub(crate) revision: i64,
    pub(crate) round: i64,
    pub(crate) changed_at: Timestamp,
    pub(crate) fetched_at: Option<Timestamp>,
    pub(crate) deadline: Timestamp,
    pub(crate) asked_at: Option<Timestamp>,
    pub(crate) removed_at: Option<Timestamp>,
    pub(crate) is_mandatory: bool,
    pub(crate) is_dismissed: bool,
    /// Enrollments that are not finished: whose, and which.
    pub(crate) learners: Vec<(String, String)>,
}

/// What one person was told of one retirement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Heard {
    /// The latest revision.
    pub(crate) revision: Option<i64>,
    /// By round: the smallest threshold.
    pub(crate) days: HashMap<i64, i64>,
    /// By round: how late a removal was.
    pub(crate) level: HashMap<i64, i64>,
    /// Rounds whose removal they heard of.
    pub(crate) removed: HashSet<i64>,
    /// Rounds of which they heard that it does not end.
    pub(crate) stays: HashSet<i64>,
    /// Rounds of which they heard anything.
    pub(crate) rounds: HashSet<i64>,
    pub(crate) is_muted: bool,
}

/// What everybody was told: by person and retirement.
pub(crate) type Ledger = HashMap<(String, i64), Heard>;

/// What a mail is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum MailKind {
    /// To administrators: something ends, or not, or at another time.
    Notice,
    /// To administrators: once a week.
    Digest,
    /// To administrators: something that people must complete ends within days.
    Urgent,
    /// To administrators: something is not removed.
    Escalation,
    /// To a learner.
    Learner,
}

/// What is told of one retirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ItemKind {
    /// That it ends, when, or that it does not.
    News,
    /// That it ends soon.
    Threshold,
    /// That it is not removed.
    Escalation,
    /// That it is removed.
    Removed,
    /// To learners: that it does not end.
    Stays,
}

/// A mail that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Letter {
    pub(crate) person: String,
    pub(crate) kind: MailKind,
    pub(crate) items: Vec<Item>,
}

/// A part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) retirement: i64,
    pub(crate) kind: ItemKind,
    /// Which of its kind; the migration says what it means.
    pub(crate) mark: i64,
    pub(crate) round: i64,
    pub(crate) days: Option<i64>,
    pub(crate) enrollment_id: Option<String>,
}

/// What one administrator is to be told now. `is_digest_due` says that the hour of the digest has come.
pub(crate) fn for_administrator(
    rules: &Rules,
    reader: &Reader,
    courses: &[Course],
    ledger: &Ledger,
    is_digest_due: bool,
    now: Timestamp,
) -> Vec<Letter> {
    let mut items: BTreeMap<MailKind, Vec<Item>> = BTreeMap::new();
    for course in courses.iter().filter(|course| rules.sees(&reader.person, &course.portal_id)) {
        let heard = ledger.get(&(reader.person.clone(), course.number)).cloned().unwrap_or_default();
        let days = crossed(&THRESHOLDS, days_left(course.deadline, now, &reader.zone));
        if let Some(level) = escalation(rules, course, &heard, now) {
            items.entry(MailKind::Escalation).or_default().push(course.item(ItemKind::Escalation, level, None));
        }
        if heard.is_muted || course.is_dismissed {
            continue;
        }
        if let Some((kind, item)) = for_reader(course, &heard, days, is_digest_due, now) {
            items.entry(kind).or_default().push(item);
        }
    }
    items.into_iter().map(|(kind, items)| Letter { person: reader.person.clone(), kind, items }).collect()
}

fn for_reader(
    course: &Course,
    heard: &Heard,
    days: Option<i64>,
    is_digest_due: bool,
    now: Timestamp,
) -> Option<(MailKind, Item)> {
    if heard.revision.is_none_or(|revision| revision < course.revision) {
        let days = days.filter(|_| course.standing == Standing::Flagged);
        return is_news(course, heard, now)
            .then(|| (MailKind::Notice, course.item(ItemKind::News, course.revision, days)));
    }
    if course.removed_at.is_some() {
        let is_new = is_digest_due && !heard.removed.contains(&course.round);
        return is_new.then(|| (MailKind::Digest, course.item(ItemKind::Removed, 0, None)));
    }
    let is_closer = |days: &i64| heard.days.get(&course.round).is_none_or(|heard| days < heard);
    let days = days.filter(|_| course.standing == Standing::Flagged).filter(is_closer)?;
    let item = course.item(ItemKind::Threshold, days, Some(days));
    if course.is_mandatory && days <= URGENT_DAYS {
        return Some((MailKind::Urgent, item));
    }
    is_digest_due.then_some((MailKind::Digest, item))
}

/// Whether a change is to be told now: once it is settled, and its details are there or do not come.
fn is_news(course: &Course, heard: &Heard, now: Timestamp) -> bool {
    let since = now.duration_since(course.changed_at);
    let is_ready = since >= SETTLED_AFTER && course.fetched_at.is_some_and(|at| at >= course.changed_at);
    let is_known = heard.revision.is_some();
    match course.standing {
        // Who never heard that it ends need not hear that it does not.
        Standing::Withdrawn => is_known && since >= SETTLED_AFTER,
        Standing::Gone if !is_known && course.removed_at.is_some() => false,
        Standing::Flagged | Standing::Gone => is_ready || since >= DETAILS_WITHIN,
    }
}

/// How late a removal is, if it is later than this person heard: 1 on half of the way to the deadline, 2 in the hour before, 3
/// after it.
fn escalation(rules: &Rules, course: &Course, heard: &Heard, now: Timestamp) -> Option<i64> {
    if course.standing == Standing::Withdrawn || course.removed_at.is_some() {
        return None;
    }
    course.asked_at.filter(|asked_at| now.duration_since(*asked_at) >= REMOVAL_WITHIN)?;
    let left = course.deadline.duration_since(now);
    let level = match left {
        left if left <= SignedDuration::ZERO => 3,
        left if left <= LAST_CALL => 2,
        left if left <= rules.margin / 2 => 1,
        _ => return None,
    };
    heard.level.get(&course.round).is_none_or(|heard| *heard < level).then_some(level)
}

/// What the learners of one portal are to be told, at the hour at which they are told: each in one mail.
pub(crate) fn for_learners(
    rules: &Rules,
    portal_id: &str,
    courses: &[Course],
    ledger: &Ledger,
    now: Timestamp,
) -> Vec<Letter> {
    if !rules.tells_learners(portal_id) {
        return Vec::new();
    }
    let mut items: BTreeMap<String, Vec<Item>> = BTreeMap::new();
    for course in courses.iter().filter(|course| course.portal_id == portal_id) {
        for (user_account_id, enrollment_id) in &course.learners {
            let person = learner(portal_id, user_account_id);
            let heard = ledger.get(&(person.clone(), course.number)).cloned().unwrap_or_default();
            if let Some(item) = for_learner(rules, course, &heard, enrollment_id, now) {
                let items = items.entry(person).or_default();
                // Two enrollments of one person in one content are one matter.
                if items.iter().all(|other| other.retirement != item.retirement) {
                    items.push(item);
                }
            }
        }
    }
    items.into_iter().map(|(person, items)| Letter { person, kind: MailKind::Learner, items }).collect()
}

fn for_learner(rules: &Rules, course: &Course, heard: &Heard, enrollment_id: &str, now: Timestamp) -> Option<Item> {
    if heard.is_muted {
        return None;
    }
    let of = |item: Item| Item { enrollment_id: Some(enrollment_id.to_owned()), ..item };
    if course.standing == Standing::Withdrawn {
        let is_new = heard.rounds.contains(&course.round) && !heard.stays.contains(&course.round);
        return is_new.then(|| of(course.item(ItemKind::Stays, 0, None)));
    }
    let ends_here_at = course.deadline.saturating_sub(rules.margin).unwrap_or(Timestamp::MIN);
    if course.is_dismissed || course.removed_at.is_some() || course.standing == Standing::Gone || ends_here_at <= now {
        return None;
    }
    let days = crossed(&rules.learner_thresholds, days_left(ends_here_at, now, &rules.zone(&course.portal_id)))?;
    let is_closer = heard.days.get(&course.round).is_none_or(|heard| days < *heard);
    is_closer.then(|| of(course.item(ItemKind::Threshold, days, Some(days))))
}

impl Course {
    fn item(&self, kind: ItemKind, mark: i64, days: Option<i64>) -> Item {
        Item { retirement: self.number, kind, mark, round: self.round, days, enrollment_id: None }
    }
}

impl Heard {
    /// Hears it.
    pub(crate) fn hear(&mut self, item: &Item) {
        self.rounds.insert(item.round);
        if let Some(days) = item.days {
            let heard = self.days.entry(item.round).or_insert(days);
            *heard = days.min(*heard);
        }
        match item.kind {
            ItemKind::News => self.revision = self.revision.max(Some(item.mark)),
            ItemKind::Threshold => {}
            ItemKind::Escalation => {
                let level = self.level.entry(item.round).or_insert(item.mark);
                *level = item.mark.max(*level);
            }
            ItemKind::Removed => drop(self.removed.insert(item.round)),
            ItemKind::Stays => drop(self.stays.insert(item.round)),
        }
    }
}

impl MailKind {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            MailKind::Notice => "notice",
            MailKind::Digest => "digest",
            MailKind::Urgent => "urgent",
            MailKind::Escalation => "escalation",
            MailKind::Learner => "learner",
        }
    }
}

impl std::str::FromStr for MailKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = [MailKind::Notice, MailKind::Digest, MailKind::Urgent, MailKind::Escalation, MailKind::Learner];
        all.into_iter().find(|one| one.as_str() == text).ok_or_else(|| format!("no such kind of mail: {text:?}"))
    }
}

impl ItemKind {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            ItemKind::News => "news",
            ItemKind::Threshold => "threshold",
            ItemKind::Escalation => "escalation",
            ItemKind::Removed => "removed",
            ItemKind::Stays => "stays",
        }
    }
}

impl std::str::FromStr for ItemKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = [ItemKind::News, ItemKind::Threshold, ItemKind::Escalation, ItemKind::Removed, ItemKind::Stays];
        all.into_iter().find(|one| one.as_str() == text).ok_or_else(|| format!("no such kind of item: {text:?}"))
    }
}

#[cfg(test)]
mod tests;
