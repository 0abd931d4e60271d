//! Who did what, when, and what changed. Ours: not in the published API.

use serde::{Deserialize, Serialize};

use crate::time::Millis;

/// A management action that was carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditEntry {
    /// A decimal number; later entries have higher ones.
    pub id: String,
    /// When it was done.
    pub time: Millis,
    /// The portal to which it was done: the reader's, or one of its customers.
    pub portal_id: String,
    /// Who did it.
    pub actor: AuditActor,
    /// By which way: `api`, `hub` or `cli`.
    pub channel: String,
    /// What was done, such as `webhook.update`.
    pub action: String,
    /// What it was done to.
    pub subject: AuditSubject,
    /// What changed by it, or was said with it.
    #[serde(default)]
    pub changes: Vec<AuditChange>,
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditActor {
    /// `client` (a program), `person` (somebody who is signed in), `operator` (whoever runs the platform) or `unknown` (somebody
    /// who was refused).
    #[serde(rename = "type")]
    pub kind: String,
    /// The `client_id`, the id of the user account, or the operator's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What people called it then. Of a person only for who may read user accounts (`user.read`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The portal that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portal_id: Option<String>,
    /// The user account that acts, or is acted through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_account_id: Option<String>,
}

/// What something was done to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditSubject {
    /// What it is: the part of the action before the dot.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its id; of a library the portal's.
    pub id: String,
    /// What people called it then. Of a user account only for who may read those (`user.read`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A field that changed. Of user accounts the values are only for who may read those (`user.read`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditChange {
    /// Its name in the API.
    pub field: String,
    /// What it was; absent if there was nothing. Long values are cut; of a secret it says `set`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What it is; absent if there is nothing any more. Of a secret it says `set` or `changed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}
