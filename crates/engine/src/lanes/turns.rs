//! Whose turn it is: portals first, then the lanes of each. Pure.

use std::collections::{HashMap, VecDeque};

use domain::id::PortalId;

use super::known::Key;

/// Lanes in the order of their turns.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// Portals that have lanes here.
    portals: VecDeque<PortalId>,
    /// Their lanes. What is empty is kept for the next lane, until [`shrink`](Self::shrink).
    lanes: HashMap<PortalId, VecDeque<Key>>,
}

impl Turns {
    /// Puts a lane last.
    pub(super) fn push(&mut self, portal_id: PortalId, lane: Key) {
        let lanes = self.lanes.entry(portal_id).or_default();
        if lanes.is_empty() {
            self.portals.push_back(portal_id);
        }
        lanes.push_back(lane);
    }

    /// Puts a lane first that was taken out and had nothing of its turn.
    pub(super) fn push_front(&mut self, portal_id: PortalId, lane: Key) {
        let lanes = self.lanes.entry(portal_id).or_default();
        if lanes.is_empty() {
            self.portals.push_front(portal_id);
        }
        lanes.push_front(lane);
    }

    /// Takes out the lane whose turn it is. Its portal stays first until [`pass`](Self::pass).
    pub(super) fn pop(&mut self) -> Option<Key> {
        let lanes = self.lanes.get_mut(self.portals.front()?)?;
        let lane = lanes.pop_front();
        if lanes.is_empty() {
            self.portals.pop_front();
        }
        lane
    }

    /// Takes note that the portal had its turn.
    pub(super) fn pass(&mut self, portal_id: PortalId) {
        if self.portals.front() == Some(&portal_id) {
            self.portals.rotate_left(1);
        }
    }

    /// Whether nobody waits.
    pub(super) fn is_empty(&self) -> bool {
        self.portals.is_empty()
    }

    /// Gives back memory that was kept.
    pub(super) fn shrink(&mut self) {
        self.lanes.retain(|_, lanes| !lanes.is_empty());
    }
}
