//! Who speaks: the session of a request, and what it may speak for.

use domain::destination::Destination;
use domain::id::{DestinationId, PortalId};
use domain::play::{Holder, PlaySession};
use store::keyring::PLAY_SESSION;

use crate::player::Player;
use crate::refusal::Refusal;

/// A session that is good, of that kind of holder, counted.
pub(crate) async fn find(player: &Player, text: &str, holder: Holder) -> Result<PlaySession, Refusal> {
    let digest = player.keyring.digest(PLAY_SESSION, text);
    let now = player.now();
    let found = player.store.find_play_session(&digest, now).await?;
    let session = found.filter(|session| session.holder == holder).ok_or_else(Refusal::session_over)?;
    player.limits.admit_session(digest, now)?;
    Ok(session)
}

/// A destination whose learners may go on. One whose time is over lets those who are in it finish; one that was revoked does not.
pub(crate) async fn destination(
    player: &Player,
    portal_id: PortalId,
    id: DestinationId,
) -> Result<Destination, Refusal> {
    let found = player.store.find_destination(portal_id, id).await?.ok_or_else(Refusal::unknown_token)?;
    match found.is_over(player.now()) {
        Some(refusal @ domain::destination::LaunchRefusal::Revoked) => Err(refusal.into()),
        Some(_) | None => Ok(found),
    }
}
