//! Notices of this backend: over a restart, and at what cost.

use contract::event_type::EventType;
use domain::delivery::{Answer, FinishedAttempt, Next, Outcome};
use domain::enrollment::Status;
use domain::id::WebhookId;
use jiff::SignedDuration;
use store::Store;
use store::conformance::world::{PAGE, World, at};
use store::delivery::LeaseRequest;

/// Attempts the one delivery that is due, so often, and fails.
async fn fail(store: &dyn Store, id: &WebhookId, times: u32, second: i64) {
    for _ in 0..times {
        let request = LeaseRequest { lanes: vec![(id.clone(), 1)], now: at(second), expires_at: at(second + 10) };
        let lease = store.lease_deliveries(&request).await.unwrap().remove(0);
        let outcome = Outcome::Answered(Answer {
            status: 500,
            retry_after: None,
            body: Vec::new(),
            truncated: false,
            headers: String::new(),
        });
        let next = Next::Retry { at: at(second) };
        let attempt = FinishedAttempt { lease, started_at: at(second), took: SignedDuration::ZERO, outcome, next };
        store.finish_attempts(vec![attempt], at(second)).await.unwrap();
    }
}

#[tokio::test]
async fn a_restart_tells_nothing_twice() {
    const DAY: i64 = 86_400;
    let (store, folder) = store_sqlite::testing::open();
    let world = World::new(store.clone()).await;
    let id = world.add_webhook(world.partner, &[EventType::EnrollmentComplete]).await;
    world.enroll_somebody(0, "grace", Status::Completed, 0).await;
    let partner = world.partner;
    fail(&*store, &id, 20, 0).await;
    fail(&*store, &id, 1, DAY).await;
    drop((store, world));
    let told = async |store: &dyn Store| store.list_notices(partner, None, PAGE).await.unwrap().items;
    let store = store_sqlite::testing::reopen(&folder);
    let before = told(&*store).await;
    assert_eq!(before.len(), 1);
    fail(&*store, &id, 3, DAY + 1).await;
    assert_eq!(told(&*store).await, before);
    fail(&*store, &id, 1, 3 * DAY).await;
    assert_eq!(told(&*store).await.len(), 2, "the control: what is new is told");
}

#[tokio::test]
async fn administrators_are_found_without_reading_a_portals_learners() {
    let (store, folder) = store_sqlite::testing::open();
    World::new(store).await;
    let file = sqlite::rusqlite::Connection::open(folder.path().join("schoolbell.db")).unwrap();
    let sql = "EXPLAIN QUERY PLAN SELECT id FROM user_accounts
        WHERE portal_id = 1 AND active = 1 AND instr(',' || roles || ',', ',Administrator,') > 0 ORDER BY id";
    let plan: String = file.query_row(sql, [], |row| row.get(3)).unwrap();
    assert!(plan.contains("user_accounts_administrators"), "{plan}");
}
