//! V3 enrollments: the list to reconcile against when webhooks may have been missed. Contract, section 7.2.

use contract::api::enrollment::{CreateEnrollment, Enrollment, UpdateEnrollment};
use contract::api::page::Page;
use contract::time::Millis;
use jiff::Timestamp;
use reqwest::Method;

use crate::platform::Platform;
use crate::platform::call::Call;
use crate::platform::error::Error;

mod walk;

pub use walk::EnrollmentWalk;

/// The most enrollments on one page.
pub const LIMIT_MAX: u32 = 50;
/// How far into a list one can ask: `offset + limit` is at most this.
pub const REACH_MAX: u32 = 10_000;

/// Which enrollments. Empty: all of the portal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnrollmentFilter {
    /// `not-started`, `in-progress`, `completed`; several with commas between.
    pub status: Option<String>,
    /// Changed then or later.
    pub update_time_gte: Option<Timestamp>,
    /// One learner's.
    pub user_account_id: Option<String>,
    /// In this content; several with commas between.
    pub lo_ids: Option<String>,
}

/// Which part of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// How many; at most [`LIMIT_MAX`], 0 for the total alone.
    pub limit: u32,
    /// After how many.
    pub offset: u32,
}

impl Platform {
    /// One page of enrollments, the newest first.
    pub async fn enrollments(&self, filter: &EnrollmentFilter, part: Part) -> Result<Page<Enrollment>, Error> {
        self.list_enrollments(filter, part)?.fetch().await
    }

    /// All enrollments, page by page, in the order in which they last changed.
    ///
    /// One that changes meanwhile comes again, in its new state; none is left out, however many there are.
    pub fn walk_enrollments(&self, filter: EnrollmentFilter) -> EnrollmentWalk {
        EnrollmentWalk::new(self.clone(), filter)
    }

    /// One enrollment.
    pub async fn enrollment(&self, id: &str) -> Result<Enrollment, Error> {
        self.gateway_call(Method::GET, &["enrollments", id])?.fetch().await
    }

    /// A new enrollment; [`Error::Conflict`] when the learner is enrolled already.
    pub async fn create_enrollment(&self, create: &CreateEnrollment) -> Result<Enrollment, Error> {
        self.gateway_call(Method::POST, &["enrollments"])?.json(create).fetch().await
    }

    /// A new enrollment in place of the one that the learner has already, if there is one: that is archived (decision 12).
    pub async fn create_enrollment_again(&self, create: &CreateEnrollment) -> Result<Enrollment, Error> {
        let call = self.gateway_call(Method::POST, &["enrollments"])?.query("re-enroll", "true");
        call.json(create).fetch().await
    }

    /// Deletes an enrollment. When an answer got lost and the call was repeated, [`Error::NotFound`] may mean that the first
    /// attempt succeeded.
    pub async fn delete_enrollment(&self, id: &str) -> Result<(), Error> {
        self.gateway_call(Method::DELETE, &["enrollments", id])?.done().await
    }

    /// Changes an enrollment; with the status `completed` it completes it.
    pub async fn update_enrollment(&self, id: &str, update: &UpdateEnrollment) -> Result<Enrollment, Error> {
        self.gateway_call(Method::PATCH, &["enrollments", id])?.json(update).fetch().await
    }

    fn list_enrollments(&self, filter: &EnrollmentFilter, part: Part) -> Result<Call<'_>, Error> {
        let mut call = self
            .gateway_call(Method::GET, &["enrollments"])?
            .query("limit", &part.limit.to_string())
            .query("offset", &part.offset.to_string());
        let since = filter.update_time_gte.map(|at| Millis(at).to_string());
        let filters = [
            ("status", &filter.status),
            ("update_time_gte", &since),
            ("user_account_id", &filter.user_account_id),
            ("lo_ids", &filter.lo_ids),
        ];
        for (name, value) in filters {
            if let Some(value) = value {
                call = call.query(name, value);
            }
        }
        Ok(call)
    }
}
