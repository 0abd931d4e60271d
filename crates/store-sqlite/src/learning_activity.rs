//! Learning activities, and all that LMSs passed.

use std::collections::BTreeMap;

use async_trait::async_trait;
use contract::lms_text::LmsText;
use domain::id::{DestinationId, EnrollmentId, LearningActivityId, LearningObjectId, PortalId, UserAccountId};
use domain::learning_activity::{
    LearningActivity, LmsWrite, NAMES_MAX, RECORDS_MAX, RecordKind, ScormRecord, ScormVersion, VALUES_BYTES_MAX,
};
use sqlite::rusqlite::{Connection, OptionalExtension, Row, params};
use store::error::{Result, StoreError};
use store::learning_activity::LearningActivities;
use store::page::{Listed, PageRequest};

use crate::SqliteStore;
use crate::error::{VerbError, expect_one};
use crate::query::{Conditions, Listing, rows};
use crate::row::{RowExt, unreadable};

const ACTIVITY: &str = "activity.no AS no, activity.id AS id, portal_id, enrollment_id, lo_id, user_account_id,
    destination_id, scorm_version, created_at, updated_at, lms_write, lms_write_element, lms_write_code, lms_write_text";
const RECORD: &str = "activity.id AS id, sequence, kind, passed, at, lms_write, lms_write_element, lms_write_code,
    lms_write_text";

#[async_trait]
impl LearningActivities for SqliteStore {
    async fn list_learning_activities(
        &self,
        portal_id: PortalId,
        enrollment_id: EnrollmentId,
        page: PageRequest,
    ) -> Result<Listed<LearningActivity>> {
        let verb = "list_learning_activities";
        let mut conditions = Conditions::default();
        conditions.with("enrollment_id = ?", Some(enrollment_id.0));
        conditions.with("portal_id = ?", Some(portal_id.0));
        let from = "learning_activities activity
            LEFT JOIN scorm_records record ON record.activity_no = activity.no AND record.sequence = activity.write_sequence";
        let order = "activity.no DESC".to_owned();
        self.scan(verb, move |connection| {
            Listing { verb, columns: ACTIVITY, from, conditions, order }.page(connection, page, |row| {
                let values = values(connection, row.of("no")?)?;
                decode(row, values)
            })
        })
        .await
    }

    async fn list_scorm_records(
        &self,
        portal_id: PortalId,
        id: &LearningActivityId,
        page: PageRequest,
    ) -> Result<Listed<ScormRecord>> {
        let verb = "list_scorm_records";
        let mut conditions = Conditions::default();
        conditions.with("activity.id = ?", Some(id.as_str().to_owned()));
        conditions.with("portal_id = ?", Some(portal_id.0));
        let from = "learning_activities activity JOIN scorm_records record ON record.activity_no = activity.no";
        let order = "sequence".to_owned();
        self.scan(verb, move |connection| {
            Listing { verb, columns: RECORD, from, conditions, order }.page(connection, page, decode_record)
        })
        .await
    }

    async fn save_scorm_record(
        &self,
        portal_id: PortalId,
        record: ScormRecord,
        values: BTreeMap<String, LmsText>,
    ) -> Result<()> {
        let verb = move |connection: &Connection| {
            let sql = "-- save_scorm_record (activity)
                SELECT no
                FROM learning_activities
                WHERE id = ?1 AND portal_id = ?2";
            let no: Option<i64> = connection
                .prepare_cached(sql)?
                .query_row((record.activity_id.as_str(), portal_id.0), |row| row.get(0))
                .optional()?;
            let no = no.ok_or(StoreError::Conflict)?;
            if save_record(connection, no, &record)? {
                save_values(connection, no, record.sequence, &values)?;
                touch(connection, no, &record)?;
            }
            Ok(())
        };
        self.write("save_scorm_record", verb).await
    }
}

/// Stores a new activity with its first record.
pub(crate) fn save(
    connection: &Connection,
    activity: &LearningActivity,
    record: &ScormRecord,
) -> Result<(), VerbError> {
    let changed = connection
        .prepare_cached(
            "-- save_launch (activity)
            INSERT INTO learning_activities (id, portal_id, enrollment_id, lo_id, user_account_id, destination_id, scorm_version,
                created_at, updated_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            activity.id.as_str(),
            activity.portal_id.0,
            activity.enrollment_id.0,
            activity.lo_id.0,
            activity.user_account_id.0,
            activity.destination_id.0,
            activity.scorm_version.as_str(),
            activity.created_at.as_millisecond(),
            activity.updated_at.as_millisecond(),
        ])?;
    expect_one(changed)?;
    let no = connection.last_insert_rowid();
    save_record(connection, no, record)?;
    save_values(connection, no, record.sequence, &activity.values)
}

/// Whether it was not there yet.
fn save_record(connection: &Connection, no: i64, record: &ScormRecord) -> Result<bool, VerbError> {
    if record.sequence > RECORDS_MAX {
        return Err(StoreError::LimitReached(RECORDS_MAX.unsigned_abs() as usize).into());
    }
    let (write, refusal) = match &record.lms_write {
        None => (None, None),
        Some(LmsWrite::Ok) => (Some("ok"), None),
        Some(LmsWrite::Refused { element, code, text }) => (Some("refused"), Some((element, code, text))),
    };
    let changed = connection
        .prepare_cached(
            "-- save_scorm_record
            INSERT INTO scorm_records (activity_no, sequence, kind, passed, at, lms_write, lms_write_element, lms_write_code,
                lms_write_text)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
            ON CONFLICT (activity_no, sequence) DO NOTHING",
        )?
        .execute(params![
            no,
            record.sequence,
            record.kind.as_str(),
            record.values,
            record.at.as_millisecond(),
            write,
            refusal.map(|(element, ..)| element),
            refusal.map(|(_, code, _)| code),
            refusal.map(|(.., text)| text),
        ])?;
    Ok(changed == 1)
}

fn save_values(
    connection: &Connection,
    no: i64,
    sequence: i64,
    values: &BTreeMap<String, LmsText>,
) -> Result<(), VerbError> {
    let mut save = connection.prepare_cached(
        "-- save_scorm_record (value)
        INSERT INTO learning_activity_values (activity_no, name, value, sequence)
        VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (activity_no, name) DO UPDATE
        SET value = ?3, sequence = ?4
        WHERE sequence < ?4",
    )?;
    for (name, value) in values {
        save.execute((no, name, value.json(), sequence))?;
    }
    let sql = "-- save_scorm_record (limits)
        SELECT count(*), coalesce(sum(octet_length(name) + octet_length(value)), 0)
        FROM learning_activity_values
        WHERE activity_no = ?1";
    let (names, bytes): (i64, i64) =
        connection.prepare_cached(sql)?.query_row([no], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let found = [(names, NAMES_MAX), (bytes, VALUES_BYTES_MAX)];
    match found.into_iter().find(|(found, max)| found.unsigned_abs() > *max as u64) {
        None => Ok(()),
        Some((_, max)) => Err(StoreError::LimitReached(max).into()),
    }
}

fn touch(connection: &Connection, no: i64, record: &ScormRecord) -> Result<(), VerbError> {
    connection
        .prepare_cached(
            "-- save_scorm_record (activity)
            UPDATE learning_activities
            SET updated_at = max(updated_at, ?2),
                write_sequence = CASE WHEN ?3 THEN max(coalesce(write_sequence, 0), ?4) ELSE write_sequence END
            WHERE no = ?1",
        )?
        .execute((no, record.at.as_millisecond(), record.lms_write.is_some(), record.sequence))?;
    Ok(())
}

fn values(connection: &Connection, no: i64) -> Result<BTreeMap<String, LmsText>, VerbError> {
    let sql = "-- list_learning_activities (values)
        SELECT name, value
        FROM learning_activity_values
        WHERE activity_no = ?1";
    let pairs = rows(connection, sql, [no], |row| Ok((row.of("name")?, row.read("value", LmsText::read)?)))?;
    Ok(pairs.into_iter().collect())
}

fn decode(row: &Row<'_>, values: BTreeMap<String, LmsText>) -> Result<LearningActivity, VerbError> {
    Ok(LearningActivity {
        id: row.id("id")?,
        portal_id: PortalId(row.of("portal_id")?),
        enrollment_id: EnrollmentId(row.of("enrollment_id")?),
        lo_id: LearningObjectId(row.of("lo_id")?),
        user_account_id: UserAccountId(row.of("user_account_id")?),
        destination_id: DestinationId(row.of("destination_id")?),
        scorm_version: row.read("scorm_version", ScormVersion::read)?,
        values,
        lms_write: decode_write(row)?,
        created_at: row.at("created_at")?,
        updated_at: row.at("updated_at")?,
    })
}

fn decode_record(row: &Row<'_>) -> Result<ScormRecord, VerbError> {
    Ok(ScormRecord {
        activity_id: row.id("id")?,
        sequence: row.of("sequence")?,
        kind: row.read("kind", RecordKind::read)?,
        values: row.of("passed")?,
        lms_write: decode_write(row)?,
        at: row.at("at")?,
    })
}

fn decode_write(row: &Row<'_>) -> Result<Option<LmsWrite>, VerbError> {
    match row.of::<Option<String>>("lms_write")?.as_deref() {
        None => Ok(None),
        Some("ok") => Ok(Some(LmsWrite::Ok)),
        Some("refused") => Ok(Some(LmsWrite::Refused {
            element: row.of("lms_write_element")?,
            code: row.of("lms_write_code")?,
            text: row.of("lms_write_text")?,
        })),
        Some(_) => Err(unreadable("lms_write")),
    }
}
