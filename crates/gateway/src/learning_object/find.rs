//! Learning objects by whichever id they are named.

use domain::id::PortalId;
use domain::learning_object::LearningObject;
use store::learning_object::LearningObjectRef;

use crate::gateway::Gateway;
use crate::refusal::Refusal;

/// Reads either form of id; nothing that is neither names content.
pub(crate) fn reference(text: &str) -> Option<LearningObjectRef> {
    let by_number = text.parse().map(LearningObjectRef::Id);
    by_number.or_else(|_| text.parse().map(LearningObjectRef::Content)).ok()
}

/// Content that the portal owns or holds, by either form of id, or 404.
pub(crate) async fn find(gateway: &Gateway, portal_id: PortalId, id: &str) -> Result<LearningObject, Refusal> {
    found(gateway, portal_id, reference(id))
        .await?
        .ok_or_else(|| Refusal::not_found(format_args!("learning object {id}")))
}

/// Content that the portal owns or holds, if there is any of that name.
pub(crate) async fn found(
    gateway: &Gateway,
    portal_id: PortalId,
    reference: Option<LearningObjectRef>,
) -> Result<Option<LearningObject>, Refusal> {
    match reference {
        Some(reference) => Ok(gateway.store.find_learning_object(portal_id, &reference).await?),
        None => Ok(None),
    }
}
