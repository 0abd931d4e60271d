//! A retirement as it is shown: to the integrator's pages, in mails, calendars and tables.

use contract::time::Millis;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::rules::Rules;
use super::{Alternative, Decision, DecisionKind, Record, RetirementState, dates};

/// A retirement with everything that is known of it here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Case {
    pub(crate) record: Record,
    pub(crate) learners: Affected,
    /// The decision that counts, and when it was made.
    pub(crate) decision: Option<(Decision, Timestamp)>,
}

/// A retirement, as `GET /retirements` tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Retirement {
    /// Names it.
    pub(crate) id: String,
    /// Where.
    pub(crate) portal_id: String,
    /// What.
    pub(crate) lo_id: String,
    /// What people call it; `None` while the platform has not said.
    pub(crate) title: Option<String>,
    /// Where it stands.
    pub(crate) state: RetirementState,
    /// Midnights (UTC) until it ends: 0 today, negative afterwards.
    pub(crate) days_left: i64,
    /// When it ends, as the platform said.
    pub(crate) remove_time: Millis,
    /// From when on nobody new is enrolled; `None` where nobody has said.
    pub(crate) retire_time: Option<Millis>,
    /// When it is removed here: the margin before it ends.
    pub(crate) remove_here_at: Millis,
    /// When the event happened that counts.
    pub(crate) event_time: Millis,
    /// Since when it is known here that it ends.
    pub(crate) flagged_since: Option<Millis>,
    /// How often its end was told or changed.
    pub(crate) revision: i64,
    /// Who is enrolled.
    pub(crate) learners: Affected,
    /// Whether people must complete it: it is in the list of such content, or assigned to somebody who has not finished.
    pub(crate) is_mandatory: bool,
    /// What takes its place: as decided, or else the first of the alternatives.
    pub(crate) replacement: Option<Alternative>,
    /// What may take its place, the best first.
    pub(crate) alternatives: Vec<Alternative>,
    /// What was decided last.
    pub(crate) decision: Option<Decision>,
    /// When that was.
    pub(crate) decided_at: Option<Millis>,
    /// How far its removal has come.
    pub(crate) removal: RemovalView,
    /// Why the platform's details cannot be had, or which of them.
    pub(crate) remark: Option<String>,
}

/// How many people are enrolled in content that ends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Affected {
    /// They have begun.
    pub(crate) in_progress: u64,
    /// They have not.
    pub(crate) not_started: u64,
    /// They have finished.
    pub(crate) completed: u64,
    /// Of those who have not finished, how many were told to by somebody else.
    pub(crate) assigned: u64,
    /// Completions of it that this companion has recorded.
    pub(crate) recorded_completions: u64,
    /// Whether there are more than were counted.
    pub(crate) is_truncated: bool,
    /// When the platform told; `None` while it has not.
    pub(crate) as_of: Option<Millis>,
}

/// How far a removal has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct RemovalView {
    /// When the application was first asked.
    pub(crate) asked_at: Option<Millis>,
    /// How often it was asked without success.
    pub(crate) tries: u32,
    /// Why without.
    pub(crate) reason: Option<String>,
    /// When it confirmed.
    pub(crate) removed_at: Option<Millis>,
    /// How, or who.
    pub(crate) removed_by: Option<String>,
    /// How that lies to the deadline, in words.
    pub(crate) proof: Option<String>,
}

impl Case {
    pub(crate) fn is_mandatory(&self, rules: &Rules) -> bool {
        rules.is_mandatory(&self.record.lo_id) || self.learners.assigned > 0
    }

    pub(crate) fn is_dismissed(&self) -> bool {
        self.decision.as_ref().is_some_and(|(decision, _)| decision.decision == DecisionKind::Dismiss)
    }

    /// What takes its place.
    pub(crate) fn replacement(&self) -> Option<Alternative> {
        let alternatives = &self.record.alternatives;
        match self.decision.as_ref().map(|(decision, _)| decision) {
            Some(Decision { decision: DecisionKind::Replace, replacement_lo_id: Some(lo_id), .. }) => {
                let known = alternatives.iter().find(|one| one.lo_id == *lo_id).cloned();
                Some(known.unwrap_or_else(|| Alternative { lo_id: lo_id.clone(), title: None }))
            }
            Some(Decision { decision: DecisionKind::Expire, .. }) => None,
            Some(_) | None => alternatives.first().cloned(),
        }
    }

    /// As `GET /retirements` tells it.
    pub(crate) fn shown(&self, rules: &Rules, now: Timestamp) -> Retirement {
        let record = &self.record;
        let deadline = record.deadline().unwrap_or(record.told.event_time);
        let removal = &record.removal;
        Retirement {
            id: record.number.to_string(),
            portal_id: record.portal_id.clone(),
            lo_id: record.lo_id.clone(),
            title: record.title.clone(),
            state: record.state(rules.margin, now),
            days_left: dates::days_left(deadline, now, &TimeZone::UTC),
            remove_time: record.told.remove_time.unwrap_or(deadline).into(),
            retire_time: record.told.retire_time.map(Millis),
            remove_here_at: record.due_at(rules.margin).unwrap_or(deadline).into(),
            event_time: record.told.event_time.into(),
            flagged_since: record.told.flagged_since.map(Millis),
            revision: record.told.revision,
            learners: self.learners.clone(),
            is_mandatory: self.is_mandatory(rules),
            replacement: self.replacement(),
            alternatives: record.alternatives.clone(),
            decision: self.decision.as_ref().map(|(decision, _)| decision.clone()),
            decided_at: self.decision.as_ref().map(|(_, at)| Millis(*at)),
            removal: RemovalView {
                asked_at: removal.asked_at.map(Millis),
                tries: removal.tries,
                reason: removal.reason.clone(),
                removed_at: removal.removed_at.map(Millis),
                removed_by: removal.removed_by.clone(),
                proof: removal.removed_at.map(|removed_at| proof(deadline, removed_at)),
            },
            remark: record.fetch_reason.clone(),
        }
    }
}

/// How a removal lies to its deadline.
pub(crate) fn proof(deadline: Timestamp, removed_at: Timestamp) -> String {
    let before = deadline.duration_since(removed_at);
    if before >= SignedDuration::ZERO {
        format!("removed {} before the deadline", length(before))
    } else {
        format!("removed late, {} after the deadline", length(before.abs()))
    }
}

/// A length of time in words; never longer than it is.
fn length(time: SignedDuration) -> String {
    match time.as_secs() {
        seconds if seconds < 2 * 60 => format!("{seconds} s"),
        seconds if seconds < 2 * 3600 => format!("{} min", seconds / 60),
        seconds if seconds < 2 * 24 * 3600 => format!("{} h", seconds / 3600),
        seconds => format!("{} days", seconds / (24 * 3600)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_says_how_early_or_late() {
        let deadline: Timestamp = "2023-02-24T22:42:20Z".parse().unwrap();
        for (seconds, expected) in [
            (-23 * 3600 - 59, "removed 23 h before the deadline"),
            (-3 * 24 * 3600, "removed 3 days before the deadline"),
            (0, "removed 0 s before the deadline"),
            (1, "removed late, 1 s after the deadline"),
            (5 * 60, "removed late, 5 min after the deadline"),
        ] {
            assert_eq!(proof(deadline, deadline + SignedDuration::from_secs(seconds)), expected);
        }
    }
}
