//! One call: its address and body, the attempts that it takes, and what becomes of the answer.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

use contract::api::VERSION_HEADER;
use contract::api::idempotency::{IN_USE, KEY_HEADER};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Method, Request, Response, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::platform::Platform;
use crate::platform::config::extended;
use crate::platform::error::{Error, Refusal, read_error};
use crate::platform::retry::{ANSWER_BYTES_MAX, Failure, read_retry_after};
use crate::platform::token::Access;

/// A call that has not been made yet.
pub(crate) struct Call<'p> {
    platform: &'p Platform,
    request: Request,
    repeatable: bool,
}

/// A success.
pub(crate) struct Answer {
    pub(crate) headers: HeaderMap,
    body: Vec<u8>,
}

impl Platform {
    /// A call to the authorization server.
    pub(crate) fn auth_call(&self, method: Method, path: &[&str]) -> Result<Call<'_>, Error> {
        self.call(method, &self.config.auth, path)
    }

    /// A call to V3.
    pub(crate) fn gateway_call(&self, method: Method, path: &[&str]) -> Result<Call<'_>, Error> {
        let mut call = self.call(method, &self.config.gateway, path)?;
        let version = HeaderValue::from_static(self.config.api_version.as_str());
        call.request.headers_mut().insert(VERSION_HEADER, version);
        Ok(call)
    }

    /// A call to V2.
    pub(crate) fn v2_call(&self, method: Method, path: &[&str]) -> Result<Call<'_>, Error> {
        self.call(method, &self.config.v2, path)
    }

    fn call(&self, method: Method, url: &Url, path: &[&str]) -> Result<Call<'_>, Error> {
        // Ids come from webhooks; one like `..` must not choose another address.
        if let Some(strange) = path.iter().find(|segment| !is_segment(segment)) {
            return Err(Error::Id((*strange).to_owned()));
        }
        // A second PATCH with the same values, like a second DELETE, changes nothing more.
        let repeatable = method != Method::POST;
        let mut request = Request::new(method, extended(url, path));
        if !repeatable {
            // Whoever does not know the header ignores it.
            request.headers_mut().insert(KEY_HEADER, fresh_key());
        }
        Ok(Call { platform: self, request, repeatable })
    }
}

fn is_segment(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

impl Call<'_> {
    /// Adds a parameter to the address.
    pub(crate) fn query(mut self, name: &str, value: &str) -> Self {
        self.request.url_mut().query_pairs_mut().append_pair(name, value);
        self
    }

    /// Gives the call a JSON body.
    pub(crate) fn json(self, body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).expect("types of the contract always serialise into memory");
        self.body("application/json", body)
    }

    /// Gives the call a form as its body.
    pub(crate) fn form(self, fields: &impl Serialize) -> Self {
        let fields = serde_json::to_value(fields).expect("types of the contract always serialise into memory");
        let mut form = Url::parse("form:").expect("this text is an address");
        for (name, value) in fields.as_object().into_iter().flatten() {
            form.query_pairs_mut().append_pair(name, value.as_str().unwrap_or_default());
        }
        self.body("application/x-www-form-urlencoded", form.query().unwrap_or_default().as_bytes().to_vec())
    }

    fn body(mut self, content_type: &'static str, body: Vec<u8>) -> Self {
        self.request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        *self.request.body_mut() = Some(body.into());
        self
    }

    /// Says that a POST may be repeated like anything else, and needs no key for that.
    pub(crate) fn repeatable(mut self) -> Self {
        self.request.headers_mut().remove(KEY_HEADER);
        Call { repeatable: true, ..self }
    }

    /// Makes the call and reads its answer.
    pub(crate) async fn fetch<T: DeserializeOwned>(self) -> Result<T, Error> {
        let name = self.name();
        read(name, &self.with_token().await?.body)
    }

    /// Asks for another type of answer than any.
    pub(crate) fn accept(mut self, content_type: &'static str) -> Self {
        self.request.headers_mut().insert(ACCEPT, HeaderValue::from_static(content_type));
        self
    }

    /// Makes the call and takes its answer as it is.
    pub(crate) async fn bytes(self) -> Result<Vec<u8>, Error> {
        Ok(self.with_token().await?.body)
    }

    /// Makes the call; its answer is empty.
    pub(crate) async fn done(self) -> Result<(), Error> {
        self.with_token().await.map(|_| ())
    }

    /// Makes the call without a token and reads its answer, headers and all.
    pub(crate) async fn without_token<T: DeserializeOwned>(self) -> Result<(T, HeaderMap), Error> {
        let name = self.name();
        let Answer { headers, body } = self.attempts().await?;
        Ok((read(name, &body)?, headers))
    }

    /// Makes the call with the token; when the platform refuses the token, once more with a new one.
    async fn with_token(mut self) -> Result<Answer, Error> {
        let cache = &self.platform.token;
        let token = cache.get(self.platform).await?;
        self.authorize(&token)?;
        match self.attempts().await {
            Err(Error::Unauthorized(_)) => {
                cache.drop_refused(&token).await;
                let token = cache.get(self.platform).await?;
                self.authorize(&token)?;
                self.attempts().await
            }
            answer => answer,
        }
    }

    fn authorize(&mut self, token: &Access) -> Result<(), Error> {
        // What one server honours, another need not.
        let is_at_home = self.request.url().origin() == self.platform.config.auth.origin();
        self.repeatable |= token.honours_keys && is_at_home;
        // A token with a line feed in it, say, is no better than an answer without one.
        let mut value = HeaderValue::try_from(format!("Bearer {}", token.text)).map_err(|_| Error::Unreadable {
            call: "POST /oauth/token".to_owned(),
            line: 1,
            column: 1,
        })?;
        value.set_sensitive(true);
        self.request.headers_mut().insert(AUTHORIZATION, value);
        Ok(())
    }

    /// Makes the call as often as the policy allows.
    async fn attempts(&self) -> Result<Answer, Error> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            let (failure, error) = match self.attempt().await {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            let Some(delay) = self.platform.config.retry.decide(attempts, self.repeatable, failure, jitter()) else {
                return Err(error);
            };
            tracing::debug!(call = self.name(), attempts, ?failure, ?delay, "will call the platform again");
            tokio::time::sleep(delay).await;
        }
    }

    /// One exchange: a success, or what was met and what to tell if this was the last attempt.
    async fn attempt(&self) -> Result<Answer, (Failure, Error)> {
        let request = self.request.try_clone().expect("a body in memory can be cloned");
        let broken = |error: reqwest::Error| {
            let failure = if error.is_connect() { Failure::Connect } else { Failure::Broken };
            (failure, Error::Unreachable { call: self.name(), source: Box::new(error.without_url()) })
        };
        let response = self.platform.http.execute(request).await.map_err(broken)?;
        let status = response.status();
        let headers = response.headers().clone();
        let retry_after = retry_after(&headers);
        let body = read_body(response).await.map_err(broken)?;
        if status.is_success() {
            let too_long = || Error::TooLong { call: self.name(), bytes_max: ANSWER_BYTES_MAX };
            let body = body.ok_or_else(|| (Failure::TooLong, too_long()))?;
            return Ok(Answer { headers, body });
        }
        let status = status.as_u16();
        let error = read_error(&body.unwrap_or_default());
        let failure = match error.error_code.as_str() {
            IN_USE => Failure::UnderWay { retry_after },
            _ => Failure::Status { status, retry_after },
        };
        let refusal = Refusal { call: self.name(), status, error, retry_after };
        Err((failure, refusal.into()))
    }

    fn name(&self) -> String {
        format!("{} {}", self.request.method(), self.request.url().path())
    }
}

/// The body, or nothing when it is too long. Not more than the limit and one chunk is held.
async fn read_body(mut response: Response) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    read_retry_after(text(RETRY_AFTER)?, text(DATE))
}

fn read<T: DeserializeOwned>(call: String, body: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(body).map_err(|error| Error::Unreadable { call, line: error.line(), column: error.column() })
}

/// A key that no other call has. It is no secret.
fn fresh_key() -> HeaderValue {
    let half = || RandomState::new().build_hasher().finish();
    HeaderValue::try_from(format!("{:016x}{:016x}", half(), half())).expect("hex digits can stand in a header")
}

/// A number between 0 and 1. The standard library seeds every hasher differently, which is random enough to spread
/// callers, and saves a dependency.
fn jitter() -> f64 {
    let bits = RandomState::new().build_hasher().finish();
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}
