//! How webhooks fare, at a glance.

use std::sync::Arc;

use contract::event_type::EventType;
use domain::delivery::{Answer, Failure, FailureKind, FinishedAttempt, Next, Outcome};
use domain::enrollment::Status;
use domain::id::WebhookId;
use domain::webhook::{InactiveReason, WebhookStatus};
use jiff::SignedDuration;

use super::world::{World, at};
use crate::Store;
use crate::delivery::LeaseRequest;
use crate::webhook_health::{HOURS, HourCount, WebhookHealth};

/// The world begins so many seconds after a full hour.
const PAST_THE_HOUR: i64 = 800;
const HOUR: i64 = 3_600;

async fn with_webhook(store: Arc<dyn Store>) -> (World, WebhookId) {
    let world = World::new(store).await;
    let id = world.add_webhook(world.partner, &[EventType::EnrollmentComplete]).await;
    (world, id)
}

async fn publish(world: &World, name: &str, second: i64) {
    world.enroll_somebody(0, name, Status::Completed, second).await;
}

/// Attempts what is due at `second`, each with this outcome; none arrives but by 2xx.
async fn attempt(world: &World, id: &WebhookId, outcome: Outcome, second: i64) {
    let request = LeaseRequest { lanes: vec![(id.clone(), 50)], now: at(second), expires_at: at(second + 10) };
    let leases = world.store.lease_deliveries(&request).await.unwrap();
    assert!(!leases.is_empty());
    let next = if outcome.is_success() { Next::Delivered } else { Next::Retry { at: at(second + 5) } };
    let finished = leases.into_iter().map(|lease| FinishedAttempt {
        lease,
        started_at: at(second),
        took: SignedDuration::from_millis(7),
        outcome: outcome.clone(),
        next,
    });
    world.store.finish_attempts(finished.collect(), at(second)).await.unwrap();
}

fn answered(status: u16) -> Outcome {
    Outcome::Answered(Answer { status, retry_after: None, body: Vec::new(), truncated: false, headers: String::new() })
}

async fn health(world: &World, second: i64) -> WebhookHealth {
    let [health] = world.store.list_webhook_health(world.partner, at(second)).await.unwrap().try_into().unwrap();
    health
}

fn count(succeeded: u32, failed: u32) -> HourCount {
    HourCount { succeeded, failed }
}

/// Attempts are counted in the hour in which they were recorded, for a day; trouble of our own is not.
pub async fn attempts_are_counted_by_the_hour(store: Arc<dyn Store>) {
    let (world, id) = with_webhook(store).await;
    assert_eq!(health(&world, 0).await.hours, [HourCount::default(); HOURS]);
    publish(&world, "grace", 1).await;
    publish(&world, "alan", 1).await;
    attempt(&world, &id, answered(500), 1).await;
    let proxy = Outcome::Failed(Failure { kind: FailureKind::Proxy, detail: String::new() });
    attempt(&world, &id, proxy, 6).await;
    attempt(&world, &id, answered(204), 11).await;
    let next_hour = HOUR - PAST_THE_HOUR;
    for (i, second) in [next_hour - 1, next_hour].into_iter().enumerate() {
        publish(&world, &format!("late{i}"), second).await;
        attempt(&world, &id, answered(200), second).await;
    }
    let now = health(&world, next_hour).await;
    assert_eq!(now.hours[HOURS - 2..], [count(3, 2), count(1, 0)]);
    assert_eq!((now.webhook_id.clone(), now.total()), (id, count(4, 2)));
    let later = health(&world, next_hour + 22 * HOUR).await;
    assert_eq!((later.hours[0], later.hours[1], later.total()), (count(3, 2), count(1, 0), count(4, 2)));
    assert_eq!(health(&world, next_hour + 23 * HOUR).await.total(), count(1, 0));
    assert_eq!(health(&world, next_hour + 24 * HOUR).await.total(), count(0, 0));
}

/// What waits is counted, and when the oldest of it became due; what an inactive webhook holds is not late.
pub async fn what_waits_is_told(store: Arc<dyn Store>) {
    let (world, id) = with_webhook(store).await;
    let waits = async |second: i64| {
        let health = health(&world, second).await;
        (health.waiting, health.oldest_due_at, health.lag(at(second)).as_secs())
    };
    assert_eq!(waits(9).await, (0, None, 0));
    publish(&world, "grace", 1).await;
    publish(&world, "alan", 3).await;
    assert_eq!(waits(9).await, (2, Some(at(1)), 8));
    attempt(&world, &id, answered(500), 9).await;
    assert_eq!(waits(10).await, (2, None, 0));
    assert_eq!(waits(20).await, (2, Some(at(14)), 6));
    assert_eq!(health(&world, 20).await.failing_since, Some(at(9)));
    world.set_status(world.partner, &id, WebhookStatus::Inactive(InactiveReason::Paused)).await;
    assert_eq!(waits(20).await, (2, None, 0));
    assert_eq!(world.store.list_webhook_health(world.customers[0], at(20)).await.unwrap(), []);
}

/// Whatever happens to what a portal is told changes its pulse, and what happens elsewhere does not.
pub async fn a_pulse_changes_with_what_happens(store: Arc<dyn Store>) {
    let (world, id) = with_webhook(store).await;
    let pulses = async || {
        let pulse = async |portal_id| world.store.find_pulse(portal_id).await.unwrap();
        (pulse(world.partner).await, pulse(world.stranger).await)
    };
    let mut before = pulses().await;
    assert_eq!(pulses().await, before);
    for step in 0..5 {
        match step {
            0 => publish(&world, "grace", 1).await,
            1 => attempt(&world, &id, answered(500), 1).await,
            2 => attempt(&world, &id, answered(200), 6).await,
            3 => world.set_status(world.partner, &id, WebhookStatus::Inactive(InactiveReason::Paused)).await,
            _ => drop(world.add_webhook(world.partner, &[EventType::ContentAdd]).await),
        }
        let after = pulses().await;
        assert_ne!(after.0, before.0, "{step}");
        assert_eq!(after.1, before.1, "{step}");
        before = after;
    }
}
