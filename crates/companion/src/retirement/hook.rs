//! How the application is asked to remove content: a signed POST, in the manner of Standard Webhooks.

use contract::signature::{STANDARD_ID_HEADER, STANDARD_SIGNATURE_HEADER, STANDARD_TIMESTAMP_HEADER, sign_standard};
use contract::time::Millis;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::Record;

/// What the hook is told.
#[derive(Debug, Serialize)]
struct Body<'r> {
    #[serde(rename = "type")]
    kind: &'static str,
    id: &'r str,
    retirement_id: String,
    portal_id: &'r str,
    lo_id: &'r str,
    title: Option<&'r str>,
    remove_time: Option<Millis>,
    deadline: Option<Millis>,
    remove_here_at: Option<Millis>,
    is_late: bool,
    attempt_number: u32,
}

/// A call that is to be made.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) headers: [(&'static str, String); 3],
    pub(crate) body: Vec<u8>,
}

/// The call for a removal, signed at `now`. Its id is the same each time it is tried for the same end.
pub(crate) fn call(record: &Record, margin: SignedDuration, secret: &str, now: Timestamp) -> Call {
    let deadline = record.deadline();
    let id = format!("removal_{}_{}", record.number, deadline.unwrap_or(Timestamp::MIN).as_millisecond());
    let body = Body {
        kind: "content.removal",
        id: &id,
        retirement_id: record.number.to_string(),
        portal_id: &record.portal_id,
        lo_id: &record.lo_id,
        title: record.title.as_deref(),
        remove_time: record.told.remove_time.map(Millis),
        deadline: deadline.map(Millis),
        remove_here_at: record.due_at(margin).map(Millis),
        is_late: deadline.is_some_and(|deadline| deadline < now),
        attempt_number: record.removal.tries + 1,
    };
    let body = serde_json::to_vec(&body).expect("texts, numbers and instants always serialise");
    let [id, timestamp, signature] = sign_standard(&[secret], &id, now, &body);
    let headers =
        [(STANDARD_ID_HEADER, id), (STANDARD_TIMESTAMP_HEADER, timestamp), (STANDARD_SIGNATURE_HEADER, signature)];
    Call { headers, body }
}
