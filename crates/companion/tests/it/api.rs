//! What readers get.

use serde_json::json;

use crate::world::{CUSTOMER, World, completed, event_in};

/// Walks the list from the beginning in pages of `limit`; gives back enrollment ids.
async fn walk(world: &World, limit: u32) -> Vec<String> {
    let (mut after, mut ids) = (0, Vec::new());
    loop {
        let page = world.get(&format!("/completions?after={after}&limit={limit}")).await.body;
        let completions = page["completions"].as_array().unwrap();
        assert!(completions.len() <= limit as usize);
        if completions.is_empty() {
            assert_eq!(page["next_cursor"], after, "an empty page says where it was asked to begin");
            return ids;
        }
        ids.extend(completions.iter().map(|completion| completion["enrollment_id"].as_str().unwrap().to_owned()));
        assert_eq!(page["next_cursor"], completions.last().unwrap()["cursor"]);
        let next = page["next_cursor"].as_i64().unwrap();
        assert!(next > after, "the walk goes on");
        after = next;
    }
}

#[tokio::test]
async fn the_walk_meets_every_completion_once() {
    let world = World::begin().await;
    assert_eq!(walk(&world, 10).await, Vec::<String>::new());
    for number in 1..=23 {
        world.platform.completed(&number.to_string(), CUSTOMER);
        world.deliver(&completed(&format!("e{number}"), &number.to_string())).await;
        world.work().await;
    }
    let expected: Vec<String> = (1..=23).map(|number| number.to_string()).collect();
    for limit in [1, 7, 23, 500] {
        assert_eq!(walk(&world, limit).await, expected, "in pages of {limit}");
    }
}

#[tokio::test]
async fn a_completion_that_changes_is_met_again_behind_all_others() {
    let world = World::begin().await;
    for number in 1..=3 {
        world.platform.completed(&number.to_string(), CUSTOMER);
        world.deliver(&completed(&format!("e{number}"), &number.to_string())).await;
        world.work().await;
    }
    let page = world.get("/completions?limit=2").await.body;
    let at = "2022-03-30T00:00:00.000Z";
    world.deliver(&event_in(CUSTOMER, "e9", "enrollment.complete", "1", 1, at)).await;
    world.work().await;
    let rest = world.get(&format!("/completions?after={}", page["next_cursor"])).await.body;
    let rest: Vec<_> = rest["completions"].as_array().unwrap().iter().map(|one| one["enrollment_id"].clone()).collect();
    assert_eq!(rest, [json!("3"), json!("1")]);
    assert_eq!(walk(&world, 1).await, ["2", "3", "1"]);
}

#[tokio::test]
async fn a_misspelled_question_is_refused_by_name() {
    let world = World::begin().await;
    for (query, message) in [
        ("limit=501", "limit: it must be a number from 1 to 500"),
        ("after=x", "after: it must be 0 or a cursor of an earlier page"),
        ("since=1", "since: there is no such parameter; known are after and limit"),
    ] {
        let answer = world.get(&format!("/completions?{query}")).await;
        assert_eq!((answer.status, answer.body), (400, json!({ "message": message })));
    }
    assert_eq!(world.get("/nothing").await.body, json!({"message": "there is nothing here"}));
    assert_eq!(world.get("/webhooks").await.status, 405);
}

#[tokio::test]
async fn readers_need_the_token_if_there_is_one() {
    let world = World::with(|settings| settings.api_token = Some("the-token".into())).await;
    for path in ["/completions", "/inbox"] {
        let refused = world.get(path).await;
        assert_eq!(refused.status, 401, "{path}");
        assert_eq!(refused.headers["www-authenticate"], "Bearer");
        for wrong in ["Bearer the-toke", "Bearer the-token2", "Bearer ", "the-token", "Basic the-token"] {
            assert_eq!(world.get_with_token(path, wrong).await.status, 401, "{path} {wrong}");
        }
        for right in ["Bearer the-token", "bearer the-token"] {
            let answer = world.get_with_token(path, right).await;
            assert_eq!((answer.status, &answer.headers["cache-control"]), (200, &"no-store".parse().unwrap()));
        }
    }
    // The platform and whoever watches have no token.
    world.deliver(&completed("e1", "1")).await;
    assert_eq!(world.get("/healthz").await.status, 200);
    assert_eq!(world.get("/readyz").await.status, 200);
}

#[tokio::test]
async fn readiness_is_being_able_to_store() {
    let world = World::begin().await;
    assert_eq!(world.get("/readyz").await.body, json!({"status": "ok"}));
    // Nobody waits for the lock in this test.
    world.pragma("busy_timeout", 0).await;
    let other = rusqlite::Connection::open(&world.settings.database).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let answer = world.get("/readyz").await;
    assert_eq!((answer.status, &answer.headers["retry-after"]), (503, &"5".parse().unwrap()));
    assert_eq!(world.get("/healthz").await.status, 200);
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(world.get("/readyz").await.status, 200);
}

#[tokio::test]
async fn the_inbox_tells_of_the_oldest_that_waits_and_the_newest_that_need_attention() {
    let world = World::begin().await;
    assert_eq!(world.get("/inbox").await.body["oldest_waiting_at"], json!(null));
    for number in 1..=101 {
        let at = "2022-03-29T01:29:36.000Z";
        let event_id = format!("e{number}");
        world.deliver(&event_in("22", &event_id, "enrollment.complete", &number.to_string(), 1, at)).await;
        world.move_clock(1);
    }
    world.work().await;
    let inbox = world.check_counts(&[("waiting", 101)]).await;
    assert_eq!(inbox["oldest_waiting_at"], "2022-03-29T01:29:37.000Z");
    let attention = inbox["attention"].as_array().unwrap();
    assert_eq!((attention.len(), &attention[0]["number"], &attention[99]["number"]), (100, &json!(101), &json!(2)));
    assert_eq!(
        attention[0],
        json!({
            "number": 101, "event_id": "e101", "event_type": "enrollment.complete", "portal_id": "22",
            "enrollment_id": "101", "state": "waiting",
            "reason": "there are no credentials for portal 22: add them to the settings and restart",
            "fetches": 1, "received_at": "2022-03-29T01:31:17.000Z", "received_count": 1,
            "due_at": attention[0]["due_at"],
        })
    );
}
