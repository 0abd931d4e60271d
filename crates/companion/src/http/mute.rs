//! `GET /mute/{token}`: a page that asks. `POST /mute/{token}`: mails no more of it, also at one click in a mail program (RFC 8058).
//!
//! Whoever has the link may: it stands in their mail. A GET changes nothing, since programs that look for harm follow links.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY};

use crate::Shared;
use crate::http::answer::Refusal;
use crate::retirement::letter::escaped;
use crate::retirement::links::Mute;

pub(crate) async fn ask(State(shared): State<Arc<Shared>>, Path(token): Path<String>) -> Result<Response, Refusal> {
    let mute = read(&shared, &token).await?;
    let titles = known(shared.inbox.named_by_link(mute)?)?;
    Ok(page("No more mail?", &titles, "<form method=\"post\"><button>No more mail about this</button></form>"))
}

pub(crate) async fn mute(State(shared): State<Arc<Shared>>, Path(token): Path<String>) -> Result<Response, Refusal> {
    let mute = read(&shared, &token).await?;
    let titles = known(shared.inbox.mute_by_link(mute, shared.now()).await?)?;
    Ok(page("There will be no more mail about this.", &titles, ""))
}

async fn read(shared: &Shared, token: &str) -> Result<Mute, Refusal> {
    shared.link_key().await?.read_mute(token).ok_or_else(unknown)
}

fn known(titles: Vec<String>) -> Result<Vec<String>, Refusal> {
    if titles.is_empty() { Err(unknown()) } else { Ok(titles) }
}

fn unknown() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "this link is not complete, or not one of ours")
}

fn page(heading: &str, titles: &[String], form: &str) -> Response {
    let titles: String = titles.iter().map(|title| format!("<li>{}</li>", escaped(title))).collect();
    let html = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{heading}</title></head>\
         <body><h1>{heading}</h1><ul>{titles}</ul>{form}</body></html>"
    );
    let headers = [
        (CONTENT_SECURITY_POLICY, "default-src 'none'; form-action 'self'; frame-ancestors 'none'"),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
    ];
    (headers, Html(html)).into_response()
}
