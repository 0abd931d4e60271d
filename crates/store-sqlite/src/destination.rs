//! Destinations.

use async_trait::async_trait;
use domain::change::Change;
use domain::destination::{Destination, DestinationStatus, LmsOrigin, PER_PORTAL_MAX};
use domain::id::{DestinationId, DestinationToken, PortalId};
use jiff::Timestamp;
use sqlite::rusqlite::{Connection, Row, params};
use store::destination::Destinations;
use store::error::{Result, StoreError};
use store::page::{Listed, PageRequest};

use crate::SqliteStore;
use crate::error::{VerbError, expect_one};
use crate::query::{Conditions, Listing, row};
use crate::row::RowExt;

const COLUMNS: &str = "id, version, portal_id, token, name, status, lms_origins, seats_max, expires_at, lower_status,
    pseudonymous, created_at, updated_at";

#[async_trait]
impl Destinations for SqliteStore {
    async fn find_destination(&self, portal_id: PortalId, id: DestinationId) -> Result<Option<Destination>> {
        let sql = format!("-- find_destination\nSELECT {COLUMNS}\nFROM destinations\nWHERE id = ?1 AND portal_id = ?2");
        self.read("find_destination", |connection| row(connection, &sql, &[&id.0, &portal_id.0], decode))
    }

    async fn find_destination_by_token(&self, token: &DestinationToken) -> Result<Option<Destination>> {
        let sql = format!("-- find_destination_by_token\nSELECT {COLUMNS}\nFROM destinations\nWHERE token = ?1");
        self.read("find_destination_by_token", |connection| row(connection, &sql, &[&token.as_str()], decode))
    }

    async fn find_default_destination(&self, portal_id: PortalId, now: Timestamp) -> Result<Option<Destination>> {
        self.read("find_default_destination", |connection| find_default(connection, portal_id, now))
    }

    async fn list_destinations(&self, portal_id: PortalId, page: PageRequest) -> Result<Listed<Destination>> {
        let verb = "list_destinations";
        let mut conditions = Conditions::default();
        conditions.with("portal_id = ?", Some(portal_id.0));
        let order = "created_at, id".to_owned();
        self.scan(verb, move |connection| {
            Listing { verb, columns: COLUMNS, from: "destinations", conditions, order }.page(connection, page, decode)
        })
        .await
    }

    async fn save_destination(&self, change: Change<Destination>) -> Result<()> {
        self.write("save_destination", move |connection| save(connection, &change.after)).await
    }

    async fn save_default_destination(&self, destination: Destination) -> Result<Destination> {
        let id = destination.id;
        let verb = move |connection: &Connection| match find_default(
            connection,
            destination.portal_id,
            destination.created_at,
        )? {
            Some(default) => Ok(default),
            None => {
                save(connection, &destination)?;
                Ok(Destination { version: destination.version + 1, ..destination })
            }
        };
        // Another's that was there first is not made here.
        self.write_if("save_default_destination", verb, move |default| default.id == id).await
    }
}

fn find_default(
    connection: &Connection,
    portal_id: PortalId,
    now: Timestamp,
) -> Result<Option<Destination>, VerbError> {
    let sql = format!(
        "-- find_default_destination
        SELECT {COLUMNS}
        FROM destinations
        WHERE portal_id = ?1 AND status = 'active' AND (expires_at IS NULL OR expires_at > ?2)
        ORDER BY created_at, id
        LIMIT 1"
    );
    row(connection, &sql, &[&portal_id.0, &now.as_millisecond()], decode)
}

fn save(connection: &Connection, destination: &Destination) -> Result<(), VerbError> {
    if destination.version == 0 {
        check_limit(connection, destination.portal_id)?;
    }
    let sql = if destination.version == 0 {
        "-- save_destination (new)
        INSERT INTO destinations (version, portal_id, name, status, lms_origins, seats_max, expires_at, lower_status,
            pseudonymous, created_at, updated_at, token, id)
        VALUES (?2 + 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?1)"
    } else {
        "-- save_destination
        UPDATE destinations
        SET version = ?2 + 1, name = ?4, status = ?5, lms_origins = ?6, seats_max = ?7, expires_at = ?8,
            lower_status = ?9, pseudonymous = ?10, created_at = ?11, updated_at = ?12
        WHERE id = ?1 AND version = ?2 AND portal_id = ?3 AND token = ?13"
    };
    let origins: Vec<&str> = destination.lms_origins.iter().map(LmsOrigin::as_str).collect();
    let changed = connection.prepare_cached(sql)?.execute(params![
        destination.id.0,
        destination.version,
        destination.portal_id.0,
        destination.name,
        destination.status.as_str(),
        serde_json::to_string(&origins).expect("texts always serialise"),
        destination.seats_max,
        destination.expires_at.map(Timestamp::as_millisecond),
        destination.lower_status,
        destination.pseudonymous,
        destination.created_at.as_millisecond(),
        destination.updated_at.as_millisecond(),
        destination.token.as_str(),
    ])?;
    expect_one(changed)
}

fn check_limit(connection: &Connection, portal_id: PortalId) -> Result<(), VerbError> {
    let sql = "-- save_destination (limit)
        SELECT count(*)
        FROM destinations
        WHERE portal_id = ?1";
    let there: i64 = connection.prepare_cached(sql)?.query_row([portal_id.0], |row| row.get(0))?;
    match there.unsigned_abs() < PER_PORTAL_MAX as u64 {
        true => Ok(()),
        false => Err(StoreError::LimitReached(PER_PORTAL_MAX).into()),
    }
}

fn decode(row: &Row<'_>) -> Result<Destination, VerbError> {
    Ok(Destination {
        id: DestinationId(row.of("id")?),
        version: row.of("version")?,
        portal_id: PortalId(row.of("portal_id")?),
        token: row.id("token")?,
        name: row.of("name")?,
        status: row.read("status", DestinationStatus::read)?,
        lms_origins: row.read("lms_origins", read_origins)?,
        seats_max: row.of("seats_max")?,
        expires_at: row.at_or_null("expires_at")?,
        lower_status: row.of("lower_status")?,
        pseudonymous: row.of("pseudonymous")?,
        created_at: row.at("created_at")?,
        updated_at: row.at("updated_at")?,
    })
}

fn read_origins(text: &str) -> Option<Vec<LmsOrigin>> {
    let origins: Vec<String> = serde_json::from_str(text).ok()?;
    origins.iter().map(|origin| LmsOrigin::parse(origin).ok()).collect()
}
