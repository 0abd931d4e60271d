use std::collections::BTreeMap;

use contract::lms_text::LmsText;

use super::*;
use crate::learning_activity::ScormVersion;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn completed(pass: bool, result: Option<u8>) -> Progress {
    Progress::Completed { started_at: at(1), completed_at: at(2), result, pass }
}

fn in_progress(pass: Option<bool>, result: Option<u8>) -> Progress {
    Progress::InProgress { started_at: at(1), result, pass }
}

fn says(status: Status, pass: Option<bool>, result: Option<i64>) -> ProgressReport {
    ProgressReport { status: Some(status), pass, result, ..Default::default() }
}

#[track_caller]
fn check_forward(
    progress: Progress,
    said: ProgressReport,
    may_lower: bool,
    left: (Option<Status>, Option<bool>, Option<i64>),
) {
    let report = forward(&progress, said, may_lower);
    assert_eq!((report.status, report.pass, report.result), left);
}

use Status::{Completed, InProgress};

#[test]
fn nobody_is_taken_back() {
    check_forward(Progress::NotStarted, says(InProgress, None, None), false, (Some(InProgress), None, None));
    check_forward(
        in_progress(None, None),
        says(Completed, Some(true), Some(80)),
        false,
        (Some(Completed), Some(true), Some(80)),
    );
    check_forward(completed(true, Some(80)), says(InProgress, Some(false), Some(20)), false, (None, None, None));
    check_forward(completed(true, Some(80)), says(Completed, Some(false), Some(79)), false, (None, None, None));
    check_forward(
        completed(false, Some(40)),
        says(Completed, Some(true), Some(90)),
        false,
        (None, Some(true), Some(90)),
    );
    check_forward(
        in_progress(Some(true), Some(50)),
        says(Completed, Some(false), Some(10)),
        false,
        (Some(Completed), None, None),
    );
    check_forward(completed(false, None), says(Completed, Some(false), Some(0)), false, (None, Some(false), Some(0)));
}

#[test]
fn a_destination_may_let_a_pass_be_lost_but_not_a_completion() {
    check_forward(
        completed(true, Some(80)),
        says(InProgress, Some(false), Some(20)),
        true,
        (None, Some(false), Some(20)),
    );
}

#[test]
fn an_lms_is_told_in_its_own_words() {
    for (progress, expected) in [
        (Progress::NotStarted, "incomplete"),
        (in_progress(Some(true), Some(100)), "incomplete"),
        (completed(true, None), "completed"),
        (completed(true, Some(0)), "passed"),
        (completed(false, None), "failed"),
    ] {
        assert_eq!(LmsStatus::of(&progress).as_str(), expected);
    }
}

fn values(pairs: &[(&str, &str)]) -> BTreeMap<String, LmsText> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), LmsText::from(*value))).collect()
}

#[track_caller]
fn check_launch(version: ScormVersion, pairs: &[(&str, &str)], (read_only, anew): (bool, bool)) {
    let launch = LmsLaunch::read(version, &values(pairs)).unwrap();
    assert_eq!((launch.is_read_only, launch.begins_anew), (read_only, anew), "{pairs:?}");
}

#[test]
fn an_lms_begins_anew_if_it_says_so_and_knows_of_nothing() {
    let launch = |entry, status, mode, credit| {
        [
            ("cmi.core.student_id", "ada"),
            ("cmi.core.entry", entry),
            ("cmi.core.lesson_status", status),
            ("cmi.core.lesson_mode", mode),
            ("cmi.core.credit", credit),
        ]
    };
    let check = |pairs: [(&str, &str); 5], expected| check_launch(ScormVersion::V1_2, &pairs, expected);
    check(launch("ab-initio", "not attempted", "normal", "credit"), (false, true));
    check(launch("ab-initio", "completed", "normal", "credit"), (false, false));
    check(launch("ab-initio", "incomplete", "normal", "credit"), (false, false));
    check(launch("resume", "not attempted", "normal", "credit"), (false, false));
    check(launch("", "not attempted", "normal", "credit"), (false, false));
    check(launch("ab-initio", "not attempted", "browse", "credit"), (true, false));
    check(launch("ab-initio", "not attempted", "review", "credit"), (true, false));
    check(launch("ab-initio", "not attempted", "normal", "no-credit"), (true, false));
    check(launch("ab-initio", "", "", ""), (false, false));
    let newer = [("cmi.learner_id", "ada"), ("cmi.entry", "ab-initio"), ("cmi.completion_status", "unknown")];
    check_launch(ScormVersion::V2004, &newer, (false, true));
    let passed = [newer[0], newer[1], ("cmi.completion_status", "unknown"), ("cmi.success_status", "passed")];
    check_launch(ScormVersion::V2004, &passed, (false, false));
}

#[test]
fn a_launch_is_somebodys() {
    let named = |name: &str| {
        let pairs = values(&[("cmi.core.student_id", " ada "), ("cmi.core.student_name", name)]);
        LmsLaunch::read(ScormVersion::V1_2, &pairs).unwrap()
    };
    assert_eq!(named("").learner_id, " ada ", "the id is what the LMS gave");
    for (name, expected) in [
        ("Lovelace, Ada", Some(("Ada", "Lovelace"))),
        ("Ada King Lovelace", Some(("Ada King", "Lovelace"))),
        ("Ada", Some(("Ada", ""))),
        ("", None),
    ] {
        let expected = expected.map(|(given, family): (&str, &str)| (given.to_owned(), family.to_owned()));
        assert_eq!(named(name).name, expected, "{name:?}");
    }
    assert_eq!(named(&"é".repeat(1_000)).name.unwrap().0.chars().count(), 255);
    for nobody in [values(&[]), values(&[("cmi.core.student_id", " ")]), values(&[("cmi.learner_id", "ada")])] {
        assert_eq!(LmsLaunch::read(ScormVersion::V1_2, &nobody), None);
    }
}

#[test]
fn a_new_attempt_follows_a_finished_one_only() {
    let enrollment = |progress| Enrollment {
        id: EnrollmentId(1),
        version: 1,
        portal_id: PortalId(2),
        user_account_id: UserAccountId(3),
        lo_id: LearningObjectId(4),
        parent_id: None,
        destination_id: Some(DestinationId(5)),
        enrollment_type: crate::enrollment::EnrollmentType::SelfDirected,
        original_type: crate::enrollment::EnrollmentType::SelfDirected,
        assigner_id: None,
        assigned_at: None,
        progress,
        due_at: None,
        standing: crate::enrollment::Standing::Live,
        created_at: at(1),
        updated_at: at(1),
    };
    let finished = enrollment(completed(true, None));
    let begun = enrollment(in_progress(None, None));
    let check = |live: &Enrollment, anew, admits, expected: Attempt| {
        assert_eq!(Attempt::decide(Some(live.clone()), anew, admits), Some(expected));
    };
    check(&begun, true, true, Attempt::Same(begun.clone()));
    check(&begun, false, false, Attempt::Same(begun.clone()));
    check(&finished, false, true, Attempt::Same(finished.clone()));
    check(&finished, true, true, Attempt::New(Some(finished.clone())));
    check(&finished, true, false, Attempt::Same(finished.clone()));
    assert_eq!(Attempt::decide(None, false, true), Some(Attempt::New(None)));
    assert_eq!(Attempt::decide(None, true, false), None);
}

#[test]
fn a_link_to_one_content_opens_no_other() {
    let token = |lo_id| OneTimeToken {
        digest: Digest([0; 32]),
        portal_id: PortalId(1),
        user_account_id: UserAccountId(2),
        lo_id,
        launch: None,
        created_at: at(1),
        expires_at: at(2),
    };
    assert!(token(Some(LearningObjectId(7))).opens(LearningObjectId(7)));
    assert!(!token(Some(LearningObjectId(7))).opens(LearningObjectId(8)));
    assert!(token(None).opens(LearningObjectId(8)));
}
