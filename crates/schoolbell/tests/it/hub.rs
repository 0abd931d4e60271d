//! The Partner Hub in a real browser, over the real binary: the published steps, taken literally, and what follows them.

use browser::axe;
use browser::browser::Browser;
use browser::frame::role;
use browser::page::{Look, Page};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use crate::process::{Running, Sandbox, command};
use crate::receiver::Receiver;

const DESKTOP: Look = Look { width: 1280, height: 900, is_dark: false };
const PHONE: Look = Look { width: 390, height: 844, is_dark: true };

/// Where the browser finds the Hub: it knows no names but those of tests.
fn hub(platform: &Running) -> String {
    platform.url.replace("127.0.0.1", "hub.test")
}

/// Signs in as the administrator of the sandbox.
async fn sign_in(page: &Page, sandbox: &Sandbox) {
    page.wait_for_text("Sign in").await;
    page.fill("#email", sandbox.text("/hub/email")).await;
    page.fill("#password", sandbox.text("/hub/password")).await;
    page.click(role("button", "Sign in")).await;
    page.wait_for_text("Overview").await;
}

/// Completes an enrollment of a customer's learner by the API.
async fn complete(platform: &Running, sandbox: &Sandbox) {
    let token = sandbox.token(&platform.url, "/customers/0").await;
    let body = json!({
        "user_account_id": sandbox.text("/customers/0/user_account_ids/0"),
        "lo_id": sandbox.text("/learning_objects/0/lo_id"),
        "enrollment_type": "self-directed",
        "status": "completed",
        "pass": true,
    });
    let answer = reqwest::Client::new()
        .post(format!("{}/enrollments", platform.url))
        .bearer_auth(token)
        .header("Api-Version", "2025-01-01")
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 201, "{}", answer.text().await.unwrap());
}

#[tokio::test]
async fn the_published_steps_make_a_webhook_and_its_deliveries_appear_by_themselves() {
    let sandbox = Sandbox::fill().await;
    let platform = Running::serve(&sandbox.data()).await;
    let receiver = Receiver::start().await;
    let browser = Browser::start().await;
    let page = browser.open(&hub(&platform)).await;
    page.look(DESKTOP).await;
    page.screenshot("hub-sign-in").await;
    assert_eq!(axe::serious(&page).await, [] as [&str; 0]);
    sign_in(&page, &sandbox).await;
    page.screenshot("hub-overview-empty").await;

    // 1. Open the Partner Hub Webhooks page.
    page.click(role("link", "Webhooks")).await;
    page.wait_for_text("No webhooks yet").await;
    page.screenshot("hub-webhooks-empty").await;
    // 2. Click Add webhook.
    page.click(role("link", "Add webhook")).await;
    page.wait_for_text("Endpoint URL").await;
    page.screenshot("hub-webhook-new").await;
    assert_eq!(axe::serious(&page).await, [] as [&str; 0]);
    // 3. Enter a Name, that best describes the webhook.
    page.fill("#name", "My webhook for course completion").await;
    // 4. Enter your Endpoint URL, to which completion event notifications are sent.
    page.fill("#url", &receiver.url).await;
    // 5. Enter an optional Secret Key.
    page.fill("#secret_key", "MyS3cretK#y").await;
    // 6. Ensure the Enrollment complete event type is selected.
    assert_eq!(page.eval("document.getElementById('enrollment.complete').checked").await, true);
    // 7. Click Add webhook.
    page.click(role("button", "Add webhook")).await;
    // Once saved, it is Active immediately.
    page.wait_for("document.querySelector('#status')?.textContent.trim() === 'Active'").await;
    page.wait_for_text("None yet. They appear here").await;

    // A completion in a customer's portal is fired to it, signed, and the page shows it without being asked.
    complete(&platform, &sandbox).await;
    let [delivery] = receiver.wait_until(|all| !all.is_empty()).await.try_into().unwrap();
    assert_eq!(delivery.json()["event_type"], "enrollment.complete");
    assert!(delivery.header("go1-signature").contains("v1="));
    page.wait_for("/Delivered\\s+Enrollment complete/.test(document.querySelector('#recent').innerText)").await;
    page.wait_for("document.querySelector('#health').innerText.includes('100 %')").await;

    // So does the outcome of a test.
    page.click(role("button", "Send test event")).await;
    page.wait_for("/Delivered/.test(document.querySelector('#test-outcome')?.innerText ?? '')").await;
    let received = receiver.wait_until(|all| all.len() == 2).await;
    assert_eq!(received[1].header("schoolbell-test"), "true");
    page.screenshot("hub-webhook").await;

    assert_eq!(axe::serious(&page).await, [] as [&str; 0]);

    // The secret is shown when it is asked for, and not before.
    assert!(!page.eval("document.documentElement.innerHTML").await.as_str().unwrap().contains("MyS3cretK#y"));
    page.click(role("button", "Reveal")).await;
    page.wait_for_text("MyS3cretK#y").await;
    page.look(PHONE).await;
    page.screenshot("hub-webhook-phone-dark").await;
    page.goto(&format!("{}/hub", hub(&platform))).await;
    page.wait_for_text("The last 24 hours").await;
    page.screenshot("hub-overview-phone-dark").await;
    assert_eq!(axe::serious(&page).await, [] as [&str; 0]);
    page.look(Look { is_dark: false, ..PHONE }).await;
    page.click(role("link", "Webhooks")).await;
    page.wait_for_text("My webhook for course completion").await;
    page.screenshot("hub-webhooks-phone").await;
    page.look(Look { is_dark: true, ..DESKTOP }).await;
    page.screenshot("hub-webhooks-dark").await;
    assert_eq!(axe::serious(&page).await, [] as [&str; 0]);
    page.look(DESKTOP).await;
    page.screenshot("hub-webhooks").await;
    page.click(".portal-menu > summary").await;
    page.screenshot("hub-portals-menu").await;
    page.press("Escape").await;
    page.click(role("link", "My webhook for course completion")).await;
    page.wait_for_text("Settings").await;
    page.click(role("link", "Edit")).await;
    page.wait_for_text("Edit webhook").await;
    page.screenshot("hub-webhook-edit").await;
    page.goto(&page.url().replace("/edit", "/secret")).await;
    page.wait_for_text("How a rotation goes").await;
    page.screenshot("hub-webhook-secret").await;
    page.click(role("button", "Take the secret key away")).await;
    page.wait_for_text("cannot tell our requests from others").await;
    page.screenshot("hub-webhook-secret-asked").await;
    page.click(role("button", "Cancel")).await;
    page.goto(&page.url().replace("/secret", "/delete")).await;
    page.wait_for_text("This cannot be undone").await;
    page.screenshot("hub-webhook-delete").await;
    assert_eq!(axe::serious(&page).await, [] as [&str; 0]);
    page.click(role("button", "Delete webhook")).await;
    page.wait_for_text("No webhooks yet").await;
    assert_eq!(page.complaints(), []);
}

#[tokio::test]
async fn from_an_empty_folder_two_commands_make_somebody_who_can_sign_in() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let data = data.to_str().unwrap();
    let made = crate::process::json(&[
        "admin",
        "--data",
        data,
        "--json",
        "portal",
        "create",
        "--name",
        "Acme Learning",
        "--domain",
        "acme.example.com",
    ])
    .await;
    let portal_id = made["id"].as_str().unwrap_or_else(|| panic!("{made}"));
    let email = administrator(data, portal_id).await;
    for (typed, works) in [("short\n", false), ("correct horse battery\n", true)] {
        let mut child = command(&["admin", "--data", data, "user", "password", &email, "--portal", portal_id])
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(typed.as_bytes()).await.unwrap();
        assert_eq!(child.wait().await.unwrap().success(), works, "{typed}");
    }
    let platform = Running::serve(data.as_ref()).await;
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let leads_to = async |path: &str, password: Option<&str>| {
        let url = format!("{}{path}", platform.url);
        let request = match password {
            Some(password) => client
                .post(&url)
                .header("Origin", &platform.url)
                .form(&[("email", email.as_str()), ("password", password)]),
            None => client.get(&url).header("Accept", "text/html"),
        };
        let answer = request.send().await.unwrap();
        let to = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        (answer.status().as_u16(), to)
    };
    assert_eq!(leads_to("/", None).await, (303, Some("/hub".to_owned())));
    assert_eq!(leads_to("/hub/sign-in", Some("wrong horse battery")).await, (422, None));
    assert_eq!(leads_to("/hub/sign-in", Some("correct horse battery")).await, (303, Some("/hub".to_owned())));
    // A program is told that there is nothing, in the shape in which it is told everything.
    let plain: Value = client.get(&platform.url).send().await.unwrap().json().await.unwrap();
    assert_eq!(plain["error_code"], "not_found", "{plain}");
}

async fn administrator(data: &str, portal_id: &str) -> String {
    let listed =
        crate::process::json(&["admin", "--data", data, "--json", "user", "list", "--portal", portal_id]).await;
    listed[0]["email"].as_str().unwrap_or_else(|| panic!("{listed}")).to_owned()
}
