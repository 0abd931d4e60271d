use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn says(status: Status) -> ProgressReport {
    ProgressReport { status: Some(status), ..Default::default() }
}

fn new(report: ProgressReport) -> NewEnrollment {
    NewEnrollment {
        id: EnrollmentId(101916887),
        portal_id: PortalId(11861197),
        user_account_id: UserAccountId(7),
        lo_id: LearningObjectId(741712),
        parent_id: None,
        destination_id: None,
        enrollment_type: EnrollmentType::SelfDirected,
        assigner_id: None,
        assigned_at: None,
        due_at: None,
        report,
    }
}

/// Calls `f` with an audience for top-level enrollments whose event ids are all the same.
fn told<T>(child_enrollment_events: bool, f: impl FnOnce(Audience<'_>) -> T) -> T {
    f(Audience { child_enrollment_events, event_ids: &mut || "hg4JWUDbT55B".parse().unwrap() })
}

fn create(new: NewEnrollment, second: i64) -> Result<Change<Enrollment>, EnrollmentError> {
    told(false, |audience| Enrollment::create(new, at(second), audience))
}

/// Creates with the first report, updates with the others, and lists the events of all of it.
#[track_caller]
fn check(reports: &[ProgressReport], expected: Result<&str, EnrollmentError>) {
    let mut events = Vec::new();
    let mut run = || {
        let mut change = create(new(reports[0]), 100)?;
        events.append(&mut change.events);
        for (report, second) in reports[1..].iter().zip(200..) {
            let patch = EnrollmentPatch { report: *report, ..Default::default() };
            change = told(false, |audience| change.after.update(patch, at(second), audience))?;
            events.append(&mut change.events);
        }
        Ok(())
    };
    let outcome = run();
    let told: Vec<_> = events.iter().map(|event| event.event_type.as_str()).collect();
    assert_eq!(outcome.map(|()| told.join(" ")), expected.map(str::to_owned));
}

use Status::{Completed, InProgress, NotStarted};

#[test]
fn completing_fires_once() {
    check(&[says(NotStarted)], Ok("enrollment.create"));
    check(&[says(NotStarted), says(InProgress)], Ok("enrollment.create"));
    check(&[says(NotStarted), says(InProgress), says(Completed)], Ok("enrollment.create enrollment.complete"));
    check(&[says(NotStarted), says(Completed), says(Completed)], Ok("enrollment.create enrollment.complete"));
    check(&[says(Completed)], Ok("enrollment.create enrollment.complete"));
}

#[test]
fn completing_without_passing_fires_too() {
    let failed = ProgressReport { pass: Some(false), ..says(Completed) };
    check(&[says(InProgress), failed], Ok("enrollment.create enrollment.complete"));
}

#[test]
fn the_way_has_one_direction() {
    check(&[says(Completed), says(InProgress)], Err(EnrollmentError::Backwards(Completed, InProgress)));
    check(&[says(InProgress), says(NotStarted)], Err(EnrollmentError::Backwards(InProgress, NotStarted)));
}

#[test]
fn what_is_not_started_has_no_result_and_no_dates() {
    let report = says(NotStarted);
    check(&[ProgressReport { result: Some(1), ..report }], Err(EnrollmentError::NotStarted("result")));
    check(&[ProgressReport { pass: Some(true), ..report }], Err(EnrollmentError::NotStarted("pass")));
    check(&[ProgressReport { started_at: Some(at(1)), ..report }], Err(EnrollmentError::NotStarted("start_date")));
    check(&[ProgressReport { completed_at: Some(at(1)), ..report }], Err(EnrollmentError::NotStarted("end_date")));
}

#[test]
fn results_and_dates_must_make_sense() {
    for result in [-1, 101, 256, i64::MAX] {
        check(&[ProgressReport { result: Some(result), ..says(Completed) }], Err(EnrollmentError::ResultOutOfRange));
    }
    check(&[ProgressReport { completed_at: Some(at(1)), ..says(InProgress) }], Err(EnrollmentError::NotCompleted));
    let backwards = ProgressReport { started_at: Some(at(5)), completed_at: Some(at(4)), ..says(Completed) };
    check(&[backwards], Err(EnrollmentError::EndBeforeStart));
}

#[test]
fn a_clock_that_was_set_back_refuses_no_completion() {
    let started = create(new(says(InProgress)), 100).unwrap().after;
    let completed = told(false, |audience| started.complete(true, at(97), audience)).unwrap().after;
    assert_eq!((completed.progress.started_at(), completed.progress.completed_at()), (Some(at(100)), Some(at(100))));
}

#[test]
fn a_completion_is_passed_unless_said_otherwise() {
    let completed = create(new(ProgressReport { result: Some(100), ..says(Completed) }), 100).unwrap().after;
    let progress = Progress::Completed { started_at: at(100), completed_at: at(100), result: Some(100), pass: true };
    assert_eq!(completed.progress, progress);
}

#[test]
fn the_event_is_that_of_the_published_sample() {
    let change = create(new(says(Completed)), 1648517376).unwrap();
    assert_eq!(
        change.events[1].data,
        r#"{"id":"101916887","lo_id":"741712","portal_id":"11861197","event_time":"2022-03-29T01:29:36.000Z"}"#
    );
}

#[test]
fn parts_of_a_course_fire_where_the_portal_wants_it() {
    let part = || NewEnrollment { parent_id: Some(EnrollmentId(1)), ..new(says(Completed)) };
    assert_eq!(create(part(), 1).unwrap().events, []);
    let change = told(true, |audience| Enrollment::create(part(), at(1), audience)).unwrap();
    assert_eq!(change.events.len(), 2);
}

#[test]
fn deleting_fires_and_archiving_does_not() {
    let enrollment = create(new(says(Completed)), 1).unwrap().after;
    assert_eq!(enrollment.clone().archive(at(2)).events, []);
    let deleted = told(false, |audience| enrollment.delete(at(2), audience));
    assert_eq!(deleted.after.standing, Standing::Deleted);
    assert_eq!(deleted.events[0].event_type, EventType::EnrollmentDelete);
}

#[test]
fn an_assigned_enrollment_was_assigned_when_it_was_made_unless_said_otherwise() {
    let assigned =
        |assigned_at| NewEnrollment { enrollment_type: EnrollmentType::Assigned, assigned_at, ..new(says(NotStarted)) };
    assert_eq!(create(assigned(None), 100).unwrap().after.assigned_at, Some(at(100)));
    assert_eq!(create(assigned(Some(at(50))), 100).unwrap().after.assigned_at, Some(at(50)));
    assert_eq!(create(new(says(NotStarted)), 100).unwrap().after.assigned_at, None);
}

#[test]
fn what_a_later_enrollment_replaced_cannot_change() {
    let archived = create(new(says(NotStarted)), 100).unwrap().after.archive(at(200)).after;
    let completed = told(false, |audience| archived.complete(true, at(300), audience));
    assert_eq!(completed, Err(EnrollmentError::NotLive(EnrollmentId(101916887))));
}

#[test]
fn what_is_assigned_later_was_assigned_then_unless_said_otherwise() {
    let update = |patch| {
        let enrollment = create(new(says(NotStarted)), 1).unwrap().after;
        told(false, |audience| enrollment.update(patch, at(7), audience)).unwrap().after.assigned_at
    };
    let assigned = EnrollmentPatch { enrollment_type: Some(EnrollmentType::Assigned), ..Default::default() };
    assert_eq!(update(assigned.clone()), Some(at(7)));
    assert_eq!(update(EnrollmentPatch { assigned_at: Some(at(5)), ..assigned }), Some(at(5)));
    assert_eq!(update(EnrollmentPatch::default()), None);
}

#[test]
fn what_says_nothing_new_is_no_change() {
    let enrollment = create(new(says(Completed)), 1).unwrap().after;
    let again = EnrollmentPatch { report: says(Completed), ..Default::default() };
    let change = told(false, |audience| enrollment.clone().update(again, at(9), audience)).unwrap();
    assert_eq!(change, Change::silent(enrollment));
}
