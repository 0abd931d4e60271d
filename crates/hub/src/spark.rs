//! The attempts of a day as a small picture: a bar for each hour, what failed on top.

use std::fmt;

use askama::filters::HtmlSafe;
use store::webhook_health::{HOURS, HourCount};

/// How wide a bar is, with the gap behind it.
const STEP: usize = 5;
const BAR: usize = 4;
const HEIGHT: u32 = 28;

/// The picture.
#[derive(Clone, Debug)]
pub(crate) struct Spark([HourCount; HOURS]);

impl Spark {
    pub(crate) fn new(hours: [HourCount; HOURS]) -> Self {
        Spark(hours)
    }
}

impl fmt::Display for Spark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let most =
            self.0.iter().map(|hour| u64::from(hour.succeeded) + u64::from(hour.failed)).max().unwrap_or(0).max(1);
        // Whatever is there can be seen.
        let height = |count: u32| match count {
            0 => 0,
            count => ((u64::from(count) * u64::from(HEIGHT)).div_ceil(most) as u32).clamp(2, HEIGHT),
        };
        let (succeeded, failed) = self
            .0
            .iter()
            .fold((0u64, 0u64), |(s, f), hour| (s + u64::from(hour.succeeded), f + u64::from(hour.failed)));
        write!(
            f,
            "<svg class=\"spark\" viewBox=\"0 0 {} {HEIGHT}\" width=\"{}\" height=\"{HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\" \
             aria-label=\"Last 24 hours: {succeeded} attempts arrived, {failed} failed\">",
            STEP * HOURS,
            STEP * HOURS
        )?;
        for (i, hour) in self.0.iter().enumerate() {
            let (x, failed) = (i * STEP, height(hour.failed));
            let good = height(hour.succeeded).min(HEIGHT - failed);
            match good + failed {
                0 => write!(f, "<rect class=\"none\" x=\"{x}\" y=\"{}\" width=\"{BAR}\" height=\"1\"/>", HEIGHT - 1)?,
                both => {
                    let y = HEIGHT - both;
                    write!(f, "<rect class=\"bad\" x=\"{x}\" y=\"{y}\" width=\"{BAR}\" height=\"{failed}\"/>")?;
                    let y = HEIGHT - good;
                    write!(f, "<rect class=\"good\" x=\"{x}\" y=\"{y}\" width=\"{BAR}\" height=\"{good}\"/>")?;
                }
            }
        }
        f.write_str("</svg>")
    }
}

/// It is made of numbers and of our own words.
impl HtmlSafe for Spark {}
