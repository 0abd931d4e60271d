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
/// How long a request waits for a place: 503 beyond. A quarter of what an answer may take under too much load, and no shorter,
/// because who is refused at once asks again at once, and to refuse is work too.
const WAITS_FOR: Duration = Duration::from_millis(250);

/// Where requests wait for a place.
#[derive(Clone)]
pub(crate) struct Door {
    places: Arc<Semaphore>,
}

/// The place of a request, which it has until it is answered: in its extensions, and with whoever waits for the answer.
#[derive(Clone, Default)]
pub(crate) struct Seat(Arc<OnceLock<OwnedSemaphorePermit>>);

impl Default for Door {
    fn default() -> Self {
        Door::with(PLACES)
    }
}

impl Door {
    fn with(places: usize) -> Self {
        Door { places: Arc::new(Semaphore::new(places)) }
    }

    /// Lets the request with these extensions in that has none yet.
    ///
    /// # Errors
    ///
    /// 503 when there is no place for it in time.
    pub(crate) async fn enter(&self, extensions: &Extensions) -> Result<(), Refusal> {
        let Some(Seat(seat)) = extensions.get::<Seat>() else { return Ok(()) };
        if seat.get().is_some() {
            return Ok(());
        }
        let place = match self.places.clone().try_acquire_owned() {
            Ok(place) => place,
            Err(_) => timeout(WAITS_FOR, self.places.clone().acquire_owned())
                .await
                .map_err(|_| Refusal::busy())?
                .expect("the semaphore is never closed"),
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
        let door = Door::with(2);
        let [(first, one), (_second, two), (_third, three)] = [request(), request(), request()];
        door.enter(&one).await.unwrap();
        door.enter(&two).await.unwrap();
        assert_eq!(door.enter(&three).await.unwrap_err().status(), StatusCode::SERVICE_UNAVAILABLE);
        drop((first, one));
        door.enter(&three).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_is_let_in_when_a_place_is_free() {
        let door = Door::with(1);
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
    async fn a_request_has_one_place_however_often_it_enters() {
        let door = Door::with(1);
        let (_seat, extensions) = request();
        door.enter(&extensions).await.unwrap();
        door.enter(&extensions).await.unwrap();
    }
}
