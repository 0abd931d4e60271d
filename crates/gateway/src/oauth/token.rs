//! `POST /oauth/token`

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use contract::api::idempotency::ACCEPT_HEADER;
use contract::api::oauth::{TokenError, TokenRequest, TokenResponse};
use domain::oauth::{OauthClient, Scopes};
use store::idempotency::KEPT_FOR;
use store::keyring::REFRESH_TOKEN;

use super::issue::{self, Grant, Pair};
use super::refusal::TokenRefusal;
use super::{client, form};
use crate::gateway::Gateway;

/// Gives a token.
///
/// `client_credentials` gives an access token of the client's portal. `refresh_token` gives another pair, once; for 60
/// seconds a second use gives the same pair. The body may be urlencoded, multipart or JSON; the client may also
/// authenticate by Basic. It takes no `Idempotency-Key`: a second token harms nobody. The header `Accept-Idempotency-Key` of its
/// answer says that other POSTs do, and for how many seconds a key is known.
#[utoipa::path(
    post, path = "/oauth/token", operation_id = "create_token", tag = "OAuth",
    request_body(content(
        (TokenRequest = "application/x-www-form-urlencoded"),
        (TokenRequest = "multipart/form-data"),
        (TokenRequest = "application/json"),
    )),
    responses(
        (status = 200, body = TokenResponse),
        (status = 400, body = TokenError),
        (status = 429, body = TokenError, description = "Too many have failed to authenticate: from this address, or as this client."),
    )
)]
pub(crate) async fn token(State(gateway): State<Gateway>, request: Request) -> Result<impl IntoResponse, TokenRefusal> {
    let headers = request.headers().clone();
    let address = gateway.limits.origin(&headers, request.extensions());
    let asked: TokenRequest = form::read(&gateway, request).await?;
    let response = match asked.grant_type.as_deref() {
        Some("client_credentials") => {
            let client = client::authenticate(&gateway, &headers, address, &asked).await?;
            by_client_credentials(&gateway, client, &asked).await?
        }
        Some("refresh_token") => {
            let client = client::authenticate(&gateway, &headers, address, &asked).await?;
            by_refresh_token(&gateway, client, &asked).await?
        }
        Some(other) => return Err(TokenRefusal::unsupported_grant_type(other)),
        None => {
            let hint = "Use client_credentials or refresh_token.";
            return Err(TokenRefusal::invalid_request("The field grant_type is missing.", hint));
        }
    };
    // As RFC 6749 has it: a token is not for any cache.
    let cache = (header::CACHE_CONTROL.as_str(), HeaderValue::from_static("no-store"));
    let keys = (ACCEPT_HEADER, HeaderValue::from(KEPT_FOR.as_secs()));
    Ok(([cache, keys], Json(response)))
}

async fn by_client_credentials(
    gateway: &Gateway,
    client: OauthClient,
    asked: &TokenRequest,
) -> Result<TokenResponse, TokenRefusal> {
    let grant = Grant {
        scopes: scopes(asked, client.scopes)?,
        client_id: client.id,
        portal_id: client.portal_id,
        user_account_id: client.user_account_id,
    };
    Ok(issue::access(gateway, &grant).await?)
}

async fn by_refresh_token(
    gateway: &Gateway,
    client: OauthClient,
    asked: &TokenRequest,
) -> Result<TokenResponse, TokenRefusal> {
    let text = asked.refresh_token.as_deref().ok_or_else(|| {
        TokenRefusal::invalid_request("The field refresh_token is missing.", "It came with the token before.")
    })?;
    let digest = gateway.keyring.digest(REFRESH_TOKEN, text);
    let found = gateway.store.find_refresh_token(&digest, gateway.now()).await?;
    let token = found.filter(|token| token.client_id == client.id).ok_or_else(TokenRefusal::invalid_grant)?;
    let grant = Grant {
        scopes: scopes(asked, token.scopes)?,
        client_id: client.id,
        portal_id: token.portal_id,
        user_account_id: token.user_account_id,
    };
    let pair = Pair::after(gateway, text);
    issue::refreshed(gateway, &digest, pair, &grant, token.scopes).await?.ok_or_else(TokenRefusal::invalid_grant)
}

/// What is asked for, if it may be had; all of that if nothing is asked for.
fn scopes(asked: &TokenRequest, may_have: Scopes) -> Result<Scopes, TokenRefusal> {
    let Some(text) = asked.scope.as_deref().filter(|text| !text.trim().is_empty()) else { return Ok(may_have) };
    let scopes = Scopes::read(text)
        .map_err(|unknown| TokenRefusal::invalid_scope(format!("The scope {unknown:?} is unknown.")))?;
    if scopes.are_within(may_have) {
        return Ok(scopes);
    }
    let denied: Scopes = scopes.iter().filter(|&scope| !may_have.contains(scope)).collect();
    Err(TokenRefusal::invalid_scope(format!("The client may not have: {denied}.")))
}
