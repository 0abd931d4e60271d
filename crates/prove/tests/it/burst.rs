//! Completions one after the other, as fast as they are answered, each acknowledged at a known moment of something else.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::world::World;

/// Asks for `count` completions over `callers` callers, and gives those that were acknowledged, each with what `moment` said
/// right after; and how many were not.
pub(crate) async fn burst(
    world: &Arc<World>,
    url: &str,
    tokens: &[String; 2],
    callers: usize,
    count: usize,
    moment: impl Fn() -> u64 + Clone + Send + 'static,
) -> (HashMap<String, u64>, usize) {
    let left = Arc::new(AtomicUsize::new(count));
    let lanes = (0..callers).map(|caller| {
        let (world, left, moment) = (world.clone(), left.clone(), moment.clone());
        let customer = caller % 2;
        let (token, url) = (tokens[customer].clone(), format!("{url}/enrollments?re-enroll=true"));
        tokio::spawn(async move {
            let body = json!({
                "user_account_id": world.text(&format!("/customers/{customer}/user_account_ids/{}", caller / 2 % 2)),
                "lo_id": world.text(&format!("/learning_objects/{}/lo_id", caller / 4 % 3)),
                "enrollment_type": "self-directed",
                "status": "completed",
            });
            let (mut acks, mut refused) = (Vec::new(), 0);
            while left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
                match world.call(Method::POST, &url, &token, Some(&body)).await {
                    Some((StatusCode::CREATED, answer)) => {
                        acks.push((answer["id"].as_str().unwrap().to_owned(), moment()));
                    }
                    Some(_) => refused += 1,
                    // Without an answer there is nobody to ask.
                    None => break,
                }
            }
            (acks, refused)
        })
    });
    let (mut acks, mut refused) = (HashMap::new(), 0);
    for lane in lanes.collect::<Vec<_>>() {
        let (of_lane, refused_of_lane) = lane.await.unwrap();
        acks.extend(of_lane);
        refused += refused_of_lane;
    }
    (acks, refused)
}
