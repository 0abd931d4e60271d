//! `PUT /learning-objects/{id}/package`

use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use contract::api::learning_object as api;
use domain::audit::Noted;
use domain::change::Change;
use domain::id::PackageId;
use domain::learning_object::{Content, LearningObject};
use domain::package::Package;
use http_body_util::BodyExt;
use hyper::body::Body as _;
use tokio::time::timeout;

use super::scorm::Zip;
use super::{find, wire};
use crate::extract::caller::Caller;
use crate::extract::id::Id;
use crate::extract::scope::LoWrite;
use crate::gateway::Gateway;
use crate::refusal::Refusal;
use crate::serve::Deadline;
use crate::upload::{self, Purpose, UploadError};
use crate::{again, audit};

/// How long an upload may take from its head to its answer: 100 MiB on a line of half a megabit a second, and some time to store it.
const UPLOAD_FOR: Duration = Duration::from_secs(30 * 60);
/// How long nothing may come of an upload.
const IDLE_FOR: Duration = Duration::from_secs(30);

/// Uploads a SCORM package, which is what is played from then on. The body is the archive, as it is. Read are SCORM 1.2 and SCORM 2004
/// (2nd to 4th edition), packages of one part. Learners who have an earlier package open can finish it within a day. Ours.
#[utoipa::path(
    put, path = "/learning-objects/{id}/package", operation_id = "upload_package", tag = "Learning objects",
    params(("id" = String, Path, description = "A decimal number, or con_ and a ULID.")),
    request_body(
        content = Zip, content_type = "application/zip",
        description = "At most 100 MiB, unless the operator says otherwise, and 200 MiB and 5,000 files unpacked."
    ),
    security(("oauth2" = ["lo.write"])),
    responses(
        (status = 200, body = api::LearningObject),
        (status = 400, description = "It is no package that can be played; the message says what is wrong."),
        (status = 403, description = "Another portal owns the content."),
        (status = 404, description = "There is no such content."),
        (status = 408, description = "Nothing came for 30 s, or it took longer than 30 minutes."),
        (status = 409, description = "Another upload of the portal is under way; or all its packages together would be too long."),
        (status = 413, description = "The archive is too long."),
        (status = 415, description = "It is a form, not an archive."),
    )
)]
pub(crate) async fn upload(
    State(gateway): State<Gateway>,
    caller: Caller<LoWrite>,
    Id(id): Id<String>,
    request: Request,
) -> Result<Json<api::LearningObject>, Refusal> {
    let lo_id = owned(&gateway, &caller, &id).await?.id;
    let (parts, body) = request.into_parts();
    refuse_form(&parts.headers)?;
    let _room = gateway.uploads.begin(caller.portal_id)?;
    if let Some(deadline) = parts.extensions.get::<Deadline>() {
        deadline.extend(UPLOAD_FOR);
    }
    let archive = receive(body, gateway.settings.package_bytes_max).await?;
    gateway.door.enter(&parts.extensions).await?;
    let purpose = Purpose {
        id: PackageId::draw(&*gateway.random),
        portal_id: caller.portal_id,
        lo_id,
        per_portal_bytes_max: gateway.settings.packages_per_portal_bytes_max,
        now: gateway.now(),
    };
    let package = upload::keep(&*gateway.store, archive, purpose).await?;
    again::on_conflict(|| play(&gateway, &caller, &id, &package)).await
}

/// The content, if the caller's portal owns it.
async fn owned(gateway: &Gateway, caller: &Caller<LoWrite>, id: &str) -> Result<LearningObject, Refusal> {
    let content = find::find(gateway, caller.portal_id, id).await?;
    if content.owner_id != caller.portal_id {
        let message = format!("learning object {id} belongs to another portal, which alone may change it");
        return Err(Refusal::new(StatusCode::FORBIDDEN, "not_the_owner", message));
    }
    Ok(content)
}

/// A form has the archive somewhere inside it.
fn refuse_form(headers: &HeaderMap) -> Result<(), Refusal> {
    let is_form = |kind: &str| kind.trim_start().to_ascii_lowercase().starts_with("multipart/");
    match headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) {
        Some(kind) if is_form(kind) => {
            let message = "send the archive itself as the body (curl --data-binary @course.zip), not a form";
            Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message))
        }
        _ => Ok(()),
    }
}

/// Reads the archive, however slowly it comes, as long as something does.
async fn receive(mut body: Body, bytes_max: usize) -> Result<Vec<u8>, Refusal> {
    let too_long = || {
        let message = format!("the archive must have at most {bytes_max} bytes");
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message)
    };
    let announced = usize::try_from(body.size_hint().lower()).ok().filter(|bytes| *bytes <= bytes_max);
    let mut archive = Vec::with_capacity(announced.ok_or_else(too_long)?);
    loop {
        let frame = timeout(IDLE_FOR, body.frame()).await.map_err(|_| {
            let message = format!("nothing came for {} s", IDLE_FOR.as_secs());
            Refusal::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", message)
        })?;
        let Some(frame) = frame else { return Ok(archive) };
        let frame = frame.map_err(|_| Refusal::bad_request("incomplete_body", "the body broke off"))?;
        let data = frame.into_data().unwrap_or_default();
        if data.len() > bytes_max - archive.len() {
            return Err(too_long());
        }
        archive.extend_from_slice(&data);
    }
}

/// Makes the package what is played.
async fn play(
    gateway: &Gateway,
    caller: &Caller<LoWrite>,
    id: &str,
    package: &Package,
) -> Result<Json<api::LearningObject>, Refusal> {
    let before = owned(gateway, caller, id).await?;
    let now = gateway.now();
    let content = Content::Package(package.id.clone());
    let after = LearningObject { content: Some(content.clone()), updated_at: now, ..before.clone() };
    let mut written = wire::learning_object(after.clone(), now);
    written.content = Some(wire::content(&content, Some(package.clone())));
    let noted = Noted::content(&before, &after, now);
    let saved = gateway.store.save_package_content(&package.id, Change::silent(after));
    audit::by(caller, noted, saved).await?;
    Ok(Json(written))
}

impl From<UploadError> for Refusal {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::Course(error) => Refusal::bad_request("invalid_package", error.to_string()),
            UploadError::NoRoom(_) => Refusal::new(StatusCode::CONFLICT, "limit_reached", error.to_string()),
            UploadError::Store(error) => error.into(),
        }
    }
}
