//! More requests at once than are carried out at once.

use axum::body::Body;
use axum::http::Method;
use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::app::App;

/// More than there are places.
const MANY: usize = 600;

#[tokio::test]
async fn who_sends_a_body_slowly_keeps_nobody_out() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let begun = || {
        let first = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"{"))]);
        let body = Body::from_stream(first.chain(stream::pending()));
        let request = customer.request(Method::POST, "/user-accounts", body);
        tokio::spawn(app.router.clone().oneshot(request))
    };
    let slow: Vec<_> = (0..MANY).map(|_| begun()).collect();
    // All of them begin before anything else is asked.
    tokio::task::yield_now().await;
    customer.post("/learning-objects", json!({ "core": { "title": "Fire safety" } })).await.expect::<Value>(201);
    assert!(slow.iter().all(|slow| !slow.is_finished()));
    slow.iter().for_each(|slow| slow.abort());
}
