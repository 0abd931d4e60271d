//! A control: what it costs to read the same request and to answer with the same JSON, and nothing else. No token, no
//! version, no limits, no log line, no store.

use anyhow::{Context, Result};
use axum::extract::Path;
use axum::routing::patch;
use axum::serve::ListenerExt;
use axum::{Json, Router};
use contract::api::enrollment::{Enrollment, UpdateEnrollment};
use jiff::Timestamp;
use tokio::net::TcpListener;

use super::{lines, say};

pub(super) async fn ingest() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await.context("listening")?;
    say(&listener.local_addr()?)?;
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    let app = Router::new().route("/enrollments/{id}", patch(update));
    let mut lines = lines();
    tokio::select! {
        served = axum::serve(listener, app) => Ok(served?),
        _ = lines.recv() => Ok(()),
    }
}

/// An enrollment as the platform answers it.
async fn update(Path(id): Path<String>, Json(asked): Json<UpdateEnrollment>) -> Json<Enrollment> {
    let at = Timestamp::UNIX_EPOCH;
    Json(Enrollment {
        id,
        enrollment_type: "self-directed".to_owned(),
        user_account_id: "19491473".to_owned(),
        lo_id: "741712".to_owned(),
        parent_enrollment_id: None,
        parent_enrolment_id: None,
        assigner_account_id: None,
        assign_date: None,
        created_time: at.into(),
        updated_time: at.into(),
        status: asked.status.unwrap_or_default(),
        result: asked.result.and_then(|result| u8::try_from(result).ok()),
        pass: Some(asked.pass.unwrap_or(true)),
        start_date: Some(at.into()),
        end_date: Some(asked.end_date.unwrap_or(at.into())),
        due_date: None,
    })
}
