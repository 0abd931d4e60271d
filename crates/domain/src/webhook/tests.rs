use self::refused_urls::Class;
use super::url::BadUrl;
use super::*;
use crate::address::AddressPolicy;

#[path = "../../tests/refused_urls/mod.rs"]
mod refused_urls;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn secret(text: &str) -> Secret {
    Secret::parse(text.to_owned()).unwrap()
}

pub(crate) fn webhook() -> Webhook {
    Webhook {
        id: "xUjKifleke4u".parse().unwrap(),
        version: 0,
        portal_id: PortalId(1),
        name: None,
        url: WebhookUrl::parse("https://example.com", UrlPolicy::default()).unwrap(),
        secret: Some(secret("old")),
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
    assert_eq!(update(rotated.clone(), new, 200).unwrap().previous_secrets, rotated.previous_secrets);
}

fn rotate(webhook: Webhook, to: &str, second: i64) -> Result<Webhook, WebhookError> {
    update(webhook, WebhookPatch { secret: Some(Some(secret(to))), ..Default::default() }, second)
}

#[test]
fn each_of_several_replaced_secrets_signs_for_its_own_day() {
    let rotated = rotate(rotate(webhook(), "newer", 0).unwrap(), "newest", 100).unwrap();
    assert_eq!(rotated.secrets_at(at(100)), ["newest", "newer", "old"]);
    assert_eq!(rotated.secrets_at(at(86_399)), ["newest", "newer", "old"]);
    assert_eq!(rotated.secrets_at(at(86_400)), ["newest", "newer"]);
    assert_eq!(rotated.secrets_at(at(86_500)), ["newest"]);
    // What is over is not kept.
    let later = rotate(rotated, "last", 86_450).unwrap();
    assert_eq!(later.secrets_at(at(86_450)), ["last", "newest", "newer"]);
    assert_eq!(later.previous_secrets.len(), 2);
}

#[test]
fn a_secret_that_is_taken_again_signs_once() {
    let rotated = rotate(rotate(webhook(), "new", 0).unwrap(), "old", 100).unwrap();
    assert_eq!(rotated.secrets_at(at(100)), ["old", "new"]);
    assert_eq!(rotated.secrets_at(at(86_500)), ["old"]);
}

#[test]
fn one_secret_too_many_is_refused_and_none_ends_all() {
    let full = (0..PREVIOUS_SECRETS_MAX).fold(webhook(), |webhook, n| rotate(webhook, &format!("{n}"), 0).unwrap());
    assert_eq!(full.secrets_at(at(0)).len(), PREVIOUS_SECRETS_MAX + 1);
    let refused = rotate(full.clone(), "one more", 86_399).unwrap_err();
    assert_eq!((refused, refused.field()), (WebhookError::TooManySecrets(PREVIOUS_SECRETS_MAX), "secret_key"));
    assert!(rotate(full.clone(), "one more", 86_400).is_ok());
    let none = update(full, WebhookPatch { secret: Some(None), ..Default::default() }, 1).unwrap();
    assert_eq!(rotate(none, "one more", 2).unwrap().secrets_at(at(2)), ["one more"]);
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

fn headers(name: &str) -> Headers {
    Headers::parse([(name.to_owned(), "s3cret".to_owned())]).unwrap()
}

fn oauth2() -> Oauth2Credentials {
    let server_url = WebhookUrl::parse("https://auth.example.com", UrlPolicy::default()).unwrap();
    Oauth2Credentials { client_id: "id".to_owned(), client_secret: secret("s"), server_url, scope: None }
}

#[test]
fn a_rate_and_headers_are_set_kept_and_cleared() {
    let rate_limit = RateLimit::per_second(5).ok();
    let set = WebhookPatch { rate_limit: Some(rate_limit), headers: Some(headers("X-Key")), ..Default::default() };
    let webhook = update(webhook(), set, 1).unwrap();
    assert_eq!((webhook.rate_limit, &webhook.headers), (rate_limit, &headers("X-Key")));
    assert_eq!(update(webhook.clone(), WebhookPatch::default(), 2).unwrap().headers, webhook.headers);
    let clear = WebhookPatch { rate_limit: Some(None), headers: Some(Headers::default()), ..Default::default() };
    let cleared = update(webhook.clone(), clear, 3).unwrap();
    assert_eq!((cleared.rate_limit, cleared.headers.is_empty()), (None, true));
    assert!(!format!("{webhook:?}").contains("s3cret"));
    assert!(webhook.delete(UserAccountId(2), at(4)).after.headers.is_empty());
}

#[test]
fn a_request_is_authorized_once() {
    let authorization = WebhookPatch { headers: Some(headers("Authorization")), ..Default::default() };
    let authorized = update(webhook(), authorization, 1).unwrap();
    let with_oauth2 = WebhookPatch { oauth2: Some(Some(oauth2())), ..Default::default() };
    assert_eq!(update(authorized, with_oauth2.clone(), 2), Err(WebhookError::AuthorizedTwice));
    let instead = WebhookPatch { headers: Some(headers("X-Key")), ..with_oauth2 };
    assert!(update(webhook(), instead, 1).is_ok());
    let both = Webhook { oauth2: Some(oauth2()), headers: headers("authorization"), ..webhook() };
    assert_eq!(both.create().map(drop), Err(WebhookError::AuthorizedTwice));
}

#[test]
fn a_test_tells_of_nothing_that_exists() {
    let id: crate::id::EventId = "hg4JWUDbT55B".parse().unwrap();
    let told = [EventType::ContentDecommission, EventType::EnrollmentComplete];
    let webhook = Webhook { event_types: told.to_vec(), ..webhook() };
    let now = at(1_648_517_376) + SignedDuration::from_millis(676);
    let test = |event_type| webhook.test(event_type, id.clone(), now);
    let first = test(None).unwrap();
    let data = r#"{"id":"404","portal_id":"1","event_time":"2022-03-29T01:29:36.000Z","remove_time":"2022-06-29T01:29:36.000Z"}"#;
    assert_eq!((first.event_type, first.data.as_str()), (EventType::ContentDecommission, data));
    assert_eq!((first.is_test, first.deadline_at, first.subject_id), (true, None, 404));
    let second = test(Some(EventType::EnrollmentComplete)).unwrap();
    let data = r#"{"id":"404","lo_id":"404","portal_id":"1","event_time":"2022-03-29T01:29:36.000Z"}"#;
    assert_eq!((second.data.as_str(), second.occurred_at), (data, at(1_648_517_376)));
    let refused = test(Some(EventType::ContentAdd)).unwrap_err().to_string();
    assert_eq!(
        refused,
        "event_type must be one that the webhook is told of: content.decommission, enrollment.complete"
    );
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
    check("https://a.com./", Ok(()));
    for url in ["https://127.0.0.1../", "https://a..com/", "https://.a.com/", "https://a.com../"] {
        check(url, Err("two dots"));
    }
    check("https://user:pass@a.com", Err("user name or password"));
    check("https://a.com/#part", Err("fragment"));
    for url in ["https://a.com:1/", "https://a.com:22/", "https://a.com:1023/"] {
        check(url, Err("port below 1024"));
    }
    check("https://a.com:80/", Ok(()));
    check(&format!("https://a.com/{}", "a".repeat(2048)), Err("at most 2048"));
}

#[test]
fn what_leads_nowhere_public_is_refused_in_every_notation() {
    let mut wrong = Vec::new();
    for (class, url) in refused_urls::all() {
        let parsed = WebhookUrl::parse(&url, UrlPolicy::default());
        let right = match class {
            Class::Address => parsed == Err(BadUrl::NotPublic),
            Class::Text => parsed.as_ref().is_err_and(|error| *error != BadUrl::NotPublic),
            Class::Name => parsed.is_ok(),
        };
        if !right {
            wrong.push((class, url, parsed));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
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
