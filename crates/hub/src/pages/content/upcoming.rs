//! `GET /hub/{portal_id}/content/upcoming`: what will be gone, month by month.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::learning_object::LearningObject;

use super::impact::Concerned;
use super::list;
use super::row::ContentRow;
use crate::extract::{Query, View};
use crate::hub::Hub;
use crate::paging::Paging;
use crate::refusal::Refusal;
use crate::shell::{Area, Shell};

#[derive(Template)]
#[template(path = "content/upcoming.html")]
struct Upcoming {
    shell: Shell,
    months: Vec<Month>,
    paging: Paging,
}

/// What goes in one calendar month, in UTC.
struct Month {
    name: String,
    ends: Vec<End>,
}

struct End {
    row: ContentRow,
    /// Such as "29".
    day: String,
    concerned: Concerned,
}

/// The removals that lie ahead, the next one first.
pub(crate) async fn upcoming(State(hub): State<Hub>, view: View, Query(query): Query) -> Result<Response, Refusal> {
    let paging = Paging::read(&query, view.path("content/upcoming"), &[]);
    let filter = list::upcoming(hub.now());
    let listed = hub.store.list_learning_objects(view.portal.id, &filter, paging.request()).await?;
    let mut months: Vec<Month> = Vec::new();
    for content in &listed.items {
        let Some((name, end)) = end(&hub, &view, content).await? else { continue };
        match months.last_mut().filter(|month| month.name == name) {
            Some(month) => month.ends.push(end),
            None => months.push(Month { name, ends: vec![end] }),
        }
    }
    let shell = view.shell(Area::Content, "Upcoming removals");
    Ok(view.page(&Upcoming { shell, months, paging: paging.of(listed.total) }))
}

async fn end(hub: &Hub, view: &View, content: &LearningObject) -> Result<Option<(String, End)>, Refusal> {
    let Some(retirement) = content.retirement else { return Ok(None) };
    let impact = hub.store.list_impact(view.portal.id, content.id).await?;
    let day = retirement.removed_at.strftime("%-d").to_string();
    let end = End { row: ContentRow::new(view, content, hub.now()), day, concerned: Concerned::of(&impact) };
    Ok(Some((retirement.removed_at.strftime("%B %Y").to_string(), end)))
}
