//! Webhooks as they are written.

use contract::api::webhook as api;
use contract::event_type::EventType;
use contract::signature::TimestampUnit;
use domain::webhook::headers::Headers;
use domain::webhook::rate_limit::RateLimit;
use domain::webhook::{Oauth2Credentials, Secret, Webhook, WebhookStatus};

use super::parse::{ACTIVE, CLIENT_CREDENTIALS, INACTIVE, MILLISECONDS, OAUTH2, SECONDS};

/// A webhook with its secrets in clear, as published: clients compare them with their own (decision 17).
pub(crate) fn webhook(webhook: Webhook) -> api::Webhook {
    let (status, status_reason) = status(webhook.status);
    api::Webhook {
        id: webhook.id.to_string(),
        portal_id: webhook.portal_id.to_string(),
        name: webhook.name,
        url: webhook.url.as_str().to_owned(),
        secret_key: webhook.secret.as_ref().map(Secret::expose).map(str::to_owned),
        event_types: webhook.event_types.iter().copied().map(EventType::as_str).map(str::to_owned).collect(),
        status,
        status_reason,
        created_by: webhook.created_by.to_string(),
        updated_by: webhook.updated_by.to_string(),
        created_time: webhook.created_at.into(),
        updated_time: webhook.updated_at.into(),
        auth_type: webhook.oauth2.as_ref().map(|_| OAUTH2.to_owned()),
        oauth2: webhook.oauth2.map(oauth2),
        integration_system_id: webhook.integration_system_id,
        signature_timestamp: Some(unit(webhook.timestamp_unit).to_owned()),
        rate_limit: webhook.rate_limit.map(RateLimit::get),
        headers: headers(&webhook.headers),
    }
}

fn status(status: WebhookStatus) -> (String, Option<String>) {
    match status {
        WebhookStatus::Active => (ACTIVE.to_owned(), None),
        WebhookStatus::Inactive(_) => (INACTIVE.to_owned(), Some(status.as_str().to_owned())),
    }
}

fn headers(headers: &Headers) -> Option<api::Headers> {
    let pairs = headers.expose().map(|(name, value)| (name.to_owned(), value.to_owned()));
    (!headers.is_empty()).then(|| api::Headers(pairs.collect()))
}

fn oauth2(oauth2: Oauth2Credentials) -> api::Oauth2 {
    api::Oauth2 {
        grant_type: CLIENT_CREDENTIALS.to_owned(),
        client_id: oauth2.client_id,
        client_secret: oauth2.client_secret.expose().to_owned(),
        authentication_server_url: oauth2.server_url.as_str().to_owned(),
        scope: oauth2.scope,
    }
}

fn unit(unit: TimestampUnit) -> &'static str {
    match unit {
        TimestampUnit::Seconds => SECONDS,
        TimestampUnit::Milliseconds => MILLISECONDS,
    }
}
