use client::verify::VerifiedBody;
use contract::event_type::EventType;
use tempfile::TempDir;

use super::*;
use crate::inbox::Arrival;
use crate::reading::Reading;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// An inbox in which one event is due.
async fn inbox_with_one(folder: &TempDir) -> (Inbox, Due) {
    let inbox = Inbox::open(&folder.path().join("inbox.db")).unwrap();
    let data = EventType::EnrollmentComplete.sample();
    let body = format!(
        r#"{{"id":"e1","event_type":"enrollment.complete","webhook_version":"3.0.0","sent":"2022-03-29T01:29:36.676Z",
            "attempt_number":1,"url":"u","webhook_id":"w","data":{data}}}"#
    );
    let reading = Reading::new(VerifiedBody::verified_before(body.as_bytes()));
    let arrival = Arrival { body: body.into_bytes(), headers: "{}".into(), received_at: at(1), reading };
    inbox.keep(arrival).await.unwrap();
    let due = inbox.due(at(1), 10).unwrap().remove(0);
    (inbox, due)
}

fn finding(due: &Due) -> Finding {
    let details = Details {
        enrollment_id: due.enrollment_id.clone(),
        portal_id: due.portal_id.clone(),
        lo_id: "3".into(),
        user_id: "4".into(),
        email: None,
        external_id: None,
        pass: true,
        result: None,
        completed_at: at(1),
        updated_time: at(1),
    };
    Finding { details, name: None, remark: None }
}

/// What a second worker may do with an entry that a first one has settled.
async fn check_late(inbox: &Inbox, due: &Due, state: State) {
    let mut different = finding(due);
    (different.details.pass, different.details.updated_time) = (false, at(9));
    assert_eq!(inbox.record(due, different, at(9)).await.unwrap(), Recorded::Unchanged);
    inbox.postpone(due, at(9), "late".into(), true).await.unwrap();
    inbox.give_up(due, State::Unresolved, "late".into(), at(9)).await.unwrap();
    assert_eq!(inbox.due(at(99), 10).unwrap().len(), 0);
    assert_eq!(inbox.overview().await.unwrap().counts[&state], 1);
}

#[tokio::test]
async fn what_is_recorded_is_not_undone_by_one_who_comes_late() {
    let folder = TempDir::new().unwrap();
    let (inbox, due) = inbox_with_one(&folder).await;
    assert_eq!(inbox.record(&due, finding(&due), at(2)).await.unwrap(), Recorded::Changed);
    check_late(&inbox, &due, State::Recorded).await;
    let page = inbox.completions(0, 10).await.unwrap();
    assert_eq!((page.completions.len(), page.completions[0].pass, page.next_cursor), (1, true, 1));
}

#[tokio::test]
async fn what_is_given_up_is_not_recorded_by_one_who_comes_late() {
    let folder = TempDir::new().unwrap();
    let (inbox, due) = inbox_with_one(&folder).await;
    inbox.give_up(&due, State::NotCompleted, "in time".into(), at(2)).await.unwrap();
    check_late(&inbox, &due, State::NotCompleted).await;
    assert_eq!(inbox.completions(0, 10).await.unwrap().completions, []);
}

#[tokio::test]
async fn what_waits_falls_due_at_its_time_or_when_it_is_woken() {
    let folder = TempDir::new().unwrap();
    let (inbox, due) = inbox_with_one(&folder).await;
    inbox.postpone(&due, at(100), "r".into(), true).await.unwrap();
    assert_eq!(inbox.due(at(99), 10).unwrap().len(), 0);
    assert_eq!(inbox.next_due_at(at(99)).unwrap(), Some(at(100)));
    assert_eq!(inbox.next_due_at(at(100)).unwrap(), None);
    let again = inbox.due(at(100), 10).unwrap().remove(0);
    assert_eq!((again.fetches, again.misses), (1, 1));
    inbox.postpone(&again, at(200), "r".into(), false).await.unwrap();
    inbox.wake(at(101)).await.unwrap();
    let woken = inbox.due(at(101), 10).unwrap().remove(0);
    assert_eq!((woken.fetches, woken.misses), (2, 1));
}
