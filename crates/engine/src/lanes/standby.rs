//! Which lanes leave permits with the store, so that their next deliveries are born leased (decision 15). Pure.
//!
//! Those whose receivers answer and that have nothing due: a backlog, a doubt, an open circuit and the store has none of theirs, and
//! what is due goes first. Together they leave it no more than a part of all permits, shared fairly; when there is none left, the lane
//! that has had some for longest makes room.

use std::collections::VecDeque;

use domain::delivery::Lease;
use domain::id::WebhookId;
use domain::webhook::Webhook;
use jiff::Timestamp;
use store::delivery::Pace;

use super::Lanes;
use super::known::{Entry, Key};

/// The part of all permits that may lie with the store: one in so many.
const PART: usize = 2;

/// So many permits more of a lane for the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) webhook_id: WebhookId,
    pub(crate) count: u32,
    pub(crate) pace: Pace,
}

/// Permits that lie with the store.
#[derive(Debug)]
pub(super) struct Standby {
    max: usize,
    /// Those of all lanes.
    count: usize,
    /// Lanes that may have come to stand by or down since it was last looked.
    moved: Vec<Key>,
    /// Lanes that have permits there: longest first.
    lanes: VecDeque<Key>,
    /// The one that is to give its permits back because another one wants some.
    makes_room: Option<Key>,
}

impl Standby {
    pub(super) fn new(concurrency: usize) -> Self {
        Standby { max: concurrency / PART, count: 0, moved: Vec::new(), lanes: VecDeque::new(), makes_room: None }
    }
}

impl Lanes {
    /// How many permits lie with the store.
    pub(crate) fn standing_by(&self) -> usize {
        self.standby.count
    }

    /// Whose permits to take back from the store: those of lanes that do not stand by any more, and all of them if others wait for a
    /// permit and none of these is free. What came of it is for [`withdrawn`](Self::withdrawn).
    pub(crate) fn withdrawals(&mut self, free: usize) -> Vec<(WebhookId, Pace)> {
        let mut withdrawals = self.stand_down();
        if free == 0 && !self.turns.is_empty() {
            withdrawals.extend(self.withdraw_all());
        } else if let Some(key) = self.standby.makes_room.take().filter(|key| self.standby.lanes.contains(key)) {
            withdrawals.push(self.withdraw(key, Pace::Free));
        }
        withdrawals
    }

    /// Those of lanes that do not stand by any more.
    fn stand_down(&mut self) -> Vec<(WebhookId, Pace)> {
        let mut moved = std::mem::take(&mut self.standby.moved);
        let mut withdrawals = Vec::new();
        moved.retain(|&key| {
            // If the lane was forgotten meanwhile, this is nobody's number, or somebody else's to whom it does no harm.
            let stays = self.known.has(key) && stands_by(&self.known[key], self.list);
            if !stays && self.known.has(key) {
                self.known[key].moved = false;
                let pace = pace_of(&self.known[key]);
                if self.known[key].lane.standing_by() > 0 || self.known[key].pace != pace {
                    withdrawals.push(self.withdraw(key, pace));
                }
            }
            stays
        });
        self.standby.moved = moved;
        withdrawals
    }

    /// Takes back whatever lies with the store.
    pub(crate) fn withdraw_all(&mut self) -> Vec<(WebhookId, Pace)> {
        let keys: Vec<Key> = self.standby.lanes.iter().copied().collect();
        keys.into_iter().map(|key| self.withdraw(key, Pace::Free)).collect()
    }

    /// What to leave with the store, with so many permits free.
    pub(crate) fn offers(&mut self, free: usize, now: Timestamp) -> Vec<Offer> {
        let (mut offers, mut free) = (Vec::new(), free);
        for key in std::mem::take(&mut self.standby.moved) {
            if !self.known.has(key) || !self.known[key].moved {
                continue;
            }
            if !stands_by(&self.known[key], self.list) {
                // It has come to that since it was last looked whose permits to take back.
                self.standby.moved.push(key);
                continue;
            }
            self.known[key].moved = false;
            if let Some(offer) = self.offer(key, free, now) {
                free -= offer.count as usize;
                offers.push(offer);
            }
        }
        offers
    }

    /// Takes note that the store has given so many permits back: they are for what is due.
    pub(crate) fn withdrawn(&mut self, webhook_id: &WebhookId, count: u32, now: Timestamp) {
        if let Some(key) = self.known.find(webhook_id) {
            let before = self.known[key].lane.standing_by();
            self.change(key, |lane| lane.stand_down(count));
            self.stood_down(key, before);
            if self.known[key].lane.standing_by() > 0 && !stands_by(&self.known[key], self.list) {
                // What is in use at this moment may come back unused.
                self.moved(key);
            }
            self.settle(key, now);
        }
    }

    /// Takes note of deliveries that were born leased: their attempts begin now.
    pub(crate) fn born(&mut self, leases: &[Lease], now: Timestamp) {
        for lease in leases {
            let Webhook { id, portal_id, version, .. } = &*lease.webhook;
            let key = self.find_or_add(id, *portal_id, *version, now);
            // What was born before its owner changed it may come after what was listed since.
            self.renew(key, *version.max(&self.known[key].version));
            let before = self.known[key].lane.standing_by();
            self.change(key, |lane| lane.born(now));
            self.stood_down(key, before);
            self.listen(key, now);
        }
    }

    /// Takes note that the lane may have come to stand by or down.
    pub(super) fn moved(&mut self, key: Key) {
        let entry = &mut self.known[key];
        if !std::mem::replace(&mut entry.moved, true) {
            self.standby.moved.push(key);
        }
    }

    fn offer(&mut self, key: Key, free: usize, now: Timestamp) -> Option<Offer> {
        let (room, has) = (self.known[key].lane.room(now) as usize, self.known[key].lane.standing_by() as usize);
        let left = self.standby.max.saturating_sub(self.standby.count);
        // As much as each of them may have, if all of them want as much.
        let fair = self.standby.max / (self.standby.lanes.len() + usize::from(has == 0));
        let count = room.min(free).min(left).min(fair.saturating_sub(has)) as u32;
        if left == 0 && has == 0 {
            self.standby.makes_room = self.standby.lanes.front().copied();
        }
        // Nobody is to wait for what other lanes have.
        let has_none_of_its_own = count == 0 && has == 0 && (left == 0 || room > 0);
        let pace = if has_none_of_its_own { Pace::Free } else { pace_of(&self.known[key]) };
        if count == 0 && self.known[key].pace == pace {
            return None;
        }
        if count > 0 && has == 0 {
            self.standby.lanes.push_back(key);
        }
        self.change(key, |lane| lane.stand_by(count));
        self.standby.count += count as usize;
        self.known[key].pace = pace;
        Some(Offer { webhook_id: self.known[key].webhook_id.clone(), count, pace })
    }

    fn withdraw(&mut self, key: Key, pace: Pace) -> (WebhookId, Pace) {
        self.known[key].pace = pace;
        (self.known[key].webhook_id.clone(), pace)
    }

    /// Keeps account of a lane that had so many permits with the store before.
    fn stood_down(&mut self, key: Key, before: u32) {
        let after = self.known[key].lane.standing_by();
        self.standby.count -= (before - after) as usize;
        if before > 0 && after == 0 {
            self.standby.lanes.retain(|lane| *lane != key);
        }
    }
}

/// Whether the deliveries of this lane may be born leased.
fn stands_by(entry: &Entry, list: u64) -> bool {
    entry.list != list && entry.lane.may_stand_by()
}

fn pace_of(entry: &Entry) -> Pace {
    if entry.lane.is_prompt() { Pace::Set } else { Pace::Free }
}
