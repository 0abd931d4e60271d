//! The older API, which has what an integrator fetches after a webhook. Contract, sections 7.1, 8 and 10.

use contract::api::learning_activity::LearningActivity;
use contract::api::page::Page;
use contract::api::v2::{Enrollment, User};
use reqwest::Method;

use crate::platform::Platform;
use crate::platform::error::Error;

/// The calls of V2, from [`Platform::v2`].
#[derive(Clone, Copy, Debug)]
pub struct V2<'p>(&'p Platform);

impl Platform {
    /// The calls of V2.
    pub fn v2(&self) -> V2<'_> {
        V2(self)
    }
}

impl V2<'_> {
    /// The enrollment that an event names. Needs the credentials of the portal that the event names: a partner's get
    /// [`Error::Forbidden`].
    pub async fn enrollment(&self, id: &str) -> Result<Enrollment, Error> {
        self.0.v2_call(Method::GET, &["enrollments", id])?.fetch().await
    }

    /// A person.
    pub async fn user(&self, id: u64) -> Result<User, Error> {
        self.0.v2_call(Method::GET, &["users", &id.to_string()])?.fetch().await
    }

    /// What an LMS passed through SCORM in this enrollment; an empty page when the content was not used that way.
    pub async fn learning_activity(&self, enrollment_id: &str) -> Result<Page<LearningActivity>, Error> {
        self.0.v2_call(Method::GET, &["learning-activity"])?.query("enrollment-id", enrollment_id).fetch().await
    }
}
