//! `GET /completions?after=…&limit=…`: what was recorded since a cursor.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use http::StatusCode;

use crate::Shared;
use crate::completion::CompletionPage;
use crate::http::answer::Refusal;
use crate::inbox::PAGE_MAX;

/// How many completions a page has if nobody says.
const PAGE_DEFAULT: u32 = 100;

/// Which part of the list.
#[derive(Debug, PartialEq, Eq)]
struct Part {
    after: i64,
    limit: u32,
}

pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
) -> Result<Json<CompletionPage>, Refusal> {
    let part = parse(query.as_deref().unwrap_or_default());
    let Part { after, limit } = part.map_err(|message| Refusal::new(StatusCode::BAD_REQUEST, message))?;
    Ok(Json(shared.inbox.completions(after, limit).await?))
}

/// A parameter that is misspelled is refused: to ignore it would be to answer another question.
fn parse(query: &str) -> Result<Part, String> {
    let mut part = Part { after: 0, limit: PAGE_DEFAULT };
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        match name {
            "after" => {
                part.after = value
                    .parse()
                    .ok()
                    .filter(|after| *after >= 0)
                    .ok_or("after: it must be 0 or a cursor of an earlier page")?;
            }
            "limit" => {
                part.limit = value
                    .parse()
                    .ok()
                    .filter(|limit| (1..=PAGE_MAX).contains(limit))
                    .ok_or_else(|| format!("limit: it must be a number from 1 to {PAGE_MAX}"))?;
            }
            _ => return Err(format!("{name}: there is no such parameter; known are after and limit")),
        }
    }
    Ok(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(query: &str, expected: Result<(i64, u32), &str>) {
        let part = parse(query).map(|part| (part.after, part.limit));
        assert_eq!(part.as_ref().map_err(String::as_str), expected.as_ref().map_err(|message| *message), "{query}");
    }

    #[test]
    fn a_part_has_a_beginning_and_a_length() {
        check("", Ok((0, 100)));
        check("after=7", Ok((7, 100)));
        check("limit=1&after=9223372036854775807", Ok((i64::MAX, 1)));
        check("limit=500", Ok((0, 500)));
        let limit = Err("limit: it must be a number from 1 to 500");
        for query in ["limit=0", "limit=501", "limit=-1", "limit=", "limit", "limit=ten"] {
            check(query, limit);
        }
        let after = Err("after: it must be 0 or a cursor of an earlier page");
        for query in ["after=-1", "after=x", "after", "after=9223372036854775808"] {
            check(query, after);
        }
        check("afer=7", Err("afer: there is no such parameter; known are after and limit"));
    }
}
