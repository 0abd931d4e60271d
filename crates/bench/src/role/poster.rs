//! A control: what it costs to render, sign and post as many deliveries, and nothing else. No store, no leases, no limits,
//! no judging of addresses, no record.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;
use bytes::Bytes;
use contract::envelope::{Envelope, WEBHOOK_VERSION};
use contract::signature::{
    self, STANDARD_ID_HEADER, STANDARD_SIGNATURE_HEADER, STANDARD_TIMESTAMP_HEADER, TimestampUnit,
};
use futures_util::future::try_join_all;
use http::Request;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http_body_util::Full;
use serde_json::value::RawValue;

use crate::clock;
use crate::connection::Connection;
use crate::job::{PostJob, PostReport, SECRET};

/// Where the platform's own numbers begin, so that these have as many digits.
const FIRST_ENROLLMENT: usize = 900_000_000;

pub(super) async fn post(job: PostJob) -> Result<PostReport> {
    let next = Arc::new(AtomicUsize::new(0));
    let connections = (0..job.connections).map(|_| tokio::spawn(converse(job.address, job.count, next.clone())));
    for done in try_join_all(connections).await? {
        done?;
    }
    Ok(PostReport {})
}

async fn converse(address: SocketAddr, count: usize, next: Arc<AtomicUsize>) -> Result<()> {
    let mut connection = Connection::open(address).await?;
    let url = format!("http://{address}/hook");
    loop {
        let index = next.fetch_add(1, Ordering::Relaxed);
        if index >= count {
            return Ok(());
        }
        connection.exchange(delivery(FIRST_ENROLLMENT + index, &url)?).await?;
    }
}

/// The same envelope, headers and signatures as the platform's, with ids of the same lengths.
fn delivery(enrollment: usize, url: &str) -> Result<Request<Full<Bytes>>> {
    let now = clock::now();
    let event_id = format!("evt{enrollment}");
    let body = Envelope {
        id: event_id.clone(),
        event_type: "enrollment.complete".to_owned(),
        webhook_version: WEBHOOK_VERSION.to_owned(),
        sent: now.into(),
        attempt_number: 1,
        url: url.to_owned(),
        webhook_id: "xUjKifleke4u".to_owned(),
        data: &*data(enrollment)?,
    }
    .render();
    let [id, timestamp, standard] = signature::sign_standard(&[SECRET], &event_id, now, &body);
    Ok(Request::post("/hook")
        .header(CONTENT_TYPE, "application/json")
        .header(USER_AGENT, concat!("Schoolbell/", env!("CARGO_PKG_VERSION")))
        .header(signature::HEADER, signature::sign(&[SECRET], now, TimestampUnit::Seconds, &body))
        .header(STANDARD_ID_HEADER, id)
        .header(STANDARD_TIMESTAMP_HEADER, timestamp)
        .header(STANDARD_SIGNATURE_HEADER, standard)
        .body(Full::from(body))?)
}

fn data(enrollment: usize) -> Result<Box<RawValue>> {
    let text = format!(
        r#"{{"id":"{enrollment}","lo_id":"741712","portal_id":"11861197","event_time":"2022-03-29T01:29:36.000Z"}}"#
    );
    Ok(RawValue::from_string(text)?)
}
