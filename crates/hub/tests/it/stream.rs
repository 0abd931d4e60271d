//! The stream that says that something changed.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Response};
use domain::change::Change;
use domain::webhook::PER_PORTAL_MAX;
use http_body_util::BodyExt;
use tokio::time::timeout;
use tower::ServiceExt;

use crate::app::{App, Browser};

/// How long is waited for what must come: less than until it is looked whether a session is still there.
const PATIENCE: Duration = Duration::from_secs(10);

async fn open(app: &App, browser: &Browser<'_>) -> Response<Body> {
    let path = format!("/hub/{}/events-stream", app.partner.portal_id);
    let request = browser.request(Method::GET, &path, String::new());
    app.router.clone().oneshot(request).await.unwrap()
}

/// What is said next; none when it has ended.
async fn said(stream: &mut Response<Body>) -> Option<String> {
    let frame = timeout(PATIENCE, stream.body_mut().frame()).await.expect("something is said, or it ends")?;
    Some(String::from_utf8(frame.unwrap().into_data().unwrap().to_vec()).unwrap())
}

async fn rename(app: &App) {
    let mut webhook = app.webhooks().await.remove(0);
    webhook.name = Some(format!("{} again", webhook.name.unwrap()));
    app.store.save_webhook(Change::silent(webhook), PER_PORTAL_MAX).await.unwrap();
}

#[tokio::test]
async fn whoever_looks_on_is_told_of_changes_until_they_sign_out() {
    let app = App::new().await;
    app.webhook(app.partner.portal_id, "Completions").await;
    let browser = app.administrator().await;
    let mut stream = open(&app, &browser).await;
    assert_eq!(
        (stream.status().as_u16(), &stream.headers()["content-type"]),
        (200, &"text/event-stream".parse().unwrap())
    );
    assert_eq!(said(&mut stream).await.as_deref(), Some("retry: 3000\nevent: begun\ndata: 1\n\n"));
    rename(&app).await;
    assert_eq!(said(&mut stream).await.as_deref(), Some("event: changed\ndata: 1\n\n"));
    rename(&app).await;
    assert_eq!(said(&mut stream).await.as_deref(), Some("event: changed\ndata: 1\n\n"));
    browser.submit(&format!("/hub/{}", app.partner.portal_id), "/hub/sign-out", &[]).await.leads_to();
    assert_eq!(said(&mut stream).await, None);
}

#[tokio::test]
async fn streams_end_with_the_platform() {
    let app = App::new().await;
    let browser = app.administrator().await;
    let mut stream = open(&app, &browser).await;
    assert!(said(&mut stream).await.is_some());
    app.ending.cancel();
    assert_eq!(said(&mut stream).await, None);
}

#[tokio::test]
async fn a_session_has_so_many_streams_and_one_that_is_closed_makes_room() {
    let app = App::new().await;
    let browser = app.administrator().await;
    let mut streams = Vec::new();
    for _ in 0..8 {
        let stream = open(&app, &browser).await;
        assert_eq!(stream.status(), 200);
        streams.push(stream);
    }
    assert_eq!(open(&app, &browser).await.status(), 503);
    let another = app.administrator().await;
    assert_eq!(open(&app, &another).await.status(), 200);
    drop(streams.pop());
    assert_eq!(open(&app, &browser).await.status(), 200);
}
