//! Webhooks.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use contract::event_type::EventType;
use contract::signature::TimestampUnit;
use domain::change::Change;
use domain::id::{PortalId, UserAccountId, WebhookId};
use domain::webhook::health::Health;
use domain::webhook::{InactiveReason, Oauth2Credentials, Secret, Webhook, WebhookStatus, WebhookUrl};
use jiff::Timestamp;
use sqlite::rusqlite::{Connection, Row, params};
use store::error::{Result, StoreError};
use store::keyring::{Keyring, Place};
use store::webhook::Webhooks;

use crate::SqliteStore;
use crate::error::{VerbError, expect_one};
use crate::query::{row, rows};
use crate::row::{RowExt, unreadable};
use crate::told::Told;

const COLUMNS: &str =
    "no, id, version, portal_id, name, url, secret, previous_secret, previous_secret_until, event_types,
    status, timestamp_unit, oauth2, integration_system_id, created_by, updated_by, created_at, updated_at";
/// How many waiting deliveries are made due when a webhook becomes active again.
const RESUMED_MAX: u32 = 10_000;
/// How many opened webhooks are kept for the deliveries to come.
const CACHED_MAX: usize = 10_000;

#[async_trait]
impl Webhooks for SqliteStore {
    async fn find_webhook(&self, portal_id: PortalId, id: &WebhookId) -> Result<Option<Webhook>> {
        let sql = format!(
            "-- find_webhook
            SELECT {COLUMNS}
            FROM webhooks
            WHERE id = ?1 AND portal_id = ?2 AND status <> 'deleted'"
        );
        self.read("find_webhook", |connection| {
            row(connection, &sql, &[&id.as_str(), &portal_id.0], |row| decode(row, &self.keyring))
        })
    }

    async fn list_webhooks(&self, portal_id: PortalId) -> Result<Vec<Webhook>> {
        let sql = format!(
            "-- list_webhooks
            SELECT {COLUMNS}
            FROM webhooks
            WHERE portal_id = ?1 AND status <> 'deleted'
            ORDER BY no"
        );
        self.read("list_webhooks", |connection| rows(connection, &sql, [portal_id.0], |row| decode(row, &self.keyring)))
    }

    async fn save_webhook(&self, change: Change<Webhook>, per_portal_max: usize) -> Result<()> {
        let keyring = self.keyring.clone();
        let verb = move |connection: &Connection| {
            let webhook = &change.after;
            if webhook.version == 0 {
                check_limit(connection, webhook.portal_id, per_portal_max)?;
            }
            let was_active = is_active(connection, &webhook.id)?;
            let no = save(connection, webhook, &keyring)?;
            save_event_types(connection, webhook, no)?;
            if webhook.status == WebhookStatus::Active && !was_active {
                resume(connection, no, webhook.updated_at)?;
            }
            Ok(())
        };
        self.write_and_wake("save_webhook", verb).await
    }
}

fn check_limit(connection: &Connection, portal_id: PortalId, max: usize) -> Result<(), VerbError> {
    let sql = "-- save_webhook (limit)
        SELECT count(*)
        FROM webhooks
        WHERE portal_id = ?1 AND status <> 'deleted'";
    let there: i64 = connection.prepare_cached(sql)?.query_row([portal_id.0], |row| row.get(0))?;
    if there.unsigned_abs() < max as u64 { Ok(()) } else { Err(StoreError::LimitReached(max).into()) }
}

fn is_active(connection: &Connection, id: &WebhookId) -> Result<bool, VerbError> {
    let sql = "-- save_webhook (before)
        SELECT EXISTS (SELECT 1 FROM webhooks WHERE id = ?1 AND status = 'active')";
    Ok(connection.prepare_cached(sql)?.query_row([id.as_str()], |row| row.get(0))?)
}

/// Whoever makes a webhook active again has mended something: what waited for its next attempt is due now. Of very many,
/// some keep their time, so that this stays one short transaction.
fn resume(connection: &Connection, no: i64, now: Timestamp) -> Result<(), VerbError> {
    connection
        .prepare_cached(
            "-- save_webhook (resume)
            UPDATE deliveries
            SET due_at = ?2
            WHERE no IN (
                SELECT no
                FROM deliveries
                WHERE state = 'pending' AND webhook_no = ?1 AND due_at > ?2 AND lease_expires_at IS NULL
                ORDER BY due_at
                LIMIT ?3
            )",
        )?
        .execute((no, now.as_millisecond(), RESUMED_MAX))?;
    Ok(())
}

fn save(connection: &Connection, webhook: &Webhook, keyring: &Keyring) -> Result<i64, VerbError> {
    let sql = if webhook.version == 0 {
        "-- save_webhook (new)
        INSERT INTO webhooks (version, portal_id, name, url, secret, previous_secret, previous_secret_until, event_types,
            status, timestamp_unit, oauth2, integration_system_id, created_by, updated_by, created_at, updated_at, id)
        VALUES (?2 + 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?1)"
    } else {
        "-- save_webhook
        UPDATE webhooks
        SET version = ?2 + 1, name = ?4, url = ?5, secret = ?6, previous_secret = ?7, previous_secret_until = ?8,
            event_types = ?9, status = ?10, timestamp_unit = ?11, oauth2 = ?12, integration_system_id = ?13,
            created_by = ?14, updated_by = ?15, created_at = ?16, updated_at = ?17, failing_since = NULL, failures = 0
        WHERE id = ?1 AND version = ?2 AND portal_id = ?3"
    };
    let seal = |column, text: &str| keyring.seal(place(column, webhook.id.as_str()), text);
    let event_types = webhook.event_types.iter().map(|event_type| event_type.as_str()).collect::<Vec<_>>().join(",");
    let previous = webhook.previous_secret.as_ref();
    let changed = connection.prepare_cached(sql)?.execute(params![
        webhook.id.as_str(),
        webhook.version,
        webhook.portal_id.0,
        webhook.name,
        webhook.url.as_str(),
        webhook.secret.as_ref().map(|secret| seal("secret", secret.expose())),
        previous.map(|(secret, _)| seal("previous_secret", secret.expose())),
        previous.map(|(_, until)| until.as_millisecond()),
        event_types,
        webhook.status.as_str(),
        write_unit(webhook.timestamp_unit),
        webhook.oauth2.as_ref().map(|oauth2| seal("oauth2", &SealedOauth2::write(oauth2))),
        webhook.integration_system_id,
        webhook.created_by.0,
        webhook.updated_by.0,
        webhook.created_at.as_millisecond(),
        webhook.updated_at.as_millisecond(),
    ])?;
    expect_one(changed)?;
    let no = "SELECT no FROM webhooks WHERE id = ?1";
    Ok(connection.prepare_cached(no)?.query_row([webhook.id.as_str()], |row| row.get(0))?)
}

fn save_event_types(connection: &Connection, webhook: &Webhook, no: i64) -> Result<(), VerbError> {
    connection
        .prepare_cached(
            "-- save_webhook (event types before)
            DELETE FROM webhook_event_types
            WHERE portal_id = ?1 AND webhook_no = ?2",
        )?
        .execute((webhook.portal_id.0, no))?;
    if !webhook.status.receives_events() {
        return Ok(());
    }
    for event_type in &webhook.event_types {
        connection
            .prepare_cached(
                "-- save_webhook (event types)
                INSERT INTO webhook_event_types (portal_id, event_type, webhook_no)
                VALUES (?1, ?2, ?3)",
            )?
            .execute((webhook.portal_id.0, event_type.as_str(), no))?;
    }
    Ok(())
}

fn place<'a>(column: &'static str, id: &'a str) -> Place<'a> {
    Place { table: "webhooks", column, row: id }
}

fn write_unit(unit: TimestampUnit) -> &'static str {
    match unit {
        TimestampUnit::Seconds => "seconds",
        TimestampUnit::Milliseconds => "milliseconds",
    }
}

fn read_unit(text: &str) -> Option<TimestampUnit> {
    [TimestampUnit::Seconds, TimestampUnit::Milliseconds].into_iter().find(|unit| write_unit(*unit) == text)
}

/// Credentials as they are sealed. The names are those of the database, not of the wire.
#[derive(serde::Serialize, serde::Deserialize)]
struct SealedOauth2 {
    client_id: String,
    client_secret: String,
    server_url: String,
    scope: Option<String>,
}

impl SealedOauth2 {
    fn write(oauth2: &Oauth2Credentials) -> String {
        let sealed = SealedOauth2 {
            client_id: oauth2.client_id.clone(),
            client_secret: oauth2.client_secret.expose().to_owned(),
            server_url: oauth2.server_url.as_str().to_owned(),
            scope: oauth2.scope.clone(),
        };
        serde_json::to_string(&sealed).expect("strings always serialise")
    }

    fn read(text: &str) -> Option<Oauth2Credentials> {
        let sealed: SealedOauth2 = serde_json::from_str(text).ok()?;
        Some(Oauth2Credentials {
            client_id: sealed.client_id,
            client_secret: Secret::restore(sealed.client_secret),
            server_url: WebhookUrl::restore(&sealed.server_url).ok()?,
            scope: sealed.scope,
        })
    }
}

fn decode(row: &Row<'_>, keyring: &Keyring) -> Result<Webhook, VerbError> {
    let id: WebhookId = row.id("id")?;
    let open = |column: &'static str| -> Result<Option<String>, VerbError> {
        let sealed: Option<Vec<u8>> = row.of(column)?;
        let opened = sealed.map(|sealed| keyring.open(place(column, id.as_str()), &sealed)).transpose();
        opened.map_err(|error| VerbError::Unreadable(format!("column {column} of webhook {id}: {error}")))
    };
    let previous = open("previous_secret")?.map(Secret::restore).zip(row.at_or_null("previous_secret_until")?);
    let oauth2 =
        open("oauth2")?.map(|text| SealedOauth2::read(&text).ok_or_else(|| unreadable("oauth2"))).transpose()?;
    let secret = open("secret")?.map(Secret::restore);
    Ok(Webhook {
        version: row.of("version")?,
        portal_id: PortalId(row.of("portal_id")?),
        name: row.of("name")?,
        url: row.read("url", |text| WebhookUrl::restore(text).ok())?,
        secret,
        previous_secret: previous,
        event_types: row.read("event_types", read_event_types)?,
        status: row.read("status", WebhookStatus::read)?,
        timestamp_unit: row.read("timestamp_unit", read_unit)?,
        oauth2,
        integration_system_id: row.of("integration_system_id")?,
        created_by: UserAccountId(row.of("created_by")?),
        updated_by: UserAccountId(row.of("updated_by")?),
        created_at: row.at("created_at")?,
        updated_at: row.at("updated_at")?,
        id,
    })
}

fn read_event_types(text: &str) -> Option<Vec<EventType>> {
    text.split(',').map(|event_type| event_type.parse().ok()).collect()
}

/// Webhooks that were opened already: opening a secret for each delivery would cost more than sending it.
///
/// Filled after the commit only. A webhook that was read in a transaction that came to nothing was never stored, and another one may
/// be stored under the same version later.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    opened: Mutex<HashMap<WebhookId, Arc<Webhook>>>,
    /// Those that could not be read, so that each is complained of once.
    unreadable: Mutex<HashSet<WebhookId>>,
}

impl Cache {
    /// The active webhook with its number, if there is one.
    pub(crate) fn find_active(
        &self,
        connection: &Connection,
        keyring: &Keyring,
        id: &WebhookId,
    ) -> Result<Option<(i64, Arc<Webhook>)>, VerbError> {
        let sql = "-- lease_deliveries (webhook version)
            SELECT no, version
            FROM webhooks
            WHERE id = ?1 AND status = 'active'";
        let Some((no, version)) =
            row(connection, sql, &[&id.as_str()], |row| Ok((row.of::<i64>("no")?, row.of::<i64>("version")?)))?
        else {
            return Ok(None);
        };
        if let Some(cached) = self.lock().get(id)
            && cached.version == version
        {
            return Ok(Some((no, cached.clone())));
        }
        let sql = format!("-- lease_deliveries (webhook)\nSELECT {COLUMNS}\nFROM webhooks\nWHERE no = ?1");
        Ok(row(connection, &sql, &[&no], |row| decode(row, keyring))?.map(|webhook| (no, Arc::new(webhook))))
    }

    /// Keeps what was leased with, now that it is committed.
    pub(crate) fn keep<'a>(&self, webhooks: impl Iterator<Item = &'a Arc<Webhook>>) {
        let mut opened = self.lock();
        for webhook in webhooks {
            if opened.get(&webhook.id).is_some_and(|kept| Arc::ptr_eq(kept, webhook)) {
                continue;
            }
            if opened.len() >= CACHED_MAX {
                opened.clear();
            }
            opened.insert(webhook.id.clone(), webhook.clone());
        }
    }

    /// Whether this is the first time that the webhook could not be read.
    pub(crate) fn is_first_trouble_with(&self, id: &WebhookId) -> bool {
        let mut unreadable = self.unreadable.lock().unwrap_or_else(PoisonError::into_inner);
        unreadable.len() < CACHED_MAX && unreadable.insert(id.clone())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<WebhookId, Arc<Webhook>>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes note of how the attempts of one version of a webhook went, in their order; one that is hopeless becomes inactive
/// (decision 5). Nothing happens if its owner has changed it meanwhile: then they say nothing about what it is now.
pub(crate) fn save_health(
    connection: &Connection,
    told: &Told,
    (id, version): (&WebhookId, i64),
    successes: &[bool],
    now: Timestamp,
) -> Result<(), VerbError> {
    let sql = "-- finish_attempts (health before)
        SELECT failing_since, failures
        FROM webhooks
        WHERE id = ?1 AND version = ?2";
    let before = row(connection, sql, &[&id.as_str(), &version], |row| {
        Ok(Health { failing_since: row.at_or_null("failing_since")?, failures: row.of("failures")? })
    })?;
    let Some(before) = before else { return Ok(()) };
    let after = successes.iter().fold(before, |health, &success| health.after(success, now));
    if after == before {
        return Ok(());
    }
    let mut save = connection.prepare_cached(
        "-- finish_attempts (health)
        UPDATE webhooks
        SET failing_since = ?2, failures = ?3
        WHERE id = ?1",
    )?;
    let failing_since = after.failing_since.map(Timestamp::as_millisecond);
    told.aside(|| save.execute((id.as_str(), failing_since, after.failures)))?;
    if after.is_hopeless(now) { stop(connection, id, version, InactiveReason::Failing, now) } else { Ok(()) }
}

/// Makes an active webhook inactive: its receiver is gone (decision 4), or fails and fails (decision 5). Nothing happens if its
/// owner has changed it since the attempt was leased: an answer of the old address does not stop the new one.
pub(crate) fn stop(
    connection: &Connection,
    id: &WebhookId,
    version: i64,
    reason: InactiveReason,
    at: Timestamp,
) -> Result<(), VerbError> {
    connection
        .prepare_cached(
            "-- finish_attempts (stop)
            UPDATE webhooks
            SET status = ?3, version = version + 1, updated_at = ?4
            WHERE id = ?1 AND version = ?2 AND status = 'active'",
        )?
        .execute((id.as_str(), version, WebhookStatus::Inactive(reason).as_str(), at.as_millisecond()))?;
    Ok(())
}
