//! `GET /hub/{portal_id}/content/{id}`: one piece of content, when it ends, and whom that concerns.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::id::LearningObjectId;
use domain::learning_object::{Content, LearningObject, LifecycleState};

use super::alternative::{self, Alternative};
use super::find;
use super::impact::{Concerned, ImpactRow};
use super::row::{self, ContentRow};
use crate::extract::{Param, View};
use crate::hub::Hub;
use crate::refusal::Refusal;
use crate::shell::{Area, Shell};
use crate::when::{When, number};

/// How much of a text is shown, in characters.
const TEXT_CHARS_SHOWN: usize = 600;
/// How many portals are shown; the table has all.
const PORTALS_SHOWN: usize = 50;

#[derive(Template)]
#[template(path = "content/show.html")]
struct Show {
    shell: Shell,
    row: ContentRow,
    content_id: String,
    external_id: String,
    description: String,
    topics: Vec<String>,
    owner: String,
    meaning: &'static str,
    flagged_at: Option<When>,
    retired_at: Option<When>,
    removed_at: Option<When>,
    may_flag: bool,
    may_edit: bool,
    has_package: bool,
    played: Played,
    created_at: When,
    impact: Vec<ImpactRow>,
    concerned: Concerned,
    /// None where nothing needs to take its place.
    alternatives: Option<Vec<Alternative>>,
}

/// What is played, as it is shown.
#[derive(Default)]
struct Played {
    kind: &'static str,
    text: String,
    url: String,
    package: Vec<(&'static str, String)>,
}

/// The content.
pub(crate) async fn show(
    State(hub): State<Hub>,
    view: View,
    Param(id): Param<LearningObjectId>,
) -> Result<Response, Refusal> {
    let (content, now) = (find(&hub, &view, id).await?, hub.now());
    let state = content.state_at(now);
    let owner = hub.store.find_portal(content.owner_id).await?;
    let impact = hub.store.list_impact(view.portal.id, id).await?;
    let ends = content.retirement.is_some() || matches!(state, LifecycleState::Retired | LifecycleState::Removed);
    let alternatives = if ends { Some(alternative::list(&hub, &view, &content).await?) } else { None };
    let (row, may_edit) =
        (ContentRow::new(&view, &content, now), view.may_change() && content.owner_id == view.portal.id);
    let is_there = matches!(state, LifecycleState::Published | LifecycleState::Retired);
    let show = Show {
        shell: view.shell(Area::Content, content.title.clone()),
        content_id: content.content_id.to_string(),
        external_id: content.external_id.clone().unwrap_or_default(),
        owner: owner.map(|portal| portal.name).unwrap_or_default(),
        meaning: row::meaning(&content, now),
        flagged_at: content.retirement.map(|retirement| When(retirement.flagged_at)),
        retired_at: content.retirement.and_then(|retirement| retirement.retired_at).map(When),
        removed_at: content.retirement.map(|retirement| When(retirement.removed_at)),
        may_flag: may_edit && is_there,
        may_edit,
        has_package: view.may_change() && is_there,
        played: played(&hub, &content).await?,
        created_at: When(content.created_at),
        impact: impact.iter().take(PORTALS_SHOWN).map(|one| ImpactRow::new(one, id)).collect(),
        concerned: Concerned::of(&impact),
        alternatives,
        description: cut(content.description),
        topics: content.topics,
        row,
    };
    Ok(view.page(&show))
}

async fn played(hub: &Hub, content: &LearningObject) -> Result<Played, Refusal> {
    let none = Played::default();
    Ok(match &content.content {
        None => none,
        Some(Content::Text(text)) => Played { kind: "A text", text: cut(text.as_str().to_owned()), ..none },
        Some(Content::Video(url)) => Played { kind: "A video", url: url.as_str().to_owned(), ..none },
        Some(Content::Link(url)) => Played { kind: "A page elsewhere", url: url.as_str().to_owned(), ..none },
        Some(Content::Package(id)) => {
            let package = hub.store.find_package(id).await?;
            let facts = package.map(|package| {
                vec![
                    ("Title in its manifest", package.title),
                    ("Made for", format!("SCORM {}", package.edition.as_str())),
                    ("Files", number(u64::from(package.files))),
                    ("Size", bytes(package.bytes)),
                ]
            });
            Played { kind: "An uploaded SCORM package", package: facts.unwrap_or_default(), ..none }
        }
    })
}

fn bytes(bytes: u64) -> String {
    match bytes {
        0..10_240 => format!("{} bytes", number(bytes)),
        10_240..10_485_760 => format!("{} KiB", number(bytes / 1_024)),
        _ => format!("{} MiB", number(bytes / 1_048_576)),
    }
}

fn cut(text: String) -> String {
    let mut shown: String = text.chars().take(TEXT_CHARS_SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        let sizes = [(0, "0 bytes"), (10_239, "10\u{202f}239 bytes"), (10_240, "10 KiB"), (10_485_760, "10 MiB")];
        for (size, expected) in sizes {
            assert_eq!(bytes(size), expected);
        }
    }
}
