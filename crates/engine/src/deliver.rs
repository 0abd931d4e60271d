//! The loop: looks for due lanes, leases within the permits, keeps attempts in flight, records what came of them.
//!
//! One task does it all, and the store is asked one thing at a time of each kind: while it records one batch the
//! outcomes of the next accumulate, while it leases the permits of the next lease come free. So batches are as large
//! as the system is busy, and nothing waits for a batch to fill.

use std::pin::pin;
use std::task::Poll;

use domain::delivery::FinishedAttempt;
use futures_util::future::{Fuse, FusedFuture, FutureExt, poll_fn};
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio_util::sync::CancellationToken;

use self::alarm::Alarm;
use self::attempt::attempt;
use self::search::ask;
use self::state::State;
use self::unrecorded::record;
use crate::run::{Engine, Stopped};
use crate::token::Tokens;

mod alarm;
mod attempt;
mod search;
mod state;
mod unrecorded;

/// Delivers until `shutdown`, then finishes what is in flight.
pub(crate) async fn deliver(engine: &Engine, shutdown: &CancellationToken) -> Stopped {
    let store = &*engine.store;
    let tokens = Tokens::default();
    let mut state = State::new(engine);
    let mut in_flight = FuturesUnordered::new();
    let mut asking = pin!(Fuse::terminated());
    let mut recording = pin!(Fuse::terminated());
    let mut work = store.wait_for_work();
    let mut cancelled = pin!(shutdown.cancelled().fuse());
    let mut alarm = Alarm::new(&*engine.timer);
    loop {
        let now = engine.clock.now();
        if recording.is_terminated()
            && let Some(batch) = state.batch(now)
        {
            recording.set(record(store, batch, now).fuse());
        }
        state.withdraw(now, in_flight.len());
        if asking.is_terminated()
            && let Some(question) = state.question(now, in_flight.len())
        {
            asking.set(ask(store, question).fuse());
        }
        state.offer(now, in_flight.len());
        if let Some(stopped) = state.stopped(now, in_flight.len(), asking.is_terminated()) {
            return stopped;
        }
        alarm.set(state.wakes_at(now));
        tokio::select! {
            biased;
            () = &mut cancelled => state.stop(now),
            recorded = &mut recording => state.recorded(recorded),
            found = &mut asking => {
                if found.has_leases() {
                    crash::point!("engine/leased");
                }
                in_flight.extend(state.found(found).into_iter().map(|lease| attempt(engine, &tokens, lease)));
            }
            landed = land(&mut in_flight) => state.landed(landed),
            found = &mut work => {
                if !found.born.is_empty() {
                    crash::point!("engine/leased");
                }
                in_flight.extend(state.nudged(found).into_iter().map(|lease| attempt(engine, &tokens, lease)));
                work = store.wait_for_work();
            }
            () = alarm.ring() => {}
        }
    }
}

/// Waits until at least one attempt is over, and takes all that are.
async fn land<F: Future<Output = FinishedAttempt>>(in_flight: &mut FuturesUnordered<F>) -> Vec<FinishedAttempt> {
    let mut landed = Vec::new();
    poll_fn(|context| {
        while let Poll::Ready(Some(attempt)) = in_flight.poll_next_unpin(context) {
            landed.push(attempt);
        }
        if landed.is_empty() { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    landed
}
