//! A search among more than it looks at in one step.

use contract::event_type::EventType;
use domain::enrollment::Status;
use domain::id::PortalId;
use store::conformance::world::{World, at};
use store::delivery_search::{DeliverySearch, DeliveryStatus, LOOKED_AT_MAX};

/// How many deliveries there are besides.
const MANY: u32 = 2 * LOOKED_AT_MAX + 100;

/// A world in which one delivery is pending, and many more arrived after it.
async fn filled() -> (World, tempfile::TempDir) {
    let (store, folder) = store_sqlite::testing::open();
    let world = World::new(store).await;
    world.add_webhook(world.partner, &[EventType::EnrollmentComplete]).await;
    world.enroll_somebody(0, "grace", Status::Completed, 1).await;
    let file = sqlite::rusqlite::Connection::open(folder.path().join("schoolbell.db")).unwrap();
    let events = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?1)
        INSERT INTO events (id, portal_id, event_type, subject_id, data, occurred_at, created_at)
        SELECT printf('many%08d', n), portal_id, event_type, subject_id, data, occurred_at, created_at
        FROM n JOIN events ON event_type = 'enrollment.complete'";
    assert_eq!(file.execute(events, [MANY]).unwrap(), MANY as usize);
    let deliveries =
        "INSERT INTO deliveries (portal_id, webhook_no, event_no, state, attempt_number, failures, finished_at)
        SELECT deliveries.portal_id, webhook_no, events.no, 'delivered', 1, 0, 1
        FROM deliveries JOIN events ON events.id LIKE 'many%'";
    assert_eq!(file.execute(deliveries, []).unwrap(), MANY as usize);
    (world, folder)
}

#[tokio::test]
async fn a_search_stops_after_so_many_and_goes_on_from_there() {
    let (world, _folder) = filled().await;
    let rare = DeliverySearch { event_portal_id: Some(PortalId(1)), ..Default::default() };
    let (mut before, mut steps) = (None, 0);
    loop {
        let found = world.store.search_deliveries(world.partner, &rare, before, 25).await.unwrap();
        steps += 1;
        assert_eq!((found.items.len(), found.next.is_some()), (0, found.looked_until.is_some()));
        before = found.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(steps, 3);
}

#[tokio::test]
async fn what_waits_or_failed_is_found_behind_all_that_arrived() {
    let (world, _folder) = filled().await;
    for (status, expected) in [(DeliveryStatus::Pending, 1), (DeliveryStatus::Failed, 0)] {
        let search = DeliverySearch { status: Some(status), ..Default::default() };
        let found = world.store.search_deliveries(world.partner, &search, None, 25).await.unwrap();
        assert_eq!((found.items.len(), found.next, found.looked_until), (expected, None, None), "{status:?}");
    }
    // The control: what arrived is walked, page by page.
    let arrived = DeliverySearch { status: Some(DeliveryStatus::Delivered), ..Default::default() };
    let found = world.store.search_deliveries(world.partner, &arrived, None, 25).await.unwrap();
    assert_eq!((found.items.len(), found.next.is_some(), found.looked_until), (25, true, None));
    assert_eq!(found.items[0].event.occurred_at, at(1));
}
