//! The page and its files.

use axum::body::Body;
use axum::http::Request;
use domain::destination::LmsOrigin;
use domain::learning_object::LifecycleState;
use serde_json::Value;

use crate::app::{App, LMS};

fn directive<'a>(policy: &'a str, name: &str) -> &'a str {
    policy.split("; ").find_map(|directive| directive.strip_prefix(name)).unwrap_or_else(|| panic!("{name}")).trim()
}

#[tokio::test]
async fn the_page_is_strict_about_what_it_takes() {
    let app = App::new().await;
    let answer = app.get(&format!("/play/{}", app.lo_id)).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let policy = answer.header("content-security-policy").unwrap();
    for (name, expected) in [
        ("default-src", "'none'"),
        ("script-src", "'self'"),
        ("style-src", "'self'"),
        ("connect-src", "'self'"),
        ("frame-src", "'self'"),
        ("base-uri", "'none'"),
        ("form-action", "'none'"),
        ("media-src", "'self' https:"),
        ("frame-ancestors", "*"),
    ] {
        assert_eq!(directive(policy, name), expected, "{name}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(answer.header("x-frame-options"), None);
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "its address may hold a token");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let text = answer.text();
    assert!(!text.contains("<style") && !text.contains(" onclick") && !text.contains("<script>"), "nothing is inline");
}

#[tokio::test]
async fn only_the_pages_of_the_destination_frame_a_launch() {
    let app = App::new().await;
    let origins = || vec![LmsOrigin::parse(LMS).unwrap(), LmsOrigin::parse("http://localhost:8080").unwrap()];
    let named = app.destination(|destination| destination.lms_origins = origins()).await;
    let anywhere = app.destination(|_| {}).await;
    let framed_by = async |launched: &Value| {
        let path = launched["play_url"].as_str().unwrap().strip_prefix(crate::app::PLAYER).unwrap();
        let answer = app.get(path).await;
        directive(answer.header("content-security-policy").unwrap(), "frame-ancestors").to_owned()
    };
    let launched = app.launch(&app.lms(&named, "ada")).await.ok();
    assert_eq!(framed_by(&launched).await, format!("{LMS} http://localhost:8080"));
    assert_eq!(framed_by(&app.launch(&app.lms(&anywhere, "ada")).await.ok()).await, "*");
    app.open(&launched).await;
    assert_eq!(framed_by(&launched).await, "*", "a link that was used opens nothing, for nobody");
    let guess = app.get(&format!("/play/{}?launch=guess", app.lo_id)).await;
    assert_eq!(guess.status, 200);
}

#[tokio::test]
async fn removed_content_has_a_page_that_says_so() {
    let app = App::new().await;
    app.change_content(app.lo_id, |lo| lo.state = LifecycleState::Removed).await;
    let answer = app.get(&format!("/play/{}", app.lo_id)).await;
    assert_eq!((answer.status, answer.header("content-type")), (410, Some("text/html; charset=utf-8")));
    assert!(answer.text().contains("no longer available"));
    assert!(answer.header("content-security-policy").unwrap().contains("default-src 'none'"));
    assert_eq!(app.get("/play/nothing").await.status, 404);
    // Which numbers are content is nobody's to learn.
    assert_eq!(app.get("/play/1").await.status, 200);
}

#[tokio::test]
async fn the_files_of_the_page_are_served_and_nothing_else() {
    let app = App::new().await;
    let page = app.get(&format!("/play/{}", app.lo_id)).await;
    let mut names = 0;
    // The page names them from where it stands.
    for part in page.text().split("\"assets/").skip(1) {
        let (name, _) = part.split_once('"').unwrap();
        let answer = app.get(&format!("/play/assets/{name}")).await;
        assert_eq!(answer.status, 200, "{name}");
        let etag = answer.header("etag").unwrap().to_owned();
        let again = Request::get(format!("/play/assets/{name}")).header("If-None-Match", etag);
        assert_eq!(app.send(again.body(Body::empty()).unwrap()).await.status, 304);
        names += 1;
    }
    assert!(names >= 2, "scripts and styles");
    for path in ["/play/assets/play.html", "/play/assets/..%2FCargo.toml", "/play/assets/", "/", "/play/1/2"] {
        app.get(path).await.refused(404, "not_found");
    }
    app.send(Request::put("/scorm/launch").body(Body::empty()).unwrap()).await.refused(405, "method_not_allowed");
}
