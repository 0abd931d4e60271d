//! Connections that wait for their next request, by origin and address.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::time::Instant;

use super::connection::Connection;
use super::origin::Origin;

/// How old a connection may become: by then names are looked up anew, and certificates are checked anew.
const AGE_MAX: Duration = Duration::from_secs(60);
/// How many connections to one origin may wait.
const IDLE_PER_ORIGIN_MAX: usize = 128;
/// How many connections may wait in all.
const IDLE_MAX: usize = 1_024;
/// How often the old ones are looked for while any wait.
const SWEEP_EVERY: Duration = Duration::from_secs(15);

/// Connections that wait for their next request.
#[derive(Default)]
pub(super) struct Pool {
    idle: Mutex<Idle>,
}

#[derive(Default)]
struct Idle {
    #[expect(clippy::vec_box, reason = "a connection is large, and moves in and out with every request")]
    origins: HashMap<Box<str>, Vec<Box<Connection>>>,
    count: usize,
    /// Whether somebody looks for the old ones.
    sweeping: bool,
}

impl Pool {
    /// The connection to this origin, at one of these addresses, that was used last and is still good.
    pub(super) async fn take(&self, origin: &Origin<'_>, addresses: &[SocketAddr]) -> Option<Box<Connection>> {
        // Each turn takes one away, so there are no more turns than connections waited.
        while let Some(mut connection) = self.pop(origin, addresses) {
            if connection.is_ready().await {
                return Some(connection);
            }
        }
        None
    }

    fn pop(&self, origin: &Origin<'_>, addresses: &[SocketAddr]) -> Option<Box<Connection>> {
        let mut guard = self.lock();
        let idle = &mut *guard;
        let waiting = idle.origins.get_mut(origin.text)?;
        let now = Instant::now();
        // Each turn takes one away. Those that are too old and are not come upon are found by the sweep.
        while let Some(place) = waiting.iter().rposition(|connection| addresses.contains(&connection.address)) {
            let connection = waiting.remove(place);
            idle.count -= 1;
            if now.duration_since(connection.opened_at) < AGE_MAX {
                return Some(connection);
            }
        }
        None
    }

    /// Keeps a connection for the next request, unless enough of them wait already.
    pub(super) fn put(pool: &Arc<Self>, origin: &Origin<'_>, connection: Box<Connection>) {
        let mut guard = pool.lock();
        let idle = &mut *guard;
        if idle.count >= IDLE_MAX || connection.opened_at.elapsed() >= AGE_MAX {
            return;
        }
        let waiting = match idle.origins.get_mut(origin.text) {
            Some(waiting) => waiting,
            None => idle.origins.entry(origin.text.into()).or_default(),
        };
        if waiting.len() >= IDLE_PER_ORIGIN_MAX {
            return;
        }
        waiting.push(connection);
        idle.count += 1;
        if !std::mem::replace(&mut idle.sweeping, true) {
            tokio::spawn(sweep(Arc::downgrade(pool)));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes what waits in vain, for as long as anything waits.
async fn sweep(pool: Weak<Pool>) {
    loop {
        tokio::time::sleep(SWEEP_EVERY).await;
        let Some(pool) = pool.upgrade() else { return };
        let mut idle = pool.lock();
        idle.origins.retain(|_, waiting| {
            waiting.retain(|connection| connection.opened_at.elapsed() < AGE_MAX);
            !waiting.is_empty()
        });
        idle.count = idle.origins.values().map(Vec::len).sum();
        if idle.count == 0 {
            idle.sweeping = false;
            return;
        }
    }
}
