//! What was sent, byte for byte, and laid out for people.

use contract::envelope::{Envelope, WEBHOOK_VERSION};
use domain::delivery::Delivery;
use jiff::Timestamp;
use serde_json::value::RawValue;

use crate::json::laid_out;

/// The body of one attempt.
pub(super) struct Body {
    /// As it is sent: compact. Empty if what is stored makes no body.
    pub(super) compact: String,
    /// The same, laid out.
    pub(super) pretty: String,
}

/// The body of the attempt `number` that was begun at `sent`. Rendered anew: what differs from attempt to attempt is not stored twice.
pub(super) fn body(delivery: &Delivery, url: &str, number: u32, sent: Timestamp) -> Body {
    let event = &delivery.event;
    let Ok(data) = serde_json::from_str::<&RawValue>(&event.data) else {
        return Body { compact: String::new(), pretty: event.data.clone() };
    };
    let rendered = Envelope {
        id: event.id.to_string(),
        event_type: event.event_type.as_str().to_owned(),
        webhook_version: WEBHOOK_VERSION.to_owned(),
        sent: sent.into(),
        attempt_number: number,
        url: url.to_owned(),
        webhook_id: delivery.webhook_id.to_string(),
        data,
    }
    .render();
    let compact = String::from_utf8_lossy(&rendered).into_owned();
    Body { pretty: laid_out(&compact), compact }
}
