//! Whether the platform lives, and whether it can work.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::gateway::Gateway;
use crate::refusal::Refusal;

/// That all is well.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`.
    status: &'static str,
}

const OK: Json<Health> = Json(Health { status: "ok" });

/// Says that the process lives.
#[utoipa::path(
    get, path = "/healthz", operation_id = "live", tag = "Operation",
    responses((status = 200, description = "It lives.", body = Health))
)]
pub(crate) async fn live() -> Json<Health> {
    OK
}

/// Says whether the database takes writes.
#[utoipa::path(
    get, path = "/readyz", operation_id = "ready", tag = "Operation",
    responses((status = 200, description = "It does.", body = Health))
)]
pub(crate) async fn ready(State(gateway): State<Gateway>) -> Result<Json<Health>, Refusal> {
    gateway.store.check().await?;
    Ok(OK)
}
