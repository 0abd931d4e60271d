//! `POST /scorm/launch`: a package was opened in an LMS.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use domain::change::Change;
use domain::destination::{Destination, LmsOrigin, Seat};
use domain::enrollment::Enrollment;
use domain::id::{AccountGuid, DestinationToken, LearningActivityId, LearningObjectId, UserAccountId};
use domain::learning_activity::{LearningActivity, RecordKind, ScormRecord, ScormVersion};
use domain::learning_object::LearningObject;
use domain::oauth::Digest;
use domain::play::{
    Holder, LAUNCH_FOR, Launched, LmsLaunch, LmsStatus, Names, OneTimeToken, Place, PlaySession, SESSION_FOR,
};
use domain::portal::PortalDomain;
use domain::user_account::{EmailAddress, Role, UserAccount};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use store::error::StoreError;
use store::id::Sequence;
use store::keyring::{ONE_TIME_TOKEN, PLAY_SESSION, SCORM_LEARNER};
use store::play::{NewLaunch, NewSeat};

use crate::enrollment::{self, Wanted};
use crate::player::Player;
use crate::refusal::Refusal;
use crate::values::Values;
use crate::{body, cors, session};

/// The version of the words between packages and the player.
const PROTOCOL: u32 = 1;
/// The longest mail address, in bytes.
const ADDRESS_BYTES_MAX: usize = 254;

/// What a package says when it is opened.
#[derive(Deserialize)]
struct LaunchRequest {
    protocol: u32,
    token: String,
    id: i64,
    version: String,
    values: Box<RawValue>,
    /// The session that the same page had before: it opens the player once more, and begins nothing anew.
    #[serde(default)]
    session: Option<String>,
}

/// How it goes on.
#[derive(Serialize)]
struct LaunchAnswer {
    session: String,
    play_url: String,
    read_only: bool,
    mirror: Mirror,
    lower_status: bool,
}

/// What the LMS is told.
#[derive(Serialize)]
struct Mirror {
    status: &'static str,
    score: Option<u8>,
    progress: Option<f64>,
    location: Option<String>,
}

pub(crate) async fn launch(State(player): State<Player>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let origin = cors::asking(&parts.headers);
    let answered = async {
        let asked: LaunchRequest = body::read(body).await?;
        let _place = player.door.enter().await?;
        let answer = answer(&player, asked, origin).await?;
        Ok(Json(answer).into_response())
    };
    cors::readable(&parts.headers, answered.await)
}

async fn answer(player: &Player, asked: LaunchRequest, origin: Option<LmsOrigin>) -> Result<LaunchAnswer, Refusal> {
    if asked.protocol != PROTOCOL {
        return Err(Refusal::malformed(format_args!("protocol must be {PROTOCOL}")));
    }
    let version =
        ScormVersion::read(&asked.version).ok_or_else(|| Refusal::malformed("version must be 1.2 or 2004"))?;
    // One word says who learns, and decides whose enrollment it is.
    let other = if version == ScormVersion::V1_2 { ScormVersion::V2004 } else { ScormVersion::V1_2 };
    let values = Values::read(&asked.values)?.without_learner(other);
    let destination = admitting(player, &asked.token, origin.as_ref()).await?;
    player.limits.admit_passed(destination.id, values.raw.len(), player.now())?;
    let lms = LmsLaunch::read(version, &values.pairs).ok_or_else(Refusal::nobody)?;
    let content = enrollment::find_content(player, destination.portal_id, LearningObjectId(asked.id)).await?;

    let learner = learner(player, &destination, &lms);
    let values =
        if destination.pseudonymous { values.disguise(Names::of(version), &pseudonym(&learner)) } else { values };
    let user_account_id = take_seat(player, &destination, &content, learner, &lms).await?;
    enrollment::find_account(player, destination.portal_id, user_account_id).await?;
    let wanted = Wanted {
        portal_id: destination.portal_id,
        user_account_id,
        lo_id: content.id,
        destination_id: Some(destination.id),
    };
    let goes_on = goes_on(player, asked.session.as_deref(), wanted).await?;
    let enrollment = enrollment::open(player, wanted, &content, lms.begins_anew && !goes_on).await?;
    let place = player.store.find_place(enrollment.id).await?.unwrap_or_default();
    let (session, token) = save(player, &destination, &enrollment, version, values, origin).await?;
    Ok(LaunchAnswer {
        session,
        play_url: format!("{}/play/{}?launch={token}", player.settings.public_url, content.id),
        read_only: lms.is_read_only,
        mirror: mirror(&enrollment, place),
        lower_status: destination.lower_status,
    })
}

/// The destination of a token, if it launches anything for a page of that origin.
async fn admitting(player: &Player, token: &str, origin: Option<&LmsOrigin>) -> Result<Destination, Refusal> {
    let token: DestinationToken = token.parse().map_err(|_| Refusal::unknown_token())?;
    let found = player.store.find_destination_by_token(&token).await?;
    let destination = found.ok_or_else(Refusal::unknown_token)?;
    let now = player.now();
    player.limits.admit_launch(destination.id, now)?;
    // Whether there is a seat is decided where one is taken.
    match destination.refuses(now, origin, Seat::Held) {
        Some(refusal) => Err(refusal.into()),
        None => Ok(destination),
    }
}

/// What tells one learner from another. Who is known by a pseudonym is another person at each destination, so that nobody can tell by
/// one of them who it is at another.
fn learner(player: &Player, destination: &Destination, lms: &LmsLaunch) -> Digest {
    let portal = destination.portal_id.0.to_be_bytes();
    let only_here = if destination.pseudonymous { destination.id.0 } else { 0 }.to_be_bytes();
    player.keyring.digest_of_parts(SCORM_LEARNER, &[&portal, &only_here, lms.learner_id.json().as_bytes()])
}

/// What stands in the place of the learner's id.
pub(crate) fn pseudonym(learner: &Digest) -> String {
    learner.0.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The account of a learner at a destination, who takes a seat there if they have none yet.
async fn take_seat(
    player: &Player,
    destination: &Destination,
    content: &LearningObject,
    learner: Digest,
    lms: &LmsLaunch,
) -> Result<UserAccountId, Refusal> {
    if let Some(seated) = player.store.find_seat(destination.id, &learner).await? {
        return Ok(seated);
    }
    let now = player.now();
    // Whoever has no seat has no enrollment either, and shall not take one for nothing.
    if !content.admits_enrollments(now) {
        return Err(Refusal::retired());
    }
    player.limits.admit_learner(destination.id, now)?;
    let seat = NewSeat {
        destination_id: destination.id,
        seats_max: destination.seats_max,
        learner,
        account: Change::silent(account(player, destination, lms, now).await?),
        at: now,
    };
    match player.store.save_seat(seat).await {
        Ok(seated) => Ok(seated),
        Err(StoreError::LimitReached(_)) => Err(domain::destination::LaunchRefusal::Seats.into()),
        Err(error) => Err(error.into()),
    }
}

/// The account that is made for a learner, with an address that nobody has.
async fn account(
    player: &Player,
    destination: &Destination,
    lms: &LmsLaunch,
    now: Timestamp,
) -> Result<UserAccount, Refusal> {
    let portal = player.store.find_portal(destination.portal_id).await?.ok_or_else(Refusal::unknown_token)?;
    let email = made_up(&player.random.hex(20), &portal.domain);
    let name = lms.name.clone().filter(|_| !destination.pseudonymous);
    let (given_name, family_name) = name.unwrap_or_else(|| ("Learner".to_owned(), String::new()));
    Ok(UserAccount {
        id: UserAccountId(player.store.next_id(Sequence::UserAccount).await?),
        version: 0,
        portal_id: destination.portal_id,
        guid: AccountGuid::draw(&*player.random, now),
        username: email.as_str().to_owned(),
        email,
        given_name,
        family_name,
        roles: vec![Role::Learner],
        active: true,
        // Only who may call the API says who somebody is.
        external_user_id: None,
        created_at: now,
        updated_at: now,
    })
}

/// An address that ends in the portal's domain, or in as many of its last labels as an address has room for.
fn made_up(name: &str, domain: &PortalDomain) -> EmailAddress {
    let mut domain = domain.as_str();
    while name.len() + "scorm-@".len() + domain.len() > ADDRESS_BYTES_MAX {
        domain = domain.split_once('.').map_or("invalid", |(_, rest)| rest);
    }
    EmailAddress::parse(&format!("scorm-{name}@{domain}")).expect("a name and a host name make an address")
}

/// Whether the page that launches had a session of the same enrollment before.
async fn goes_on(player: &Player, before: Option<&str>, wanted: Wanted) -> Result<bool, Refusal> {
    let Some(before) = before else { return Ok(false) };
    let found = match session::find(player, before, Holder::Package).await {
        Ok(found) => found,
        Err(refusal) if refusal.status() == axum::http::StatusCode::UNAUTHORIZED => return Ok(false),
        Err(refusal) => return Err(refusal),
    };
    let of_destination = found.launch.map(|(_, destination_id)| destination_id);
    Ok((found.user_account_id, found.lo_id, of_destination)
        == (wanted.user_account_id, wanted.lo_id, wanted.destination_id))
}

/// Stores the launch; its session and the token that opens the player.
async fn save(
    player: &Player,
    destination: &Destination,
    enrollment: &Enrollment,
    scorm_version: ScormVersion,
    values: Values,
    origin: Option<LmsOrigin>,
) -> Result<(String, String), Refusal> {
    let now = player.now();
    let until = |span: SignedDuration| now.saturating_add(span).unwrap_or(Timestamp::MAX);
    let Enrollment { id: enrollment_id, portal_id, user_account_id, lo_id, .. } = *enrollment;
    let activity = LearningActivity {
        id: LearningActivityId::draw(&*player.random),
        portal_id,
        enrollment_id,
        lo_id,
        user_account_id,
        destination_id: destination.id,
        scorm_version,
        values: values.pairs,
        lms_write: None,
        created_at: now,
        updated_at: now,
    };
    let record = ScormRecord {
        activity_id: activity.id.clone(),
        sequence: 0,
        kind: RecordKind::Launch,
        values: values.raw,
        lms_write: None,
        at: now,
    };
    let (session_text, digest) = player.draw(PLAY_SESSION);
    let session = PlaySession {
        digest,
        holder: Holder::Package,
        portal_id,
        user_account_id,
        lo_id,
        enrollment_id,
        launch: Some((activity.id.clone(), destination.id)),
        sequence: 0,
        created_at: now,
        expires_at: until(SESSION_FOR),
    };
    let (token_text, digest) = player.draw(ONE_TIME_TOKEN);
    let launched = Launched { enrollment_id, activity_id: activity.id.clone(), destination_id: destination.id, origin };
    let token = OneTimeToken {
        digest,
        portal_id,
        user_account_id,
        lo_id: Some(lo_id),
        launch: Some(launched),
        created_at: now,
        expires_at: until(LAUNCH_FOR),
    };
    player.store.save_launch(NewLaunch { activity, record, session, token }).await?;
    Ok((session_text, token_text))
}

fn mirror(enrollment: &Enrollment, place: Place) -> Mirror {
    Mirror {
        status: LmsStatus::of(&enrollment.progress).as_str(),
        score: enrollment.progress.result(),
        progress: place.share,
        location: place.location,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_up_address_ends_in_the_domain_as_far_as_there_is_room() {
        let check = |domain: &str, end: &str| {
            let email = made_up(&"0".repeat(20), &PortalDomain::parse(domain).unwrap());
            assert!(email.as_str().ends_with(end), "{email:?}");
        };
        check("acme.example.com", "@acme.example.com");
        let label = "a".repeat(63);
        let long = [&label[..], &label, &label, "example.com"].join(".");
        check(&long, &format!("@{long}"));
        let longest = [&label[..], &label, &label, &"b".repeat(61)].join(".");
        check(&longest, &format!("@{label}.{label}.{}", "b".repeat(61)));
    }
}
