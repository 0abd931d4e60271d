//! Walking a list that changes underfoot and is longer than one may ask.
//!
//! Pages by offset alone leave something out when an enrollment that was on an earlier page changes and moves to the
//! end. So the walk goes by the time of the last change: each page begins at the second in which the one before it
//! ended, and what was seen of that second is left out. Offsets count within one second only. There each page begins
//! with the last one of the page before; if it does not, something moved away, and that second is read once more.

use std::collections::HashSet;

use contract::api::enrollment::Enrollment;
use contract::api::page::Page;
use jiff::Timestamp;

use crate::platform::Platform;
use crate::platform::enrollment::{EnrollmentFilter, LIMIT_MAX, Part, REACH_MAX};
use crate::platform::error::Error;

/// How many pages may follow one another without anything new on them, before the walk is given up: more than it
/// takes to read one second again from its beginning.
const PAGES_WITHOUT_NEWS_MAX: u32 = 2 * REACH_MAX / LIMIT_MAX;

/// All enrollments that a filter lets through, page by page.
#[derive(Debug)]
pub struct EnrollmentWalk {
    platform: Platform,
    filter: EnrollmentFilter,
    place: Place,
}

/// How far a walk has come.
#[derive(Debug, Default, PartialEq, Eq)]
struct Place {
    /// The second that the next page begins with.
    since: Option<Timestamp>,
    /// How many of that second lie before the next page.
    offset: u32,
    /// Which of that second were seen.
    seen: HashSet<String>,
    /// There is no next page.
    ended: bool,
}

impl EnrollmentWalk {
    pub(super) fn new(platform: Platform, filter: EnrollmentFilter) -> Self {
        let place = Place::starting(filter.update_time_gte);
        EnrollmentWalk { platform, filter, place }
    }

    /// The next page; `None` after the last. A page is never empty. After an error the same page can be asked again.
    pub async fn next_page(&mut self) -> Result<Option<Vec<Enrollment>>, Error> {
        for _ in 0..PAGES_WITHOUT_NEWS_MAX {
            if self.place.ended {
                return Ok(None);
            }
            let page = self.fetch().await?;
            let hits = self.place.advance(page).map_err(failed)?;
            if !hits.is_empty() {
                return Ok(Some(hits));
            }
        }
        Err(failed("the list does not go on"))
    }

    async fn fetch(&self) -> Result<Page<Enrollment>, Error> {
        if self.place.offset + LIMIT_MAX > REACH_MAX {
            return Err(failed("more enrollments changed in one second than can be listed"));
        }
        let filter = EnrollmentFilter { update_time_gte: self.place.since, ..self.filter.clone() };
        let part = Part { limit: LIMIT_MAX, offset: self.place.offset };
        let call = self.platform.list_enrollments(&filter, part)?;
        call.query("sort", "updated_time").query("order", "asc").fetch().await
    }
}

fn failed(problem: &'static str) -> Error {
    Error::Walk { call: "GET /enrollments".to_owned(), problem }
}

impl Place {
    /// Before the first page. Enrollments show whole seconds, so the walk begins with a whole one.
    fn starting(since: Option<Timestamp>) -> Self {
        let second = |at: Timestamp| Timestamp::from_second(at.as_second()).unwrap_or(at);
        Place { since: since.map(second), ..Place::default() }
    }

    /// Moves past a page; returns what is new on it.
    fn advance(&mut self, page: Page<Enrollment>) -> Result<Vec<Enrollment>, &'static str> {
        let times = || self.since.into_iter().chain(page.hits.iter().map(updated));
        if !times().is_sorted() {
            return Err("the list is not in the order that was asked for");
        }
        if self.offset > 0 && !page.hits.first().is_some_and(|hit| self.saw(hit)) {
            self.offset = 0;
            return Ok(Vec::new());
        }
        let last = times().last();
        let count = u32::try_from(page.hits.len()).unwrap_or(u32::MAX);
        let ended = page.hits.is_empty() || u64::from(self.offset) + u64::from(count) >= page.total;
        let seen = page.hits.iter().filter(|hit| Some(updated(hit)) == last).map(|hit| hit.id.clone()).collect();
        let fresh = page.hits.into_iter().filter(|hit| !self.saw(hit)).collect();

        if last == self.since {
            self.seen.extend::<HashSet<String>>(seen);
            self.offset += count.saturating_sub(1);
            self.ended = ended;
        } else {
            *self = Place { since: last, offset: 0, seen, ended };
        }
        Ok(fresh)
    }

    fn saw(&self, hit: &Enrollment) -> bool {
        Some(updated(hit)) == self.since && self.seen.contains(&hit.id)
    }
}

fn updated(hit: &Enrollment) -> Timestamp {
    hit.updated_time.0
}

#[cfg(test)]
mod tests;
