//! Who is told of the changes of an enrollment (decision 11).

use domain::enrollment::Audience;
use domain::id::{EnrollmentId, EventId, PortalId};

use crate::gateway::Gateway;
use crate::refusal::Refusal;

/// Whether the portal's enrollments below `parent_id` publish events. Top-level ones always do, so the portal is asked
/// only where it has a say.
pub(crate) async fn tells_of_children(
    gateway: &Gateway,
    portal_id: PortalId,
    parent_id: Option<EnrollmentId>,
) -> Result<bool, Refusal> {
    if parent_id.is_none() {
        return Ok(false);
    }
    let portal = gateway.store.find_portal(portal_id).await?;
    Ok(portal.is_some_and(|portal| portal.child_enrollment_events))
}

/// Lets `decide` publish events with new ids.
pub(crate) fn tell<T>(gateway: &Gateway, child_enrollment_events: bool, decide: impl FnOnce(Audience<'_>) -> T) -> T {
    decide(Audience { child_enrollment_events, event_ids: &mut || EventId::draw(&*gateway.random) })
}
