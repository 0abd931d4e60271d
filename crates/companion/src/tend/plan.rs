//! Who is to be told now, or would be.

use std::collections::{BTreeSet, HashMap};

use contract::time::Millis;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::Tender;
use crate::Shared;
use crate::inbox::InboxError;
use crate::inbox::retirement::mail::NoticeItem;
use crate::inbox::retirement::notices::Unfinished;
use crate::retirement::notices::{Course, Ledger, Letter, for_administrator, for_learners};
use crate::retirement::rules::{Reader, Rules};
use crate::retirement::view::Case;

/// How often a rehearsal looks whether something would be sent.
const REHEARSE_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// A mail that would be sent, if nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Upcoming {
    /// When, to the hour.
    pub(crate) at: Millis,
    /// To whom: `administrator:<address>` or `learner:<portal>:<user account>`.
    pub(crate) to: String,
    /// `notice`, `digest`, `urgent`, `escalation` or `learner`.
    pub(crate) kind: String,
    /// What it would tell.
    pub(crate) items: Vec<NoticeItem>,
}

/// When what comes at certain hours was seen to last.
type Slots = HashMap<String, Timestamp>;

impl Tender {
    /// Records what is to be sent.
    pub(super) async fn plan(&self) -> Result<(), InboxError> {
        let (inbox, rules, now) = (&self.shared.inbox, &self.shared.rules, self.shared.now());
        let cases = inbox.cases_to_tell(now).await?;
        let mut slots = inbox.slots().await?;
        let before = slots.clone();
        let portals = portals_to_tell(rules, &cases, &mut slots, now);
        let (ledger, unfinished) = inbox.heard(portals.clone(), &cases).await?;
        let courses = courses(rules, &cases, unfinished);
        let mut letters = letters_to_administrators(rules, &courses, &ledger, &mut slots, now);
        letters.extend(portals.iter().flat_map(|portal| for_learners(rules, portal, &courses, &ledger, now)));
        let changed: Vec<_> = slots.into_iter().filter(|(name, at)| before.get(name) != Some(at)).collect();
        if letters.is_empty() && changed.is_empty() {
            return Ok(());
        }
        inbox.plan_mails(letters, changed, now).await?;
        Ok(())
    }
}

fn courses(rules: &Rules, cases: &[Case], mut unfinished: Unfinished) -> Vec<Course> {
    let courses = cases.iter().filter_map(|case| {
        let record = &case.record;
        Some(Course {
            number: record.number,
            portal_id: record.portal_id.clone(),
            standing: record.told.standing,
            revision: record.told.revision,
            round: record.told.round,
            changed_at: record.told.changed_at,
            fetched_at: record.fetched_at,
            deadline: record.deadline()?,
            asked_at: record.removal.asked_at,
            removed_at: record.removal.removed_at,
            is_mandatory: case.is_mandatory(rules),
            is_dismissed: case.is_dismissed(),
            learners: unfinished.remove(&record.number).unwrap_or_default(),
        })
    });
    courses.collect()
}

/// Moves a slot on. Says whether its hour has come since it was last seen to; what is seen for the first time waits for the next.
fn has_come(slots: &mut Slots, name: String, latest: Timestamp) -> bool {
    let before = slots.insert(name, latest);
    before.is_some_and(|before| before < latest)
}

/// The portals whose learners are told now.
fn portals_to_tell(rules: &Rules, cases: &[Case], slots: &mut Slots, now: Timestamp) -> Vec<String> {
    let portals: BTreeSet<&str> = cases.iter().map(|case| case.record.portal_id.as_str()).collect();
    let told = portals.into_iter().filter(|portal| rules.tells_learners(portal));
    let due = told.filter(|portal| has_come(slots, format!("learners:{portal}"), rules.learner_slot(portal, now)));
    due.map(str::to_owned).collect()
}

fn letters_to_administrators(
    rules: &Rules,
    courses: &[Course],
    ledger: &Ledger,
    slots: &mut Slots,
    now: Timestamp,
) -> Vec<Letter> {
    let mut letters = Vec::new();
    for reader in rules.administrators() {
        let Reader { person, .. } = reader;
        let is_digest_due = has_come(slots, format!("digest:{person}"), rules.digest_slot(reader, now));
        letters.extend(for_administrator(rules, reader, courses, ledger, is_digest_due, now));
    }
    letters
}

/// What would be sent from now on for so long, if nothing changed: recorded nowhere, and nothing is asked of the platform, so who
/// finishes meanwhile is in it.
pub(crate) async fn upcoming(shared: &Shared, within: SignedDuration) -> Result<Vec<Upcoming>, InboxError> {
    let (rules, now) = (&shared.rules, shared.now());
    let cases = shared.inbox.cases_to_tell(now).await?;
    let mut slots = shared.inbox.slots().await?;
    let portals: BTreeSet<String> = cases.iter().map(|case| case.record.portal_id.clone()).collect();
    let (mut ledger, unfinished) = shared.inbox.heard(portals.into_iter().collect(), &cases).await?;
    let courses = courses(rules, &cases, unfinished);
    let ends_at = now.saturating_add(within).unwrap_or(Timestamp::MAX);
    let (mut at, mut upcoming) = (now, Vec::new());
    while at <= ends_at {
        let portals = portals_to_tell(rules, &cases, &mut slots, at);
        let mut letters = letters_to_administrators(rules, &courses, &ledger, &mut slots, at);
        letters.extend(portals.iter().flat_map(|portal| for_learners(rules, portal, &courses, &ledger, at)));
        for letter in letters {
            for item in &letter.items {
                ledger.entry((letter.person.clone(), item.retirement)).or_default().hear(item);
            }
            upcoming.push(shown(letter, at));
        }
        at = at.saturating_add(REHEARSE_EVERY).unwrap_or(Timestamp::MAX);
    }
    Ok(upcoming)
}

fn shown(letter: Letter, at: Timestamp) -> Upcoming {
    let items = letter.items.iter().map(|item| NoticeItem {
        retirement_id: item.retirement.to_string(),
        kind: item.kind.as_str().to_owned(),
        days: item.days,
        dropped: None,
    });
    Upcoming { at: at.into(), to: letter.person, kind: letter.kind.as_str().to_owned(), items: items.collect() }
}
