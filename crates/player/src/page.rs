//! `GET /play/{lo}`: the page that a learner sees, and its files. It is the same for everybody; what it shows it asks for.

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use domain::destination::LmsOrigin;
use domain::id::LearningObjectId;
use store::keyring::ONE_TIME_TOKEN;

use crate::asset;
use crate::player::Player;
use crate::refusal::Refusal;

pub(crate) async fn page(State(player): State<Player>, Path(lo): Path<String>, RawQuery(query): RawQuery) -> Response {
    let answered = async {
        let id: LearningObjectId = lo.parse().map_err(|_| Refusal::not_found())?;
        if player.store.is_content_removed(id, player.now()).await? {
            return Err(Refusal::removed());
        }
        // Tokens are letters and digits. None is used up here, and that of a link is not even looked at.
        let launch = query.as_deref().and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("launch=")));
        frame_ancestors(&player, launch).await
    };
    match answered.await {
        Ok(ancestors) => with_headers(&player, StatusCode::OK, asset::PAGE.to_owned(), &ancestors),
        Err(refusal) => {
            refusal.log();
            with_headers(&player, refusal.status(), plain(refusal.message()), "*")
        }
    }
}

/// Who may show the page within theirs: whom the destination of a launch names, or anybody.
async fn frame_ancestors(player: &Player, launch: Option<&str>) -> Result<String, Refusal> {
    let anybody = "*".to_owned();
    let Some(launch) = launch else { return Ok(anybody) };
    let digest = player.keyring.digest(ONE_TIME_TOKEN, launch);
    let token = player.store.find_one_time_token(&digest, player.now()).await?;
    let Some((token, launch)) = token.and_then(|token| token.launch.clone().map(|launch| (token, launch))) else {
        return Ok(anybody);
    };
    let found = player.store.find_destination(token.portal_id, launch.destination_id).await?;
    let origins = found.map(|destination| destination.lms_origins).unwrap_or_default();
    let names: Vec<&str> = origins.iter().map(LmsOrigin::as_str).collect();
    Ok(if names.is_empty() { anybody } else { names.join(" ") })
}

/// The page takes scripts and styles from its own files alone, and pictures and videos from wherever its author put them.
fn with_headers(player: &Player, status: StatusCode, html: String, ancestors: &str) -> Response {
    // Where the player itself is not encrypted, on somebody's own machine, its content need not be either.
    let http = if player.settings.public_url.starts_with("http:") { " http:" } else { "" };
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; font-src 'self'; \
         img-src 'self' data: https:{http}; media-src 'self' https:{http}; frame-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors {ancestors}"
    );
    let headers = [
        (header::CONTENT_SECURITY_POLICY, policy),
        // Its address holds a token, which is nobody else's.
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (status, headers, Html(html)).into_response()
}

/// A page that says one thing.
fn plain(message: &str) -> String {
    let message = message.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>Course</title>\n\
         <link rel=\"stylesheet\" href=\"/play/assets/play.css\">\n<main>\n<p role=\"alert\">{message}</p>\n</main>\n</html>\n"
    )
}

/// `GET /play/assets/{name}`
pub(crate) async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = asset::find(&name) else { return Refusal::not_found().into_response() };
    let etag = asset::ETAG.as_str();
    let caching = [(header::ETAG, etag), (header::CACHE_CONTROL, "no-cache")];
    let known = headers.get(header::IF_NONE_MATCH).and_then(|known| known.to_str().ok());
    if known.is_some_and(|known| known.contains(etag)) {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    (caching, [(header::CONTENT_TYPE, asset.content_type)], asset.bytes).into_response()
}
