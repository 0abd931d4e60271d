//! What the pages of enrollments and of the audit log show.

use domain::enrollment::Status;
use domain::user_account::Role;

use crate::app::{App, PASSWORD};

#[tokio::test]
async fn an_empty_list_says_how_enrollments_come_about() {
    let app = App::new().await;
    let browser = app.administrator().await;
    let page = browser.get(&format!("/hub/{}/enrollments", app.partner.portal_id)).await;
    page.shows("No enrollments yet").shows("Those of customers are in their portals").shows("play link");
}

#[tokio::test]
async fn enrollments_are_found_by_learner_content_status_and_number() {
    let app = App::new().await;
    let portal_id = app.customer.portal_id;
    let grace = app.account(portal_id, "grace@customer.example.com", Role::Learner, PASSWORD).await;
    let (safety, law) = (app.content(portal_id, "Fire safety").await, app.content(portal_id, "Data law").await);
    let done = app.enrollment(portal_id, grace.id, safety, Status::Completed).await;
    let under_way = app.enrollment(portal_id, app.customer.viewer.id, law, Status::InProgress).await;
    let browser = app.signed_in(&app.customer.viewer).await;
    let below = format!("/hub/{portal_id}/enrollments");
    let check = async |query: String, shown: &[&str], hidden: &[&str]| {
        let page = browser.get(&format!("{below}{query}")).await;
        for text in shown {
            page.shows(text);
        }
        for text in hidden {
            assert!(!page.text.contains(text), "{query}: {text}");
        }
    };
    check(String::new(), &["Fire safety", "Data law", "grace@customer.example.com"], &["empty"]).await;
    check("?q=GRACE%40customer.example.com".to_owned(), &["Fire safety"], &["Data law"]).await;
    check(format!("?lo={law}"), &["Data law"], &["Fire safety"]).await;
    check("?status=completed".to_owned(), &["Fire safety"], &["Data law"]).await;
    check("?status=lost".to_owned(), &["There is no such status."], &["Fire safety"]).await;
    check("?lo=fire".to_owned(), &["Content is named by its number"], &["Fire safety"]).await;
    check("?q=nobody%40example.com".to_owned(), &["No learner of this portal"], &["Fire safety"]).await;
    check("?q=99".to_owned(), &["no enrollment with that number"], &["Fire safety"]).await;
    let found = browser.get(&format!("{below}?q={under_way}")).await;
    assert_eq!(found.leads_to(), format!("{below}/{under_way}"));
    browser
        .get(&format!("{below}/{done}"))
        .await
        .shows("Completed")
        .shows("Fire safety")
        .shows("None: the content was not launched");
    let other = app.signed_in(&app.stranger.administrator).await;
    assert_eq!(other.get(&format!("/hub/{}/enrollments/{done}", app.stranger.portal_id)).await.status, 404);
}

#[tokio::test]
async fn what_an_lms_passed_is_shown_as_text() {
    let app = App::new().await;
    let portal_id = app.customer.portal_id;
    let grace = app.account(portal_id, "grace@customer.example.com", Role::Learner, PASSWORD).await;
    let lo_id = app.content(portal_id, "<script>alert(1)</script>").await;
    let id = app.enrollment(portal_id, grace.id, lo_id, Status::InProgress).await;
    let values = [("cmi.core.student_id", "HR-42"), ("<b>", "<img src=x onerror=alert(1)>")];
    app.launch(portal_id, grace.id, (lo_id, id), &values).await;
    let browser = app.administrator().await;
    let page = browser.get(&format!("/hub/{portal_id}/enrollments/{id}")).await;
    page.shows("SCORM 1.2, The other LMS").shows("HR-42").shows("incorrect data type (405)");
    assert!(!page.text.contains("<img src=x") && !page.text.contains("<script>alert"), "{}", page.text);
}

#[tokio::test]
async fn the_table_for_spreadsheets_is_narrowed_like_the_list_and_holds_no_formula() {
    let app = App::new().await;
    let portal_id = app.customer.portal_id;
    let grace = app.account(portal_id, "grace@customer.example.com", Role::Learner, PASSWORD).await;
    let (sum, law) = (app.content(portal_id, "=SUM(1)").await, app.content(portal_id, "Data law").await);
    let done = app.enrollment(portal_id, grace.id, sum, Status::Completed).await;
    app.enrollment(portal_id, grace.id, law, Status::InProgress).await;
    let browser = app.signed_in(&app.customer.viewer).await;
    let csv = browser.get(&format!("/hub/{portal_id}/enrollments.csv?status=completed")).await;
    assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8"));
    assert_eq!(csv.header("content-disposition"), Some("attachment; filename=\"enrollments.csv\""));
    let [head, row] = csv.text.lines().collect::<Vec<_>>().try_into().unwrap();
    assert!(head.starts_with("enrollment_id,learner_id,learner,email,lo_id,title,status"));
    let expected = format!(
        "{done},{},\"Grace Lovelace\",\"grace@customer.example.com\",{sum},\"'=SUM(1)\",completed,,true,",
        grace.id
    );
    assert!(row.starts_with(&expected), "{row}");
}

#[tokio::test]
async fn what_was_done_is_in_the_log_and_narrowed() {
    let app = App::new().await;
    let browser = app.administrator().await;
    let portal_id = app.partner.portal_id;
    let webhooks = format!("/hub/{portal_id}/webhooks");
    let fields = [
        ("name", "<b>Bold</b>"),
        ("url", "https://receiver.example.com/hook"),
        ("event_types", "enrollment.complete"),
        ("secret_key", "MyS3cretK#y"),
    ];
    let added = browser.submit(&format!("{webhooks}/new"), &webhooks, &fields).await;
    let id = added.leads_to().rsplit('/').next().unwrap().to_owned();
    let log = format!("/hub/{portal_id}/audit");
    let page = browser.get(&log).await;
    page.shows("Webhook: create")
        .shows(app.partner.administrator.email.as_str())
        .shows("User account: sign in")
        .shows(&id);
    assert!(!page.text.contains("MyS3cretK#y") && !page.text.contains("<b>Bold"), "{}", page.text);
    let check = async |query: &str, shown: &str, hidden: &str| {
        let page = browser.get(&format!("{log}?{query}")).await;
        page.shows(shown);
        assert!(!page.text.contains(hidden), "{query}: {hidden}");
    };
    check("what=webhook", "Webhook: create", "User account: sign in").await;
    check(&format!("subject={id}"), "Webhook: create", "User account: sign in").await;
    check("what=webhook&since=2022-03-30", "Nothing found", "Webhook: create").await;
    check("what=webhook&until=2022-03-29", "Webhook: create", "Nothing found").await;
    check("since=yesterday", "Days are written like", "Webhook: create").await;
    let customers = app.signed_in(&app.customer.administrator).await;
    let page = customers.get(&format!("/hub/{}/audit", app.customer.portal_id)).await;
    assert!(!page.shows("User account: sign in").text.contains("Webhook: create"), "{}", page.text);
}
