//! `GET /healthz`: the process runs. `GET /readyz`: it can store what arrives.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use crate::Shared;
use crate::http::answer::Refusal;

/// All is well.
#[derive(Serialize)]
pub(crate) struct Health {
    status: &'static str,
}

const WELL: Json<Health> = Json(Health { status: "ok" });

pub(crate) async fn healthz() -> Json<Health> {
    WELL
}

pub(crate) async fn readyz(State(shared): State<Arc<Shared>>) -> Result<Json<Health>, Refusal> {
    shared.inbox.check().await?;
    Ok(WELL)
}
