//! Who calls: the token of the `Authorization` header, and what it is good for.

use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use domain::oauth::{Digest, Scope, Token};
use store::keyring::ACCESS_TOKEN;

use super::scope::{Needs, Nothing};
use crate::gateway::Gateway;
use crate::limit::Trying;
use crate::observe::Who;
use crate::refusal::Refusal;

/// A good token with the scope `N`. The portal of a request comes from here and from nowhere else.
pub(crate) struct Caller<N = Nothing> {
    token: Arc<Token>,
    needs: PhantomData<fn() -> N>,
}

impl<N> Deref for Caller<N> {
    type Target = Token;

    fn deref(&self) -> &Token {
        &self.token
    }
}

impl<N: Needs> FromRequestParts<Gateway> for Caller<N> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, Refusal> {
        let token = authenticate(parts, gateway, N::SCOPE).await?;
        Ok(Caller { token, needs: PhantomData })
    }
}

/// The token of a request, if it is good and has the scope. However often it is asked for, a request is counted once.
pub(crate) async fn authenticate(
    parts: &Parts,
    gateway: &Gateway,
    scope: Option<Scope>,
) -> Result<Arc<Token>, Refusal> {
    let who = parts.extensions.get::<Who>().cloned().unwrap_or_default();
    let token = match who.token() {
        Some(token) => token.clone(),
        None => find_good(parts, gateway, &who).await?,
    };
    if scope.is_some_and(|scope| !token.scopes.contains(scope)) {
        return Err(Refusal::missing_scopes());
    }
    Ok(token)
}

async fn find_good(parts: &Parts, gateway: &Gateway, who: &Who) -> Result<Arc<Token>, Refusal> {
    let text = token_text(&parts.headers).ok_or_else(Refusal::unauthenticated)?;
    let digest = gateway.keyring.digest(ACCESS_TOKEN, text);
    let Some(token) = find(gateway, &digest).await? else {
        let address = gateway.limits.origin(&parts.headers, &parts.extensions);
        let guessing = Trying { address, client_id: None };
        gateway.limits.may_try(&guessing, gateway.now())?;
        gateway.limits.failed(&guessing, gateway.now());
        return Err(Refusal::unauthenticated());
    };
    let standing = gateway.limits.admit(&token, gateway.now())?;
    who.is(&token, standing);
    Ok(token)
}

async fn find(gateway: &Gateway, digest: &Digest) -> Result<Option<Arc<Token>>, Refusal> {
    let (now, endings) = (gateway.now(), gateway.store.count_endings());
    if let Some(token) = gateway.tokens.find(digest, now, endings) {
        return Ok(Some(token));
    }
    let found = gateway.store.find_access_token(digest, now).await?.map(Arc::new);
    if let Some(token) = &found {
        gateway.tokens.keep(token.clone(), now, endings);
    }
    Ok(found)
}

/// The token of the header: bare, as the seeds write it, or behind `Bearer` in any case (contract, quirk 1).
pub(crate) fn token_text(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?.trim();
    let text = match value.split_once(char::is_whitespace) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim_start(),
        Some(_) => return None,
        None => value,
    };
    let single = !text.is_empty() && !text.contains(char::is_whitespace);
    single.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &str, expected: Option<&str>) {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        assert_eq!(token_text(&headers), expected, "{value:?}");
    }

    #[test]
    fn a_token_stands_alone_or_behind_bearer_in_any_case() {
        check("abc", Some("abc"));
        check("Bearer abc", Some("abc"));
        check("bearer abc", Some("abc"));
        check("BEARER   abc ", Some("abc"));
        check("", None);
        check("Basic abc", None);
        check("Bearer abc def", None);
        assert_eq!(token_text(&HeaderMap::new()), None);
    }
}
