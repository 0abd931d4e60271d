//! The bodies of requests, which strangers write: at most so long, and JSON whatever they call themselves.

use axum::body::Body;
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

use crate::refusal::Refusal;

/// The longest body, in bytes: what a package may keep, four times over, for what is not plain letters, and the rest.
pub(crate) const BYTES_MAX: usize = 512 * 1024;

/// Reads a body that is a JSON object.
pub(crate) async fn read<T: DeserializeOwned>(body: Body) -> Result<T, Refusal> {
    let bytes = match Limited::new(body, BYTES_MAX).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Err(Refusal::too_large(BYTES_MAX)),
        Err(_) => return Err(Refusal::malformed("it broke off")),
    };
    parse(&bytes)
}

fn parse<T: DeserializeOwned>(bytes: &Bytes) -> Result<T, Refusal> {
    let text = std::str::from_utf8(bytes).map_err(|_| Refusal::malformed("it is not UTF-8"))?;
    // An array would be read as the fields of a struct in their order, which nobody means.
    if !text.trim_start().starts_with('{') {
        return Err(Refusal::malformed("it is not a JSON object"));
    }
    serde_json::from_str(text).map_err(Refusal::malformed)
}
