//! The list of completions, page by page.

use contract::time::Millis;
use rusqlite::{Row, named_params};

use crate::completion::{Completion, CompletionPage};
use crate::inbox::row::{instant, spelled};
use crate::inbox::{Inbox, InboxError};

/// The most completions on one page.
pub const PAGE_MAX: u32 = 500;

impl Inbox {
    /// The completions after `cursor`, at most `limit` of them and at most [`PAGE_MAX`].
    ///
    /// Who starts at 0 and goes on from each `next_cursor` meets every completion and every change to one, however many
    /// are recorded meanwhile; one that changes before it is met is met once, in its new state.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub async fn completions(&self, after: i64, limit: u32) -> Result<CompletionPage, InboxError> {
        let limit = limit.min(PAGE_MAX);
        let completions: Vec<Completion> = self
            .database
            .scan(move |transaction| {
                let mut statement = transaction.prepare_cached(
                    "-- completions
                    SELECT cursor, event_id, enrollment_id, portal_id, lo_id, user_id, email, external_id, details_from,
                        person, matched_by, status, pass, completed_at, recorded_at, event_time
                    FROM completions
                    WHERE cursor > :after
                    ORDER BY cursor
                    LIMIT :limit",
                )?;
                let rows = statement.query_map(named_params! { ":after": after, ":limit": limit }, read_completion)?;
                Ok::<_, InboxError>(rows.collect::<Result<_, _>>()?)
            })
            .await?;
        let next_cursor = completions.last().map_or(after, |last| last.cursor);
        Ok(CompletionPage { completions, next_cursor })
    }
}

fn read_completion(row: &Row<'_>) -> rusqlite::Result<Completion> {
    Ok(Completion {
        cursor: row.get("cursor")?,
        event_id: row.get("event_id")?,
        enrollment_id: row.get("enrollment_id")?,
        portal_id: row.get("portal_id")?,
        lo_id: row.get("lo_id")?,
        user_id: row.get("user_id")?,
        email: row.get("email")?,
        external_id: row.get("external_id")?,
        details_from: spelled(row.get("details_from")?)?,
        person: row.get("person")?,
        matched_by: row.get::<_, Option<String>>("matched_by")?.map(spelled).transpose()?,
        status: row.get("status")?,
        pass: row.get("pass")?,
        completed_at: Millis(instant(row, "completed_at")?),
        recorded_at: Millis(instant(row, "recorded_at")?),
        event_time: Millis(instant(row, "event_time")?),
    })
}
