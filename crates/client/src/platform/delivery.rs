//! What became of events, and telling them again. Not in the published API: for Schoolbell itself.

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
