//! What is told beside the course: the steps of the companion that concern the LMS's portal. All others go on to the terminal.

use std::collections::HashSet;

use client::platform::Platform as Client;
use companion::Companion;
use companion::completion::Completion;
use companion::step::Step;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

/// How much is kept for pages that are loaded later.
const TOLD_MAX: usize = 500;

/// Everything that was told, in its order, as JSON.
pub(crate) type Told = Vec<String>;

/// Takes the steps of a companion apart.
pub(crate) struct Telling {
    pub(crate) portal_id: String,
    /// The platform, as that portal sees it.
    pub(crate) platform: Client,
    pub(crate) companion: Companion,
    pub(crate) told: watch::Sender<Told>,
}

impl Telling {
    /// Tells until the companion has stopped.
    pub(crate) async fn run(self, mut steps: mpsc::Receiver<Step>, onward: mpsc::Sender<Step>) {
        let mut events = HashSet::new();
        while let Some(step) = steps.recv().await {
            if !self.is_ours(&step, &mut events) {
                // Whoever is slow misses steps, here as in the companion.
                let _ = onward.try_send(step);
            } else if let Some(told) = self.describe(step).await {
                self.told.send_modify(|all| {
                    if all.len() < TOLD_MAX {
                        all.push(told.to_string());
                    }
                });
            }
        }
    }

    fn is_ours(&self, step: &Step, events: &mut HashSet<String>) -> bool {
        match step {
            Step::Verified { portal_id, event_id, .. } => {
                let is_ours = portal_id.as_ref() == Some(&self.portal_id);
                events.extend(event_id.clone().filter(|_| is_ours));
                is_ours
            }
            Step::Stored { event_id } | Step::Duplicate { event_id } => {
                event_id.as_ref().is_some_and(|id| events.contains(id))
            }
            Step::Fetched { portal_id, .. }
            | Step::Recorded { portal_id, .. }
            | Step::Waiting { portal_id, .. }
            | Step::Retirement { portal_id, .. }
            | Step::GivenUp { portal_id, .. } => *portal_id == self.portal_id,
            Step::Refused { .. } => false,
        }
    }

    async fn describe(&self, step: Step) -> Option<Value> {
        Some(match step {
            Step::Verified { event_id, event_type, attempt_number, .. } => {
                let event_id = event_id?;
                let event = self.platform.event(&event_id).await.ok();
                json!({
                    "what": "received", "event_id": event_id, "event_type": event_type, "attempt_number": attempt_number,
                    "data": event.map(|event| event.data),
                })
            }
            Step::Stored { event_id } => json!({ "what": "kept", "event_id": event_id }),
            Step::Duplicate { event_id } => json!({ "what": "again", "event_id": event_id }),
            Step::Fetched { enrollment_id, .. } => json!({ "what": "fetched", "enrollment_id": enrollment_id }),
            Step::Recorded { enrollment_id, .. } => {
                json!({ "what": "recorded", "completion": self.completion(&enrollment_id).await })
            }
            Step::Waiting { reason, .. } => json!({ "what": "waiting", "reason": reason }),
            Step::GivenUp { reason, .. } => json!({ "what": "given_up", "reason": reason }),
            Step::Retirement { .. } | Step::Refused { .. } => return None,
        })
    }

    async fn completion(&self, enrollment_id: &str) -> Option<Completion> {
        let mut after = 0;
        loop {
            let page = self.companion.inbox().completions(after, companion::inbox::PAGE_MAX).await.ok()?;
            after = page.next_cursor;
            if page.completions.is_empty() {
                return None;
            }
            let mut found = page.completions.into_iter();
            if let Some(completion) = found.find(|one| one.enrollment_id == enrollment_id) {
                return Some(completion);
            }
        }
    }
}
