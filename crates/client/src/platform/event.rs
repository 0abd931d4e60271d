//! What happened, whom it reached and why not others. Not in the published API: for Schoolbell itself.

use contract::api::event::{EnrollmentEvents, Event};
use contract::api::page::Page;
use contract::time::Millis;
use jiff::Timestamp;
use reqwest::Method;

use crate::platform::Platform;
use crate::platform::enrollment::Part;
use crate::platform::error::Error;

/// Which events. Empty: all of the portal and of its customers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// About this enrollment.
    pub enrollment_id: Option<String>,
    /// About this learning object, by its number.
    pub lo_id: Option<String>,
    /// Of this type; several with commas between.
    pub event_type: Option<String>,
    /// Stored then or later.
    pub from: Option<Timestamp>,
    /// Stored then or earlier.
    pub to: Option<Timestamp>,
}

impl Platform {
    /// One page of events, the newest first.
    pub async fn events(&self, filter: &EventFilter, part: Part) -> Result<Page<Event>, Error> {
        let mut call = self
            .gateway_call(Method::GET, &["events"])?
            .query("limit", &part.limit.to_string())
            .query("offset", &part.offset.to_string());
        let time = |at: Option<Timestamp>| at.map(|at| Millis(at).to_string());
        let (from, to) = (time(filter.from), time(filter.to));
        let filters = [
            ("enrollment_id", &filter.enrollment_id),
            ("lo_id", &filter.lo_id),
            ("event_type", &filter.event_type),
            ("from", &from),
            ("to", &to),
        ];
        for (name, value) in filters {
            if let Some(value) = value {
                call = call.query(name, value);
            }
        }
        call.fetch().await
    }

    /// One event, and for every webhook of the portal whether it arrived there, or why it was not told.
    pub async fn event(&self, id: &str) -> Result<Event, Error> {
        self.gateway_call(Method::GET, &["events", id])?.fetch().await
    }

    /// Why the completion of an enrollment did, or did not, arrive.
    pub async fn events_of_enrollment(&self, id: &str) -> Result<EnrollmentEvents, Error> {
        self.gateway_call(Method::GET, &["enrollments", id, "events"])?.fetch().await
    }
}
