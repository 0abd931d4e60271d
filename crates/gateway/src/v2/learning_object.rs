//! Content, in the older shape. Contract, section 9.4.

use contract::api::v2;
use domain::learning_object::{LearningObject, LifecycleState};
use jiff::Timestamp;

pub(crate) mod list;
pub(crate) mod scorm;
pub(crate) mod show;

/// Content as V2 writes it.
fn written(content: LearningObject, now: Timestamp) -> v2::LearningObject {
    let published = match content.state_at(now) {
        LifecycleState::Published => true,
        LifecycleState::Draft | LifecycleState::Retired | LifecycleState::Removed => false,
    };
    v2::LearningObject {
        id: super::number(content.id.0),
        title: content.title,
        description: content.description,
        kind: content.kind,
        created_time: content.created_at.into(),
        updated_time: content.updated_at.into(),
        published,
        image: None,
        language: content.language,
        tags: Vec::new(),
    }
}
