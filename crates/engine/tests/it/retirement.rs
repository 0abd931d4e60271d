//! Content that ends, by the clock, however late.

use std::collections::BTreeSet;

use contract::event_type::EventType;
use domain::clock::Clock;
use domain::id::{AnnouncementId, LearningObjectId};
use domain::learning_object::LifecycleState;
use domain::learning_object::retirement::Flag;
use domain::random::Random;
use jiff::SignedDuration;
use sqlite::rusqlite::Connection;
use store::learning_object::{LearningObjectFilter, LearningObjectRef};
use store::page::PageRequest;

use crate::time::at_once;
use crate::world::World;

const DAY: SignedDuration = SignedDuration::from_hours(24);
/// How late a transition may be applied while the platform runs.
const LATE_MAX: SignedDuration = SignedDuration::from_secs(60);

/// How long the task that applies dates rests.
const RESTS_FOR: SignedDuration = SignedDuration::from_secs(15);

/// Flags content: out of search in 30 days, gone in 90.
async fn flag(world: &World, lo_id: LearningObjectId) {
    let (store, now) = (world.store(), world.time.now());
    let reference = LearningObjectRef::Id(lo_id);
    let content = store.find_learning_object(world.platform.partner, &reference).await.unwrap().unwrap();
    let dates = Flag { retired_at: Some(Some(now + 30 * DAY)), removed_at: Some(now + 90 * DAY), is_forced: false };
    let id = AnnouncementId::draw(&world.platform.random as &dyn Random);
    let (content, announcement) = content.flag(dates, id, now).unwrap();
    store.save_retirement(content, announcement).await.unwrap();
}

/// How much content has had this applied.
fn applied(database: &Connection, state: LifecycleState) -> usize {
    let sql = "SELECT count(*) FROM learning_objects WHERE state = ?1";
    database.query_row(sql, [state.as_str()], |row| row.get::<_, i64>(0)).unwrap() as usize
}

/// Waits until so much content has had this applied.
async fn wait_for(world: &World, state: LifecycleState, count: usize) {
    let database = world.database();
    let reached = async {
        while applied(&database, state) < count {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(300), reached).await.expect("dates are applied");
    assert_eq!(applied(&database, state), count);
}

/// The next three requests, by event type and portal.
async fn told(world: &mut World) -> BTreeSet<(String, String)> {
    let second = SignedDuration::from_secs(1);
    world.time.is_awaited(world.time.now() + second).await;
    world.time.pass(second);
    let mut told = BTreeSet::new();
    for _ in 0..3 {
        let arrival = world.arrival().await;
        let body = arrival.body();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        told.insert((text(&body["event_type"]), text(&body["data"]["portal_id"])));
        arrival.answer(204);
    }
    let database = world.database();
    let pending = "SELECT count(*) FROM deliveries WHERE state = 'pending'";
    at_once(async {
        while database.query_row(pending, [], |row| row.get::<_, i64>(0)).unwrap() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    told
}

#[tokio::test]
async fn each_date_is_applied_in_time_and_not_before() {
    let mut world = World::new().await;
    let news = [EventType::ContentDecommission, EventType::ContentRemove];
    world.add_webhook(world.platform.partner, |webhook| webhook.event_types = news.to_vec()).await;
    flag(&world, world.platform.lo).await;
    let flagged_at = world.time.now();
    let flagged = told(&mut world).await;
    for (days, state) in [(30, LifecycleState::Retired), (90, LifecycleState::Removed)] {
        world.time.pass((flagged_at + days * DAY).duration_since(world.time.now()) - SignedDuration::from_secs(1));
        world.time.is_awaited(world.time.now() + RESTS_FOR).await;
        assert_eq!(applied(&world.database(), state), 0, "{state:?} before its time");
        world.time.pass(LATE_MAX);
        wait_for(&world, state, 1).await;
    }
    let removed = told(&mut world).await;
    let platform = &world.platform;
    let below = [platform.partner, platform.customers[0], platform.customers[1]];
    let expected = |event_type: &str| below.map(|portal| (event_type.to_owned(), portal.to_string())).into();
    assert_eq!(flagged, expected("content.decommission"));
    assert_eq!(removed, expected("content.remove"));
    let database = world.database();
    let events: i64 = database.query_row("SELECT count(*) FROM events", [], |row| row.get(0)).unwrap();
    assert_eq!(events, 12, "the stranger holds it too and has no webhook");
}

#[tokio::test]
#[ignore = "cargo xtask prove"]
async fn very_much_content_ends_at_one_time_while_the_platform_is_down() {
    let count = proof::size(10_000, 100_000);
    let mut world = World::new().await;
    let partner = world.platform.partner;
    world.stop().await;
    let (now, removed_at) = (world.time.now().as_millisecond(), world.time.now() + 90 * DAY);
    let database = world.database();
    database
        .execute(
            "WITH RECURSIVE number (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM number WHERE n < ?1)
            INSERT INTO learning_objects (id, version, content_id, owner_id, kind, title, description, state, created_at,
                updated_at, flagged_at, removed_at)
            SELECT 5000000 + n, 1, printf('con_%026d', n), ?2, 'course', 'Course ' || n, '', 'published', ?3, ?3, ?3, ?4
            FROM number",
            (count as i64, partner.0, now, removed_at.as_millisecond()),
        )
        .unwrap();
    let hold = "INSERT INTO library_items (portal_id, lo_id) SELECT ?1, id FROM learning_objects WHERE id > 5000000";
    database.execute(hold, [partner.0]).unwrap();
    let states = |at| LearningObjectFilter { states: Some((vec![LifecycleState::Removed], at)), ..Default::default() };
    let gone = async |at| {
        let page = PageRequest { limit: 0, offset: 0 };
        world.platform.store.list_learning_objects(partner, &states(at), page).await.unwrap().total
    };
    let before = removed_at - SignedDuration::from_millis(1);
    assert_eq!((gone(before).await, gone(removed_at).await), (0, count as u64), "the dates decide while it is down");
    // A second before its time it comes up, and goes down again; then it comes up a day late.
    world.time.pass(removed_at.duration_since(world.time.now()) - SignedDuration::from_secs(1));
    world.start();
    at_once(async { tokio::task::yield_now().await }).await;
    world.stop().await;
    assert_eq!(applied(&database, LifecycleState::Removed), 0, "early");
    world.time.pass(DAY);
    world.start();
    wait_for(&world, LifecycleState::Removed, count).await;
    let told = |sql: &str| database.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    let all_are_told = async {
        while told("SELECT count(*) FROM announcements WHERE finished_at IS NOT NULL") < count as i64 {
            world.time.pass(SignedDuration::from_secs(1));
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(300), all_are_told).await.expect("everybody is told");
    let removals = "FROM events WHERE event_type = 'content.remove'";
    assert_eq!(told(&format!("SELECT count(*) {removals}")), count as i64);
    assert_eq!(told(&format!("SELECT count(DISTINCT subject_id) {removals}")), count as i64);
    let progress = format!("{count} removed and told of once each, none early");
    proof::held("R27", "content that ends at one instant, the platform down across it", count as u64, progress);
}
