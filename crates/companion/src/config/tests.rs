use super::*;

fn usable() -> Settings {
    let mut settings = Settings::new("inbox.db", "https://bell.example");
    settings.secrets = vec!["s".into()];
    settings.portals = ["1", "2"].map(portal).into();
    settings
}

fn portal(portal_id: &str) -> Portal {
    Portal::new(portal_id, "c", "s")
}

#[track_caller]
fn check(change: impl FnOnce(&mut Settings), expected: Result<(), &str>) {
    let mut settings = usable();
    change(&mut settings);
    let said = settings.check().map_err(|error| error.to_string());
    assert_eq!(said.as_ref().map_err(String::as_str), expected.as_ref().map_err(|error| *error));
}

#[test]
fn the_secret_is_given_or_expressly_not() {
    check(|_| {}, Ok(()));
    check(|settings| settings.secrets.push("t".into()), Ok(()));
    check(
        |settings| settings.secrets.clear(),
        Err("secrets: there is none: give the webhook's secret, or set accept_unsigned if it has none"),
    );
    check(
        |settings| settings.secrets.push("".into()),
        Err("secrets: a verifier needs at least one secret, and none may be empty"),
    );
    check(|settings| settings.accept_unsigned = true, Err("accept_unsigned: it does not go together with secrets"));
    let unsigned = |settings: &mut Settings| {
        settings.secrets.clear();
        settings.accept_unsigned = true;
    };
    check(unsigned, Ok(()));
}

#[test]
fn an_address_that_cannot_be_used_is_named() {
    let ftp = "the address \"ftp://x\" cannot be used: it is neither https nor http";
    check(|settings| settings.platform_url = "ftp://x".into(), Err(&format!("platform_url: {ftp}")));
    check(|settings| settings.auth_url = Some("ftp://x".into()), Err(&format!("auth_url: {ftp}")));
    check(|settings| settings.v2_url = Some("ftp://x".into()), Err(&format!("v2_url: {ftp}")));
}

#[test]
fn a_portal_is_complete_and_given_once() {
    check(|settings| settings.portals.push(portal("1")), Err("portals[2].portal_id: \"1\" is given twice"));
    check(|settings| settings.portals.push(portal("")), Err("portals[2].portal_id: it is empty"));
    check(|settings| settings.portals[0].client_id.clear(), Err("portals[0].client_id: it is empty"));
    check(|settings| settings.portals[1].client_secret = "".into(), Err("portals[1].client_secret: it is empty"));
}

#[test]
fn the_path_of_webhooks_is_plain_and_free() {
    for path in ["/", "webhooks", "/webhooks/", "/{any}", "/a b", "//a", ""] {
        let expected = Err("webhook_path: it must be like /webhooks: letters, digits, -._~ and single slashes");
        check(|settings| settings.webhook_path = path.into(), expected);
    }
    for path in RESERVED_PATHS {
        let expected = Err("webhook_path: something else is served there");
        check(|settings| settings.webhook_path = path.into(), expected);
    }
    check(|settings| settings.webhook_path = "/hooks/school-bell.v1".into(), Ok(()));
}

#[test]
fn no_limit_is_zero() {
    let expected = "with 0 nothing would ever happen";
    let zero = |field: &str, change: fn(&mut Limits)| {
        check(|settings| change(&mut settings.limits), Err(&format!("limits.{field}: {expected}")));
    };
    zero("body_bytes_max", |limits| limits.body_bytes_max = 0);
    zero("fetches_max", |limits| limits.fetches_max = 0);
    zero("connections_max", |limits| limits.connections_max = 0);
    zero("request_ms", |limits| limits.request_ms = 0);
    zero("fetch_ms", |limits| limits.fetch_ms = 0);
    check(|settings| settings.limits.stop_ms = 0, Ok(()));
    check(|settings| settings.api_token = Some("".into()), Err("api_token: it is empty"));
}

#[track_caller]
fn check_api(address: &str, token: Option<&str>, allowed: bool) {
    let settings = Settings { api_token: token.map(Secret::from), ..usable() };
    assert_eq!(settings.check_api_at(address.parse().unwrap()).is_ok(), allowed, "{address} {token:?}");
}

#[test]
fn without_a_token_the_reader_api_stays_on_loopback() {
    for address in ["127.0.0.1:80", "[::1]:80"] {
        check_api(address, None, true);
        check_api(address, Some("t"), true);
    }
    for address in ["0.0.0.0:80", "[::]:80", "192.168.0.1:80", "203.0.113.1:80"] {
        check_api(address, None, false);
        check_api(address, Some("t"), true);
    }
}

/// Reads settings as a configuration file would give them.
fn read(json: &str) -> Result<Settings, serde_json::Error> {
    serde_json::from_str(json)
}

#[test]
fn what_is_not_said_has_a_default_and_what_is_unknown_is_refused() {
    let settings = read(r#"{"database": "d", "platform_url": "https://x", "secrets": ["s"]}"#).unwrap();
    assert_eq!((settings.tolerance_seconds, settings.webhook_path.as_str()), (300, "/webhooks"));
    assert_eq!((settings.limits.body_bytes_max, settings.limits.fetches_max), (65_536, 8));
    let misspelled = [
        r#"{"database": "d", "platform_url": "https://x", "secret": "s"}"#,
        r#"{"database": "d", "platform_url": "https://x", "limits": {"bodies": 1}}"#,
        r#"{"database": "d", "platform_url": "https://x", "portals": [{"portal_id": "1", "client_id": "c", "client_secret": "s", "name": "n"}]}"#,
    ];
    for json in misspelled {
        assert!(read(json).unwrap_err().to_string().starts_with("unknown field"), "{json}");
    }
}

#[test]
fn secrets_are_not_shown() {
    let settings = Settings {
        secrets: vec!["hidden".into()],
        api_token: Some("hidden".into()),
        portals: vec![Portal { client_secret: "hidden".into(), ..portal("1") }],
        ..usable()
    };
    assert!(!format!("{settings:?}").contains("hidden"));
}

/// The same for what is done about content that ends.
#[track_caller]
fn check_retirement(change: impl FnOnce(&mut RetirementSettings), expected: Result<(), &str>) {
    check(|settings| change(&mut settings.retirement), expected);
}

fn ada() -> retirement::Administrator {
    retirement::Administrator { name: "Ada".into(), email: "ada@example.com".into(), time_zone: "Europe/Berlin".into() }
}

#[test]
fn whoever_is_told_can_be_reached_and_has_a_time_zone() {
    check_retirement(|retirement| retirement.administrators = vec![ada()], Ok(()));
    for (change, expected) in [
        (
            retirement::Administrator { email: "ada".into(), ..ada() },
            "retirement.administrators[0].email: it is no mail address such as ada@example.com",
        ),
        (
            retirement::Administrator { time_zone: "Europe/Berlim".into(), ..ada() },
            "retirement.administrators[0].time_zone: there is no time zone \"Europe/Berlim\"",
        ),
        (
            retirement::Administrator { name: "A\nB".into(), ..ada() },
            "retirement.administrators[0].name: it must be one line",
        ),
    ] {
        check_retirement(|retirement| retirement.administrators = vec![change], Err(expected));
    }
    check_retirement(|retirement| retirement.digest_hour = 24, Err("retirement.digest_hour: an hour is 0 to 23"));
    check_retirement(|retirement| retirement.learner_hour = 24, Err("retirement.learner_hour: an hour is 0 to 23"));
    let long = Err("retirement.learner_thresholds_days: it must be at most 365 days");
    check_retirement(|retirement| retirement.learner_thresholds_days = vec![366], long);
    check_retirement(|retirement| retirement.learner_thresholds_days = vec![365], Ok(()));
}

#[test]
fn a_hook_has_an_address_and_a_secret() {
    let hook = |url: Option<&str>, secret: Option<&str>| {
        let (url, secret) = (url.map(str::to_owned), secret.map(Secret::from));
        move |retirement: &mut RetirementSettings| {
            (retirement.removal_hook_url, retirement.removal_hook_secret) = (url, secret);
        }
    };
    let url = Some("https://learning.example/removals");
    check_retirement(hook(url, Some("s")), Ok(()));
    check_retirement(hook(None, None), Ok(()));
    let missing = Err("retirement.removal_hook_secret: it is missing: calls of the hook are signed");
    check_retirement(hook(url, None), missing);
    check_retirement(hook(url, Some("")), missing);
    let missing = Err("retirement.removal_hook_url: it is missing: there is a secret for it");
    check_retirement(hook(None, Some("s")), missing);
    let strange = Err("retirement.removal_hook_url: it must be an address such as https://learning.example.com");
    check_retirement(hook(Some("ftp://x"), Some("s")), strange);
    check_retirement(|retirement| retirement.removal_margin_hours = 720, Ok(()));
    let long = Err("retirement.removal_margin_hours: it must be at most 720 hours");
    check_retirement(|retirement| retirement.removal_margin_hours = 721, long);
}
