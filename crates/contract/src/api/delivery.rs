//! What became of events on their way to webhooks, and telling them again. Ours: not in the published API.

use serde::{Deserialize, Serialize};

use crate::time::Millis;

/// One event to one webhook.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Delivery {
    /// A decimal number.
    pub id: String,
    /// To whom.
    pub webhook_id: String,
    /// What is told: the `id` of the envelope.
    pub event_id: String,
    /// What happened.
    pub event_type: String,
    /// The `data` of the envelope.
    pub data: serde_json::Value,
    /// True of a test, which was asked for and did not happen.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub test: bool,
    /// `pending`, `held`, `delivered` or `failed`.
    pub status: String,
    /// Why it is held (`owner`, `paused`, `gone`, `failing`) or failed (`exhausted`, `webhook_deleted`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The number of the last attempt begun; 0 for none yet.
    pub attempt_number: u32,
    /// While pending: when the next attempt is made, or until when the present one may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_time: Option<Millis>,
    /// When it was delivered or given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_time: Option<Millis>,
    /// Every attempt that was recorded, oldest first; only when one delivery is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<Vec<Attempt>>,
}

/// One HTTP request of a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Attempt {
    /// As the envelope said. A number that is missing was begun by a node that died.
    pub attempt_number: u32,
    /// When it began.
    pub started_time: Millis,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// The status of the answer, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The beginning of the answer, up to 16 KiB; what is not UTF-8 in it is replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Whether there was more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truncated: Option<bool>,
    /// Its headers, a line each, 4 KiB at most. Only of an answer that was no success.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headers: Option<String>,
    /// What kind of trouble there was instead of an answer, such as `timeout` or `tls`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// More about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// Many events of one webhook, told again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Replay {
    /// 12 letters and digits.
    pub id: String,
    /// The webhook.
    pub webhook_id: String,
    /// `failed` or `all`.
    pub scope: String,
    /// Events stored since then.
    pub since: Millis,
    /// Events stored before this may not be kept any more, so they are not told again. Only where `since` lies before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events_from: Option<Millis>,
    /// `running` or `finished`.
    pub status: String,
    /// How many deliveries it has made so far.
    pub deliveries: u64,
    /// When it was asked for. Events stored later are not part of it.
    pub created_time: Millis,
    /// When it came to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_time: Option<Millis>,
}

/// Asks for a replay.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct CreateReplay {
    /// The webhook. Required.
    #[cfg_attr(feature = "openapi", schema(required, value_type = String))]
    pub webhook_id: Option<String>,
    /// Events stored since then. Required.
    #[cfg_attr(feature = "openapi", schema(required, value_type = Millis))]
    pub since: Option<Millis>,
    /// `failed` (the default): those whose delivery failed; `all`: every event that the webhook would be told of, also from
    /// before it was made.
    pub scope: Option<String>,
}
