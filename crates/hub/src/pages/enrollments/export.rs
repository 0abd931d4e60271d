//! `GET /hub/{portal_id}/enrollments.csv`

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use contract::csv::cell;
use domain::enrollment::Enrollment;
use jiff::Timestamp;
use store::page::{Listed, PageRequest};

use super::filter::{self, Wanted};
use super::row::Names;
use crate::extract::{Query, View};
use crate::hub::Hub;
use crate::refusal::Refusal;

/// How many rows a table has at most; its last line says so, where there are more.
const ROWS_MAX: u32 = 10_000;

const HEAD: &str =
    "enrollment_id,learner_id,learner,email,lo_id,title,status,result,pass,started,completed,due,updated\r\n";

/// The list as a table for spreadsheets, with the same filters.
pub(crate) async fn export(State(hub): State<Hub>, view: View, Query(query): Query) -> Result<Response, Refusal> {
    let mut csv = HEAD.to_owned();
    let mut names = Names::default();
    match filter::read(&hub, &view, &query).await? {
        Wanted::None(_) => {}
        Wanted::One(id) => {
            let found = hub.store.find_enrollment(view.portal.id, id).await?;
            add(&hub, &view, found.as_slice(), &mut names, &mut csv).await?;
        }
        Wanted::Some(filter) => {
            // At once, so that all are as they were at one moment, and are counted but once.
            let page = PageRequest { limit: ROWS_MAX, offset: 0 };
            let Listed { items, total } = hub.store.list_enrollments(view.portal.id, &filter, page).await?;
            add(&hub, &view, &items, &mut names, &mut csv).await?;
            if total > u64::from(ROWS_MAX) {
                csv.push_str(&cell(&format!("{ROWS_MAX} of {total} rows: narrow the list for the others")));
                csv.push_str("\r\n");
            }
        }
    }
    let mut response = Response::new(Body::from(csv));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    let name = HeaderValue::from_static("attachment; filename=\"enrollments.csv\"");
    headers.insert(header::CONTENT_DISPOSITION, name);
    Ok(view.note(response))
}

async fn add(
    hub: &Hub,
    view: &View,
    enrollments: &[Enrollment],
    names: &mut Names,
    csv: &mut String,
) -> Result<(), Refusal> {
    for enrollment in enrollments {
        let (learner, email) = names.learner(hub, view, enrollment.user_account_id).await?;
        let title = names.title(hub, view, enrollment.lo_id).await?;
        let progress = &enrollment.progress;
        let cells = [
            enrollment.id.to_string(),
            enrollment.user_account_id.to_string(),
            cell(&learner),
            cell(&email),
            enrollment.lo_id.to_string(),
            cell(&title),
            progress.status().as_str().to_owned(),
            progress.result().map(|result| result.to_string()).unwrap_or_default(),
            progress.pass().map(|pass| pass.to_string()).unwrap_or_default(),
            time(progress.started_at()),
            time(progress.completed_at()),
            time(enrollment.due_at),
            time(Some(enrollment.updated_at)),
        ];
        csv.push_str(&cells.join(","));
        csv.push_str("\r\n");
    }
    Ok(())
}

fn time(at: Option<Timestamp>) -> String {
    at.map(|at| at.to_string()).unwrap_or_default()
}
