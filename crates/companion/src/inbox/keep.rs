//! Keeping what arrived.

use jiff::Timestamp;
use rusqlite::{Connection, named_params};

use crate::inbox::{Inbox, InboxError, State, retirement};
use crate::reading::Reading;

/// A webhook that was verified.
#[derive(Debug)]
pub(crate) struct Arrival {
    /// The raw body.
    pub(crate) body: Vec<u8>,
    /// Those headers that belong to the delivery, as a JSON object.
    pub(crate) headers: String,
    /// When it arrived.
    pub(crate) received_at: Timestamp,
    /// What the body says.
    pub(crate) reading: Reading,
}

/// What became of an arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// It is stored.
    New,
    /// It was stored before; now it is counted.
    Duplicate,
}

impl Inbox {
    /// Stores what arrived, once. What has no id is a duplicate when every byte is the same.
    ///
    /// An event that comes again after its enrollment was given up is worth another look: somebody had it sent again.
    pub(crate) async fn keep(&self, arrival: Arrival) -> Result<Kept, InboxError> {
        let keep = move |connection: &Connection| -> Result<Kept, InboxError> {
            if insert(connection, &arrival)? {
                if let Reading::Content(_, news) = &arrival.reading {
                    retirement::news::apply(connection, news, arrival.received_at)?;
                }
                return Ok(Kept::New);
            }
            count_duplicate(connection, &arrival)?;
            reopen(connection, &arrival)?;
            Ok(Kept::Duplicate)
        };
        Ok(self.database.write(keep).await?)
    }
}

/// Where an arrival stands at first, and why.
fn first_state(reading: &Reading) -> (State, Option<String>) {
    match reading {
        Reading::Completion(..) => (State::New, None),
        Reading::Noted(..) | Reading::Content(..) => (State::Noted, None),
        Reading::UnknownType(heading) => {
            (State::Unsupported, Some(format!("the event type {:?} is not known to this version", heading.event_type)))
        }
        Reading::OldGeneration(kind) => {
            let reason =
                format!("a {kind:?} of the old generation of webhooks (type, fired_at, data), which is not supported");
            (State::Unsupported, Some(reason))
        }
        Reading::Unreadable(problem) => (State::Unreadable, Some(problem.clone())),
    }
}

fn insert(connection: &Connection, arrival: &Arrival) -> rusqlite::Result<bool> {
    let reading = &arrival.reading;
    let (state, reason) = first_state(reading);
    let data = match reading {
        Reading::Completion(_, data) => Some(data),
        _ => None,
    };
    let received_at = arrival.received_at.as_millisecond();
    let is_due = state == State::New;
    let inserted = connection
        .prepare_cached(
            "-- keep: insert
            INSERT INTO inbox (
                event_id, event_type, body, headers, received_at, last_received_at, attempt_number_max,
                portal_id, enrollment_id, event_time, state, due_at, reason, settled_at
            )
            VALUES (
                :event_id, :event_type, :body, :headers, :received_at, :received_at, :attempt_number,
                :portal_id, :enrollment_id, :event_time, :state, :due_at, :reason, :settled_at
            )
            ON CONFLICT DO NOTHING",
        )?
        .execute(named_params! {
            ":event_id": reading.event_id(),
            ":event_type": reading.event_type(),
            ":body": arrival.body,
            ":headers": arrival.headers,
            ":received_at": received_at,
            ":attempt_number": reading.attempt_number(),
            ":portal_id": reading.portal_id(),
            ":enrollment_id": data.map(|data| &data.id),
            ":event_time": data.map(|data| data.event_time.0.as_millisecond()),
            ":state": state.as_str(),
            ":due_at": is_due.then_some(received_at),
            ":reason": reason,
            ":settled_at": (!is_due).then_some(received_at),
        })?;
    Ok(inserted == 1)
}

fn count_duplicate(connection: &Connection, arrival: &Arrival) -> rusqlite::Result<()> {
    let statement = match arrival.reading.event_id() {
        Some(_) => {
            "-- keep: count the duplicate of an event
            UPDATE inbox
            SET received_count = received_count + 1,
                last_received_at = :received_at,
                attempt_number_max = max(attempt_number_max, :attempt_number)
            WHERE event_id = :event_id"
        }
        None => {
            "-- keep: count the duplicate of what has no id
            UPDATE inbox
            SET received_count = received_count + 1,
                last_received_at = :received_at
            WHERE event_id IS NULL AND body = :body"
        }
    };
    let received_at = arrival.received_at.as_millisecond();
    let mut statement = connection.prepare_cached(statement)?;
    match arrival.reading.heading() {
        Some(heading) => statement.execute(named_params! {
            ":received_at": received_at,
            ":attempt_number": heading.attempt_number,
            ":event_id": heading.event_id,
        })?,
        None => statement.execute(named_params! { ":received_at": received_at, ":body": arrival.body })?,
    };
    Ok(())
}

fn reopen(connection: &Connection, arrival: &Arrival) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "-- keep: reopen
            UPDATE inbox
            SET state = 'new', fetches = 0, misses = 0, due_at = :received_at, reason = NULL, settled_at = NULL
            WHERE event_id = :event_id AND state IN ('not_completed', 'unresolved')",
        )?
        .execute(named_params! {
            ":received_at": arrival.received_at.as_millisecond(),
            ":event_id": arrival.reading.event_id(),
        })?;
    Ok(())
}
