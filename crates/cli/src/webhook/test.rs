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
    if delivery.status == "delivered" { Ok(()) } else { bail!(said(&delivery)) }
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
