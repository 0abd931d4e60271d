//! One-time logins. Contract, section 8.2.

use serde::{Deserialize, Serialize};

/// A link to content that signs one learner in, once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Login {
    /// Where the learner's browser is sent; absent if no content was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What is good once; the link holds it as `oneTimeToken`. Whoever has it plays as this learner.
    pub one_time_token: String,
    /// Seconds for which it is good: 604,800.
    pub expires_in: u64,
}
