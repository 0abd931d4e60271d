//! Tokens for receivers that want them (decision 28): asked for at the webhook's own authorization server, kept until they
//! expire, asked for anew when the receiver refuses one.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use domain::delivery::{Answer, Failure, FailureKind, Outcome};
use domain::id::WebhookId;
use domain::webhook::{Oauth2Credentials, Webhook};
use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderValue};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use tokio::sync;
use url::form_urlencoded;

use crate::request::SignedRequest;
use crate::run::Engine;

/// How many webhooks have their tokens kept.
const KEPT_MAX: usize = 10_000;
/// How long a token is good whose server does not say.
const LIFE_UNSAID: SignedDuration = SignedDuration::from_mins(5);
/// How long before its end a token is asked for anew; half its life, if that is shorter.
const EARLY: SignedDuration = SignedDuration::from_secs(30);
/// The longest error code that is repeated to the webhook's owner.
const ERROR_CODE_BYTES_MAX: usize = 40;

/// The tokens at hand.
#[derive(Default)]
pub(crate) struct Tokens {
    kept: Mutex<HashMap<WebhookId, Arc<Kept>>>,
}

/// What the server of one version of a webhook last said. Its lock is held while the server is asked, so that one asks
/// and the others wait.
struct Kept {
    version: i64,
    asked: AtomicU64,
    last: sync::Mutex<Option<Result<Token, Failure>>>,
}

#[derive(Clone)]
struct Token {
    authorization: HeaderValue,
    good_until: Timestamp,
}

/// What an authorization server answers. Other fields are not ours.
#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    expires_in: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct ErrorAnswer {
    error: String,
}

impl Tokens {
    /// The `Authorization` for deliveries to the webhook, other than the one that its receiver `refused`.
    pub(crate) async fn find(
        &self,
        engine: &Engine,
        webhook: &Webhook,
        credentials: &Oauth2Credentials,
        refused: Option<&HeaderValue>,
    ) -> Result<HeaderValue, Failure> {
        let kept = self.kept(webhook);
        let asked = kept.asked.load(Ordering::Relaxed);
        let mut last = kept.last.lock().await;
        match &*last {
            Some(Ok(token)) if engine.clock.now() < token.good_until && Some(&token.authorization) != refused => {
                return Ok(token.authorization.clone());
            }
            // Somebody asked while this waited, so the answer is as fresh as one's own would be.
            Some(Err(failure)) if kept.asked.load(Ordering::Relaxed) != asked => return Err(failure.clone()),
            Some(Ok(_) | Err(_)) | None => {}
        }
        kept.asked.fetch_add(1, Ordering::Relaxed);
        let answer = ask(engine, credentials).await;
        *last = Some(answer.clone());
        answer.map(|token| token.authorization)
    }

    fn kept(&self, webhook: &Webhook) -> Arc<Kept> {
        let mut all = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = all.get(&webhook.id).filter(|kept| kept.version == webhook.version) {
            return kept.clone();
        }
        if all.len() >= KEPT_MAX {
            // Those in use are as many as there are attempts in flight at most; the others can be asked for again.
            all.retain(|_, kept| Arc::strong_count(kept) > 1);
        }
        let kept = Arc::new(Kept { version: webhook.version, asked: AtomicU64::new(0), last: sync::Mutex::default() });
        all.insert(webhook.id.clone(), kept.clone());
        kept
    }
}

/// Asks for a token: with the credentials in the form, and if that is refused, with Basic.
async fn ask(engine: &Engine, credentials: &Oauth2Credentials) -> Result<Token, Failure> {
    let asked_at = engine.clock.now();
    let mut answer = exchange(engine, credentials, Method::Form).await?;
    if answer.status == 401 {
        answer = exchange(engine, credentials, Method::Basic).await?;
    }
    read(&answer, asked_at).map_err(no_token)
}

async fn exchange(engine: &Engine, credentials: &Oauth2Credentials, method: Method) -> Result<Answer, Failure> {
    let request = token_request(credentials, method, engine.settings.user_agent.header());
    match engine.transport.send(request).await {
        Outcome::Answered(answer) => Ok(answer),
        Outcome::Failed(Failure { kind, detail }) => Err(no_token(format!("{}: {detail}", kind.as_str()))),
    }
}

/// How the client says who it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Method {
    Form,
    Basic,
}

fn token_request(credentials: &Oauth2Credentials, method: Method, user_agent: HeaderValue) -> SignedRequest {
    let Oauth2Credentials { client_id, client_secret, server_url, scope } = credentials;
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "client_credentials");
    if method == Method::Form {
        form.append_pair("client_id", client_id).append_pair("client_secret", client_secret.expose());
    }
    if let Some(scope) = scope {
        form.append_pair("scope", &scope.replace('+', " "));
    }
    let mut headers = HeaderMap::with_capacity(5);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(USER_AGENT, user_agent);
    let request = SignedRequest { url: server_url.parts().clone(), headers, body: Bytes::from(form.finish()) };
    match method {
        Method::Form => request,
        Method::Basic => request.authorized(basic(client_id, client_secret.expose())),
    }
}

/// Both parts are form-encoded before they are joined, as OAuth 2.0 (RFC 6749, section 2.3.1) has it.
fn basic(client_id: &str, client_secret: &str) -> HeaderValue {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = BASE64.encode(format!("{}:{}", encoded(client_id), encoded(client_secret)));
    secret(format!("Basic {pair}")).expect("base64 is visible ASCII")
}

fn read(answer: &Answer, asked_at: Timestamp) -> Result<Token, String> {
    if !(200..300).contains(&answer.status) {
        return Err(format!("it answered {}{}", answer.status, error_code(&answer.body)));
    }
    let TokenAnswer { access_token, expires_in } =
        serde_json::from_slice(&answer.body).map_err(|_| "its answer is not JSON with an access_token".to_owned())?;
    let authorization = Some(access_token)
        .filter(|token| !token.is_empty())
        .and_then(|token| secret(format!("Bearer {token}")))
        .ok_or("its access_token cannot stand in a header")?;
    let life = life(expires_in.as_ref());
    let good_for = (life - EARLY).max(life / 2);
    Ok(Token { authorization, good_until: asked_at.saturating_add(good_for).unwrap_or(Timestamp::MAX) })
}

/// The lifetime in seconds, which some servers write as text.
fn life(expires_in: Option<&serde_json::Value>) -> SignedDuration {
    let seconds = expires_in.and_then(|value| value.as_i64().or_else(|| value.as_str()?.parse().ok()));
    seconds.map_or(LIFE_UNSAID, |seconds| SignedDuration::from_secs(seconds.max(0)))
}

/// The OAuth error code in the answer, if it looks like one: what else the server wrote is not repeated.
fn error_code(body: &[u8]) -> String {
    let code = serde_json::from_slice(body).map(|ErrorAnswer { error }| error).unwrap_or_default();
    let plain = code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if plain && !code.is_empty() && code.len() <= ERROR_CODE_BYTES_MAX { format!(" {code}") } else { String::new() }
}

fn secret(text: String) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn no_token(reason: String) -> Failure {
    Failure { kind: FailureKind::Token, detail: format!("the authorization server gave no token: {reason}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_lifetime_is_a_number_however_it_is_written() {
        let seconds = SignedDuration::from_secs;
        assert_eq!(life(Some(&json!(3600))), seconds(3600));
        assert_eq!(life(Some(&json!("3600"))), seconds(3600));
        assert_eq!(life(Some(&json!(-5))), seconds(0));
        for unsaid in [None, Some(&json!(null)), Some(&json!("an hour"))] {
            assert_eq!(life(unsaid), LIFE_UNSAID);
        }
    }

    #[test]
    fn only_what_looks_like_an_error_code_is_repeated() {
        let code = |error: &str| error_code(json!({ "error": error }).to_string().as_bytes());
        assert_eq!(code("invalid_client"), " invalid_client");
        for text in ["", "Your secret s3cret is wrong", &"x".repeat(ERROR_CODE_BYTES_MAX + 1)] {
            assert_eq!(code(text), "");
        }
        assert_eq!(error_code(b"<html>"), "");
    }

    #[test]
    fn basic_is_of_the_form_encoded_pair() {
        assert_eq!(
            basic("client", "a:b c%").to_str().unwrap(),
            format!("Basic {}", BASE64.encode("client:a%3Ab+c%25"))
        );
        assert!(basic("client", "secret").is_sensitive());
    }
}
