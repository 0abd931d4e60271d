//! Learning objects as they are written.

use contract::api::learning_object as api;
use domain::id::LearningObjectId;
use domain::learning_object::{Content, LearningObject, LifecycleState, Retirement};
use domain::package::Package;
use jiff::Timestamp;

use crate::refusal::Refusal;

/// Content as it stands at `now`.
pub(crate) fn learning_object(content: LearningObject, now: Timestamp) -> api::LearningObject {
    let state = content.state_at(now);
    let pending = content.retirement.filter(|_| state != LifecycleState::Removed);
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
        lifecycle: api::Lifecycle { state: state.as_str().to_owned(), pending_state: pending.map(pending_state) },
        relevance: api::Relevance { language: content.language },
        topics: api::Topics { items: content.topics.into_iter().map(|name| api::Topic { name }).collect() },
        alternatives: api::Alternatives { content: content.replacements.into_iter().map(|id| id.0).collect() },
        content: None,
    }
}

/// What is played; of a package, what is known of it.
pub(crate) fn content(content: &Content, package: Option<Package>) -> api::Content {
    let none = api::Content::default();
    match content {
        Content::Text(text) => api::Content { text: Some(text.as_str().to_owned()), ..none },
        Content::Video(url) => api::Content { video_url: Some(url.as_str().to_owned()), ..none },
        Content::Link(url) => api::Content { link_url: Some(url.as_str().to_owned()), ..none },
        Content::Package(_) => api::Content { package: package.map(self::package), ..none },
    }
}

/// A package, without its id: who has that may fetch the files.
pub(crate) fn package(package: Package) -> api::Package {
    api::Package {
        title: package.title,
        edition: package.edition.as_str().to_owned(),
        files: package.files,
        bytes: package.bytes,
        uploaded_time: package.created_at.into(),
    }
}

/// What is to be played.
pub(crate) fn read_content(asked: api::SetContent) -> Result<Content, Refusal> {
    let api::SetContent { text, video_url, link_url } = asked;
    match (text, video_url, link_url) {
        (Some(text), None, None) => Ok(Content::text(&text)?),
        (None, Some(url), None) => Ok(Content::video(&url)?),
        (None, None, Some(url)) => Ok(Content::link(&url)?),
        _ => {
            let message = "content must be exactly one of text, video_url and link_url; a SCORM package is uploaded with PUT \
                /learning-objects/{id}/package";
            Err(Refusal::field("content", message))
        }
    }
}

/// The dates at which content ends.
pub(crate) fn pending_state(retirement: Retirement) -> api::PendingState {
    api::PendingState {
        retired_time: retirement.retired_at.map(Into::into),
        removed_time: retirement.removed_at.into(),
    }
}

/// The names of topics, each once.
pub(crate) fn read_topics(topics: api::Topics) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(topics.items.len());
    for api::Topic { name } in topics.items {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// The numbers of what may take the place of content.
pub(crate) fn read_replacements(alternatives: api::Alternatives) -> Result<Vec<LearningObjectId>, Refusal> {
    let field = "alternatives.content";
    let read = |number: i64| {
        let positive = (number > 0).then_some(LearningObjectId(number));
        positive
            .ok_or_else(|| Refusal::field(field, format_args!("{field}: {number} is not the id of a learning object")))
    };
    alternatives.content.into_iter().map(read).collect()
}
