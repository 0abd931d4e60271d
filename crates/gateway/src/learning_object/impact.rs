//! `GET /learning-objects/{id}/impact`

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use contract::api::learning_object as api;
use serde::Deserialize;
use store::retirement::{Impact, impact_csv};
use utoipa::IntoParams;

use super::{find, wire};
use crate::extract::caller::Caller;
use crate::extract::id::Id;
use crate::extract::query::Query;
use crate::extract::scope::LoRead;
use crate::gateway::Gateway;
use crate::refusal::Refusal;

/// How it is to be written.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ShowImpact {
    /// `json` or `csv`; `json` when absent.
    #[param(pattern = "^(json|csv)?$")]
    format: Option<String>,
}

/// Whom the end of content concerns: portal by portal, who is enrolled and how far. Ours.
#[utoipa::path(
    get, path = "/learning-objects/{id}/impact", operation_id = "show_impact", tag = "Learning objects",
    params(("id" = String, Path, description = "A decimal number, or con_ and a ULID."), ShowImpact),
    security(("oauth2" = ["lo.read"])),
    responses(
        (status = 200, content((api::Impact = "application/json"), (String = "text/csv"))),
        (status = 404, description = "There is no such content."),
    )
)]
pub(crate) async fn impact(
    State(gateway): State<Gateway>,
    caller: Caller<LoRead>,
    Id(id): Id<String>,
    Query(query): Query<ShowImpact>,
) -> Result<Response, Refusal> {
    let content = find::find(&gateway, caller.portal_id, &id).await?;
    let portals = gateway.store.list_impact(caller.portal_id, content.id).await?;
    match query.format.as_deref() {
        None | Some("json") => {
            let impact = api::Impact {
                lo_id: content.id.to_string(),
                pending_state: content.retirement.map(wire::pending_state),
                portals: portals.into_iter().map(written).collect(),
            };
            Ok(Json(impact).into_response())
        }
        Some("csv") => Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], impact_csv(&portals)).into_response()),
        Some(other) => Err(Refusal::field("format", format_args!("format must be json or csv, not {other:?}"))),
    }
}

fn written(impact: Impact) -> api::PortalImpact {
    api::PortalImpact {
        portal_id: impact.portal_id.to_string(),
        portal_name: impact.portal_name,
        in_library: impact.in_library,
        not_started: impact.not_started,
        in_progress: impact.in_progress,
        completed: impact.completed,
        last_completed_time: impact.last_completed_at.map(Into::into),
    }
}
