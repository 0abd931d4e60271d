//! The bytes of a body, up to a limit.

use axum::body::Body;
use axum::http::StatusCode;
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Body as _;

use crate::refusal::Refusal;

/// Reads a body of at most `bytes_max` bytes. One that says beforehand that it is longer is not read at all.
pub(crate) async fn read(body: Body, bytes_max: usize) -> Result<Bytes, Refusal> {
    let too_long = || {
        let message = format!("the body must have at most {bytes_max} bytes");
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message)
    };
    if body.size_hint().lower() > bytes_max as u64 {
        return Err(too_long());
    }
    match Limited::new(body, bytes_max).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_long()),
        Err(_) => Err(Refusal::bad_request("incomplete_body", "the body broke off")),
    }
}
