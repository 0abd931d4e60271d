//! The table of routes: all of them below `/hub`.

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use crate::guard;
use crate::hub::Hub;
use crate::page;
use crate::pages::{
    assets, audit, content, credentials, customers, deliveries, destinations, enrollments, events, notices, overview,
    people, portals, replays, sign_in, stream, webhooks,
};
use crate::refusal::Refusal;

/// Where the Hub is.
pub const BASE: &str = "/hub";

/// The Hub, below [`BASE`]. Its layers hold for what is below that, and for nothing else.
pub fn router(hub: Hub) -> Router {
    let pages = routes()
        .fallback(async || Refusal::NotFound)
        .method_not_allowed_fallback(async || Refusal::Method)
        .layer(from_fn_with_state(hub.clone(), guard::guard))
        .with_state(hub.clone());
    // What is nested begins at the base itself, and not at a slash behind it.
    let slash = Router::new().route("/hub/", get(async || page::see_other(BASE)));
    Router::new().nest(BASE, pages).merge(slash.layer(from_fn_with_state(hub, guard::guard)))
}

/// Every page: one line each.
fn routes() -> Router<Hub> {
    Router::new()
        .route("/", get(portals::home))
        .route("/assets/{name}", get(assets::asset))
        .route("/sign-in", get(sign_in::show).post(sign_in::enter))
        .route("/sign-in/portal", post(sign_in::choose))
        .route("/sign-out", post(sign_in::leave))
        .route("/portals", get(portals::choose))
        .route("/{portal_id}", get(overview::overview))
        .route("/{portal_id}/events-stream", get(stream::stream))
        .route("/{portal_id}/enrollments", get(enrollments::list::list))
        .route("/{portal_id}/enrollments.csv", get(enrollments::export::export))
        .route("/{portal_id}/enrollments/{id}", get(enrollments::show::show))
        .route("/{portal_id}/content", get(content::list::list))
        .route("/{portal_id}/content/upcoming", get(content::upcoming::upcoming))
        .route("/{portal_id}/content/{id}", get(content::show::show))
        .route("/{portal_id}/content/{id}/impact.csv", get(content::impact::csv))
        .route("/{portal_id}/content/{id}/flag", get(content::flag::form).post(content::flag::flag))
        .route("/{portal_id}/content/{id}/withdraw", post(content::withdraw::withdraw))
        .route("/{portal_id}/content/{id}/edit", get(content::edit::form).post(content::edit::edit))
        .route("/{portal_id}/content/{id}/package", get(content::package::form))
        .route("/{portal_id}/content/{id}/package.zip", get(content::package::zip))
        .route("/{portal_id}/destinations", get(destinations::list::list).post(destinations::create::create))
        .route("/{portal_id}/destinations/new", get(destinations::create::form))
        .route("/{portal_id}/destinations/{id}", get(destinations::show::show))
        .route(
            "/{portal_id}/destinations/{id}/edit",
            get(destinations::update::form).post(destinations::update::update),
        )
        .route("/{portal_id}/destinations/{id}/revoke", post(destinations::status::revoke))
        .route("/{portal_id}/destinations/{id}/restore", post(destinations::status::restore))
        .route("/{portal_id}/portals", get(customers::list::list).post(customers::create::create))
        .route("/{portal_id}/portals/new", get(customers::create::form))
        .route("/{portal_id}/portals/{id}", get(customers::show::show))
        .route("/{portal_id}/portals/{id}/edit", get(customers::update::form).post(customers::update::update))
        .route("/{portal_id}/credentials", get(credentials::list::list).post(credentials::create::create))
        .route("/{portal_id}/credentials/new", get(credentials::create::form))
        .route("/{portal_id}/credentials/{id}/revoke", get(credentials::revoke::form).post(credentials::revoke::revoke))
        .route("/{portal_id}/people", get(people::list::list).post(people::create::create))
        .route("/{portal_id}/people/new", get(people::create::form))
        .route("/{portal_id}/people/{id}", get(people::show::show).post(people::update::update))
        .route("/{portal_id}/people/{id}/block", post(people::status::block))
        .route("/{portal_id}/people/{id}/unblock", post(people::status::unblock))
        .route("/{portal_id}/people/{id}/password", post(people::password::set))
        .route("/{portal_id}/audit", get(audit::list))
        .route("/{portal_id}/deliveries", get(deliveries::list::list))
        .route("/{portal_id}/deliveries/{id}", get(deliveries::show::show))
        .route("/{portal_id}/deliveries/{id}/replay", post(deliveries::replay::replay))
        .route("/{portal_id}/events", get(events::list::list))
        .route("/{portal_id}/events/{id}", get(events::show::show))
        .route("/{portal_id}/why", get(events::why::why))
        .route("/{portal_id}/notices", get(notices::list))
        .route("/{portal_id}/replays/{id}", get(replays::show::show))
        .route("/{portal_id}/webhooks/{id}/replays", get(replays::create::form).post(replays::create::create))
        .route("/{portal_id}/webhooks", get(webhooks::list::list).post(webhooks::create::create))
        .route("/{portal_id}/webhooks/new", get(webhooks::create::form))
        .route("/{portal_id}/webhooks/{id}", get(webhooks::show::show))
        .route("/{portal_id}/webhooks/{id}/edit", get(webhooks::update::form).post(webhooks::update::update))
        .route("/{portal_id}/webhooks/{id}/pause", post(webhooks::status::pause))
        .route("/{portal_id}/webhooks/{id}/resume", post(webhooks::status::resume))
        .route("/{portal_id}/webhooks/{id}/secret", get(webhooks::secret::form).post(webhooks::secret::rotate))
        .route("/{portal_id}/webhooks/{id}/reveal", post(webhooks::secret::reveal))
        .route("/{portal_id}/webhooks/{id}/test", post(webhooks::test::test))
        .route("/{portal_id}/webhooks/{id}/delete", get(webhooks::delete::form).post(webhooks::delete::delete))
}
