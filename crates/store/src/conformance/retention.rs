//! For how long it is kept what happened.

use std::sync::Arc;

use contract::event_type::EventType;
use domain::delivery::{Answer, FinishedAttempt, Next, Outcome};
use domain::enrollment::Status;
use domain::event::Event;
use domain::id::{EventId, ReplayId, UserAccountId, WebhookId};
use domain::random::Random;
use domain::replay::{Replay, ReplayScope};
use domain::webhook::WebhookStatus;
use jiff::SignedDuration;

use super::event::{COMPLETE, PAUSED, attempt, completed, delete, why};
use super::world::{PAGE, World, at};
use crate::Store;
use crate::delivery::{DeliveryFilter, LeaseRequest};
use crate::event::{EventFilter, PruneCursor};

/// Walks over all that is old in steps of about so many rows; how many events went, and in how many steps.
async fn prune(world: &World, before: i64, rows_max: u32) -> (u64, usize) {
    let (mut events, mut steps, mut cursor) = (0, 0, PruneCursor::default());
    loop {
        let pruned = world.store.prune_events(cursor, at(before), rows_max).await.unwrap();
        events += pruned.events;
        steps += 1;
        match pruned.next {
            Some(next) => cursor = next,
            None => return (events, steps),
        }
    }
}

/// Old events go with their deliveries and attempts; younger ones stay, and so does the last.
pub async fn old_events_are_pruned_with_all_of_theirs(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let id = world.add_webhook(world.partner, &[COMPLETE]).await;
    let mut events = Vec::new();
    for second in 0..6 {
        events.push(completed(&world, &format!("learner{second}"), second).await);
        attempt(&world, &id, second, 500, Next::Retry { at: at(second) }).await;
        attempt(&world, &id, second, 200, Next::Delivered).await;
    }
    let deliveries = world.store.list_deliveries(world.partner, &DeliveryFilter::default(), PAGE).await.unwrap().items;
    assert_eq!(world.store.find_events_from().await.unwrap(), None);
    assert_eq!(prune(&world, 0, 500).await, (0, 1), "nothing is older");
    assert_eq!(world.store.find_events_from().await.unwrap(), None);
    assert_eq!(prune(&world, 3, 500).await, (6, 1));
    assert_eq!(world.store.find_events_from().await.unwrap(), Some(at(3)));
    for (second, event) in events.iter().enumerate() {
        let found = world.store.explain_event(world.partner, event).await.unwrap();
        assert_eq!(found.is_some(), second >= 3, "{second}");
        let delivery = &deliveries[5 - second];
        assert_eq!(delivery.event.id, *event);
        let found = world.store.find_delivery(world.partner, delivery.id).await.unwrap();
        assert_eq!(found.is_some(), second >= 3, "{second}");
        let attempts = world.store.list_attempts(world.partner, delivery.id).await.unwrap();
        assert_eq!(attempts.len(), if second >= 3 { 2 } else { 0 }, "{second}");
    }
    // The last event, of the last enrollment, stays: the next is numbered after it.
    assert_eq!(prune(&world, 1_000, 500).await.0, 5);
    assert_eq!(world.store.list_events(world.partner, &EventFilter::default(), PAGE).await.unwrap().total, 1);
    assert!(world.store.explain_event(world.partner, &events[5]).await.unwrap().is_some());
    assert_eq!(prune(&world, 1_000, 500).await.0, 0);
    let next = completed(&world, "next", 2_000).await;
    assert_eq!(why(&world, &next, &id).await.1, None);
}

/// Neither an event nor a delivery that comes later has the number of one that is gone.
pub async fn what_is_pruned_gives_no_number_back(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let id = world.add_webhook(world.partner, &[COMPLETE]).await;
    let old = completed(&world, "old", 1).await;
    attempt(&world, &id, 1, 500, Next::Exhausted).await;
    world.enroll_somebody(0, "silent", Status::NotStarted, 2).await;
    let deliveries = async || {
        let listed = world.store.list_deliveries(world.partner, &DeliveryFilter::default(), PAGE).await.unwrap();
        listed.items.into_iter().map(|delivery| delivery.id).collect::<Vec<_>>()
    };
    let first = deliveries().await[0];
    world.store.replay_delivery(world.partner, first, at(3)).await.unwrap();
    attempt(&world, &id, 3, 200, Next::Delivered).await;
    let last = deliveries().await[0];
    assert!(last > first);
    // The one event stays because the last delivery is its, the other because it is the last.
    prune(&world, 1_000, 500).await;
    assert_eq!(world.store.list_events(world.partner, &EventFilter::default(), PAGE).await.unwrap().total, 2);
    assert!(world.store.explain_event(world.partner, &old).await.unwrap().is_some());
    let young = completed(&world, "young", 2_000).await;
    let next = deliveries().await[0];
    assert!(next > last, "{next} after {last}");
    // What was kept of the webhook before applies to what comes after.
    assert_eq!(why(&world, &young, &id).await.1, None);
    prune(&world, 1_000, 500).await;
    assert!(world.store.explain_event(world.partner, &old).await.unwrap().is_none());
}

/// Steps are small, also where one event has more attempts than a step may delete, and together they delete all.
pub async fn pruning_goes_in_small_steps(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let id = world.add_webhook(world.partner, &[COMPLETE]).await;
    for second in 0..4 {
        completed(&world, &format!("learner{second}"), second).await;
        for _ in 0..7 {
            attempt(&world, &id, second, 500, Next::Retry { at: at(second) }).await;
        }
        attempt(&world, &id, second, 200, Next::Delivered).await;
    }
    // Three of the four: an event of its creation, and one with a delivery and eight attempts.
    let (events, steps) = prune(&world, 3, 5).await;
    assert_eq!(events, 6);
    assert!((6..=15).contains(&steps), "{steps}");
}

/// Neither what is pending or held is pruned, nor what has its deadline ahead of the time, however old it is.
pub async fn what_is_not_over_is_not_pruned(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let id = world.add_webhook(world.partner, &[COMPLETE]).await;
    let pending = completed(&world, "pending", 1).await;
    let mut change = world.enrollment(0, Status::Completed, 2).await;
    change.after.user_account_id = world.add_learner(world.customers[0], "deadline").await;
    change.events = vec![Event { deadline_at: Some(at(500)), ..change.events.pop().unwrap() }];
    let with_deadline = change.events[0].id.clone();
    world.store.save_enrollments(vec![change]).await.unwrap();
    let request = LeaseRequest { lanes: vec![(id.clone(), 9)], now: at(2), expires_at: at(9) };
    let leases = world.store.lease_deliveries(&request).await.unwrap();
    let finish = leases.into_iter().filter(|lease| lease.event.id == with_deadline).map(|lease| FinishedAttempt {
        lease,
        started_at: at(2),
        took: SignedDuration::ZERO,
        outcome: Outcome::Answered(Answer {
            status: 200,
            retry_after: None,
            body: Vec::new(),
            truncated: false,
            headers: String::new(),
        }),
        next: Next::Delivered,
    });
    world.store.finish_attempts(finish.collect(), at(3)).await.unwrap();
    completed(&world, "last", 600).await;
    let there = async |event: &EventId| world.store.explain_event(world.partner, event).await.unwrap().is_some();

    assert_eq!(prune(&world, 500, 500).await.0, 1, "the creation of the first enrollment");
    assert!(there(&pending).await && there(&with_deadline).await);
    world.set_status(world.partner, &id, PAUSED).await;
    assert_eq!(prune(&world, 501, 500).await.0, 1);
    assert!(there(&pending).await && !there(&with_deadline).await);
    world.set_status(world.partner, &id, WebhookStatus::Active).await;
    attempt(&world, &id, 600, 200, Next::Delivered).await;
    assert_eq!(prune(&world, 501, 500).await.0, 1);
    assert!(!there(&pending).await);
}

fn replay(world: &World, webhook_id: &WebhookId, second: i64) -> Replay {
    Replay {
        id: ReplayId::draw(&world.random as &dyn Random),
        portal_id: world.partner,
        webhook_id: webhook_id.clone(),
        scope: ReplayScope::All,
        since: at(0),
        deliveries: 0,
        finished_at: None,
        created_by: UserAccountId(1),
        created_at: at(second),
    }
}

/// A replay that is under way tells what is left, and comes to its end.
pub async fn a_replay_passes_over_what_is_pruned(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    for second in 0..6 {
        completed(&world, &format!("learner{second}"), second).await;
    }
    let young = world.add_webhook(world.partner, &[COMPLETE]).await;
    let replay = replay(&world, &young, 10);
    world.store.save_replay(replay.clone()).await.unwrap();
    assert!(world.store.expand_replays(3, at(10)).await.unwrap());
    assert_eq!(prune(&world, 4, 500).await.0, 7, "all of the first four but the one that is under way again");
    while world.store.expand_replays(3, at(11)).await.unwrap() {}
    let done = world.store.find_replay(world.partner, &replay.id).await.unwrap().unwrap();
    assert_eq!((done.deliveries, done.finished_at.is_some()), (3, true));
    let since = world.store.save_replay(Replay { since: at(4), ..self::replay(&world, &young, 12) }).await;
    since.unwrap();
}

/// What is left of replays and of deleted webhooks goes once it is old, and nothing leads there any more.
pub async fn old_replays_and_deleted_webhooks_are_pruned(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let (old, live) = (world.add_webhook(world.partner, &[COMPLETE]).await, [EventType::ContentAdd]);
    let live = world.add_webhook(world.partner, &live).await;
    let event = completed(&world, "grace", 1).await;
    attempt(&world, &old, 1, 200, Next::Delivered).await;
    let finished = replay(&world, &old, 2);
    world.store.save_replay(finished.clone()).await.unwrap();
    let running = replay(&world, &live, 2);
    world.store.save_replay(running.clone()).await.unwrap();
    while world.store.expand_replays(9, at(2)).await.unwrap() {}
    let unfinished = Replay { id: ReplayId::draw(&world.random as &dyn Random), ..running };
    world.store.save_replay(unfinished.clone()).await.unwrap();
    attempt(&world, &old, 3, 200, Next::Delivered).await;
    delete(&world, &old, 4).await;
    let late = world.add_webhook(world.partner, &[COMPLETE]).await;
    completed(&world, "alan", 9).await;

    let webhooks = async |event: &EventId| {
        let (_, standings) = world.store.explain_event(world.partner, event).await.unwrap().unwrap();
        standings.into_iter().map(|standing| standing.webhook_id).collect::<Vec<_>>()
    };
    assert_eq!(webhooks(&event).await, [old.clone(), live.clone(), late.clone()]);
    assert_eq!(world.store.prune_webhooks(at(500), 9).await.unwrap(), 0, "it has deliveries");
    assert_eq!(world.store.prune_replays(at(2), 9).await.unwrap(), 0, "none is so old");
    assert_eq!(world.store.prune_replays(at(500), 1).await.unwrap(), 1);
    assert_eq!(world.store.prune_replays(at(500), 9).await.unwrap(), 1);
    assert_eq!(world.store.find_replay(world.partner, &finished.id).await.unwrap(), None);
    assert!(world.store.find_replay(world.partner, &unfinished.id).await.unwrap().is_some());
    // All but the completion of alan, of which somebody is told yet.
    assert_eq!(prune(&world, 500, 500).await.0, 3);
    assert_eq!(world.store.prune_webhooks(at(4), 9).await.unwrap(), 0, "it was deleted at that very time");
    assert_eq!(world.store.prune_webhooks(at(5), 9).await.unwrap(), 1);
    assert_eq!(world.store.prune_webhooks(at(5), 9).await.unwrap(), 0);
    let last = completed(&world, "after", 901).await;
    assert_eq!(webhooks(&last).await, [late, live]);
}
