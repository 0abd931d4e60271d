//! Content: what stands in the library, when it ends, and what its owner may do about that.

use domain::audit::Noted;
use domain::change::Change;
use domain::id::LearningObjectId;
use domain::learning_object::LearningObject;
use domain::learning_object::retirement::Announcement;
use store::error::StoreError;
use store::learning_object::LearningObjectRef;

use crate::extract::View;
use crate::hub::Hub;
use crate::refusal::Refusal;

pub(crate) mod alternative;
pub(crate) mod edit;
pub(crate) mod flag;
pub(crate) mod impact;
pub(crate) mod list;
pub(crate) mod package;
pub(crate) mod row;
pub(crate) mod show;
pub(crate) mod upcoming;
pub(crate) mod withdraw;

/// How often a change is decided before it is said that somebody else is always faster.
const DECISIONS_MAX: u32 = 8;

/// Content that the portal that is looked at owns or holds.
async fn find(hub: &Hub, view: &View, id: LearningObjectId) -> Result<LearningObject, Refusal> {
    let found = hub.store.find_learning_object(view.portal.id, &LearningObjectRef::Id(id)).await?;
    found.ok_or(Refusal::NotFound)
}

/// The same for whoever wants to change it: its owner alone may. Contract, section 6.
async fn find_own(hub: &Hub, view: &View, id: LearningObjectId) -> Result<LearningObject, Refusal> {
    let content = find(hub, view, id).await?;
    if content.owner_id == view.portal.id { Ok(content) } else { Err(Refusal::NotTheOwner) }
}

/// Loads content of the portal's own, lets `decide` change it, and saves it with its entry in the audit log and with what is to be told
/// of it; again, if somebody else was faster. What `decide` refuses is the inner error, with the content as it was.
async fn change<E>(
    hub: &Hub,
    view: &View,
    id: LearningObjectId,
    decide: impl Fn(LearningObject) -> Result<(LearningObject, Option<Announcement>), E>,
) -> Result<Result<LearningObject, (LearningObject, E)>, Refusal> {
    for _ in 0..DECISIONS_MAX {
        let before = find_own(hub, view, id).await?;
        let (after, announcement) = match decide(before.clone()) {
            Ok(decided) => decided,
            Err(error) => return Ok(Err((before, error))),
        };
        let noted = Noted::content(&before, &after, hub.now());
        let changed = after.clone();
        let saved = match announcement {
            Some(announcement) => view.by(noted, hub.store.save_retirement(after, announcement)).await,
            None => view.by(noted, hub.store.save_learning_object(Change::silent(after))).await,
        };
        match saved {
            Ok(()) => return Ok(Ok(changed)),
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(StoreError::Conflict.into())
}
