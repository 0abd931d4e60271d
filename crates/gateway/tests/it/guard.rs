//! S1: what leads nowhere public cannot be set, by whatever way it is tried.

use contract::api::page::Page;
use contract::api::webhook::Webhook;
use serde_json::{Value, json};

use crate::app::{App, Caller};
use crate::refused_urls::{self, Class};

/// The one message for all of them: it tells nothing of the network behind.
const NOT_PUBLIC: &str = "url must lead to a public address";

fn asked(url: &str) -> Value {
    json!({"url": url, "event_types": ["enrollment.complete"]})
}

fn oauth2(url: &str) -> Value {
    json!({"client_id": "a", "client_secret": "b", "authentication_server_url": url})
}

/// Tries an address as a new webhook's, as an old one's, and as an authorization server's of both; gives the messages that
/// refused it.
async fn try_everywhere(customer: &Caller<'_>, path: &str, url: &str) -> Vec<String> {
    let good = "https://receiver.example.com/go1";
    let mut with_oauth2 = asked(good);
    (with_oauth2["auth_type"], with_oauth2["oauth2"]) = (json!("oauth2"), oauth2(url));
    let answers = [
        (customer.post("/webhooks", asked(url)).await, "url"),
        (customer.patch(path, json!({"url": url})).await, "url"),
        (customer.post("/webhooks", with_oauth2).await, "oauth2.authentication_server_url"),
        (
            customer.patch(path, json!({"auth_type": "oauth2", "oauth2": oauth2(url)})).await,
            "oauth2.authentication_server_url",
        ),
    ];
    let refusals = answers.into_iter().map(|(answer, field)| {
        let refusal = answer.expect_refusal(400, "");
        let error = &refusal["additional_errors"][0];
        assert_eq!(error["path"], field, "{url}");
        refusal["message"].as_str().unwrap().to_owned()
    });
    refusals.collect()
}

#[tokio::test]
async fn what_leads_nowhere_public_cannot_be_set() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let made: Webhook = customer.post("/webhooks", asked("https://receiver.example.com/go1")).await.expect(201);
    let path = format!("/webhooks/{}", made.id);
    let (mut refused, mut set) = (0, 0);
    for (class, url) in refused_urls::all() {
        match class {
            Class::Address => {
                let messages = try_everywhere(&customer, &path, &url).await;
                assert!(messages.iter().all(|message| message.ends_with(NOT_PUBLIC)), "{url}: {messages:?}");
                refused += messages.len();
            }
            Class::Text => refused += try_everywhere(&customer, &path, &url).await.len(),
            // A control: what is a mere name can be set, by the same requests.
            Class::Name => {
                let other: Webhook = customer.post("/webhooks", asked(&url)).await.expect(201);
                customer.delete(&format!("/webhooks/{}", other.id)).await.expect_nothing(204);
                set += 1;
            }
        }
    }
    assert_eq!(customer.get("/webhooks").await.expect::<Page<Webhook>>(200).hits, [made], "nothing came of it");
    assert!(refused >= 4 * 200, "{refused}");
    proof::held(
        "S1",
        "URLs set by create and update, as receiver and authorization server",
        refused as u64,
        format!("{set} names set"),
    );
}
