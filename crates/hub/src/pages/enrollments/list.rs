//! `GET /hub/{portal_id}/enrollments`

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use url::form_urlencoded::Serializer;

use super::filter::{self, FIELDS, Wanted};
use super::row::{EnrollmentRow, rows};
use crate::extract::{Query, View};
use crate::form::Form;
use crate::hub::Hub;
use crate::page;
use crate::paging::Paging;
use crate::refusal::Refusal;
use crate::shell::{Area, Shell};

#[derive(Template)]
#[template(path = "enrollments/list.html")]
struct List {
    shell: Shell,
    enrollments: Vec<EnrollmentRow>,
    query: Form,
    is_narrowed: bool,
    why_none: &'static str,
    csv_path: String,
    paging: Paging,
}

/// The enrollments of the portal, the last changed first.
pub(crate) async fn list(State(hub): State<Hub>, view: View, Query(query): Query) -> Result<Response, Refusal> {
    let paging = Paging::read(&query, view.path("enrollments"), &FIELDS);
    let (listed, why_none) = match filter::read(&hub, &view, &query).await? {
        Wanted::Some(filter) => {
            (Some(hub.store.list_enrollments(view.portal.id, &filter, paging.request()).await?), "")
        }
        Wanted::None(why) => (None, why),
        Wanted::One(id) => match hub.store.find_enrollment(view.portal.id, id).await? {
            Some(_) => return Ok(view.note(page::see_other(&view.path(format_args!("enrollments/{id}"))))),
            None => (None, "This portal has no enrollment with that number."),
        },
    };
    let (total, items) = listed.map(|listed| (listed.total, listed.items)).unwrap_or_default();
    let list = List {
        shell: view.shell(Area::Enrollments, "Enrollments"),
        enrollments: rows(&hub, &view, &items).await?,
        is_narrowed: FIELDS.iter().any(|field| query.given(field).is_some()),
        why_none,
        csv_path: csv_path(&view, &query),
        query,
        paging: paging.of(total),
    };
    Ok(view.page(&list))
}

/// Where the same list is as a table for spreadsheets.
fn csv_path(view: &View, query: &Form) -> String {
    let mut narrowed = Serializer::new(String::new());
    for field in FIELDS {
        if let Some(text) = query.given(field) {
            narrowed.append_pair(field, text);
        }
    }
    let narrowed = narrowed.finish();
    let path = view.path("enrollments.csv");
    if narrowed.is_empty() { path } else { format!("{path}?{narrowed}") }
}
