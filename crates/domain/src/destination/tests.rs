use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn origin(text: &str) -> LmsOrigin {
    LmsOrigin::parse(text).unwrap()
}

fn destination() -> Destination {
    let token = "0123456789abcdefghijABCDEFGHIJ42".parse().unwrap();
    Destination::default_of(PortalId(2), DestinationId(5), token, at(0))
}

#[track_caller]
fn check_launch(destination: &Destination, from: Option<&str>, taken: Option<u64>, expected: Option<LaunchRefusal>) {
    let seat = taken.map_or(Seat::Held, |taken| Seat::Wanted { taken });
    assert_eq!(destination.refuses(at(100), from.map(origin).as_ref(), seat), expected, "{from:?} {taken:?}");
}

#[track_caller]
fn check_change(patch: DestinationPatch, expected: Result<(), DestinationError>) {
    let changed = destination().update(patch, at(1));
    assert_eq!(changed.map(|_| ()), expected);
    let field = expected.err().map(|error| (error.field(), error.to_string()));
    assert!(field.is_none_or(|(field, message)| message.starts_with(field)));
}

#[test]
fn the_default_one_takes_everybody() {
    let default = destination().create().unwrap().after;
    check_launch(&default, None, Some(u64::MAX), None);
    check_launch(&default, Some("https://lms.example.com"), Some(0), None);
}

#[test]
fn what_is_revoked_or_over_is_not_launched_by_anybody() {
    let revoked = Destination { status: DestinationStatus::Revoked, ..destination() };
    check_launch(&revoked, None, None, Some(LaunchRefusal::Revoked));
    for (expires, expected) in [(99, Some(LaunchRefusal::Expired)), (100, Some(LaunchRefusal::Expired)), (101, None)] {
        let ending = Destination { expires_at: Some(at(expires)), ..destination() };
        check_launch(&ending, None, None, expected);
        assert_eq!(ending.is_over(at(100)), expected);
    }
}

#[test]
fn where_origins_are_named_others_are_refused() {
    let lms_origins = vec![origin("https://lms.example.com"), origin("http://10.0.0.7:8080")];
    let named = Destination { lms_origins, ..destination() };
    for from in ["https://lms.example.com", "https://LMS.example.com:443/", "http://10.0.0.7:8080"] {
        check_launch(&named, Some(from), None, None);
    }
    for from in [
        "http://lms.example.com",
        "https://lms.example.com:8443",
        "https://example.com",
        "https://lms.example.com.evil.test",
    ] {
        check_launch(&named, Some(from), None, Some(LaunchRefusal::Origin));
    }
    check_launch(&named, None, None, Some(LaunchRefusal::Origin));
}

#[test]
fn whoever_has_a_seat_keeps_it() {
    let seats = Destination { seats_max: Some(3), ..destination() };
    check_launch(&seats, None, Some(2), None);
    check_launch(&seats, None, Some(3), Some(LaunchRefusal::Seats));
    check_launch(&seats, None, Some(u64::MAX), Some(LaunchRefusal::Seats));
    check_launch(&seats, None, None, None);
}

#[test]
fn an_origin_is_scheme_host_and_port() {
    for (text, spelled) in [
        ("https://lms.example.com", "https://lms.example.com"),
        ("HTTPS://LMS.Example.com:443/", "https://lms.example.com"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://[::1]:80", "http://[::1]"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("https://lms_1.corp", "https://lms_1.corp"),
    ] {
        assert_eq!(LmsOrigin::parse(text).map(|origin| origin.as_str().to_owned()).as_deref(), Ok(spelled), "{text}");
        assert_eq!(origin(spelled).as_str(), spelled, "what is spelled so is read again");
    }
    let long = format!("https://{}.example", "a.".repeat(150));
    for text in [
        "",
        "*",
        "null",
        "lms.example.com",
        "https://",
        "https:lms.example.com",
        "https:///lms.example.com",
        "https://*.example.com",
        "https://a.example;script-src",
        "https://a.example,b.example",
        "https://a.example'",
        "https://lms.example.com/moodle",
        "https://lms.example.com/?",
        "https://lms.example.com/#",
        "https://me@lms.example.com",
        "https://@lms.example.com",
        "ftp://lms.example.com",
        "file:///lms",
        "https://lms.example.com other",
        "https://a..example",
        "https://a.example.",
        "https:\\\\lms.example.com",
        "https://lms.example.com\n",
        &long,
    ] {
        assert_eq!(LmsOrigin::parse(text), Err(NotAnOrigin), "{text:?}");
    }
}

#[test]
fn what_is_asked_for_has_limits() {
    let named = |length| DestinationPatch { name: Some("é".repeat(length)), ..Default::default() };
    check_change(named(0), Err(DestinationError::Name));
    check_change(named(NAME_CHARS_MAX), Ok(()));
    check_change(named(NAME_CHARS_MAX + 1), Err(DestinationError::Name));
    for name in [" ", "a\nb", "\u{0}"] {
        let unreadable = DestinationPatch { name: Some(name.to_owned()), ..Default::default() };
        check_change(unreadable, Err(DestinationError::Name));
    }
    let origins = |count| {
        let origins = (0..count).map(|n| origin(&format!("https://lms{n}.example.com"))).collect();
        DestinationPatch { lms_origins: Some(origins), ..Default::default() }
    };
    check_change(origins(ORIGINS_MAX), Ok(()));
    check_change(origins(ORIGINS_MAX + 1), Err(DestinationError::Origins));
    let seats = |max| DestinationPatch { seats_max: Some(Some(max)), ..Default::default() };
    check_change(seats(0), Err(DestinationError::Seats));
    check_change(seats(1), Ok(()));
    check_change(seats(SEATS_MAX), Ok(()));
    check_change(seats(SEATS_MAX + 1), Err(DestinationError::Seats));
}

#[test]
fn how_learners_are_told_apart_stays_as_it_was_made() {
    let pseudonymous = |value| DestinationPatch { pseudonymous: Some(value), ..Default::default() };
    check_change(pseudonymous(true), Err(DestinationError::Pseudonymous));
    check_change(pseudonymous(false), Ok(()));
}

#[test]
fn what_is_not_named_stays_and_null_takes_away() {
    let full = Destination {
        lms_origins: vec![origin("https://lms.example.com")],
        seats_max: Some(5),
        expires_at: Some(at(50)),
        ..destination()
    };
    let stays = full.clone().update(DestinationPatch::default(), at(9)).unwrap().after;
    assert_eq!(stays, Destination { updated_at: at(9), ..full.clone() });
    let patch = DestinationPatch {
        lms_origins: Some(vec![origin("https://b.example"), origin("https://a.example"), origin("https://b.example")]),
        seats_max: Some(None),
        expires_at: Some(None),
        ..Default::default()
    };
    let changed = full.update(patch, at(9)).unwrap().after;
    assert_eq!((changed.seats_max, changed.expires_at), (None, None));
    assert_eq!(changed.lms_origins, [origin("https://a.example"), origin("https://b.example")], "each once, in order");
}
