//! Content, in the older shape. Contract, section 9.4.

use contract::api::v2;
use domain::learning_object::{LearningObject, LifecycleState};

pub(crate) mod list;
pub(crate) mod show;

/// Content as V2 writes it.
fn written(content: LearningObject) -> v2::LearningObject {
    v2::LearningObject {
        id: super::number(content.id.0),
        title: content.title,
        description: content.description,
        kind: content.kind,
        created_time: content.created_at.into(),
        updated_time: content.updated_at.into(),
        published: match content.state {
            LifecycleState::Published => true,
            LifecycleState::Draft | LifecycleState::Retired | LifecycleState::Removed => false,
        },
        image: None,
        language: None,
        tags: Vec::new(),
    }
}
