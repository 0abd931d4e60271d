//! `GET /hub/{portal_id}/deliveries`

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use contract::event_type::EventType;
use store::delivery_search::DeliveryStatus;
use url::form_urlencoded::Serializer;

use super::filter::{self, FIELDS};
use super::names::{Names, customers};
use super::row::DeliveryRow;
use crate::extract::{Query, View};
use crate::form::{Errors, Form};
use crate::hub::Hub;
use crate::pages::webhooks::fields::event_type_name;
use crate::paging::ROWS;
use crate::refusal::Refusal;
use crate::shell::{Area, Shell};
use crate::when::When;

#[derive(Template)]
#[template(path = "deliveries/list.html")]
struct List {
    shell: Shell,
    deliveries: Vec<DeliveryRow>,
    query: Form,
    errors: Errors,
    is_narrowed: bool,
    has_more_filters: bool,
    understood: String,
    ways: Vec<(String, String)>,
    webhooks: Vec<(String, String)>,
    customers: Vec<(String, String)>,
    event_types: Vec<(&'static str, String)>,
    statuses: Vec<(&'static str, &'static str)>,
    newest: Option<String>,
    older: Option<String>,
    looked_until: Option<When>,
}

/// The deliveries to webhooks of the portal, the newest first.
pub(crate) async fn list(State(hub): State<Hub>, view: View, Query(query): Query) -> Result<Response, Refusal> {
    let mut names = Names::of(&hub, &view).await?;
    let asked = filter::read(&hub, &view, &query, &names).await?;
    let before = query.given("before").and_then(|text| text.parse().ok());
    let found = match asked.errors.is_empty() {
        true => hub.store.search_deliveries(view.portal.id, &asked.search, before, ROWS).await?,
        false => Default::default(),
    };
    let path = |before: Option<String>| {
        let mut narrowed = Serializer::new(String::new());
        for field in FIELDS.iter().filter(|field| query.given(field).is_some()) {
            narrowed.append_pair(field, query.text(field));
        }
        if let Some(before) = before {
            narrowed.append_pair("before", &before);
        }
        let narrowed = narrowed.finish();
        let path = view.path("deliveries");
        if narrowed.is_empty() { path } else { format!("{path}?{narrowed}") }
    };
    let deliveries = DeliveryRow::list(&hub, &view, &found.items, &mut names).await?;
    let list = List {
        shell: view.shell(Area::Deliveries, "Deliveries"),
        deliveries,
        is_narrowed: FIELDS.iter().any(|field| query.given(field).is_some()),
        has_more_filters: FIELDS[2..].iter().any(|field| query.given(field).is_some()),
        understood: asked.understood,
        ways: asked.ways,
        webhooks: names.webhooks.iter().map(|(id, name)| (id.to_string(), name.clone())).collect(),
        customers: customers(&hub, &view).await?.into_iter().map(|(id, name)| (id.to_string(), name)).collect(),
        event_types: EventType::ALL.map(|event_type| (event_type.as_str(), event_type_name(event_type))).into(),
        statuses: DeliveryStatus::ALL.map(|status| (status.as_str(), status_name(status))).into(),
        newest: before.is_some().then(|| path(None)),
        older: found.next.map(|cursor| path(Some(cursor.to_string()))),
        looked_until: found.looked_until.map(When),
        errors: asked.errors,
        query,
    };
    Ok(view.page(&list))
}

const fn status_name(status: DeliveryStatus) -> &'static str {
    match status {
        DeliveryStatus::Pending => "Under way",
        DeliveryStatus::Held => "Held",
        DeliveryStatus::Delivered => "Delivered",
        DeliveryStatus::Failed => "Failed",
    }
}
