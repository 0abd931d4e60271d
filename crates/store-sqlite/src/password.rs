//! Passwords of people.

use async_trait::async_trait;
use domain::id::{PortalId, UserAccountId};
use domain::password::{Cost, PasswordHash};
use domain::user_account::UserAccount;
use jiff::Timestamp;
use sqlite::rusqlite::{Connection, Row};
use store::error::Result;
use store::password::{Passwords, SAME_ADDRESS_MAX};

use crate::SqliteStore;
use crate::error::{VerbError, expect_one};
use crate::query::rows;
use crate::row::{RowExt, unreadable};
use crate::user_account;

#[async_trait]
impl Passwords for SqliteStore {
    async fn find_passwords(&self, email: &str) -> Result<Vec<(UserAccount, PasswordHash)>> {
        let sql = format!(
            "-- find_passwords
            SELECT {}, salt, hash, memory_kib, passes, lanes
            FROM user_accounts
            JOIN passwords ON user_account_id = id
            WHERE email = ?1 AND roles <> 'Learner' AND active = 1
            ORDER BY id
            LIMIT ?2",
            user_account::COLUMNS.replace("updated_at", "user_accounts.updated_at")
        );
        self.read("find_passwords", |connection| rows(connection, &sql, (email, SAME_ADDRESS_MAX), decode))
    }

    async fn save_password(
        &self,
        portal_id: PortalId,
        user_account_id: UserAccountId,
        password: PasswordHash,
        at: Timestamp,
    ) -> Result<()> {
        let verb = move |connection: &Connection| {
            save(connection, portal_id, user_account_id, &password, at)?;
            connection
                .prepare_cached(
                    "-- save_password (sessions)
                    DELETE FROM hub_sessions
                    WHERE user_account_id = ?1",
                )?
                .execute([user_account_id.0])?;
            Ok(())
        };
        self.write("save_password", verb).await
    }
}

fn save(
    connection: &Connection,
    portal_id: PortalId,
    id: UserAccountId,
    password: &PasswordHash,
    at: Timestamp,
) -> Result<(), VerbError> {
    let PasswordHash { cost, salt, hash } = password;
    let saved = connection
        .prepare_cached(
            "-- save_password
            INSERT INTO passwords (user_account_id, salt, hash, memory_kib, passes, lanes, updated_at)
            SELECT id, ?3, ?4, ?5, ?6, ?7, ?8
            FROM user_accounts
            WHERE id = ?1 AND portal_id = ?2
            ON CONFLICT (user_account_id) DO UPDATE
            SET salt = ?3, hash = ?4, memory_kib = ?5, passes = ?6, lanes = ?7, updated_at = ?8",
        )?
        .execute((id.0, portal_id.0, salt, hash, cost.memory_kib, cost.passes, cost.lanes, at.as_millisecond()))?;
    expect_one(saved)
}

fn decode(row: &Row<'_>) -> Result<(UserAccount, PasswordHash), VerbError> {
    let cost = Cost::read(row.of("memory_kib")?, row.of("passes")?, row.of("lanes")?);
    let hash = PasswordHash {
        cost: cost.ok_or_else(|| unreadable("memory_kib"))?,
        salt: row.of("salt")?,
        hash: row.of("hash")?,
    };
    Ok((user_account::decode(row)?, hash))
}
