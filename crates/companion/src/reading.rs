//! What a verified body turns out to be, and so what is to be done with it. Knows no database.

use client::event::{EventData, Parsed};
use client::verify::VerifiedBody;
use contract::events::content::ContentData;
use contract::events::enrollment::EnrollmentData;

use crate::retirement::news::{News, What};

/// What a body says.
#[derive(Debug)]
pub(crate) enum Reading {
    /// A learner completed content: fetch the enrollment.
    Completion(Heading, EnrollmentData),
    /// Content ends, or does not, or is gone: it is kept with its retirement.
    Content(Heading, News),
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
            (data, Some(portal_id)) => match news(&heading.event_id, data) {
                Some(news) => Reading::Content(heading, news),
                None => Reading::Noted(heading, portal_id),
            },
        }
    }

    pub(crate) fn heading(&self) -> Option<&Heading> {
        match self {
            Reading::Completion(heading, _)
            | Reading::Content(heading, _)
            | Reading::Noted(heading, _)
            | Reading::UnknownType(heading) => Some(heading),
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
            Reading::Content(_, news) => Some(&news.portal_id),
            Reading::Noted(_, portal_id) => Some(portal_id),
            Reading::UnknownType(_) | Reading::OldGeneration(_) | Reading::Unreadable(_) => None,
        }
    }
}

/// What an event tells of the end of content, if it tells of that.
fn news(event_id: &str, data: EventData) -> Option<News> {
    let (ContentData { id, portal_id, event_time }, what) = match data {
        EventData::ContentDecommission(data) => {
            let what = What::Flagged { remove_time: data.remove_time.0, retire_time: None };
            (ContentData { id: data.id, portal_id: data.portal_id, event_time: data.event_time }, what)
        }
        EventData::ContentDecommissionPending(data) => {
            let what = What::Flagged { remove_time: data.remove_time.0, retire_time: Some(data.retire_time.0) };
            (ContentData { id: data.id, portal_id: data.portal_id, event_time: data.event_time }, what)
        }
        EventData::ContentAdd(data) => (data, What::Added),
        EventData::ContentRemove(data) => (data, What::Removed),
        EventData::EnrollmentComplete(_)
        | EventData::EnrollmentCreate(_)
        | EventData::EnrollmentDelete(_)
        | EventData::ContentLibraryAdd(_)
        | EventData::ContentLibraryRemove(_)
        | EventData::ContentLibraryUpdate(_)
        | EventData::ContentLibraryDecommission(_)
        | EventData::ContentLibrarySyncRequest(_)
        | EventData::Unknown(_) => return None,
    };
    Some(News { event_id: event_id.to_owned(), portal_id, lo_id: id, event_time: event_time.0, what })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str, expected: &str) {
        let reading = Reading::new(VerifiedBody::verified_before(body.as_bytes()));
        let said = match &reading {
            Reading::Completion(_, data) => format!("completion of {}", data.id),
            Reading::Content(_, news) => format!("{:?} of {}", news.what, news.lo_id),
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
    fn a_body_is_one_of_six_things() {
        let data = r#"{"id":"7","lo_id":"8","portal_id":"9","event_time":"2022-03-29T01:29:36.000Z"}"#;
        check(&event("e", "enrollment.complete", data), "completion of 7: e enrollment.complete 9");
        check(&event("e", "enrollment.create", data), "noted: e enrollment.create 9");
        check(&event("e", "enrollment.delete", data), "noted: e enrollment.delete 9");
        check(&event("e", "content.add", data), "Added of 7: e content.add 9");
        check(&event("e", "content.remove", data), "Removed of 7: e content.remove 9");
        check(&event("e", "content.library.add", data), "noted: e content.library.add 9");
        let flag =
            r#"{"id":"7","portal_id":"9","event_time":"2022-03-29T01:29:36Z","remove_time":"2022-06-29T01:29:36Z"}"#;
        check(
            &event("e", "content.decommission", flag),
            "Flagged { remove_time: 2022-06-29T01:29:36Z, retire_time: None } of 7: e content.decommission 9",
        );
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
