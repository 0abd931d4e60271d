//! What became of events, and telling them again. Not in the published API: for Schoolbell itself.

use std::time::{Duration, Instant};

use contract::api::delivery::{CreateReplay, Delivery, Replay};
use contract::api::page::Page;
use reqwest::Method;

use crate::platform::Platform;
use crate::platform::enrollment::Part;
use crate::platform::error::Error;

/// Which deliveries. Empty: all to webhooks of the portal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// To this webhook.
    pub webhook_id: Option<String>,
    /// Of this event.
    pub event_id: Option<String>,
    /// Of events about this enrollment or this learning object.
    pub subject_id: Option<String>,
    /// `open`, `delivered` or `failed`.
    pub status: Option<String>,
}

/// How long to wait for something, and how often to look for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How often to look.
    pub look_every: Duration,
    /// How long to wait at most.
    pub wait_for: Duration,
}

impl Platform {
    /// One page of deliveries, the newest first.
    pub async fn deliveries(&self, filter: &DeliveryFilter, part: Part) -> Result<Page<Delivery>, Error> {
        let mut call = self
            .gateway_call(Method::GET, &["deliveries"])?
            .query("limit", &part.limit.to_string())
            .query("offset", &part.offset.to_string());
        let filters = [
            ("webhook_id", &filter.webhook_id),
            ("event_id", &filter.event_id),
            ("subject_id", &filter.subject_id),
            ("status", &filter.status),
        ];
        for (name, value) in filters {
            if let Some(value) = value {
                call = call.query(name, value);
            }
        }
        call.fetch().await
    }

    /// One delivery with its attempts.
    pub async fn delivery(&self, id: &str) -> Result<Delivery, Error> {
        self.gateway_call(Method::GET, &["deliveries", id])?.fetch().await
    }

    /// One delivery, as soon as something came of it: an attempt, whatever that met, or the news that it is held or given up. Or
    /// as it is when patience ends.
    pub async fn outcome(&self, id: &str, patience: Patience) -> Result<Delivery, Error> {
        let started = Instant::now();
        loop {
            let delivery = self.delivery(id).await?;
            let was_attempted = delivery.attempts.as_ref().is_some_and(|attempts| !attempts.is_empty());
            if was_attempted || delivery.status != "pending" || started.elapsed() >= patience.wait_for {
                return Ok(delivery);
            }
            tokio::time::sleep(patience.look_every).await;
        }
    }

    /// Tells the event of a delivery again; [`Error::Conflict`] while it is on its way.
    pub async fn replay_delivery(&self, id: &str) -> Result<Delivery, Error> {
        self.gateway_call(Method::POST, &["deliveries", id, "replay"])?.fetch().await
    }

    /// Tells many events of a webhook again. It goes on by itself: see [`replay`](Self::replay).
    pub async fn create_replay(&self, create: &CreateReplay) -> Result<Replay, Error> {
        self.gateway_call(Method::POST, &["replays"])?.json(create).fetch().await
    }

    /// A replay, as far as it has come.
    pub async fn replay(&self, id: &str) -> Result<Replay, Error> {
        self.gateway_call(Method::GET, &["replays", id])?.fetch().await
    }
}
