//! `GET /hub/{portal_id}/events-stream`: says when something changed.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::Response;

use crate::extract::View;
use crate::hub::Hub;
use crate::live;
use crate::refusal::Refusal;

pub(crate) async fn stream(State(hub): State<Hub>, view: View) -> Result<Response, Refusal> {
    let watched = live::watch(&hub, &view.visitor.session, view.portal.id)?;
    let mut response = view.note(Response::new(Body::from_stream(watched)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    // Proxies that gather answers would hold it back.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}
