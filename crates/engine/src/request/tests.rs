use std::sync::Arc;

use contract::event_type::EventType;
use contract::signature::{TOLERANCE, TimestampUnit, verify, verify_standard};
use domain::event::Event;
use domain::id::{DeliveryId, PortalId, UserAccountId};
use domain::webhook::headers::Headers;
use domain::webhook::{Secret, Webhook, WebhookStatus, WebhookUrl};
use jiff::SignedDuration;

use super::*;

/// The body of test vector 2 of the contract, section 4.5, but for the webhook's id.
const BODY: &str = r#"{"id":"hg4JWUDbT55B","event_type":"enrollment.complete","webhook_version":"3.0.0","sent":"2022-03-29T01:29:36.676Z","attempt_number":1,"url":"https://your.webhook.endpoint.com","webhook_id":"xUjKifleke4u","data":{"id":"101916887","lo_id":"741712","portal_id":"11861197","event_time":"2022-03-29T01:29:36.000Z"}}"#;

fn now() -> Timestamp {
    "2022-03-29T01:29:36.676Z".parse().unwrap()
}

fn secret(text: &str) -> Option<Secret> {
    Some(Secret::parse(text.to_owned()).unwrap())
}

fn webhook() -> Webhook {
    Webhook {
        id: "xUjKifleke4u".parse().unwrap(),
        version: 1,
        portal_id: PortalId(1),
        name: None,
        url: WebhookUrl::restore("https://your.webhook.endpoint.com").unwrap(),
        secret: secret("MyS3cretK#y"),
        previous_secrets: Vec::new(),
        event_types: vec![EventType::EnrollmentComplete],
        status: WebhookStatus::Active,
        timestamp_unit: TimestampUnit::Seconds,
        oauth2: None,
        integration_system_id: None,
        rate_limit: None,
        headers: Headers::default(),
        created_by: UserAccountId(1),
        updated_by: UserAccountId(1),
        created_at: now(),
        updated_at: now(),
    }
}

fn lease(webhook: Webhook, data: &str) -> Lease {
    let event = Event {
        id: "hg4JWUDbT55B".parse().unwrap(),
        event_type: EventType::EnrollmentComplete,
        portal_id: PortalId(11861197),
        subject_id: 101916887,
        data: data.to_owned(),
        occurred_at: now(),
        deadline_at: None,
        is_test: false,
    };
    Lease {
        delivery_id: DeliveryId(1),
        event: Arc::new(event),
        webhook: Arc::new(webhook),
        attempt_number: 1,
        failures: 0,
        expires_at: now(),
    }
}

fn sign_for(webhook: Webhook) -> SignedRequest {
    sign(&lease(webhook, EventType::EnrollmentComplete.sample().get()), now(), &UserAgent::default()).unwrap()
}

fn header<'a>(request: &'a SignedRequest, name: &str) -> Option<&'a str> {
    request.headers.get(name).map(|value| value.to_str().unwrap())
}

fn names(request: &SignedRequest) -> Vec<&str> {
    let mut names: Vec<&str> = request.headers.keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    names
}

#[test]
fn the_body_is_the_published_envelope() {
    let request = sign_for(webhook());
    assert_eq!(std::str::from_utf8(&request.body), Ok(BODY));
    assert_eq!(header(&request, "content-type"), Some("application/json"));
    assert_eq!(header(&request, "user-agent"), Some(concat!("Schoolbell/", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn both_signatures_are_those_of_the_body() {
    let request = sign_for(webhook());
    let signature = header(&request, "Go1-Signature").unwrap();
    assert!(signature.starts_with("t=1648517376,v1="));
    assert_eq!(verify(signature, &request.body, &["MyS3cretK#y"], now(), TOLERANCE), Ok(()));
    let standard = ["webhook-id", "webhook-timestamp", "webhook-signature"].map(|name| header(&request, name).unwrap());
    assert_eq!(standard[0], "hg4JWUDbT55B");
    assert_eq!(verify_standard(standard, &request.body, &["MyS3cretK#y"], now(), TOLERANCE), Ok(()));
}

#[test]
fn without_a_secret_nothing_is_signed() {
    let request = sign_for(Webhook { secret: None, ..webhook() });
    assert_eq!(names(&request), ["content-type", "user-agent"]);
}

#[test]
fn a_replaced_secret_signs_behind_the_new_one_until_its_grace_ends() {
    let replaced =
        |until| Webhook { previous_secrets: secret("old").zip(Some(until)).into_iter().collect(), ..webhook() };
    let request = sign_for(replaced(now() + SignedDuration::from_secs(1)));
    let signature = header(&request, "Go1-Signature").unwrap();
    let newest_only = sign_for(webhook());
    assert!(signature.starts_with(header(&newest_only, "Go1-Signature").unwrap()));
    for secret in ["MyS3cretK#y", "old"] {
        assert_eq!(verify(signature, &request.body, &[secret], now(), TOLERANCE), Ok(()));
    }
    assert_eq!(sign_for(replaced(now())), newest_only);
}

#[test]
fn a_webhook_may_have_its_time_in_milliseconds() {
    let request = sign_for(Webhook { timestamp_unit: TimestampUnit::Milliseconds, ..webhook() });
    assert!(header(&request, "Go1-Signature").unwrap().starts_with("t=1648517376676,v1="));
    assert_eq!(header(&request, "webhook-timestamp"), Some("1648517376"));
}

#[test]
fn the_address_in_the_body_is_as_its_owner_wrote_it() {
    let url = WebhookUrl::restore("https://EXAMPLE.com:443/a/../b?c=d").unwrap();
    let request = sign_for(Webhook { url, ..webhook() });
    assert!(std::str::from_utf8(&request.body).unwrap().contains(r#""url":"https://EXAMPLE.com:443/a/../b?c=d""#));
    assert_eq!(request.url.as_str(), "https://example.com/b?c=d");
}

#[test]
fn what_is_stored_must_be_json() {
    for data in ["", "{", "{} {}", "no"] {
        let failure = sign(&lease(webhook(), data), now(), &UserAgent::default()).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Request, "{data:?}");
    }
}

#[test]
fn nothing_secret_is_shown() {
    let url = WebhookUrl::restore("https://example.com/in?key=s3cret").unwrap();
    let request = sign_for(Webhook { url, ..webhook() }).authorized(HeaderValue::from_static("Bearer s3cret"));
    assert_eq!(format!("{request:?}"), "SignedRequest(https://example.com)");
}

fn with_headers(headers: &[(&str, &str)]) -> Webhook {
    let pairs = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Webhook { headers: Headers::restore(pairs), ..webhook() }
}

#[test]
fn the_owners_headers_are_sent_and_not_shown() {
    let own = with_headers(&[("X-Api-Key", "s3cret"), ("Authorization", "Basic czNjcmV0")]);
    let request = sign_for(own);
    assert_eq!(header(&request, "x-api-key"), Some("s3cret"));
    assert_eq!(header(&request, "authorization"), Some("Basic czNjcmV0"));
    let ours = sign_for(webhook());
    assert!(ours.headers.iter().all(|(name, value)| request.headers.get(name) == Some(value)));
    assert_eq!(request.headers.len(), ours.headers.len() + 2);
    let shown = format!("{:?} {:?}", request.headers, request);
    assert!(!shown.contains("s3cret") && !shown.contains("czNjcmV0"), "{shown}");
}

#[test]
fn no_header_takes_the_place_of_ours() {
    let usurping = [
        ("content-type", "text/plain"),
        ("USER-AGENT", "me"),
        ("Go1-Signature", "t=1,v1=00"),
        ("webhook-id", "x"),
        ("webhook-timestamp", "1"),
        ("webhook-signature", "x"),
    ];
    assert_eq!(sign_for(with_headers(&usurping)), sign_for(webhook()));
}

#[test]
fn a_stored_header_that_is_none_makes_no_request() {
    for pair in [("a b", "x"), ("x", "a\nb")] {
        let lease = lease(with_headers(&[pair]), EventType::EnrollmentComplete.sample().get());
        let failure = sign(&lease, now(), &UserAgent::default()).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Request, "{failure:?}");
        assert!(!failure.detail.contains(pair.1), "{failure:?}");
    }
}

#[test]
fn a_test_says_that_it_is_one_and_is_like_any_other_else() {
    let lease = lease(webhook(), EventType::EnrollmentComplete.sample().get());
    let mut test = lease.clone();
    Arc::make_mut(&mut test.event).is_test = true;
    let [request, test] = [lease, test].map(|lease| sign(&lease, now(), &UserAgent::default()).unwrap());
    assert_eq!((header(&request, "schoolbell-test"), header(&test, "schoolbell-test")), (None, Some("true")));
    assert_eq!(test.body, request.body);
    assert_eq!(test.headers.len(), request.headers.len() + 1);
}

#[test]
fn a_user_agent_is_visible_ascii() {
    assert_eq!("Academy Bell/2".parse::<UserAgent>().unwrap().header(), "Academy Bell/2");
    for text in ["", " ", "a\nb", "é", &"x".repeat(257)] {
        assert_eq!(text.parse::<UserAgent>(), Err(BadUserAgent), "{text:?}");
    }
}
