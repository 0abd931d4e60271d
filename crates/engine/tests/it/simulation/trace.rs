//! What happened, line by line, and a number that is another one if anything was otherwise.

use std::collections::VecDeque;
use std::fmt::Display;
use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::Timestamp;

/// Which seed to play by hand. All its lines are kept.
pub(crate) const SEED: &str = "SCHOOLBELL_SEED";
/// How many lines are kept otherwise, to be shown with a failure.
const LINES_MAX: usize = 400;

#[derive(Debug, Default)]
pub(crate) struct Trace {
    hasher: DefaultHasher,
    lines: VecDeque<String>,
    steps: u64,
}

impl Trace {
    pub(crate) fn add(&mut self, now: Timestamp, what: impl Display) {
        let line = format!("{now} {what}");
        line.hash(&mut self.hasher);
        self.steps += 1;
        if self.lines.len() == LINES_MAX && std::env::var_os(SEED).is_none() {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    /// How many steps there were.
    pub(crate) fn steps(&self) -> u64 {
        self.steps
    }

    pub(crate) fn hash(&self) -> u64 {
        self.hasher.finish()
    }

    /// The last lines.
    pub(crate) fn text(&self) -> String {
        self.lines.iter().map(|line| format!("{line}\n")).collect()
    }
}
