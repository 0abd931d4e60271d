//! Which client asks, and whether it is the one.

use std::net::IpAddr;

use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use contract::api::oauth::TokenRequest;
use domain::id::ClientId;
use domain::oauth::{Digest, OauthClient};
use store::keyring::CLIENT_SECRET;

use super::refusal::TokenRefusal;
use crate::gateway::Gateway;
use crate::limit::Trying;

const HINT: &str = "Send client_id and client_secret in the body, or by Basic authentication.";

/// The client that a request names, if the secret is its own and the account that it acts through is not blocked.
///
/// Whether the client is not there, is revoked or has another secret can be told neither from the answer nor from the
/// time it takes: the digest is always computed, and compared in constant time.
pub(crate) async fn authenticate(
    gateway: &Gateway,
    headers: &HeaderMap,
    address: Option<IpAddr>,
    request: &TokenRequest,
) -> Result<OauthClient, TokenRefusal> {
    let (id, secret) = named(headers, request)?;
    let trying = Trying { address, client_id: id.parse::<ClientId>().ok() };
    gateway.limits.may_try(&trying, gateway.now())?;
    let digest = gateway.keyring.digest(CLIENT_SECRET, &secret);
    let found = match &trying.client_id {
        Some(id) => gateway.store.find_oauth_client(id).await?,
        None => None,
    };
    let expected = found.as_ref().map_or(Digest([0; 32]), |client| client.secret_digest);
    let matches = digest.matches(&expected);
    let client = found.filter(|client| matches && client.revoked_at.is_none()).ok_or_else(|| {
        gateway.limits.failed(&trying, gateway.now());
        TokenRefusal::invalid_client()
    })?;
    let account = gateway.store.find_user_account(client.portal_id, client.user_account_id).await?;
    match account.is_some_and(|account| account.active) {
        true => Ok(client),
        false => Err(TokenRefusal::blocked()),
    }
}

/// The id and the secret: of the header if it has them, else of the body.
fn named(headers: &HeaderMap, request: &TokenRequest) -> Result<(String, String), TokenRefusal> {
    if let Some(credentials) = headers.get(header::AUTHORIZATION).and_then(|value| basic(value.to_str().ok()?)) {
        return Ok(credentials);
    }
    let missing = |field: &str| TokenRefusal::invalid_request(format!("The field {field} is missing."), HINT);
    let id = request.client_id.clone().ok_or_else(|| missing("client_id"))?;
    let secret = request.client_secret.clone().ok_or_else(|| missing("client_secret"))?;
    Ok((id, secret))
}

fn basic(value: &str) -> Option<(String, String)> {
    let (scheme, credentials) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(BASE64.decode(credentials.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &str, expected: Option<(&str, &str)>) {
        let expected = expected.map(|(id, secret)| (id.to_owned(), secret.to_owned()));
        assert_eq!(basic(value), expected, "{value}");
    }

    #[test]
    fn basic_credentials_are_read_in_any_case_of_the_scheme() {
        check("Basic aWQ6c2VjcmV0", Some(("id", "secret")));
        check("basic aWQ6c2U6Y3JldA==", Some(("id", "se:cret")));
        check("Bearer aWQ6c2VjcmV0", None);
        check("Basic !", None);
        check("Basic aWQ=", None);
        check("Basic", None);
    }
}
