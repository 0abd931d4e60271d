//! Removals as a calendar (RFC 5545).

use icalendar::{Alarm, Calendar, Component, Event, EventLike, EventStatus, Property, Trigger};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::links::{hex, token_digest};
use super::rules::{Reader, Rules};
use super::view::Case;
use super::{Standing, dates};

/// How many days before the end a calendar reminds of it.
const ALARM_DAYS: [i64; 2] = [7, 1];

/// What `reader` is to see, in their zone.
pub(crate) fn ics(reader: &Reader, cases: &[Case], rules: &Rules) -> String {
    let mut calendar = Calendar::empty();
    for (key, value) in [
        ("VERSION", "2.0"),
        ("PRODID", "-//Schoolbell//Content that ends//EN"),
        ("CALSCALE", "GREGORIAN"),
        ("METHOD", "PUBLISH"),
    ] {
        calendar.append_property((key, value));
    }
    calendar.name("Content that ends");
    calendar.append_property(Property::new("REFRESH-INTERVAL", "PT6H").add_parameter("VALUE", "DURATION").done());
    for case in cases.iter().filter(|case| rules.sees(&reader.person, &case.record.portal_id)) {
        if let Some(event) = event(case, rules, &reader.zone) {
            calendar.push(event);
        }
    }
    calendar.done().to_string()
}

fn event(case: &Case, rules: &Rules, zone: &TimeZone) -> Option<Event> {
    let record = &case.record;
    let told = &record.told;
    let day = zone.to_datetime(record.deadline()?).date();
    let changed = stamp(told.changed_at);
    let uid = uid(&record.portal_id, &record.lo_id);
    let name = plain(&record.name());
    let mut event = Event::new();
    event
        .uid(&uid)
        .sequence(u32::try_from(told.revision).unwrap_or(u32::MAX))
        .add_property("DTSTAMP", &changed)
        .add_property("LAST-MODIFIED", &changed)
        .append_property(whole_day("DTSTART", day))
        .append_property(whole_day("DTEND", day.tomorrow().ok()?))
        .summary(&format!("Ends: {name}"))
        .description(&description(case, rules, zone))
        .add_property("TRANSP", "TRANSPARENT");
    if told.standing == Standing::Withdrawn {
        event.status(EventStatus::Cancelled);
        return Some(event.done());
    }
    event.status(EventStatus::Confirmed);
    for days in ALARM_DAYS {
        event.alarm(alarm(days, &name, &uid, &changed)?);
    }
    Some(event.done())
}

fn alarm(days: i64, name: &str, uid: &str, changed: &str) -> Option<Alarm> {
    let text = if days == 1 { format!("{name} ends tomorrow") } else { format!("{name} ends in {days} days") };
    // The library's own types do not go back in time; the property does.
    let trigger = Trigger::try_from(&Property::new("TRIGGER", "PT0S")).ok()?;
    let mut alarm = Alarm::display(&text, trigger);
    alarm.append_property(Property::new("TRIGGER", format!("-P{days}D")));
    // Else it would draw them anew at each reading.
    alarm.add_property("UID", format!("{days}-{uid}")).add_property("DTSTAMP", changed);
    Some(alarm.done())
}

/// The same for ever for the same content in the same portal; ids that are no plain words stand for themselves by a digest.
fn uid(portal_id: &str, lo_id: &str) -> String {
    let is_plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_plain(portal_id) && is_plain(lo_id) {
        return format!("{lo_id}.{portal_id}@retirement.schoolbell");
    }
    let both = format!("{}:{portal_id}:{lo_id}", portal_id.len());
    format!("{}@retirement.schoolbell", hex(&token_digest(&both)))
}

fn description(case: &Case, rules: &Rules, zone: &TimeZone) -> String {
    let record = &case.record;
    let mut lines = vec![plain(&format!("Portal {}, content {}", record.portal_id, record.lo_id))];
    let is_to_remove = record.told.standing != Standing::Withdrawn && record.removal.removed_at.is_none();
    if let Some(due_at) = record.due_at(rules.margin).filter(|_| is_to_remove) {
        lines.push(format!("Removed from your application on {}", dates::written(due_at, zone)));
    }
    if let (Some(removed_at), Some(deadline)) = (record.removal.removed_at, record.deadline()) {
        lines.push(super::view::proof(deadline, removed_at));
    }
    if case.learners.as_of.is_some() {
        lines.push(format!("{} in progress, {} not started", case.learners.in_progress, case.learners.not_started));
    }
    if let Some(title) = case.replacement().and_then(|one| one.title) {
        lines.push(plain(&format!("Replacement: {title}")));
    }
    lines.join("\n")
}

fn whole_day(key: &str, day: Date) -> Property {
    Property::new(key, day.strftime("%Y%m%d").to_string()).add_parameter("VALUE", "DATE").done()
}

fn stamp(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// The library escapes line feeds, and nothing else that would end a line.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests;
