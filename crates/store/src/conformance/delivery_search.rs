//! Deliveries looked through.

use std::sync::Arc;

use contract::event_type::EventType;
use domain::delivery::{Answer, Delivery, FinishedAttempt, Next, Outcome};
use domain::enrollment::Status;
use domain::id::{PortalId, WebhookId};
use domain::webhook::{InactiveReason, WebhookStatus};
use jiff::SignedDuration;

use super::world::{World, at};
use crate::Store;
use crate::delivery::LeaseRequest;
use crate::delivery_search::{DeliverySearch, DeliveryStatus};
use crate::enrollment::TimeRange;

const BOTH: [EventType; 2] = [EventType::EnrollmentCreate, EventType::EnrollmentComplete];

/// Everything that the search finds, asked for in steps of `limit`.
async fn all(world: &World, portal_id: PortalId, search: &DeliverySearch, limit: u32) -> Vec<Delivery> {
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let step = world.store.search_deliveries(portal_id, search, before, limit).await.unwrap();
        assert!(step.items.len() <= limit as usize && step.looked_until.is_none());
        found.extend(step.items);
        before = step.next;
        if before.is_none() {
            return found;
        }
    }
}

/// Attempts the oldest delivery of the webhook that is due.
async fn attempt(world: &World, id: &WebhookId, status: u16, next: Next) {
    let request = LeaseRequest { lanes: vec![(id.clone(), 1)], now: at(50), expires_at: at(60) };
    let [lease] = world.store.lease_deliveries(&request).await.unwrap().try_into().unwrap();
    let outcome = Outcome::Answered(Answer {
        status,
        retry_after: None,
        body: Vec::new(),
        truncated: false,
        headers: String::new(),
    });
    let attempt = FinishedAttempt { lease, started_at: at(50), took: SignedDuration::ZERO, outcome, next };
    world.store.finish_attempts(vec![attempt], at(50)).await.unwrap();
}

/// A partner with two webhooks that were told of three enrollments in its two customers, and a customer with one.
async fn filled(store: Arc<dyn Store>) -> (World, [WebhookId; 2]) {
    let world = World::new(store).await;
    let ids = [world.add_webhook(world.partner, &BOTH).await, world.add_webhook(world.partner, &BOTH[1..]).await];
    world.add_webhook(world.customers[0], &BOTH).await;
    for (n, customer) in [0, 1, 0].into_iter().enumerate() {
        world.enroll_somebody(customer, &format!("learner{n}"), Status::Completed, 10 * (n as i64 + 1)).await;
    }
    (world, ids)
}

/// Each filter narrows as it says, whichever way its deliveries are looked through.
pub async fn searches_are_narrowed(store: Arc<dyn Store>) {
    let (world, [first, second]) = filled(store).await;
    attempt(&world, &first, 200, Next::Delivered).await;
    attempt(&world, &first, 500, Next::Exhausted).await;
    attempt(&world, &second, 500, Next::Exhausted).await;
    world.set_status(world.partner, &second, WebhookStatus::Inactive(InactiveReason::Paused)).await;
    let every = all(&world, world.partner, &DeliverySearch::default(), 100).await;
    assert_eq!(every.len(), 9);
    let event = every[4].event.clone();
    let none = DeliverySearch::default;
    let of = |status| DeliverySearch { status: Some(status), ..none() };
    let within = |from, to| TimeRange { from: Some(at(from)), to: Some(at(to)) };
    let searches = [
        (DeliverySearch { webhook_id: Some(first.clone()), ..none() }, 6),
        (DeliverySearch { webhook_id: Some(second.clone()), ..none() }, 3),
        (
            DeliverySearch { event_id: Some(event.id.clone()), ..none() },
            every.iter().filter(|d| d.event == event).count(),
        ),
        (DeliverySearch { subject_id: Some(event.subject_id), ..none() }, 3),
        (DeliverySearch { subject_id: Some(event.subject_id), webhook_id: Some(second.clone()), ..none() }, 1),
        (DeliverySearch { event_portal_id: Some(world.customers[0]), ..none() }, 6),
        (DeliverySearch { event_type: Some(EventType::EnrollmentComplete), ..none() }, 6),
        (DeliverySearch { stored: within(11, 30), ..none() }, 6),
        (DeliverySearch { stored: within(11, 29), ..none() }, 3),
        (DeliverySearch { stored: within(11, 29), webhook_id: Some(first.clone()), ..none() }, 2),
        (of(DeliveryStatus::Delivered), 1),
        (of(DeliveryStatus::Failed), 2),
        (DeliverySearch { webhook_id: Some(first.clone()), ..of(DeliveryStatus::Failed) }, 1),
        (DeliverySearch { event_type: Some(BOTH[1]), stored: within(1, 15), ..of(DeliveryStatus::Failed) }, 2),
        (of(DeliveryStatus::Pending), 4),
        (of(DeliveryStatus::Held), 2),
        (DeliverySearch { webhook_id: Some(first.clone()), ..of(DeliveryStatus::Held) }, 0),
    ];
    for (search, expected) in searches {
        let found = all(&world, world.partner, &search, 100).await;
        assert_eq!(found.len(), expected, "{search:?}");
        assert!(found.iter().all(|delivery| search.wants(delivery) && every.contains(delivery)), "{search:?}");
        assert_eq!(all(&world, world.partner, &search, 1).await, found, "{search:?}");
        assert_eq!(all(&world, world.stranger, &search, 100).await, [], "{search:?}");
    }
    assert_eq!(all(&world, world.customers[0], &none(), 100).await.len(), 4);
}

/// What is stored meanwhile moves nothing: each delivery comes once, the newest first.
pub async fn searches_go_on_where_they_stopped(store: Arc<dyn Store>) {
    let (world, _) = filled(store).await;
    let none = DeliverySearch::default();
    let before = all(&world, world.partner, &none, 100).await;
    let mut found = world.store.search_deliveries(world.partner, &none, None, 2).await.unwrap();
    let mut items = found.items;
    let mut second = 100;
    while let Some(cursor) = found.next {
        world.enroll_somebody(0, &format!("late{second}"), Status::Completed, second).await;
        second += 1;
        let again = cursor.to_string().parse().unwrap();
        found = world.store.search_deliveries(world.partner, &none, Some(again), 2).await.unwrap();
        items.extend(found.items);
    }
    assert_eq!(items, before);
    assert!(before.is_sorted_by(|a, b| a.event.occurred_at >= b.event.occurred_at));
    assert!(all(&world, world.partner, &none, 100).await.len() > before.len());
}
