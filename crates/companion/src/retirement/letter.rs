//! What mails say: plain text, and the same as HTML with everything escaped.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::notices::{ItemKind, MailKind};
use super::rules::Rules;
use super::view::{Case, proof};
use super::{Decision, DecisionKind, Standing, dates};

/// What a mail says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) subject: String,
    pub(crate) plain: String,
    pub(crate) html: String,
}

/// One retirement in a mail.
pub(crate) struct Part<'c> {
    pub(crate) case: &'c Case,
    pub(crate) kind: ItemKind,
    /// Where whoever reads it says that they want to hear no more of it.
    pub(crate) mute_url: Option<String>,
}

/// One retirement, written.
struct Entry {
    heading: String,
    lines: Vec<String>,
    mute_url: Option<String>,
}

/// What an administrator is written.
pub(crate) fn to_administrator(
    name: &str,
    kind: MailKind,
    parts: &[Part<'_>],
    rules: &Rules,
    zone: &TimeZone,
    now: Timestamp,
) -> Text {
    let (subject, intro) = match kind {
        MailKind::Escalation => (
            format!("Not removed yet: {}", about(parts)),
            "This content must be removed from your application, and that has not been confirmed:",
        ),
        MailKind::Urgent => (
            format!("Ends within days, and people must complete it: {}", about(parts)),
            "People must complete this content, and it ends within days:",
        ),
        MailKind::Digest => (format!("Content that ends: {}", about(parts)), "This has changed since the last digest:"),
        MailKind::Notice | MailKind::Learner => (
            format!("Content that ends: {}", about(parts)),
            "The platform has told when content of your library ends, or that it does not:",
        ),
    };
    let entries: Vec<Entry> = parts.iter().map(|part| for_administrator(part, rules, zone, now)).collect();
    let greeting = if name.is_empty() { String::new() } else { format!("Hello {name},") };
    written(subject, &greeting, intro, &entries)
}

/// What a learner is written: how they are called is not known here, and need not be.
pub(crate) fn to_learner(parts: &[Part<'_>], rules: &Rules, zone: &TimeZone, now: Timestamp) -> Text {
    let is_good = parts.iter().all(|part| part.kind == ItemKind::Stays);
    let (subject, intro) = if is_good {
        (format!("It stays: {}", about(parts)), "You were told that this ends. It does not, after all:")
    } else {
        (format!("Complete it in time: {}", about(parts)), "You have not finished this yet, and it ends soon:")
    };
    let entries: Vec<Entry> = parts.iter().map(|part| for_learner(part, rules, zone, now)).collect();
    written(subject, "Hello,", intro, &entries)
}

/// The one title, or how many there are.
fn about(parts: &[Part<'_>]) -> String {
    match parts {
        [one] => line(&one.case.record.name()),
        _ => format!("{} courses", parts.len()),
    }
}

fn for_administrator(part: &Part<'_>, rules: &Rules, zone: &TimeZone, now: Timestamp) -> Entry {
    let Part { case, kind, mute_url } = part;
    let record = &case.record;
    let deadline = record.deadline().unwrap_or(record.told.event_time);
    let mut lines = vec![format!("Portal {}, content {}", line(&record.portal_id), line(&record.lo_id))];
    match (record.told.standing, record.removal.removed_at) {
        (Standing::Withdrawn, removed_at) => {
            lines.push("It does not end after all.".to_owned());
            if removed_at.is_some() {
                lines.push("It is removed from your application already: put it back if you want it.".to_owned());
            }
        }
        (Standing::Flagged | Standing::Gone, Some(removed_at)) => {
            lines.push(format!("It was {}.", proof(deadline, removed_at)))
        }
        (standing, None) => lines.push(ends(standing, deadline, zone, now)),
    }
    if *kind == ItemKind::Escalation {
        lines.push(not_removed(case, deadline, zone));
    } else if record.told.standing == Standing::Flagged && record.removal.removed_at.is_none() {
        lines.extend(standing_of(case, rules));
    }
    Entry { heading: line(&record.name()), lines, mute_url: mute_url.clone() }
}

fn ends(standing: Standing, deadline: Timestamp, zone: &TimeZone, now: Timestamp) -> String {
    let date = dates::written(deadline, zone);
    match (standing, dates::days_left(deadline, now, zone)) {
        (Standing::Gone, _) => format!("It is gone from the platform since {date}."),
        (_, days) if days < 0 => format!("It has ended, on {date}."),
        (_, 0) => format!("It ends today, {date}."),
        (_, 1) => format!("It ends tomorrow, {date}."),
        (_, days) => format!("It ends in {days} days, on {date}."),
    }
}

fn not_removed(case: &Case, deadline: Timestamp, zone: &TimeZone) -> String {
    let at = zone.to_datetime(deadline).strftime("%-d %B %Y, %H:%M");
    match &case.record.removal.reason {
        Some(reason) => format!("It must be removed by {at}. The last try did not succeed: {}", line(reason)),
        None => format!("It must be removed by {at}, and your application has not said that it is."),
    }
}

/// Who is concerned, what takes its place, what was decided.
fn standing_of(case: &Case, rules: &Rules) -> Vec<String> {
    let learners = &case.learners;
    let mut lines = match learners.as_of {
        None => vec!["Who is enrolled could not be found out yet.".to_owned()],
        Some(_) => vec![format!(
            "{} in progress, {} not started, {} completed{}",
            learners.in_progress,
            learners.not_started,
            learners.completed,
            if learners.is_truncated { ", and more than were counted" } else { "" }
        )],
    };
    if case.is_mandatory(rules) {
        lines.push(format!("People must complete it ({} of them were assigned to it).", learners.assigned));
    }
    if let Some(replacement) = case.replacement() {
        let decided = case.decision.as_ref().is_some_and(|(decision, _)| decision.decision == DecisionKind::Replace);
        let word = if decided { "It is replaced by" } else { "It could be replaced by" };
        lines.push(match replacement.title {
            Some(title) => format!("{word} {} (content {}).", line(&title), line(&replacement.lo_id)),
            None => format!("{word} content {}.", line(&replacement.lo_id)),
        });
    }
    if let Some((Decision { decision: DecisionKind::Expire, by, .. }, _)) = &case.decision {
        lines.push(format!("{} decided to let it end.", line(by)));
    }
    lines
}

fn for_learner(part: &Part<'_>, rules: &Rules, zone: &TimeZone, now: Timestamp) -> Entry {
    let Part { case, kind, mute_url } = part;
    let mut lines = Vec::new();
    match (kind, case.record.due_at(rules.margin)) {
        (ItemKind::Stays, _) | (_, None) => lines.push("It stays, and you can go on.".to_owned()),
        (_, Some(ends_at)) => {
            let date = dates::written(ends_at, zone);
            lines.push(match dates::days_left(ends_at, now, zone) {
                days if days <= 0 => format!("Today, {date}, is the last day on which you can complete it."),
                1 => format!("Tomorrow, {date}, is the last day on which you can complete it."),
                days => format!("You can complete it for {days} more days, until {date}."),
            });
            let title = case.decision.as_ref().and_then(|_| case.replacement()).and_then(|one| one.title);
            if let Some(title) = title {
                lines.push(format!("Its place is taken by {}.", line(&title)));
            }
        }
    }
    Entry { heading: line(&case.record.name()), lines, mute_url: mute_url.clone() }
}

fn written(subject: String, greeting: &str, intro: &str, entries: &[Entry]) -> Text {
    let mut plain = String::new();
    let mut html = "<!DOCTYPE html><html><body>".to_owned();
    for paragraph in [greeting, intro].into_iter().filter(|paragraph| !paragraph.is_empty()) {
        let _ = write!(plain, "{}\n\n", line(paragraph));
        let _ = write!(html, "<p>{}</p>", escaped(&line(paragraph)));
    }
    for Entry { heading, lines, mute_url } in entries {
        let _ = writeln!(plain, "{heading}");
        let _ = write!(html, "<h3>{}</h3><ul>", escaped(heading));
        for text in lines {
            let _ = writeln!(plain, "  {text}");
            let _ = write!(html, "<li>{}</li>", escaped(text));
        }
        html.push_str("</ul>");
        if let Some(url) = mute_url {
            let _ = writeln!(plain, "  No more mail about it: {url}");
            let _ = write!(html, "<p><a href=\"{}\">No more mail about it</a></p>", escaped(url));
        }
        plain.push('\n');
    }
    html.push_str("</body></html>");
    Text { subject, plain: plain.trim_end().to_owned() + "\n", html }
}

/// What others wrote, in one line: a title must not look like another line of ours, nor break a header.
fn line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Text that is nothing but text, in an element or a quoted attribute.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_is_text_and_one_line() {
        assert_eq!(
            escaped("<script>\"a\" & 'b'</script>"),
            "&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;&lt;/script&gt;"
        );
        assert_eq!(line("Fire\r\nBcc: eve@example.com"), "Fire  Bcc: eve@example.com");
    }

    #[test]
    fn html_says_what_the_text_says() {
        let url = Some("https://a.example/mute/1-2-x".to_owned());
        let entry = Entry { heading: "A & B".to_owned(), lines: vec!["<i>".to_owned()], mute_url: url };
        let text = written("s".to_owned(), "Hello,", "It ends:", &[entry]);
        assert_eq!(
            text.plain,
            "Hello,\n\nIt ends:\n\nA & B\n  <i>\n  No more mail about it: https://a.example/mute/1-2-x\n"
        );
        assert_eq!(
            text.html,
            "<!DOCTYPE html><html><body><p>Hello,</p><p>It ends:</p><h3>A &amp; B</h3><ul><li>&lt;i&gt;</li></ul>\
             <p><a href=\"https://a.example/mute/1-2-x\">No more mail about it</a></p></body></html>"
        );
    }
}
