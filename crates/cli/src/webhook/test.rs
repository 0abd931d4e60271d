//! `schoolbell webhook test`

use std::io::Write;
use std::time::Duration;

use anyhow::{Context as _, bail};
use client::platform::delivery::Patience;
use contract::api::delivery::{Attempt, Delivery};
use contract::api::webhook::TestWebhook;
use contract::event_type::EventType;

use crate::connection::One;
use crate::delivery;

/// An exchange takes ten seconds at most, and there may be a few before it.
const PATIENCE: Patience = Patience { look_every: Duration::from_millis(500), wait_for: Duration::from_secs(60) };

/// Which webhook is to be tested, and with what.
#[derive(clap::Args)]
pub struct Test {
    #[command(flatten)]
    which: One,
    /// Event type of the sample, one that the webhook is told of; without it, the first of these
    #[arg(short, long, value_name = "TYPE")]
    event_type: Option<EventType>,
    /// Wait up to 60 s for the first attempt, show what it met, and fail if it did not arrive
    #[arg(short, long)]
    wait: bool,
}

pub(super) async fn run(Test { which, event_type, wait }: Test, out: &mut dyn Write) -> anyhow::Result<()> {
    let One { id, call } = which;
    let platform = call.platform()?;
    let test = TestWebhook { event_type: event_type.map(|event_type| event_type.to_string()) };
    let mut delivery = platform.test_webhook(&id, &test).await.context("testing the webhook")?;
    if wait {
        delivery = platform.outcome(&delivery.id, PATIENCE).await.context("waiting for the test")?;
    }
    call.output.write(out, &delivery, delivery::one)?;
    if !wait {
        return call.output.remark(out, &said(&delivery));
    }
    verdict(&delivery)
}

/// Whether a test that was waited for arrived, and if not, why not.
fn verdict(delivery: &Delivery) -> anyhow::Result<()> {
    match delivery.status.as_str() {
        "delivered" => Ok(()),
        "pending" if delivery.attempts.as_ref().is_none_or(Vec::is_empty) => bail!(not_tried(delivery)),
        _ => bail!(said(delivery)),
    }
}

/// What to do about a test that was waited for in vain.
fn not_tried(Delivery { id, webhook_id, .. }: &Delivery) -> String {
    format!(
        "the test was not tried within {} s: others go before it, or the receiver fails so often that it is only tried \
         now and then. Once that is mended, `schoolbell webhook resume {webhook_id}` tries at once; see `schoolbell \
         delivery get {id}`",
        PATIENCE.wait_for.as_secs()
    )
}

/// How it stands with a test, in a sentence.
fn said(delivery: &Delivery) -> String {
    let id = &delivery.id;
    let last = delivery.attempts.as_deref().and_then(<[Attempt]>::last);
    match (delivery.status.as_str(), last) {
        ("held", _) => "the webhook is inactive: the test goes out when it is resumed".to_owned(),
        ("pending", None) => format!("the test is on its way: see `schoolbell delivery get {id}`"),
        (_, Some(Attempt { status: Some(status), .. })) => {
            format!("the test reached the receiver, which answered {status}")
        }
        (_, Some(Attempt { failure, detail, .. })) => {
            let words: Vec<_> = [failure, detail].into_iter().flatten().map(String::as_str).collect();
            format!("the test did not reach the receiver: {}", words.join(", "))
        }
        (status, None) => format!("the test is {status}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whoever_waited_in_vain_is_told_what_to_do() {
        let delivery = json!({
            "id": "4711", "webhook_id": "xUjKifleke4u", "event_id": "hg4JWUDbT55B", "event_type": "enrollment.complete",
            "data": {}, "status": "pending", "attempt_number": 0, "attempts": [],
        });
        let said = verdict(&serde_json::from_value(delivery).unwrap()).unwrap_err().to_string();
        for part in ["within 60 s", "schoolbell webhook resume xUjKifleke4u", "schoolbell delivery get 4711"] {
            assert!(said.contains(part), "{said}");
        }
    }
}
