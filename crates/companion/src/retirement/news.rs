//! What an event tells of content, and what holds after it: the latest `event_time` wins (decision 24).

use jiff::{SignedDuration, Timestamp};

use super::Standing;

/// By how much an end must move for people to be told anew at thresholds that they were told at already.
pub(crate) const RENEWED_AFTER: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What one event tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct News {
    pub(crate) event_id: String,
    pub(crate) portal_id: String,
    pub(crate) lo_id: String,
    pub(crate) event_time: Timestamp,
    pub(crate) what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// It ends: `content.decommission`, or with a `retire_time` its `.pending`.
    Flagged { remove_time: Timestamp, retire_time: Option<Timestamp> },
    /// It is there (again): `content.add`.
    Added,
    /// It is gone: `content.remove`.
    Removed,
}

/// What was told of content up to now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) standing: Standing,
    pub(crate) event_id: String,
    pub(crate) event_time: Timestamp,
    pub(crate) retire_time: Option<Timestamp>,
    pub(crate) remove_time: Option<Timestamp>,
    pub(crate) deadline: Option<Timestamp>,
    pub(crate) flagged_since: Option<Timestamp>,
    pub(crate) revision: i64,
    pub(crate) changed_at: Timestamp,
    pub(crate) round: i64,
    pub(crate) round_remove_time: Option<Timestamp>,
}

/// What comes of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// What holds now.
    pub(crate) told: Told,
    /// For the history: a word, and a sentence.
    pub(crate) step: Option<(&'static str, String)>,
    /// Whether a removal that was confirmed says nothing of the end that is told now.
    pub(crate) is_new_end: bool,
}

impl Told {
    /// What holds after `news`, which arrived at `now`; nothing when it is older than what is known, or says the same.
    pub(crate) fn after(before: Option<&Told>, news: &News, now: Timestamp) -> Option<Change> {
        let Some(before) = before else { return Some(Told::first(news, now)) };
        if news.event_time < before.event_time {
            return None;
        }
        let mut change = before.next(news, now);
        if news.event_time == before.event_time && before.contradicts(news) {
            let remark = format!(
                "events {} and {} tell different things of the same time: the one that arrived later counts",
                before.event_id, news.event_id
            );
            let (what, detail) = change.step.take().unwrap_or(("told", String::new()));
            change.step = Some((what, format!("{detail} ({remark})").trim_start().to_owned()));
        }
        (change.told != *before || change.step.is_some()).then_some(change)
    }

    fn first(news: &News, now: Timestamp) -> Change {
        let nothing = Told {
            standing: Standing::Withdrawn,
            event_id: news.event_id.clone(),
            event_time: news.event_time,
            retire_time: None,
            remove_time: None,
            deadline: None,
            flagged_since: None,
            revision: 0,
            changed_at: now,
            round: 0,
            round_remove_time: None,
        };
        nothing.next(news, now)
    }

    fn next(&self, news: &News, now: Timestamp) -> Change {
        let same_time = news.event_time == self.event_time;
        let told = Told { event_id: news.event_id.clone(), event_time: news.event_time, ..self.clone() };
        match news.what {
            What::Added => told.added(now),
            What::Removed => told.removed(now),
            What::Flagged { remove_time, retire_time } => {
                // One of the two events of the same flag does not say it.
                let is_same = same_time && self.remove_time == Some(remove_time);
                let retire_time = retire_time.or(self.retire_time.filter(|_| is_same));
                Told { retire_time, ..told }.flagged(remove_time, now)
            }
        }
    }

    /// Whether `news`, of the same time, cannot be true beside it. The two events of one flag can.
    fn contradicts(&self, news: &News) -> bool {
        match (self.standing, &news.what) {
            (Standing::Flagged, What::Flagged { remove_time, retire_time }) => {
                let other = retire_time.is_some() && self.retire_time.is_some() && *retire_time != self.retire_time;
                self.remove_time != Some(*remove_time) || other
            }
            (Standing::Withdrawn, What::Added) | (Standing::Gone, What::Removed) => false,
            _ => true,
        }
    }

    fn added(self, now: Timestamp) -> Change {
        if self.standing == Standing::Withdrawn {
            return Change { told: self, step: None, is_new_end: false };
        }
        let told = Told { standing: Standing::Withdrawn, revision: self.revision + 1, changed_at: now, ..self };
        Change { told, step: Some(("withdrawn", "it does not end after all".to_owned())), is_new_end: false }
    }

    fn removed(self, now: Timestamp) -> Change {
        let gone_at = self.event_time;
        match self.standing {
            Standing::Gone => Change { told: self, step: None, is_new_end: false },
            Standing::Flagged => {
                let is_early = self.deadline.is_none_or(|deadline| gone_at < deadline);
                let step = Some(("gone", format!("the platform says that it was gone at {gone_at}")));
                let told = Told { standing: Standing::Gone, ..self };
                if !is_early {
                    return Change { told, step, is_new_end: false };
                }
                let told = Told { deadline: Some(gone_at), revision: told.revision + 1, changed_at: now, ..told };
                Change { told, step, is_new_end: false }
            }
            Standing::Withdrawn => {
                let told = Told { standing: Standing::Gone, ..self }.begun(gone_at, now);
                let step = Some(("gone", format!("the platform says that it was gone at {gone_at}")));
                Change { told, step, is_new_end: true }
            }
        }
    }

    fn flagged(self, remove_time: Timestamp, now: Timestamp) -> Change {
        if self.standing != Standing::Flagged {
            let told = Told { standing: Standing::Flagged, ..self }.begun(remove_time, now);
            return Change { told, step: Some(("flagged", format!("it ends at {remove_time}"))), is_new_end: true };
        }
        let before = self.remove_time.unwrap_or(remove_time);
        if before == remove_time {
            return Change { told: self, step: None, is_new_end: false };
        }
        let began = self.round_remove_time.unwrap_or(before);
        let is_renewed = remove_time.duration_since(began).abs() >= RENEWED_AFTER;
        let told = Told {
            remove_time: Some(remove_time),
            deadline: Some(remove_time),
            revision: self.revision + 1,
            changed_at: now,
            round: self.round + i64::from(is_renewed),
            round_remove_time: Some(if is_renewed { remove_time } else { began }),
            ..self
        };
        let step = Some(("moved", format!("it ends at {remove_time}, no longer at {before}")));
        Change { told, step, is_new_end: remove_time > before }
    }

    /// The same at the beginning of a round.
    fn begun(self, ends_at: Timestamp, now: Timestamp) -> Told {
        Told {
            remove_time: Some(ends_at),
            deadline: Some(ends_at),
            flagged_since: Some(now),
            revision: self.revision + 1,
            changed_at: now,
            round: self.round + 1,
            round_remove_time: Some(ends_at),
            ..self
        }
    }
}

#[cfg(test)]
mod tests;
