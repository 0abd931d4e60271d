//! Portals: the one that is looked at, and the customers below it.

use domain::id::PortalId;
use domain::portal::Portal;

use crate::extract::View;
use crate::hub::Hub;
use crate::refusal::Refusal;
use crate::when::When;

pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod show;
pub(crate) mod update;

/// The portal that is looked at, or a customer of it. Contract, section 6.
pub(crate) async fn find(hub: &Hub, view: &View, id: PortalId) -> Result<Portal, Refusal> {
    if id == view.portal.id {
        return Ok(view.portal.clone());
    }
    let found = hub.store.find_portal(id).await?;
    found.filter(|portal| portal.is_customer_of(view.portal.id)).ok_or(Refusal::NotFound)
}

/// A portal as it is shown.
pub(crate) struct PortalFacts {
    pub(crate) path: String,
    /// Where it is looked at from the inside.
    pub(crate) inside: String,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) domain: String,
    pub(crate) kind: &'static str,
    pub(crate) timezone: String,
    pub(crate) country: String,
    pub(crate) industry: String,
    pub(crate) company_size: Option<u32>,
    pub(crate) external_customer_id: String,
    pub(crate) child_enrollment_events: bool,
    pub(crate) created_at: When,
    pub(crate) updated_at: When,
}

impl PortalFacts {
    pub(crate) fn new(view: &View, portal: &Portal) -> Self {
        let said = |text: &Option<String>| text.clone().unwrap_or_default();
        PortalFacts {
            path: view.path(format_args!("portals/{}", portal.id)),
            inside: format!("/hub/{}", portal.id),
            id: portal.id.to_string(),
            name: portal.name.clone(),
            domain: portal.domain.as_str().to_owned(),
            kind: if portal.may_have_customers() { "Partner" } else { "Customer" },
            timezone: portal.timezone.clone(),
            country: said(&portal.country),
            industry: said(&portal.industry),
            company_size: portal.company_size,
            external_customer_id: said(&portal.external_customer_id),
            child_enrollment_events: portal.child_enrollment_events,
            created_at: When(portal.created_at),
            updated_at: When(portal.updated_at),
        }
    }
}
