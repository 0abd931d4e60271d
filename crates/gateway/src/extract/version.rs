//! Which version of V3 is asked for (decision 16).

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use contract::api::{ApiVersion, UnknownApiVersion, VERSION_HEADER};

use crate::refusal::Refusal;

/// The version in the header. All versions have the same shapes so far, so no handler asks for it; the table of routes
/// asks for all of V3.
pub(crate) struct Version;

impl<S: Send + Sync> FromRequestParts<S> for Version {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let version: Result<ApiVersion, UnknownApiVersion> = match parts.headers.get(VERSION_HEADER) {
            None => Err(UnknownApiVersion("it is missing".to_owned())),
            Some(value) => String::from_utf8_lossy(value.as_bytes()).trim().parse(),
        };
        match version {
            Ok(_) => Ok(Version),
            Err(unknown) => Err(Refusal::bad_request("invalid_api_version", unknown.to_string())),
        }
    }
}
