//! The content that a request names.

use contract::api::v2::CollectionItems;
use domain::audit::{Action, Noted};
use domain::id::{LearningObjectId, PortalId};
use domain::oauth::Token;
use jiff::Timestamp;

use crate::gateway::Gateway;
use crate::learning_object::find;
use crate::refusal::Refusal;

/// How much content one request may name. Contract, section 10.
const ITEMS_MAX: usize = 50;

/// Content that the caller's portal may hold, by either form of id.
pub(super) async fn items(
    gateway: &Gateway,
    caller: &Token,
    asked: CollectionItems,
) -> Result<Vec<LearningObjectId>, Refusal> {
    if !(1..=ITEMS_MAX).contains(&asked.lo.len()) {
        return Err(Refusal::field("lo", format_args!("lo must name 1 to {ITEMS_MAX} learning objects")));
    }
    let mut items = Vec::with_capacity(asked.lo.len());
    for (i, id) in asked.lo.iter().enumerate() {
        let offered = match find::reference(id) {
            Some(reference) => gateway.store.find_offered_learning_object(caller.portal_id, &reference).await?,
            None => None,
        };
        let content = offered.ok_or_else(|| {
            let path = format!("lo[{i}]");
            Refusal::field(path.clone(), format_args!("{path}: there is no learning object {id:?} for this portal"))
        })?;
        items.push(content.id);
    }
    Ok(items)
}

/// What was done to the library with them.
pub(super) fn noted(action: Action, portal_id: PortalId, items: &[LearningObjectId], at: Timestamp) -> Noted {
    let items: Vec<String> = items.iter().map(ToString::to_string).collect();
    Noted::done(action, portal_id, portal_id, at).with("lo", items.join(", "))
}
