//! How many requests are carried out at once, so that each of them is carried out soon and the others hear soon that they are not.
//!
//! Without it everybody who asks waits for everybody before them, up to as many as there may be connections, and on a slow disk
//! until the request is given up, though what it asked for is then done all the same. A place is taken once the body is there:
//! who sends one slowly keeps nobody out. What has no body changes little or nothing, and needs none.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::http::Extensions;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::refusal::Refusal;

/// How many requests are carried out at once: as many as share a commit at most, so that a group gathers while another is written.
const PLACES: usize = 256;
/// How many wait for a place, so that a burst is no overload: another group. Further ones are refused at once, before anything is done
/// about them, because to refuse is work too: many who wait, and then are refused, take from those who are not.
const WAITING_MAX: usize = 256;
/// How long a request waits for a place: 503 beyond. A quarter of what an answer may take under too much load.
const WAITS_FOR: Duration = Duration::from_millis(250);

/// Where requests wait for a place.
#[derive(Clone)]
pub(crate) struct Door {
    places: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

/// The place of a request, which it has until it is answered: in its extensions, and with whoever waits for the answer.
#[derive(Clone, Default)]
pub(crate) struct Seat(Arc<OnceLock<OwnedSemaphorePermit>>);

impl Default for Door {
    fn default() -> Self {
        Door::with(PLACES, WAITING_MAX)
    }
}

impl Door {
    fn with(places: usize, waiting: usize) -> Self {
        Door { places: Arc::new(Semaphore::new(places)), waiting: Arc::new(Semaphore::new(waiting)) }
    }

    /// Whether as many wait as may, so that there is no use in looking at another request.
    pub(crate) fn is_crowded(&self) -> bool {
        self.waiting.available_permits() == 0
    }

    /// Lets the request with these extensions in that has none yet.
    ///
    /// # Errors
    ///
    /// 503 when there is no place for it in time, or nowhere to wait.
    pub(crate) async fn enter(&self, extensions: &Extensions) -> Result<(), Refusal> {
        let Some(Seat(seat)) = extensions.get::<Seat>() else { return Ok(()) };
        if seat.get().is_some() {
            return Ok(());
        }
        let place = match self.places.clone().try_acquire_owned() {
            Ok(place) => place,
            Err(_) => {
                let _waiting = self.waiting.try_acquire().map_err(|_| Refusal::busy())?;
                let place = timeout(WAITS_FOR, self.places.clone().acquire_owned()).await;
                place.map_err(|_| Refusal::busy())?.expect("the semaphore is never closed")
            }
        };
        // A request enters one step after the other, so nobody has set it meanwhile.
        let _ = seat.set(place);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::*;

    fn request() -> (Seat, Extensions) {
        let (seat, mut extensions) = (Seat::default(), Extensions::new());
        extensions.insert(seat.clone());
        (seat, extensions)
    }

    #[tokio::test(start_paused = true)]
    async fn who_finds_no_place_in_time_is_refused_and_an_answer_makes_room() {
        let door = Door::with(2, 1);
        let [(first, one), (_second, two), (_third, three)] = [request(), request(), request()];
        door.enter(&one).await.unwrap();
        door.enter(&two).await.unwrap();
        assert_eq!(door.enter(&three).await.unwrap_err().status(), StatusCode::SERVICE_UNAVAILABLE);
        drop((first, one));
        door.enter(&three).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_is_let_in_when_a_place_is_free() {
        let door = Door::with(1, 1);
        let [(first, one), (_second, two)] = [request(), request()];
        door.enter(&one).await.unwrap();
        let leaves = async {
            tokio::time::sleep(WAITS_FOR / 2).await;
            drop((first, one));
        };
        let (entered, ()) = tokio::join!(door.enter(&two), leaves);
        entered.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn where_as_many_wait_as_may_the_next_is_refused_at_once() {
        let door = Door::with(1, 1);
        let [(_first, one), (_second, two), (_third, three)] = [request(), request(), request()];
        door.enter(&one).await.unwrap();
        assert!(!door.is_crowded());
        let started_at = tokio::time::Instant::now();
        let refused = async {
            assert!(door.is_crowded());
            let refused = door.enter(&three).await;
            (refused.unwrap_err().status(), started_at.elapsed())
        };
        let (waited, refused) = tokio::join!(biased; door.enter(&two), refused);
        assert_eq!(refused, (StatusCode::SERVICE_UNAVAILABLE, Duration::ZERO));
        assert!(waited.is_err() && !door.is_crowded());
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_has_one_place_however_often_it_enters() {
        let door = Door::with(1, 1);
        let (_seat, extensions) = request();
        door.enter(&extensions).await.unwrap();
        door.enter(&extensions).await.unwrap();
    }
}
