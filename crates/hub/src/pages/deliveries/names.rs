//! What people call the webhooks and the portals that a page tells of.

use std::collections::HashMap;

use domain::id::{PortalId, WebhookId};
use store::page::PageRequest;
use store::portal::PortalFilter;

use crate::extract::View;
use crate::hub::Hub;
use crate::pages::webhooks::row;
use crate::refusal::Refusal;

/// How many customers can be chosen from; the others are named by their numbers.
const CUSTOMERS: PageRequest = PageRequest { limit: 100, offset: 0 };

/// Names that were looked up.
pub(crate) struct Names {
    /// The webhooks that are not deleted, in their order.
    pub(crate) webhooks: Vec<(WebhookId, String)>,
    portals: HashMap<PortalId, String>,
    own: PortalId,
}

impl Names {
    /// The webhooks of the portal.
    pub(crate) async fn of(hub: &Hub, view: &View) -> Result<Self, Refusal> {
        let webhooks = hub.store.list_webhooks(view.portal.id).await?;
        let webhooks = webhooks.iter().map(|webhook| (webhook.id.clone(), row::title(webhook))).collect();
        Ok(Names { webhooks, portals: HashMap::new(), own: view.portal.id })
    }

    /// The name of a webhook, if it is not deleted.
    pub(crate) fn webhook(&self, id: &WebhookId) -> Option<&str> {
        self.webhooks.iter().find(|(there, _)| there == id).map(|(_, title)| title.as_str())
    }

    /// The name of a portal in which an event happened, if it is not the one that is looked at.
    pub(crate) async fn portal(&mut self, hub: &Hub, id: PortalId) -> Result<Option<String>, Refusal> {
        if id == self.own {
            return Ok(None);
        }
        if let Some(known) = self.portals.get(&id) {
            return Ok(Some(known.clone()));
        }
        let name = hub.store.find_portal(id).await?.map_or_else(|| format!("Portal {id}"), |portal| portal.name);
        Ok(Some(self.portals.entry(id).or_insert(name).clone()))
    }
}

/// The first customers of the portal, to choose from.
pub(crate) async fn customers(hub: &Hub, view: &View) -> Result<Vec<(PortalId, String)>, Refusal> {
    if !view.portal.may_have_customers() {
        return Ok(Vec::new());
    }
    let listed = hub.store.list_customers(view.portal.id, &PortalFilter::default(), CUSTOMERS).await?;
    Ok(listed.items.into_iter().map(|portal| (portal.id, portal.name)).collect())
}

/// The portal that somebody means: the one that is looked at, or a customer of it, by its number or its name.
pub(crate) async fn find_meant(hub: &Hub, view: &View, text: &str) -> Result<Result<PortalId, String>, Refusal> {
    let id = text.parse::<PortalId>().ok();
    if id == Some(view.portal.id) {
        return Ok(Ok(view.portal.id));
    }
    let filter = match id {
        Some(id) => PortalFilter { ids: Some(vec![id]), ..Default::default() },
        None => PortalFilter { keyword: Some(text.to_owned()), ..Default::default() },
    };
    let listed = hub.store.list_customers(view.portal.id, &filter, CUSTOMERS).await?;
    let is_called = |name: &str| name.to_lowercase() == text.to_lowercase();
    let exact = listed.items.iter().find(|portal| is_called(&portal.name) || is_called(portal.domain.as_str()));
    Ok(match (exact, listed.items.as_slice()) {
        (Some(portal), _) | (None, [portal]) => Ok(portal.id),
        (None, []) => Err("there is no customer of that number or name".to_owned()),
        (None, _) => Err(format!("{} customers are called like that: enter the number of one", listed.total)),
    })
}
