//! The access token: asked for when needed, kept while it is good, renewed before it ends.

use std::time::Duration;

use contract::api::idempotency::ACCEPT_HEADER;
use contract::api::oauth::{TokenRequest, TokenResponse};
use reqwest::Method;
use reqwest::header::HeaderMap;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::platform::Platform;
use crate::platform::error::Error;

/// How long before its end a token is renewed, so that it does not end on the way.
const RENEWED_BEFORE: Duration = Duration::from_secs(60);
/// How long a token is kept at most, whatever the platform promises.
const KEPT_FOR_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// The token that all clones of a client share.
#[derive(Default)]
pub(crate) struct TokenCache(Mutex<Option<Token>>);

struct Token {
    access: Access,
    renew_at: Instant,
}

/// What a token is good for.
#[derive(Clone)]
pub(crate) struct Access {
    /// What goes into the `Authorization` header.
    pub(crate) text: String,
    /// Whether whoever gave it honours idempotency keys.
    pub(crate) honours_keys: bool,
}

impl TokenCache {
    /// The token, renewed if it must be. Whoever comes meanwhile waits for the same one.
    pub(crate) async fn get(&self, platform: &Platform) -> Result<Access, Error> {
        let mut token = self.0.lock().await;
        if let Some(token) = token.as_ref().filter(|token| Instant::now() < token.renew_at) {
            return Ok(token.access.clone());
        }
        let asked_at = Instant::now();
        let (answer, headers) = ask(platform).await?;
        let renew_at = asked_at + kept_for(answer.expires_in);
        let access = Access { text: answer.access_token, honours_keys: headers.contains_key(ACCEPT_HEADER) };
        *token = Some(Token { access: access.clone(), renew_at });
        Ok(access)
    }

    /// Drops the token that the platform refused, unless another call has replaced it already.
    pub(crate) async fn drop_refused(&self, refused: &Access) {
        let mut token = self.0.lock().await;
        if token.as_ref().is_some_and(|token| token.access.text == refused.text) {
            *token = None;
        }
    }
}

/// How long a token that is good for `expires_in` seconds is used.
fn kept_for(expires_in: u64) -> Duration {
    let good_for = Duration::from_secs(expires_in).min(KEPT_FOR_MAX);
    good_for - RENEWED_BEFORE.min(good_for / 2)
}

async fn ask(platform: &Platform) -> Result<(TokenResponse, HeaderMap), Error> {
    let config = &platform.config;
    let call = platform.auth_call(Method::POST, &["oauth", "token"])?.form(&TokenRequest {
        grant_type: Some("client_credentials".to_owned()),
        client_id: Some(config.client_id.clone()),
        client_secret: Some(config.client_secret.clone()),
        scope: config.scope.clone(),
        refresh_token: None,
    });
    // A spare token harms nobody.
    match call.repeatable().without_token().await {
        Err(Error::Invalid(refusal) | Error::Unauthorized(refusal) | Error::Forbidden(refusal)) => {
            Err(Error::Credentials(refusal))
        }
        answer => answer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_renewed_before_it_ends() {
        let check = |expires_in, seconds| assert_eq!(kept_for(expires_in), Duration::from_secs(seconds));
        check(43_200, 43_140);
        check(3600, 3540);
        check(120, 60);
        check(60, 30);
        check(0, 0);
        check(u64::MAX, 86_340);
    }
}
