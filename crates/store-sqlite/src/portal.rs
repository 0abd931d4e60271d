//! Portals.

use async_trait::async_trait;
use domain::change::Change;
use domain::id::PortalId;
use domain::portal::{Portal, PortalDomain, PortalKind};
use domain::user_account::UserAccount;
use sqlite::rusqlite::{Connection, Row, params};
use store::error::{Result, StoreError};
use store::page::{Listed, PageRequest};
use store::portal::{PortalFilter, Portals};

use crate::SqliteStore;
use crate::error::{VerbError, expect_one, on_duplicate};
use crate::query::{Conditions, Listing, direction, row};
use crate::row::RowExt;
use crate::user_account;

const COLUMNS: &str = "id, version, partner_id, kind, name, domain, timezone, country, industry, company_size,
    external_customer_id, child_enrollment_events, created_at, updated_at";

#[async_trait]
impl Portals for SqliteStore {
    async fn find_portal(&self, id: PortalId) -> Result<Option<Portal>> {
        self.read("find_portal", |connection| find(connection, id))
    }

    async fn list_customers(
        &self,
        partner_id: PortalId,
        filter: &PortalFilter,
        page: PageRequest,
    ) -> Result<Listed<Portal>> {
        list(self, "list_customers", Some(partner_id), filter, page).await
    }

    async fn list_portals(&self, filter: &PortalFilter, page: PageRequest) -> Result<Listed<Portal>> {
        list(self, "list_portals", None, filter, page).await
    }

    async fn save_portal(&self, change: Change<Portal>) -> Result<()> {
        self.write("save_portal", move |connection| save(connection, &change.after)).await
    }

    async fn save_new_portal(&self, portal: Change<Portal>, administrator: Change<UserAccount>) -> Result<()> {
        let verb = move |connection: &Connection| {
            save(connection, &portal.after)?;
            user_account::save(connection, &administrator.after)
        };
        self.write("save_new_portal", verb).await
    }
}

async fn list(
    store: &SqliteStore,
    verb: &'static str,
    partner_id: Option<PortalId>,
    filter: &PortalFilter,
    page: PageRequest,
) -> Result<Listed<Portal>> {
    let mut conditions = Conditions::default();
    conditions.with("partner_id = ?", partner_id.map(|id| id.0));
    conditions.one_of("id", filter.ids.as_ref().map(|ids| ids.iter().map(|id| id.0)));
    conditions.contains("name domain", filter.keyword.as_deref());
    let order = direction(filter.order);
    let order = format!("created_at {order}, id {order}");
    store
        .scan(verb, move |connection| {
            Listing { verb, columns: COLUMNS, from: "portals", conditions, order }.page(connection, page, decode)
        })
        .await
}

pub(crate) fn find(connection: &Connection, id: PortalId) -> Result<Option<Portal>, VerbError> {
    let sql = format!("-- find_portal\nSELECT {COLUMNS}\nFROM portals\nWHERE id = ?1");
    row(connection, &sql, &[&id.0], decode)
}

fn save(connection: &Connection, portal: &Portal) -> Result<(), VerbError> {
    let taken = on_duplicate(StoreError::Taken("domain"));
    let sql = if portal.version == 0 {
        "-- save_portal (new)
        INSERT INTO portals (version, partner_id, kind, name, domain, timezone, country, industry, company_size,
            external_customer_id, child_enrollment_events, created_at, updated_at, id)
        VALUES (?2 + 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?1)"
    } else {
        "-- save_portal
        UPDATE portals
        SET version = ?2 + 1, partner_id = ?3, kind = ?4, name = ?5, domain = ?6, timezone = ?7, country = ?8,
            industry = ?9, company_size = ?10, external_customer_id = ?11, child_enrollment_events = ?12,
            created_at = ?13, updated_at = ?14
        WHERE id = ?1 AND version = ?2"
    };
    let changed = connection
        .prepare_cached(sql)?
        .execute(params![
            portal.id.0,
            portal.version,
            portal.partner_id.map(|id| id.0),
            portal.kind.as_str(),
            portal.name,
            portal.domain.as_str(),
            portal.timezone,
            portal.country,
            portal.industry,
            portal.company_size,
            portal.external_customer_id,
            portal.child_enrollment_events,
            portal.created_at.as_millisecond(),
            portal.updated_at.as_millisecond(),
        ])
        .map_err(taken)?;
    expect_one(changed)
}

fn decode(row: &Row<'_>) -> Result<Portal, VerbError> {
    Ok(Portal {
        id: PortalId(row.of("id")?),
        version: row.of("version")?,
        partner_id: row.of::<Option<i64>>("partner_id")?.map(PortalId),
        kind: row.read("kind", PortalKind::read)?,
        name: row.of("name")?,
        domain: row.read("domain", |text| PortalDomain::parse(text).ok())?,
        timezone: row.of("timezone")?,
        country: row.of("country")?,
        industry: row.of("industry")?,
        company_size: row.of("company_size")?,
        external_customer_id: row.of("external_customer_id")?,
        child_enrollment_events: row.of("child_enrollment_events")?,
        created_at: row.at("created_at")?,
        updated_at: row.at("updated_at")?,
    })
}
