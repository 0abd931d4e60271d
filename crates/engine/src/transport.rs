//! How a request reaches a receiver: one trait, so that the rest of the engine knows no sockets.

use async_trait::async_trait;
use domain::delivery::Outcome;

use crate::request::SignedRequest;

pub mod http;
pub mod retry_after;

/// Sends requests and says what they met. Comes back in bounded time, whatever the receiver does, and reads a bounded
/// part of its answer.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends the request once.
    async fn send(&self, request: SignedRequest) -> Outcome;
}
