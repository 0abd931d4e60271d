//! Permits that the engine has left here, so that deliveries of its lanes are born leased (decision 15).

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::delivery::Lease;
use domain::id::WebhookId;
use jiff::SignedDuration;
use store::delivery::{Pace, Work};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use crate::told::{Listener, Listeners};

/// How long a write waits at most for permits of lanes whose receivers answer at once: what keeps publishing from outrunning delivery.
pub(crate) const PACED_FOR: Duration = Duration::from_millis(20);

/// The permits of all lanes, and the leases that came of them.
#[derive(Debug, Default)]
pub(crate) struct Standby {
    lanes: Mutex<HashMap<WebhookId, Arc<Lane>>>,
    born: Mutex<Vec<Lease>>,
    /// Whether something is due that was not born leased.
    due: AtomicBool,
    work: Notify,
}

#[derive(Debug)]
struct Lane {
    permits: Arc<Semaphore>,
    /// A [`Pace`].
    pace: AtomicU8,
    lease_for: SignedDuration,
}

impl Lane {
    /// Whether those who publish for it wait: it sets the pace, and has no permit left.
    fn is_waited_for(&self) -> bool {
        self.pace.load(Ordering::Acquire) == Pace::Set as u8 && self.permits.available_permits() == 0
    }
}

/// The right to be born leased, once. Dropped unused, it is the next one's, and whoever withdrew the others hears of it.
#[derive(Debug)]
pub(crate) struct Permit {
    pub(crate) webhook_id: WebhookId,
    pub(crate) lease_for: SignedDuration,
    permit: Option<OwnedSemaphorePermit>,
    standby: Arc<Standby>,
}

impl Permit {
    fn use_up(mut self) {
        self.permit.take().into_iter().for_each(OwnedSemaphorePermit::forget);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(unused) = self.permit.take() {
            drop(unused);
            self.standby.nudge();
        }
    }
}

/// A delivery that was born leased, in a group that is not committed yet.
#[derive(Debug)]
pub(crate) struct Newborn {
    pub(crate) lease: Lease,
    pub(crate) permit: Permit,
}

/// What a verb left to be done.
#[derive(Debug, Default)]
pub(crate) struct Births {
    /// Those that were born leased; taken out once they are on disk.
    pub(crate) leased: Mutex<Vec<Newborn>>,
    /// Whether others are due.
    pub(crate) due: bool,
}

impl Standby {
    /// See [`store::delivery::Deliveries::offer_permits`].
    pub(crate) fn offer(&self, webhook_id: &WebhookId, count: u32, lease_for: SignedDuration, pace: Pace) {
        let mut lanes = self.lanes();
        let lane = match lanes.get(webhook_id) {
            Some(lane) if lane.lease_for == lease_for => lane,
            _ => {
                let permits = Arc::new(Semaphore::new(0));
                let lane = Lane { permits, pace: AtomicU8::new(pace as u8), lease_for };
                lanes.entry(webhook_id.clone()).insert_entry(Arc::new(lane)).into_mut()
            }
        };
        lane.pace.store(pace as u8, Ordering::Release);
        lane.permits.add_permits(count as usize);
    }

    /// See [`store::delivery::Deliveries::withdraw_permits`].
    pub(crate) fn withdraw(&self, webhook_id: &WebhookId, pace: Pace) -> u32 {
        let mut lanes = self.lanes();
        let Some(lane) = lanes.get(webhook_id) else { return 0 };
        lane.pace.store(pace as u8, Ordering::Release);
        let withdrawn = lane.permits.forget_permits(usize::MAX);
        // Whoever still has a permit of it, or waits for one, has a part in these.
        if pace == Pace::Free && Arc::strong_count(lane) == 1 && Arc::strong_count(&lane.permits) == 1 {
            lanes.remove(webhook_id);
        }
        withdrawn as u32
    }

    /// A permit for each time that a lane is told of something, as far as there are any. Lanes that set the pace are waited for
    /// once, all together no longer than [`PACED_FOR`]; whoever waits has nothing that others may want meanwhile.
    pub(crate) async fn permits(self: &Arc<Self>, told: &[Listeners]) -> Vec<Permit> {
        let ids = || told.iter().flat_map(|told| told.iter()).filter_map(Listener::active_id);
        let (mut waited, mut waited_for, mut deadline) = (None, Vec::new(), None);
        for webhook_id in ids() {
            if waited_for.contains(&webhook_id) {
                continue;
            }
            let Some(lane) = self.lane(webhook_id).filter(|lane| lane.is_waited_for()) else { continue };
            waited_for.push(webhook_id);
            drop(waited.take());
            let until = *deadline.get_or_insert_with(|| Instant::now() + PACED_FOR);
            let permit = timeout_at(until, lane.permits.clone().acquire_owned()).await.ok().and_then(Result::ok);
            waited = permit.map(|permit| self.permit(webhook_id, &lane, permit));
        }
        let mut permits = Vec::new();
        for webhook_id in ids() {
            if let Some(permit) = waited.take_if(|permit| permit.webhook_id == *webhook_id) {
                permits.push(permit);
                continue;
            }
            let Some(lane) = self.lane(webhook_id) else { continue };
            let permit = lane.permits.clone().try_acquire_owned();
            permits.extend(permit.ok().map(|permit| self.permit(webhook_id, &lane, permit)));
        }
        permits
    }

    fn permit(self: &Arc<Self>, webhook_id: &WebhookId, lane: &Lane, permit: OwnedSemaphorePermit) -> Permit {
        let (webhook_id, standby) = (webhook_id.clone(), self.clone());
        Permit { webhook_id, lease_for: lane.lease_for, permit: Some(permit), standby }
    }

    fn lane(&self, webhook_id: &WebhookId) -> Option<Arc<Lane>> {
        self.lanes().get(webhook_id).cloned()
    }

    /// Hands over what was born, now that it is on disk.
    pub(crate) fn bear(&self, births: &Births) {
        let newborn = std::mem::take(&mut *births.leased.lock().unwrap_or_else(PoisonError::into_inner));
        if newborn.is_empty() && !births.due {
            return;
        }
        self.due.fetch_or(births.due, Ordering::AcqRel);
        let mut born = self.born();
        for Newborn { lease, permit } in newborn {
            permit.use_up();
            born.push(lease);
        }
        drop(born);
        self.work.notify_one();
    }

    /// Something may be due that was not before.
    pub(crate) fn nudge(&self) {
        self.due.store(true, Ordering::Release);
        self.work.notify_one();
    }

    /// See [`store::delivery::Deliveries::wait_for_work`].
    pub(crate) async fn wait(&self) -> Work {
        loop {
            let work = Work { due: self.due.swap(false, Ordering::AcqRel), born: std::mem::take(&mut *self.born()) };
            if work.due || !work.born.is_empty() {
                return work;
            }
            self.work.notified().await;
        }
    }

    fn lanes(&self) -> MutexGuard<'_, HashMap<WebhookId, Arc<Lane>>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn born(&self) -> MutexGuard<'_, Vec<Lease>> {
        self.born.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
