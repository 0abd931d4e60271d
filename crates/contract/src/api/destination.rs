//! Destinations: the LMSs to which a portal hands packages. Ours; the packages are those of the contract, section 8.1.

use serde::{Deserialize, Serialize};

use crate::time::Millis;

/// One LMS to which a portal hands packages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Destination {
    /// A decimal number.
    pub id: String,
    /// The portal.
    pub portal_id: String,
    /// What people call it.
    pub name: String,
    /// What its packages carry. Every learner can read it there: it says where a launch comes from, and is no secret.
    pub token: String,
    /// `active` or `revoked`.
    pub status: String,
    /// From which origins packages may be launched; none for any.
    pub lms_origins: Vec<String>,
    /// How many different learners may launch them, if that is limited.
    pub seats_max: Option<u32>,
    /// From when on none is launched, if ever.
    pub expires_time: Option<Millis>,
    /// Whether `passed` may become `failed` in the LMS.
    pub lower_status: bool,
    /// Whether the ids of learners are kept as keyed digests only. A learning activity cannot give them back then.
    pub pseudonymous: bool,
    /// When it was made.
    pub created_time: Millis,
    /// When it last changed.
    pub updated_time: Millis,
}

/// Asks for a new destination.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct CreateDestination {
    /// What people call it. Required.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(required, value_type = String))]
    pub name: Option<String>,
    /// From which origins packages may be launched, such as `https://lms.example.com`; any when absent or empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lms_origins: Vec<String>,
    /// How many different learners may launch them; any number when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1_000_000_000))]
    pub seats_max: Option<u32>,
    /// From when on none is launched; never when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_time: Option<Millis>,
    /// Whether `passed` may become `failed` in the LMS; nothing else is ever lowered. False when absent.
    pub lower_status: bool,
    /// Whether the ids of learners are to be kept as keyed digests only; a learning activity cannot give them back then, and this cannot be
    /// changed later. False when absent.
    pub pseudonymous: bool,
}

/// Asks for changes; what is absent stays, what is null is cleared where it can be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct UpdateDestination {
    /// What people call it.
    #[serde(deserialize_with = "super::settable", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub name: Option<String>,
    /// `active` or `revoked`.
    #[serde(deserialize_with = "super::settable", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub status: Option<String>,
    /// From which origins packages may be launched; an empty list for any.
    #[serde(deserialize_with = "super::settable", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub lms_origins: Option<Vec<String>>,
    /// How many different learners may launch them, or null for any number.
    #[serde(deserialize_with = "super::nullable", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u32>, minimum = 1, maximum = 1_000_000_000))]
    pub seats_max: Option<Option<u32>>,
    /// From when on none is launched, or null for never.
    #[serde(deserialize_with = "super::nullable", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Millis>))]
    pub expires_time: Option<Option<Millis>>,
    /// Whether `passed` may become `failed` in the LMS.
    #[serde(deserialize_with = "super::settable", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = bool))]
    pub lower_status: Option<bool>,
    /// What it is already: it is decided when the destination is made.
    #[serde(deserialize_with = "super::settable", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = bool))]
    pub pseudonymous: Option<bool>,
}
