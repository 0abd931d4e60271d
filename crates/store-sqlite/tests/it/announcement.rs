//! An announcement to very many portals, by a process that does not live long.

use std::collections::BTreeMap;

use contract::event_type::EventType;
use domain::id::AnnouncementId;
use domain::learning_object::retirement::Flag;
use domain::random::Random;
use sqlite::rusqlite::Connection;
use store::conformance::world::{World, at};
use store::learning_object::LearningObjectRef;

const PORTALS: i64 = 10_000;
/// How many are told in a step.
const STEP: u32 = 777;

#[tokio::test]
async fn ten_thousand_portals_are_told_once_each_whenever_the_process_dies() {
    let (store, folder) = store_sqlite::testing::open();
    let world = World::new(store).await;
    let webhook = world.add_webhook(world.partner, &[EventType::ContentDecommission]).await;
    let file = Connection::open(folder.path().join("schoolbell.db")).unwrap();
    file.execute(
        "WITH RECURSIVE number (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM number WHERE n < ?1)
        INSERT INTO portals (id, version, partner_id, kind, name, domain, timezone, child_enrollment_events, created_at, updated_at)
        SELECT 20000000 + n, 1, ?2, 'customer', 'c', 'c' || n || '.example.com', 'UTC', 0, 0, 0
        FROM number",
        (PORTALS, world.partner.0),
    )
    .unwrap();
    let hold = "INSERT INTO library_items (portal_id, lo_id) SELECT id, ?1 FROM portals WHERE id > 20000000";
    file.execute(hold, [world.lo.0]).unwrap();
    let content = world.store.find_learning_object(world.partner, &LearningObjectRef::Id(world.lo)).await.unwrap();
    let id = AnnouncementId::draw(&world.random as &dyn Random);
    let (content, announcement) = content.unwrap().flag(Flag::default(), id, at(5)).unwrap();
    world.store.save_retirement(content, announcement).await.unwrap();
    let mut steps = 0;
    // Each step is the last of its process: what it has not committed is gone with it.
    while store_sqlite::testing::reopen(&folder).expand_announcements(STEP, at(6)).await.unwrap() {
        steps += 1;
        assert!(steps <= PORTALS / i64::from(STEP) + 2, "it gets nowhere");
    }
    let count = |sql: &str| file.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    // The partner, its customers and a stranger hold it too.
    assert_eq!(count("SELECT count(DISTINCT portal_id) FROM events"), PORTALS + 4);
    assert_eq!(count("SELECT count(*) FROM events"), PORTALS + 4);
    assert_eq!(count("SELECT portals FROM announcements"), PORTALS + 4);
    let mut told: BTreeMap<i64, u32> = BTreeMap::new();
    let sql = "SELECT events.portal_id FROM deliveries JOIN events ON events.no = event_no
        JOIN webhooks ON webhooks.no = webhook_no WHERE webhooks.id = ?1";
    let mut statement = file.prepare(sql).unwrap();
    for portal_id in statement.query_map([webhook.as_str()], |row| row.get(0)).unwrap() {
        *told.entry(portal_id.unwrap()).or_default() += 1;
    }
    assert_eq!(told.len() as i64, PORTALS + 3);
    assert!(told.values().all(|times| *times == 1));
}
