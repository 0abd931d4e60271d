//! Learning objects as they are written.

use contract::api::learning_object as api;
use domain::learning_object::LearningObject;

pub(crate) fn learning_object(content: LearningObject) -> api::LearningObject {
    api::LearningObject {
        id: content.content_id.to_string(),
        lo_id: content.id.to_string(),
        created_time: content.created_at.into(),
        updated_time: content.updated_at.into(),
        core: api::Core {
            kind: content.kind,
            title: content.title,
            description: content.description,
            external_id: content.external_id,
            provider_id: Some(content.owner_id.to_string()),
        },
        lifecycle: api::Lifecycle { state: content.state.as_str().to_owned() },
    }
}
