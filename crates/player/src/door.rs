//! How many requests that may write are carried out at once, so that learners never crowd out the API, whose database it is too.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::refusal::Refusal;

/// How many are carried out at once.
const PLACES: usize = 64;
/// How long a request waits for a place: pages and packages ask again by themselves.
const WAITS_FOR: Duration = Duration::from_secs(2);

/// Where requests wait for a place.
pub(crate) struct Door(Arc<Semaphore>);

impl Default for Door {
    fn default() -> Self {
        Door(Arc::new(Semaphore::new(PLACES)))
    }
}

impl Door {
    /// A place, once there is one. It is asked for when the body is there: who sends one slowly keeps nobody out.
    ///
    /// # Errors
    ///
    /// 503 when there is none in time.
    pub(crate) async fn enter(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        let place = timeout(WAITS_FOR, self.0.clone().acquire_owned()).await;
        Ok(place.map_err(|_| Refusal::busy())?.expect("the semaphore is never closed"))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_finds_no_place_in_time_is_refused_and_an_answer_makes_room() {
        let door = Door::default();
        let mut places = Vec::new();
        for _ in 0..PLACES {
            places.push(door.enter().await.unwrap());
        }
        assert_eq!(door.enter().await.unwrap_err().status(), StatusCode::SERVICE_UNAVAILABLE);
        places.pop();
        places.push(door.enter().await.unwrap());
    }
}
