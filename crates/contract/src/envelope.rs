//! The body of every delivery: eight fields round the event's data.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::time::Millis;

/// The version of the envelope's shape. Contract, section 3.1.
pub const WEBHOOK_VERSION: &str = "3.0.0";

/// An event as one webhook receives it in one attempt, keys in the published order.
///
/// `D` is the data: text that is already JSON when the platform writes it, a typed payload when a receiver
/// reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope<D> {
    /// The event: 12 letters and digits, the same on every attempt and at every webhook (decisions 6, 7).
    pub id: String,
    /// What happened, see [`EventType`](crate::event_type::EventType).
    pub event_type: String,
    /// [`WEBHOOK_VERSION`].
    pub webhook_version: String,
    /// When this attempt was made.
    pub sent: Millis,
    /// 1 for the first attempt; higher with every further one, never repeated for one webhook.
    pub attempt_number: u32,
    /// The address that the webhook names.
    pub url: String,
    /// The webhook, as the management API names it (decision 8).
    pub webhook_id: String,
    /// What the event tells, see [`events`](crate::events).
    pub data: D,
}

impl Envelope<&RawValue> {
    /// The bytes that are sent and signed: compact JSON as JavaScript's `JSON.stringify` writes it
    /// (contract, quirk 7). The data is copied as it is, so it must be compact itself.
    pub fn render(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(512);
        serde_json::to_writer(&mut body, self).expect("strings, numbers and raw JSON always serialise into memory");
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event_type::EventType;

    /// The sample payloads of the two seeds, as published, indentation included.
    const SEED_ENROLLMENT_COMPLETE: &str = include_str!("../tests/golden/enrollment_complete.json");
    const SEED_CONTENT_DECOMMISSION: &str = include_str!("../tests/golden/content_decommission.json");

    fn render(event_type: EventType) -> String {
        let data = event_type.sample();
        let body = Envelope {
            id: "hg4JWUDbT55B".into(),
            event_type: event_type.to_string(),
            webhook_version: WEBHOOK_VERSION.into(),
            sent: "2022-03-29T01:29:36.676Z".parse::<jiff::Timestamp>().unwrap().into(),
            attempt_number: 1,
            url: "https://your.webhook.endpoint.com".into(),
            webhook_id: "auto generated uuid will be here".into(),
            data: &*data,
        }
        .render();
        String::from_utf8(body).unwrap()
    }

    /// White space outside strings is removed; no string of the samples has a quote or a backslash in it.
    fn compact(published: &str) -> String {
        let mut inside = false;
        published
            .chars()
            .filter(|&c| {
                inside ^= c == '"';
                inside || !c.is_whitespace()
            })
            .collect()
    }

    #[track_caller]
    fn check(event_type: EventType, published: &str) {
        assert_eq!(render(event_type), compact(published));
    }

    #[test]
    fn the_envelope_is_byte_identical_to_the_published_samples() {
        check(EventType::EnrollmentComplete, SEED_ENROLLMENT_COMPLETE);
        check(EventType::ContentDecommission, SEED_CONTENT_DECOMMISSION);
    }

    #[test]
    fn text_is_written_as_javascript_writes_it() {
        let data = RawValue::from_string(r#"{"name":"Zoë – café/日本"}"#.into()).unwrap();
        let body = Envelope {
            id: "a/b\u{7f}\u{2028}".into(),
            event_type: "\"\\\u{8}\u{c}\n\r\t\u{1f}".into(),
            webhook_version: WEBHOOK_VERSION.into(),
            sent: Millis(jiff::Timestamp::UNIX_EPOCH),
            attempt_number: 2,
            url: "https://ex.example/a?b=c&d=<e>".into(),
            webhook_id: "w".into(),
            data: &*data,
        }
        .render();
        assert_eq!(
            String::from_utf8(body).unwrap(),
            "{\"id\":\"a/b\u{7f}\u{2028}\",\"event_type\":\"\\\"\\\\\\b\\f\\n\\r\\t\\u001f\",\"webhook_version\":\"3.0.0\",\
             \"sent\":\"1970-01-01T00:00:00.000Z\",\"attempt_number\":2,\"url\":\"https://ex.example/a?b=c&d=<e>\",\
             \"webhook_id\":\"w\",\"data\":{\"name\":\"Zoë – café/日本\"}}"
        );
    }
}
