//! The rows of the budgets beside the first: one file each.

use anyhow::Result;

use crate::budget::Settings;
use crate::finding::Finding;

mod fan_out;
mod history;
mod idle;
mod kill;
mod latency;
mod restart;

/// A row of the budgets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Row {
    /// CPU of a delivered event, one webhook
    Event,
    /// CPU of a delivery, ten webhooks told of each event
    FanOut,
    /// From request to delivery, in a calm system and near its peak
    Latency,
    /// A backlog after a restart
    Restart,
    /// A database with a past, against an empty one
    History,
    /// Catching up after kill -9 under load
    Kill,
    /// Memory, start and CPU of a platform that has nothing to do
    Idle,
}

impl Row {
    pub(crate) const ALL: [Row; 7] =
        [Row::Event, Row::FanOut, Row::Latency, Row::Restart, Row::History, Row::Kill, Row::Idle];

    /// Measures it; the first row has a report of its own.
    pub(crate) fn measure(self, settings: &Settings) -> Result<Vec<Finding>> {
        match self {
            Row::Event => Ok(Vec::new()),
            Row::FanOut => fan_out::measure(settings),
            Row::Latency => latency::measure(settings),
            Row::Restart => restart::measure(settings),
            Row::History => history::measure(settings),
            Row::Kill => kill::measure(settings),
            Row::Idle => idle::measure(settings),
        }
    }
}
