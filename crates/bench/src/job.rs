//! What roles are asked and what they answer: one line of JSON each way.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// Signs every delivery here. It protects nothing: the receiver is ours, and gone when the run is over.
pub(crate) const SECRET: &str = "bench-0123456789abcdefgh";

/// Send these requests, one after the other on each connection, on all connections at once.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LoadJob {
    pub(crate) address: SocketAddr,
    pub(crate) connections: usize,
    /// Of every request: names and values.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) requests: Vec<Asked>,
    /// The field of each answer that is wanted.
    pub(crate) pick: Option<String>,
    /// Not more requests a second than this, on whichever connection is free; otherwise as many as are answered.
    #[serde(default)]
    pub(crate) per_s: Option<f64>,
    /// Whether a connection that breaks ends only itself.
    #[serde(default)]
    pub(crate) breaks: bool,
}

/// One request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) body: String,
}

/// How it went, in the order of the requests. All were answered with success, or there is no report; of connections that may break,
/// what was not answered took a negative time.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct LoadReport {
    pub(crate) sent_at_us: Vec<i64>,
    pub(crate) took_us: Vec<i64>,
    /// The fields that were wanted.
    pub(crate) picked: Vec<String>,
}

/// Say what has arrived since the last answer, once it is so many deliveries of different enrollments.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ArrivalsJob {
    pub(crate) count: usize,
    /// Answer with fewer after so long.
    pub(crate) within_ms: u64,
}

/// What has arrived.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct ArrivalsReport {
    /// The enrollment and the time, of each first delivery that bore a good signature.
    pub(crate) arrivals: Vec<(u64, i64)>,
    /// Deliveries of enrollments that had arrived already.
    pub(crate) repeated: usize,
    /// Deliveries that were no completion, or bore no good signature.
    pub(crate) refused: usize,
}

/// Make, sign and post so many deliveries, of as many enrollments, to a receiver.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PostJob {
    pub(crate) address: SocketAddr,
    pub(crate) connections: usize,
    pub(crate) count: usize,
}

/// All were answered with success.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PostReport {}
