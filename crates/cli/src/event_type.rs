//! `schoolbell event-types`

use std::io::Write;

use contract::event_type::EventType;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::output::{Output, rows};

/// List the event types that a webhook can be told of.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  schoolbell event-types --json")]
pub struct EventTypesArgs {
    #[command(flatten)]
    output: Output,
}

/// What is told of an event type.
#[derive(Serialize)]
struct Described {
    event_type: &'static str,
    description: &'static str,
    /// The `data` of such an event.
    sample: Box<RawValue>,
}

pub(crate) fn run(args: &EventTypesArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let described = EventType::ALL.map(|event_type| Described {
        event_type: event_type.as_str(),
        description: event_type.description(),
        sample: event_type.sample(),
    });
    args.output.write(out, &described, |described| {
        let lines = described.iter().map(|one| [one.event_type.to_owned(), one.description.to_owned()]);
        rows(["event type", "when"], lines)
    })
}
