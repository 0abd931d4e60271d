//! What the logs and the metrics say of requests, and what they never say.

use std::io::Write;
use std::sync::{Arc, Mutex};

use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use crate::app::App;

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
async fn a_request_is_one_line_and_is_counted_by_its_route() {
    let app = App::new().await;
    let lines = Lines::default();
    // While there is only one subscriber, a line that another test's thread reaches first is taken to interest nobody.
    let _second = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::default());
    let subscriber = tracing_subscriber::fmt().json().with_writer(lines.clone()).finish();
    let recorder = PrometheusBuilder::new().build_recorder();
    let _logs = tracing::subscriber::set_default(subscriber);
    let _metrics = metrics::set_default_local_recorder(&recorder);

    let asked = json!({"url": "https://r.example.com/path", "event_types": ["enrollment.complete"], "secret_key": "MyS3cretK#y"});
    app.as_(&app.customer).post("/webhooks", asked).await.expect::<Value>(201);
    app.as_(&app.customer)
        .get("/webhooks/xUjKifleke4u?email=grace@example.com")
        .await
        .expect_refusal(404, "no webhook");
    app.anybody().get("/no/such/route").await.expect_refusal(404, "no route");

    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let requests: Vec<Value> = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect();
    let fields = |number: usize, name: &str| requests[number]["fields"][name].clone();
    assert_eq!(requests.len(), 3, "{text}");
    assert_eq!(fields(0, "message"), "POST /webhooks 201");
    assert_eq!(fields(0, "portal_id"), app.customer.portal_id.0);
    assert_eq!(fields(0, "client_id"), app.customer.client_id.as_str());
    assert_eq!(fields(1, "message"), "GET /webhooks/{id} 404");
    assert_eq!(fields(2, "message"), "GET unknown 404");
    assert_eq!(fields(2, "portal_id"), Value::Null);
    for secret in ["MyS3cretK#y", "r.example.com", "grace", &app.customer.token, "xUjKifleke4u"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }

    let metrics = recorder.handle().render();
    for line in [
        r#"http_requests_total{path="/webhooks",status="201"} 1"#,
        r#"http_requests_total{path="/webhooks/{id}",status="404"} 1"#,
        r#"http_requests_total{path="unknown",status="404"} 1"#,
        r#"http_request_seconds_count{path="/webhooks"} 1"#,
    ] {
        assert!(metrics.lines().any(|metric| metric == line), "{line} not in {metrics}");
    }
}
