use super::*;

const ALL: &[&str] = &["state", "portal_id", "lo_id", "limit", "offset", "days"];

#[track_caller]
fn check(query: &str, expected: Result<Asked, &str>) {
    let asked = parse(Some(query), ALL).map_err(|refusal| refusal.message().to_owned());
    assert_eq!(asked, expected.map_err(str::to_owned), "{query}");
}

#[test]
fn a_question_is_read_or_refused_by_name() {
    check("", Ok(Asked::default()));
    let filter = Filter {
        states: vec![RetirementState::Due, RetirementState::Scheduled],
        portal_id: Some("9".into()),
        lo_id: Some("7".into()),
    };
    check(
        "state=due,scheduled&portal_id=9&lo_id=7&limit=500&offset=7&days=100",
        Ok(Asked { filter, limit: Some(500), offset: 7, days: Some(100) }),
    );
    check("state=over", Err("state: known are scheduled, due, removed, withdrawn"));
    for limit in ["limit=0", "limit=501", "limit=", "limit"] {
        check(limit, Err("limit: it must be a number from 1 to 500"));
    }
    check("days=101", Err("days: it must be a number from 0 to 100"));
    let unknown = "sort: there is no such parameter; known are state, portal_id, lo_id, limit, offset, days";
    check("sort=title", Err(unknown));
}

#[track_caller]
fn check_decision(
    decision: DecisionKind,
    replacement: Option<&str>,
    reason: Option<&str>,
    by: &str,
    expected: Option<&str>,
) {
    let decision = Decision {
        decision,
        replacement_lo_id: replacement.map(str::to_owned),
        reason: reason.map(str::to_owned),
        by: by.to_owned(),
    };
    let refused = super::check(decision).err();
    assert_eq!(refused.as_ref().map(Refusal::message), expected);
}

#[test]
fn a_decision_has_what_it_needs_and_nothing_else() {
    use DecisionKind::{Dismiss, Expire, Replace};
    check_decision(Expire, None, None, "Ada", None);
    check_decision(Expire, None, Some("nobody uses it"), "Ada", None);
    check_decision(Replace, Some("741713"), None, "Ada", None);
    check_decision(Dismiss, None, Some("handled elsewhere"), "Ada", None);
    check_decision(Replace, None, None, "Ada", Some("replacement_lo_id: with what is it replaced?"));
    check_decision(Replace, Some("../8"), None, "Ada", Some("replacement_lo_id: it must be the id of content"));
    check_decision(Expire, Some("8"), None, "Ada", Some("replacement_lo_id: only replace takes one"));
    check_decision(Dismiss, None, None, "Ada", Some("reason: why is it dismissed?"));
    check_decision(Dismiss, None, Some(" "), "Ada", Some("reason: it is empty"));
    check_decision(Expire, None, None, "", Some("by: it is empty"));
    check_decision(Expire, None, None, "A\nB", Some("by: it must be one line of at most 500 characters"));
    check_decision(Expire, None, None, &"a".repeat(500), None);
    check_decision(Expire, None, None, &"a".repeat(501), Some("by: it must be one line of at most 500 characters"));
}
