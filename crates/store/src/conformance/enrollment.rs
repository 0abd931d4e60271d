//! Enrollments.

use std::sync::Arc;

use domain::enrollment::{Audience, EnrollmentPatch, Standing, Status};
use domain::id::{DestinationId, EnrollmentId};

use super::world::{PAGE, World, at};
use crate::Store;
use crate::delivery::DeliveryFilter;
use crate::enrollment::{EnrollmentFilter, EnrollmentSort, TimeRange};
use crate::error::StoreError;
use crate::page::{Order, PageRequest};
use contract::event_type::EventType;

/// If one change cannot be stored, none is, and nobody is told.
pub async fn changes_are_all_or_none(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.add_webhook(world.partner, &[EventType::EnrollmentCreate]).await;
    let good = world.enrollment(0, Status::NotStarted, 1).await;
    let mut bad = world.enrollment(1, Status::NotStarted, 1).await;
    bad.after.version = 7;
    let id = good.after.id;
    let refused = world.store.save_enrollments(vec![good, bad]).await;
    assert!(matches!(refused, Err(StoreError::Conflict)), "{refused:?}");
    assert_eq!(world.store.find_enrollment(world.customers[0], id).await.unwrap(), None);
    let told = world.store.list_deliveries(world.partner, &DeliveryFilter::default(), PAGE).await.unwrap();
    assert_eq!(told.total, 0);
}

/// A learner has one live enrollment in content, and one more as a part of each whole.
pub async fn one_live_enrollment_for_each_place(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let first = world.enrollment(0, Status::NotStarted, 1).await;
    let first_id = first.after.id;
    world.store.save_enrollments(vec![first]).await.unwrap();
    let again = world.store.save_enrollments(vec![world.enrollment(0, Status::NotStarted, 2).await]).await;
    assert!(matches!(again, Err(StoreError::Conflict)), "{again:?}");
    let mut part = world.enrollment(0, Status::NotStarted, 2).await;
    part.after.parent_id = Some(first_id);
    let part_id = part.after.id;
    world.store.save_enrollments(vec![part]).await.unwrap();
    let live = async |parent| {
        let found = world.store.find_live_enrollment(world.customers[0], world.learners[0], world.lo, parent, None);
        found.await.unwrap().map(|enrollment| enrollment.id)
    };
    assert_eq!(live(None).await, Some(first_id));
    assert_eq!(live(Some(first_id)).await, Some(part_id));
    assert_eq!(live(Some(part_id)).await, None);
}

/// A learner who is launched by an LMS has an enrollment of its own there, besides that of the portal.
pub async fn each_destination_counts_on_its_own(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let [portal_id, _] = world.customers;
    let mut ids = Vec::new();
    for destination_id in [None, Some(DestinationId(1)), Some(DestinationId(2))] {
        let at_destination = async || {
            let mut change = world.enrollment(0, Status::NotStarted, 1).await;
            change.after.destination_id = destination_id;
            change
        };
        let change = at_destination().await;
        let id = change.after.id;
        world.store.save_enrollments(vec![change]).await.unwrap();
        let again = world.store.save_enrollments(vec![at_destination().await]).await;
        assert!(matches!(again, Err(StoreError::Conflict)), "{again:?}");
        let found = world.store.find_live_enrollment(portal_id, world.learners[0], world.lo, None, destination_id);
        let found = found.await.unwrap().unwrap();
        assert_eq!((found.id, found.destination_id), (id, destination_id));
        ids.push(id);
    }
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

/// Re-enrolling archives the old one and makes a new one in one step.
pub async fn archived_ones_stay_readable(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let old_id = {
        let change = world.enrollment(0, Status::Completed, 1).await;
        let id = change.after.id;
        world.store.save_enrollments(vec![change]).await.unwrap();
        id
    };
    let old = world.store.find_enrollment(world.customers[0], old_id).await.unwrap().unwrap();
    let new = world.enrollment(0, Status::NotStarted, 2).await;
    let new_id = new.after.id;
    world.store.save_enrollments(vec![old.archive(at(2)), new]).await.unwrap();
    let read = world.store.find_enrollment(world.customers[0], old_id).await.unwrap().unwrap();
    assert_eq!((read.standing, read.progress.status()), (Standing::Archived, Status::Completed));
    let listed = async |with_archived| {
        let filter = EnrollmentFilter { with_archived, ..Default::default() };
        let listed = world.store.list_enrollments(world.customers[0], &filter, PAGE).await.unwrap();
        listed.items.iter().map(|enrollment| enrollment.id).collect::<Vec<_>>()
    };
    assert_eq!(listed(false).await, [new_id]);
    assert_eq!(listed(true).await, [new_id, old_id]);
}

/// Twenty requests that read the same enrollment and complete it: one is stored, one event is told.
pub async fn of_many_changes_to_one_version_one_wins(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.add_webhook(world.partner, &[EventType::EnrollmentComplete]).await;
    let id = world.enroll_somebody(0, "grace", Status::InProgress, 1).await;
    let mut changes = Vec::new();
    for _ in 0..20 {
        changes.push(world.completion(0, id, 2).await);
    }
    let saves = changes.into_iter().map(|change| {
        let store = world.store.clone();
        tokio::spawn(async move { store.save_enrollments(vec![change]).await })
    });
    let mut won = 0;
    for save in saves.collect::<Vec<_>>() {
        match save.await.unwrap() {
            Ok(()) => won += 1,
            Err(StoreError::Conflict) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
    assert_eq!(won, 1);
    let told = world.store.list_deliveries(world.partner, &DeliveryFilter::default(), PAGE).await.unwrap();
    assert_eq!(told.total, 1);
}

/// Pages of any size hold each enrollment exactly once, also those that changed in the same instant.
pub async fn pages_are_complete_and_stable(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let mut all = Vec::new();
    for i in 0..23 {
        all.push(world.enroll_somebody(0, &format!("learner{i}"), Status::Completed, i / 5).await);
    }
    for sort in [EnrollmentSort::Created, EnrollmentSort::Updated, EnrollmentSort::Due, EnrollmentSort::Assigned] {
        for order in [Order::Ascending, Order::Descending] {
            let filter = EnrollmentFilter { sort, order, ..Default::default() };
            let mut seen: Vec<EnrollmentId> = Vec::new();
            for offset in (0..30).step_by(4) {
                let page = PageRequest { limit: 4, offset };
                let listed = world.store.list_enrollments(world.customers[0], &filter, page).await.unwrap();
                assert_eq!(listed.total, 23);
                seen.extend(listed.items.iter().map(|enrollment| enrollment.id));
            }
            if order == Order::Descending {
                seen.reverse();
            }
            assert_eq!(seen, all, "{sort:?} {order:?}");
        }
    }
}

/// Whoever walks by time of change passes nothing that is stored later, although its time was read earlier.
pub async fn times_of_change_never_run_backwards(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let slow = world.enroll_somebody(0, "slow", Status::InProgress, 1).await;
    let late = world.completion(0, slow, 40).await;
    world.enroll_somebody(0, "quick", Status::Completed, 50).await;
    world.store.save_enrollments(vec![late]).await.unwrap();
    let filter = EnrollmentFilter { updated: TimeRange { from: Some(at(50)), to: None }, ..Default::default() };
    let since = world.store.list_enrollments(world.customers[0], &filter, PAGE).await.unwrap();
    assert!(since.items.iter().any(|enrollment| enrollment.id == slow));
    world.enroll_somebody(1, "elsewhere", Status::Completed, 30).await;
    let elsewhere = world.store.list_enrollments(world.customers[1], &Default::default(), PAGE).await.unwrap();
    assert_eq!(elsewhere.items[0].updated_at, at(30), "another portal has its own time");
}

/// Each condition narrows.
pub async fn filters_narrow(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.enroll_somebody(0, "early", Status::Completed, 10).await;
    world.enroll_somebody(0, "late", Status::InProgress, 20).await;
    let mut change = world.enrollment(0, Status::NotStarted, 30).await;
    change.after.due_at = Some(at(99));
    world.store.save_enrollments(vec![change]).await.unwrap();
    let check = async |filter: EnrollmentFilter, expected: u64| {
        let listed = world.store.list_enrollments(world.customers[0], &filter, PAGE).await.unwrap();
        assert_eq!(listed.total, expected, "{filter:?}");
    };
    let none = EnrollmentFilter::default;
    let span = |from: i64, to: i64| TimeRange { from: Some(at(from)), to: Some(at(to)) };
    check(none(), 3).await;
    check(EnrollmentFilter { statuses: Some(vec![Status::Completed, Status::InProgress]), ..none() }, 2).await;
    check(EnrollmentFilter { user_account_id: Some(world.learners[0]), ..none() }, 1).await;
    check(EnrollmentFilter { lo_ids: Some(vec![world.lo]), ..none() }, 3).await;
    check(EnrollmentFilter { updated: span(10, 20), ..none() }, 2).await;
    check(EnrollmentFilter { updated: span(11, 19), ..none() }, 0).await;
    check(EnrollmentFilter { completed: span(0, 99), ..none() }, 1).await;
    check(EnrollmentFilter { has_due_date: Some(true), ..none() }, 1).await;
    check(EnrollmentFilter { has_due_date: Some(false), ..none() }, 2).await;
    check(EnrollmentFilter { due: span(99, 99), ..none() }, 1).await;
    let elsewhere = world.store.list_enrollments(world.customers[1], &none(), PAGE).await.unwrap();
    assert_eq!(elsewhere.total, 0);
}

/// A deleted enrollment is not found and not listed, and makes room for another; its portal is not told any more.
pub async fn deleted_ones_are_gone(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let change = world.enrollment(0, Status::InProgress, 1).await;
    let id = change.after.id;
    world.store.save_enrollments(vec![change]).await.unwrap();
    assert_eq!(world.store.find_portal_of_enrollment(id).await.unwrap(), Some(world.customers[0]));
    assert_eq!(world.store.find_enrollment(world.customers[1], id).await.unwrap(), None);
    let read = world.store.find_enrollment(world.customers[0], id).await.unwrap().unwrap();
    let patched = read.clone().update(
        EnrollmentPatch { due_at: Some(Some(at(9))), ..Default::default() },
        at(2),
        Audience { child_enrollment_events: false, event_ids: &mut || world.event_id() },
    );
    world.store.save_enrollments(vec![patched.unwrap()]).await.unwrap();
    let read = world.store.find_enrollment(world.customers[0], id).await.unwrap().unwrap();
    assert_eq!((read.version, read.due_at), (2, Some(at(9))));
    let deleted = read.delete(at(3), Audience { child_enrollment_events: false, event_ids: &mut || world.event_id() });
    world.store.save_enrollments(vec![deleted]).await.unwrap();
    assert_eq!(world.store.find_enrollment(world.customers[0], id).await.unwrap(), None);
    assert_eq!(world.store.find_portal_of_enrollment(id).await.unwrap(), None);
    let filter = EnrollmentFilter { with_archived: true, ..Default::default() };
    assert_eq!(world.store.list_enrollments(world.customers[0], &filter, PAGE).await.unwrap().total, 0);
    world.store.save_enrollments(vec![world.enrollment(0, Status::NotStarted, 4).await]).await.unwrap();
}
