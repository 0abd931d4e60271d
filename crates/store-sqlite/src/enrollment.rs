//! Enrollments, and with them the events that tell of them.

use async_trait::async_trait;
use domain::change::Change;
use domain::enrollment::{Enrollment, EnrollmentType, Progress, Standing, Status};
use domain::id::{DestinationId, EnrollmentId, LearningObjectId, PortalId, UserAccountId};
use jiff::Timestamp;
use sqlite::rusqlite::{Connection, OptionalExtension, Row, params};
use store::enrollment::{EnrollmentFilter, EnrollmentSort, Enrollments, TimeRange};
use store::error::{Result, StoreError};
use store::page::{Listed, PageRequest};

use crate::SqliteStore;
use crate::error::{VerbError, expect_one, on_duplicate};
use crate::query::{Conditions, Listing, direction, row};
use crate::row::{InOrder, unreadable};

/// In the order in which they are decoded.
macro_rules! columns {
    () => {
        "id, version, portal_id, user_account_id, lo_id, parent_id, enrollment_type, original_type, assigner_id,
    assigned_at, status, started_at, completed_at, result, pass, due_at, standing, created_at, updated_at,
    destination_id"
    };
}

const COLUMNS: &str = columns!();

const FIND: &str = concat!(
    "-- find_enrollment
    SELECT ",
    columns!(),
    "
    FROM enrollments
    WHERE id = ?1 AND portal_id = ?2 AND standing <> 'deleted'"
);

#[async_trait]
impl Enrollments for SqliteStore {
    async fn find_enrollment(&self, portal_id: PortalId, id: EnrollmentId) -> Result<Option<Enrollment>> {
        self.read_once("find_enrollment", |connection| row(connection, FIND, &[&id.0, &portal_id.0], decode))
    }

    async fn find_live_enrollment(
        &self,
        portal_id: PortalId,
        user_account_id: UserAccountId,
        lo_id: LearningObjectId,
        parent_id: Option<EnrollmentId>,
        destination_id: Option<DestinationId>,
    ) -> Result<Option<Enrollment>> {
        let sql = format!(
            "-- find_live_enrollment
            SELECT {COLUMNS}
            FROM enrollments
            WHERE portal_id = ?1 AND user_account_id = ?2 AND lo_id = ?3 AND parent_id = ?4
                AND destination_id = ?5 AND standing = 'live'"
        );
        let (parent_id, destination_id) = (parent_id.map_or(0, |id| id.0), destination_id.map_or(0, |id| id.0));
        self.read("find_live_enrollment", |connection| {
            row(connection, &sql, &[&portal_id.0, &user_account_id.0, &lo_id.0, &parent_id, &destination_id], decode)
        })
    }

    async fn find_portal_of_enrollment(&self, id: EnrollmentId) -> Result<Option<PortalId>> {
        let sql = "-- find_portal_of_enrollment
            SELECT portal_id
            FROM enrollments
            WHERE id = ?1 AND standing <> 'deleted'";
        self.read("find_portal_of_enrollment", |connection| {
            let portal_id = connection.prepare_cached(sql)?.query_row([id.0], |row| row.get(0)).optional()?;
            Ok(portal_id.map(PortalId))
        })
    }

    async fn list_enrollments(
        &self,
        portal_id: PortalId,
        filter: &EnrollmentFilter,
        page: PageRequest,
    ) -> Result<Listed<Enrollment>> {
        let verb = "list_enrollments";
        let conditions = conditions(portal_id, filter);
        let direction = direction(filter.order);
        let order = match filter.sort {
            EnrollmentSort::Created => format!("created_at {direction}, id {direction}"),
            EnrollmentSort::Updated => format!("updated_at {direction}, id {direction}"),
            EnrollmentSort::Due => format!("due_at {direction} NULLS LAST, id {direction}"),
            EnrollmentSort::Assigned => format!("assigned_at {direction} NULLS LAST, id {direction}"),
        };
        self.scan(verb, move |connection| {
            Listing { verb, columns: COLUMNS, from: "enrollments", conditions, order }.page(connection, page, decode)
        })
        .await
    }

    async fn save_enrollments(&self, changes: Vec<Change<Enrollment>>) -> Result<()> {
        // Of one change nothing is written unless it is against the stored version.
        let whole = changes.len() <= 1;
        let told = changes.iter().flat_map(|change| &change.events).filter_map(|event| self.told.guess(event));
        let mut publisher = self.publisher(told.collect()).await;
        let verb = move |connection: &Connection| {
            for change in changes {
                save(connection, &change.after)?;
                for event in change.events {
                    publisher.publish(connection, event, change.after.updated_at)?;
                }
            }
            Ok(publisher.births)
        };
        self.publish("save_enrollments", whole, verb).await
    }
}

fn conditions(portal_id: PortalId, filter: &EnrollmentFilter) -> Conditions {
    let mut conditions = Conditions::default();
    conditions.with("portal_id = ?", Some(portal_id.0));
    conditions.with("user_account_id = ?", filter.user_account_id.map(|id| id.0));
    conditions.with("assigner_id = ?", filter.assigner_id.map(|id| id.0));
    conditions.one_of("lo_id", filter.lo_ids.as_ref().map(|ids| ids.iter().map(|id| id.0)));
    let statuses = filter.statuses.as_ref();
    conditions.one_of("status", statuses.map(|statuses| statuses.iter().map(|status| status.as_str().to_owned())));
    conditions.with("enrollment_type = ?", filter.enrollment_type.map(|kind| kind.as_str().to_owned()));
    within(&mut conditions, "updated_at", filter.updated);
    within(&mut conditions, "due_at", filter.due);
    within(&mut conditions, "completed_at", filter.completed);
    within(&mut conditions, "assigned_at", filter.assigned);
    match filter.has_due_date {
        Some(true) => conditions.holds("due_at IS NOT NULL"),
        Some(false) => conditions.holds("due_at IS NULL"),
        None => {}
    }
    if !filter.with_children {
        conditions.holds("parent_id = 0");
    }
    conditions.holds(if filter.with_archived { "standing <> 'deleted'" } else { "standing = 'live'" });
    conditions
}

fn within(conditions: &mut Conditions, column: &str, range: TimeRange) {
    conditions.with(&format!("{column} >= ?"), range.from.map(Timestamp::as_millisecond));
    conditions.with(&format!("{column} <= ?"), range.to.map(Timestamp::as_millisecond));
}

// Times of change never run backwards within a portal, although they are read before the commit and clocks are set back: whoever
// walks by them must not pass one that is stored later. The last one is the end of an index.
const NEW: &str = "-- save_enrollments (new)
    INSERT INTO enrollments (version, portal_id, user_account_id, lo_id, parent_id, enrollment_type, assigner_id, assigned_at,
        status, started_at, completed_at, result, pass, due_at, standing, created_at, updated_at, id, destination_id,
        original_type)
    VALUES (?2 + 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,
        max(?18, coalesce((SELECT max(updated_at) FROM enrollments WHERE portal_id = ?3), 0)), ?1, ?19, ?20)";

// An index is rewritten when its columns are named, whatever their values: what never changes is left out, and so is the standing
// of what goes on as it was. Whoever is not live any more never becomes so again.
const CHANGED: &str = "-- save_enrollments
    UPDATE enrollments
    SET version = ?2 + 1, enrollment_type = ?7, assigner_id = ?8, assigned_at = ?9, status = ?10, started_at = ?11,
        completed_at = ?12, result = ?13, pass = ?14, due_at = ?15,
        updated_at = max(?18, (SELECT max(updated_at) FROM enrollments WHERE portal_id = ?3)), original_type = ?20
    WHERE id = ?1 AND version = ?2 AND portal_id = ?3 AND standing = ?16";

const ENDED: &str = "-- save_enrollments (ended)
    UPDATE enrollments
    SET version = ?2 + 1, enrollment_type = ?7, assigner_id = ?8, assigned_at = ?9, status = ?10, started_at = ?11,
        completed_at = ?12, result = ?13, pass = ?14, due_at = ?15, standing = ?16,
        updated_at = max(?18, (SELECT max(updated_at) FROM enrollments WHERE portal_id = ?3)), original_type = ?20
    WHERE id = ?1 AND version = ?2 AND portal_id = ?3";

fn save(connection: &Connection, enrollment: &Enrollment) -> Result<(), VerbError> {
    let sql = match (enrollment.version, enrollment.standing) {
        (0, _) => NEW,
        (_, Standing::Live) => CHANGED,
        (_, Standing::Archived | Standing::Deleted) => ENDED,
    };
    let millis = |at: Option<Timestamp>| at.map(Timestamp::as_millisecond);
    let progress = &enrollment.progress;
    let changed = connection
        .prepare_cached(sql)?
        .execute(params![
            enrollment.id.0,
            enrollment.version,
            enrollment.portal_id.0,
            enrollment.user_account_id.0,
            enrollment.lo_id.0,
            enrollment.parent_id.map_or(0, |id| id.0),
            enrollment.enrollment_type.as_str(),
            enrollment.assigner_id.map(|id| id.0),
            millis(enrollment.assigned_at),
            progress.status().as_str(),
            millis(progress.started_at()),
            millis(progress.completed_at()),
            progress.result(),
            progress.pass(),
            millis(enrollment.due_at),
            enrollment.standing.as_str(),
            enrollment.created_at.as_millisecond(),
            enrollment.updated_at.as_millisecond(),
            enrollment.destination_id.map_or(0, |id| id.0),
            enrollment.original_type.as_str(),
        ])
        .map_err(on_duplicate(StoreError::Conflict))?;
    expect_one(changed)
}

fn decode(row: &Row<'_>) -> Result<Enrollment, VerbError> {
    let mut columns = InOrder::from(row, 0);
    Ok(Enrollment {
        id: EnrollmentId(columns.of()?),
        version: columns.of()?,
        portal_id: PortalId(columns.of()?),
        user_account_id: UserAccountId(columns.of()?),
        lo_id: LearningObjectId(columns.of()?),
        parent_id: Some(columns.of()?).filter(|&id| id != 0).map(EnrollmentId),
        enrollment_type: columns.read(EnrollmentType::read)?,
        original_type: columns.read(EnrollmentType::read)?,
        assigner_id: columns.of::<Option<i64>>()?.map(UserAccountId),
        assigned_at: columns.at_or_null()?,
        progress: progress(&mut columns)?,
        due_at: columns.at_or_null()?,
        standing: columns.read(Standing::read)?,
        created_at: columns.at()?,
        updated_at: columns.at()?,
        destination_id: Some(columns.of()?).filter(|&id| id != 0).map(DestinationId),
    })
}

fn progress(columns: &mut InOrder<'_>) -> Result<Progress, VerbError> {
    let status = columns.read(Status::read)?;
    let (started_at, completed_at) = (columns.at_or_null()?, columns.at_or_null()?);
    let (result, pass) = (columns.of()?, columns.of()?);
    match (status, started_at, completed_at, pass) {
        (Status::NotStarted, None, None, None) => Ok(Progress::NotStarted),
        (Status::InProgress, Some(started_at), None, pass) => Ok(Progress::InProgress { started_at, result, pass }),
        (Status::Completed, Some(started_at), Some(completed_at), Some(pass)) => {
            Ok(Progress::Completed { started_at, completed_at, result, pass })
        }
        (Status::NotStarted | Status::InProgress | Status::Completed, ..) => Err(unreadable("status")),
    }
}
