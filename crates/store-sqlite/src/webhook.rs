//! Webhooks.

pub(crate) mod health;
pub(crate) mod history;
pub(crate) mod hours;
mod sealed;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use contract::event_type::EventType;
use contract::signature::TimestampUnit;
use domain::change::Change;
use domain::event::Event;
use domain::id::{DeliveryId, PortalId, UserAccountId, WebhookId};
use domain::webhook::rate_limit::RateLimit;
use domain::webhook::{Secret, Webhook, WebhookStatus, WebhookUrl};
use jiff::Timestamp;
use sqlite::rusqlite::{Connection, Row, params};
use store::error::{Result, StoreError};
use store::keyring::{Keyring, Place};
use store::webhook::Webhooks;

use crate::SqliteStore;
use crate::error::{VerbError, expect_one};
use crate::event::test_event;
use crate::query::{row, rows};
use crate::row::{RowExt, unreadable};

const COLUMNS: &str =
    "no, id, version, portal_id, name, url, secret, previous_secret, previous_secret_until, earlier_secrets,
    event_types, status, timestamp_unit, oauth2, integration_system_id, rate_limit, headers, created_by, updated_by, created_at,
    updated_at";
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
            crash::point!("webhook/saved");
            save_event_types(connection, webhook, no)?;
            history::keep(connection, &webhook.id)?;
            if webhook.status == WebhookStatus::Active && !was_active {
                resume(connection, no, webhook.updated_at)?;
            }
            Ok(())
        };
        self.write_and_wake("save_webhook", verb).await
    }

    async fn prune_webhooks(&self, before: Timestamp, limit: u32) -> Result<u64> {
        self.write("prune_webhooks", move |connection| history::prune_deleted(connection, before, limit)).await
    }

    async fn save_test(&self, webhook_id: &WebhookId, test: Event, now: Timestamp) -> Result<DeliveryId> {
        let webhook_id = webhook_id.clone();
        let verb = move |connection: &Connection| test_event::insert(connection, &webhook_id, &test, now);
        self.write_and_wake("save_test", verb).await
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
            status, timestamp_unit, oauth2, integration_system_id, created_by, updated_by, created_at, updated_at,
            rate_limit, headers, earlier_secrets, id)
        VALUES (?2 + 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?1)"
    } else {
        "-- save_webhook
        UPDATE webhooks
        SET version = ?2 + 1, name = ?4, url = ?5, secret = ?6, previous_secret = ?7, previous_secret_until = ?8,
            event_types = ?9, status = ?10, timestamp_unit = ?11, oauth2 = ?12, integration_system_id = ?13,
            created_by = ?14, updated_by = ?15, created_at = ?16, updated_at = ?17, rate_limit = ?18, headers = ?19,
            earlier_secrets = ?20, failing_since = NULL, failures = 0, warned = NULL
        WHERE id = ?1 AND version = ?2 AND portal_id = ?3"
    };
    let seal = |column, text: &str| keyring.seal(place(column, webhook.id.as_str()), text);
    let event_types = webhook.event_types.iter().map(|event_type| event_type.as_str()).collect::<Vec<_>>().join(",");
    let (previous, earlier) = webhook.previous_secrets.split_first().unzip();
    let earlier = earlier.filter(|earlier| !earlier.is_empty());
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
        webhook.oauth2.as_ref().map(|oauth2| seal("oauth2", &sealed::write_oauth2(oauth2))),
        webhook.integration_system_id,
        webhook.created_by.0,
        webhook.updated_by.0,
        webhook.created_at.as_millisecond(),
        webhook.updated_at.as_millisecond(),
        webhook.rate_limit.map(RateLimit::get),
        (!webhook.headers.is_empty()).then(|| seal("headers", &sealed::write_headers(&webhook.headers))),
        earlier.map(|earlier| seal("earlier_secrets", &sealed::write_secrets(earlier))),
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

fn decode(row: &Row<'_>, keyring: &Keyring) -> Result<Webhook, VerbError> {
    let id: WebhookId = row.id("id")?;
    let open = |column: &'static str| -> Result<Option<String>, VerbError> {
        let sealed: Option<Vec<u8>> = row.of(column)?;
        let opened = sealed.map(|sealed| keyring.open(place(column, id.as_str()), &sealed)).transpose();
        opened.map_err(|error| VerbError::Unreadable(format!("column {column} of webhook {id}: {error}")))
    };
    let previous = open("previous_secret")?.map(Secret::restore).zip(row.at_or_null("previous_secret_until")?);
    let earlier = open("earlier_secrets")?
        .map(|text| sealed::read_secrets(&text).ok_or_else(|| unreadable("earlier_secrets")))
        .transpose()?;
    let oauth2 =
        open("oauth2")?.map(|text| sealed::read_oauth2(&text).ok_or_else(|| unreadable("oauth2"))).transpose()?;
    let headers =
        open("headers")?.map(|text| sealed::read_headers(&text).ok_or_else(|| unreadable("headers"))).transpose()?;
    let secret = open("secret")?.map(Secret::restore);
    Ok(Webhook {
        version: row.of("version")?,
        portal_id: PortalId(row.of("portal_id")?),
        name: row.of("name")?,
        url: row.read("url", |text| WebhookUrl::restore(text).ok())?,
        secret,
        previous_secrets: previous.into_iter().chain(earlier.unwrap_or_default()).collect(),
        event_types: row.read("event_types", read_event_types)?,
        status: row.read("status", WebhookStatus::read)?,
        timestamp_unit: row.read("timestamp_unit", read_unit)?,
        oauth2,
        integration_system_id: row.of("integration_system_id")?,
        rate_limit: rate_limit(row)?,
        headers: headers.unwrap_or_default(),
        created_by: UserAccountId(row.of("created_by")?),
        updated_by: UserAccountId(row.of("updated_by")?),
        created_at: row.at("created_at")?,
        updated_at: row.at("updated_at")?,
        id,
    })
}

/// Reads how fast a webhook may be told.
pub(crate) fn rate_limit(row: &Row<'_>) -> Result<Option<RateLimit>, VerbError> {
    let requests: Option<u32> = row.of("rate_limit")?;
    requests.map(|requests| RateLimit::per_second(requests).map_err(|_| unreadable("rate_limit"))).transpose()
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
