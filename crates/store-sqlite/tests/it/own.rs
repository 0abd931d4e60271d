//! What is true of this backend only.

use contract::event_type::EventType;
use domain::change::Change;
use domain::enrollment::Status;
use domain::webhook::Secret;
use store::conformance::world::{WEBHOOKS_MAX, World, at};

#[tokio::test]
async fn another_process_sees_what_is_stored_and_takes_other_numbers() {
    let (store, folder) = store_sqlite::testing::open();
    let world = World::new(store).await;
    let other = store_sqlite::testing::reopen(&folder);
    assert!(other.find_portal(world.partner).await.unwrap().is_some());
    let sequence = store::id::Sequence::Portal;
    assert_ne!(other.next_id(sequence).await.unwrap(), world.store.next_id(sequence).await.unwrap());
}

#[tokio::test]
async fn secrets_are_not_in_the_file() {
    let (store, folder) = store_sqlite::testing::open();
    let world = World::new(store).await;
    let mut webhook = world.webhook(world.partner, &[EventType::EnrollmentComplete]);
    webhook.secret = Some(Secret::parse("MyS3cretK#y".to_owned()).unwrap());
    world.store.save_webhook(Change::silent(webhook), WEBHOOKS_MAX).await.unwrap();
    world.enroll_somebody(0, "grace", Status::Completed, 1).await;
    // The store is still open, so the WAL is among the files.
    let contents: Vec<u8> = std::fs::read_dir(folder.path())
        .unwrap()
        .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .collect();
    let holds = |text: &str| contents.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(!holds("MyS3cretK#y"));
    assert!(holds("grace@example.com"), "the control: what is not sealed is found");
}

#[tokio::test]
async fn a_lane_is_found_by_seeking_not_by_reading_what_is_pending() {
    let (store, folder) = store_sqlite::testing::open();
    let world = World::new(store).await;
    world.add_webhook(world.partner, &[EventType::EnrollmentComplete]).await;
    world.enroll_somebody(0, "grace", Status::Completed, 1).await;
    assert_eq!(world.store.list_due_lanes(at(9)).await.unwrap().due.len(), 1);
    let file = sqlite::rusqlite::Connection::open(folder.path().join("schoolbell.db")).unwrap();
    let plan = |sql: &str| -> String {
        let mut statement = file.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let rows = statement.query_map([], |row| row.get::<_, String>(3)).unwrap();
        rows.map(Result::unwrap).collect::<Vec<_>>().join("\n")
    };
    let pending = "FROM deliveries WHERE state = 'pending' AND";
    let index = "deliveries_due";
    assert!(plan(&format!("SELECT min(webhook_no) {pending} webhook_no > 1")).contains(index));
    assert!(
        plan(&format!("SELECT no {pending} webhook_no = 1 AND due_at <= 5 ORDER BY due_at LIMIT 3")).contains(index)
    );
}
