use super::field::{Fields, TEXT_CHARS_MAX, address};
use super::*;
use crate::learning_object::tests::content;
use crate::learning_object::{LearningObject, Retirement};
use crate::webhook::headers::Headers;
use crate::webhook::tests::webhook;
use crate::webhook::{Secret, Webhook};

fn at() -> Timestamp {
    Timestamp::UNIX_EPOCH
}

/// What the log tells of a webhook that changed: field, before, after.
#[track_caller]
fn check(before: &Webhook, after: &Webhook, expected: &[(&str, Option<&str>, Option<&str>)]) {
    let noted = Noted::changed(Action::WebhookUpdate, before, after, at());
    let told: Vec<_> = noted
        .changes
        .iter()
        .map(|change| (change.field.as_str(), change.from.as_deref(), change.to.as_deref()))
        .collect();
    assert_eq!(told, expected);
}

fn with_secret(text: &str) -> Webhook {
    Webhook { secret: Some(Secret::restore(text.to_owned())), ..webhook() }
}

fn with_headers(headers: &[(&str, &str)]) -> Webhook {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Webhook { headers: Headers::restore(headers), ..webhook() }
}

#[test]
fn what_stayed_is_not_told() {
    check(&webhook(), &webhook(), &[]);
    let named = Webhook { name: Some("Orders".to_owned()), ..webhook() };
    check(&named, &Webhook { name: None, ..webhook() }, &[("name", Some("Orders"), None)]);
}

#[test]
fn of_a_secret_only_that_it_changed() {
    let none = Webhook { secret: None, ..webhook() };
    check(&none, &with_secret("s3cret"), &[("secret_key", None, Some("set"))]);
    check(&with_secret("s3cret"), &with_secret("other"), &[("secret_key", Some("set"), Some("changed"))]);
    check(&with_secret("s3cret"), &none, &[("secret_key", Some("set"), None)]);
    check(&with_secret("s3cret"), &with_secret("s3cret"), &[]);
}

#[test]
fn headers_are_told_by_name() {
    let one = with_headers(&[("X-Key", "one")]);
    check(&with_headers(&[]), &one, &[("headers", None, Some("X-Key"))]);
    check(&one, &with_headers(&[("X-Key", "two")]), &[("headers", Some("X-Key"), Some("X-Key (changed)"))]);
}

#[test]
fn what_follows_a_question_mark_is_not_shown() {
    for (url, shown) in [
        ("https://a.example/x?key=s3cret#y?z", "https://a.example/x?…"),
        ("https://a.example/x", "https://a.example/x"),
    ] {
        assert_eq!(address(url), (url.to_owned(), shown.to_owned()));
    }
}

#[test]
fn long_values_are_cut() {
    let long = |length| Webhook { name: Some("é".repeat(length)), ..webhook() };
    let told = |length| {
        let noted = Noted::created(Action::WebhookCreate, &long(length), at());
        let change = noted.changes.into_iter().find(|change| change.field == "name");
        (noted.subject_name, change.and_then(|change| change.to))
    };
    let whole = Some("é".repeat(TEXT_CHARS_MAX));
    assert_eq!(told(TEXT_CHARS_MAX), (whole.clone(), whole));
    let cut = Some("é".repeat(TEXT_CHARS_MAX - 1) + "…");
    assert_eq!(told(TEXT_CHARS_MAX + 1), (cut.clone(), cut));
}

#[test]
fn an_entry_tells_of_so_many_fields() {
    let many = |value: &str| (0..=FIELDS_MAX).fold(Fields::default(), |fields, _| fields.text("field", Some(value)));
    assert_eq!(changes(Some(many("a")), many("b")).len(), FIELDS_MAX);
    let done = || Noted::done(Action::WebhookTest, PortalId(1), "w", at());
    let noted = (0..=FIELDS_MAX).fold(done(), |noted, _| noted.with("field", "a"));
    assert_eq!(noted.changes.len(), FIELDS_MAX);
}

#[test]
fn spellings_are_read_again() {
    for action in Action::ALL {
        assert_eq!(Action::read(action.as_str()), Some(*action));
        assert!(Action::named(action.noun()).contains(action) && Action::named(action.as_str()) == [*action]);
    }
    assert!(Action::named("web").is_empty() && Action::named("").is_empty());
    for channel in [Channel::Api, Channel::Hub, Channel::Cli] {
        assert_eq!(Channel::read(channel.as_str()), Some(channel));
    }
}

/// What is done to content whose removal was due in `before` days and now is in `after` days, at day 0.
#[track_caller]
fn check_content(before: Option<i64>, after: Option<i64>, expected: Action, is_forced: bool) {
    let in_days = |days: i64| Retirement {
        flagged_at: Timestamp::from_second(days).unwrap(),
        retired_at: None,
        removed_at: at() + SignedDuration::from_hours(days * 24),
    };
    let [before, after] = [before, after].map(|days| LearningObject { retirement: days.map(in_days), ..content() });
    let noted = Noted::content(&before, &after, at());
    let forced = FieldChange { field: "lifecycle.force".to_owned(), from: None, to: Some("true".to_owned()) };
    assert_eq!((noted.action, noted.changes.contains(&forced)), (expected, is_forced));
}

#[test]
fn short_notice_is_said_to_be_forced() {
    check_content(None, None, Action::LearningObjectUpdate, false);
    check_content(Some(10), Some(10), Action::LearningObjectUpdate, false);
    check_content(None, Some(60), Action::LearningObjectFlag, false);
    check_content(None, Some(59), Action::LearningObjectFlag, true);
    check_content(Some(90), Some(59), Action::LearningObjectMove, true);
    check_content(Some(58), Some(59), Action::LearningObjectMove, false);
    check_content(Some(10), None, Action::LearningObjectWithdraw, false);
}
