//! Content that ends: its dates, the transitions that they ask for, and the telling of everybody concerned.

use async_trait::async_trait;
use contract::csv::cell;
use contract::time::Millis;
use domain::id::{LearningObjectId, PortalId};
use domain::learning_object::LearningObject;
use domain::learning_object::retirement::Announcement;
use jiff::Timestamp;

use crate::error::Result;

/// Whom the end of content concerns in one portal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Impact {
    /// The portal.
    pub portal_id: PortalId,
    /// What people call it.
    pub portal_name: String,
    /// Whether its library holds the content.
    pub in_library: bool,
    /// Live enrollments that were not begun.
    pub not_started: u64,
    /// Live enrollments that were begun and not finished.
    pub in_progress: u64,
    /// Live enrollments that were finished.
    pub completed: u64,
    /// When the last of them was finished.
    pub last_completed_at: Option<Timestamp>,
}

/// Whom the end of content concerns, as a table for spreadsheets.
pub fn impact_csv(portals: &[Impact]) -> String {
    let mut csv =
        "portal_id,portal_name,in_library,not_started,in_progress,completed,last_completed_time\r\n".to_owned();
    for portal in portals {
        let last = portal.last_completed_at.map(|at| Millis(at).to_string()).unwrap_or_default();
        let Impact { portal_id, portal_name, in_library, not_started, in_progress, completed, .. } = portal;
        let portal_name = cell(portal_name);
        csv.push_str(&format!(
            "{portal_id},{portal_name},{in_library},{not_started},{in_progress},{completed},{last}\r\n"
        ));
    }
    csv
}

/// Retirements.
#[async_trait]
pub trait Retirements: Send + Sync {
    /// Stores content whose dates were set, moved or withdrawn, and with it what is to be told, for
    /// [`expand_announcements`](Self::expand_announcements) to carry out. What was announced of it before and has not been
    /// told to everybody is told no further: this is later news.
    ///
    /// `Conflict` if the content is not what was read.
    async fn save_retirement(&self, content: LearningObject, announcement: Announcement) -> Result<()>;

    /// Applies the transitions that dates ask for by `now`, to up to `limit` pieces of content, and says how many there were.
    /// Each is applied once, however late; what is told of it is stored in the same step.
    async fn expire_content(&self, limit: u32, now: Timestamp) -> Result<u64>;

    /// Tells up to `limit` portals of the announcement that has waited longest: those whose library holds the content, and
    /// those with a live enrollment in it (decision 21). Says whether there is more to do. Events, deliveries and progress are one
    /// transaction: a step that is killed is as if it had not begun.
    async fn expand_announcements(&self, limit: u32, now: Timestamp) -> Result<bool>;

    /// Whom the end of content concerns: `portal_id` and its customers, those of them whose library holds it or with a live
    /// enrollment in it, by their ids.
    async fn list_impact(&self, portal_id: PortalId, lo_id: LearningObjectId) -> Result<Vec<Impact>>;
}
