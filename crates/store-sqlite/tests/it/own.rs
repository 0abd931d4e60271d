//! What is true of this backend only.

use std::sync::Arc;

use contract::event_type::EventType;
use domain::change::Change;
use domain::enrollment::Status;
use domain::webhook::Secret;
use domain::webhook::headers::Headers;
use store::conformance::world::{WEBHOOKS_MAX, World, at};
use store::delivery::LeaseRequest;
use store::keyring::{KEY_BYTES, Keyring};

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
    webhook.headers = Headers::restore([("X-Api-Key".to_owned(), "MyOth3rK#y".to_owned())]);
    world.store.save_webhook(Change::silent(webhook), WEBHOOKS_MAX).await.unwrap();
    world.enroll_somebody(0, "grace", Status::Completed, 1).await;
    // The store is still open, so the WAL is among the files.
    let contents: Vec<u8> = std::fs::read_dir(folder.path())
        .unwrap()
        .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .collect();
    let holds = |text: &str| contents.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(!holds("MyS3cretK#y") && !holds("MyOth3rK#y"));
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

#[tokio::test]
async fn a_webhook_whose_key_is_missing_does_not_hold_the_others_up() {
    let folder = tempfile::TempDir::new().unwrap();
    let keys = |ids: &[u8]| {
        let lines: String = ids.iter().map(|id| Keyring::write(*id, &[*id; KEY_BYTES])).collect();
        Arc::new(Keyring::read(&lines).unwrap())
    };
    store_sqlite::testing::reopen_with(&folder, keys(&[1]));
    let world = World::new(store_sqlite::testing::reopen_with(&folder, keys(&[1, 2]))).await;
    let mut sealed = world.webhook(world.partner, &[EventType::EnrollmentComplete]);
    sealed.secret = Some(Secret::parse("MyS3cretK#y".to_owned()).unwrap());
    let sealed_id = sealed.id.clone();
    world.store.save_webhook(Change::silent(sealed), WEBHOOKS_MAX).await.unwrap();
    let plain_id = world.add_webhook(world.partner, &[EventType::EnrollmentComplete]).await;
    world.enroll_somebody(0, "grace", Status::Completed, 1).await;

    let without_key = store_sqlite::testing::reopen_with(&folder, keys(&[1]));
    let request = LeaseRequest { lanes: vec![(sealed_id, 5), (plain_id.clone(), 5)], now: at(9), expires_at: at(19) };
    let leased = without_key.lease_deliveries(&request).await.unwrap();
    assert_eq!(leased.iter().map(|lease| &lease.webhook.id).collect::<Vec<_>>(), [&plain_id]);
}

#[test]
fn a_database_is_not_opened_with_other_keys() {
    let (store, folder) = store_sqlite::testing::open();
    drop(store);
    let path = folder.path().join("schoolbell.db");
    let other = Keyring::read(&Keyring::write(1, &[9; KEY_BYTES])).unwrap();
    let refused = store_sqlite::SqliteStore::open(&path, other.into());
    assert!(matches!(refused, Err(store_sqlite::OpenError::WrongKeys)), "{refused:?}");
    store_sqlite::SqliteStore::open(&path, store_sqlite::testing::keyring()).unwrap();
}

#[tokio::test]
async fn one_event_that_cannot_be_read_does_not_hold_the_others_up() {
    let (store, folder) = store_sqlite::testing::open();
    let world = World::new(store).await;
    let id = world.add_webhook(world.partner, &[EventType::EnrollmentComplete]).await;
    world.enroll_somebody(0, "grace", Status::Completed, 1).await;
    let alan = world.enroll_somebody(0, "alan", Status::Completed, 2).await;
    // As a newer version would have stored it: a new event type needs no migration.
    let file = sqlite::rusqlite::Connection::open(folder.path().join("schoolbell.db")).unwrap();
    let newer = "UPDATE events SET event_type = 'enrollment.expire' WHERE event_type = 'enrollment.complete' AND subject_id <> ?1";
    assert_eq!(file.execute(newer, [alan.0]).unwrap(), 1);
    let request = LeaseRequest { lanes: vec![(id, 5)], now: at(9), expires_at: at(19) };
    let leased = world.store.lease_deliveries(&request).await.unwrap();
    assert_eq!(leased.iter().map(|lease| lease.event.subject_id).collect::<Vec<_>>(), [alan.0]);
}
