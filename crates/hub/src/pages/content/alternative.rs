//! What may take the place of content that ends.

use domain::learning_object::{LearningObject, LifecycleState, alternative};
use store::learning_object::LearningObjectFilter;
use store::page::{Order, PageRequest};

use super::row::ContentRow;
use crate::extract::View;
use crate::hub::Hub;
use crate::refusal::Refusal;

/// How many are shown.
const SHOWN: usize = 5;

/// Something else to learn.
pub(crate) struct Alternative {
    pub(crate) row: ContentRow,
    /// Whether the owner named it.
    pub(crate) is_named: bool,
}

/// The best of them in the library, the best first.
pub(super) async fn list(hub: &Hub, view: &View, content: &LearningObject) -> Result<Vec<Alternative>, Refusal> {
    let now = hub.now();
    let states = Some((vec![LifecycleState::Published], now));
    let filter = LearningObjectFilter { states, order: Order::Descending, ..Default::default() };
    let page = PageRequest { limit: alternative::CANDIDATES_MAX, offset: 0 };
    let candidates = hub.store.list_learning_objects(view.portal.id, &filter, page).await?.items;
    let ranked = alternative::rank(content, &candidates, now).into_iter().take(SHOWN);
    let found = ranked.filter_map(|id| candidates.iter().find(|candidate| candidate.id == id));
    Ok(found
        .map(|found| Alternative {
            row: ContentRow::new(view, found, now),
            is_named: content.replacements.contains(&found.id),
        })
        .collect())
}
