//! Bodies that arrive urlencoded, as multipart or as JSON (contract, quirk 2).

use axum::body::Body;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header;
use serde::de::DeserializeOwned;
use url::form_urlencoded;

use super::refusal::TokenRefusal;
use crate::extract::query::read_pairs;
use crate::extract::{body, json};
use crate::gateway::Gateway;

/// The longest body: who sends it has not said yet who it is.
const BODY_BYTES_MAX: usize = 16 * 1024;
const HINT: &str = "Send application/x-www-form-urlencoded, multipart/form-data or application/json.";

/// Reads a body in whichever encoding it has. One that begins like an object is JSON, whatever it is said to be.
pub(crate) async fn read<T: DeserializeOwned>(gateway: &Gateway, request: Request) -> Result<T, TokenRefusal> {
    let (mut parts, body) = request.into_parts();
    let bytes = body::read(body, BODY_BYTES_MAX).await?;
    gateway.door.enter(&parts.extensions).await?;
    let content_type =
        parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is = |kind: &str| content_type.get(..kind.len()).is_some_and(|start| start.eq_ignore_ascii_case(kind));
    if is("multipart/form-data") {
        parts.headers.remove(header::CONTENT_LENGTH);
        let pairs = read_multipart(Request::from_parts(parts, Body::from(bytes))).await?;
        return form(pairs.into_iter());
    }
    if is("application/json") || bytes.trim_ascii_start().starts_with(b"{") {
        return json::read(&bytes).map_err(|refusal| TokenRefusal::invalid_request(refusal.message(), HINT));
    }
    form(form_urlencoded::parse(&bytes).map(|(name, value)| (name.into_owned(), value.into_owned())))
}

fn form<T: DeserializeOwned>(pairs: impl Iterator<Item = (String, String)>) -> Result<T, TokenRefusal> {
    read_pairs(pairs).map_err(|(name, error)| TokenRefusal::invalid_request(format!("{name}: {error}"), HINT))
}

async fn read_multipart(request: Request) -> Result<Vec<(String, String)>, TokenRefusal> {
    let refused =
        |error: &dyn std::fmt::Display| TokenRefusal::invalid_request(format!("The form is malformed: {error}"), HINT);
    let mut form = Multipart::from_request(request, &()).await.map_err(|error| refused(&error))?;
    let mut pairs = Vec::new();
    while let Some(field) = form.next_field().await.map_err(|error| refused(&error))? {
        let name = field.name().unwrap_or_default().to_owned();
        pairs.push((name, field.text().await.map_err(|error| refused(&error))?));
    }
    Ok(pairs)
}
