//! What reads the text of strangers, for `cargo xtask fuzz`, which gives it any bytes at all. No part of the API of this crate.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::{Extensions, HeaderMap, HeaderValue};
use contract::api::idempotency::KEY_HEADER;
use serde::de::DeserializeOwned;

use crate::extract::{json, query, trailing_comma};
use crate::limit::Net;
use crate::limit::address;
use crate::{
    delivery, destination, enrollment, event, idempotency, learning_object, notice, oauth_client, portal, user_account,
    v2,
};

/// Reads the body of a request; the error is what the caller is told.
pub fn read_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    json::read(bytes).map_err(|refusal| refusal.message().to_owned())
}

/// The text with what is forgiven in it repaired.
pub fn without_trailing_commas(json: &[u8]) -> Vec<u8> {
    trailing_comma::without(json).into_owned()
}

/// Reads a query; the error is what the caller is told.
pub fn read_query<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    query::read(text).map_err(|refusal| refusal.message().to_owned())
}

/// Reads a query as every operation does that takes one; says how many could make sense of it.
pub fn read_queries(text: &str) -> usize {
    let made_sense = [
        read_query::<delivery::list::ListDeliveries>(text).is_ok(),
        read_query::<destination::list::ListDestinations>(text).is_ok(),
        read_query::<enrollment::create::CreateEnrollmentAgain>(text).is_ok(),
        read_query::<enrollment::delete::DeleteEnrollment>(text).is_ok(),
        read_query::<enrollment::list::ListEnrollments>(text).is_ok(),
        read_query::<event::list::ListEvents>(text).is_ok(),
        read_query::<learning_object::alternatives::ListAlternatives>(text).is_ok(),
        read_query::<learning_object::impact::ShowImpact>(text).is_ok(),
        read_query::<learning_object::list::ListLearningObjects>(text).is_ok(),
        read_query::<learning_object::scorm::DownloadPackage>(text).is_ok(),
        read_query::<learning_object::show::ShowLearningObject>(text).is_ok(),
        read_query::<notice::list::ListNotices>(text).is_ok(),
        read_query::<oauth_client::list::ListOauthClients>(text).is_ok(),
        read_query::<portal::list::ListPortals>(text).is_ok(),
        read_query::<user_account::list::ListUserAccounts>(text).is_ok(),
        read_query::<v2::enrollment::list::ListV2Enrollments>(text).is_ok(),
        read_query::<v2::learning_activity::list::ListLearningActivities>(text).is_ok(),
        read_query::<v2::user::list::ListUsers>(text).is_ok(),
    ];
    made_sense.into_iter().filter(|made_sense| *made_sense).count()
}

/// Whom a request of `peer` comes from, if these are its `X-Forwarded-For`; `None` if one of them cannot stand in a header.
pub fn origin(lines: &[&[u8]], peer: IpAddr, trusted: &[Net]) -> Option<IpAddr> {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append("x-forwarded-for", HeaderValue::from_bytes(line).ok()?);
    }
    let mut extensions = Extensions::new();
    extensions.insert(ConnectInfo(SocketAddr::new(peer, 1)));
    address::origin(&headers, &extensions, trusted)
}

/// The name of a request, if these bytes can be one.
pub fn idempotency_key(value: &[u8]) -> Option<String> {
    let headers = HeaderMap::from_iter([(KEY_HEADER.parse().ok()?, HeaderValue::from_bytes(value).ok()?)]);
    idempotency::key(&headers).ok().map(str::to_owned)
}

/// A cell of a table for spreadsheets.
pub fn csv_cell(text: &str) -> String {
    contract::csv::cell(text)
}
