use std::sync::Arc;

use contract::event_type::EventType;
use contract::signature::TimestampUnit;

use super::mail::{MAILED_FOR, MailLease, MailNext, MailOutcome};
use super::*;
use crate::delivery::{Answer, Failure, FailureKind, Lease, Next};
use crate::event::Event;
use crate::id::{DeliveryId, NoticeMailId, UserAccountId};
use crate::user_account::EmailAddress;
use crate::webhook::{UrlPolicy, Webhook, WebhookStatus, WebhookUrl};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

const SINCE: &str = "2026-03-01T10:00:00.5Z";
const NOW: &str = "2026-03-02T10:00:07Z";

fn answered(status: u16) -> Outcome {
    Outcome::Answered(Answer { status, retry_after: None, body: Vec::new(), truncated: false, headers: String::new() })
}

fn attempt(name: Option<&str>, attempt_number: u32, outcome: Outcome) -> FinishedAttempt {
    let webhook = Webhook {
        id: "xUjKifleke4u".parse().unwrap(),
        version: 1,
        portal_id: PortalId(7),
        name: name.map(str::to_owned),
        url: WebhookUrl::parse("https://receiver.example.com/s3cret?key=s3cret", UrlPolicy::default()).unwrap(),
        secret: None,
        previous_secrets: Vec::new(),
        event_types: vec![EventType::EnrollmentComplete],
        status: WebhookStatus::Active,
        timestamp_unit: TimestampUnit::Seconds,
        oauth2: None,
        integration_system_id: None,
        rate_limit: None,
        headers: Default::default(),
        created_by: UserAccountId(1),
        updated_by: UserAccountId(1),
        created_at: at(SINCE),
        updated_at: at(SINCE),
    };
    let event = Event {
        id: "hg4JWUDbT55B".parse().unwrap(),
        event_type: EventType::EnrollmentComplete,
        portal_id: PortalId(8),
        subject_id: 1,
        data: "{}".to_owned(),
        occurred_at: at("2026-02-26T06:00:00Z"),
        deadline_at: None,
        is_test: false,
    };
    let lease = Lease {
        delivery_id: DeliveryId(1),
        event: Arc::new(event),
        webhook: Arc::new(webhook),
        attempt_number,
        failures: 0,
        expires_at: at(NOW),
    };
    FinishedAttempt { lease, started_at: at(NOW), took: SignedDuration::ZERO, outcome, next: Next::Exhausted }
}

fn failing(warning: Warning) -> NoticeKind {
    NoticeKind::Failing { warning, since: at(SINCE), failures: 57 }
}

fn stopped() -> NoticeKind {
    NoticeKind::StoppedFailing { since: at(SINCE), failures: 200 }
}

fn given_up(deliveries: u32) -> NoticeKind {
    let since = at("2026-02-26T06:00:00Z");
    NoticeKind::GivenUp { since, event_id: "hg4JWUDbT55B".parse().unwrap(), deliveries }
}

fn notice(kind: NoticeKind) -> Notice {
    Notice::because_of(&attempt(Some("Main"), 3, answered(500)), kind, at(NOW))
}

#[track_caller]
fn check(kind: NoticeKind, subject: &str, parts: &[&str]) {
    let notice = notice(kind);
    assert_eq!(notice.subject(), subject);
    let text = notice.text();
    let common = ["\"Main\" (xUjKifleke4u, at receiver.example.com)", "met: status 500", "administer portal 7.\n"];
    for part in parts.iter().chain(&common) {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    assert!(!text.contains("s3cret"), "what an address holds besides its host may be a secret\n{text}");
}

#[test]
fn a_warning_says_since_when_and_what_follows() {
    let parts = [
        "nothing but failures since 2026-03-01T10:00:00Z: 57 attempts in a row",
        "If nothing arrives until 2026-03-06T10:00:00Z, the webhook is stopped",
        "held, not dropped",
        "schoolbell delivery replay-since 2026-02-25T10:00:00Z --webhook xUjKifleke4u",
    ];
    let subject = "Webhook \"Main\" has been failing since 2026-03-01T10:00:00Z";
    check(failing(Warning::First), subject, &parts);
    check(failing(Warning::Second), subject, &parts);
    let subject = "Webhook \"Main\" fails, and is stopped at 2026-03-06T10:00:00Z if that goes on";
    check(failing(Warning::Last), subject, &parts);
}

#[test]
fn a_stop_says_what_is_held_and_how_to_go_on() {
    let held = "Its deliveries are held, not dropped";
    let resume = "schoolbell webhook resume xUjKifleke4u, or PATCH /webhooks/xUjKifleke4u with {\"status\":\"active\"}";
    let since =
        "was stopped at 2026-03-02T10:00:07Z: it had nothing but failures since 2026-03-01T10:00:00Z, 200 attempts";
    check(stopped(), "Webhook \"Main\" was stopped: nothing but failures for days", &[held, resume, since]);
    let gone = ["its receiver answered 410 Gone", held, resume, "schoolbell webhook delete xUjKifleke4u"];
    check(NoticeKind::StoppedGone, "Webhook \"Main\" was stopped: its receiver says that it is gone", &gone);
}

#[test]
fn what_was_given_up_is_counted_and_can_be_told_again() {
    let replay = "schoolbell delivery replay-since 2026-02-26T06:00:00Z --webhook xUjKifleke4u";
    let one = ["1 delivery was given up", "The first was that of event hg4JWUDbT55B", replay];
    check(given_up(1), "Webhook \"Main\": 1 delivery was given up", &one);
    check(given_up(12), "Webhook \"Main\": 12 deliveries were given up", &["12 deliveries were given up", replay]);
}

#[test]
fn other_peoples_text_stays_in_its_line() {
    let name = format!("a\r\nBcc: eve@example.com\u{1b}[31m{}", "é".repeat(300));
    let detail = format!("b\n\nWhat to do:\n- pay\u{7}{}", "x".repeat(1_000));
    let failed = Outcome::Failed(Failure { kind: FailureKind::Timeout, detail });
    let notice = Notice::because_of(&attempt(Some(&name), 3, failed), NoticeKind::StoppedGone, at(NOW));
    assert!(!notice.subject().contains(char::is_control));
    assert!(notice.subject().chars().count() < 200);
    let text = notice.text();
    assert_eq!(text.matches("\nWhat to do:\n").count(), 1, "{text}");
    assert!(text.contains("met: timeout, b  What to do: - pay"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() < 500), "{text}");
}

#[test]
fn a_webhook_without_a_name_is_called_by_its_id() {
    let notice = Notice::because_of(&attempt(None, 3, answered(410)), NoticeKind::StoppedGone, at(NOW));
    assert!(notice.subject().starts_with("Webhook xUjKifleke4u was stopped"), "{}", notice.subject());
}

#[test]
fn the_id_comes_of_the_attempt_and_of_what_is_told() {
    let id = |number, kind| Notice::because_of(&attempt(None, number, answered(500)), kind, at(NOW)).id;
    assert_eq!(id(3, stopped()), id(3, stopped()));
    assert_eq!(id(3, stopped()).as_str().len(), 12);
    for other in [id(4, stopped()), id(3, failing(Warning::Last)), id(3, given_up(1))] {
        assert_ne!(other, id(3, stopped()));
    }
}

#[test]
fn of_a_test_that_is_given_up_nobody_is_told() {
    let mut attempt = attempt(None, 3, answered(500));
    assert_eq!(Notice::of_given_up(&attempt, at(NOW)).unwrap().kind, given_up(1));
    let event = Event { is_test: true, ..(*attempt.lease.event).clone() };
    attempt.lease.event = Arc::new(event);
    assert_eq!(Notice::of_given_up(&attempt, at(NOW)), None);
}

fn lease(attempt_number: u32) -> MailLease {
    MailLease {
        id: NoticeMailId(1),
        notice: Arc::new(notice(NoticeKind::StoppedGone)),
        user_account_id: UserAccountId(42),
        address: EmailAddress::parse("ada@example.com").unwrap(),
        attempt_number,
        expires_at: at(NOW),
    }
}

#[test]
fn mail_is_tried_again_for_three_days() {
    let not_now = || MailOutcome::NotNow("451".to_owned());
    let (mut now, mut delays) = (at(NOW), Vec::new());
    for attempt_number in 1.. {
        match lease(attempt_number).decide(&not_now(), now) {
            MailNext::Retry { at } => {
                delays.push(at.duration_since(now).as_mins());
                now = at;
            }
            MailNext::GivenUp => break,
            MailNext::Sent => panic!("nobody took it"),
        }
    }
    assert_eq!(delays[..6], [1, 5, 30, 120, 360, 360]);
    assert!(now.duration_since(at(NOW)) > MAILED_FOR - SignedDuration::from_hours(6), "{now}");
    assert!(now.duration_since(at(NOW)) <= MAILED_FOR, "{now}");
}

#[test]
fn a_refusal_is_final_and_so_is_a_success() {
    let decide = |outcome| lease(1).decide(&outcome, at(NOW));
    assert_eq!(decide(MailOutcome::Taken), MailNext::Sent);
    assert_eq!(decide(MailOutcome::Refused("550".to_owned())), MailNext::GivenUp);
}

#[test]
fn mail_that_is_sent_again_has_the_same_name() {
    assert_eq!(lease(1).message_name(), lease(5).message_name());
    assert!(lease(1).message_name().ends_with(".42"));
}
