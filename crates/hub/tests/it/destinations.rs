//! Destinations, and the packages that are handed to them.

use axum::http::Method;
use domain::destination::{Destination, DestinationStatus};
use domain::learning_object::LifecycleState;
use http_body_util::BodyExt;
use store::learning_object::LearningObjectRef;
use store::page::PageRequest;
use tower::ServiceExt;

use crate::answer::between;
use crate::app::{App, Browser};

const PAGE: PageRequest = PageRequest { limit: 100, offset: 0 };

async fn destinations(app: &App) -> Vec<Destination> {
    app.store.list_destinations(app.partner.portal_id, PAGE).await.unwrap().items
}

#[tokio::test]
async fn a_destination_is_added_changed_revoked_and_made_active_again() {
    let app = App::new().await;
    let browser = app.administrator().await;
    let below = format!("/hub/{}/destinations", app.partner.portal_id);
    browser.get(&below).await.shows("No destinations yet");
    let fields = [
        ("name", "Acme <b>"),
        ("lms_origins", "https://LMS.example.com/\n\nhttp://localhost:8080"),
        ("seats_max", "50"),
        ("expires_at", "2022-12-31T00:00"),
        ("pseudonymous", "on"),
    ];
    let added = browser.submit(&format!("{below}/new"), &below, &fields).await;
    let [made] = destinations(&app).await.try_into().unwrap();
    assert_eq!(added.leads_to(), format!("{below}/{}", made.id));
    let page = browser.follow(&added).await;
    page.shows("Acme &#60;b&#62;").shows(made.token.as_str()).shows("0 of 50").shows("cannot give them back");
    assert_eq!(
        made.lms_origins.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["http://localhost:8080", "https://lms.example.com"]
    );
    assert_eq!((made.seats_max, made.pseudonymous, made.lower_status), (Some(50), true, false));
    let path = added.leads_to().to_owned();
    browser.get(&format!("{path}/edit")).await.shows("value=\"2022-12-31T00:00:00\"").shows("value=\"50\"");
    let edited = browser.submit(&path, &format!("{path}/edit"), &[("name", "Acme"), ("lower_status", "on")]).await;
    browser.follow(&edited).await.shows("from the next launch on").shows("Any may launch").shows("Never");
    let [changed] = destinations(&app).await.try_into().unwrap();
    assert_eq!((changed.seats_max, changed.pseudonymous, changed.lower_status), (None, true, true));
    let revoked = browser.submit(&path, &format!("{path}/revoke"), &[]).await;
    browser.follow(&revoked).await.shows("Revoked").shows("Make active again");
    assert_eq!(destinations(&app).await[0].status, DestinationStatus::Revoked);
    let restored = browser.submit(&path, &format!("{path}/restore"), &[]).await;
    browser.follow(&restored).await.shows("<span class=\"badge good\">Active</span>");
    assert_eq!(destinations(&app).await[0].token, made.token);
}

#[tokio::test]
async fn what_is_wrong_with_a_destination_is_said_beside_its_field() {
    let app = App::new().await;
    let browser = app.administrator().await;
    let below = format!("/hub/{}/destinations", app.partner.portal_id);
    for (field, value, said) in [
        ("name", "", "Enter what people call it"),
        ("lms_origins", "lms.example.com", "is written like https://lms.example.com"),
        ("lms_origins", "https://*.example.com", "is written like"),
        ("seats_max", "0", "from 1 on"),
        ("seats_max", "-3", "from 1 to"),
        ("expires_at", "soon", "rite it like"),
    ] {
        let fields: Vec<_> =
            [("name", "Acme")].into_iter().filter(|(name, _)| *name != field).chain([(field, value)]).collect();
        let refused = browser.submit(&format!("{below}/new"), &below, &fields).await;
        let page = refused.page(422);
        let text = between(page, &format!("id=\"{field}-error\">"), "</p>")
            .unwrap_or_else(|| panic!("{field} {value}: {page}"));
        assert!(text.contains(said), "{field} {value}: {text}");
    }
    assert_eq!(destinations(&app).await, []);
}

/// The status, the headers that matter, and the bytes.
async fn download(app: &App, browser: &Browser<'_>, path: &str) -> (u16, Option<String>, Vec<u8>) {
    let response = app.router.clone().oneshot(browser.request(Method::GET, path, String::new())).await.unwrap();
    let (parts, body) = response.into_parts();
    let name = parts.headers.get("content-disposition").map(|value| value.to_str().unwrap().to_owned());
    (parts.status.as_u16(), name, body.collect().await.unwrap().to_bytes().to_vec())
}

#[tokio::test]
async fn a_package_carries_the_token_of_its_destination_and_the_reference() {
    let app = App::new().await;
    let browser = app.administrator().await;
    let portal_id = app.partner.portal_id;
    let lo_id = app.content(portal_id, "Fire safety").await;
    let path = format!("/hub/{portal_id}/content/{lo_id}/package");
    browser.get(&path).await.shows("Add one first");
    assert_eq!(destinations(&app).await, [], "looking makes nothing");
    assert_eq!(browser.get(&format!("{path}.zip")).await.status, 422);
    assert_eq!(destinations(&app).await, []);
    let id = app.destination(portal_id, "The <i>LMS</i>").await;
    browser.get(&path).await.shows("The &#60;i&#62;LMS&#60;/i&#62;").shows(&format!("lo={lo_id};portal={portal_id}"));
    let asked = format!("{path}.zip?destination={id}&version=2004-4&ref=HR-42");
    let (status, name, zip) = download(&app, &browser, &asked).await;
    assert_eq!(
        (status, name.unwrap()),
        (200, format!("attachment; filename=\"fire-safety-{lo_id}-scorm-2004-4.zip\""))
    );
    assert!(zip.starts_with(b"PK"));
    assert_eq!(download(&app, &browser, &asked).await.2, zip, "the same request gives the same bytes");
    let other = app.destination(portal_id, "Another").await;
    assert_ne!(download(&app, &browser, &asked.replace(&id.to_string(), &other.to_string())).await.2, zip);
    assert_ne!(download(&app, &browser, &asked.replace("HR-42", "HR-43")).await.2, zip);
    for (query, field) in [
        (format!("destination={id}&ref={}", "x".repeat(300)), "ref"),
        (format!("destination={id}&version=3"), "version"),
        ("version=1.2".to_owned(), "destination"),
        ("destination=99999".to_owned(), "destination"),
    ] {
        let refused = browser.get(&format!("{path}.zip?{query}")).await;
        assert!(refused.page(422).contains(&format!("id=\"{field}-error\"")), "{query}");
    }
    let elsewhere = app.destination(app.customer.portal_id, "Theirs").await;
    assert_eq!(browser.get(&format!("{path}.zip?destination={elsewhere}")).await.status, 422);
    browser.submit(&path, &format!("/hub/{portal_id}/destinations/{id}/revoke"), &[]).await.leads_to();
    assert!(browser.get(&asked).await.page(422).contains("The destination is revoked."));
    let mut lo = app.store.find_learning_object(portal_id, &LearningObjectRef::Id(lo_id)).await.unwrap().unwrap();
    lo.state = LifecycleState::Draft;
    app.store.save_learning_object(domain::change::Change::silent(lo)).await.unwrap();
    browser.get(&path).await.shows("There is no package");
    assert_eq!(browser.get(&format!("{path}.zip?destination={other}")).await.status, 422);
}
