//! What of a webhook rests sealed, as text. The names in it are those of the database, not of the wire.

use domain::webhook::headers::Headers;
use domain::webhook::{Oauth2Credentials, Secret, WebhookUrl};
use jiff::Timestamp;

/// Credentials.
#[derive(serde::Serialize, serde::Deserialize)]
struct SealedOauth2 {
    client_id: String,
    client_secret: String,
    server_url: String,
    scope: Option<String>,
}

pub(super) fn write_oauth2(oauth2: &Oauth2Credentials) -> String {
    let sealed = SealedOauth2 {
        client_id: oauth2.client_id.clone(),
        client_secret: oauth2.client_secret.expose().to_owned(),
        server_url: oauth2.server_url.as_str().to_owned(),
        scope: oauth2.scope.clone(),
    };
    serde_json::to_string(&sealed).expect("strings always serialise")
}

pub(super) fn read_oauth2(text: &str) -> Option<Oauth2Credentials> {
    let sealed: SealedOauth2 = serde_json::from_str(text).ok()?;
    Some(Oauth2Credentials {
        client_id: sealed.client_id,
        client_secret: Secret::restore(sealed.client_secret),
        server_url: WebhookUrl::restore(&sealed.server_url).ok()?,
        scope: sealed.scope,
    })
}

/// Pairs of a secret and until when it signs, in milliseconds.
pub(super) fn write_secrets(secrets: &[(Secret, Timestamp)]) -> String {
    let pairs: Vec<_> = secrets.iter().map(|(secret, until)| (secret.expose(), until.as_millisecond())).collect();
    serde_json::to_string(&pairs).expect("strings and numbers always serialise")
}

pub(super) fn read_secrets(text: &str) -> Option<Vec<(Secret, Timestamp)>> {
    let pairs: Vec<(String, i64)> = serde_json::from_str(text).ok()?;
    let read = |(secret, until)| Some((Secret::restore(secret), Timestamp::from_millisecond(until).ok()?));
    pairs.into_iter().map(read).collect()
}

/// Pairs of name and value, in the owner's order.
pub(super) fn write_headers(headers: &Headers) -> String {
    serde_json::to_string(&headers.expose().collect::<Vec<_>>()).expect("strings always serialise")
}

pub(super) fn read_headers(text: &str) -> Option<Headers> {
    let pairs: Vec<(String, String)> = serde_json::from_str(text).ok()?;
    Some(Headers::restore(pairs))
}
