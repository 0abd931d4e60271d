//! One time for all, and what the clock of each node makes of it.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use async_trait::async_trait;
use domain::clock::Clock;
use engine::timer::Timer;
use jiff::{SignedDuration, Timestamp};

/// When somebody wants to be woken, and who it is among those who want it then.
type Place = (Timestamp, u64);

/// Time that passes when the driver says so.
#[derive(Debug)]
pub(crate) struct Time {
    hands: Mutex<Hands>,
    /// When it began, by itself and by a watch.
    began: (Timestamp, Instant),
}

#[derive(Debug)]
struct Hands {
    now: Timestamp,
    sleepers: BTreeMap<Place, Waker>,
    next: u64,
}

impl Time {
    pub(crate) fn at(now: Timestamp) -> Arc<Self> {
        let hands = Mutex::new(Hands { now, sleepers: BTreeMap::new(), next: 0 });
        Arc::new(Time { hands, began: (now, Instant::now()) })
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.hands.lock().unwrap().now
    }

    /// Lets time pass, and wakes whoever waited for it, in the order of their instants.
    pub(crate) fn pass(&self, span: SignedDuration) {
        let mut hands = self.hands.lock().unwrap();
        hands.now += span;
        let after = (hands.now, u64::MAX);
        let later = hands.sleepers.split_off(&after);
        let woken = std::mem::replace(&mut hands.sleepers, later);
        drop(hands);
        woken.into_values().for_each(Waker::wake);
    }

    /// Wakes everybody, for whoever's clock was set.
    fn wake_all(&self) {
        let woken = std::mem::take(&mut self.hands.lock().unwrap().sleepers);
        woken.into_values().for_each(Waker::wake);
    }
}

/// The clock and the timer of one node, which may be some way off.
#[derive(Debug)]
pub(crate) struct NodeClock {
    time: Arc<Time>,
    ahead_ms: AtomicI64,
}

impl NodeClock {
    pub(crate) fn new(time: Arc<Time>) -> Arc<Self> {
        Arc::new(NodeClock { time, ahead_ms: AtomicI64::new(0) })
    }

    fn ahead(&self) -> SignedDuration {
        SignedDuration::from_millis(self.ahead_ms.load(Ordering::Relaxed))
    }

    /// Sets the clock: so far ahead of the time, or behind it.
    pub(crate) fn set(&self, ahead: SignedDuration) {
        self.ahead_ms.store(ahead.as_millis() as i64, Ordering::Relaxed);
        self.time.wake_all();
    }
}

impl Clock for NodeClock {
    fn now(&self) -> Timestamp {
        self.time.now() + self.ahead()
    }
}

#[async_trait]
impl Timer for NodeClock {
    async fn sleep_until(&self, at: Timestamp) {
        Sleep { clock: self, at, place: None }.await;
    }

    /// Clocks are set, watches are not; and no watch shows the time that the simulation itself takes.
    fn instant(&self) -> Instant {
        let (began_at, watch) = self.time.began;
        watch + self.time.now().duration_since(began_at).unsigned_abs()
    }
}

struct Sleep<'a> {
    clock: &'a NodeClock,
    at: Timestamp,
    place: Option<Place>,
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.leave();
        if self.clock.now() >= self.at {
            return Poll::Ready(());
        }
        let at = self.at.saturating_sub(self.clock.ahead()).unwrap_or(Timestamp::MAX);
        let mut hands = self.clock.time.hands.lock().unwrap();
        let place = (at, hands.next);
        hands.next += 1;
        hands.sleepers.insert(place, context.waker().clone());
        drop(hands);
        self.place = Some(place);
        Poll::Pending
    }
}

impl Sleep<'_> {
    fn leave(&mut self) {
        if let Some(place) = self.place.take() {
            self.clock.time.hands.lock().unwrap().sleepers.remove(&place);
        }
    }
}

impl Drop for Sleep<'_> {
    fn drop(&mut self) {
        self.leave();
    }
}
