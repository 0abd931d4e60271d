//! Ids in the path.

use std::fmt::Display;
use std::str::FromStr;

use axum::extract::{FromRequestParts, Path};
use axum::http::StatusCode;
use axum::http::request::Parts;

use crate::refusal::Refusal;

/// The one id in the path. What cannot be an id names nothing: 404.
pub(crate) struct Id<T>(pub(crate) T);

impl<T, S> FromRequestParts<S> for Id<T>
where
    T: FromStr<Err: Display>,
    S: Send + Sync,
{
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let not_found = |message| Refusal::new(StatusCode::NOT_FOUND, "not_found", message);
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| not_found("the path holds no readable id".to_owned()))?;
        text.parse().map(Id).map_err(|error: T::Err| not_found(format!("{text:?} is {error}")))
    }
}
