//! What happened, whom it reached, and why not others. Ours: not in the published API.

use serde::{Deserialize, Serialize};

use crate::time::Millis;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Event {
    /// The `id` of the envelope: 12 letters and digits, the same wherever it is delivered.
    pub id: String,
    /// What happened.
    pub event_type: String,
    /// The portal in which it happened.
    pub portal_id: String,
    /// The `data` of the envelope.
    pub data: serde_json::Value,
    /// When it was stored.
    pub created_time: Millis,
    /// Whether it was a test of one webhook, and told to no other.
    pub test: bool,
    /// Deliveries are not given up before this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline_time: Option<Millis>,
    /// How each webhook of the caller's portal stands to it, those that were told first, up to 500; not in lists of events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhooks: Option<Vec<EventWebhook>>,
}

/// How one webhook stands to an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EventWebhook {
    /// The webhook.
    pub webhook_id: String,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `pending`, `held`, `delivered` or `failed`, as of a delivery; `not_told` if there is none. Of several deliveries, that which
    /// is under way, else one that arrived, else the last that failed: all are in `GET /deliveries`.
    pub status: String,
    /// Why it is held (`owner`, `paused`, `gone`, `failing`), failed (`exhausted`, `webhook_deleted`) or was not told, by what was
    /// true when the event was stored: `made_later`, `not_subscribed`, `inactive`, `deleted`, `test_of_another`, `unknown`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The same for people, and what to do.
    pub explanation: String,
    /// The delivery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery_id: Option<String>,
    /// The number of its last attempt begun; 0 for none yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt_number: Option<u32>,
    /// While pending: when the next attempt is made, or until when the present one may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_time: Option<Millis>,
    /// When it was delivered or given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_time: Option<Millis>,
}

/// What is known of the events of one enrollment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EnrollmentEvents {
    /// The enrollment.
    pub enrollment_id: String,
    /// Its events, oldest first, each with how every webhook of the caller's portal stands to it.
    pub events: Vec<Event>,
    /// Why there is no `enrollment.complete` among them: `not_completed`, `part_of_course`, `not_kept`, `no_such_enrollment`,
    /// `unknown`. Absent if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The same for people, and what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
}
