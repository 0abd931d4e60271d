use super::*;

const END: &str = "2023-02-24T22:42:20Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// An event of the second `second` of 2022-11-24T22:42.
fn news(second: i64, what: What) -> News {
    News {
        event_id: format!("e{second}"),
        portal_id: "9".into(),
        lo_id: "7".into(),
        event_time: at("2022-11-24T22:42:00Z") + SignedDuration::from_secs(second),
        what,
    }
}

fn flag(remove_time: &str) -> What {
    What::Flagged { remove_time: at(remove_time), retire_time: None }
}

fn pending(remove_time: &str, retire_time: &str) -> What {
    What::Flagged { remove_time: at(remove_time), retire_time: Some(at(retire_time)) }
}

/// What holds after events in this order of arrival, an hour apart, and the last step.
fn after(events: &[News]) -> (Option<Told>, Option<(&'static str, String)>, bool) {
    let (mut told, mut step, mut is_new_end) = (None, None, false);
    let mut now = at("2022-11-25T00:00:00Z");
    for news in events {
        (step, is_new_end) = (None, false);
        if let Some(change) = Told::after(told.as_ref(), news, now) {
            (told, step, is_new_end) = (Some(change.told), change.step, change.is_new_end);
        }
        now += SignedDuration::from_hours(1);
    }
    (told, step, is_new_end)
}

/// Standing, deadline, revision and round, whether the end is new, and the last step.
#[track_caller]
fn check(events: &[News], expected: &str) {
    let (told, step, is_new_end) = after(events);
    let told = told.unwrap();
    let deadline = told.deadline.map_or("-".to_owned(), |deadline| deadline.to_string());
    let step = step.map_or("-", |(what, _)| what);
    let said = format!(
        "{} {deadline} revision {} round {} {step}{}",
        told.standing.as_str(),
        told.revision,
        told.round,
        if is_new_end { " new end" } else { "" }
    );
    assert_eq!(said, expected);
}

#[test]
fn the_latest_event_counts_in_whatever_order_they_arrive() {
    let later = "2023-05-24T22:42:20Z";
    let events = [news(1, flag(END)), news(2, flag(later)), news(3, What::Added)];
    check(&events[..1], &format!("flagged {END} revision 1 round 1 flagged new end"));
    check(&events[..2], &format!("flagged {later} revision 2 round 2 moved new end"));
    check(&events, &format!("withdrawn {later} revision 3 round 2 withdrawn"));
    let [first, second, third] = events;
    check(&[second.clone(), first.clone()], &format!("flagged {later} revision 1 round 1 -"));
    check(&[third.clone(), first.clone(), second], "withdrawn - revision 0 round 0 -");
    check(&[third, first, news(4, flag(END))], &format!("flagged {END} revision 1 round 1 flagged new end"));
}

#[test]
fn the_two_events_of_one_flag_are_one_in_either_order() {
    let both = [news(1, pending(END, "2022-12-24T22:42:20Z")), news(1, flag(END))];
    for order in [[0, 1], [1, 0]] {
        let (told, step, _) = after(&order.map(|index: usize| both[index].clone()));
        let told = told.unwrap();
        assert_eq!((told.retire_time, told.revision), (Some(at("2022-12-24T22:42:20Z")), 1));
        assert_eq!(step, None);
    }
    // A later flag that does not say it means that there is none.
    let (told, ..) = after(&[both[0].clone(), news(2, flag(END))]);
    assert_eq!(told.unwrap().retire_time, None);
}

#[test]
fn of_two_that_differ_and_are_of_the_same_time_the_later_received_counts_and_that_is_said() {
    for other in [flag("2023-03-01T00:00:00Z"), What::Added] {
        let (told, step, _) = after(&[news(1, flag(END)), News { event_id: "other".into(), ..news(1, other.clone()) }]);
        assert_eq!(told.unwrap().event_id, "other");
        let (_, detail) = step.unwrap();
        assert!(detail.contains("the one that arrived later counts"), "{detail}");
    }
}

#[test]
fn a_date_that_moves_a_little_begins_no_round_and_many_little_moves_do() {
    let day = |day: &str| flag(&format!("2023-02-{day}T22:42:20Z"));
    check(&[news(1, day("20")), news(2, day("24"))], &format!("flagged {END} revision 2 round 1 moved new end"));
    check(
        &[news(1, day("20")), news(2, day("24")), news(3, day("27"))],
        "flagged 2023-02-27T22:42:20Z revision 3 round 2 moved new end",
    );
    // Earlier: what was removed already stays removed.
    check(&[news(1, day("24")), news(2, day("10"))], "flagged 2023-02-10T22:42:20Z revision 2 round 2 moved");
}

#[test]
fn what_is_gone_is_gone_at_the_earlier_of_both_times() {
    check(&[news(1, flag(END)), news(2, What::Removed)], "gone 2022-11-24T22:42:02Z revision 2 round 1 gone");
    let at_the_end = News { event_time: at(END), ..news(0, What::Removed) };
    check(&[news(1, flag(END)), at_the_end], &format!("gone {END} revision 1 round 1 gone"));
    check(&[news(2, What::Removed)], "gone 2022-11-24T22:42:02Z revision 1 round 1 gone new end");
    check(&[news(2, What::Removed), news(1, flag(END))], "gone 2022-11-24T22:42:02Z revision 1 round 1 -");
    check(
        &[news(2, What::Removed), news(3, What::Added)],
        "withdrawn 2022-11-24T22:42:02Z revision 2 round 1 withdrawn",
    );
    check(
        &[news(1, flag(END)), news(2, What::Added), news(3, flag(END))],
        &format!("flagged {END} revision 3 round 2 flagged new end"),
    );
}

#[test]
fn saying_it_again_changes_nothing_that_anybody_is_told_of() {
    check(&[news(1, flag(END)), news(2, flag(END))], &format!("flagged {END} revision 1 round 1 -"));
    check(&[news(1, What::Added)], "withdrawn - revision 0 round 0 -");
}
