//! More requests at once than are carried out at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use axum::body::Body;
use axum::http::Method;
use bytes::Bytes;
use futures_util::stream;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::app::App;

/// More than there are places.
const MANY: usize = 600;

#[tokio::test]
async fn who_sends_a_body_slowly_keeps_nobody_out() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let waited_for = Arc::new(AtomicUsize::new(0));
    let begin = |_| {
        let (waited_for, mut seen) = (waited_for.clone(), false);
        let never = stream::poll_fn(move |_| {
            waited_for.fetch_add(usize::from(!seen), Ordering::SeqCst);
            seen = true;
            Poll::<Option<io::Result<Bytes>>>::Pending
        });
        let request = customer.request(Method::POST, "/user-accounts", Body::from_stream(never));
        tokio::spawn(app.router.clone().oneshot(request))
    };
    let slow: Vec<_> = (0..MANY).map(begin).collect();
    while waited_for.load(Ordering::SeqCst) < MANY {
        assert!(slow.iter().all(|slow| !slow.is_finished()), "some were refused before they could send a body");
        tokio::task::yield_now().await;
    }
    customer.post("/learning-objects", json!({ "core": { "title": "Fire safety" } })).await.expect::<Value>(201);
    slow.iter().for_each(|slow| slow.abort());
}
