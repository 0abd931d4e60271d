//! V3 portals. Contract, section 10.

use serde::{Deserialize, Serialize};

use super::oauth::TokenResponse;
use crate::time::Millis;

/// A tenant: an integrator (a partner) or one of its customers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Portal {
    /// A decimal number.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Its host name; cannot change.
    pub domain: String,
    /// An IANA time zone.
    pub timezone: String,
    /// `customer` or `distribution_partner`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The partner above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner_portal_id: Option<String>,
    /// The integrator's own id for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_customer_id: Option<String>,
    /// What business it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub industry: Option<String>,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// How many people it has, in steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_size: Option<u32>,
    /// When it was made.
    pub created_time: Millis,
    /// When it last changed.
    pub updated_time: Millis,
    /// How it behaves.
    pub settings: PortalSettings,
    /// The first administrator, with a token; only in the answer to the request that made the portal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_account: Option<FirstAdministrator>,
}

/// How a portal behaves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct PortalSettings {
    /// Whether enrollments in parts of a course publish events too (decision 11). Ours.
    pub child_enrollment_events: bool,
}

/// The administrator that a new portal begins with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FirstAdministrator {
    /// A decimal number.
    pub id: String,
    /// `acc_` and a ULID.
    pub account_guid: String,
    /// Lets the caller act in the new portal.
    pub oauth_token: TokenResponse,
}

/// Asks for a new customer portal under the caller's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct CreatePortal {
    /// What people call it. Required.
    #[cfg_attr(feature = "openapi", schema(required, value_type = String))]
    pub name: Option<String>,
    /// Its host name; cannot change. Required.
    #[cfg_attr(feature = "openapi", schema(required, value_type = String))]
    pub domain: Option<String>,
    /// Where it is. Required.
    #[cfg_attr(feature = "openapi", schema(required, value_type = String))]
    pub country: Option<String>,
    /// What business it is in. Required.
    #[cfg_attr(feature = "openapi", schema(required, value_type = String))]
    pub industry: Option<String>,
    /// The integrator's own id for it.
    pub external_customer_id: Option<String>,
    /// An IANA time zone; `UTC` when absent.
    pub timezone: Option<String>,
    /// How many people it has, in steps.
    pub company_size: Option<u32>,
    /// The first administrator; whoever acts with the token when absent.
    pub user_account: Option<CreateFirstAdministrator>,
    /// How it behaves.
    pub settings: Option<PortalSettings>,
}

/// The administrator that a new portal is to begin with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct CreateFirstAdministrator {
    /// Where to reach them. Required.
    #[cfg_attr(feature = "openapi", schema(required, value_type = String))]
    pub email: Option<String>,
    /// Their name at sign-in; the address when absent.
    pub username: Option<String>,
    /// Their given name.
    pub given_name: Option<String>,
    /// Their family name.
    pub family_name: Option<String>,
}

/// Asks for changes; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct UpdatePortal {
    /// Its host name, which cannot change: anything but what it is already is refused.
    pub domain: Option<String>,
    /// What people call it.
    pub name: Option<String>,
    /// An IANA time zone.
    pub timezone: Option<String>,
    /// Where it is.
    pub country: Option<String>,
    /// What business it is in.
    pub industry: Option<String>,
    /// The integrator's own id for it.
    pub external_customer_id: Option<String>,
    /// How many people it has, in steps.
    pub company_size: Option<u32>,
    /// How it behaves.
    pub settings: Option<UpdatePortalSettings>,
}

/// Asks for changes of how a portal behaves; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct UpdatePortalSettings {
    /// Whether enrollments in parts of a course publish events too (decision 11). Ours.
    pub child_enrollment_events: Option<bool>,
}
