//! Requests that come with a key, so that one that comes again is answered as the first time and carried out once.
//!
//! While such a request is carried out, [`under`] says so to the verbs that are run for it. A backend stores the request in the
//! same transaction as the first of them that writes: from then on everybody who comes with the key finds it, also after
//! a crash, and whoever else would write under it is refused. The answer is stored with the work where it was [foretold](foretell),
//! else it follows by a verb of its own. What is stored are digests and sealed answers, neither keys nor bodies.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::id::ClientId;
use domain::oauth::Digest;
use jiff::{SignedDuration, Timestamp};

use crate::error::Result;

/// How long a key is known, from when its request was begun. After that it counts as never seen.
pub const KEPT_FOR: SignedDuration = SignedDuration::from_hours(24);
/// The longest text of an answer that is kept, in bytes. Of a longer one only the status is.
pub const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// What [`StoreError::Taken`](crate::error::StoreError::Taken) names when another request with the key was there first.
pub const TAKEN: &str = "the idempotency key";

/// A request with a key, while it is carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyedRequest {
    /// Whose key it is: a key means something to its client only.
    pub client_id: ClientId,
    /// Of the key.
    pub key: Digest,
    /// Of what was asked for.
    pub request: Digest,
    /// Tells this request from every other with the key: 128 random bits.
    pub run: [u8; 16],
    /// When it was begun.
    pub begun_at: Timestamp,
}

/// What is known of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Of what was asked for.
    pub request: Digest,
    /// The answer. Without one, something was stored for the request, and it is under way or was cut off.
    pub answer: Option<Answer>,
}

/// What a request was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// What came with it, unless it was longer than [`ANSWER_BYTES_MAX`].
    pub content: Option<Content>,
}

/// The content of an answer. May hold secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Content {
    /// Its `Content-Type`, if it has one.
    pub content_type: Option<String>,
    /// The body.
    pub text: String,
}

/// The text is not shown: it may hold secrets, or people.
impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Content").field("content_type", &self.content_type).finish_non_exhaustive()
    }
}

/// Which answers are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// This one, whatever was done.
    Always,
    /// This one only if something was stored for the request, so that it must not be carried out again.
    IfBegun,
}

/// Requests with keys.
#[async_trait]
pub trait Idempotency: Send + Sync {
    /// What is known of a client's key at `now`. One that was begun [`KEPT_FOR`] ago or earlier is not known any more.
    async fn find_idempotency_key(&self, client_id: &ClientId, key: &Digest, now: Timestamp) -> Result<Option<Known>>;

    /// Keeps the answer of a request; its texts are sealed. `Taken(`[`TAKEN`]`)` if the key is another's by now.
    async fn save_idempotent_answer(&self, request: &KeyedRequest, answer: Answer, keep: Keep) -> Result<()>;

    /// Forgets up to `limit` keys whose requests were begun at `until` or earlier, and says how many.
    async fn prune_idempotency_keys(&self, until: Timestamp, limit: u32) -> Result<u64>;
}

/// The carrying out of a request with a key.
#[derive(Debug)]
pub struct Run {
    request: KeyedRequest,
    foretold: Mutex<Option<Answer>>,
    stored: Mutex<Option<Answer>>,
}

impl Run {
    /// Nothing is done yet.
    pub fn new(request: KeyedRequest) -> Self {
        Run { request, foretold: Mutex::default(), stored: Mutex::default() }
    }

    /// What is carried out.
    pub fn request(&self) -> &KeyedRequest {
        &self.request
    }

    /// Whether this answer was stored together with the work.
    pub fn has_stored(&self, answer: &Answer) -> bool {
        lock(&self.stored).as_ref() == Some(answer)
    }

    /// For backends: the answer to store with what is written next, if it is known.
    pub fn foretold(&self) -> Option<Answer> {
        lock(&self.foretold).clone()
    }

    /// For backends: this answer is stored, provided that the transaction is committed.
    pub fn stores(&self, answer: Option<Answer>) {
        *lock(&self.stored) = answer;
    }
}

fn lock(answer: &Mutex<Option<Answer>>) -> MutexGuard<'_, Option<Answer>> {
    answer.lock().unwrap_or_else(PoisonError::into_inner)
}

tokio::task_local! {
    static RUN: Arc<Run>;
}

/// Carries `work` out for a request: the first verb under it that writes stores the request too, or is refused with
/// `Taken(`[`TAKEN`]`)` and writes nothing.
pub async fn under<F: Future>(run: Arc<Run>, work: F) -> F::Output {
    RUN.scope(run, work).await
}

/// Says what the request that is carried out will be answered if the next verb, its last, succeeds. Both are then stored in
/// one transaction, so that the answer is known whatever happens afterwards. Without a key nothing happens.
pub fn foretell(answer: impl FnOnce() -> Answer) {
    // Without a key there is nobody to tell.
    let _ = RUN.try_with(|run| *lock(&run.foretold) = Some(answer()));
}

/// For backends: for what a verb is run, if that has a key.
pub fn run() -> Option<Arc<Run>> {
    RUN.try_with(Arc::clone).ok()
}
