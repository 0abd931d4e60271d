use super::*;
use crate::learning_object::tests::content;

const NOW: &str = "2022-11-24T22:42:20.700Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn id() -> AnnouncementId {
    "xUjKifleke4u".parse().unwrap()
}

fn flag(retired_at: &str, removed_at: &str) -> Flag {
    let time = |text: &str| (!text.is_empty()).then(|| at(text));
    Flag { retired_at: time(retired_at).map(Some), removed_at: time(removed_at), is_forced: false }
}

/// Flags at [`NOW`]; then the dates, or what speaks against it.
#[track_caller]
fn check(flag: Flag, expected: Result<(Option<&str>, &str), RetirementError>) {
    let flagged = content().flag(flag, id(), at(NOW)).map(|(content, _)| content.retirement.unwrap());
    let dates = flagged.map(|Retirement { retired_at, removed_at, .. }| (retired_at, removed_at));
    assert_eq!(dates, expected.map(|(retired_at, removed_at)| (retired_at.map(at), at(removed_at))));
}

#[test]
fn notice_is_three_calendar_months_unless_somebody_says() {
    check(flag("", ""), Ok((None, "2023-02-24T22:42:20Z")));
    check(flag("2022-12-24T22:42:20Z", ""), Ok((Some("2022-12-24T22:42:20Z"), "2023-02-24T22:42:20Z")));
    check(flag("", "2024-01-01T00:00:00Z"), Ok((None, "2024-01-01T00:00:00Z")));
    let (clamped, _) = content().flag(Flag::default(), id(), at("2022-11-30T08:00:00Z")).unwrap();
    assert_eq!(clamped.retirement.unwrap().removed_at, at("2023-02-28T08:00:00Z"));
}

#[test]
fn dates_are_sane() {
    let short = at("2023-01-23T22:42:19Z");
    check(flag("", "2023-01-23T22:42:19Z"), Err(RetirementError::NoticeTooShort(short)));
    check(flag("", "2023-01-23T22:42:20Z"), Ok((None, "2023-01-23T22:42:20Z")));
    check(Flag { is_forced: true, ..flag("", "2022-11-24T22:42:21Z") }, Ok((None, "2022-11-24T22:42:21Z")));
    let past = "2022-11-24T22:42:20Z";
    check(Flag { is_forced: true, ..flag("", past) }, Err(RetirementError::InThePast(at(past))));
    let far = "2032-11-25T00:00:00Z";
    check(flag("", far), Err(RetirementError::TooFar(at(far))));
    let both = "2023-02-24T22:42:20Z";
    check(flag(both, both), Err(RetirementError::RetiredAfterRemoved(at(both), at(both))));
}

#[test]
fn only_what_is_there_can_be_flagged() {
    for state in LifecycleState::ALL {
        let flagged = LearningObject { state, ..content() }.flag(Flag::default(), id(), at(NOW));
        let is_there = matches!(state, LifecycleState::Published | LifecycleState::Retired);
        assert_eq!(flagged.is_ok(), is_there, "{state:?}");
    }
}

#[test]
fn the_dates_decide_whatever_was_applied() {
    let (content, _) = content().flag(flag("2023-01-01T00:00:00Z", "2023-02-24T22:42:20Z"), id(), at(NOW)).unwrap();
    let cases = [
        (NOW, LifecycleState::Published),
        ("2022-12-31T23:59:59.999Z", LifecycleState::Published),
        ("2023-01-01T00:00:00Z", LifecycleState::Retired),
        ("2023-02-24T22:42:19.999Z", LifecycleState::Retired),
        ("2023-02-24T22:42:20Z", LifecycleState::Removed),
        ("2033-01-01T00:00:00Z", LifecycleState::Removed),
    ];
    for (now, expected) in cases {
        assert_eq!(content.state_at(at(now)), expected, "{now}");
        assert_eq!(content.admits_enrollments(at(now)), expected == LifecycleState::Published, "{now}");
    }
}

#[test]
fn each_transition_is_applied_once() {
    let (content, _) = content().flag(flag("2023-01-01T00:00:00Z", ""), id(), at(NOW)).unwrap();
    assert_eq!(content.clone().expire(id(), at("2022-12-31T00:00:00Z")), None);
    let (retired, news) = content.clone().expire(id(), at("2023-01-01T00:00:00Z")).unwrap();
    assert_eq!((retired.state, news), (LifecycleState::Retired, None));
    assert_eq!(retired.clone().expire(id(), at("2023-01-02T00:00:00Z")), None);
    for late in [content, retired] {
        let (removed, news) = late.expire(id(), at("2024-01-01T00:00:00Z")).unwrap();
        assert_eq!((removed.state, news.unwrap().news), (LifecycleState::Removed, News::Removed));
        assert_eq!(removed.expire(id(), at("2025-01-01T00:00:00Z")), None);
    }
}

#[test]
fn a_date_that_is_moved_is_told_later_than_the_one_before() {
    let (content, first) = content().flag(Flag::default(), id(), at(NOW)).unwrap();
    let (content, second) = content.flag(flag("", "2023-06-01T00:00:00Z"), id(), at(NOW)).unwrap();
    let (content, third) = content.withdraw(id(), at(NOW)).unwrap();
    let (_, fourth) = content.flag(Flag::default(), id(), at(NOW)).unwrap();
    let times = [first, second, third, fourth].map(|news| news.occurred_at.as_second());
    assert_eq!(times, [0, 1, 2, 3].map(|later| times[0] + later));
}

#[test]
fn what_is_not_said_stays_when_dates_are_moved() {
    let first = flag("2023-01-01T00:00:00Z", "2023-03-01T00:00:00Z");
    let (content, _) = content().flag(first, id(), at(NOW)).unwrap();
    let dates = |flag: Flag, now| {
        let (content, _) = content.clone().flag(flag, id(), at(now)).unwrap();
        (content.state_at(at(now)), content.retirement.unwrap().retired_at, content.retirement.unwrap().removed_at)
    };
    let (retired_at, removed_at) = (at("2023-01-01T00:00:00Z"), at("2023-03-01T00:00:00Z"));
    let moved = flag("", "2023-06-01T00:00:00Z");
    assert_eq!(dates(moved, NOW), (LifecycleState::Published, Some(retired_at), at("2023-06-01T00:00:00Z")));
    let back = Flag { retired_at: Some(None), ..Flag::default() };
    assert_eq!(dates(back, "2023-02-01T00:00:00Z"), (LifecycleState::Published, None, removed_at));
    let again = Flag::default();
    assert_eq!(dates(again, "2023-02-01T00:00:00Z"), (LifecycleState::Retired, Some(retired_at), removed_at));
    let sooner = flag("", "2023-02-28T00:00:00Z");
    let refused = Err(RetirementError::NoticeTooShort(at("2023-02-28T00:00:00Z")));
    assert_eq!(content.clone().flag(sooner, id(), at("2023-02-01T00:00:00Z")).map(|_| ()), refused);
}

#[test]
fn what_is_gone_does_not_come_back() {
    let (content, _) = content().flag(Flag::default(), id(), at(NOW)).unwrap();
    let late = at("2023-02-24T22:42:20Z");
    let gone = Err(RetirementError::NotThere(LifecycleState::Removed));
    assert_eq!(content.clone().withdraw(id(), late).map(|_| ()), gone);
    assert_eq!(content.flag(Flag::default(), id(), late).map(|_| ()), gone);
}

#[test]
fn a_flag_that_is_not_there_cannot_be_withdrawn() {
    assert_eq!(content().withdraw(id(), at(NOW)).map(|_| ()), Err(RetirementError::NotFlagged));
}

#[test]
fn a_portal_is_told_as_the_contract_has_it() {
    let (content, news) = content().flag(flag("2023-01-01T00:00:00Z", ""), id(), at(NOW)).unwrap();
    let told = |news: &Announcement| {
        let events = news.events_for(PortalId(36184809));
        events.into_iter().map(|event| (event.event_type.as_str(), event.data, event.deadline_at)).collect::<Vec<_>>()
    };
    let removed_at = Some(at("2023-02-24T22:42:20Z"));
    let pending = r#"{"id":"741712","portal_id":"36184809","event_time":"2022-11-24T22:42:20.000Z","retire_time":"2023-01-01T00:00:00.000Z","remove_time":"2023-02-24T22:42:20.000Z"}"#;
    let flagged = r#"{"id":"741712","portal_id":"36184809","event_time":"2022-11-24T22:42:20.000Z","remove_time":"2023-02-24T22:42:20.000Z"}"#;
    let expected = [
        ("content.decommission.pending", pending.to_owned(), removed_at),
        ("content.decommission", flagged.to_owned(), removed_at),
    ];
    assert_eq!(told(&news), expected);
    let (_, news) = content.withdraw(id(), at(NOW)).unwrap();
    let withdrawn = r#"{"id":"741712","portal_id":"36184809","event_time":"2022-11-24T22:42:21.000Z"}"#;
    assert_eq!(told(&news), [("content.add", withdrawn.to_owned(), None)]);
}

#[test]
fn who_is_told_twice_is_told_the_same() {
    let (_, news) = content().flag(Flag::default(), id(), at(NOW)).unwrap();
    assert_eq!(news.events_for(PortalId(1)), news.events_for(PortalId(1)));
    assert_ne!(news.events_for(PortalId(1))[0].id, news.events_for(PortalId(2))[0].id);
}
