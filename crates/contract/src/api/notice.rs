//! What the administrators of a portal are told of its webhooks. Ours: not in the published API.

use serde::{Deserialize, Serialize};

use crate::time::Millis;

/// What happened to a webhook, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Notice {
    /// 12 letters and digits.
    pub id: String,
    /// Of which webhook; it may have been deleted meanwhile.
    pub webhook_id: String,
    /// `failing` (a warning), `stopped_failing`, `stopped_gone` or `given_up` (deliveries).
    pub kind: String,
    /// When it happened.
    pub time: Millis,
    /// What it is about, in a line.
    pub subject: String,
    /// All of it as plain text: what happened, what becomes of the deliveries, what to do.
    pub text: String,
    /// What became of the mail to each administrator; none if the platform sends no mail, or did not yet.
    pub mails: Vec<NoticeMail>,
}

/// The mail of a notice to one administrator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NoticeMail {
    /// To whom.
    pub user_account_id: String,
    /// `pending`, `sent` or `failed`.
    pub status: String,
    /// While pending: when it is tried next, or until when the present attempt may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_time: Option<Millis>,
    /// When the mail server took it, or it was given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_time: Option<Millis>,
    /// The address. Only for who may read user accounts (`user.read`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// What the last attempt that failed met. Only for who may read user accounts: a mail server may repeat the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}
