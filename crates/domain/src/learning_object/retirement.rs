//! How content ends: flagged with a notice, out of search at one date, gone at another (decisions 21 to 24).
//!
//! The stored dates decide, by the clock of whoever asks: nothing has to run for content to be gone in time. What is *done* at
//! a date, once, is a transition that a task applies; it may come late, and changes nothing about what content may do.

use contract::event_type::EventType;
use contract::events::content::{ContentData, DecommissionData, DecommissionPendingData};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::{LearningObject, LifecycleState};
use crate::event::{Event, whole_second};
use crate::id::{AnnouncementId, EventId, LearningObjectId, PortalId};

/// How much notice is given unless somebody says otherwise: calendar months, the same time of day in UTC, and the last
/// day of a shorter month (decision 22).
pub const NOTICE_MONTHS: i32 = 3;
/// Notice shorter than this must be forced (decision 22).
pub const NOTICE_MIN: SignedDuration = SignedDuration::from_hours(60 * 24);
/// No date lies further ahead.
pub const NOTICE_YEARS_MAX: i32 = 10;

/// When content ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retirement {
    /// When this was last said: the `event_time` of the events that tell of it, later each time by a second at least, so
    /// that a receiver can tell which is the latest.
    pub flagged_at: Timestamp,
    /// From when on it is out of search and nobody new is enrolled; `None` if that does not come before its removal.
    pub retired_at: Option<Timestamp>,
    /// From when on it is gone.
    pub removed_at: Timestamp,
}

impl Retirement {
    /// Whether it was forced when it was set at `now`: it gives less notice than else may be given to who was told of `before`
    /// (decision 22).
    pub fn is_forced(&self, before: Option<Retirement>, now: Timestamp) -> bool {
        is_short(self.removed_at, before, now)
    }
}

/// What is asked when content is flagged, or its dates are moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flag {
    /// When it shall be out of search, or that it shall not be before it is gone; `None` stays as it was.
    pub retired_at: Option<Option<Timestamp>>,
    /// When it shall be gone; `None` stays as it was, and is [`NOTICE_MONTHS`] from now if it was not.
    pub removed_at: Option<Timestamp>,
    /// Whether notice may be short.
    pub is_forced: bool,
}

/// Why content cannot end as it is asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RetirementError {
    /// It was never found by anybody, or is gone.
    #[error("only published and retired content can be flagged for removal, and this is {}", .0.as_str())]
    NotThere(LifecycleState),
    /// Decision 22.
    #[error("removed_time {0} gives less than 60 days of notice; to do it nevertheless, say force")]
    NoticeTooShort(Timestamp),
    /// It cannot be undone.
    #[error("removed_time {0} lies in the past")]
    InThePast(Timestamp),
    /// Nobody means that.
    #[error("removed_time {0} lies more than {NOTICE_YEARS_MAX} years ahead")]
    TooFar(Timestamp),
    /// The dates are the wrong way round.
    #[error("retired_time {0} must lie before removed_time {1}")]
    RetiredAfterRemoved(Timestamp, Timestamp),
    /// There is nothing to withdraw.
    #[error("it is not flagged for removal")]
    NotFlagged,
}

impl RetirementError {
    /// The field at fault.
    pub const fn field(&self) -> &'static str {
        match self {
            RetirementError::NotThere(_) | RetirementError::NotFlagged => "lifecycle.state",
            // What is missing is the word for it.
            RetirementError::NoticeTooShort(_) => "lifecycle.force",
            RetirementError::InThePast(_) | RetirementError::TooFar(_) => "lifecycle.pending_state.removed_time",
            RetirementError::RetiredAfterRemoved(..) => "lifecycle.pending_state.retired_time",
        }
    }
}

/// What everybody concerned is told of content (decision 21). Stored with the change that it tells of, and turned into
/// events portal by portal afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// Names it, and with the portal every event that comes of it.
    pub id: AnnouncementId,
    /// The content.
    pub lo_id: LearningObjectId,
    /// What is told.
    pub news: News,
    /// When it happened.
    pub occurred_at: Timestamp,
}

/// What is told of content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// It will end.
    Flagged(Retirement),
    /// It will not end after all.
    Withdrawn,
    /// It has ended.
    Removed,
}

impl Announcement {
    /// The events by which one portal is told. The same ids each time: who tells twice tells nothing new.
    pub fn events_for(&self, portal_id: PortalId) -> Vec<Event> {
        let data = ContentData {
            id: self.lo_id.to_string(),
            portal_id: portal_id.to_string(),
            event_time: self.occurred_at.into(),
        };
        match self.news {
            News::Withdrawn => vec![self.event(portal_id, EventType::ContentAdd, serde_json::to_string(&data), None)],
            News::Removed => vec![self.event(portal_id, EventType::ContentRemove, serde_json::to_string(&data), None)],
            News::Flagged(Retirement { retired_at, removed_at, .. }) => {
                let ContentData { id, portal_id: portal, event_time } = data;
                let pending = retired_at.filter(|at| *at > self.occurred_at).map(|retired_at| {
                    let data = DecommissionPendingData {
                        id: id.clone(),
                        portal_id: portal.clone(),
                        event_time,
                        retire_time: retired_at.into(),
                        remove_time: removed_at.into(),
                    };
                    self.event(
                        portal_id,
                        EventType::ContentDecommissionPending,
                        serde_json::to_string(&data),
                        Some(removed_at),
                    )
                });
                let data = DecommissionData { id, portal_id: portal, event_time, remove_time: removed_at.into() };
                let flagged = self.event(
                    portal_id,
                    EventType::ContentDecommission,
                    serde_json::to_string(&data),
                    Some(removed_at),
                );
                pending.into_iter().chain([flagged]).collect()
            }
        }
    }

    fn event(
        &self,
        portal_id: PortalId,
        event_type: EventType,
        data: serde_json::Result<String>,
        deadline_at: Option<Timestamp>,
    ) -> Event {
        Event {
            id: EventId::derive(&[self.id.as_str(), &portal_id.to_string(), event_type.as_str()]),
            event_type,
            portal_id,
            subject_id: self.lo_id.0,
            data: data.expect("strings and instants always serialise"),
            occurred_at: self.occurred_at,
            deadline_at,
            is_test: false,
        }
    }
}

impl LearningObject {
    /// Where it stands at `now`, by its dates.
    pub fn state_at(&self, now: Timestamp) -> LifecycleState {
        match (self.state, self.retirement) {
            (LifecycleState::Removed, _) => LifecycleState::Removed,
            (_, Some(retirement)) if retirement.removed_at <= now => LifecycleState::Removed,
            (LifecycleState::Published, Some(Retirement { retired_at: Some(retired_at), .. })) if retired_at <= now => {
                LifecycleState::Retired
            }
            (state, _) => state,
        }
    }

    /// Flags it for removal, or moves the dates of what is flagged (decisions 22 to 24).
    pub fn flag(
        mut self,
        flag: Flag,
        id: AnnouncementId,
        now: Timestamp,
    ) -> Result<(LearningObject, Announcement), RetirementError> {
        match self.state_at(now) {
            LifecycleState::Published | LifecycleState::Retired => {}
            state @ (LifecycleState::Draft | LifecycleState::Removed) => return Err(RetirementError::NotThere(state)),
        }
        let flagged_at = self.next_flagged_at(now);
        let before = self.retirement;
        let removed_at = flag.removed_at.map(whole_second).or(before.map(|before| before.removed_at));
        let removed_at = removed_at.unwrap_or_else(|| months_after(flagged_at, NOTICE_MONTHS));
        check_notice(removed_at, flag.is_forced || !is_short(removed_at, before, now), now)?;
        let retired_at = flag.retired_at.unwrap_or(before.and_then(|before| before.retired_at)).map(whole_second);
        if let Some(retired_at) = retired_at.filter(|retired_at| *retired_at >= removed_at) {
            return Err(RetirementError::RetiredAfterRemoved(retired_at, removed_at));
        }
        let retirement = Retirement { flagged_at, retired_at, removed_at };
        // What was out of search comes back, if the new date says so.
        self.state = LifecycleState::Published;
        self.retirement = Some(retirement);
        self.updated_at = now;
        let news = Announcement { id, lo_id: self.id, news: News::Flagged(retirement), occurred_at: flagged_at };
        Ok((self, news))
    }

    /// Withdraws the flag: it stays after all (decision 24).
    pub fn withdraw(
        mut self,
        id: AnnouncementId,
        now: Timestamp,
    ) -> Result<(LearningObject, Announcement), RetirementError> {
        if self.state_at(now) == LifecycleState::Removed {
            return Err(RetirementError::NotThere(LifecycleState::Removed));
        }
        let occurred_at = self.next_flagged_at(now);
        self.retirement.take().ok_or(RetirementError::NotFlagged)?;
        self.withdrawn_at = Some(occurred_at);
        self.state = LifecycleState::Published;
        self.updated_at = now;
        let news = Announcement { id, lo_id: self.id, news: News::Withdrawn, occurred_at };
        Ok((self, news))
    }

    /// The next transition that its dates ask for by `now` and that was not applied yet, with what is told of it.
    pub fn expire(mut self, id: AnnouncementId, now: Timestamp) -> Option<(LearningObject, Option<Announcement>)> {
        let state = self.state_at(now);
        if state == self.state {
            return None;
        }
        self.state = state;
        self.updated_at = now;
        let news = (state == LifecycleState::Removed).then(|| Announcement {
            id,
            lo_id: self.id,
            news: News::Removed,
            occurred_at: self.next_flagged_at(now),
        });
        Some((self, news))
    }

    /// Receivers keep what has the latest time, and times have seconds.
    fn next_flagged_at(&self, now: Timestamp) -> Timestamp {
        let last = self.retirement.map(|retirement| retirement.flagged_at).max(self.withdrawn_at);
        let next = last.map(|last| last.saturating_add(SignedDuration::from_secs(1)).unwrap_or(Timestamp::MAX));
        next.map_or(whole_second(now), |next| next.max(whole_second(now)))
    }
}

fn check_notice(removed_at: Timestamp, may_be_short: bool, now: Timestamp) -> Result<(), RetirementError> {
    let notice = removed_at.duration_since(now);
    if notice.is_negative() {
        return Err(RetirementError::InThePast(removed_at));
    }
    if removed_at > months_after(now, 12 * NOTICE_YEARS_MAX) {
        return Err(RetirementError::TooFar(removed_at));
    }
    if may_be_short { Ok(()) } else { Err(RetirementError::NoticeTooShort(removed_at)) }
}

/// Whether this is less notice than may be given without force.
fn is_short(removed_at: Timestamp, before: Option<Retirement>, now: Timestamp) -> bool {
    // Whoever was told of a date already has no less notice when it comes no earlier.
    let is_later = before.is_some_and(|before| before.removed_at <= removed_at);
    // The fraction of a second that a date does not have must not make sixty days too short.
    !is_later && removed_at < whole_second(now) + NOTICE_MIN
}

fn months_after(at: Timestamp, months: i32) -> Timestamp {
    at.to_zoned(TimeZone::UTC).saturating_add(months.months()).timestamp()
}

#[cfg(test)]
mod tests;
