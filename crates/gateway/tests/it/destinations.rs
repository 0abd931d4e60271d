//! Destinations of packages.

use contract::api::destination::Destination;
use contract::api::page::Page;
use domain::destination::PER_PORTAL_MAX;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::app::{App, START};

#[tokio::test]
async fn a_destination_is_made_and_found_with_all_that_was_asked_for() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let asked = json!({
        "name": "Moodle of the north",
        "lms_origins": ["https://LMS.example.com/", "http://localhost:8080"],
        "seats_max": 250,
        "expires_time": "2030-01-01T00:00:00+01:00",
        "lower_status": true,
        "pseudonymous": true,
    });
    let made: Value = customer.post("/destinations", asked).await.expect(201);
    assert_eq!(made["token"].as_str().unwrap().len(), 32);
    let expected = json!({
        "id": made["id"],
        "portal_id": app.customer.portal_id.to_string(),
        "name": "Moodle of the north",
        "token": made["token"],
        "status": "active",
        "lms_origins": ["http://localhost:8080", "https://lms.example.com"],
        "seats_max": 250,
        "expires_time": "2029-12-31T23:00:00.000Z",
        "lower_status": true,
        "pseudonymous": true,
        "created_time": START,
        "updated_time": START,
    });
    assert_eq!(made, expected);
    let path = format!("/destinations/{}", made["id"].as_str().unwrap());
    assert_eq!(customer.get(&path).await.expect::<Value>(200), made);
    let plain: Destination = customer.post("/destinations", json!({"name": "Other"})).await.expect(201);
    assert_ne!(plain.token, made["token"].as_str().unwrap());
    assert_eq!((plain.seats_max, plain.expires_time, plain.lms_origins.len()), (None, None, 0));
    let listed: Page<Destination> = customer.get("/destinations").await.expect(200);
    assert_eq!((listed.total, &listed.hits[1]), (2, &plain));
    let second: Page<Destination> = customer.get("/destinations?limit=1&offset=1").await.expect(200);
    assert_eq!((second.total, second.hits), (2, vec![plain]));
    let others: Page<Destination> = app.as_(&app.sibling).get("/destinations").await.expect(200);
    assert_eq!(others.total, 0);
}

#[tokio::test]
async fn what_a_destination_cannot_be_names_the_field() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let many: Vec<String> = (0..51).map(|n| format!("https://lms{n}.example.com")).collect();
    for (field, value, message) in [
        ("name", json!(""), "1 to 255"),
        ("name", json!("x".repeat(256)), "1 to 255"),
        ("seats_max", json!(0), "from 1"),
        ("seats_max", json!(-1), "seats_max"),
        ("lms_origins", json!(many), "at most 50"),
        ("expires_time", json!("tomorrow"), "a time such as"),
        ("lower_status", json!("yes"), "boolean"),
    ] {
        let mut asked = json!({"name": "LMS"});
        asked[field] = value.clone();
        customer.post("/destinations", asked).await.expect_field(field, message);
        let made: Destination = customer.post("/destinations", json!({"name": "LMS"})).await.expect(201);
        customer.patch(&format!("/destinations/{}", made.id), json!({field: value})).await.expect_field(field, message);
    }
    customer.post("/destinations", json!({})).await.expect_field("name", "name is required");
    let origins = json!({"name": "LMS", "lms_origins": ["https://lms.example.com", "https://*.example.com"]});
    customer.post("/destinations", origins).await.expect_field("lms_origins[1]", "an origin is written like");
}

#[tokio::test]
async fn a_destination_is_changed_revoked_and_made_active_again() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let asked = json!({"name": "LMS", "seats_max": 5, "expires_time": "2030-01-01T00:00:00Z"});
    let made: Destination = customer.post("/destinations", asked).await.expect(201);
    let path = format!("/destinations/{}", made.id);
    app.clock.advance(SignedDuration::from_secs(1));
    let revoked: Destination = customer.patch(&path, json!({"status": "revoked"})).await.expect(200);
    assert!(revoked.updated_time > made.updated_time);
    let (status, updated_time) = ("revoked".to_owned(), revoked.updated_time);
    assert_eq!(revoked, Destination { status, updated_time, ..made.clone() });
    let cleared = json!({"status": "active", "seats_max": null, "expires_time": null, "lms_origins": []});
    let active: Destination = customer.patch(&path, cleared).await.expect(200);
    let expected = Destination { seats_max: None, expires_time: None, ..made };
    assert_eq!(active, Destination { updated_time, ..expected });
    customer.patch(&path, json!({"status": "paused"})).await.expect_field("status", "active or revoked");
    customer.patch(&path, json!({"pseudonymous": true})).await.expect_field("pseudonymous", "make another one");
    customer.patch(&path, json!({"pseudonymous": false})).await.expect::<Destination>(200);
    customer.patch("/destinations/1", json!({})).await.expect_refusal(404, "no destination 1");
    customer.get("/destinations/x").await.expect_refusal(404, "a destination id");
}

#[tokio::test]
async fn a_portal_has_so_many_destinations() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    for _ in 0..PER_PORTAL_MAX {
        customer.post("/destinations", json!({"name": "LMS"})).await.expect::<Destination>(201);
    }
    let refusal = customer.post("/destinations", json!({"name": "LMS"})).await.expect_refusal(400, "already 100");
    assert_eq!(refusal["error_code"], "limit_reached");
}
