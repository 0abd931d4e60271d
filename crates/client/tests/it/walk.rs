//! Walking a list over the wire. The rules of the walk are unit-tested beside it.

use client::platform::enrollment::EnrollmentFilter;
use client::platform::error::Error;

use crate::server::{Answer, Server, json, token};

/// A page of enrollments of the given ids, all changed in a second of their own.
fn page(ids: std::ops::Range<usize>, total: usize) -> Answer {
    let hits: Vec<String> = ids
        .map(|id| {
            let at = format!("2022-03-29T01:{:02}:{:02}+00:00", id / 60, id % 60);
            format!(
                r#"{{"id":"{id}","enrollment_type":"assigned","user_account_id":"7","lo_id":"2",
                "assigner_account_id":null,"assign_date":null,"created_time":"{at}","updated_time":"{at}",
                "status":"completed","start_date":null,"end_date":null,"due_date":null}}"#
            )
        })
        .collect();
    json(200, &format!(r#"{{"total":{total},"hits":[{}]}}"#, hits.join(",")))
}

#[tokio::test]
async fn a_walk_goes_on_where_the_last_page_ended() {
    let server = Server::start([token("one"), page(0..50, 75), page(49..75, 26)]).await;
    let filter = EnrollmentFilter { status: Some("completed".into()), ..EnrollmentFilter::default() };
    let mut walk = server.platform().walk_enrollments(filter);
    let mut ids = Vec::new();
    while let Some(hits) = walk.next_page().await.unwrap() {
        ids.extend(hits.into_iter().map(|hit| hit.id.parse::<usize>().unwrap()));
    }
    assert_eq!(ids, (0..75).collect::<Vec<_>>());
    server.check_asked(&[
        "POST /oauth/token",
        "GET /enrollments?limit=50&offset=0&status=completed&sort=updated_time&order=asc",
        "GET /enrollments?limit=50&offset=0&status=completed&update_time_gte=2022-03-29T01%3A00%3A49.000Z\
         &sort=updated_time&order=asc",
    ]);
}

#[tokio::test]
async fn after_an_error_the_same_page_is_asked_again() {
    let forbidden = json(403, r#"{"message":"no"}"#);
    let server = Server::start([token("one"), forbidden, page(0..3, 3)]).await;
    let mut walk = server.platform().walk_enrollments(EnrollmentFilter::default());
    assert!(matches!(walk.next_page().await, Err(Error::Forbidden(_))));
    assert_eq!(walk.next_page().await.unwrap().unwrap().len(), 3);
    assert_eq!(walk.next_page().await.unwrap(), None);
    server.check_asked(&[
        "POST /oauth/token",
        "GET /enrollments?limit=50&offset=0&sort=updated_time&order=asc",
        "GET /enrollments?limit=50&offset=0&sort=updated_time&order=asc",
    ]);
}

#[tokio::test]
async fn a_list_that_does_not_go_on_is_given_up() {
    // Promises more and never gives it: the same full page, always from the beginning.
    let script = std::iter::once(token("one")).chain((0..500).map(|_| page(0..1, 2)));
    let server = Server::start(script).await;
    let mut walk = server.platform().walk_enrollments(EnrollmentFilter::default());
    assert_eq!(walk.next_page().await.unwrap().unwrap().len(), 1);
    assert_eq!(walk.next_page().await.unwrap_err().to_string(), "GET /enrollments: the list does not go on");
}
