//! The lanes that are remembered, each under a small number that it keeps for as long.

use std::collections::HashMap;
use std::ops::{Index, IndexMut};

use domain::id::{PortalId, WebhookId};
use jiff::Timestamp;
use store::delivery::Pace;

use crate::lane::Lane;

/// The number of a lane. It may be another lane's once that is forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key(usize);

/// A lane and where it is kept.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) webhook_id: WebhookId,
    pub(super) portal_id: PortalId,
    /// The version of the webhook that the lane was learned of.
    pub(super) version: i64,
    pub(super) lane: Lane,
    /// The list of due lanes that it was last on; 0 if all that was due is leased.
    pub(super) list: u64,
    /// Whether it waits for its turn.
    pub(super) queued: bool,
    /// Whether it is among those whose silence is noticed.
    pub(super) listened_to: bool,
    /// When it is looked at again because of its rate, if it waits for that.
    pub(super) wakes_at: Option<Timestamp>,
    /// Whether it is among those that may stand by or down.
    pub(super) moved: bool,
    /// The pace that the store was told.
    pub(super) pace: Pace,
}

impl Entry {
    /// Whether it can take a permit: it is on the present list, and has room.
    pub(super) fn can_take(&self, list: u64, now: Timestamp) -> bool {
        self.list == list && self.lane.room(now) > 0
    }

    /// When it can take a permit, if it is on the present list and waits for its rate alone.
    pub(super) fn paced_until(&self, list: u64, now: Timestamp) -> Option<Timestamp> {
        (self.list == list).then(|| self.lane.paced_until(now)).flatten()
    }

    /// Whether it has nothing to do, nobody refers to it, and a new one in its place would be no faster.
    pub(super) fn rests(&self, list: u64, now: Timestamp) -> bool {
        let is_idle = self.list != list && self.lane.permits() == 0 && !self.queued && !self.listened_to;
        is_idle && self.lane.is_unpaced(now)
    }
}

/// Every lane that is remembered.
#[derive(Debug, Default)]
pub(super) struct Known {
    entries: Vec<Option<Entry>>,
    free: Vec<Key>,
    keys: HashMap<WebhookId, Key>,
}

impl Known {
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    pub(super) fn find(&self, webhook_id: &WebhookId) -> Option<Key> {
        self.keys.get(webhook_id).copied()
    }

    /// Whether this is the number of a lane.
    pub(super) fn has(&self, key: Key) -> bool {
        self.entries[key.0].is_some()
    }

    pub(super) fn add(&mut self, entry: Entry) -> Key {
        let key = self.free.pop().unwrap_or_else(|| {
            self.entries.push(None);
            Key(self.entries.len() - 1)
        });
        self.keys.insert(entry.webhook_id.clone(), key);
        self.entries[key.0] = Some(entry);
        key
    }

    /// Forgets the lanes that are not to be kept.
    pub(super) fn retain(&mut self, keep: impl Fn(&Entry) -> bool) {
        for (key, place) in self.entries.iter_mut().enumerate() {
            // In the order of their numbers, so that who gets which of them next is no matter of chance.
            if let Some(forgotten) = place.take_if(|entry| !keep(entry)) {
                self.keys.remove(&forgotten.webhook_id);
                self.free.push(Key(key));
            }
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().flatten()
    }
}

impl Index<Key> for Known {
    type Output = Entry;

    fn index(&self, key: Key) -> &Entry {
        self.entries[key.0].as_ref().expect("a lane is not forgotten while it waits or has something in flight")
    }
}

impl IndexMut<Key> for Known {
    fn index_mut(&mut self, key: Key) -> &mut Entry {
        self.entries[key.0].as_mut().expect("a lane is not forgotten while it waits or has something in flight")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str) -> Entry {
        Entry {
            webhook_id: name.parse().unwrap(),
            version: 1,
            portal_id: PortalId(1),
            lane: Lane::new(64, Timestamp::UNIX_EPOCH),
            list: 0,
            queued: false,
            listened_to: false,
            wakes_at: None,
            moved: false,
            pace: Pace::Free,
        }
    }

    #[test]
    fn the_number_of_a_forgotten_lane_is_given_away_again() {
        let mut known = Known::default();
        let [one, two, three] = ["webhook00001", "webhook00002", "webhook00003"];
        let keys = [one, two].map(|name| known.add(entry(name)));
        known.retain(|entry| entry.webhook_id.as_str() == two);
        assert_eq!((known.find(&one.parse().unwrap()), known.find(&two.parse().unwrap())), (None, Some(keys[1])));
        assert!(!known.has(keys[0]));
        assert_eq!(known.add(entry(three)), keys[0]);
        assert_eq!(known[keys[0]].webhook_id.as_str(), three);
        assert_eq!((known.len(), known.iter().count()), (2, 2));
    }

    #[test]
    fn which_number_is_given_away_next_is_no_matter_of_chance() {
        let mut known = Known::default();
        let keys: Vec<Key> = (0..20).map(|i| known.add(entry(&format!("webhook{i:05}")))).collect();
        known.retain(|_| false);
        let next: Vec<Key> = (20..40).map(|i| known.add(entry(&format!("webhook{i:05}")))).collect();
        assert!(next.iter().eq(keys.iter().rev()), "{next:?}");
    }
}
