//! Content, when it ends, whom that concerns, and what may take its place. Contract, section 9.

use contract::api::learning_object::{AlternativePage, Impact, LearningObject, SetLearningObject};
use reqwest::Method;

use crate::platform::Platform;
use crate::platform::error::Error;

impl Platform {
    /// One learning object, by either of its ids.
    pub async fn learning_object(&self, id: &str) -> Result<LearningObject, Error> {
        self.gateway_call(Method::GET, &["learning-objects", id])?.fetch().await
    }

    /// What may take its place when it ends, by the older ids, the best first; `limit` is at most 100.
    pub async fn alternatives(&self, id: &str, limit: u32) -> Result<AlternativePage, Error> {
        let call = self.gateway_call(Method::GET, &["learning-objects", id, "alternatives"])?;
        call.query("type", "retirement").query("limit", &limit.to_string()).fetch().await
    }

    /// Whom its end concerns, portal by portal. Not in the published API: for Schoolbell itself.
    pub async fn impact(&self, id: &str) -> Result<Impact, Error> {
        self.gateway_call(Method::GET, &["learning-objects", id, "impact"])?.fetch().await
    }

    /// Flags it for removal, moves its dates, withdraws the flag, or changes what else is set. For the one who owns it.
    pub async fn set_learning_object(&self, id: &str, set: &SetLearningObject) -> Result<LearningObject, Error> {
        let call = self.gateway_call(Method::POST, &["learning-objects", id, "set"])?;
        call.json(set).fetch().await
    }
}
