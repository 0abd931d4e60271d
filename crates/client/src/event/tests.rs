use proptest::prelude::*;
use serde_json::json;

use super::*;

/// The sample payloads of the two seeds, as published, indentation included.
const SEED_ENROLLMENT_COMPLETE: &[u8] = include_bytes!("../../../contract/tests/golden/enrollment_complete.json");
const SEED_CONTENT_DECOMMISSION: &[u8] = include_bytes!("../../../contract/tests/golden/content_decommission.json");

fn event(bytes: &[u8]) -> Event {
    match VerifiedBody::verified_before(bytes).parse().unwrap() {
        Parsed::Event(event) => event,
        Parsed::Unsupported(unsupported) => panic!("{unsupported:?} is not an event"),
    }
}

/// The first seed's payload with some fields replaced; `null` removes one.
fn changed(changes: serde_json::Value) -> Vec<u8> {
    let mut body: serde_json::Value = serde_json::from_slice(SEED_ENROLLMENT_COMPLETE).unwrap();
    for (field, value) in changes.as_object().unwrap() {
        if value.is_null() {
            body.as_object_mut().unwrap().remove(field);
        } else {
            body[field] = value.clone();
        }
    }
    serde_json::to_vec(&body).unwrap()
}

#[test]
fn the_first_seed_is_read() {
    let event = event(SEED_ENROLLMENT_COMPLETE);
    assert_eq!(event.id, "hg4JWUDbT55B");
    assert_eq!(event.event_type, "enrollment.complete");
    assert_eq!(event.sent, "2022-03-29T01:29:36.676Z".parse::<Timestamp>().unwrap());
    assert_eq!(event.attempt_number, 1);
    assert_eq!(event.url, "https://your.webhook.endpoint.com");
    assert_eq!(event.webhook_id, "auto generated uuid will be here");
    assert_eq!(event.data.portal_id(), Some("11861197"));
    let EventData::EnrollmentComplete(data) = event.data else { panic!("{:?}", event.data) };
    assert_eq!((data.id.as_str(), data.lo_id.as_str()), ("101916887", "741712"));
    assert_eq!(data.event_time.to_string(), "2022-03-29T01:29:36.000Z");
}

#[test]
fn the_second_seed_is_read() {
    let event = event(SEED_CONTENT_DECOMMISSION);
    assert_eq!(event.data.portal_id(), Some("36184809"));
    let EventData::ContentDecommission(data) = event.data else { panic!("{:?}", event.data) };
    assert_eq!(data.id, "3511433");
    assert_eq!(data.remove_time.to_string(), "2023-02-24T22:42:20.000Z");
}

#[test]
fn every_event_type_of_the_contract_is_read_as_itself() {
    for event_type in EventType::ALL {
        let sample: serde_json::Value = serde_json::from_str(event_type.sample().get()).unwrap();
        let event = event(&changed(json!({"event_type": event_type.as_str(), "data": sample})));
        assert_eq!(event.data.portal_id(), sample["portal_id"].as_str(), "{event_type}");
        let variant = format!("{:?}", event.data);
        assert!(variant.starts_with(&format!("{event_type:?}(")), "{event_type} is read as {variant}");
    }
}

#[test]
fn unknown_fields_are_ignored() {
    let body = changed(json!({
        "trace": {"id": 1},
        "data": {"id": "1", "lo_id": "2", "portal_id": "3", "event_time": "2022-03-29T01:29:36Z", "grade": "A"},
    }));
    assert_eq!(event(&body).data.portal_id(), Some("3"));
}

#[test]
fn an_unknown_event_type_is_kept_with_its_data_as_it_came() {
    let body = String::from_utf8(changed(json!({"event_type": "group.create", "data": "DATA"}))).unwrap();
    let data = r#"{ "id":12345678901234567890, "name": "\u00e9" }"#;
    let event = event(body.replace("\"DATA\"", data).as_bytes());
    assert_eq!(event.event_type, "group.create");
    assert_eq!(event.data.portal_id(), None);
    assert_eq!(format!("{:?}", event.data), "Unknown(RawJson(47 bytes))");
    let EventData::Unknown(raw) = event.data else { panic!("{:?}", event.data) };
    assert_eq!(raw.as_str(), data);
}

#[test]
fn the_old_generation_is_recognised_and_not_supported() {
    // The published sample of contract, section 4.5, with its personal data left out.
    let body =
        br#"{"type":"user.create","fired_at":"2020-04-29T06:29:13+0000","data":{"id":"8191190","account":null}}"#;
    match VerifiedBody::verified_before(body).parse().unwrap() {
        Parsed::Unsupported(old) => {
            assert_eq!((old.kind.as_str(), old.fired_at.as_str()), ("user.create", "2020-04-29T06:29:13+0000"));
            assert_eq!(old.data.as_str(), r#"{"id":"8191190","account":null}"#);
        }
        Parsed::Event(event) => panic!("{event:?}"),
    }
}

#[track_caller]
fn check_refused(body: impl AsRef<[u8]>, expected: &str) {
    let error = VerifiedBody::verified_before(body.as_ref()).parse().unwrap_err().to_string();
    assert!(error.starts_with(expected), "{error}");
}

#[test]
fn what_is_wrong_is_named() {
    check_refused("", "the body is not a JSON object: EOF");
    check_refused("{\"id\":\"a\",}", "the body is not a JSON object: trailing comma at line 1 column 11");
    check_refused("null", "the body is not a JSON object: invalid type: null");
    check_refused(b"{\"id\":\"\xff\"}", "the body is not a JSON object: invalid unicode");
    check_refused("{\"id\":\"a\",\"id\":\"b\"}", "the body is not a JSON object: duplicate field `id`");
    check_refused("{}", "the field \"event_type\" is missing or null");
    check_refused(r#"{"type":"user.create"}"#, "the field \"event_type\" is missing or null");
    check_refused(r#"{"type":"a","fired_at":"b"}"#, "the field \"data\" is missing or null");
    for field in ["id", "event_type", "sent", "attempt_number", "url", "webhook_id", "data"] {
        check_refused(changed(json!({field: null})), &format!("the field {field:?} is missing or null"));
        check_refused(changed(json!({field: [true]})), &format!("the field {field:?} is not as expected: "));
    }
    check_refused(changed(json!({"sent": "yesterday"})), "the field \"sent\" is not as expected: ");
    check_refused(changed(json!({"attempt_number": -1})), "the field \"attempt_number\" is not as expected: ");
    check_refused(
        changed(json!({"data": {"id": "1", "portal_id": "3"}})),
        "the field \"data\" is not as expected: missing field `lo_id`",
    );
}

#[test]
fn deep_nesting_is_survived() {
    let data = "[".repeat(100_000) + &"]".repeat(100_000);
    let body = String::from_utf8(changed(json!({"data": "DATA"}))).unwrap().replace("\"DATA\"", &data);
    check_refused(body, "the field \"data\" is not as expected: ");
}

proptest! {
    #[test]
    fn garbage_never_panics(bytes in any::<Vec<u8>>()) {
        prop_assert!(VerifiedBody::verified_before(&bytes).parse().is_err());
    }

    #[test]
    fn a_damaged_event_never_panics(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
        let mut body = SEED_ENROLLMENT_COMPLETE.to_vec();
        let at = at.index(body.len());
        body[at] = byte;
        let _ = VerifiedBody::verified_before(&body).parse();
        let _ = VerifiedBody::verified_before(&body[..cut.index(body.len())]).parse();
    }
}
