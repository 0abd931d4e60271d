//! What a verified body says: nothing that is not in it.
#![no_main]

use client::event::{EventData, Parsed};
use client::verify::VerifiedBody;
use contract::event_type::EventType;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|bytes: &[u8]| {
    let Ok(parsed) = VerifiedBody::verified_before(bytes).parse() else { return };
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else { return };
    assert!(value.is_object());
    match parsed {
        Parsed::Event(event) => {
            assert_eq!(value["id"], *event.id);
            assert_eq!(value["event_type"], *event.event_type);
            assert_eq!(value["webhook_id"], *event.webhook_id);
            assert_eq!(value["attempt_number"], event.attempt_number);
            let is_known = event.event_type.parse::<EventType>().is_ok();
            match &event.data {
                EventData::Unknown(raw) => {
                    assert!(!is_known, "{} is known", event.event_type);
                    let raw: Value = serde_json::from_str(raw.as_str()).expect("data is kept as JSON");
                    assert_eq!(value["data"], raw);
                }
                data => {
                    assert!(is_known, "{} is not known", event.event_type);
                    assert_eq!(value["data"]["portal_id"].as_str(), data.portal_id());
                }
            }
        }
        Parsed::Unsupported(old) => {
            assert_eq!((&value["type"], &value["fired_at"]), (&Value::from(old.kind), &Value::from(old.fired_at)));
            assert!(value["event_type"].is_null());
        }
    }
});
