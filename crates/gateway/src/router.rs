//! The table of routes.

use std::sync::Arc;

use axum::Router;
use axum::http::{Method, StatusCode, Uri, header};
use axum::middleware::{from_extractor, from_fn_with_state};
use axum::routing::get;
use bytes::Bytes;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::version::Version;
use crate::gateway::Gateway;
use crate::idempotency::{self, Once};
use crate::refusal::Refusal;
use crate::{
    audit, delivery, destination, enrollment, event, health, learning_object, notice, oauth, oauth_client, observe,
    openapi, portal, replay, user_account, v2, webhook,
};

/// Where the description of the API is.
const DESCRIPTION_PATH: &str = "/openapi.json";

/// The API, with its description at `GET /openapi.json`.
pub fn router(gateway: Gateway) -> Router {
    let (routes, description) = described();
    let once = Arc::new(Once { gateway: gateway.clone(), posts: openapi::keyed_posts(&description) });
    let description = Bytes::from(description.to_json().expect("the description is made of strings and maps"));
    let answer = async move || ([(header::CONTENT_TYPE, "application/json")], description.clone());
    routes
        .route(DESCRIPTION_PATH, get(answer))
        .fallback(unknown_route)
        .method_not_allowed_fallback(unknown_method)
        .layer(from_fn_with_state(once, idempotency::once))
        .layer(from_fn_with_state(gateway.clone(), observe::observe))
        .with_state(gateway)
}

/// The description of the API.
pub fn openapi() -> OpenApi {
    described().1
}

fn described() -> (Router<Gateway>, OpenApi) {
    let mut v3 = v3();
    openapi::ask_for_version(v3.get_openapi_mut());
    let v3 = v3.route_layer(from_extractor::<Version>());
    let all =
        OpenApiRouter::with_openapi(openapi::description()).merge(oauth()).merge(v3).merge(v2()).merge(operation());
    let (routes, mut description) = all.split_for_parts();
    openapi::leave_out_empty_defaults(&mut description);
    openapi::let_bodies_be_absent(&mut description);
    openapi::offer_keys(&mut description);
    openapi::add_common_answers(&mut description);
    (routes, description)
}

fn oauth() -> OpenApiRouter<Gateway> {
    OpenApiRouter::new()
        .routes(routes!(oauth::token::token))
        .routes(routes!(oauth::validate::validate))
        .routes(routes!(oauth::revoke::revoke))
        .routes(routes!(oauth_client::list::list, oauth_client::create::create))
        .routes(routes!(oauth_client::delete::delete))
}

fn v3() -> OpenApiRouter<Gateway> {
    OpenApiRouter::new()
        .routes(routes!(webhook::list::list, webhook::create::create))
        .routes(routes!(webhook::show::show, webhook::update::update, webhook::delete::delete))
        .routes(routes!(webhook::test::test))
        .routes(routes!(delivery::list::list))
        .routes(routes!(delivery::show::show))
        .routes(routes!(delivery::replay::replay))
        .routes(routes!(event::list::list))
        .routes(routes!(event::show::show))
        .routes(routes!(event::of_enrollment::of_enrollment))
        .routes(routes!(replay::create::create))
        .routes(routes!(replay::show::show))
        .routes(routes!(notice::list::list))
        .routes(routes!(notice::show::show))
        .routes(routes!(audit::list::list))
        .routes(routes!(portal::list::list, portal::create::create))
        .routes(routes!(portal::show::show, portal::update::update))
        .routes(routes!(user_account::list::list, user_account::create::create))
        .routes(routes!(user_account::show::show, user_account::update::update))
        .routes(routes!(user_account::login::login))
        .routes(routes!(learning_object::list::list, learning_object::create::create))
        .routes(routes!(learning_object::show::show))
        .routes(routes!(learning_object::set::set))
        .routes(routes!(learning_object::upload::upload))
        .routes(routes!(learning_object::alternatives::alternatives))
        .routes(routes!(learning_object::scorm::scorm))
        .routes(routes!(learning_object::impact::impact))
        .routes(routes!(destination::list::list, destination::create::create))
        .routes(routes!(destination::show::show, destination::update::update))
        .routes(routes!(enrollment::list::list, enrollment::create::create))
        .routes(routes!(enrollment::show::show, enrollment::update::update, enrollment::delete::delete))
}

fn v2() -> OpenApiRouter<Gateway> {
    OpenApiRouter::new()
        .routes(routes!(v2::enrollment::list::list))
        .routes(routes!(v2::enrollment::list_older::list_older))
        .routes(routes!(v2::enrollment::show::show))
        .route("/v2/enrolments/{id}", get(v2::enrollment::show::show))
        .routes(routes!(v2::learning_activity::list::list))
        .routes(routes!(v2::user::list::list, v2::user::create::create))
        .routes(routes!(v2::user::show::show))
        .routes(routes!(v2::user::login::login))
        .routes(routes!(v2::me::login::login))
        .routes(routes!(v2::user_account::show::show))
        .routes(routes!(v2::learning_object::list::list))
        .routes(routes!(v2::learning_object::show::show))
        .routes(routes!(v2::learning_object::scorm::scorm))
        .routes(routes!(v2::collection::add::add))
        .routes(routes!(v2::collection::remove::remove))
        .routes(routes!(v2::account::show::show))
}

fn operation() -> OpenApiRouter<Gateway> {
    OpenApiRouter::new().routes(routes!(health::live)).routes(routes!(health::ready))
}

async fn unknown_route(uri: Uri) -> Refusal {
    Refusal::not_found(format_args!("route {}; see {DESCRIPTION_PATH}", uri.path()))
}

async fn unknown_method(method: Method, uri: Uri) -> Refusal {
    let message = format!("{} does not take {method}; see {DESCRIPTION_PATH}", uri.path());
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
}
