//! Who of the people that the integrator knows it was: matched, looked for, linked.

use companion::learner::{DetailsFrom, MatchedBy};
use serde_json::{Value, json};

use crate::platform::Platform;
use crate::world::{CUSTOMER, World, completed, event_in, portal};

const PEOPLE: &str = "external_id,email,name\n\
    HR-42,ada@customer.example,Ada Lovelace\n\
    HR-43,Grace@Customer.example,Grace Hopper\n\
    HR-44,shared@customer.example,One of two\n\
    HR-45,shared@customer.example,The other\n";

/// A companion that reads learning activities where there are some, with this list of people.
async fn world(people: &str) -> World {
    let world = World::with(|settings| {
        settings.details_from = DetailsFrom::Both;
        settings.portals.push(portal("22"));
    })
    .await;
    if !people.is_empty() {
        assert_eq!(world.import("/people", people).await.status, 200);
    }
    world
}

/// Somebody completes an enrollment: known to their LMS by this id, or only to the platform by an address.
async fn completes(world: &World, id: &str, portal_id: &str, external_id: Option<&str>, email: Option<&str>) {
    let platform: &Platform = &world.platform;
    platform.enrolled(id, portal_id, json!({"user_id": 7000}));
    if let Some(external_id) = external_id {
        platform.passes(id, portal_id, json!({"cmi.learner_id": external_id, "cmi.learner_name": "Ada Lovelace"}));
    }
    platform.script().users.insert("7000".into(), email.unwrap_or("made-up@portal.example").to_owned());
    let at = "2022-03-29T01:29:36.000Z";
    world.deliver(&event_in(portal_id, &format!("e{id}"), "enrollment.complete", id, 1, at)).await;
    world.work().await;
}

/// Who an enrollment's completion is of.
async fn person(world: &World, enrollment_id: &str) -> Option<(String, MatchedBy)> {
    let completions = world.completions().await;
    let completion = completions.into_iter().find(|one| one.enrollment_id == enrollment_id).unwrap();
    completion.person.zip(completion.matched_by)
}

async fn unmatched(world: &World, query: &str) -> Vec<Value> {
    let page = world.get(&format!("/unmatched{query}")).await.body;
    let listed = page["unmatched"].as_array().unwrap().clone();
    assert_eq!(page["total"], listed.len());
    listed
}

/// Completes an enrollment and checks who is recognised, or why nobody is.
async fn check(external_id: Option<&str>, email: Option<&str>, expected: Result<(&str, MatchedBy), &str>) {
    let world = world(PEOPLE).await;
    completes(&world, "1", CUSTOMER, external_id, email).await;
    let found = person(&world, "1").await;
    let queue = unmatched(&world, "").await;
    let inbox = world.check_counts(&[("recorded", 1)]).await;
    assert_eq!(inbox["unmatched"], queue.len());
    match expected {
        Ok((person, by)) => {
            assert_eq!(found, Some((person.to_owned(), by)), "{external_id:?} {email:?}");
            assert_eq!(queue.len(), 0);
        }
        Err(reason) => {
            assert_eq!((found, queue.len()), (None, 1), "{external_id:?} {email:?}");
            assert_eq!(queue[0]["reason"], reason);
        }
    }
}

#[tokio::test]
async fn people_are_recognised_by_id_then_by_address_and_never_by_name() {
    let (id, address) = (MatchedBy::ExternalId, MatchedBy::Email);
    check(Some("HR-42"), None, Ok(("HR-42", id))).await;
    check(Some("HR-42"), Some("grace@customer.example"), Ok(("HR-42", id))).await;
    check(Some("elsewhere"), Some("GRACE@customer.example"), Ok(("HR-43", address))).await;
    let no_activity = "there is no learning activity for this enrollment";
    let no_id = "nobody in the list has this external id";
    let no_address = "nobody in the list has this e-mail address";
    check(None, Some("ada@customer.example"), Ok(("HR-42", address))).await;
    // The LMS calls this one Ada Lovelace.
    check(Some("hr-42"), None, Err(&format!("{no_id}; {no_address}"))).await;
    check(None, None, Err(&format!("{no_activity}; no external id was told; {no_address}"))).await;
    let several = "several people in the list have this e-mail address";
    check(None, Some("shared@customer.example"), Err(&format!("{no_activity}; no external id was told; {several}")))
        .await;
}

#[tokio::test]
async fn without_a_list_nobody_is_looked_for() {
    let world = world("").await;
    completes(&world, "1", CUSTOMER, Some("HR-42"), None).await;
    assert_eq!(person(&world, "1").await, None);
    assert_eq!(unmatched(&world, "?state=all").await, Vec::<Value>::new());
    // What was recorded before there was one stays as it was; what comes after it is matched.
    world.import("/people", PEOPLE).await;
    assert_eq!(person(&world, "1").await, None);
    completes(&world, "2", CUSTOMER, Some("HR-42"), None).await;
    assert_eq!(person(&world, "2").await, Some(("HR-42".to_owned(), MatchedBy::ExternalId)));
}

#[tokio::test]
async fn a_learner_stands_in_the_queue_once_with_all_that_helps() {
    let world = world(PEOPLE).await;
    for id in ["1", "2"] {
        completes(&world, id, CUSTOMER, Some("ada.l"), None).await;
        world.move_clock(60);
    }
    let [entry] = unmatched(&world, "").await.try_into().unwrap();
    let expected = json!({
        "id": "1", "state": "open", "portal_id": CUSTOMER, "external_id": "ada.l", "user_id": "7000",
        "email": "made-up@portal.example", "name": "Ada Lovelace",
        "reason": "nobody in the list has this external id; nobody in the list has this e-mail address",
        "completions": 2, "last_enrollment_id": "2", "last_lo_id": "741712",
        "first_at": "2022-03-29T01:29:37.000Z", "last_at": "2022-03-29T01:30:37.000Z",
        "person": null, "settled_by": null, "settled_at": null,
    });
    assert_eq!(entry, expected);
    // Its completions are recorded all the same, with what is known.
    let completions = world.completions().await;
    assert!(completions.iter().all(|one| one.external_id.as_deref() == Some("ada.l") && one.pass));
}

#[tokio::test]
async fn a_link_gives_a_learners_completions_to_a_person_also_those_to_come() {
    let world = world(PEOPLE).await;
    completes(&world, "1", CUSTOMER, Some("ada.l"), None).await;
    completes(&world, "2", CUSTOMER, Some("grace.h"), None).await;
    completes(&world, "3", CUSTOMER, Some("ada.l"), None).await;
    let answer = world.post_json("/unmatched/1/link", &json!({"person": "HR-42", "by": "Bob"})).await;
    assert_eq!((answer.status, answer.body), (200, json!({"person": "HR-42", "completions": 2})));
    let linked = Some(("HR-42".to_owned(), MatchedBy::Link));
    for (id, expected) in [("1", &linked), ("2", &None), ("3", &linked)] {
        assert_eq!(&person(&world, id).await, expected, "{id}");
    }
    // Readers meet what has changed, and that alone.
    let page = world.get("/completions?after=3").await.body;
    let met: Vec<_> = page["completions"].as_array().unwrap().iter().map(|one| one["enrollment_id"].clone()).collect();
    assert_eq!(met, ["1", "3"]);
    let world = world.restart(|_| ()).await;
    completes(&world, "4", CUSTOMER, Some("ada.l"), None).await;
    assert_eq!(person(&world, "4").await, linked);
    assert_eq!(unmatched(&world, "").await.len(), 1);
    let [entry] = unmatched(&world, "?state=linked").await.try_into().unwrap();
    assert_eq!(
        (&entry["person"], &entry["settled_by"], &entry["completions"]),
        (&"HR-42".into(), &"Bob".into(), &3.into())
    );
    // Whoever was wrong says it again.
    world.post_json("/unmatched/1/link", &json!({"person": "HR-43"})).await;
    for id in ["1", "3", "4"] {
        assert_eq!(person(&world, id).await, Some(("HR-43".to_owned(), MatchedBy::Link)), "{id}");
    }
}

#[tokio::test]
async fn a_learner_of_one_portal_is_nobody_in_another() {
    let people = "external_id,portal_id\nHR-42,22\nHR-43,\n";
    let world = world(people).await;
    completes(&world, "1", CUSTOMER, Some("HR-42"), None).await;
    completes(&world, "2", "22", Some("HR-42"), None).await;
    completes(&world, "3", "22", Some("HR-43"), None).await;
    assert_eq!(person(&world, "1").await, None);
    assert_eq!(person(&world, "2").await, Some(("HR-42".to_owned(), MatchedBy::ExternalId)));
    assert_eq!(person(&world, "3").await, Some(("HR-43".to_owned(), MatchedBy::ExternalId)));
    let elsewhere = world.post_json("/unmatched/1/link", &json!({"person": "HR-42"})).await;
    let problem = "person: nobody in the list of people has this external id in the portal of the entry";
    assert_eq!((elsewhere.status, elsewhere.body), (400, json!({ "message": problem })));
    assert_eq!(unmatched(&world, &format!("?portal_id={CUSTOMER}")).await.len(), 1);
    assert_eq!(unmatched(&world, "?portal_id=22").await.len(), 0);
}

#[tokio::test]
async fn a_link_that_cannot_be_made_is_refused_by_name() {
    let world = world(PEOPLE).await;
    completes(&world, "1", CUSTOMER, Some("ada.l"), None).await;
    for (path, body, status, message) in [
        ("/unmatched/2/link", json!({"person": "HR-42"}), 404, "there is no such entry"),
        ("/unmatched/x/link", json!({"person": "HR-42"}), 404, "there is no such entry"),
        ("/unmatched/1/link", json!({"person": "HR-42", "by": " "}), 400, "by: it is empty"),
    ] {
        let answer = world.post_json(path, &body).await;
        assert_eq!((answer.status, answer.body), (status, json!({ "message": message })));
    }
    for body in [json!({}), json!({"person": "HR-42", "who": "x"})] {
        assert_eq!(world.post_json("/unmatched/1/link", &body).await.status, 422);
    }
    let known = "state: known are open, linked, matched, all";
    assert_eq!(world.get("/unmatched?state=lost").await.body, json!({ "message": known }));
    assert_eq!(world.get("/unmatched?person=x").await.status, 400);
}

#[tokio::test]
async fn a_list_that_names_them_takes_learners_out_of_the_queue() {
    let world = world(PEOPLE).await;
    completes(&world, "1", CUSTOMER, Some("HR-50"), None).await;
    completes(&world, "2", CUSTOMER, Some("joan.c"), Some("joan@customer.example")).await;
    completes(&world, "3", CUSTOMER, Some("nobody"), None).await;
    let more = "external_id,email\nHR-50,\nHR-51,Joan@customer.example\n";
    let answer = world.import("/people", more).await;
    assert_eq!(answer.body, json!({"people": 6, "added": 2, "removed": 0, "matched": 2}));
    assert_eq!(person(&world, "1").await, Some(("HR-50".to_owned(), MatchedBy::ExternalId)));
    assert_eq!(person(&world, "2").await, Some(("HR-51".to_owned(), MatchedBy::Email)));
    assert_eq!(unmatched(&world, "").await.len(), 1);
    assert_eq!(unmatched(&world, "?state=matched").await.len(), 2);
    // The same list once more changes nothing.
    let last = world.completions().await.last().unwrap().cursor;
    assert_eq!(world.import("/people", more).await.body, json!({"people": 6, "added": 0, "removed": 0, "matched": 0}));
    assert_eq!(world.completions().await.last().unwrap().cursor, last);
}

#[tokio::test]
async fn whoever_leaves_the_list_keeps_what_they_completed_and_is_recognised_no_more() {
    let world = world(PEOPLE).await;
    completes(&world, "1", CUSTOMER, Some("HR-42"), None).await;
    completes(&world, "2", CUSTOMER, Some("ada.l"), None).await;
    world.post_json("/unmatched/1/link", &json!({"person": "HR-42"})).await;
    let answer = world.import("/people?replace=true", "external_id\nHR-43\n").await;
    assert_eq!(answer.body, json!({"people": 1, "added": 0, "removed": 3, "matched": 0}));
    completes(&world, "3", CUSTOMER, Some("HR-42"), None).await;
    completes(&world, "4", CUSTOMER, Some("ada.l"), None).await;
    assert!(person(&world, "1").await.is_some() && person(&world, "2").await.is_some());
    assert_eq!((person(&world, "3").await, person(&world, "4").await), (None, None));
    assert_eq!(unmatched(&world, "").await.len(), 2);
    // The same completion told once more is still theirs.
    world.deliver(&event_in(CUSTOMER, "e9", "enrollment.complete", "1", 1, "2022-03-30T00:00:00.000Z")).await;
    world.work().await;
    assert_eq!(person(&world, "1").await, Some(("HR-42".to_owned(), MatchedBy::ExternalId)));
}

#[tokio::test]
async fn somebody_who_is_recognised_later_takes_the_earlier_completions_along() {
    let world = world(PEOPLE).await;
    completes(&world, "1", CUSTOMER, None, Some("old@customer.example")).await;
    assert_eq!(person(&world, "1").await, None);
    completes(&world, "2", CUSTOMER, None, Some("ada@customer.example")).await;
    for id in ["1", "2"] {
        assert_eq!(person(&world, id).await, Some(("HR-42".to_owned(), MatchedBy::Email)), "{id}");
    }
    assert_eq!(unmatched(&world, "").await.len(), 0);
}

#[tokio::test]
async fn a_learner_known_by_a_better_id_leaves_no_empty_entry_behind() {
    let world = world(PEOPLE).await;
    completes(&world, "1", CUSTOMER, None, None).await;
    assert_eq!(unmatched(&world, "").await[0]["external_id"], json!(null));
    world.platform.passes("1", CUSTOMER, json!({"cmi.learner_id": "ada.l"}));
    world.deliver(&event_in(CUSTOMER, "e2", "enrollment.complete", "1", 1, "2022-03-30T00:00:00.000Z")).await;
    world.work().await;
    let [entry] = unmatched(&world, "").await.try_into().unwrap();
    assert_eq!((&entry["external_id"], &entry["completions"]), (&"ada.l".into(), &1.into()));
    assert_eq!(world.get("/inbox").await.body["unmatched"], 1);
}

#[tokio::test]
async fn a_learner_and_their_completion_are_stored_in_one_commit() {
    let world = world(PEOPLE).await;
    world.platform.completed("1", CUSTOMER);
    world.platform.script().users.insert("7001".into(), format!("{}@customer.example", "x".repeat(100_000)));
    world.deliver(&completed("e1", "1")).await;
    world.pragma("max_page_count", 1).await;
    world.companion.work_once().await.unwrap_err();
    assert_eq!((world.completions().await, unmatched(&world, "").await), (vec![], vec![]));
    world.check_counts(&[("new", 1)]).await;
    world.pragma("max_page_count", 1_000_000).await;
    world.work().await;
    assert_eq!((world.completions().await.len(), unmatched(&world, "").await.len()), (1, 1));
}

#[tokio::test]
async fn the_list_is_shown_page_by_page() {
    let world = world(PEOPLE).await;
    let page = world.get("/people?limit=1&offset=1").await.body;
    let expected = json!({
        "external_id": "HR-43", "portal_id": null, "email": "Grace@Customer.example", "name": "Grace Hopper",
        "imported_at": "2022-03-29T01:29:37.000Z",
    });
    assert_eq!(page, json!({"total": 4, "people": [expected]}));
    assert_eq!(world.get("/people?limit=501").await.status, 400);
}

#[tokio::test]
async fn a_list_that_cannot_be_read_changes_nothing() {
    let world = world(PEOPLE).await;
    for (path, csv, message) in [
        ("/people?replace=true", "external_id\n", "there is nobody in the list"),
        (
            "/people",
            "external_id,mail\nHR-1,a@b.example",
            "the column \"mail\" is not known; known are external_id, email, name, portal_id",
        ),
        ("/people?replace=true", "external_id\nHR-1\n,\n\"\"x\n", "line 4: something stands behind a closing quote"),
        ("/people?replace=yes", PEOPLE, "replace: it is true or false"),
        ("/people?all=true", PEOPLE, "all: there is no such parameter; known are replace"),
    ] {
        let answer = world.import(path, csv).await;
        assert_eq!((answer.status, answer.body), (400, json!({ "message": message })), "{csv:?}");
    }
    let answer = world.import("/people", b"external_id,name\nHR-1,Ren\xe9\n").await;
    assert_eq!(answer.body, json!({"message": "it is not UTF-8: save it as CSV UTF-8"}));
    let page = world.post_json("/people", &json!({})).await;
    assert_eq!((page.status, page.body), (415, json!({"message": "this takes Content-Type: text/csv"})));
    assert_eq!(world.get("/people").await.body["total"], 4);
}

#[tokio::test]
async fn people_are_shown_to_whoever_has_the_token() {
    let world = World::with(|settings| settings.api_token = Some("the-token".into())).await;
    for path in ["/people", "/unmatched"] {
        assert_eq!(world.get(path).await.status, 401, "{path}");
        assert_eq!(world.get_with_token(path, "Bearer the-token").await.status, 200, "{path}");
    }
    assert_eq!(world.import("/people", PEOPLE).await.status, 401);
    assert_eq!(world.post_json("/unmatched/1/link", &json!({"person": "HR-42"})).await.status, 401);
}
