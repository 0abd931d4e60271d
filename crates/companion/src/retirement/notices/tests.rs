use super::*;
use crate::config::retirement::{Administrator, PortalNotices, RetirementSettings};

const ADA: &str = "administrator:ada@customer.example";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn rules() -> Rules {
    let settings = RetirementSettings {
        administrators: vec![Administrator {
            name: "Ada".into(),
            email: "ada@customer.example".into(),
            time_zone: "Europe/Berlin".into(),
        }],
        portals: vec![PortalNotices {
            portal_id: "quiet".into(),
            administrators: Some(vec![]),
            learner_notices: false,
            time_zone: "UTC".into(),
        }],
        ..RetirementSettings::default()
    };
    Rules::new(&settings)
}

/// Flagged on 24 November 2022, to end three months later, with two learners.
fn course() -> Course {
    Course {
        number: 1,
        portal_id: "9".into(),
        standing: Standing::Flagged,
        revision: 1,
        round: 1,
        changed_at: at("2022-11-24T22:42:21Z"),
        fetched_at: Some(at("2022-11-24T22:42:22Z")),
        deadline: at("2023-02-24T22:42:20Z"),
        asked_at: None,
        removed_at: None,
        is_mandatory: false,
        is_dismissed: false,
        learners: vec![("7001".into(), "1".into()), ("7002".into(), "2".into())],
    }
}

/// What was heard of the course, by these items.
fn heard(person: &str, items: &[(ItemKind, i64, Option<i64>)]) -> Ledger {
    let mut heard = Heard::default();
    for (kind, mark, days) in items {
        heard.hear(&course().item(*kind, *mark, *days));
    }
    Ledger::from([((person.to_owned(), 1), heard)])
}

fn told_at_notice() -> Ledger {
    heard(ADA, &[(ItemKind::News, 1, None)])
}

/// The letters: kind, and for each item kind and mark.
#[track_caller]
fn check(course: &Course, ledger: &Ledger, is_digest_due: bool, now: &str, expected: &str) {
    let rules = rules();
    let reader = rules.administrator(ADA).unwrap();
    let letters = for_administrator(&rules, reader, std::slice::from_ref(course), ledger, is_digest_due, at(now));
    assert_eq!(written(&letters), expected, "{now}");
}

fn written(letters: &[Letter]) -> String {
    let letters = letters.iter().map(|letter| {
        let items = letter.items.iter().map(|item| format!("{} {}", item.kind.as_str(), item.mark));
        format!("{}: {}", letter.kind.as_str(), items.collect::<Vec<_>>().join(", "))
    });
    letters.collect::<Vec<_>>().join("; ")
}

#[test]
fn administrators_are_told_at_notice_once_it_is_settled_and_known_in_detail() {
    let none = Ledger::new();
    check(&course(), &none, true, "2022-11-24T22:47:20Z", "");
    check(&course(), &none, false, "2022-11-24T22:47:21Z", "notice: news 1");
    let unknown = Course { fetched_at: None, ..course() };
    check(&unknown, &none, false, "2022-11-24T23:42:20Z", "");
    check(&unknown, &none, false, "2022-11-24T23:42:21Z", "notice: news 1");
    check(&course(), &told_at_notice(), true, "2022-11-28T07:00:00Z", "");
}

#[test]
fn thresholds_collapse_into_the_digest_and_are_told_once() {
    let mut ledger = told_at_notice();
    for (now, expected) in [
        // 61 days, 60 days, and the week after that.
        ("2022-12-25T07:00:00Z", ""),
        ("2022-12-26T07:00:00Z", "digest: threshold 60"),
        ("2023-01-02T07:00:00Z", ""),
        // Nobody looked for a month: of 30 and 14 the smaller.
        ("2023-02-13T07:00:00Z", "digest: threshold 14"),
        ("2023-02-20T07:00:00Z", "digest: threshold 7"),
        // Tomorrow, and today: only at the hour of the digest.
        ("2023-02-24T07:00:00Z", "digest: threshold 1"),
        ("2023-02-24T08:00:00Z", ""),
    ] {
        check(&course(), &ledger, false, now, "");
        check(&course(), &ledger, true, now, expected);
        if let Some(days) = expected.rsplit(' ').next().and_then(|days| days.parse().ok()) {
            let item = course().item(ItemKind::Threshold, days, Some(days));
            ledger.entry((ADA.to_owned(), 1)).or_default().hear(&item);
        }
    }
}

#[test]
fn what_is_mandatory_is_told_of_at_once_within_seven_days() {
    let mandatory = Course { is_mandatory: true, ..course() };
    let ledger = told_at_notice();
    // In Berlin it ends on the 24th, at a quarter to midnight.
    check(&mandatory, &ledger, false, "2023-02-16T22:59:59Z", "");
    check(&mandatory, &ledger, false, "2023-02-16T23:00:00Z", "urgent: threshold 7");
    let told = heard(ADA, &[(ItemKind::News, 1, None), (ItemKind::Threshold, 7, Some(7))]);
    check(&mandatory, &told, true, "2023-02-20T07:00:00Z", "");
    check(&mandatory, &told, false, "2023-02-22T23:00:00Z", "urgent: threshold 1");
    // Who was told at notice how near it is need not be told again.
    let late = heard(ADA, &[(ItemKind::News, 1, Some(7))]);
    check(&mandatory, &late, false, "2023-02-20T07:00:00Z", "");
}

#[test]
fn who_muted_or_dismissed_it_hears_only_that_it_is_not_removed() {
    let mut ledger = Ledger::from([((ADA.to_owned(), 1), Heard { is_muted: true, ..Heard::default() })]);
    let asked = Course { asked_at: Some(at("2023-02-23T22:42:20Z")), is_mandatory: true, ..course() };
    check(&asked, &ledger, true, "2023-02-24T07:00:00Z", "");
    check(&asked, &ledger, true, "2023-02-24T10:42:20Z", "escalation: escalation 1");
    ledger.clear();
    let dismissed = Course { is_dismissed: true, ..asked };
    check(&dismissed, &ledger, true, "2023-02-24T10:42:19Z", "");
    check(&dismissed, &ledger, true, "2023-02-24T21:42:20Z", "escalation: escalation 2");
}

#[test]
fn a_removal_that_does_not_come_is_told_at_three_times() {
    let asked = Course { asked_at: Some(at("2023-02-23T22:42:20Z")), ..course() };
    let mut ledger = told_at_notice();
    for (now, expected) in [
        ("2023-02-24T10:42:19Z", ""),
        ("2023-02-24T10:42:20Z", "escalation: escalation 1"),
        ("2023-02-24T21:42:20Z", "escalation: escalation 2"),
        ("2023-02-24T22:42:20Z", "escalation: escalation 3"),
        ("2023-02-25T22:42:20Z", ""),
    ] {
        check(&asked, &ledger, false, now, expected);
        check(&Course { removed_at: Some(at("2023-02-24T00:00:00Z")), ..asked.clone() }, &ledger, false, now, "");
        check(&Course { standing: Standing::Withdrawn, ..asked.clone() }, &ledger, false, now, "");
        if let Some(level) = expected.rsplit(' ').next().and_then(|level| level.parse().ok()) {
            let item = course().item(ItemKind::Escalation, level, None);
            ledger.entry((ADA.to_owned(), 1)).or_default().hear(&item);
        }
    }
    // Started after the deadline: the application gets ten minutes before anybody is called.
    let late = Course { asked_at: Some(at("2023-02-25T00:00:00Z")), ..course() };
    check(&late, &told_at_notice(), false, "2023-02-25T00:09:59Z", "");
    check(&late, &told_at_notice(), false, "2023-02-25T00:10:00Z", "escalation: escalation 3");
}

#[test]
fn a_removal_is_told_with_the_next_digest() {
    let removed = Course { removed_at: Some(at("2023-02-23T22:42:21Z")), ..course() };
    check(&removed, &told_at_notice(), false, "2023-02-27T07:00:00Z", "");
    check(&removed, &told_at_notice(), true, "2023-02-27T07:00:00Z", "digest: removed 0");
    let told = heard(ADA, &[(ItemKind::News, 1, None), (ItemKind::Removed, 0, None)]);
    check(&removed, &told, true, "2023-03-06T07:00:00Z", "");
}

#[test]
fn a_withdrawal_is_told_to_whoever_heard_of_the_end() {
    let withdrawn =
        Course { standing: Standing::Withdrawn, revision: 2, changed_at: at("2022-12-01T00:00:00Z"), ..course() };
    check(&withdrawn, &told_at_notice(), false, "2022-12-01T00:04:59Z", "");
    check(&withdrawn, &told_at_notice(), false, "2022-12-01T00:05:00Z", "notice: news 2");
    check(&withdrawn, &Ledger::new(), false, "2022-12-01T00:05:00Z", "");
    let both = heard(ADA, &[(ItemKind::News, 1, None), (ItemKind::News, 2, None)]);
    check(&withdrawn, &both, true, "2022-12-05T07:00:00Z", "");
}

#[test]
fn each_administrator_hears_of_their_portals_only() {
    let course = Course { portal_id: "quiet".into(), ..course() };
    check(&course, &Ledger::new(), true, "2022-12-05T07:00:00Z", "");
}

/// The same for the learners of the course's portal: who, and what of it.
#[track_caller]
fn check_learners(courses: &[Course], ledger: &Ledger, now: &str, expected: &str) {
    let letters = for_learners(&rules(), &courses[0].portal_id, courses, ledger, at(now));
    let said = letters.iter().map(|letter| {
        let items = letter.items.iter().map(|item| format!("{}/{} {}", item.retirement, item.kind.as_str(), item.mark));
        format!("{} {}", letter.person, items.collect::<Vec<_>>().join(", "))
    });
    assert_eq!(said.collect::<Vec<_>>().join("; "), expected, "{now}");
}

#[test]
fn learners_are_told_before_it_is_removed_here_each_in_one_mail() {
    let none = Ledger::new();
    // Removed here on the 23rd.
    check_learners(&[course()], &none, "2023-01-23T09:00:00Z", "");
    let two = "learner:9:7001 1/threshold 30; learner:9:7002 1/threshold 30";
    check_learners(&[course()], &none, "2023-01-24T09:00:00Z", two);
    let other = Course { number: 2, learners: vec![("7002".into(), "3".into())], ..course() };
    let grouped = "learner:9:7001 1/threshold 30; learner:9:7002 1/threshold 30, 2/threshold 30";
    check_learners(&[course(), other], &none, "2023-01-24T09:00:00Z", grouped);
    let twice = Course { learners: vec![("7001".into(), "1".into()), ("7001".into(), "9".into())], ..course() };
    check_learners(&[twice], &none, "2023-02-22T09:00:00Z", "learner:9:7001 1/threshold 1");
    // On the day itself, up to the minute of the removal.
    check_learners(
        &[course()],
        &none,
        "2023-02-23T22:42:19Z",
        "learner:9:7001 1/threshold 1; learner:9:7002 1/threshold 1",
    );
    check_learners(&[course()], &none, "2023-02-23T22:42:20Z", "");
}

#[test]
fn learners_are_told_once_for_each_threshold_and_anew_in_a_new_round() {
    let person = "learner:9:7001";
    let one = Course { learners: vec![("7001".into(), "1".into())], ..course() };
    let told = heard(person, &[(ItemKind::Threshold, 30, Some(30))]);
    check_learners(std::slice::from_ref(&one), &told, "2023-01-25T09:00:00Z", "");
    check_learners(std::slice::from_ref(&one), &told, "2023-02-16T09:00:00Z", "learner:9:7001 1/threshold 7");
    let moved = Course { round: 2, revision: 2, ..one.clone() };
    check_learners(&[moved], &told, "2023-01-25T09:00:00Z", "learner:9:7001 1/threshold 30");
    let muted = Ledger::from([((person.to_owned(), 1), Heard { is_muted: true, ..Heard::default() })]);
    check_learners(&[one], &muted, "2023-02-16T09:00:00Z", "");
}

#[test]
fn learners_are_not_told_of_what_no_longer_concerns_them() {
    let now = "2023-02-16T09:00:00Z";
    for course in [
        Course { is_dismissed: true, ..course() },
        Course { removed_at: Some(at("2023-02-01T00:00:00Z")), ..course() },
        Course { standing: Standing::Gone, ..course() },
        Course { standing: Standing::Withdrawn, ..course() },
        Course { portal_id: "quiet".into(), ..course() },
        Course { learners: vec![], ..course() },
    ] {
        check_learners(&[course], &Ledger::new(), now, "");
    }
}

#[test]
fn learners_who_heard_that_it_ends_hear_that_it_stays() {
    let withdrawn = Course { standing: Standing::Withdrawn, revision: 2, ..course() };
    let told = heard("learner:9:7001", &[(ItemKind::Threshold, 30, Some(30))]);
    check_learners(std::slice::from_ref(&withdrawn), &told, "2023-02-16T09:00:00Z", "learner:9:7001 1/stays 0");
    let both = heard("learner:9:7001", &[(ItemKind::Threshold, 30, Some(30)), (ItemKind::Stays, 0, None)]);
    check_learners(&[withdrawn], &both, "2023-02-17T09:00:00Z", "");
}
