//! The integrator's application, as far as content that ends concerns it: it removes what it is asked to, if it knows who asks.

use std::net::Ipv4Addr;
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use client::verify::Verifier;
use domain::clock::Clock;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// How many removals may wait to be shown.
const REMOVALS_MAX: usize = 1_024;

/// What it was asked to remove, and did.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Removal {
    /// Where.
    pub(super) portal_id: String,
    /// What.
    pub(super) title: String,
}

struct Hook {
    verifier: Verifier,
    clock: Arc<dyn Clock>,
    removals: mpsc::Sender<Removal>,
}

/// Runs it until `shutdown`. Gives back where it is asked, and what it removed: each is there before the asker hears of it.
pub(super) async fn run(
    secret: &str,
    clock: Arc<dyn Clock>,
    shutdown: CancellationToken,
) -> Result<(String, mpsc::Receiver<Removal>)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("listening for removals")?;
    let url = format!("http://{}/removals", listener.local_addr()?);
    let (removals, removed) = mpsc::channel(REMOVALS_MAX);
    let hook = Arc::new(Hook { verifier: Verifier::new([secret])?, clock, removals });
    let app = Router::new().route("/removals", post(remove)).with_state(hook);
    tokio::spawn(gateway::serve::serve(listener, app, gateway::serve::Limits::default(), shutdown));
    Ok((url, removed))
}

async fn remove(State(hook): State<Arc<Hook>>, headers: HeaderMap, body: Bytes) -> Result<StatusCode, StatusCode> {
    let verified = hook.verifier.verify(&headers, &body, hook.clock.now()).map_err(|_| StatusCode::UNAUTHORIZED)?;
    let removal = serde_json::from_slice(verified.bytes()).map_err(|_| StatusCode::BAD_REQUEST)?;
    hook.removals.send(removal).await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    Ok(StatusCode::NO_CONTENT)
}
