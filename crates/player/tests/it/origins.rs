//! Which pages may read an answer, and launch at all.

use domain::destination::LmsOrigin;
use serde_json::json;

use crate::app::{App, LMS};

#[tokio::test]
async fn a_page_reads_what_it_may_launch_and_every_refusal() {
    let app = App::new().await;
    let anywhere = app.destination(|_| {}).await;
    let only = |origin: &str| vec![LmsOrigin::parse(origin).unwrap()];
    let named = app.destination(|destination| destination.lms_origins = only(LMS)).await;
    for (destination, origin, expected) in [
        (&anywhere, Some(LMS), 200),
        (&anywhere, Some("https://other.example.com"), 200),
        (&anywhere, Some("null"), 200),
        (&anywhere, None, 200),
        (&named, Some(LMS), 200),
        (&named, Some("https://other.example.com"), 403),
        (&named, Some("http://lms.example.com"), 403),
        (&named, Some("https://lms.example.com.evil.example"), 403),
        (&named, Some("null"), 403),
        (&named, None, 403),
    ] {
        let mut lms = app.lms(destination, "ada");
        lms.origin = origin;
        let answer = app.launch(&lms).await;
        assert_eq!(answer.status, expected, "{origin:?}");
        assert_eq!(answer.header("access-control-allow-origin"), origin);
        assert_eq!(answer.header("access-control-allow-credentials"), None);
        assert_eq!((answer.header("vary"), answer.header("cache-control")), (Some("origin"), Some("no-store")));
        if expected == 403 {
            answer.refused(403, "origin_refused");
        }
    }
}

#[tokio::test]
async fn commits_of_another_page_are_refused_and_those_that_say_no_origin_are_not() {
    let app = App::new().await;
    let only = vec![LmsOrigin::parse(LMS).unwrap()];
    let destination = app.destination(|destination| destination.lms_origins = only).await;
    let launched = app.launch(&app.lms(&destination, "ada")).await.ok();
    let commit = async |origin: Option<&str>, sequence: i64| {
        let body = json!({"session": launched["session"], "sequence": sequence, "kind": "exit", "values": {}});
        app.post_from("/scorm/commit", origin, body.to_string()).await
    };
    assert_eq!(commit(Some(LMS), 1).await.status, 204);
    // A beacon of a page that closes.
    assert_eq!(commit(None, 2).await.status, 204);
    commit(Some("https://other.example.com"), 3).await.refused(403, "origin_refused");
}

#[tokio::test]
async fn the_pages_own_calls_are_for_no_other_origin() {
    let app = App::new().await;
    let destination = app.destination(|_| {}).await;
    let launched = app.launch(&app.lms(&destination, "ada")).await.ok();
    let opened = app.open(&launched).await;
    let body = json!({"session": opened["session"], "sequence": 1, "status": "completed"});
    let answer = app.post_from("/play/progress", Some(LMS), body.to_string()).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, None));
}
