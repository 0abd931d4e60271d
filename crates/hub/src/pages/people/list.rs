//! `GET /hub/{portal_id}/people`

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::user_account::Role;
use store::user_account::UserAccountFilter;

use super::PersonRow;
use crate::extract::{Query, View};
use crate::form::Form;
use crate::hub::Hub;
use crate::paging::Paging;
use crate::refusal::Refusal;
use crate::shell::{Area, Shell};

/// Whoever may sign in to the Hub, in the address.
const SIGN_IN: &str = "sign-in";

#[derive(Template)]
#[template(path = "people/list.html")]
struct List {
    shell: Shell,
    query: Form,
    roles: Vec<(&'static str, &'static str)>,
    people: Vec<PersonRow>,
    paging: Paging,
    is_narrowed: bool,
}

/// The people of the portal, oldest first.
pub(crate) async fn list(State(hub): State<Hub>, view: View, Query(query): Query) -> Result<Response, Refusal> {
    let paging = Paging::read(&query, view.path("people"), &["q", "role"]);
    let filter = UserAccountFilter {
        email: query.given("q").map(str::to_owned),
        roles: match query.given("role") {
            Some(SIGN_IN) => Some(Role::ALL.into_iter().filter(|role| *role != Role::Learner).collect()),
            Some(name) => Role::read(name).map(|role| vec![role]),
            None => None,
        },
        ..Default::default()
    };
    let listed = hub.store.list_user_accounts(view.portal.id, &filter, paging.request()).await?;
    let mut people = Vec::new();
    for account in &listed.items {
        people.push(PersonRow::of(&hub, &view, account).await?);
    }
    let list = List {
        shell: view.shell(Area::People, "People"),
        roles: std::iter::once((SIGN_IN, "May sign in here"))
            .chain(Role::ALL.map(|role| (role.name(), role.name())))
            .collect(),
        people,
        paging: paging.of(listed.total),
        is_narrowed: query.given("q").is_some() || query.given("role").is_some(),
        query,
    };
    Ok(view.page(&list))
}
