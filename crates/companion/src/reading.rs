//! What a verified body turns out to be, and so what is to be done with it. Knows no database.

use client::event::{EventData, Parsed};
use client::verify::VerifiedBody;
use contract::events::enrollment::EnrollmentData;

/// What a body says.
#[derive(Debug)]
pub(crate) enum Reading {
    /// A learner completed content: fetch the enrollment.
    Completion(Heading, EnrollmentData),
    /// Something else happened, in this portal; nothing is fetched for it.
    Noted(Heading, String),
    /// Something happened that is not known here.
    UnknownType(Heading),
    /// A payload of the old generation, of this kind (decision 33).
    OldGeneration(String),
    /// No event, for this reason.
    Unreadable(String),
}

/// What every event has.
#[derive(Debug)]
pub(crate) struct Heading {
    pub(crate) event_id: String,
    pub(crate) event_type: String,
    pub(crate) attempt_number: u32,
}

impl Reading {
    pub(crate) fn new(body: VerifiedBody<'_>) -> Self {
        let event = match body.parse() {
            Err(error) => return Reading::Unreadable(error.to_string()),
            Ok(Parsed::Unsupported(old)) => return Reading::OldGeneration(old.kind),
            Ok(Parsed::Event(event)) => event,
        };
        if event.id.is_empty() {
            // Else all events without an id would be duplicates of the first.
            return Reading::Unreadable("the field \"id\" is empty".to_owned());
        }
        let portal_id = event.data.portal_id().map(str::to_owned);
        let heading =
            Heading { event_id: event.id, event_type: event.event_type, attempt_number: event.attempt_number };
        match (event.data, portal_id) {
            (EventData::EnrollmentComplete(data), _) => Reading::Completion(heading, data),
            (EventData::Unknown(_), _) | (_, None) => Reading::UnknownType(heading),
            (_, Some(portal_id)) => Reading::Noted(heading, portal_id),
        }
    }

    pub(crate) fn heading(&self) -> Option<&Heading> {
        match self {
            Reading::Completion(heading, _) | Reading::Noted(heading, _) | Reading::UnknownType(heading) => {
                Some(heading)
            }
            Reading::OldGeneration(_) | Reading::Unreadable(_) => None,
        }
    }

    pub(crate) fn event_id(&self) -> Option<&str> {
        self.heading().map(|heading| heading.event_id.as_str())
    }

    pub(crate) fn event_type(&self) -> Option<&str> {
        match self {
            Reading::OldGeneration(kind) => Some(kind),
            _ => self.heading().map(|heading| heading.event_type.as_str()),
        }
    }

    pub(crate) fn attempt_number(&self) -> Option<u32> {
        self.heading().map(|heading| heading.attempt_number)
    }

    pub(crate) fn portal_id(&self) -> Option<&str> {
        match self {
            Reading::Completion(_, data) => Some(&data.portal_id),
            Reading::Noted(_, portal_id) => Some(portal_id),
            Reading::UnknownType(_) | Reading::OldGeneration(_) | Reading::Unreadable(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str, expected: &str) {
        let reading = Reading::new(VerifiedBody::verified_before(body.as_bytes()));
        let said = match &reading {
            Reading::Completion(_, data) => format!("completion of {}", data.id),
            Reading::Noted(..) => "noted".to_owned(),
            Reading::UnknownType(_) => "unknown type".to_owned(),
            Reading::OldGeneration(kind) => format!("old {kind}"),
            Reading::Unreadable(reason) => reason.clone(),
        };
        let ids = [reading.event_id(), reading.event_type(), reading.portal_id()].map(Option::unwrap_or_default);
        assert_eq!(format!("{said}: {}", ids.join(" ")), expected);
    }

    fn event(id: &str, event_type: &str, data: &str) -> String {
        format!(
            r#"{{"id":"{id}","event_type":"{event_type}","webhook_version":"3.0.0","sent":"2022-03-29T01:29:36.676Z",
                "attempt_number":2,"url":"u","webhook_id":"w","data":{data}}}"#
        )
    }

    #[test]
    fn a_body_is_one_of_five_things() {
        let data = r#"{"id":"7","lo_id":"8","portal_id":"9","event_time":"2022-03-29T01:29:36.000Z"}"#;
        check(&event("e", "enrollment.complete", data), "completion of 7: e enrollment.complete 9");
        check(&event("e", "enrollment.create", data), "noted: e enrollment.create 9");
        check(&event("e", "enrollment.delete", data), "noted: e enrollment.delete 9");
        check(&event("e", "content.add", data), "noted: e content.add 9");
        check(&event("e", "content.praised", "7"), "unknown type: e content.praised ");
        let old = r#"{"type":"user.create","fired_at":"2020-04-29T06:29:13+0000","data":{}}"#;
        check(old, "old user.create:  user.create ");
        check("{}", "the field \"event_type\" is missing or null:   ");
        check(&event("", "enrollment.complete", data), "the field \"id\" is empty:   ");
    }

    #[test]
    fn an_event_whose_data_is_wrong_is_not_read_as_something_else() {
        check(
            &event("e", "enrollment.complete", "{}"),
            "the field \"data\" is not as expected: missing field `id` at line 1 column 2:   ",
        );
    }
}
