//! User accounts.

use async_trait::async_trait;
use domain::change::Change;
use domain::id::{PortalId, UserAccountId};
use domain::user_account::{EmailAddress, Role, UserAccount};
use sqlite::rusqlite::{Connection, Row, params};
use store::error::{Result, StoreError};
use store::page::{Listed, PageRequest};
use store::user_account::{UserAccountFilter, UserAccounts};

use crate::SqliteStore;
use crate::error::{VerbError, expect_one, on_duplicate};
use crate::query::{Conditions, Listing, row};
use crate::row::RowExt;

pub(crate) const COLUMNS: &str =
    "id, version, portal_id, guid, email, given_name, family_name, username, roles, active,
    external_user_id, created_at, updated_at";

#[async_trait]
impl UserAccounts for SqliteStore {
    async fn find_user_account(&self, portal_id: PortalId, id: UserAccountId) -> Result<Option<UserAccount>> {
        let sql =
            format!("-- find_user_account\nSELECT {COLUMNS}\nFROM user_accounts\nWHERE id = ?1 AND portal_id = ?2");
        self.read("find_user_account", |connection| row(connection, &sql, &[&id.0, &portal_id.0], decode))
    }

    async fn list_user_accounts(
        &self,
        portal_id: PortalId,
        filter: &UserAccountFilter,
        page: PageRequest,
    ) -> Result<Listed<UserAccount>> {
        let verb = "list_user_accounts";
        let mut conditions = Conditions::default();
        conditions.with("portal_id = ?", Some(portal_id.0));
        conditions.with("email = ?", filter.email.clone());
        conditions.with("given_name = ? COLLATE NOCASE", filter.given_name.clone());
        conditions.with("family_name = ? COLLATE NOCASE", filter.family_name.clone());
        conditions.names_one_of("roles", filter.roles.as_ref().map(|roles| roles.iter().map(|role| role.name())));
        let order = "created_at, id".to_owned();
        self.scan(verb, move |connection| {
            Listing { verb, columns: COLUMNS, from: "user_accounts", conditions, order }.page(connection, page, decode)
        })
        .await
    }

    async fn save_user_account(&self, change: Change<UserAccount>) -> Result<()> {
        let blocks = !change.after.active;
        let endings = self.endings.clone();
        let note = move |(): &()| {
            if blocks {
                endings.add_one()
            }
        };
        self.write_then("save_user_account", move |connection| save(connection, &change.after), note).await
    }
}

pub(crate) fn save(connection: &Connection, account: &UserAccount) -> Result<(), VerbError> {
    let taken = on_duplicate(StoreError::Taken("email"));
    let sql = if account.version == 0 {
        "-- save_user_account (new)
        INSERT INTO user_accounts (version, portal_id, guid, email, given_name, family_name, username, roles, active,
            external_user_id, created_at, updated_at, id)
        VALUES (?2 + 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?1)"
    } else {
        "-- save_user_account
        UPDATE user_accounts
        SET version = ?2 + 1, guid = ?4, email = ?5, given_name = ?6, family_name = ?7, username = ?8, roles = ?9,
            active = ?10, external_user_id = ?11, created_at = ?12, updated_at = ?13,
            tokens_ended_at = CASE WHEN ?10 THEN tokens_ended_at ELSE ?13 END
        WHERE id = ?1 AND version = ?2 AND portal_id = ?3"
    };
    let roles = account.roles.iter().map(|role| role.name()).collect::<Vec<_>>().join(",");
    let changed = connection
        .prepare_cached(sql)?
        .execute(params![
            account.id.0,
            account.version,
            account.portal_id.0,
            account.guid.as_str(),
            account.email.as_str(),
            account.given_name,
            account.family_name,
            account.username,
            roles,
            account.active,
            account.external_user_id,
            account.created_at.as_millisecond(),
            account.updated_at.as_millisecond(),
        ])
        .map_err(taken)?;
    expect_one(changed)
}

pub(crate) fn decode(row: &Row<'_>) -> Result<UserAccount, VerbError> {
    Ok(UserAccount {
        id: UserAccountId(row.of("id")?),
        version: row.of("version")?,
        portal_id: PortalId(row.of("portal_id")?),
        guid: row.id("guid")?,
        email: row.read("email", |text| EmailAddress::parse(text).ok())?,
        given_name: row.of("given_name")?,
        family_name: row.of("family_name")?,
        username: row.of("username")?,
        roles: row.read("roles", |text| text.split(',').map(Role::read).collect())?,
        active: row.of("active")?,
        external_user_id: row.of("external_user_id")?,
        created_at: row.at("created_at")?,
        updated_at: row.at("updated_at")?,
    })
}
