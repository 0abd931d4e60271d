//! What happened, whom it reached and why not others.

use std::sync::Arc;

use contract::event_type::EventType;
use domain::change::Change;
use domain::delivery::{Answer, DeliveryState, FinishedAttempt, Next, Outcome};
use domain::enrollment::Status;
use domain::id::{EnrollmentId, EventId, PortalId, UserAccountId, WebhookId};
use domain::webhook::{InactiveReason, WebhookStatus};
use domain::why::{NotTold, Then};
use jiff::{SignedDuration, Timestamp};

use super::world::{PAGE, WEBHOOKS_MAX, World, at};
use crate::Store;
use crate::delivery::{DeliveryFilter, LeaseRequest};
use crate::enrollment::TimeRange;
use crate::event::EventFilter;
use crate::page::PageRequest;

pub(super) const COMPLETE: EventType = EventType::EnrollmentComplete;
const OWNER: WebhookStatus = WebhookStatus::Inactive(InactiveReason::Owner);
pub(super) const PAUSED: WebhookStatus = WebhookStatus::Inactive(InactiveReason::Paused);

/// The events about an enrollment of a type, as the portal sees them.
async fn about(world: &World, portal_id: PortalId, id: EnrollmentId, event_type: EventType) -> Vec<EventId> {
    let filter =
        EventFilter { subject_id: Some(id.0), event_types: Some(vec![event_type]), stored: TimeRange::default() };
    let listed = world.store.list_events(portal_id, &filter, PAGE).await.unwrap();
    listed.items.into_iter().map(|stored| stored.event.id.clone()).collect()
}

/// Somebody at customer 0 completes the course at `second`; the event of it.
pub(super) async fn completed(world: &World, name: &str, second: i64) -> EventId {
    let id = world.enroll_somebody(0, name, Status::Completed, second).await;
    about(world, world.partner, id, COMPLETE).await.remove(0)
}

/// What a webhook of the partner was when the event was born, and why it was not told.
pub(super) async fn why(world: &World, event_id: &EventId, webhook_id: &WebhookId) -> (Then, Option<NotTold>) {
    let (stored, standings) = world.store.explain_event(world.partner, event_id).await.unwrap().unwrap();
    let standing = standings.into_iter().find(|standing| standing.webhook_id == *webhook_id).unwrap();
    let reason = standing.not_told(&stored.event);
    (standing.then, reason)
}

async fn subscribe(world: &World, id: &WebhookId, event_types: &[EventType]) {
    let mut webhook = world.store.find_webhook(world.partner, id).await.unwrap().unwrap();
    webhook.event_types = event_types.to_vec();
    world.store.save_webhook(Change::silent(webhook), WEBHOOKS_MAX).await.unwrap();
}

pub(super) async fn delete(world: &World, id: &WebhookId, second: i64) {
    let webhook = world.store.find_webhook(world.partner, id).await.unwrap().unwrap();
    world.store.save_webhook(webhook.delete(UserAccountId(1), at(second)), WEBHOOKS_MAX).await.unwrap();
}

/// Attempts all that is due for a webhook at `second`.
pub(super) async fn attempt(world: &World, id: &WebhookId, second: i64, status: u16, next: Next) {
    let request = LeaseRequest { lanes: vec![(id.clone(), 100)], now: at(second), expires_at: at(second + 10) };
    let outcome = Outcome::Answered(Answer {
        status,
        retry_after: None,
        body: Vec::new(),
        truncated: false,
        headers: String::new(),
    });
    let finish = |lease| FinishedAttempt {
        lease,
        started_at: at(second),
        took: SignedDuration::ZERO,
        outcome: outcome.clone(),
        next,
    };
    let leases = world.store.lease_deliveries(&request).await.unwrap();
    world.store.finish_attempts(leases.into_iter().map(finish).collect(), at(second)).await.unwrap();
}

/// The reason is what was true when the event was born, whatever became of the webhook since.
pub async fn what_was_true_then_is_the_reason(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let before = completed(&world, "before", 1).await;
    let id = world.add_webhook(world.partner, &[EventType::ContentAdd]).await;
    let other_types = completed(&world, "other-types", 2).await;
    subscribe(&world, &id, &[COMPLETE]).await;
    let told = completed(&world, "told", 3).await;
    world.set_status(world.partner, &id, OWNER).await;
    let inactive = completed(&world, "inactive", 4).await;
    // Changed back and forth with nothing between: what it was at last counts.
    world.set_status(world.partner, &id, WebhookStatus::Active).await;
    subscribe(&world, &id, &[EventType::ContentAdd]).await;
    subscribe(&world, &id, &[COMPLETE]).await;
    world.set_status(world.partner, &id, PAUSED).await;
    let kept = completed(&world, "kept", 5).await;
    let is_deleted = async || world.store.explain_event(world.partner, &told).await.unwrap().unwrap().1[0].is_deleted;
    assert!(!is_deleted().await);
    delete(&world, &id, 6).await;
    assert!(is_deleted().await, "what is advised depends on it");
    let deleted = completed(&world, "deleted", 7).await;

    for (event, reason) in [
        (&before, Some(NotTold::MadeLater)),
        (&other_types, Some(NotTold::NotSubscribed)),
        (&told, None),
        (&inactive, Some(NotTold::Inactive)),
        (&kept, None),
        (&deleted, Some(NotTold::Deleted)),
    ] {
        assert_eq!(why(&world, event, &id).await.1, reason);
    }
    assert_eq!(why(&world, &kept, &id).await.0, Then::Was { event_types: vec![COMPLETE], status: PAUSED });
}

/// What becomes of a webhook by itself is kept like what its owner does.
pub async fn what_stops_a_webhook_is_kept_too(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let id = world.add_webhook(world.partner, &[COMPLETE]).await;
    let first = completed(&world, "first", 1).await;
    attempt(&world, &id, 2, 410, Next::Gone).await;
    let held = completed(&world, "held", 3).await;
    let was = |status| (Then::Was { event_types: vec![COMPLETE], status }, None);
    assert_eq!(why(&world, &first, &id).await, was(WebhookStatus::Active));
    assert_eq!(why(&world, &held, &id).await, was(WebhookStatus::Inactive(InactiveReason::Gone)));
}

/// One answer for each webhook of the portal that asks: how its delivery stands, those that were told first.
pub async fn deliveries_are_part_of_the_answer(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let silent = world.add_webhook(world.partner, &[EventType::ContentAdd]).await;
    let told = world.add_webhook(world.partner, &[COMPLETE]).await;
    let customers = world.add_webhook(world.customers[0], &[COMPLETE]).await;
    let event = completed(&world, "grace", 1).await;
    attempt(&world, &told, 1, 200, Next::Delivered).await;
    let explained = async |portal_id: PortalId| {
        let (_, standings) = world.store.explain_event(portal_id, &event).await.unwrap().unwrap();
        standings.into_iter().map(|s| (s.webhook_id, s.told.map(|t| (t.attempt_number, t.state)))).collect::<Vec<_>>()
    };
    let delivered = DeliveryState::Delivered { at: at(1) };
    let pending = DeliveryState::Pending { due_at: at(1) };
    assert_eq!(explained(world.partner).await, [(told.clone(), Some((1, delivered))), (silent.clone(), None)]);
    assert_eq!(explained(world.customers[0]).await, [(customers, Some((0, pending)))]);
    // Told again: what is under way counts; when that fails, that it arrived.
    let delivery = world.store.list_deliveries(world.partner, &DeliveryFilter::default(), PAGE).await.unwrap().items;
    world.store.replay_delivery(world.partner, delivery[0].id, at(5)).await.unwrap();
    let again = DeliveryState::Pending { due_at: at(5) };
    assert_eq!(explained(world.partner).await[0], (told.clone(), Some((1, again))));
    attempt(&world, &told, 5, 500, Next::Exhausted).await;
    assert_eq!(explained(world.partner).await[0], (told, Some((1, delivered))));
}

/// A portal sees what happened in it and below it, and nothing else.
pub async fn events_are_seen_from_the_portal_and_above(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let own = world.enroll_somebody(0, "grace", Status::Completed, 1).await;
    let siblings = world.enroll_somebody(1, "grace", Status::Completed, 2).await;
    let [event] = about(&world, world.partner, own, COMPLETE).await.try_into().unwrap();
    for (portal_id, sees, total) in [
        (world.customers[0], true, 2),
        (world.partner, true, 4),
        (world.customers[1], false, 2),
        (world.stranger, false, 0),
    ] {
        assert_eq!(world.store.explain_event(portal_id, &event).await.unwrap().is_some(), sees);
        assert_eq!(about(&world, portal_id, own, COMPLETE).await.len(), usize::from(sees));
        let listed = world.store.list_events(portal_id, &EventFilter::default(), PAGE).await.unwrap();
        assert_eq!((listed.total, listed.items.len()), (total, total as usize));
    }
    assert_eq!(about(&world, world.partner, siblings, COMPLETE).await.len(), 1);
    let none: EventId = "hg4JWUDbT55B".parse().unwrap();
    assert_eq!(world.store.explain_event(world.partner, &none).await.unwrap(), None);
}

/// Newest first over all portals and types, page by page, narrowed by type and time.
pub async fn lists_of_events_are_ordered_and_narrowed(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    for second in 0..6 {
        let i = usize::try_from(second % 2).unwrap();
        world.enroll_somebody(i, &format!("learner{second}"), Status::Completed, second).await;
    }
    let list = async |filter: &EventFilter, limit, offset| {
        let listed = world.store.list_events(world.partner, filter, PageRequest { limit, offset }).await.unwrap();
        let second = |at: Timestamp| at.as_second() - self::at(0).as_second();
        let items: Vec<_> = listed.items.iter().map(|s| (second(s.stored_at), s.event.event_type)).collect();
        (listed.total, items)
    };
    let create = EventType::EnrollmentCreate;
    let all = EventFilter::default();
    let newest_first: Vec<_> = (0..6).rev().flat_map(|second| [(second, COMPLETE), (second, create)]).collect();
    assert_eq!(list(&all, 100, 0).await, (12, newest_first.clone()));
    assert_eq!(list(&all, 5, 0).await, (12, newest_first[..5].to_vec()));
    assert_eq!(list(&all, 5, 5).await, (12, newest_first[5..10].to_vec()));
    assert_eq!(list(&all, 0, 0).await, (12, vec![]));
    assert_eq!(list(&all, 5, 12).await, (12, vec![]));
    let completions = EventFilter { event_types: Some(vec![COMPLETE]), ..all.clone() };
    assert_eq!(list(&completions, 2, 1).await, (6, vec![(4, COMPLETE), (3, COMPLETE)]));
    let stored =
        |from, to| EventFilter { stored: TimeRange { from, to }, event_types: Some(vec![create]), subject_id: None };
    assert_eq!(list(&stored(Some(at(2)), Some(at(3))), 9, 0).await, (2, vec![(3, create), (2, create)]));
    assert_eq!(list(&stored(Some(at(5)), None), 9, 0).await, (1, vec![(5, create)]));
    assert_eq!(list(&stored(None, Some(at(0))), 9, 0).await, (1, vec![(0, create)]));
    assert_eq!(list(&stored(Some(at(6)), None), 9, 0).await, (0, vec![]));
}

/// A test is told to one webhook, and is no test of any other.
pub async fn a_test_is_of_one_webhook(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let (tested, other) =
        (world.add_webhook(world.partner, &[COMPLETE]).await, world.add_webhook(world.partner, &[COMPLETE]).await);
    let webhook = world.store.find_webhook(world.partner, &tested).await.unwrap().unwrap();
    let test = webhook.test(None, world.event_id(), at(1)).unwrap();
    let id = test.id.clone();
    world.store.save_test(&tested, test, at(1)).await.unwrap();
    assert_eq!(why(&world, &id, &tested).await.1, None);
    assert_eq!(why(&world, &id, &other).await.1, Some(NotTold::TestOfAnother));
    assert!(world.store.explain_event(world.customers[0], &id).await.unwrap().is_none());
}
