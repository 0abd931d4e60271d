//! What a verified body says.
//!
//! Fields that are not known are ignored, event types that are not known are kept with their data as it came: a
//! receiver that was built today must live with what the platform learns tomorrow. Whether an event is believed or
//! was seen before is not decided here.

use std::fmt;

use contract::event_type::EventType;
use contract::events::content::{ContentData, DecommissionData, DecommissionPendingData};
use contract::events::enrollment::EnrollmentData;
use contract::events::library::SyncRequestData;
use contract::time::Millis;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::verify::VerifiedBody;

/// What a body turned out to be.
#[derive(Clone, Debug)]
pub enum Parsed {
    /// An event.
    Event(Event),
    /// A payload of the old generation: keep it and tell the operator (contract, section 3.5 and decision 33).
    Unsupported(Unsupported),
}

/// Something happened.
#[derive(Clone, Debug)]
pub struct Event {
    /// The same on every attempt and at every webhook: de-duplicate by it.
    pub id: String,
    /// What happened, as written on the wire. [`data`](Event::data) has it as a type.
    pub event_type: String,
    /// When this attempt was made.
    pub sent: Timestamp,
    /// 1 for the first attempt.
    pub attempt_number: u32,
    /// The address that the webhook names.
    pub url: String,
    /// The webhook.
    pub webhook_id: String,
    /// What happened to what.
    pub data: EventData,
}

/// What happened, and to what.
#[derive(Clone, Debug)]
pub enum EventData {
    /// `enrollment.complete`: a learner completed content.
    EnrollmentComplete(EnrollmentData),
    /// `enrollment.create`
    EnrollmentCreate(EnrollmentData),
    /// `enrollment.delete`
    EnrollmentDelete(EnrollmentData),
    /// `content.decommission`: content is gone at `remove_time`.
    ContentDecommission(DecommissionData),
    /// `content.decommission.pending`
    ContentDecommissionPending(DecommissionPendingData),
    /// `content.add`
    ContentAdd(ContentData),
    /// `content.remove`
    ContentRemove(ContentData),
    /// `content.library.add`
    ContentLibraryAdd(ContentData),
    /// `content.library.remove`
    ContentLibraryRemove(ContentData),
    /// `content.library.update`
    ContentLibraryUpdate(ContentData),
    /// `content.library.decommission`
    ContentLibraryDecommission(ContentData),
    /// `content.library.sync.request`
    ContentLibrarySyncRequest(SyncRequestData),
    /// An event type that is not known here.
    Unknown(RawJson),
}

/// A payload of the old generation, `{type, fired_at, data}`.
#[derive(Clone, Debug)]
pub struct Unsupported {
    /// What happened, like `user.create`.
    pub kind: String,
    /// When, as written: `2020-04-29T06:29:13+0000`.
    pub fired_at: String,
    /// To what. May hold personal data, unlike events.
    pub data: RawJson,
}

/// JSON as it came. It is not shown in debug output, since nobody knows what is in it.
#[derive(Clone)]
pub struct RawJson(Box<RawValue>);

/// Why a body is not an event.
#[derive(Debug, thiserror::Error)]
pub enum ParseError {
    /// It is not a JSON object.
    #[error("the body is not a JSON object: {0}")]
    Json(serde_json::Error),
    /// A field that every event has is not there.
    #[error("the field {0:?} is missing or null")]
    Missing(&'static str),
    /// A field is there, but is not what the contract says.
    #[error("the field {field:?} is not as expected: {problem}")]
    Field {
        /// Which.
        field: &'static str,
        /// How it differs; lines and columns count from its beginning.
        problem: serde_json::Error,
    },
}

impl VerifiedBody<'_> {
    /// What the body says.
    pub fn parse(&self) -> Result<Parsed, ParseError> {
        parse(self.bytes())
    }
}

impl EventData {
    /// The portal in which it happened: the one whose credentials can read the details. `None` when the event type
    /// is not known.
    pub fn portal_id(&self) -> Option<&str> {
        match self {
            EventData::EnrollmentComplete(data)
            | EventData::EnrollmentCreate(data)
            | EventData::EnrollmentDelete(data) => Some(&data.portal_id),
            EventData::ContentDecommission(data) => Some(&data.portal_id),
            EventData::ContentDecommissionPending(data) => Some(&data.portal_id),
            EventData::ContentAdd(data)
            | EventData::ContentRemove(data)
            | EventData::ContentLibraryAdd(data)
            | EventData::ContentLibraryRemove(data)
            | EventData::ContentLibraryUpdate(data)
            | EventData::ContentLibraryDecommission(data) => Some(&data.portal_id),
            EventData::ContentLibrarySyncRequest(data) => Some(&data.portal_id),
            EventData::Unknown(_) => None,
        }
    }
}

impl RawJson {
    /// The JSON text.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }
}

impl fmt::Debug for RawJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawJson({} bytes)", self.0.get().len())
    }
}

/// The fields of both generations, each still to be read, so that a wrong one can be named.
#[derive(Deserialize)]
struct Fields<'b> {
    #[serde(borrow)]
    id: Option<&'b RawValue>,
    event_type: Option<&'b RawValue>,
    sent: Option<&'b RawValue>,
    attempt_number: Option<&'b RawValue>,
    url: Option<&'b RawValue>,
    webhook_id: Option<&'b RawValue>,
    data: Option<&'b RawValue>,
    #[serde(rename = "type")]
    kind: Option<&'b RawValue>,
    fired_at: Option<&'b RawValue>,
}

fn parse(bytes: &[u8]) -> Result<Parsed, ParseError> {
    let fields: Fields = serde_json::from_slice(bytes).map_err(ParseError::Json)?;
    if fields.event_type.is_none() && fields.kind.is_some() && fields.fired_at.is_some() {
        return Ok(Parsed::Unsupported(Unsupported {
            kind: read("type", fields.kind)?,
            fired_at: read("fired_at", fields.fired_at)?,
            data: RawJson(present("data", fields.data)?.to_owned()),
        }));
    }
    let event_type: String = read("event_type", fields.event_type)?;
    Ok(Parsed::Event(Event {
        id: read("id", fields.id)?,
        sent: read::<Millis>("sent", fields.sent)?.0,
        attempt_number: read("attempt_number", fields.attempt_number)?,
        url: read("url", fields.url)?,
        webhook_id: read("webhook_id", fields.webhook_id)?,
        data: read_data(&event_type, fields.data)?,
        event_type,
    }))
}

fn read_data(event_type: &str, raw: Option<&RawValue>) -> Result<EventData, ParseError> {
    let Ok(event_type) = event_type.parse::<EventType>() else {
        return Ok(EventData::Unknown(RawJson(present("data", raw)?.to_owned())));
    };
    Ok(match event_type {
        EventType::EnrollmentComplete => EventData::EnrollmentComplete(read("data", raw)?),
        EventType::EnrollmentCreate => EventData::EnrollmentCreate(read("data", raw)?),
        EventType::EnrollmentDelete => EventData::EnrollmentDelete(read("data", raw)?),
        EventType::ContentDecommission => EventData::ContentDecommission(read("data", raw)?),
        EventType::ContentDecommissionPending => EventData::ContentDecommissionPending(read("data", raw)?),
        EventType::ContentAdd => EventData::ContentAdd(read("data", raw)?),
        EventType::ContentRemove => EventData::ContentRemove(read("data", raw)?),
        EventType::ContentLibraryAdd => EventData::ContentLibraryAdd(read("data", raw)?),
        EventType::ContentLibraryRemove => EventData::ContentLibraryRemove(read("data", raw)?),
        EventType::ContentLibraryUpdate => EventData::ContentLibraryUpdate(read("data", raw)?),
        EventType::ContentLibraryDecommission => EventData::ContentLibraryDecommission(read("data", raw)?),
        EventType::ContentLibrarySyncRequest => EventData::ContentLibrarySyncRequest(read("data", raw)?),
    })
}

fn read<T: DeserializeOwned>(field: &'static str, raw: Option<&RawValue>) -> Result<T, ParseError> {
    serde_json::from_str(present(field, raw)?.get()).map_err(|problem| ParseError::Field { field, problem })
}

fn present<'b>(field: &'static str, raw: Option<&'b RawValue>) -> Result<&'b RawValue, ParseError> {
    raw.ok_or(ParseError::Missing(field))
}

#[cfg(test)]
mod tests;
