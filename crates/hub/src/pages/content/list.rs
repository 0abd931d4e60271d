//! `GET /hub/{portal_id}/content`: the library.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::learning_object::{KINDS, LifecycleState};
use jiff::Timestamp;
use store::learning_object::{LearningObjectFilter, LearningObjectSort};
use store::page::{Order, PageRequest};
use url::form_urlencoded::Serializer;

use super::row::{ContentRow, kind_name};
use crate::extract::{Query, View};
use crate::form::Form;
use crate::hub::Hub;
use crate::paging::Paging;
use crate::refusal::Refusal;
use crate::shell::{Area, Shell};
use crate::when::number;

/// Which content is shown: the value in the address, what it is called, the states, whether it is flagged.
const CHIPS: [(&str, &str, &[LifecycleState], Option<bool>); 6] = [
    ("", "All", &[LifecycleState::Draft, LifecycleState::Published, LifecycleState::Retired], None),
    ("published", "Published", &[LifecycleState::Published], Some(false)),
    ("retiring", "Retiring soon", &[LifecycleState::Published], Some(true)),
    ("retired", "Retired", &[LifecycleState::Retired], None),
    ("removed", "Removed", &[LifecycleState::Removed], None),
    ("draft", "Drafts", &[LifecycleState::Draft], None),
];

#[derive(Template)]
#[template(path = "content/list.html")]
struct List {
    shell: Shell,
    query: Form,
    chips: Vec<Chip>,
    kinds: Vec<(&'static str, String)>,
    content: Vec<ContentRow>,
    paging: Paging,
    is_narrowed: bool,
    is_searched: bool,
    upcoming: u64,
    upcoming_text: String,
}

/// A way to narrow the list to a state.
struct Chip {
    value: &'static str,
    name: &'static str,
    path: String,
    is_here: bool,
}

/// The content in the portal's library, narrowed by a word, a state and a kind.
pub(crate) async fn list(State(hub): State<Hub>, view: View, Query(query): Query) -> Result<Response, Refusal> {
    let now = hub.now();
    let paging = Paging::read(&query, view.path("content"), &["q", "state", "type"]);
    let listed = hub.store.list_learning_objects(view.portal.id, &filter(&query, now), paging.request()).await?;
    let none = PageRequest { limit: 0, offset: 0 };
    let upcoming = hub.store.list_learning_objects(view.portal.id, &upcoming(now), none).await?.total;
    let is_searched = query.given("q").is_some() || query.given("type").is_some();
    let list = List {
        shell: view.shell(Area::Content, "Content"),
        chips: CHIPS.iter().map(|(value, name, ..)| chip(&view, &query, value, name)).collect(),
        kinds: KINDS.iter().map(|kind| (*kind, kind_name(kind))).collect(),
        content: listed.items.iter().map(|content| ContentRow::new(&view, content, now)).collect(),
        paging: paging.of(listed.total),
        is_narrowed: is_searched || query.given("state").is_some(),
        is_searched,
        upcoming,
        upcoming_text: number(upcoming),
        query,
    };
    Ok(view.page(&list))
}

/// What is flagged and not gone yet, what goes next first.
pub(super) fn upcoming(now: Timestamp) -> LearningObjectFilter {
    LearningObjectFilter {
        states: Some((vec![LifecycleState::Published, LifecycleState::Retired], now)),
        is_flagged: Some(true),
        sort: LearningObjectSort::Removal,
        order: Order::Ascending,
        ..Default::default()
    }
}

fn filter(query: &Form, now: Timestamp) -> LearningObjectFilter {
    let wanted = query.given("state").unwrap_or_default();
    let (_, _, states, is_flagged) = CHIPS.iter().find(|chip| chip.0 == wanted).unwrap_or(&CHIPS[0]);
    let (keyword, ids) = match query.given("q").map(|text| (text, text.parse())) {
        Some((_, Ok(id))) => (None, Some(vec![id])),
        Some((text, Err(_))) => (Some(text.to_owned()), None),
        None => (None, None),
    };
    let ends = matches!(wanted, "retiring" | "retired");
    LearningObjectFilter {
        ids,
        keyword,
        kinds: query.given("type").map(|kind| vec![kind.to_owned()]),
        states: Some((states.to_vec(), now)),
        is_flagged: *is_flagged,
        sort: if ends { LearningObjectSort::Removal } else { LearningObjectSort::Title },
        order: Order::Ascending,
        after: None,
    }
}

fn chip(view: &View, query: &Form, value: &'static str, name: &'static str) -> Chip {
    let mut kept = Serializer::new(String::new());
    for (field, value) in [("state", value), ("q", query.text("q").trim()), ("type", query.text("type"))] {
        if !value.is_empty() {
            kept.append_pair(field, value);
        }
    }
    let kept = kept.finish();
    let path = view.path("content");
    Chip {
        value,
        name,
        path: if kept.is_empty() { path } else { format!("{path}?{kept}") },
        is_here: query.given("state").unwrap_or_default() == value,
    }
}
