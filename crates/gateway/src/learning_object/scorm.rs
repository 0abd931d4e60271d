//! `GET /learning-objects/{id}/scorm`

use aws_lc_rs::digest::{SHA256, digest};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::audit::{Action, Noted};
use domain::destination::Destination;
use domain::id::DestinationId;
use domain::learning_object::{LearningObject, LifecycleState};
use domain::oauth::Token;
use scorm::edition::Edition;
use scorm::launch_data::LaunchData;
use scorm::package::Package;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::find;
use crate::audit;
use crate::destination::create;
use crate::extract::caller::Caller;
use crate::extract::id::Id;
use crate::extract::query::Query;
use crate::extract::scope::LoWrite;
use crate::gateway::Gateway;
use crate::refusal::Refusal;

/// What package is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DownloadPackage {
    /// The edition of SCORM: `1.2`, also when absent, `2004-3` or `2004-4`. Ours.
    #[param(pattern = "^(1\\.2|2004-[34])?$")]
    version: Option<String>,
    /// The destination whose token the package carries; when absent, the portal's oldest that is active, which is made if there is none.
    /// Ours.
    destination: Option<String>,
    /// What the caller knows the course or the order by: the LMS hands it back at each launch, as `ref` in the launch data. Ours.
    #[serde(rename = "ref")]
    #[param(rename = "ref", max_length = 255)]
    reference: Option<String>,
}

/// A zip.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "only the description is made of it")]
pub(crate) struct Zip(Vec<u8>);

/// A SCORM package of content that the caller's portal owns or holds: a window to where it is played, so that it need not be had again when
/// the content changes. The same request gives the same bytes, named by the ETag.
#[utoipa::path(
    get, path = "/learning-objects/{id}/scorm", operation_id = "download_package", tag = "Learning objects",
    params(
        ("id" = String, Path, description = "A decimal number, or con_ and a ULID."),
        DownloadPackage,
        ("If-None-Match" = Option<String>, Header, description = "The ETag of a package that is there already."),
    ),
    security(("oauth2" = ["lo.write"])),
    responses(
        (status = 200, description = "The package.", body = Zip, content_type = "application/zip"),
        (status = 304, description = "It is the one that If-None-Match names."),
        (status = 404, description = "There is no such content."),
        (status = 410, description = "The content was removed."),
    )
)]
pub(crate) async fn scorm(
    State(gateway): State<Gateway>,
    caller: Caller<LoWrite>,
    Id(id): Id<String>,
    Query(query): Query<DownloadPackage>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    download(&gateway, &caller, &id, query, &headers).await
}

/// The package as it is answered.
pub(crate) async fn download(
    gateway: &Gateway,
    caller: &Token,
    id: &str,
    query: DownloadPackage,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    let edition = query.version.as_deref().map_or(Ok(Edition::default()), edition)?;
    let content = find::find(gateway, caller.portal_id, id).await?;
    refuse_what_is_not_handed_out(gateway, &content)?;
    let launch_data = LaunchData::new(content.id.0, caller.portal_id.0, query.reference.as_deref())
        .map_err(|error| Refusal::field("ref", error))?;
    let destination = destination(gateway, caller, query.destination.as_deref()).await?;
    let package = Package {
        edition,
        lo_id: content.id.0,
        title: &content.title,
        launch_data: &launch_data,
        token: destination.token.as_str(),
        player: &gateway.settings.player_url,
        lower_status: destination.lower_status,
    };
    Ok(answer(package.zip(&gateway.settings.schemas), &package.file_name(), headers))
}

fn edition(text: &str) -> Result<Edition, Refusal> {
    let message = || Refusal::field("version", format_args!("version must be 1.2, 2004-3 or 2004-4, not {text:?}"));
    Edition::read(text).ok_or_else(message)
}

fn refuse_what_is_not_handed_out(gateway: &Gateway, content: &LearningObject) -> Result<(), Refusal> {
    match content.handed_out(gateway.now()) {
        Ok(()) => Ok(()),
        Err(LifecycleState::Removed) => {
            let message = format!("learning object {} was removed", content.id);
            Err(Refusal::new(StatusCode::GONE, "content_removed", message))
        }
        Err(state) => {
            let id = content.id;
            let message =
                format!("learning object {id} is a {}: there is a package of it once it is published", state.as_str());
            Err(Refusal::field("id", message))
        }
    }
}

/// The destination that is named, or the portal's default, which is made at need. However many ask for it at once, one is made.
async fn destination(gateway: &Gateway, caller: &Token, named: Option<&str>) -> Result<Destination, Refusal> {
    let Some(text) = named else {
        return match gateway.store.find_default_destination(caller.portal_id, gateway.now()).await? {
            Some(default) => Ok(default),
            None => make_default(gateway, caller).await,
        };
    };
    let found = match text.parse::<DestinationId>() {
        Ok(id) => gateway.store.find_destination(caller.portal_id, id).await?,
        Err(_) => None,
    };
    let refused = |reason: &dyn std::fmt::Display| Refusal::field("destination", format_args!("destination: {reason}"));
    let destination = found.ok_or_else(|| refused(&format_args!("there is no destination {text:?}")))?;
    match destination.is_over(gateway.now()) {
        None => Ok(destination),
        Some(over) => Err(refused(&over)),
    }
}

async fn make_default(gateway: &Gateway, caller: &Token) -> Result<Destination, Refusal> {
    let default = create::fresh(gateway, caller.portal_id).await?;
    let noted = Noted::created(Action::DestinationCreate, &default, default.created_at);
    Ok(audit::by(caller, noted, gateway.store.save_default_destination(default)).await?)
}

fn answer(zip: Vec<u8>, file_name: &str, headers: &HeaderMap) -> Response {
    let hex: String = digest(&SHA256, &zip).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{hex}\"");
    let common = [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, "private, no-cache".to_owned())];
    if is_named(headers, &tag) {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let own = [
        (header::CONTENT_TYPE, "application/zip".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{file_name}\"")),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    (common, own, zip).into_response()
}

/// Whether `If-None-Match` names the tag. Weak tags are as good as strong ones there (RFC 9110, section 13.1.2).
fn is_named(headers: &HeaderMap, tag: &str) -> bool {
    let lines = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut named = lines.flat_map(|line| line.split(',')).map(str::trim);
    named.any(|named| named == "*" || named.strip_prefix("W/").unwrap_or(named) == tag)
}
