//! `GET /v2/learning-objects/{id}/scorm`

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::extract::caller::Caller;
use crate::extract::id::Id;
use crate::extract::query::Query;
use crate::extract::scope::LoRead;
use crate::gateway::Gateway;
use crate::learning_object::scorm::{DownloadPackage, Zip, download};
use crate::refusal::Refusal;

/// A SCORM package of content that the caller's portal owns or holds, as `GET /learning-objects/{id}/scorm` gives it.
#[utoipa::path(
    get, path = "/v2/learning-objects/{id}/scorm", operation_id = "v2_download_package", tag = "V2",
    params(
        ("id" = String, Path, description = "A decimal number."),
        DownloadPackage,
        ("If-None-Match" = Option<String>, Header, description = "The ETag of a package that is there already."),
    ),
    security(("oauth2" = ["lo.read"])),
    responses(
        (status = 200, description = "The package.", body = Zip, content_type = "application/zip"),
        (status = 304, description = "It is the one that If-None-Match names."),
        (status = 404, description = "There is no such content."),
        (status = 410, description = "The content was removed."),
    )
)]
pub(crate) async fn scorm(
    State(gateway): State<Gateway>,
    caller: Caller<LoRead>,
    Id(id): Id<String>,
    Query(query): Query<DownloadPackage>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    download(&gateway, &caller, &id, query, &headers).await
}
