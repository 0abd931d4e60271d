//! What the logs and the metrics say of requests, and what they never say.

use std::io::Write;
use std::sync::{Arc, Mutex};

use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::Value;
use tracing_subscriber::fmt::MakeWriter;

use crate::app::{App, PASSWORD};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a_request_is_one_line_with_ids_and_nothing_of_anybody() {
    let app = App::new().await;
    let lines = Lines::default();
    // While there is only one subscriber, a line that another test's thread reaches first is taken to interest nobody.
    let _second = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::default());
    let subscriber = tracing_subscriber::fmt().json().with_writer(lines.clone()).finish();
    let recorder = PrometheusBuilder::new().build_recorder();
    let _logs = tracing::subscriber::set_default(subscriber);
    let _metrics = metrics::set_default_local_recorder(&recorder);

    let browser = app.browser();
    browser.sign_in("ada@partner.example.com", "wrong horse battery").await.page(422);
    browser.sign_in("ada@partner.example.com", PASSWORD).await.leads_to();
    let session = browser.cookie("schoolbell").unwrap();
    let below = format!("/hub/{}/webhooks", app.partner.portal_id);
    let fields =
        [("url", "https://r.example.com/path"), ("secret_key", "MyS3cretK#y"), ("event_types", "enrollment.complete")];
    let added = browser.submit(&format!("{below}/new"), &below, &fields).await;
    let id = app.webhooks().await.remove(0).id;
    browser.submit(added.leads_to(), &format!("{below}/{id}/reveal"), &[]).await.shows("MyS3cretK#y");
    browser.get("/hub/no/such/page?email=grace@example.com").await.page(404);

    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let requests: Vec<Value> = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect();
    let field = |number: usize, name: &str| requests[number]["fields"][name].clone();
    let messages: Vec<_> = (0..requests.len()).map(|number| field(number, "message")).collect();
    assert_eq!(
        messages,
        [
            "POST /hub/sign-in 422",
            "POST /hub/sign-in 303",
            "GET /hub/{portal_id}/webhooks/new 200",
            "POST /hub/{portal_id}/webhooks 303",
            "GET /hub/{portal_id}/webhooks/{id} 200",
            "POST /hub/{portal_id}/webhooks/{id}/reveal 200",
            "GET /hub/unknown 404",
        ],
        "{text}"
    );
    assert_eq!(field(3, "portal_id"), app.partner.portal_id.0);
    assert_eq!(field(3, "user_account_id"), app.partner.administrator.id.0);
    assert_eq!(field(6, "portal_id"), Value::Null);
    for secret in ["MyS3cretK#y", "r.example.com", "example.com", "grace", "horse", &session, id.as_str()] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }

    let metrics = recorder.handle().render();
    for line in [
        r#"http_requests_total{path="/hub/{portal_id}/webhooks",status="303"} 1"#,
        r#"http_requests_total{path="/hub/unknown",status="404"} 1"#,
        r#"http_request_seconds_count{path="/hub/{portal_id}/webhooks"} 1"#,
    ] {
        assert!(metrics.lines().any(|metric| metric == line), "{line} not in {metrics}");
    }
}
