use icalendar::parser;
use icalendar::{Component as _, EventStatus};

use super::*;
use crate::config::retirement::{Administrator, RetirementSettings};
use crate::retirement::news::Told;
use crate::retirement::view::Affected;
use crate::retirement::{Alternative, Record, Removal};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn rules() -> Rules {
    let ada = Administrator {
        name: "Ada".into(),
        email: "ada@customer.example".into(),
        time_zone: "Australia/Sydney".into(),
    };
    Rules::new(&RetirementSettings { administrators: vec![ada], ..RetirementSettings::default() })
}

fn case(lo_id: &str, title: &str) -> Case {
    let told = Told {
        standing: Standing::Flagged,
        event_id: "hg4JWUDbT55B".into(),
        event_time: at("2022-11-24T22:42:20Z"),
        retire_time: None,
        remove_time: Some(at("2023-02-24T22:42:20Z")),
        deadline: Some(at("2023-02-24T22:42:20Z")),
        flagged_since: Some(at("2022-11-24T22:42:21.5Z")),
        revision: 1,
        changed_at: at("2022-11-24T22:42:21.5Z"),
        round: 1,
        round_remove_time: None,
    };
    let record = Record {
        number: 1,
        portal_id: "36184809".into(),
        lo_id: lo_id.into(),
        told,
        title: Some(title.into()),
        alternatives: vec![Alternative { lo_id: "8".into(), title: Some("Fire again; and, \\ more".into()) }],
        is_truncated: false,
        fetched_at: Some(at("2022-11-24T22:42:22Z")),
        fetches: 0,
        fetch_reason: None,
        removal: Removal::default(),
    };
    let learners = Affected {
        in_progress: 2,
        not_started: 1,
        as_of: Some(at("2022-11-24T22:42:22Z").into()),
        ..Affected::default()
    };
    Case { record, learners, decision: None }
}

fn feed(cases: &[Case]) -> String {
    let rules = rules();
    ics(rules.administrators().next().unwrap(), cases, &rules)
}

/// In Sydney it is the 25th when it ends.
#[test]
fn the_feed_is_what_is_in_the_golden_file() {
    let mut withdrawn = case("3511434", "Withdrawn");
    withdrawn.record.told.standing = Standing::Withdrawn;
    withdrawn.record.told.revision = 3;
    let feed = feed(&[
        case("3511433", "Fire safety, in a very long title that has to be folded because of its länge"),
        withdrawn,
    ]);
    assert_eq!(feed, include_str!("golden.ics").replace('\n', "\r\n"));
}

#[test]
fn the_feed_can_be_read_back() {
    let title = "Fire; safety,\r\nEND:VEVENT \\ \"quoted\" ✓";
    let feed = feed(&[case("3511433", title)]);
    assert!(feed.split("\r\n").all(|line| line.len() <= 75), "{feed}");
    assert!(!feed.replace("\r\n", "").contains(['\r', '\n']));
    let unfolded = parser::unfold(&feed);
    let calendar: Calendar = parser::read_calendar(&unfolded).unwrap().into();
    let events: Vec<_> = calendar.events().collect();
    let [event] = events.as_slice() else { panic!("{feed}") };
    assert_eq!(event.get_summary(), Some("Ends: Fire; safety,  END:VEVENT \\ \"quoted\" ✓"));
    assert_eq!(event.get_uid(), Some("3511433.36184809@retirement.schoolbell"));
    assert_eq!((event.get_sequence(), event.get_status()), (Some(1), Some(EventStatus::Confirmed)));
    assert_eq!(event.property_value("DTSTART"), Some("20230225"));
    assert_eq!(event.property_value("DTEND"), Some("20230226"));
    let triggers: Vec<_> = event.components().iter().filter_map(|alarm| alarm.property_value("TRIGGER")).collect();
    assert_eq!(triggers, ["-P7D", "-P1D"]);
}

#[test]
fn what_moves_has_the_same_name_and_a_higher_sequence() {
    let mut moved = case("3511433", "Fire");
    moved.record.told.revision = 2;
    moved.record.told.deadline = Some(at("2023-03-24T22:42:20Z"));
    let feed = feed(&[moved]);
    assert!(feed.contains("SEQUENCE:2\r\n") && feed.contains("DTSTART;VALUE=DATE:20230325\r\n"), "{feed}");
    assert!(feed.contains("UID:3511433.36184809@retirement.schoolbell\r\n"), "{feed}");
}

#[test]
fn ids_that_are_no_words_stand_for_themselves_by_a_digest() {
    let one = uid("a:b", "c");
    assert!(one.ends_with("@retirement.schoolbell") && !one.contains(':'), "{one}");
    assert_ne!(one, uid("a", "b:c"));
    assert_eq!(one, uid("a:b", "c"));
}
