//! `GET /inbox`: how the inbox is doing, and what somebody should look at.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use crate::Shared;
use crate::http::answer::Refusal;
use crate::inbox::Overview;

pub(crate) async fn overview(State(shared): State<Arc<Shared>>) -> Result<Json<Overview>, Refusal> {
    Ok(Json(shared.inbox.overview().await?))
}
