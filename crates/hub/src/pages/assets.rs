//! `GET /hub/assets/{name}`: what pages refer to.

use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::Response;

use crate::asset;
use crate::refusal::Refusal;

/// What is in a file is in its name, so it never changes.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

pub(crate) async fn asset(Path(name): Path<String>) -> Result<Response, Refusal> {
    let asset = asset::find(&name).ok_or(Refusal::NotFound)?;
    let mut response = Response::new(Body::from(asset.bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    headers.insert(header::CACHE_CONTROL, FOR_EVER);
    Ok(response)
}
