//! The pages of content, destinations, portals, credentials and people as they look, from samples.

use domain::change::Change;
use domain::enrollment::Status;
use domain::learning_object::Content;
use domain::user_account::Role;
use store::learning_object::LearningObjectRef;

use crate::app::{App, PASSWORD, START};
use crate::pages::check;

#[tokio::test]
async fn pages_of_content() {
    let app = App::new().await;
    let browser = app.administrator().await;
    let (partner, customer) = (app.partner.portal_id, app.customer.portal_id);
    let below = format!("/hub/{partner}/content");
    check("content_empty", &browser.get(&below).await);
    let id = app.content(partner, "Fire <b>safety</b>").await;
    app.content(partner, "Fire safety at home").await;
    app.store.save_library_items(customer, &[id], START.parse().unwrap()).await.unwrap();
    let mut lo = app.store.find_learning_object(partner, &LearningObjectRef::Id(id)).await.unwrap().unwrap();
    lo.content = Some(Content::text("# What to do").unwrap());
    (lo.language, lo.topics, lo.description) =
        (Some("en".to_owned()), vec!["Safety".to_owned()], "Three steps.".to_owned());
    app.store.save_learning_object(Change::silent(lo)).await.unwrap();
    let grace = app.account(customer, "grace@customer.example.com", Role::Learner, PASSWORD).await;
    app.enrollment(customer, grace.id, id, Status::InProgress).await;
    let path = format!("{below}/{id}");
    check("content_show", &browser.get(&path).await);
    check("content_flag", &browser.get(&format!("{path}/flag")).await);
    let short = [("removed_at", "2022-04-20T00:00:00"), ("retired_at", "2022-04-10T00:00:00")];
    check("content_flag_refused", &browser.submit(&path, &format!("{path}/flag"), &short).await);
    let fields = [("removed_at", "2022-07-01T00:00:00"), ("retired_at", "2022-05-01T00:00:00")];
    browser.submit(&path, &format!("{path}/flag"), &fields).await.leads_to();
    check("content", &browser.get(&below).await);
    check("content_retiring", &browser.get(&path).await);
    check("content_move", &browser.get(&format!("{path}/flag")).await);
    check("content_edit", &browser.get(&format!("{path}/edit")).await);
    check("content_upcoming", &browser.get(&format!("{below}/upcoming")).await);
    check("content_package_without_destination", &browser.get(&format!("{path}/package")).await);
    app.destination(partner, "Acme’s <i>Moodle</i>").await;
    check("content_package", &browser.get(&format!("{path}/package")).await);
    let own = app.signed_in(&app.customer.administrator).await;
    check("content_of_another", &own.get(&format!("/hub/{customer}/content/{id}")).await);
}

#[tokio::test]
async fn pages_of_destinations() {
    let app = App::new().await;
    let browser = app.administrator().await;
    let below = format!("/hub/{}/destinations", app.partner.portal_id);
    check("destinations_empty", &browser.get(&below).await);
    check("destination_new", &browser.get(&format!("{below}/new")).await);
    let fields = [("name", "Acme’s <i>Moodle</i>"), ("lms_origins", "https://lms.example.com"), ("seats_max", "50")];
    let path = browser.submit(&format!("{below}/new"), &below, &fields).await.leads_to().to_owned();
    browser.get(&path).await;
    check("destinations", &browser.get(&below).await);
    check("destination", &browser.get(&path).await);
    check("destination_edit", &browser.get(&format!("{path}/edit")).await);
    let wrong = [("name", ""), ("seats_max", "many"), ("lms_origins", "here")];
    check("destination_edit_refused", &browser.submit(&path, &format!("{path}/edit"), &wrong).await);
}

#[tokio::test]
async fn pages_of_portals_and_their_credentials() {
    let app = App::new().await;
    let browser = app.administrator().await;
    let (partner, customer) = (app.partner.portal_id, app.customer.portal_id);
    let (portals, credentials) = (format!("/hub/{partner}/portals"), format!("/hub/{partner}/credentials"));
    check("customers", &browser.get(&portals).await);
    check("customer_new", &browser.get(&format!("{portals}/new")).await);
    check("customer_new_refused", &browser.submit(&portals, &portals, &[("name", "<b>"), ("domain", "acme")]).await);
    check("customer", &browser.get(&format!("{portals}/{customer}")).await);
    check("customer_edit", &browser.get(&format!("{portals}/{customer}/edit")).await);
    check("credentials_empty", &browser.get(&credentials).await);
    check("credentials_new", &browser.get(&format!("{credentials}/new?portal={customer}")).await);
    check(
        "credentials_made",
        &browser.submit(&credentials, &credentials, &[("client_name", "Connector"), ("scope", "lo.read")]).await,
    );
    let client = app.store.list_oauth_clients(partner).await.unwrap().remove(0).id;
    check("credentials", &browser.get(&credentials).await);
    check("credentials_revoke", &browser.get(&format!("{credentials}/{client}/revoke")).await);
    let own = app.signed_in(&app.customer.viewer).await;
    check("portal_of_a_customer", &own.get(&format!("/hub/{customer}/portals/{customer}")).await);
}

#[tokio::test]
async fn pages_of_people() {
    let app = App::new().await;
    let browser = app.administrator().await;
    let below = format!("/hub/{}/people", app.partner.portal_id);
    app.account(app.partner.portal_id, "learner@partner.example.com", Role::Learner, PASSWORD).await;
    check("people", &browser.get(&below).await);
    check("person_new", &browser.get(&format!("{below}/new")).await);
    check("person", &browser.get(&format!("{below}/{}", app.partner.viewer.id)).await);
    check("person_oneself", &browser.get(&format!("{below}/{}", app.partner.administrator.id)).await);
}
