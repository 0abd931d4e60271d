//! Webhooks.

use std::sync::Arc;

use contract::event_type::EventType;
use contract::signature::TimestampUnit;
use domain::change::Change;
use domain::id::UserAccountId;
use domain::webhook::{Oauth2Credentials, Secret};

use super::world::{WEBHOOKS_MAX, World, at};
use crate::Store;
use crate::error::StoreError;

/// Every field comes back as it was saved, secrets included.
pub async fn webhooks_keep_all_they_are_given(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let plain = world.webhook(world.partner, &[EventType::EnrollmentComplete]);
    let mut full = world.webhook(world.partner, &EventType::ALL);
    full.name = Some("Zoë's webhook".to_owned());
    full.secret = Some(Secret::parse("clé-secrète-✓".to_owned()).unwrap());
    full.previous_secret = Some((Secret::parse("old".to_owned()).unwrap(), at(77)));
    full.timestamp_unit = TimestampUnit::Milliseconds;
    full.integration_system_id = Some("int_AzuTsRz".to_owned());
    full.oauth2 = Some(Oauth2Credentials {
        client_id: "id".to_owned(),
        client_secret: Secret::parse("s".to_owned()).unwrap(),
        server_url: full.url.clone(),
        scope: Some("create+delete".to_owned()),
    });
    for mut webhook in [plain, full] {
        world.store.save_webhook(Change::silent(webhook.clone()), WEBHOOKS_MAX).await.unwrap();
        webhook.version = 1;
        assert_eq!(world.store.find_webhook(world.partner, &webhook.id).await.unwrap(), Some(webhook));
    }
}

/// Of sixty that are made at the same time fifty are stored, listed oldest first.
pub async fn the_limit_holds_under_contention(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let saves = (0..60).map(|_| {
        let (store, webhook) = (world.store.clone(), world.webhook(world.partner, &[EventType::ContentAdd]));
        tokio::spawn(async move { store.save_webhook(Change::silent(webhook), WEBHOOKS_MAX).await })
    });
    let mut stored = 0;
    for save in saves.collect::<Vec<_>>() {
        match save.await.unwrap() {
            Ok(()) => stored += 1,
            Err(StoreError::LimitReached(WEBHOOKS_MAX)) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
    assert_eq!(stored, WEBHOOKS_MAX);
    assert_eq!(world.store.list_webhooks(world.partner).await.unwrap().len(), WEBHOOKS_MAX);
    // Another portal has its own limit, and a deleted webhook makes room.
    world.add_webhook(world.stranger, &[EventType::ContentAdd]).await;
    let oldest = world.store.list_webhooks(world.partner).await.unwrap().remove(0);
    world.store.save_webhook(oldest.delete(UserAccountId(1), at(1)), WEBHOOKS_MAX).await.unwrap();
    world.add_webhook(world.partner, &[EventType::ContentAdd]).await;
}

/// A deleted webhook is neither found nor listed.
pub async fn deleted_webhooks_are_gone(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let id = world.add_webhook(world.partner, &[EventType::EnrollmentComplete]).await;
    let webhook = world.store.find_webhook(world.partner, &id).await.unwrap().unwrap();
    world.store.save_webhook(webhook.delete(UserAccountId(1), at(1)), WEBHOOKS_MAX).await.unwrap();
    assert_eq!(world.store.find_webhook(world.partner, &id).await.unwrap(), None);
    assert_eq!(world.store.list_webhooks(world.partner).await.unwrap(), []);
}

/// Another portal neither finds a webhook nor can change it, and a stale change is refused.
pub async fn webhooks_belong_to_their_portal(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let id = world.add_webhook(world.partner, &[EventType::EnrollmentComplete]).await;
    assert_eq!(world.store.find_webhook(world.customers[0], &id).await.unwrap(), None);
    let read = world.store.find_webhook(world.partner, &id).await.unwrap().unwrap();
    let mut moved = read.clone();
    moved.portal_id = world.customers[0];
    for wrong in [moved, domain::webhook::Webhook { version: 9, ..read }] {
        let refused = world.store.save_webhook(Change::silent(wrong), WEBHOOKS_MAX).await;
        assert!(matches!(refused, Err(StoreError::Conflict)), "{refused:?}");
    }
}
