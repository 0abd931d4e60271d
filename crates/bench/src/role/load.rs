//! Sends requests and times the answers: closed loop, so each connection asks again once it has been answered.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use futures_util::future::try_join_all;
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use http_body_util::Full;
use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use crate::clock;
use crate::connection::Connection;
use crate::job::{Asked, LoadJob, LoadReport};

/// What is shared by the connections.
struct Work {
    address: SocketAddr,
    headers: HeaderMap,
    requests: Vec<Asked>,
    pick: Option<String>,
    next: AtomicUsize,
    started_at: Instant,
    per_s: Option<f64>,
    breaks: bool,
}

/// One answered request.
struct Answered {
    index: usize,
    sent_at_us: i64,
    took_us: i64,
    picked: Option<String>,
}

pub(super) async fn load(job: LoadJob) -> Result<LoadReport> {
    let work = Arc::new(Work {
        address: job.address,
        headers: headers(&job.headers)?,
        requests: job.requests,
        pick: job.pick,
        next: AtomicUsize::new(0),
        started_at: Instant::now(),
        per_s: job.per_s,
        breaks: job.breaks,
    });
    let connections = (0..job.connections).map(|_| tokio::spawn(converse(work.clone())));
    let mut answered = Vec::with_capacity(work.requests.len());
    for one in try_join_all(connections).await? {
        answered.extend(one?);
    }
    answered.sort_unstable_by_key(|answered| answered.index);
    let mut report = LoadReport::default();
    for Answered { sent_at_us, took_us, picked, .. } in answered {
        report.sent_at_us.push(sent_at_us);
        report.took_us.push(took_us);
        report.picked.extend(picked);
    }
    Ok(report)
}

async fn converse(work: Arc<Work>) -> Result<Vec<Answered>> {
    let mut connection = Connection::open(work.address).await?;
    let mut answered = Vec::new();
    loop {
        let index = work.next.fetch_add(1, Ordering::Relaxed);
        let Some(asked) = work.requests.get(index) else { return Ok(answered) };
        if let Some(per_s) = work.per_s {
            sleep_until(work.started_at + Duration::from_secs_f64(index as f64 / per_s)).await;
        }
        let request = request(asked, &work.headers)?;
        let sent_at_us = clock::now_us();
        match connection.exchange(request).await {
            Err(_) if work.breaks => {
                answered.push(Answered { index, sent_at_us, took_us: -1, picked: None });
                return Ok(answered);
            }
            exchanged => {
                let body = exchanged.with_context(|| format!("{} {}", asked.method, asked.path))?;
                let took_us = clock::now_us() - sent_at_us;
                let picked = work.pick.as_deref().map(|field| pick(&body, field)).transpose()?;
                answered.push(Answered { index, sent_at_us, took_us, picked });
            }
        }
    }
}

fn request(asked: &Asked, headers: &HeaderMap) -> Result<Request<Full<Bytes>>> {
    let mut request = Request::builder()
        .method(asked.method.as_str())
        .uri(asked.path.as_str())
        .body(Full::new(Bytes::copy_from_slice(asked.body.as_bytes())))?;
    request.headers_mut().clone_from(headers);
    Ok(request)
}

fn headers(pairs: &[(String, String)]) -> Result<HeaderMap> {
    let parse = |(name, value): &(String, String)| Ok((HeaderName::try_from(name)?, HeaderValue::try_from(value)?));
    pairs.iter().map(parse).collect()
}

fn pick(body: &[u8], field: &str) -> Result<String> {
    let answer: Value = serde_json::from_slice(body).context("reading an answer")?;
    let value = answer.get(field).and_then(Value::as_str);
    Ok(value.with_context(|| format!("the answer has no {field}: {answer}"))?.to_owned())
}
