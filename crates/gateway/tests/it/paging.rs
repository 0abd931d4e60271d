//! Lists are complete and stable (contract, quirk 10).

use std::collections::BTreeSet;

use contract::api::enrollment::Enrollment;
use contract::api::page::Page;
use jiff::SignedDuration;
use serde_json::json;

use crate::app::{App, Caller};

/// Makes as many enrollments as two pages and a half hold, five in each second.
async fn enroll_many(app: &App, caller: &Caller<'_>) -> BTreeSet<String> {
    let mut learners = Vec::new();
    for number in 0..5 {
        learners.push(caller.learner(&format!("learner{number}@example.com")).await);
    }
    let mut ids = BTreeSet::new();
    for number in 0..10 {
        let content = caller.content(&format!("Course {number}")).await;
        for learner in &learners {
            ids.insert(caller.enroll(learner, &content).await.id);
        }
        app.clock.advance(SignedDuration::from_secs(1));
    }
    ids
}

async fn page(caller: &Caller<'_>, query: &str, offset: usize) -> Vec<Enrollment> {
    caller.get(&format!("/enrollments?{query}&limit=20&offset={offset}")).await.expect::<Page<Enrollment>>(200).hits
}

#[tokio::test]
async fn pages_hold_each_enrollment_once_however_they_are_sorted() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let ids = enroll_many(&app, &customer).await;
    for sort in ["created_time", "updated_time", "due_date", "assign_date"] {
        for order in ["asc", "desc"] {
            let query = format!("sort={sort}&order={order}");
            let mut seen = Vec::new();
            for offset in [0, 20, 40, 60] {
                seen.extend(page(&customer, &query, offset).await.into_iter().map(|hit| hit.id));
            }
            assert_eq!(seen.len(), ids.len(), "{query}");
            assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), ids, "{query}");
        }
    }
}

#[tokio::test]
async fn nothing_is_left_out_when_enrollments_are_made_and_changed_between_pages() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let ids = enroll_many(&app, &customer).await;
    let late = customer.learner("late@example.com").await;
    let mut seen = BTreeSet::new();
    let mut offset = 0;
    loop {
        let hits = page(&customer, "update_time_gte=2022-03-29", offset).await;
        if hits.is_empty() {
            break;
        }
        offset += hits.len();
        // What was on this page changes, and one more is made.
        let path = format!("/enrollments/{}", hits[0].id);
        customer.patch(&path, json!({"status": "in-progress"})).await.expect::<Enrollment>(200);
        if offset < 60 {
            customer.enroll(&late, &customer.content(&format!("Late {offset}")).await).await;
        }
        seen.extend(hits.into_iter().map(|hit| hit.id));
    }
    assert!(seen.is_superset(&ids), "{:?}", ids.difference(&seen));
}

#[tokio::test]
async fn a_walk_by_time_of_change_leaves_nothing_out() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let ids = enroll_many(&app, &customer).await;
    let mut seen = BTreeSet::new();
    let mut since = "2022-03-29T00:00:00Z".to_owned();
    loop {
        let hits = page(&customer, &format!("sort=updated_time&order=asc&update_time_gte={since}"), 0).await;
        let last = hits.last().unwrap().updated_time.to_string();
        // The first of the page moves to the end, also while it is read.
        if seen.len() < ids.len() {
            let path = format!("/enrollments/{}", hits[0].id);
            customer.patch(&path, json!({"status": "in-progress"})).await.expect::<Enrollment>(200);
            app.clock.advance(SignedDuration::from_secs(1));
        }
        let before = seen.len();
        seen.extend(hits.into_iter().map(|hit| hit.id));
        if seen.len() == before {
            break;
        }
        since = last;
    }
    assert_eq!(seen, ids);
}
