//! `GET /hub/{portal_id}/content/{id}/package`: what SCORM package is wanted; and `…/package.zip`, the package.

use askama::Template;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use domain::destination::{Destination, PER_PORTAL_MAX};
use domain::id::{DestinationId, LearningObjectId};
use domain::learning_object::LearningObject;
use scorm::edition::Edition;
use scorm::launch_data::{LAUNCH_DATA_CHARS_MAX, LaunchData};
use scorm::package::Package;
use store::page::PageRequest;

use super::find;
use super::row::ContentRow;
use crate::extract::{Editor, Param, Query, View};
use crate::form::{Errors, Form};
use crate::hub::Hub;
use crate::refusal::Refusal;
use crate::shell::{Area, Shell};

const ALL: PageRequest = PageRequest { limit: PER_PORTAL_MAX as u32, offset: 0 };

#[derive(Template)]
#[template(path = "content/package.html")]
struct PackagePage {
    shell: Shell,
    row: ContentRow,
    is_handed_out: bool,
    editions: Vec<(&'static str, &'static str)>,
    destinations: Vec<(String, String)>,
    launch_data: String,
    form: Form,
    errors: Errors,
}

/// An edition as people call it.
const fn edition_name(edition: Edition) -> &'static str {
    match edition {
        Edition::Scorm12 => "SCORM 1.2, which every LMS takes",
        Edition::Scorm2004Third => "SCORM 2004, 3rd edition",
        Edition::Scorm2004Fourth => "SCORM 2004, 4th edition",
    }
}

impl PackagePage {
    async fn of(hub: &Hub, view: &View, content: &LearningObject, form: Form, errors: Errors) -> Result<Self, Refusal> {
        let now = hub.now();
        let listed = hub.store.list_destinations(view.portal.id, ALL).await?;
        let usable = listed.items.into_iter().filter(|destination| destination.is_over(now).is_none());
        Ok(PackagePage {
            shell: view.shell(Area::Content, format!("SCORM package of {}", content.title)),
            row: ContentRow::new(view, content, now),
            is_handed_out: content.handed_out(now).is_ok(),
            editions: Edition::ALL.iter().map(|edition| (edition.as_str(), edition_name(*edition))).collect(),
            destinations: usable.map(|one| (one.id.to_string(), one.name)).collect(),
            launch_data: format!("lo={};portal={}", content.id, view.portal.id),
            form,
            errors,
        })
    }
}

/// Which package it may be.
pub(crate) async fn form(
    State(hub): State<Hub>,
    Editor(view): Editor,
    Param(id): Param<LearningObjectId>,
    Query(query): Query,
) -> Result<Response, Refusal> {
    let content = find(&hub, &view, id).await?;
    Ok(view.page(&PackagePage::of(&hub, &view, &content, query, Errors::default()).await?))
}

/// The package. Nothing is made for it: who has no destination yet makes one first.
pub(crate) async fn zip(
    State(hub): State<Hub>,
    Editor(view): Editor,
    Param(id): Param<LearningObjectId>,
    Query(query): Query,
) -> Result<Response, Refusal> {
    let content = find(&hub, &view, id).await?;
    let mut errors = Errors::default();
    if content.handed_out(hub.now()).is_err() {
        errors.add("form", "there are packages of published and retired content only");
    }
    let edition = Edition::read(query.given("version").unwrap_or(Edition::default().as_str()));
    let edition = errors.take("version", edition.ok_or("choose one of these"));
    let launch_data = launch_data(&view, id, &query, &mut errors);
    let destination = destination(&hub, &view, &query, &mut errors).await?;
    let (Some(edition), Some(launch_data), Some(destination), true) =
        (edition, launch_data, destination, errors.is_empty())
    else {
        return Ok(view.page_with_errors(&PackagePage::of(&hub, &view, &content, query, errors).await?));
    };
    let package = Package {
        edition,
        lo_id: content.id.0,
        title: &content.title,
        launch_data: &launch_data,
        token: destination.token.as_str(),
        player: &hub.settings.player_url,
        lower_status: destination.lower_status,
    };
    Ok(view.note(answer(package.zip(&hub.settings.schemas), &package.file_name())))
}

fn launch_data(view: &View, id: LearningObjectId, query: &Form, errors: &mut Errors) -> Option<LaunchData> {
    let read = LaunchData::new(id.0, view.portal.id.0, query.given("ref"));
    let too_long = format!(
        "this is too long: an LMS keeps {LAUNCH_DATA_CHARS_MAX} characters with what stands before it; ; = % and white space count as 3"
    );
    errors.take("ref", read.map_err(|_| too_long))
}

async fn destination(
    hub: &Hub,
    view: &View,
    query: &Form,
    errors: &mut Errors,
) -> Result<Option<Destination>, Refusal> {
    let found = match query.text("destination").parse::<DestinationId>() {
        Ok(id) => hub.store.find_destination(view.portal.id, id).await?,
        Err(_) => None,
    };
    let Some(destination) = errors.take("destination", found.ok_or("choose one of your destinations")) else {
        return Ok(None);
    };
    Ok(match destination.is_over(hub.now()) {
        None => Some(destination),
        Some(over) => errors.take("destination", Err(over)),
    })
}

fn answer(zip: Vec<u8>, file_name: &str) -> Response {
    let mut response = Response::new(Body::from(zip));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    // The name is of letters, digits, hyphens and dots.
    if let Ok(attached) = HeaderValue::try_from(format!("attachment; filename=\"{file_name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, attached);
    }
    response
}
