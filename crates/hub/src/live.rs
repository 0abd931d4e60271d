//! Pages that stay true while they are looked at: a stream that says when something changed.
//!
//! It says that, and no more: the script then asks for the page again and takes over the parts that are marked.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use domain::hub_session::HubSession;
use domain::id::PortalId;
use domain::oauth::Digest;
use futures_util::{Stream, stream};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::hub::Hub;
use crate::refusal::Refusal;

/// How many streams one session may have: one for each page that is open.
pub(crate) const PER_SESSION_MAX: usize = 8;
/// How many streams there may be.
const STREAMS_MAX: usize = 256;
/// How often it is looked whether something changed, while few look on; with each [`FEW`] more, as much later.
const LOOKS_EVERY: Duration = Duration::from_secs(1);
const FEW: usize = 32;
/// How often something is said when nothing changed, so that nobody on the way takes the connection for dead; and how often it is looked
/// whether the session is still there.
const BEATS_EVERY: Duration = Duration::from_secs(15);
/// How long a stream lasts. The browser then asks for another.
const LASTS_FOR: Duration = Duration::from_secs(3_600);
/// From now on changes are said. What changed since the page was made was not, so the script looks once more. And how long the browser
/// waits before it asks for another stream, in milliseconds.
const BEGIN: &[u8] = b"retry: 3000\nevent: begun\ndata: 1\n\n";
const CHANGED: &[u8] = b"event: changed\ndata: 1\n\n";
const BEAT: &[u8] = b": still here\n\n";

/// The streams that there are.
#[derive(Clone)]
pub(crate) struct Streams {
    of: Arc<Mutex<HashMap<[u8; 32], Session>>>,
    ending: CancellationToken,
}

#[derive(Debug)]
struct Session {
    count: usize,
    ending: CancellationToken,
}

/// One stream, while it lasts.
struct Place {
    streams: Streams,
    digest: Digest,
    ending: CancellationToken,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut of = self.streams.sessions();
        if let Some(session) = of.get_mut(&self.digest.0) {
            session.count -= 1;
            if session.count == 0 {
                of.remove(&self.digest.0);
            }
        }
    }
}

impl Streams {
    /// None yet; all end with `ending`.
    pub(crate) fn new(ending: CancellationToken) -> Self {
        Streams { of: Arc::default(), ending }
    }

    /// Ends the streams of a session.
    pub(crate) fn end(&self, digest: &Digest) {
        if let Some(session) = self.sessions().get(&digest.0) {
            session.ending.cancel();
        }
    }

    /// How long to wait before the next look.
    fn pause(&self) -> Duration {
        LOOKS_EVERY * (1 + (self.count() / FEW) as u32)
    }

    fn count(&self) -> usize {
        self.sessions().values().map(|session| session.count).sum()
    }

    fn enter(&self, digest: Digest) -> Result<Place, Refusal> {
        if self.count() >= STREAMS_MAX {
            return Err(Refusal::Busy);
        }
        let mut of = self.sessions();
        let new = || Session { count: 0, ending: self.ending.child_token() };
        let session = of.entry(digest.0).or_insert_with(new);
        if session.count >= PER_SESSION_MAX {
            return Err(Refusal::Busy);
        }
        session.count += 1;
        Ok(Place { streams: self.clone(), digest, ending: session.ending.clone() })
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<[u8; 32], Session>> {
        self.of.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Watch {
    hub: Hub,
    place: Place,
    portal_id: PortalId,
    pulse: Option<u64>,
    began_at: Instant,
    said_at: Instant,
    is_begun: bool,
}

/// What is streamed to a page of the portal until the session ends.
pub(crate) fn watch(
    hub: &Hub,
    session: &HubSession,
    portal_id: PortalId,
) -> Result<impl Stream<Item = Result<Bytes, Infallible>> + Send + use<>, Refusal> {
    let place = hub.streams.enter(session.digest)?;
    let now = Instant::now();
    let watch = Watch { hub: hub.clone(), place, portal_id, pulse: None, began_at: now, said_at: now, is_begun: false };
    Ok(stream::unfold(watch, async |mut watch| {
        let ending = watch.place.ending.clone();
        let said = ending.run_until_cancelled(watch.next()).await??;
        Some((Ok(Bytes::from_static(said)), watch))
    }))
}

impl Watch {
    /// What is to be said next; none if that is all.
    async fn next(&mut self) -> Option<&'static [u8]> {
        if !std::mem::replace(&mut self.is_begun, true) {
            self.pulse = Some(self.feel().await?);
            return Some(BEGIN);
        }
        while self.began_at.elapsed() < LASTS_FOR {
            sleep(self.place.streams.pause()).await;
            let felt = self.feel().await?;
            if self.pulse.replace(felt) != Some(felt) {
                self.said_at = Instant::now();
                return Some(CHANGED);
            }
            if self.said_at.elapsed() >= BEATS_EVERY {
                let now = self.hub.now();
                self.hub.store.find_hub_session(&self.place.digest, now).await.ok()??;
                self.said_at = Instant::now();
                return Some(BEAT);
            }
        }
        None
    }

    async fn feel(&self) -> Option<u64> {
        self.hub.store.find_pulse(self.portal_id).await.ok()
    }
}
