//! The engine as the binary sees it: what it is made of, and its life.

use std::sync::Arc;

use domain::clock::Clock;
use domain::random::Random;
use domain::retry::RetrySchedule;
use jiff::SignedDuration;
use store::Store;
use tokio_util::sync::CancellationToken;

use crate::mailer::Mailer;
use crate::request::UserAgent;
use crate::timer::Timer;
use crate::transport::Transport;
use crate::{deliver, tasks};

/// What the engine works with.
#[derive(Clone)]
pub struct Engine {
    /// Where deliveries are.
    pub store: Arc<dyn Store>,
    /// How requests are sent.
    pub transport: Arc<dyn Transport>,
    /// How mail is sent, if any is.
    pub mailer: Option<Arc<dyn Mailer>>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Waits for what time it will be, by the same clock.
    pub timer: Arc<dyn Timer>,
    /// Spreads retries.
    pub random: Arc<dyn Random>,
    /// When to try again.
    pub schedule: RetrySchedule,
    /// How much at once, and for how long.
    pub settings: Settings,
}

/// How much at once, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How many attempts may be begun and not yet recorded, over all lanes.
    pub concurrency: usize,
    /// How many attempts of one lane may be in flight at most: less while its receiver has not shown that it can take them.
    pub lane_concurrency: u32,
    /// How many attempts of a lane fail in a row until its circuit opens: from then on its deliveries are held, and one now
    /// and then probes whether the receiver is there again.
    pub circuit_failures: u32,
    /// How long a lease is held: the deadline of the exchange, and then time enough to record what came of it. An
    /// attempt that takes longer is lost, and is made again by whoever leases the delivery next.
    pub lease_for: SignedDuration,
    /// How often to look for work that nobody told of.
    pub poll_for: SignedDuration,
    /// How long a stop waits for what is in flight.
    pub stop_for: SignedDuration,
    /// What the platform calls itself to receivers.
    pub user_agent: UserAgent,
    /// For how long events are kept, with what became of them; for ever if there is none.
    pub events_kept_for: Option<SignedDuration>,
    /// For how long entries of the audit log are kept; for ever if there is none.
    pub audit_kept_for: Option<SignedDuration>,
}

/// For how long events are kept, unless the operator says otherwise.
pub const EVENTS_KEPT_FOR: SignedDuration = SignedDuration::from_hours(90 * 24);

impl Default for Settings {
    fn default() -> Self {
        Settings {
            concurrency: 512,
            lane_concurrency: 64,
            circuit_failures: 10,
            lease_for: SignedDuration::from_secs(60),
            poll_for: SignedDuration::from_secs(5),
            stop_for: SignedDuration::from_secs(15),
            user_agent: UserAgent::default(),
            events_kept_for: Some(EVENTS_KEPT_FOR),
            audit_kept_for: Some(domain::audit::KEPT_FOR),
        }
    }
}

/// What became of what was in flight when the engine was told to stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stopped {
    /// Attempts that were finished and recorded.
    pub finished: usize,
    /// Attempts that were left: their leases run out, and the deliveries are attempted again.
    pub left: usize,
}

/// Delivers and runs the scheduled tasks until `shutdown`; then finishes what is in flight, for as long as the settings
/// allow.
///
/// Everything happens in the one task that polls this, so a runtime with one thread is the best place for it.
pub async fn run(engine: Engine, shutdown: CancellationToken) -> Stopped {
    // One task carries hundreds of exchanges: the budget by which tokio makes a task yield would be used up by the first few
    // of them and only make the others be polled in vain. The loop yields by itself once nothing is ready.
    let (stopped, ()) = tokio::task::unconstrained(futures_util::future::join(
        deliver::deliver(&engine, &shutdown),
        tasks::repeat_all(&engine, &shutdown),
    ))
    .await;
    stopped
}
