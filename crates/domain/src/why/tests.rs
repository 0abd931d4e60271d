use super::*;
use crate::enrollment::{Audience, EnrollmentType, NewEnrollment, ProgressReport};
use crate::id::{EnrollmentId, LearningObjectId, PortalId, UserAccountId};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

const OWNER: WebhookStatus = WebhookStatus::Inactive(InactiveReason::Owner);
const PAUSED: WebhookStatus = WebhookStatus::Inactive(InactiveReason::Paused);
const DELETED: WebhookStatus = WebhookStatus::Inactive(InactiveReason::Deleted);

fn was(event_types: &[EventType], status: WebhookStatus) -> Then {
    Then::Was { event_types: event_types.to_vec(), status }
}

fn standing(then: Then, told: Option<Told>) -> Standing {
    Standing { webhook_id: "xUjKifleke4u".parse().unwrap(), name: None, then, told, is_deleted: false }
}

/// A completion, or a test of one.
fn event(is_test: bool) -> Event {
    let enrollment = enrollment(Status::Completed, false);
    let id = "hg4JWUDbT55B".parse().unwrap();
    Event { is_test, ..Event::of_enrollment(id, EventType::EnrollmentComplete, &enrollment, at(100)) }
}

/// The reason why a webhook that was `then` was not told of a completion.
#[track_caller]
fn check(then: Then, is_test: bool, expected: NotTold) {
    let standing = standing(then, None);
    assert_eq!(standing.not_told(&event(is_test)), Some(expected), "{standing:?}");
}

#[test]
fn the_reason_is_what_was_true_when_the_event_was_born() {
    let complete = [EventType::EnrollmentComplete];
    let other = [EventType::ContentAdd, EventType::EnrollmentCreate];
    check(Then::NotThere, false, NotTold::MadeLater);
    check(Then::NotThere, true, NotTold::MadeLater);
    check(Then::NotKept, false, NotTold::Unknown);
    check(was(&other, WebhookStatus::Active), false, NotTold::NotSubscribed);
    check(was(&other, PAUSED), false, NotTold::NotSubscribed);
    check(was(&complete, OWNER), false, NotTold::Inactive);
    check(was(&other, OWNER), false, NotTold::Inactive);
    check(was(&complete, DELETED), false, NotTold::Deleted);
    check(was(&complete, DELETED), true, NotTold::Deleted);
    check(was(&complete, WebhookStatus::Active), true, NotTold::TestOfAnother);
    check(was(&other, OWNER), true, NotTold::TestOfAnother);
    // It should have been told: nothing that is known here explains it.
    check(was(&complete, WebhookStatus::Active), false, NotTold::Unknown);
}

#[test]
fn whoever_was_told_needs_no_reason_whatever_it_was() {
    let told = Told { delivery_id: DeliveryId(7), attempt_number: 1, state: DeliveryState::Delivered { at: at(9) } };
    for then in [Then::NotThere, Then::NotKept, was(&[EventType::ContentAdd], DELETED)] {
        assert_eq!(standing(then, Some(told)).not_told(&event(false)), None);
    }
}

/// What is said of a delivery that stands so.
#[track_caller]
fn check_told(attempt_number: u32, state: DeliveryState, expected: &str) {
    let told = Told { delivery_id: DeliveryId(7), attempt_number, state };
    let sentence = standing(Then::NotThere, Some(told)).explain(&event(false));
    assert!(sentence.contains(expected) && sentence.ends_with('.'), "{sentence}");
}

#[test]
fn people_are_told_where_a_delivery_stands_and_what_to_do() {
    let (then, due_at) = (at(1_648_517_376), at(1_648_517_376));
    check_told(0, DeliveryState::Pending { due_at }, "first attempt, due at 2022-03-29T01:29:36.000Z");
    check_told(2, DeliveryState::Pending { due_at }, "Attempt 2 has not succeeded");
    for attempt_number in [0, 2] {
        check_told(attempt_number, DeliveryState::Pending { due_at }, "If that is past");
    }
    check_told(1, DeliveryState::Held { reason: InactiveReason::Paused }, "Resume it");
    check_told(1, DeliveryState::Held { reason: InactiveReason::Gone }, "410");
    check_told(1, DeliveryState::Held { reason: InactiveReason::Failing }, "Mend the receiver");
    check_told(1, DeliveryState::Held { reason: InactiveReason::Owner }, "Make it active");
    check_told(3, DeliveryState::Delivered { at: then }, "arrived at 2022-03-29T01:29:36.000Z, with attempt 3");
    check_told(11, DeliveryState::Failed { at: then, reason: FailedReason::Exhausted }, "then replay it");
    check_told(1, DeliveryState::Failed { at: then, reason: FailedReason::WebhookDeleted }, "was deleted");
}

#[test]
fn every_reason_has_a_name_and_a_sentence_of_its_own() {
    let said = NotTold::ALL.map(|reason| (reason.as_str(), reason.why(EventType::ContentDecommission)));
    for (i, (name, sentence)) in said.iter().enumerate() {
        assert!(sentence.ends_with('.'), "{sentence}");
        assert!(said[..i].iter().all(|(other, text)| other != name && text != sentence), "{name}");
    }
    assert!(NotTold::NotSubscribed.why(EventType::ContentDecommission).contains("content.decommission"));
}

#[test]
fn nobody_is_advised_to_do_something_with_a_webhook_that_is_deleted() {
    let failed = |reason| Told {
        delivery_id: DeliveryId(7),
        attempt_number: 3,
        state: DeliveryState::Failed { at: at(9), reason },
    };
    let cases = [
        (Then::NotThere, None),
        (Then::NotKept, None),
        (was(&[EventType::ContentAdd], WebhookStatus::Active), None),
        (was(&[EventType::EnrollmentComplete], OWNER), None),
        (was(&[EventType::EnrollmentComplete], DELETED), None),
        (Then::NotThere, Some(failed(FailedReason::Exhausted))),
        (Then::NotThere, Some(failed(FailedReason::WebhookDeleted))),
    ];
    for (then, told) in cases {
        let there = standing(then, told);
        let deleted = Standing { is_deleted: true, ..there.clone() };
        let said = deleted.explain(&event(false));
        assert_eq!(said.matches("make another webhook").count(), 1, "{said}");
        assert!(!said.contains("Subscribe it") && !said.contains("then replay it"), "{said}");
        assert_eq!(deleted.not_told(&event(false)), there.not_told(&event(false)));
    }
    let arrived = Told { delivery_id: DeliveryId(7), attempt_number: 1, state: DeliveryState::Delivered { at: at(9) } };
    let deleted = Standing { is_deleted: true, ..standing(Then::NotThere, Some(arrived)) };
    assert!(!deleted.explain(&event(false)).contains("deleted"));
}

/// An enrollment made at second 100, in a course if it is a part.
fn enrollment(status: Status, is_part: bool) -> Enrollment {
    let new = NewEnrollment {
        id: EnrollmentId(1),
        portal_id: PortalId(2),
        user_account_id: UserAccountId(3),
        lo_id: LearningObjectId(4),
        parent_id: is_part.then_some(EnrollmentId(5)),
        destination_id: None,
        enrollment_type: EnrollmentType::SelfDirected,
        assigner_id: None,
        assigned_at: None,
        due_at: None,
        report: ProgressReport { status: Some(status), ..Default::default() },
    };
    let audience = Audience { child_enrollment_events: false, event_ids: &mut || "hg4JWUDbT55B".parse().unwrap() };
    Enrollment::create(new, at(100), audience).unwrap().after
}

#[track_caller]
fn check_none(enrollment: Option<Enrollment>, tells_of_parts: bool, kept_from: Option<i64>, expected: NoCompletion) {
    assert_eq!(why_no_completion(enrollment.as_ref(), tells_of_parts, kept_from.map(at)), expected);
}

#[test]
fn a_completion_without_an_event_has_a_reason() {
    let whole = || Some(enrollment(Status::Completed, false));
    let part = || Some(enrollment(Status::Completed, true));
    check_none(None, false, None, NoCompletion::NoSuchEnrollment);
    check_none(Some(enrollment(Status::InProgress, false)), false, Some(500), NoCompletion::NotCompleted);
    check_none(Some(enrollment(Status::NotStarted, true)), false, Some(500), NoCompletion::NotCompleted);
    check_none(part(), false, Some(500), NoCompletion::PartOfCourse);
    check_none(part(), true, Some(500), NoCompletion::NotKept);
    // The setting was made after it was completed.
    check_none(part(), true, None, NoCompletion::PartOfCourse);
    check_none(whole(), false, Some(101), NoCompletion::NotKept);
    check_none(whole(), false, Some(100), NoCompletion::Unknown);
    check_none(whole(), false, None, NoCompletion::Unknown);
}
