use super::url::BadUrl;
use super::*;
use crate::address::AddressPolicy;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn secret(text: &str) -> Secret {
    Secret::parse(text.to_owned()).unwrap()
}

fn webhook() -> Webhook {
    Webhook {
        id: "xUjKifleke4u".parse().unwrap(),
        version: 0,
        portal_id: PortalId(1),
        name: None,
        url: WebhookUrl::parse("https://example.com", UrlPolicy::default()).unwrap(),
        secret: Some(secret("old")),
        previous_secret: None,
        event_types: vec![EventType::EnrollmentComplete],
        status: WebhookStatus::Active,
        timestamp_unit: TimestampUnit::Seconds,
        oauth2: None,
        integration_system_id: None,
        created_by: UserAccountId(1),
        updated_by: UserAccountId(1),
        created_at: at(0),
        updated_at: at(0),
    }
}

fn update(webhook: Webhook, patch: WebhookPatch, second: i64) -> Result<Webhook, WebhookError> {
    webhook.update(patch, UserAccountId(2), at(second)).map(|change| change.after)
}

#[test]
fn a_replaced_secret_signs_for_a_day_behind_the_new_one() {
    let new = WebhookPatch { secret: Some(Some(secret("new"))), ..Default::default() };
    let rotated = update(webhook(), new.clone(), 100).unwrap();
    assert_eq!(rotated.secrets_at(at(100)), ["new", "old"]);
    assert_eq!(rotated.secrets_at(at(100 + 86_399)), ["new", "old"]);
    assert_eq!(rotated.secrets_at(at(100 + 86_400)), ["new"]);
    // Writing the same secret again is not a rotation.
    assert_eq!(update(rotated.clone(), new, 200).unwrap().previous_secret, rotated.previous_secret);
}

#[test]
fn a_removed_secret_does_not_sign() {
    let removed = WebhookPatch { secret: Some(None), ..Default::default() };
    assert!(update(webhook(), removed, 100).unwrap().secrets_at(at(100)).is_empty());
}

#[test]
fn event_types_are_kept_once_and_never_none() {
    let patch =
        |event_types: &[EventType]| WebhookPatch { event_types: Some(event_types.into()), ..Default::default() };
    let (complete, create) = (EventType::EnrollmentComplete, EventType::EnrollmentCreate);
    let updated = update(webhook(), patch(&[create, complete, create]), 1).unwrap();
    assert_eq!(updated.event_types, [create, complete]);
    assert_eq!(update(webhook(), patch(&[]), 1), Err(WebhookError::NoEventTypes));
    let sync = [EventType::ContentLibrarySyncRequest];
    assert_eq!(update(webhook(), patch(&sync), 1), Err(WebhookError::IntegrationSystemNeeded));
}

#[test]
fn every_status_reads_back_what_it_writes() {
    for status in WebhookStatus::ALL {
        assert_eq!(WebhookStatus::read(status.as_str()), Some(status));
    }
}

#[test]
fn a_deleted_webhook_keeps_no_secret() {
    let deleted = webhook().delete(UserAccountId(2), at(1)).after;
    assert!(!deleted.status.receives_events());
    assert!(deleted.secrets_at(at(1)).is_empty());
}

#[test]
fn secrets_have_up_to_64_characters_and_are_not_shown() {
    assert!(Secret::parse("é".repeat(64)).is_ok());
    assert_eq!(Secret::parse("e".repeat(65)), Err(BadSecret(64)));
    assert_eq!(Secret::parse(String::new()), Err(BadSecret(64)));
    assert!(Secret::parse_client_secret("e".repeat(1_024)).is_ok());
    assert_eq!(Secret::parse_client_secret("e".repeat(1_025)), Err(BadSecret(1_024)));
    assert_eq!(format!("{:?}", secret("x")), "Secret(…)");
}

#[track_caller]
fn check_url(allow_http: bool, addresses: AddressPolicy, text: &str, expected: Result<(), &str>) {
    let parsed = WebhookUrl::parse(text, UrlPolicy { allow_http, addresses });
    match expected {
        Ok(()) => assert_eq!(parsed.map(|url| url.as_str().to_owned()).as_deref(), Ok(text)),
        Err(part) => assert!(parsed.clone().unwrap_err().to_string().contains(part), "{text}: {parsed:?}"),
    }
}

#[test]
fn urls_are_https_and_public_unless_opened() {
    let check = |text, expected| check_url(false, AddressPolicy::Public, text, expected);
    check("https://webhook-consumer.com", Ok(()));
    check("https://webhook-consumer.com:8443/a?b=c", Ok(()));
    check("https://1.1.1.1/", Ok(()));
    for text in
        ["", "webhook-consumer.com", "/path", "https://", "https://a b.com", "https://exa mple.com", "\thttps://a.com"]
    {
        check(text, Err("valid URL"));
    }
    for text in ["http://webhook-consumer.com", "ftp://a.com", "javascript:alert(1)", "file:///etc/passwd", "data:,x"] {
        check(text, Err("begin with https://"));
    }
    for text in ["https:///x", "https:x", "https:/x", "https:\\\\a.com", "https://a.com:0/"] {
        check(text, Err("valid URL"));
    }
    check_url(false, AddressPolicy::Public, &format!("https://{}.com/", "a".repeat(64)), Err("too long"));
    check("https://user:pass@a.com", Err("user name or password"));
    check("https://a.com/#part", Err("fragment"));
    for url in ["https://a.com:1/", "https://a.com:22/", "https://a.com:1023/"] {
        check(url, Err("port below 1024"));
    }
    check("https://a.com:80/", Ok(()));
    check(&format!("https://a.com/{}", "a".repeat(2048)), Err("at most 2048"));
}

#[test]
fn private_addresses_are_refused_in_every_notation() {
    let hosts = [
        "127.0.0.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0x7f.1",
        "127.1",
        "0",
        "localhost",
        "LOCALHOST.",
        "a.localhost",
        "169.254.169.254",
        "169.254.169.254.",
        "10.0.0.1",
        "192.168.1.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[fd00::1]",
        "①②⑦.⓪.⓪.①",
        "１２７.0.0.1",
    ];
    for host in hosts {
        check_url(false, AddressPolicy::Public, &format!("https://{host}/"), Err("public address"));
    }
}

#[test]
fn the_operator_may_open_http_and_networks() {
    check_url(true, AddressPolicy::PublicAndLoopback, "http://127.0.0.1:9999/hook", Ok(()));
    check_url(true, AddressPolicy::PublicAndLoopback, "http://localhost:9999/hook", Ok(()));
    check_url(true, AddressPolicy::PublicAndLoopback, "http://10.0.0.1/", Err("public address"));
    check_url(true, AddressPolicy::Any, "http://10.0.0.1/", Ok(()));
    check_url(true, AddressPolicy::Public, "http://127.0.0.1:9999/hook", Err("public address"));
    check_url(true, AddressPolicy::Any, "ftp://10.0.0.1/", Err("begin with https://"));
    assert_eq!(
        WebhookUrl::parse("https://a.com/#x", UrlPolicy { allow_http: true, addresses: AddressPolicy::Any }),
        Err(BadUrl::Fragment)
    );
}
