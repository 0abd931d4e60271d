//! The requests with keys that are carried out at present, so that a second one hears at once that it is too early.
//!
//! Of this node: between nodes the store decides.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::id::ClientId;
use domain::oauth::Digest;
use store::idempotency::KeyedRequest;

use super::told;
use crate::refusal::Refusal;

/// How many may be under way at once. They are bound to no connection: whoever asked may have gone away.
const UNDER_WAY_MAX: usize = 4_096;

type Key = (ClientId, Digest);

/// What is asked for under each key.
#[derive(Clone, Default)]
pub(crate) struct UnderWay(Arc<Mutex<HashMap<Key, Digest>>>);

/// That a request is under way, until this is dropped.
pub(super) struct Place {
    under_way: UnderWay,
    key: Key,
}

impl UnderWay {
    /// Begins, if no other request with the key is under way.
    pub(super) fn begin(&self, request: &KeyedRequest) -> Result<Place, Refusal> {
        let key = (request.client_id.clone(), request.key);
        let mut requests = self.requests();
        let room = requests.len() < UNDER_WAY_MAX;
        match requests.entry(key.clone()) {
            Entry::Occupied(other) if *other.get() == request.request => Err(told::in_use()),
            Entry::Occupied(_) => Err(told::reused()),
            Entry::Vacant(_) if !room => Err(Refusal::busy()),
            Entry::Vacant(place) => {
                place.insert(request.request);
                Ok(Place { under_way: self.clone(), key })
            }
        }
    }

    fn requests(&self) -> MutexGuard<'_, HashMap<Key, Digest>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.under_way.requests().remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn request(key: u16, asked: u8) -> KeyedRequest {
        let mut digest = [0; 32];
        digest[..2].copy_from_slice(&key.to_be_bytes());
        KeyedRequest {
            client_id: "00112233445566778899aabbccddeeff00112233".parse().unwrap(),
            key: Digest(digest),
            request: Digest([asked; 32]),
            run: [0; 16],
            begun_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[track_caller]
    fn check(under_way: &UnderWay, key: u16, asked: u8, status: Option<u16>) -> Option<Place> {
        let begun = under_way.begin(&request(key, asked));
        assert_eq!(begun.as_ref().err().map(|refusal| refusal.status().as_u16()), status);
        begun.ok()
    }

    #[test]
    fn a_key_is_under_way_until_its_place_is_given_up() {
        let under_way = UnderWay::default();
        let place = check(&under_way, 1, 1, None);
        check(&under_way, 1, 1, Some(409));
        check(&under_way, 1, 2, Some(422));
        check(&under_way, 2, 1, None);
        drop(place);
        check(&under_way, 1, 2, None);
    }

    #[test]
    fn there_is_room_for_so_many() {
        let under_way = UnderWay::default();
        let places: Vec<_> = (0..UNDER_WAY_MAX as u16).map(|key| check(&under_way, key, 1, None)).collect();
        check(&under_way, u16::MAX, 1, Some(503));
        check(&under_way, 0, 1, Some(409));
        drop(places);
        check(&under_way, u16::MAX, 1, None);
    }
}
