//! Makes tokens. Their texts are 256 random bits and are stored nowhere; what is stored is a digest.

use contract::api::oauth::TokenResponse;
use domain::id::{ClientId, PortalId, UserAccountId};
use domain::oauth::{ACCESS_TOKEN_FOR, Digest, REFRESH_TOKEN_FOR, Scopes, Token, TokenKind};
use jiff::SignedDuration;
use store::error::StoreError;
use store::keyring::{ACCESS_TOKEN, REFRESH_TOKEN};

use crate::gateway::Gateway;

/// How many hex digits hold 256 bits.
const TOKEN_LENGTH: usize = 64;

/// Whom a token speaks for, and what for.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) client_id: ClientId,
    pub(crate) portal_id: PortalId,
    pub(crate) user_account_id: UserAccountId,
    /// What the access token may be used for.
    pub(crate) scopes: Scopes,
}

/// The texts of a pair of tokens.
pub(crate) struct Pair {
    access: String,
    refresh: String,
}

impl Pair {
    /// A pair that nobody has.
    pub(crate) fn draw(gateway: &Gateway) -> Self {
        Pair { access: gateway.random.hex(TOKEN_LENGTH), refresh: gateway.random.hex(TOKEN_LENGTH) }
    }

    /// The pair that takes the place of a refresh token: always the same, so that of two uses that race both get it
    /// (decision 31). Nobody without the keys of the platform can tell it from the refresh token.
    pub(crate) fn after(gateway: &Gateway, refresh_token: &str) -> Self {
        let derived = |purpose| {
            let digest = gateway.keyring.digest(purpose, refresh_token);
            digest.0.iter().map(|byte| format!("{byte:02x}")).collect()
        };
        Pair { access: derived("next access token"), refresh: derived("next refresh token") }
    }
}

/// An access token alone, for a client that can have another whenever it wants.
pub(crate) async fn access(gateway: &Gateway, grant: &Grant) -> Result<TokenResponse, StoreError> {
    let text = gateway.random.hex(TOKEN_LENGTH);
    gateway.store.save_tokens(vec![token(gateway, TokenKind::Access, &text, grant, grant.scopes)]).await?;
    crash::point!("api/token-saved");
    Ok(response(text, None))
}

/// The pair that takes the place of the refresh token with the digest `spent`; `None` if that is not good any more.
pub(crate) async fn refreshed(
    gateway: &Gateway,
    spent: &Digest,
    pair: Pair,
    grant: &Grant,
    refresh_scopes: Scopes,
) -> Result<Option<TokenResponse>, StoreError> {
    let tokens = tokens(gateway, &pair, grant, refresh_scopes);
    let is_stored = gateway.store.save_refreshed_tokens(spent, tokens, gateway.now()).await?;
    Ok(is_stored.then(|| response(pair.access, Some(pair.refresh))))
}

/// A pair of tokens. The refresh token keeps `refresh_scopes`, within which later access tokens may be asked for.
pub(crate) async fn pair(
    gateway: &Gateway,
    pair: Pair,
    grant: &Grant,
    refresh_scopes: Scopes,
) -> Result<TokenResponse, StoreError> {
    gateway.store.save_tokens(tokens(gateway, &pair, grant, refresh_scopes)).await?;
    Ok(response(pair.access, Some(pair.refresh)))
}

fn tokens(gateway: &Gateway, pair: &Pair, grant: &Grant, refresh_scopes: Scopes) -> Vec<Token> {
    vec![
        token(gateway, TokenKind::Access, &pair.access, grant, grant.scopes),
        token(gateway, TokenKind::Refresh, &pair.refresh, grant, refresh_scopes),
    ]
}

fn token(gateway: &Gateway, kind: TokenKind, text: &str, grant: &Grant, scopes: Scopes) -> Token {
    let (purpose, good_for): (_, SignedDuration) = match kind {
        TokenKind::Access => (ACCESS_TOKEN, ACCESS_TOKEN_FOR),
        TokenKind::Refresh => (REFRESH_TOKEN, REFRESH_TOKEN_FOR),
    };
    let now = gateway.now();
    Token {
        digest: gateway.keyring.digest(purpose, text),
        kind,
        client_id: grant.client_id.clone(),
        portal_id: grant.portal_id,
        user_account_id: grant.user_account_id,
        scopes,
        created_at: now,
        expires_at: now.saturating_add(good_for).expect("months from now are an instant"),
    }
}

fn response(access_token: String, refresh_token: Option<String>) -> TokenResponse {
    TokenResponse {
        token_type: "Bearer".to_owned(),
        expires_in: ACCESS_TOKEN_FOR.as_secs().unsigned_abs(),
        access_token,
        refresh_token,
    }
}
