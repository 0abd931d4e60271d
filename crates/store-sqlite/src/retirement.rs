//! Content that ends: its dates, the transitions that they ask for, and the telling of everybody concerned.

use async_trait::async_trait;
use domain::id::{AnnouncementId, LearningObjectId, PortalId};
use domain::learning_object::LearningObject;
use domain::learning_object::retirement::{Announcement, News, Retirement};
use jiff::Timestamp;
use sqlite::rusqlite::{Connection, Row, params};
use store::error::Result;
use store::retirement::{Impact, Retirements};

use crate::SqliteStore;
use crate::error::VerbError;
use crate::learning_object;
use crate::publish::Publisher;
use crate::query::{row, rows};
use crate::row::{RowExt, unreadable};

const COLUMNS: &str = "no, id, lo_id, news, occurred_at, retired_at, removed_at, cursor";
const DUE: &str = "(
        (state = 'published' AND retired_at IS NOT NULL AND retired_at <= ?1)
        OR (state <> 'removed' AND removed_at IS NOT NULL AND removed_at <= ?1)
    )";

#[async_trait]
impl Retirements for SqliteStore {
    async fn save_retirement(&self, content: LearningObject, announcement: Announcement) -> Result<()> {
        let verb = move |connection: &Connection| {
            supersede(connection, content.id, announcement.occurred_at)?;
            learning_object::save(connection, &content)?;
            announce(connection, &announcement)
        };
        self.write("save_retirement", verb).await
    }

    async fn expire_content(&self, limit: u32, now: Timestamp) -> Result<u64> {
        let is_idle = self.read("expire_content", |connection| Ok(due(connection, 1, now)?.is_empty()))?;
        if is_idle {
            return Ok(0);
        }
        self.write("expire_content", move |connection| expire(connection, limit, now)).await
    }

    async fn expand_announcements(&self, limit: u32, now: Timestamp) -> Result<bool> {
        // Asked often, and mostly for nothing: then nothing is written and nobody is woken.
        let is_idle = self.read("expand_announcements", |connection| Ok(next(connection)?.is_none()))?;
        if is_idle {
            return Ok(false);
        }
        let mut publisher = self.publisher(Vec::new()).await;
        let verb = move |connection: &Connection| expand(connection, &mut publisher, limit, now);
        self.write_and_wake("expand_announcements", verb).await
    }

    async fn list_impact(&self, portal_id: PortalId, lo_id: LearningObjectId) -> Result<Vec<Impact>> {
        let sql = "-- list_impact
            WITH concerned (portal_id, in_library, status, completed_at) AS (
                SELECT portal_id, 1, NULL, NULL FROM library_items WHERE lo_id = ?2
                UNION ALL
                SELECT portal_id, 0, status, completed_at FROM enrollments WHERE lo_id = ?2 AND standing = 'live'
            )
            SELECT
                portals.id,
                portals.name,
                max(in_library) AS in_library,
                count(*) FILTER (WHERE status = 'not-started') AS not_started,
                count(*) FILTER (WHERE status = 'in-progress') AS in_progress,
                count(*) FILTER (WHERE status = 'completed') AS completed,
                max(completed_at) AS last_completed_at
            FROM concerned
            JOIN portals ON portals.id = concerned.portal_id AND (portals.id = ?1 OR portals.partner_id = ?1)
            GROUP BY portals.id
            ORDER BY portals.id";
        self.scan("list_impact", move |connection| rows(connection, sql, (portal_id.0, lo_id.0), decode_impact)).await
    }
}

/// Tells a portal that has just taken content into its library that it will end, unless the announcement still comes round
/// to it.
pub(crate) fn tell_late(
    connection: &Connection,
    publisher: &mut Publisher,
    portal_id: PortalId,
    lo_id: LearningObjectId,
    now: Timestamp,
) -> Result<(), VerbError> {
    let sql = format!(
        "-- save_library_items (news)\nSELECT {COLUMNS}, finished_at FROM announcements WHERE lo_id = ?1 ORDER BY no DESC LIMIT 1"
    );
    let latest = row(connection, &sql, &[&lo_id.0], |row| Ok((decode(row)?, row.of::<Option<i64>>("finished_at")?)))?;
    let Some((Unfinished { announcement, cursor, .. }, finished_at)) = latest else { return Ok(()) };
    let is_past = finished_at.is_some() || portal_id.0 <= cursor;
    match announcement.news {
        News::Flagged(_) if is_past => tell(connection, publisher, &announcement, portal_id, now),
        News::Flagged(_) | News::Withdrawn | News::Removed => Ok(()),
    }
}

/// That content is gone is told besides that it will be.
fn supersede(connection: &Connection, lo_id: LearningObjectId, at: Timestamp) -> Result<(), VerbError> {
    connection
        .prepare_cached(
            "-- save_retirement (supersede)
            UPDATE announcements
            SET finished_at = ?2
            WHERE lo_id = ?1 AND finished_at IS NULL",
        )?
        .execute((lo_id.0, at.as_millisecond()))?;
    Ok(())
}

fn announce(connection: &Connection, announcement: &Announcement) -> Result<(), VerbError> {
    let (news, dates) = match announcement.news {
        News::Flagged(retirement) => ("flagged", Some(retirement)),
        News::Withdrawn => ("withdrawn", None),
        News::Removed => ("removed", None),
    };
    connection
        .prepare_cached(
            "-- save_announcement
            INSERT INTO announcements (id, lo_id, news, occurred_at, retired_at, removed_at, cursor, portals)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, 0)",
        )?
        .execute(params![
            announcement.id.as_str(),
            announcement.lo_id.0,
            news,
            announcement.occurred_at.as_millisecond(),
            dates.and_then(|dates| dates.retired_at).map(Timestamp::as_millisecond),
            dates.map(|dates| dates.removed_at.as_millisecond()),
        ])?;
    Ok(())
}

fn due(connection: &Connection, limit: u32, now: Timestamp) -> Result<Vec<LearningObject>, VerbError> {
    let columns = learning_object::COLUMNS;
    let sql = format!("-- expire_content (due)\nSELECT {columns}\nFROM learning_objects lo\nWHERE {DUE}\nLIMIT ?2");
    rows(connection, &sql, (now.as_millisecond(), limit), learning_object::decode)
}

fn expire(connection: &Connection, limit: u32, now: Timestamp) -> Result<u64, VerbError> {
    let due = due(connection, limit, now)?;
    let count = due.len() as u64;
    for content in due {
        let id = AnnouncementId::derive(&[content.content_id.as_str(), &content.version.to_string()]);
        let Some((content, announcement)) = content.expire(id, now) else { continue };
        learning_object::save(connection, &content)?;
        if let Some(announcement) = announcement {
            announce(connection, &announcement)?;
        }
        crash::point!("content/expired");
    }
    Ok(count)
}

/// An announcement that not everybody has been told.
struct Unfinished {
    no: i64,
    announcement: Announcement,
    cursor: i64,
}

fn next(connection: &Connection) -> Result<Option<Unfinished>, VerbError> {
    let sql = format!(
        "-- expand_announcements (next)\nSELECT {COLUMNS} FROM announcements WHERE finished_at IS NULL ORDER BY no LIMIT 1"
    );
    row(connection, &sql, &[], decode)
}

/// Goes from portal to portal, and from announcement to announcement, until there is nobody left to tell or enough were told.
fn expand(connection: &Connection, publisher: &mut Publisher, limit: u32, now: Timestamp) -> Result<bool, VerbError> {
    let mut left = limit;
    while let Some(Unfinished { no, announcement, mut cursor }) = next(connection)? {
        let mut told = 0;
        let mut concerned = next_concerned(connection, announcement.lo_id, cursor)?;
        while let Some(portal_id) = concerned.filter(|_| told < left) {
            tell(connection, publisher, &announcement, portal_id, now)?;
            told += 1;
            cursor = portal_id.0;
            concerned = next_concerned(connection, announcement.lo_id, cursor)?;
        }
        crash::point!("announcement/expanded");
        let finished_at = concerned.is_none().then_some(now.as_millisecond());
        connection
            .prepare_cached(
                "-- expand_announcements (progress)
                UPDATE announcements
                SET cursor = ?2, portals = portals + ?3, finished_at = ?4
                WHERE no = ?1",
            )?
            .execute(params![no, cursor, told, finished_at])?;
        // An announcement that concerns nobody costs something too.
        left = left.saturating_sub(told.max(1));
        if left == 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The first portal after `cursor` whose library holds the content, or with a live enrollment in it: two look-ups, however many
/// are enrolled.
fn next_concerned(
    connection: &Connection,
    lo_id: LearningObjectId,
    cursor: i64,
) -> Result<Option<PortalId>, VerbError> {
    let sql = "-- expand_announcements (concerned)
        SELECT min(portal_id) FROM (
            SELECT min(portal_id) AS portal_id FROM library_items WHERE lo_id = ?1 AND portal_id > ?2
            UNION ALL
            SELECT min(portal_id) FROM enrollments WHERE standing = 'live' AND lo_id = ?1 AND portal_id > ?2
        )";
    let next: Option<i64> = connection.prepare_cached(sql)?.query_row((lo_id.0, cursor), |row| row.get(0))?;
    Ok(next.map(PortalId))
}

/// What a portal was told once it is not told again.
fn tell(
    connection: &Connection,
    publisher: &mut Publisher,
    announcement: &Announcement,
    portal_id: PortalId,
    at: Timestamp,
) -> Result<(), VerbError> {
    let mut is_told = connection.prepare_cached(
        "-- expand_announcements (told)
        SELECT EXISTS (SELECT 1 FROM events WHERE id = ?1)",
    )?;
    for event in announcement.events_for(portal_id) {
        if !is_told.query_row([event.id.as_str()], |row| row.get(0))? {
            publisher.publish(connection, event, at)?;
        }
    }
    Ok(())
}

fn decode(row: &Row<'_>) -> Result<Unfinished, VerbError> {
    let occurred_at = row.at("occurred_at")?;
    let (retired_at, removed_at) = (row.at_or_null("retired_at")?, row.at_or_null("removed_at")?);
    let news = match (row.of::<String>("news")?.as_str(), removed_at) {
        ("flagged", Some(removed_at)) => News::Flagged(Retirement { flagged_at: occurred_at, retired_at, removed_at }),
        ("withdrawn", None) => News::Withdrawn,
        ("removed", None) => News::Removed,
        _ => return Err(unreadable("news")),
    };
    let (id, lo_id) = (row.id("id")?, LearningObjectId(row.of("lo_id")?));
    let announcement = Announcement { id, lo_id, news, occurred_at };
    Ok(Unfinished { no: row.of("no")?, announcement, cursor: row.of("cursor")? })
}

fn decode_impact(row: &Row<'_>) -> Result<Impact, VerbError> {
    let count = |column: &str| row.of::<i64>(column).map(i64::unsigned_abs);
    Ok(Impact {
        portal_id: PortalId(row.of("id")?),
        portal_name: row.of("name")?,
        in_library: row.of("in_library")?,
        not_started: count("not_started")?,
        in_progress: count("in_progress")?,
        completed: count("completed")?,
        last_completed_at: row.at_or_null("last_completed_at")?,
    })
}
