//! OAuth clients and the tokens that they were given.

use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use domain::id::{ClientId, PortalId, UserAccountId};
use domain::oauth::{CLIENTS_PER_PORTAL_MAX, Digest, OauthClient, REFRESH_RACE_FOR, Scopes, Token, TokenKind};
use jiff::Timestamp;
use sqlite::rusqlite::{Connection, Row, params};
use store::credential::Credentials;
use store::error::{Result, StoreError};

use crate::SqliteStore;
use crate::error::{VerbError, expect_one};
use crate::query::{row, rows};
use crate::row::{RowExt, unreadable};

const CLIENT: &str =
    "id, portal_id, user_account_id, name, redirect_uri, secret_digest, scopes, created_at, revoked_at";
const TOKEN: &str =
    "digest, kind, client_id, tokens.portal_id, tokens.user_account_id, tokens.scopes, tokens.created_at, expires_at";

/// Whether a token acts through an account that is not blocked, and was not since it was made.
const IS_LET_IN: &str =
    "user_accounts.active AND (tokens_ended_at IS NULL OR tokens.created_at > user_accounts.tokens_ended_at)";

/// How often something was ended on this node.
#[derive(Debug, Default)]
pub(crate) struct Endings(AtomicU64);

impl Endings {
    /// Something is ended, on disk.
    pub(crate) fn add_one(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl store::credential::Endings for SqliteStore {
    fn count_endings(&self) -> u64 {
        self.endings.0.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Credentials for SqliteStore {
    async fn find_oauth_client(&self, id: &ClientId) -> Result<Option<OauthClient>> {
        // Without a client of that id its neighbour is read, so that nobody can tell by the time it takes which ids there are.
        let sql = format!(
            "-- find_oauth_client
            SELECT {CLIENT}
            FROM oauth_clients
            WHERE id = coalesce(
                (SELECT max(id) FROM oauth_clients WHERE id <= ?1),
                (SELECT max(id) FROM oauth_clients)
            )"
        );
        let found =
            self.read("find_oauth_client", |connection| row(connection, &sql, &[&id.as_str()], decode_client))?;
        Ok(found.filter(|client| client.id == *id))
    }

    async fn list_oauth_clients(&self, portal_id: PortalId) -> Result<Vec<OauthClient>> {
        let sql = format!(
            "-- list_oauth_clients
            SELECT {CLIENT}
            FROM oauth_clients
            WHERE portal_id = ?1 AND revoked_at IS NULL
            ORDER BY created_at, id"
        );
        self.read("list_oauth_clients", |connection| rows(connection, &sql, [portal_id.0], decode_client))
    }

    async fn save_oauth_client(&self, client: OauthClient) -> Result<()> {
        self.write("save_oauth_client", move |connection| save_client(connection, &client)).await
    }

    async fn expire_oauth_client(&self, portal_id: PortalId, id: &ClientId, at: Timestamp) -> Result<bool> {
        let id = id.clone();
        let verb = move |connection: &Connection| {
            let changed = connection
                .prepare_cached(
                    "-- expire_oauth_client
                    UPDATE oauth_clients
                    SET revoked_at = ?3
                    WHERE id = ?1 AND portal_id = ?2 AND revoked_at IS NULL",
                )?
                .execute((id.as_str(), portal_id.0, at.as_millisecond()))?;
            Ok(changed == 1)
        };
        let endings = self.endings.clone();
        let write = self.recorded(verb, |revoked| *revoked);
        self.written("expire_oauth_client", write, move |_| endings.add_one()).await
    }

    async fn save_tokens(&self, tokens: Vec<Token>) -> Result<()> {
        let verb = move |connection: &Connection| tokens.iter().try_for_each(|token| save_token(connection, token));
        self.write("save_tokens", verb).await
    }

    async fn find_access_token(&self, digest: &Digest, now: Timestamp) -> Result<Option<Token>> {
        let sql = format!(
            "-- find_access_token
            SELECT {TOKEN}
            FROM tokens
            JOIN oauth_clients ON oauth_clients.id = tokens.client_id
            JOIN user_accounts ON user_accounts.id = tokens.user_account_id
            WHERE digest = ?1 AND kind = 'access' AND expires_at > ?2 AND revoked_at IS NULL AND {IS_LET_IN}"
        );
        self.read("find_access_token", |connection| {
            row(connection, &sql, &[&digest.0, &now.as_millisecond()], decode_token)
        })
    }

    async fn find_refresh_token(&self, digest: &Digest, now: Timestamp) -> Result<Option<Token>> {
        self.read("find_refresh_token", |connection| find_refresh_token(connection, digest, now))
    }

    async fn save_refreshed_tokens(&self, spent: &Digest, tokens: Vec<Token>, now: Timestamp) -> Result<bool> {
        let spent = *spent;
        let verb = move |connection: &Connection| {
            if find_refresh_token(connection, &spent, now)?.is_none() {
                return Ok(false);
            }
            connection
                .prepare_cached(
                    "-- save_refreshed_tokens
                    UPDATE tokens
                    SET used_at = ?2
                    WHERE digest = ?1 AND used_at IS NULL",
                )?
                .execute((spent.0, now.as_millisecond()))?;
            tokens.iter().try_for_each(|token| save_token(connection, token))?;
            Ok(true)
        };
        self.write("save_refreshed_tokens", verb).await
    }

    async fn expire_token(&self, digest: &Digest, at: Timestamp) -> Result<()> {
        let digest = *digest;
        let verb = move |connection: &Connection| {
            connection
                .prepare_cached(
                    "-- expire_token
                    UPDATE tokens
                    SET expires_at = min(expires_at, ?2)
                    WHERE digest = ?1",
                )?
                .execute((digest.0, at.as_millisecond()))?;
            Ok(())
        };
        self.write("expire_token", verb).await
    }

    async fn prune_tokens(&self, before: Timestamp, limit: u32) -> Result<u64> {
        let verb = move |connection: &Connection| {
            let pruned = connection
                .prepare_cached(
                    "-- prune_tokens
                    DELETE FROM tokens
                    WHERE digest IN (SELECT digest FROM tokens WHERE expires_at < ?1 ORDER BY expires_at LIMIT ?2)",
                )?
                .execute((before.as_millisecond(), limit))?;
            Ok(pruned as u64)
        };
        self.write("prune_tokens", verb).await
    }
}

fn save_client(connection: &Connection, client: &OauthClient) -> Result<(), VerbError> {
    let sql = "-- save_oauth_client (limit)
        SELECT count(*)
        FROM oauth_clients
        WHERE portal_id = ?1 AND revoked_at IS NULL";
    let there: i64 = connection.prepare_cached(sql)?.query_row([client.portal_id.0], |row| row.get(0))?;
    if there.unsigned_abs() >= CLIENTS_PER_PORTAL_MAX as u64 {
        return Err(StoreError::LimitReached(CLIENTS_PER_PORTAL_MAX).into());
    }
    let changed = connection
        .prepare_cached(
            "-- save_oauth_client
            INSERT INTO oauth_clients (id, portal_id, user_account_id, name, redirect_uri, secret_digest, scopes, created_at,
                revoked_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            client.id.as_str(),
            client.portal_id.0,
            client.user_account_id.0,
            client.name,
            client.redirect_uri,
            client.secret_digest.0,
            client.scopes.to_string(),
            client.created_at.as_millisecond(),
            client.revoked_at.map(Timestamp::as_millisecond),
        ])?;
    expect_one(changed)
}

/// A token that is there already stays as it is: two uses of one refresh token at once give the same pair (decision 31).
fn save_token(connection: &Connection, token: &Token) -> Result<(), VerbError> {
    connection
        .prepare_cached(
            "-- save_tokens
            INSERT INTO tokens (digest, kind, client_id, portal_id, user_account_id, scopes, created_at, expires_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            ON CONFLICT (digest) DO NOTHING",
        )?
        .execute(params![
            token.digest.0,
            write_kind(token.kind),
            token.client_id.as_str(),
            token.portal_id.0,
            token.user_account_id.0,
            token.scopes.to_string(),
            token.created_at.as_millisecond(),
            token.expires_at.as_millisecond(),
        ])?;
    Ok(())
}

fn find_refresh_token(connection: &Connection, digest: &Digest, now: Timestamp) -> Result<Option<Token>, VerbError> {
    let sql = format!(
        "-- find_refresh_token
        SELECT {TOKEN}
        FROM tokens
        JOIN oauth_clients ON oauth_clients.id = tokens.client_id
        JOIN user_accounts ON user_accounts.id = tokens.user_account_id
        WHERE digest = ?1 AND kind = 'refresh' AND expires_at > ?2 AND revoked_at IS NULL AND {IS_LET_IN}
            AND (used_at IS NULL OR used_at > ?3)"
    );
    let race_began = now.saturating_sub(REFRESH_RACE_FOR).expect("a minute ago is an instant").as_millisecond();
    row(connection, &sql, &[&digest.0, &now.as_millisecond(), &race_began], decode_token)
}

fn write_kind(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::Access => "access",
        TokenKind::Refresh => "refresh",
    }
}

fn read_kind(text: &str) -> Option<TokenKind> {
    [TokenKind::Access, TokenKind::Refresh].into_iter().find(|kind| write_kind(*kind) == text)
}

fn digest(row: &Row<'_>, column: &str) -> Result<Digest, VerbError> {
    row.of::<Vec<u8>>(column)?.try_into().map(Digest).map_err(|_| unreadable(column))
}

fn scopes(row: &Row<'_>) -> Result<Scopes, VerbError> {
    row.read("scopes", |text| Scopes::read(text).ok())
}

fn decode_client(row: &Row<'_>) -> Result<OauthClient, VerbError> {
    Ok(OauthClient {
        id: row.id("id")?,
        portal_id: PortalId(row.of("portal_id")?),
        user_account_id: UserAccountId(row.of("user_account_id")?),
        name: row.of("name")?,
        redirect_uri: row.of("redirect_uri")?,
        secret_digest: digest(row, "secret_digest")?,
        scopes: scopes(row)?,
        created_at: row.at("created_at")?,
        revoked_at: row.at_or_null("revoked_at")?,
    })
}

fn decode_token(row: &Row<'_>) -> Result<Token, VerbError> {
    Ok(Token {
        digest: digest(row, "digest")?,
        kind: row.read("kind", read_kind)?,
        client_id: row.id("client_id")?,
        portal_id: PortalId(row.of("portal_id")?),
        user_account_id: UserAccountId(row.of("user_account_id")?),
        scopes: scopes(row)?,
        created_at: row.at("created_at")?,
        expires_at: row.at("expires_at")?,
    })
}
