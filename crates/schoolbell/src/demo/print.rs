//! How lines are printed: for people, with colours where they are wanted, or as JSON for programs.

use std::cell::Cell;
use std::fmt::Display;
use std::io::{IsTerminal, Write};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;

/// Something that is shown.
#[derive(Serialize)]
#[serde(tag = "line", rename_all = "snake_case")]
pub(super) enum Line<'t> {
    /// What comes next.
    Title {
        /// In words.
        text: &'t str,
    },
    /// What is true now.
    Done {
        /// In words.
        text: &'t str,
    },
    /// What one of the three did.
    Step {
        /// Its number, for people.
        #[serde(skip)]
        number: &'t str,
        /// What.
        step: &'t str,
        /// In words.
        text: &'t str,
        /// Since the learner completed.
        took_ms: u64,
    },
    /// What happened at a time that is not now.
    At {
        /// When, by the clock of the story.
        time: String,
        /// Who did it.
        who: &'t str,
        /// In words.
        text: &'t str,
        /// More of it, a line each.
        #[serde(skip_serializing_if = "<[String]>::is_empty")]
        more: &'t [String],
    },
    /// Anything else.
    Text {
        /// In words.
        text: &'t str,
    },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    Colour,
    Json,
}

/// Writes to standard output. Whether anybody still reads it is not what the demonstration is about.
pub(super) struct Printer {
    style: Style,
    /// Whether a line can be written over.
    is_terminal: bool,
    /// The day under which lines of the story stand.
    day: Cell<Option<Date>>,
}

impl Printer {
    /// For programs, or for whoever looks at standard output.
    pub(super) fn new(json: bool) -> Self {
        let is_terminal = std::io::stdout().is_terminal();
        let style = match (json, is_terminal && std::env::var_os("NO_COLOR").is_none()) {
            (true, _) => Style::Json,
            (false, true) => Style::Colour,
            (false, false) => Style::Plain,
        };
        Printer { style, is_terminal: is_terminal && !json, day: Cell::default() }
    }

    pub(super) fn title(&self, text: &str) {
        self.print(Line::Title { text }, || format!("\n{}\n", self.paint("1", text)));
    }

    pub(super) fn done(&self, text: &str) {
        self.print(Line::Done { text }, || format!("  {} {text}", self.paint("32", "✓")));
    }

    pub(super) fn text(&self, text: impl Display) {
        let text = text.to_string();
        self.print(Line::Text { text: text.trim() }, || text.clone());
    }

    /// What one of the three did, so long after the learner completed.
    pub(super) fn step(&self, number: &str, step: &str, text: &str, took_ms: u64) {
        self.print(Line::Step { number, step, text, took_ms }, || {
            let took = self.paint("2", &format!("+{took_ms} ms"));
            format!("    {} {step:<9} {text}  {took}", self.paint("36", number))
        });
    }

    /// What happened at `time`, below the day of it.
    pub(super) fn at(&self, time: Timestamp, who: &str, text: &str, more: &[String]) {
        let at = time.to_zoned(TimeZone::UTC);
        self.print(Line::At { time: time.to_string(), who, text, more }, || {
            let day = self.day.replace(Some(at.date())) != Some(at.date());
            let day = if day { format!("\n  {}\n", self.paint("1", &written(at.date()))) } else { String::new() };
            let who = self.paint(colour(who), &format!("{who:<11}"));
            let more = more.iter().map(|line| format!("\n{:23}{}", "", self.paint("2", line)));
            format!("{day}    {}  {who}  {text}{}", at.strftime("%H:%M"), more.collect::<String>())
        });
    }

    /// That a day has come on which nothing happens; only where the next line can be written over it.
    pub(super) fn passing(&self, day: Date) {
        if self.is_terminal {
            let _ = write!(std::io::stdout(), "\r\x1b[2K  {}", self.paint("2", &written(day)));
            let _ = std::io::stdout().flush();
        }
    }

    /// That something happens again.
    pub(super) fn passed(&self) {
        if self.is_terminal {
            let _ = write!(std::io::stdout(), "\r\x1b[2K");
        }
    }

    fn print(&self, line: Line<'_>, text: impl FnOnce() -> String) {
        let text = match self.style {
            Style::Json => serde_json::to_string(&line).expect("texts and numbers always serialise"),
            Style::Plain | Style::Colour => text(),
        };
        let _ = writeln!(std::io::stdout(), "{text}");
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.style == Style::Colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

fn written(day: Date) -> String {
    day.strftime("%a %e %B %Y").to_string()
}

/// Whoever does something is found by colour.
fn colour(who: &str) -> &'static str {
    match who {
        "platform" => "36",
        "companion" => "32",
        "mail" => "33",
        "application" => "35",
        _ => "0",
    }
}
