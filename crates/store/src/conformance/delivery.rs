//! Which webhooks are told of an event.

use std::sync::Arc;

use contract::event_type::EventType;
use domain::delivery::{Delivery, DeliveryState, FailedReason};
use domain::enrollment::Status;
use domain::id::{PortalId, UserAccountId, WebhookId};
use domain::webhook::{InactiveReason, WebhookStatus};

use super::world::{PAGE, WEBHOOKS_MAX, World, at};
use crate::Store;
use crate::delivery::DeliveryFilter;

async fn told(world: &World, portal_id: PortalId, webhook_id: &WebhookId) -> Vec<Delivery> {
    let filter = DeliveryFilter { webhook_id: Some(webhook_id.clone()), ..Default::default() };
    world.store.list_deliveries(portal_id, &filter, PAGE).await.unwrap().items
}

/// One event, one id, a delivery for each webhook of the customer and of its partner, none for a sibling.
pub async fn events_reach_the_portal_and_its_partner(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let complete = [EventType::EnrollmentComplete];
    let own = world.add_webhook(world.customers[0], &complete).await;
    let above = [world.add_webhook(world.partner, &complete).await, world.add_webhook(world.partner, &complete).await];
    let others = [
        (world.customers[1], world.add_webhook(world.customers[1], &complete).await),
        (world.stranger, world.add_webhook(world.stranger, &complete).await),
    ];
    let enrollment = world.enroll_somebody(0, "grace", Status::Completed, 1).await;
    let [delivery] = told(&world, world.customers[0], &own).await.try_into().unwrap();
    assert_eq!(delivery.event.portal_id, world.customers[0]);
    assert_eq!(delivery.event.subject_id, enrollment.0);
    assert_eq!((delivery.attempt_number, delivery.state), (0, DeliveryState::Pending { due_at: at(1) }));
    for id in &above {
        let [delivery_above] = told(&world, world.partner, id).await.try_into().unwrap();
        assert_eq!(delivery_above.event, delivery.event);
    }
    for (portal_id, id) in &others {
        assert_eq!(told(&world, *portal_id, id).await, []);
    }
    let by_subject = DeliveryFilter { subject_id: Some(enrollment.0), ..Default::default() };
    assert_eq!(world.store.list_deliveries(world.partner, &by_subject, PAGE).await.unwrap().total, 2);
}

/// The newest deliveries of a webhook come first, and no more of them than are asked for; another portal sees none.
pub async fn the_newest_deliveries_of_a_webhook_come_first(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let id = world.add_webhook(world.partner, &[EventType::EnrollmentComplete]).await;
    world.add_webhook(world.partner, &[EventType::EnrollmentComplete]).await;
    for n in 0..3 {
        world.enroll_somebody(0, &format!("learner{n}"), Status::Completed, n).await;
    }
    let recent = async |portal_id, limit| world.store.list_recent_deliveries(portal_id, &id, limit).await.unwrap();
    let all = told(&world, world.partner, &id).await;
    assert_eq!((recent(world.partner, 9).await, all.len()), (all.clone(), 3));
    assert_eq!(recent(world.partner, 2).await, all[..2]);
    assert_eq!(recent(world.customers[0], 9).await, []);
}

/// A webhook hears of the event types that it asked for, also after it asked for others.
pub async fn only_matching_webhooks_are_told(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let id = world.add_webhook(world.partner, &[EventType::EnrollmentDelete]).await;
    world.enroll_somebody(0, "grace", Status::Completed, 1).await;
    assert_eq!(told(&world, world.partner, &id).await, []);
    let mut webhook = world.store.find_webhook(world.partner, &id).await.unwrap().unwrap();
    webhook.event_types = vec![EventType::EnrollmentCreate];
    world.store.save_webhook(domain::change::Change::silent(webhook), WEBHOOKS_MAX).await.unwrap();
    world.enroll_somebody(0, "alan", Status::Completed, 2).await;
    let event_types: Vec<_> = told(&world, world.partner, &id).await.iter().map(|told| told.event.event_type).collect();
    assert_eq!(event_types, [EventType::EnrollmentCreate]);
}

/// New events are not for a webhook that its owner made inactive.
pub async fn what_is_inactive_by_its_owner_is_not_told(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let id = world.add_webhook(world.partner, &[EventType::EnrollmentComplete]).await;
    world.set_status(world.partner, &id, WebhookStatus::Inactive(InactiveReason::Owner)).await;
    world.enroll_somebody(0, "grace", Status::Completed, 1).await;
    assert_eq!(told(&world, world.partner, &id).await, []);
    world.set_status(world.partner, &id, WebhookStatus::Active).await;
    world.enroll_somebody(0, "alan", Status::Completed, 2).await;
    assert_eq!(told(&world, world.partner, &id).await.len(), 1);
}

/// Events of a webhook that is paused, gone or failing are kept, and nobody is led to attempt them.
pub async fn what_is_paused_waits(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let id = world.add_webhook(world.partner, &[EventType::EnrollmentComplete]).await;
    for (i, reason) in [InactiveReason::Paused, InactiveReason::Gone, InactiveReason::Failing].into_iter().enumerate() {
        world.set_status(world.partner, &id, WebhookStatus::Inactive(reason)).await;
        world.enroll_somebody(0, &format!("learner{i}"), Status::Completed, 1).await;
        let waiting = told(&world, world.partner, &id).await;
        assert_eq!(waiting.len(), i + 1);
        assert!(waiting.iter().all(|delivery| delivery.state == DeliveryState::Held { reason }));
        assert_eq!(world.store.list_due_lanes(at(9)).await.unwrap(), Default::default());
    }
    world.set_status(world.partner, &id, WebhookStatus::Active).await;
    assert_eq!(world.store.list_due_lanes(at(9)).await.unwrap().due.len(), 1);
}

/// What was pending for a deleted webhook has failed, and says why.
pub async fn deleting_fails_what_is_pending(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let id = world.add_webhook(world.partner, &[EventType::EnrollmentComplete]).await;
    world.enroll_somebody(0, "grace", Status::Completed, 1).await;
    let webhook = world.store.find_webhook(world.partner, &id).await.unwrap().unwrap();
    world.store.save_webhook(webhook.delete(UserAccountId(1), at(5)), WEBHOOKS_MAX).await.unwrap();
    assert_eq!(world.store.list_due_lanes(at(9)).await.unwrap(), Default::default());
    let states: Vec<_> = told(&world, world.partner, &id).await.iter().map(|delivery| delivery.state).collect();
    assert_eq!(states, [DeliveryState::Failed { at: at(5), reason: FailedReason::WebhookDeleted }]);
    // And later it is written down, in small steps.
    assert_eq!(world.store.expire_deliveries(5, at(7)).await.unwrap(), 1);
    assert_eq!(world.store.expire_deliveries(5, at(7)).await.unwrap(), 0);
    let states: Vec<_> = told(&world, world.partner, &id).await.iter().map(|delivery| delivery.state).collect();
    assert_eq!(states, [DeliveryState::Failed { at: at(7), reason: FailedReason::WebhookDeleted }]);
}
