//! Lanes: who may begin how many attempts. Pure.
//!
//! A lane is the deliveries of one webhook. Permits are shared out one by one in turns, over portals first and then over
//! the lanes of each portal; whoever had one goes to the end. So a lane with a million due deliveries gets as much as a
//! lane with two, until the others have nothing left.

use std::collections::{HashMap, HashSet, VecDeque};

use domain::delivery::Lease;
use domain::id::{PortalId, WebhookId};
use store::delivery::DueLane;

/// What is due as far as is known, in the order of turns, and what is in flight.
#[derive(Debug)]
pub(crate) struct Lanes {
    /// How many attempts of one lane may be in flight.
    lane_concurrency: u32,
    due: VecDeque<DuePortal>,
    in_flight: HashMap<WebhookId, u32>,
}

#[derive(Debug)]
struct DuePortal {
    id: PortalId,
    lanes: VecDeque<WebhookId>,
}

impl Lanes {
    pub(crate) fn new(lane_concurrency: u32) -> Self {
        Lanes { lane_concurrency, due: VecDeque::new(), in_flight: HashMap::new() }
    }

    /// Takes note of the lanes that have something due, in place of what was known. Who was waiting keeps its turn, who
    /// is new comes last.
    pub(crate) fn listed(&mut self, due: Vec<DueLane>) {
        let mut listed: HashSet<WebhookId> = due.iter().map(|lane| lane.webhook_id.clone()).collect();
        for portal in &mut self.due {
            portal.lanes.retain(|lane| listed.remove(lane));
        }
        let mut places: HashMap<PortalId, usize> = self.due.iter().map(|portal| portal.id).zip(0..).collect();
        for DueLane { portal_id, webhook_id, .. } in due.into_iter().filter(|lane| listed.contains(&lane.webhook_id)) {
            let place = *places.entry(portal_id).or_insert_with(|| {
                self.due.push_back(DuePortal { id: portal_id, lanes: VecDeque::new() });
                self.due.len() - 1
            });
            self.due[place].lanes.push_back(webhook_id);
        }
        self.due.retain(|portal| !portal.lanes.is_empty());
    }

    /// Shares out `free` permits: how many deliveries to lease at most, lane by lane.
    pub(crate) fn share(&mut self, free: usize) -> Vec<(WebhookId, u32)> {
        let mut granted: HashMap<WebhookId, u32> = HashMap::new();
        let (mut left, mut passed) = (free, 0);
        while left > 0 && passed < self.due.len() {
            self.due.rotate_left(1);
            let portal = self.due.back_mut().expect("the loop ends when no portal is left to pass");
            let (in_flight, limit) = (&self.in_flight, self.lane_concurrency);
            let taken = |granted: &HashMap<WebhookId, u32>, lane| count(in_flight, lane) + count(granted, lane);
            let Some(place) = portal.lanes.iter().position(|lane| taken(&granted, lane) < limit) else {
                passed += 1;
                continue;
            };
            portal.lanes.rotate_left(place + 1);
            raise(&mut granted, &portal.lanes[portal.lanes.len() - 1]);
            (left, passed) = (left - 1, 0);
        }
        granted.into_iter().collect()
    }

    /// Takes note of leases: their attempts begin now. A lane that had fewer than it was granted has no more.
    pub(crate) fn leased(&mut self, mut granted: Vec<(WebhookId, u32)>, leases: &[Lease]) {
        let mut found: HashMap<&WebhookId, u32> = HashMap::new();
        for lease in leases {
            raise(&mut self.in_flight, &lease.webhook.id);
            *found.entry(&lease.webhook.id).or_default() += 1;
        }
        granted.retain(|(lane, granted)| found.get(lane).copied().unwrap_or_default() < *granted);
        if granted.is_empty() {
            return;
        }
        let drained: HashSet<WebhookId> = granted.into_iter().map(|(lane, _)| lane).collect();
        self.due.retain_mut(|portal| {
            portal.lanes.retain(|lane| !drained.contains(lane));
            !portal.lanes.is_empty()
        });
    }

    /// Takes note that an attempt of the lane is over.
    pub(crate) fn attempted(&mut self, lane: &WebhookId) {
        if let Some(count) = self.in_flight.get_mut(lane) {
            *count -= 1;
            if *count == 0 {
                self.in_flight.remove(lane);
            }
        }
    }
}

fn count(counts: &HashMap<WebhookId, u32>, lane: &WebhookId) -> u32 {
    counts.get(lane).copied().unwrap_or_default()
}

fn raise(counts: &mut HashMap<WebhookId, u32>, lane: &WebhookId) {
    match counts.get_mut(lane) {
        Some(count) => *count += 1,
        None => {
            counts.insert(lane.clone(), 1);
        }
    }
}

#[cfg(test)]
mod tests;
