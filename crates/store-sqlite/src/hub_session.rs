//! Sessions of people who are signed in to the Hub.

use async_trait::async_trait;
use domain::hub_session::{HubSession, IDLE_FOR, LASTS_FOR};
use domain::id::{PortalId, UserAccountId};
use domain::oauth::Digest;
use domain::user_account::UserAccount;
use jiff::{SignedDuration, Timestamp};
use sqlite::rusqlite::{Connection, Row};
use store::error::Result;
use store::hub_session::HubSessions;

use crate::SqliteStore;
use crate::error::VerbError;
use crate::query::row;
use crate::row::RowExt;
use crate::user_account;

#[async_trait]
impl HubSessions for SqliteStore {
    async fn save_hub_session(&self, session: HubSession) -> Result<()> {
        let verb = move |connection: &Connection| {
            connection
                .prepare_cached(
                    "-- save_hub_session
                    INSERT INTO hub_sessions (digest, portal_id, user_account_id, created_at, used_at)
                    VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute((
                    session.digest.0,
                    session.portal_id.0,
                    session.user_account_id.0,
                    session.created_at.as_millisecond(),
                    session.used_at.as_millisecond(),
                ))?;
            Ok(())
        };
        self.write("save_hub_session", verb).await
    }

    async fn find_hub_session(&self, digest: &Digest, now: Timestamp) -> Result<Option<(HubSession, UserAccount)>> {
        let columns = user_account::COLUMNS
            .replace("created_at", "user_accounts.created_at")
            .replace("portal_id", "user_accounts.portal_id");
        let sql = format!(
            "-- find_hub_session
            SELECT {columns}, digest, hub_sessions.created_at AS began_at, used_at
            FROM hub_sessions
            JOIN user_accounts ON id = user_account_id AND user_accounts.portal_id = hub_sessions.portal_id
            WHERE digest = ?1 AND (tokens_ended_at IS NULL OR hub_sessions.created_at > tokens_ended_at)"
        );
        let found = self.read("find_hub_session", |connection| row(connection, &sql, &[&digest.0], decode))?;
        Ok(found.filter(|(session, account)| !session.is_over(now) && account.may_sign_in()))
    }

    async fn renew_hub_session(&self, digest: &Digest, now: Timestamp) -> Result<()> {
        let digest = *digest;
        let verb = move |connection: &Connection| {
            connection
                .prepare_cached(
                    "-- renew_hub_session
                    UPDATE hub_sessions
                    SET used_at = ?2
                    WHERE digest = ?1",
                )?
                .execute((digest.0, now.as_millisecond()))?;
            Ok(())
        };
        self.write("renew_hub_session", verb).await
    }

    async fn expire_hub_session(&self, digest: &Digest) -> Result<()> {
        let digest = *digest;
        let verb = move |connection: &Connection| {
            connection
                .prepare_cached("-- expire_hub_session\nDELETE FROM hub_sessions\nWHERE digest = ?1")?
                .execute([digest.0])?;
            Ok(())
        };
        self.write("expire_hub_session", verb).await
    }

    async fn prune_hub_sessions(&self, now: Timestamp, limit: u32) -> Result<u64> {
        let ago = |span: SignedDuration| now.saturating_sub(span).unwrap_or(Timestamp::MIN).as_millisecond();
        let (idle, old) = (ago(IDLE_FOR), ago(LASTS_FOR));
        let verb = move |connection: &Connection| {
            let pruned = connection
                .prepare_cached(
                    "-- prune_hub_sessions
                    DELETE FROM hub_sessions
                    WHERE digest IN (
                        SELECT digest
                        FROM hub_sessions
                        WHERE used_at <= ?1 OR created_at <= ?2
                        LIMIT ?3
                    )",
                )?
                .execute((idle, old, limit))?;
            Ok(pruned as u64)
        };
        self.write("prune_hub_sessions", verb).await
    }
}

fn decode(row: &Row<'_>) -> Result<(HubSession, UserAccount), VerbError> {
    let account = user_account::decode(row)?;
    let session = HubSession {
        digest: Digest(row.of("digest")?),
        portal_id: PortalId(account.portal_id.0),
        user_account_id: UserAccountId(account.id.0),
        created_at: row.at("began_at")?,
        used_at: row.at("used_at")?,
    };
    Ok((session, account))
}
