//! What is kept of the past, and that it is neither slow nor ever more.

use contract::event_type::EventType;
use domain::webhook::{InactiveReason, WebhookStatus};
use sqlite::rusqlite::{Connection, params};
use store::conformance::world::{World, at};
use store::event::PruneCursor;
use tempfile::TempDir;

const PLATFORM: &str = include_str!("../../migrations/0001_platform.sql");
const HISTORY: &str = include_str!("../../migrations/0005_history.sql");

/// As many rows as the engine asks for at once.
const ROWS_MAX: u32 = 500;

#[test]
fn webhooks_that_were_there_get_as_much_of_a_history_as_is_known() {
    let file = Connection::open_in_memory().unwrap();
    file.execute_batch(PLATFORM).unwrap();
    let portal = "INSERT INTO portals (id, version, kind, name, domain, timezone, child_enrollment_events, created_at, updated_at)
        VALUES (1, 1, 'customer', 'a', 'a.example.com', 'UTC', 0, 0, 0)";
    file.execute_batch(portal).unwrap();
    for (no, created_at) in [(1, 10), (2, 20), (3, 20), (4, 30)] {
        let event = "INSERT INTO events (no, id, portal_id, event_type, subject_id, data, occurred_at, created_at)
            VALUES (?1, ?1, 1, 'content.add', 1, '{}', 0, ?2)";
        file.execute(event, [no, created_at]).unwrap();
    }
    for (no, version, status, created_at) in
        [(1, 1, "active", 5), (2, 1, "active", 20), (3, 7, "owner", 25), (4, 2, "deleted", 99)]
    {
        let webhook =
            "INSERT INTO webhooks (no, id, version, portal_id, url, event_types, status, timestamp_unit, created_by,
                updated_by, created_at, updated_at)
            VALUES (?1, ?1, ?2, 1, 'https://a.example.com', 'content.add', ?3, 'seconds', 1, 1, ?4, ?4)";
        file.execute(webhook, params![no, version, status, created_at]).unwrap();
    }
    file.execute_batch(HISTORY).unwrap();
    let sql =
        "SELECT webhook_no || ' from ' || from_event_no || ' ' || coalesce(event_types || ' ' || status, 'not kept')
        FROM webhook_history
        ORDER BY webhook_no, from_event_no";
    let mut statement = file.prepare(sql).unwrap();
    let rows: Vec<String> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let expected = [
        "1 from 0 content.add active",
        "2 from 1 content.add active",
        "3 from 3 not kept",
        "3 from 4 content.add owner",
        "4 from 4 content.add deleted",
    ];
    assert_eq!(rows, expected);
}

fn open(folder: &TempDir) -> Connection {
    Connection::open(folder.path().join("schoolbell.db")).unwrap()
}

/// Stores so many events of customer 0 at `second`, each with a delivery to a webhook of the partner and an attempt of it, which
/// was answered with up to so many bytes.
fn fill(file: &mut Connection, world: &World, count: i64, second: i64, state: &str, body_bytes: i64) {
    let at = at(second).as_millisecond();
    let transaction = file.transaction().unwrap();
    let sql = "INSERT INTO events (id, portal_id, event_type, subject_id, data, occurred_at, created_at)
        VALUES (?1, ?2, 'enrollment.complete', ?3, ?4, ?5, ?5)";
    let mut event = transaction.prepare(sql).unwrap();
    let (due_at, finished_at) = if state == "pending" { (Some(at), None) } else { (None, Some(at)) };
    let sql =
        "INSERT INTO deliveries (portal_id, webhook_no, event_no, state, due_at, finished_at, attempt_number, failures)
        VALUES (?1, (SELECT min(no) FROM webhooks), ?2, ?3, ?4, ?5, 1, 0)";
    let mut delivery = transaction.prepare(sql).unwrap();
    let sql = "INSERT INTO attempts (delivery_no, number, started_at, took_ms, status, body, truncated)
        VALUES (?1, 1, 0, 0, 200, zeroblob(?2), 0)";
    let mut attempt = transaction.prepare(sql).unwrap();
    for n in 0..count {
        let id = format!("e{second:04}{n:07}");
        event.execute(params![id, world.customers[0].0, n, "x".repeat(150), at]).unwrap();
        delivery
            .execute(params![world.partner.0, transaction.last_insert_rowid(), state, due_at, finished_at])
            .unwrap();
        attempt.execute(params![transaction.last_insert_rowid(), (n * 37) % body_bytes]).unwrap();
    }
    drop((event, delivery, attempt));
    transaction.commit().unwrap();
}

/// Walks over all that is old; how many events went, and in how many steps.
async fn prune(world: &World, before: i64) -> (u64, u64) {
    let (mut events, mut steps, mut cursor) = (0, 0, Some(PruneCursor::default()));
    while let Some(from) = cursor {
        let pruned = world.store.prune_events(from, at(before), ROWS_MAX).await.unwrap();
        assert!(pruned.events <= u64::from(ROWS_MAX));
        assert!(pruned.next.is_none_or(|next| next.0 > from.0), "a step does not look again at what stays");
        (events, steps, cursor) = (events + pruned.events, steps + 1, pruned.next);
    }
    (events, steps)
}

#[tokio::test]
async fn what_is_held_is_passed_over_step_by_step() {
    const HELD: i64 = 100_000;
    let (store, folder) = store_sqlite::testing::open();
    let world = World::new(store).await;
    let id = world.add_webhook(world.partner, &[EventType::EnrollmentComplete]).await;
    world.set_status(world.partner, &id, WebhookStatus::Inactive(InactiveReason::Paused)).await;
    let mut file = open(&folder);
    fill(&mut file, &world, HELD, 1, "pending", 1);
    fill(&mut file, &world, 300, 2, "delivered", 1);
    fill(&mut file, &world, 1, 100, "delivered", 1);
    // Two thousand are looked at in a step: so many for what is held, and three rows of each of the others.
    let (events, steps) = prune(&world, 50).await;
    assert_eq!(events, 300);
    assert!((51..=54).contains(&steps), "{steps}");
    assert_eq!(prune(&world, 50).await, (0, 51));
}

/// How long the file is, in pages, and how much of it is free.
fn pages(file: &Connection) -> (i64, i64) {
    let pragma = |name| file.pragma_query_value(None, name, |row| row.get(0)).unwrap();
    (pragma("page_count"), pragma("freelist_count"))
}

#[tokio::test]
async fn as_much_as_is_pruned_can_be_stored_without_the_file_growing() {
    const ROUNDS: i64 = 8;
    /// Some answers need pages of their own.
    const BODY_BYTES: i64 = 9_000;
    let (store, folder) = store_sqlite::testing::open();
    let world = World::new(store).await;
    world.add_webhook(world.partner, &[EventType::EnrollmentComplete]).await;
    let mut file = open(&folder);
    let mut lengths = Vec::new();
    for round in 1..=ROUNDS {
        fill(&mut file, &world, 1_000, round, "delivered", BODY_BYTES);
        // What was stored before the last round is old.
        let (events, _) = prune(&world, round).await;
        assert_eq!(events, if round == 1 { 0 } else { 1_000 });
        lengths.push(pages(&file).0);
    }
    // The first two rounds are there at the same time; from then on one comes and one goes.
    let (steady, last) = (lengths[2], lengths[lengths.len() - 1]);
    assert!(last <= steady + steady / 50, "{lengths:?}");
    // The control: without pruning, it is longer by each round.
    let (before, _) = pages(&file);
    for round in ROUNDS + 1..=ROUNDS + 3 {
        fill(&mut file, &world, 1_000, round, "delivered", BODY_BYTES);
    }
    assert!(pages(&file).0 > before + before / 4, "{lengths:?}, then {:?}", pages(&file));
}
