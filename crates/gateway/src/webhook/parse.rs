//! Fields of a webhook, read. What is wrong names the field.

use contract::api::webhook as api;
use contract::event_type::EventType;
use contract::signature::TimestampUnit;
use domain::webhook::headers::{BadHeaders, Headers};
use domain::webhook::rate_limit::RateLimit;
use domain::webhook::url::BadUrl;
use domain::webhook::{InactiveReason, Oauth2Credentials, Secret, UrlPolicy, WebhookStatus, WebhookUrl};

use crate::refusal::Refusal;

pub(super) const ACTIVE: &str = "active";
pub(super) const INACTIVE: &str = "inactive";
const PAUSED: &str = "paused";
pub(super) const OAUTH2: &str = "oauth2";
pub(super) const CLIENT_CREDENTIALS: &str = "client_credentials";
pub(super) const SECONDS: &str = "seconds";
pub(super) const MILLISECONDS: &str = "milliseconds";

pub(super) fn url(text: &str, policy: UrlPolicy) -> Result<WebhookUrl, Refusal> {
    WebhookUrl::parse(text, policy).map_err(|error| Refusal::field("url", error))
}

pub(super) fn secret(text: String) -> Result<Secret, Refusal> {
    Secret::parse(text).map_err(|error| Refusal::field("secret_key", format_args!("secret_key: {error}")))
}

pub(super) fn event_types(texts: &[String]) -> Result<Vec<EventType>, Refusal> {
    let read = |(i, text): (usize, &String)| {
        let path = format!("event_types[{i}]");
        text.parse().map_err(|error| Refusal::field(path.clone(), format_args!("{path}: {error}")))
    };
    texts.iter().enumerate().map(read).collect()
}

pub(super) fn status(text: &str) -> Result<WebhookStatus, Refusal> {
    match text {
        ACTIVE => Ok(WebhookStatus::Active),
        INACTIVE => Ok(WebhookStatus::Inactive(InactiveReason::Owner)),
        PAUSED => Ok(WebhookStatus::Inactive(InactiveReason::Paused)),
        other => {
            Err(Refusal::field("status", format_args!("status must be active, inactive or paused, not {other:?}")))
        }
    }
}

pub(super) fn unit(text: &str) -> Result<TimestampUnit, Refusal> {
    match text {
        SECONDS => Ok(TimestampUnit::Seconds),
        MILLISECONDS => Ok(TimestampUnit::Milliseconds),
        other => {
            let message = format!("signature_timestamp must be seconds or milliseconds, not {other:?}");
            Err(Refusal::field("signature_timestamp", message))
        }
    }
}

pub(super) fn rate_limit(requests: u32) -> Result<RateLimit, Refusal> {
    RateLimit::per_second(requests).map_err(|error| Refusal::field("rate_limit", error))
}

pub(super) fn headers(headers: api::Headers) -> Result<Headers, Refusal> {
    let at = |error: &BadHeaders| match error {
        BadHeaders::TooMany | BadHeaders::Name(_) => "headers".to_owned(),
        BadHeaders::Reserved(name) | BadHeaders::Twice(name) | BadHeaders::Value(name) => format!("headers.{name}"),
    };
    Headers::parse(headers.0).map_err(|error| Refusal::field(at(&error), error))
}

/// Whether deliveries are to be authorised at all.
pub(super) fn wants_oauth2(auth_type: &str) -> Result<(), Refusal> {
    match auth_type {
        OAUTH2 => Ok(()),
        other => Err(Refusal::field("auth_type", format_args!("auth_type must be oauth2 or null, not {other:?}"))),
    }
}

pub(super) fn oauth2(oauth2: api::Oauth2, policy: UrlPolicy) -> Result<Oauth2Credentials, Refusal> {
    if oauth2.grant_type != CLIENT_CREDENTIALS {
        return Err(Refusal::field("oauth2.grant_type", "oauth2.grant_type must be client_credentials"));
    }
    let secret = |error| Refusal::field("oauth2.client_secret", format_args!("oauth2.client_secret: {error}"));
    // The rules of addresses speak of `url`, as the field of the webhook is called.
    let server_url = |error: BadUrl| {
        let (path, said) = ("oauth2.authentication_server_url", error.to_string());
        Refusal::field(path, format_args!("{path} {}", said.strip_prefix("url ").unwrap_or(&said)))
    };
    Ok(Oauth2Credentials {
        client_id: oauth2.client_id,
        client_secret: Secret::parse_client_secret(oauth2.client_secret).map_err(secret)?,
        server_url: WebhookUrl::parse(&oauth2.authentication_server_url, policy).map_err(server_url)?,
        scope: oauth2.scope,
    })
}
