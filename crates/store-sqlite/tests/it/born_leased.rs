//! Deliveries that are born leased, and who is told, as it is remembered (decision 15).

use std::sync::Arc;

use contract::event_type::EventType;
use domain::change::Change;
use domain::delivery::Lease;
use domain::enrollment::Status;
use domain::event::Event;
use domain::id::WebhookId;
use domain::webhook::{InactiveReason, UrlPolicy, WebhookStatus, WebhookUrl};
use jiff::SignedDuration;
use store::Store;
use store::conformance::world::{PAGE, WEBHOOKS_MAX, World, at};
use store::delivery::{DeliveryFilter, LeaseRequest, Pace};
use tempfile::TempDir;

const LEASE_FOR: SignedDuration = SignedDuration::from_secs(10);

/// A world with one webhook of the partner, and one event that made the store remember it.
async fn world() -> (World, WebhookId, TempDir) {
    let (store, folder) = store_sqlite::testing::open();
    let world = World::new(store).await;
    let id = world.add_webhook(world.partner, &[EventType::EnrollmentComplete]).await;
    world.enroll_somebody(0, "remembered", Status::Completed, 0).await;
    settle(&world, &id).await;
    (world, id, folder)
}

/// Leases whatever is due, and forgets about it.
async fn settle(world: &World, id: &WebhookId) {
    world.store.wait_for_work().await;
    lease(&world.store, id, 5).await;
}

async fn lease(store: &Arc<dyn Store>, id: &WebhookId, second: i64) -> Vec<Lease> {
    let request = LeaseRequest { lanes: vec![(id.clone(), 9)], now: at(second), expires_at: at(second + 10_000) };
    store.lease_deliveries(&request).await.unwrap()
}

fn offer(world: &World, id: &WebhookId, count: u32) {
    world.store.offer_permits(id, count, LEASE_FOR, Pace::Free);
}

#[tokio::test]
async fn as_many_are_born_leased_as_there_are_permits() {
    let (world, id, _folder) = world().await;
    offer(&world, &id, 1);
    world.enroll_somebody(0, "grace", Status::Completed, 7).await;
    world.enroll_somebody(0, "alan", Status::Completed, 8).await;
    let work = world.store.wait_for_work().await;
    let [born] = work.born.try_into().unwrap();
    assert_eq!((born.attempt_number, born.failures, born.expires_at), (1, 0, at(17)));
    assert_eq!(Some(&*born.webhook), world.store.find_webhook(world.partner, &id).await.unwrap().as_ref());
    assert!(work.due, "the second one found no permit");
    let filter = DeliveryFilter { event_id: Some(born.event.id.clone()), ..Default::default() };
    let stored = world.store.list_deliveries(world.partner, &filter, PAGE).await.unwrap().items.pop().unwrap();
    assert_eq!((stored.id, stored.attempt_number, &stored.event), (born.delivery_id, 1, &born.event));
    let [other] = lease(&world.store, &id, 9).await.try_into().unwrap();
    assert_ne!(other.delivery_id, born.delivery_id);
    // And it is somebody else's once its lease has run out.
    assert_eq!(lease(&world.store, &id, 17).await[0].attempt_number, 2);
}

#[tokio::test]
async fn a_node_that_died_leaves_leases_that_are_ended() {
    let (world, id, folder) = world().await;
    offer(&world, &id, 1);
    world.enroll_somebody(0, "grace", Status::Completed, 7).await;
    let next = store_sqlite::testing::reopen(&folder);
    assert_eq!(next.expire_leases(at(8)).await.unwrap(), 2);
    let numbers: Vec<_> = lease(&next, &id, 8).await.iter().map(|lease| lease.attempt_number).collect();
    assert_eq!(numbers, [2, 2]);
}

#[tokio::test]
async fn permits_that_are_not_used_come_back() {
    let (world, id, _folder) = world().await;
    offer(&world, &id, 2);
    let enrollment = world.enroll_somebody(0, "grace", Status::InProgress, 7).await;
    let completion = world.completion(0, enrollment, 8).await;
    world.store.save_enrollments(vec![completion.clone()]).await.unwrap();
    world.store.save_enrollments(vec![completion]).await.unwrap_err();
    assert_eq!(world.store.wait_for_work().await.born.len(), 1);
    assert_eq!(world.store.withdraw_permits(&id, Pace::Free), 1);
    assert_eq!(world.store.withdraw_permits(&id, Pace::Free), 0);
    world.enroll_somebody(0, "alan", Status::Completed, 9).await;
    assert_eq!(world.store.wait_for_work().await.born, [], "they were withdrawn");
}

#[tokio::test]
async fn a_write_does_not_wait_for_ever_for_a_lane_that_sets_the_pace() {
    let (world, id, _folder) = world().await;
    world.store.offer_permits(&id, 0, LEASE_FOR, Pace::Set);
    world.enroll_somebody(0, "grace", Status::Completed, 7).await;
    let work = world.store.wait_for_work().await;
    assert!(work.due && work.born.is_empty());
}

#[tokio::test]
async fn a_write_waits_for_a_permit_of_a_lane_that_sets_the_pace() {
    let (world, id, _folder) = world().await;
    world.store.offer_permits(&id, 0, LEASE_FOR, Pace::Set);
    let enrollment = world.enroll_somebody(0, "grace", Status::InProgress, 7).await;
    let mut completion = world.completion(0, enrollment, 8).await;
    let more = Event { id: world.event_id(), ..completion.events[0].clone() };
    completion.events.push(more);
    // On one thread: the write has come as far as it can when the permit is offered.
    let offered = async { world.store.offer_permits(&id, 1, LEASE_FOR, Pace::Set) };
    let (saved, ()) = tokio::join!(biased; world.store.save_enrollments(vec![completion]), offered);
    saved.unwrap();
    assert_eq!(world.store.wait_for_work().await.born.len(), 1);
}

#[tokio::test]
async fn whoever_waits_for_one_lane_keeps_nobody_from_another() {
    let (world, id, _folder) = world().await;
    let slow = world.add_webhook(world.customers[0], &[EventType::EnrollmentComplete]).await;
    for i in 0..2 {
        world.enroll_somebody(i, &format!("alan{i}"), Status::Completed, 6).await;
    }
    world.store.wait_for_work().await;
    let mut completions = Vec::new();
    for (i, name) in [(1, "grace"), (0, "barbara"), (1, "edsger")] {
        let enrollment = world.enroll_somebody(i, name, Status::InProgress, 7).await;
        completions.push(world.completion(i, enrollment, 8).await);
    }
    let other = completions.pop().unwrap();
    let event = other.events[0].id.clone();
    world.store.offer_permits(&id, 1, LEASE_FOR, Pace::Set);
    world.store.offer_permits(&slow, 0, LEASE_FOR, Pace::Set);
    // The first wants both and has to wait for the slow one, the second only wants what lies there.
    let (first, second) = (world.store.save_enrollments(completions), world.store.save_enrollments(vec![other]));
    let (first, second) = tokio::join!(biased; first, second);
    first.and(second).unwrap();
    let mut born = world.store.wait_for_work().await.born;
    assert_eq!(born.pop().map(|lease| lease.event.id.clone()), Some(event));
    assert_eq!(born, []);
}

#[tokio::test]
async fn what_the_database_refuses_undoes_nobody_else() {
    let (world, id, _folder) = world().await;
    offer(&world, &id, 9);
    let kept = world.enrollment(0, Status::Completed, 7).await;
    let mut refused = world.enrollment(1, Status::Completed, 7).await;
    // Nobody is there with that number.
    refused.after.user_account_id.0 += 1_000_000;
    let (kept, refused) =
        tokio::join!(world.store.save_enrollments(vec![kept]), world.store.save_enrollments(vec![refused]));
    refused.unwrap_err();
    kept.unwrap();
    assert_eq!(world.store.wait_for_work().await.born.len(), 1);
    assert_eq!(world.store.withdraw_permits(&id, Pace::Free), 8, "it gave back what it had");
}

#[tokio::test]
async fn only_what_may_be_delivered_now_is_born_leased() {
    let (world, id, _folder) = world().await;
    offer(&world, &id, 9);
    world.set_status(world.partner, &id, WebhookStatus::Inactive(InactiveReason::Paused)).await;
    world.enroll_somebody(0, "grace", Status::Completed, 7).await;
    world.set_status(world.partner, &id, WebhookStatus::Active).await;
    assert_eq!(world.store.wait_for_work().await.born, []);
    assert_eq!(lease(&world.store, &id, 8).await.len(), 1);
}

/// The address at which the next event would be delivered.
async fn address(world: &World, id: &WebhookId, name: &str) -> String {
    offer(world, id, 1);
    world.enroll_somebody(0, name, Status::Completed, 7).await;
    let work = world.store.wait_for_work().await;
    // What was just forgotten is not guessed before the write, so the first one goes the ordinary way.
    let leases = if work.born.is_empty() { lease(&world.store, id, 8).await } else { work.born };
    let [lease] = leases.try_into().unwrap();
    world.store.withdraw_permits(id, Pace::Free);
    lease.webhook.url.as_str().to_owned()
}

fn moved(id: &WebhookId, url: &str) -> String {
    format!("UPDATE webhooks SET url = '{url}', version = version + 1 WHERE id = '{id}'")
}

#[tokio::test]
async fn what_is_remembered_of_a_webhook_is_forgotten_when_it_changes() {
    let (world, id, folder) = world().await;
    let before = "https://receiver.example.com/hook";
    assert_eq!(address(&world, &id, "grace").await, before);
    let mut webhook = world.store.find_webhook(world.partner, &id).await.unwrap().unwrap();
    webhook.url = WebhookUrl::parse("https://moved.example.com/", UrlPolicy::default()).unwrap();
    world.store.save_webhook(Change::silent(webhook.clone()), WEBHOOKS_MAX).await.unwrap();
    assert_eq!(address(&world, &id, "alan").await, "https://moved.example.com/");
    assert_eq!(address(&world, &id, "barbara").await, "https://moved.example.com/");
    // A change that comes to nothing changes nothing.
    webhook.url = WebhookUrl::parse("https://stale.example.com/", UrlPolicy::default()).unwrap();
    world.store.save_webhook(Change::silent(webhook), WEBHOOKS_MAX).await.unwrap_err();
    assert_eq!(address(&world, &id, "edsger").await, "https://moved.example.com/");
    let file = sqlite::rusqlite::Connection::open(folder.path().join("schoolbell.db")).unwrap();
    file.execute_batch(&moved(&id, "https://other.example.com/")).unwrap();
    assert_eq!(address(&world, &id, "tony").await, "https://other.example.com/", "another process moved it");
}

#[tokio::test]
async fn who_is_told_changes_with_partners_and_event_types() {
    let (world, id, _folder) = world().await;
    let count = async |name: &str| {
        offer(&world, &id, 1);
        world.enroll_somebody(0, name, Status::Completed, 7).await;
        let filter = DeliveryFilter { webhook_id: Some(id.clone()), ..Default::default() };
        world.store.list_deliveries(world.partner, &filter, PAGE).await.unwrap().total
    };
    assert_eq!(count("grace").await, 2);
    let mut customer = world.store.find_portal(world.customers[0]).await.unwrap().unwrap();
    customer.partner_id = Some(world.stranger);
    world.store.save_portal(Change::silent(customer.clone())).await.unwrap();
    assert_eq!(count("alan").await, 2, "it is another partner's customer now");
    customer.version += 1;
    customer.partner_id = Some(world.partner);
    world.store.save_portal(Change::silent(customer)).await.unwrap();
    assert_eq!(count("barbara").await, 3);
    let mut webhook = world.store.find_webhook(world.partner, &id).await.unwrap().unwrap();
    webhook.event_types = vec![EventType::EnrollmentDelete];
    world.store.save_webhook(Change::silent(webhook), WEBHOOKS_MAX).await.unwrap();
    assert_eq!(count("edsger").await, 3);
}
