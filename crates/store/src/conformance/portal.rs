//! Portals.

use std::sync::Arc;

use domain::change::Change;

use super::world::{PAGE, World, at};
use crate::Store;
use crate::error::StoreError;
use crate::portal::PortalFilter;

/// What was saved is found as it was, one version on.
pub async fn saved_portals_are_found(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let mut portal = world.portal("acme", Some(world.partner)).await;
    world.store.save_portal(Change::silent(portal.clone())).await.unwrap();
    portal.version = 1;
    assert_eq!(world.store.find_portal(portal.id).await.unwrap(), Some(portal.clone()));
    portal.name = "Acme & Söhne".to_owned();
    portal.updated_at = at(5);
    world.store.save_portal(Change::silent(portal.clone())).await.unwrap();
    portal.version = 2;
    assert_eq!(world.store.find_portal(portal.id).await.unwrap(), Some(portal));
}

/// A change of what is not stored any more is refused.
pub async fn stale_changes_conflict(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let read = world.store.find_portal(world.partner).await.unwrap().unwrap();
    world.store.save_portal(Change::silent(read.clone())).await.unwrap();
    let second = world.store.save_portal(Change::silent(read)).await;
    assert!(matches!(second, Err(StoreError::Conflict)), "{second:?}");
}

/// Two portals cannot have one domain.
pub async fn domains_are_unique(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let second = world.store.save_portal(Change::silent(world.portal("partner", None).await)).await;
    assert!(matches!(second, Err(StoreError::Taken("domain"))), "{second:?}");
}

/// A partner sees its own customers and no others.
pub async fn customers_are_listed_by_partner(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.add_portal("elsewhere", Some(world.stranger)).await;
    let filter = PortalFilter::default();
    let mut ids: Vec<_> =
        world.store.list_customers(world.partner, &filter, PAGE).await.unwrap().items.iter().map(|p| p.id).collect();
    ids.sort();
    assert_eq!(ids, world.customers);
    let keyword = PortalFilter { keyword: Some("CUSTOMER1".to_owned()), ..filter };
    assert_eq!(world.store.list_customers(world.partner, &keyword, PAGE).await.unwrap().total, 1);
    assert_eq!(world.store.list_portals(&PortalFilter::default(), PAGE).await.unwrap().total, 5);
}

/// If the administrator cannot be stored, there is no portal either.
pub async fn a_new_portal_and_its_administrator_are_one(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let portal = world.portal("acme", None).await;
    let mut administrator = world.learner(portal.id, "grace").await;
    // The id of an account that is there already.
    administrator.id = world.learners[0];
    let refused =
        world.store.save_new_portal(Change::silent(portal.clone()), Change::silent(administrator.clone())).await;
    assert!(refused.is_err());
    assert_eq!(world.store.find_portal(portal.id).await.unwrap(), None);
    administrator = world.learner(portal.id, "grace").await;
    world.store.save_new_portal(Change::silent(portal.clone()), Change::silent(administrator.clone())).await.unwrap();
    assert!(world.store.find_user_account(portal.id, administrator.id).await.unwrap().is_some());
}
