//! Portals as they are written.

use contract::api::portal as api;
use domain::portal::Portal;

/// A portal; its first administrator only when it was made just now.
pub(crate) fn portal(portal: Portal, administrator: Option<api::FirstAdministrator>) -> api::Portal {
    api::Portal {
        id: portal.id.to_string(),
        name: portal.name,
        domain: portal.domain.as_str().to_owned(),
        timezone: portal.timezone,
        kind: portal.kind.as_str().to_owned(),
        partner_portal_id: portal.partner_id.map(|id| id.to_string()),
        external_customer_id: portal.external_customer_id,
        industry: portal.industry,
        country: portal.country,
        company_size: portal.company_size,
        created_time: portal.created_at.into(),
        updated_time: portal.updated_at.into(),
        settings: api::PortalSettings { child_enrollment_events: portal.child_enrollment_events },
        user_account: administrator,
    }
}
