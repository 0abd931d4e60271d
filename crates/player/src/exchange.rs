//! `POST /play/exchange`: the page gives the one-time token of its address for a session. The only place where one is used up.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::enrollment::{Enrollment, Status};
use domain::id::LearningObjectId;
use domain::learning_object::{Content, LearningObject};
use domain::oauth::Digest;
use domain::play::{Holder, OneTimeToken, Place, PlaySession, SESSION_FOR};
use domain::user_account::UserAccount;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::keyring::{ONE_TIME_TOKEN, PLAY_SESSION};

use crate::enrollment::{self, Wanted, Written};
use crate::player::Player;
use crate::refusal::Refusal;
use crate::{body, markdown, session};

/// What a page was opened with: one of the two.
#[derive(Deserialize)]
struct ExchangeRequest {
    lo: i64,
    #[serde(default)]
    launch: Option<String>,
    #[serde(default)]
    one_time_token: Option<String>,
}

/// All that the page shows.
#[derive(Serialize)]
struct ExchangeAnswer {
    session: String,
    learning_object: WrittenContent,
    enrollment: Written,
    resume: Option<String>,
    location: Option<String>,
    /// How much is done, 0 to 1.
    progress: Option<f64>,
    /// Whose page the player is in; it speaks with no other.
    frame_origin: Option<String>,
    /// When it is gone, for those who can still do something about it.
    leaves_at: Option<Timestamp>,
    learner: Learner,
}

#[derive(Serialize)]
struct WrittenContent {
    id: i64,
    title: String,
    description: String,
    language: Option<String>,
    content: Playable,
}

/// What is played: one of them.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Playable {
    TextHtml(String),
    VideoUrl(String),
    LinkUrl(String),
    Package { entry_url: String, edition: &'static str, launch_data: Option<String>, mastery_score: Option<String> },
}

#[derive(Serialize)]
struct Learner {
    id: String,
    name: String,
}

pub(crate) async fn exchange(State(player): State<Player>, request: Request) -> Result<Response, Refusal> {
    let asked: ExchangeRequest = body::read(request.into_body()).await?;
    let _place = player.door.enter().await?;
    let lo_id = LearningObjectId(asked.lo);
    let (text, comes_of_launch) = match (asked.launch, asked.one_time_token) {
        (Some(launch), None) => (launch, true),
        (None, Some(token)) => (token, false),
        (Some(_), Some(_)) | (None, None) => return Err(Refusal::malformed("launch or one_time_token is needed")),
    };
    let digest = player.keyring.digest(ONE_TIME_TOKEN, &text);
    let found = player.store.find_one_time_token(&digest, player.now()).await?;
    let fits = |token: &OneTimeToken| token.launch.is_some() == comes_of_launch && token.opens(lo_id);
    let token = found.filter(fits).ok_or_else(Refusal::link_spent)?;
    let answer = open(&player, token, lo_id).await?;
    let mut response = Json(answer).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

async fn open(player: &Player, token: OneTimeToken, lo_id: LearningObjectId) -> Result<ExchangeAnswer, Refusal> {
    let content = enrollment::find_content(player, token.portal_id, lo_id).await?;
    let account = enrollment::find_account(player, token.portal_id, token.user_account_id).await?;
    let enrollment = find_enrollment(player, &token, &content).await?;
    let session = save(player, &token.digest, &token, &enrollment).await?;
    let place = player.store.find_place(enrollment.id).await?.unwrap_or_default();
    let can_act = enrollment.progress.status() != Status::Completed;
    let Place { location, resume, share } = place;
    Ok(ExchangeAnswer {
        session,
        leaves_at: content.retirement.map(|retirement| retirement.removed_at).filter(|_| can_act),
        learning_object: written(player, content).await?,
        enrollment: Written::from(&enrollment),
        resume,
        location,
        progress: share,
        frame_origin: token.launch.and_then(|launch| launch.origin).map(|origin| origin.as_str().to_owned()),
        learner: learner(&account),
    })
}

/// The enrollment that a launch led to, or that of a learner who came by a link.
async fn find_enrollment(
    player: &Player,
    token: &OneTimeToken,
    content: &LearningObject,
) -> Result<Enrollment, Refusal> {
    let portal_id = token.portal_id;
    match &token.launch {
        Some(launch) => {
            session::destination(player, portal_id, launch.destination_id).await?;
            let found = player.store.find_enrollment(portal_id, launch.enrollment_id).await?;
            found.ok_or_else(Refusal::enrollment_gone)
        }
        None => {
            let user_account_id = token.user_account_id;
            let wanted = Wanted { portal_id, user_account_id, lo_id: content.id, destination_id: None };
            enrollment::open(player, wanted, content, false).await
        }
    }
}

async fn save(
    player: &Player,
    spent: &Digest,
    token: &OneTimeToken,
    enrollment: &Enrollment,
) -> Result<String, Refusal> {
    let (text, digest) = player.draw(PLAY_SESSION);
    let now = player.now();
    let session = PlaySession {
        digest,
        holder: Holder::Player,
        portal_id: enrollment.portal_id,
        user_account_id: enrollment.user_account_id,
        lo_id: enrollment.lo_id,
        enrollment_id: enrollment.id,
        launch: token.launch.as_ref().map(|launch| (launch.activity_id.clone(), launch.destination_id)),
        sequence: 0,
        created_at: now,
        expires_at: now.saturating_add(SESSION_FOR).unwrap_or(Timestamp::MAX),
    };
    let is_given = player.store.save_play_session(spent, session).await?;
    is_given.then_some(text).ok_or_else(Refusal::link_spent)
}

async fn written(player: &Player, content: LearningObject) -> Result<WrittenContent, Refusal> {
    let playable = match &content.content {
        Some(Content::Text(text)) => Playable::TextHtml(markdown::html(text.as_str())),
        Some(Content::Video(url)) => Playable::VideoUrl(url.as_str().to_owned()),
        Some(Content::Link(url)) => Playable::LinkUrl(url.as_str().to_owned()),
        Some(Content::Package(id)) => {
            let package = player.store.find_package(id).await?.ok_or_else(Refusal::removed)?;
            Playable::Package {
                entry_url: format!("{}/package/{id}/{}", player.settings.public_url, package.entry),
                edition: package.edition.as_str(),
                launch_data: package.launch_data,
                mastery_score: package.mastery_score,
            }
        }
        // Nobody said what is played: what it is about is all there is to read.
        None => Playable::TextHtml(markdown::html(&content.description)),
    };
    Ok(WrittenContent {
        id: content.id.0,
        title: content.title,
        description: content.description,
        language: content.language,
        content: playable,
    })
}

fn learner(account: &UserAccount) -> Learner {
    let name = format!("{} {}", account.given_name, account.family_name).trim().to_owned();
    Learner { id: account.id.to_string(), name }
}
