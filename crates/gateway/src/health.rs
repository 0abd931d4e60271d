//! Whether the platform lives, and whether it can work.

use axum::extract::State;
use axum::http::StatusCode;

use crate::gateway::Gateway;
use crate::refusal::Refusal;

/// Says that the process lives.
#[utoipa::path(get, path = "/healthz", operation_id = "live", tag = "Operation", responses((status = 204, description = "It lives.")))]
pub(crate) async fn live() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// Says whether the database takes writes.
#[utoipa::path(get, path = "/readyz", operation_id = "ready", tag = "Operation", responses((status = 204, description = "It does.")))]
pub(crate) async fn ready(State(gateway): State<Gateway>) -> Result<StatusCode, Refusal> {
    gateway.store.check().await?;
    Ok(StatusCode::NO_CONTENT)
}
