//! Enrollments: contract, section 7.2 and decisions 10 to 13, 32.

use contract::api::enrollment::Enrollment;
use contract::api::page::Page;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::app::{App, enrollment};

#[tokio::test]
async fn an_enrollment_is_made_started_completed_and_deleted() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let learner = customer.learner("grace@example.com").await;
    let content = customer.content("Fire safety").await;
    let made: Value = customer.post("/enrollments", enrollment(&learner, &content)).await.expect(201);
    let id = made["id"].as_str().unwrap().to_owned();
    let expected = json!({
        "id": id,
        "enrollment_type": "self-directed",
        "user_account_id": learner.id,
        "lo_id": content.lo_id,
        "assigner_account_id": null,
        "assign_date": null,
        "created_time": "2022-03-29T01:29:36+00:00",
        "updated_time": "2022-03-29T01:29:36+00:00",
        "status": "not-started",
        "start_date": null,
        "end_date": null,
        "due_date": null,
    });
    assert_eq!(made, expected);

    let path = format!("/enrollments/{id}");
    app.clock.advance(SignedDuration::from_secs(60));
    let started: Enrollment = customer.patch(&path, json!({"status": "in-progress"})).await.expect(200);
    assert_eq!(started.start_date.unwrap().to_string(), "2022-03-29T01:30:36+00:00");
    let completed: Enrollment =
        customer.patch(&path, json!({"status": "completed", "result": 87, "pass": true})).await.expect(200);
    assert_eq!((completed.status.as_str(), completed.result, completed.pass), ("completed", Some(87), Some(true)));
    assert_eq!(completed, customer.get(&path).await.expect(200));

    customer.delete(&path).await.expect_nothing(204);
    customer.get(&path).await.expect_refusal(404, "no enrollment");
    customer.patch(&path, json!({})).await.expect_refusal(404, "no enrollment");
    customer.delete(&path).await.expect_refusal(404, "no enrollment");
    customer.post("/enrollments", enrollment(&learner, &content)).await.expect::<Enrollment>(201);
}

#[tokio::test]
async fn a_learner_is_enrolled_once_unless_enrolled_again() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let learner = customer.learner("grace@example.com").await;
    let content = customer.content("Fire safety").await;
    let first = customer.enroll(&learner, &content).await;
    for query in ["", "?re-enroll=false", "?re_enroll=0"] {
        let answer = customer.post(&format!("/enrollments{query}"), enrollment(&learner, &content)).await;
        assert_eq!(answer.expect_refusal(409, "re_enroll=true")["error_code"], "enrollment_exists");
    }
    let mut last = first.id.clone();
    for query in ["?re-enroll=true", "?re_enroll=1"] {
        let again: Enrollment =
            customer.post(&format!("/enrollments{query}"), enrollment(&learner, &content)).await.expect(201);
        assert_ne!(again.id, last);
        last = again.id;
    }
    let ids = async |query: &str| {
        let page: Page<Enrollment> = customer.get(&format!("/enrollments{query}")).await.expect(200);
        page.hits.into_iter().map(|hit| hit.id).collect::<Vec<_>>()
    };
    assert_eq!(ids("").await, [last]);
    assert_eq!(ids("?with_archived=1").await.len(), 3);
    let path = format!("/enrollments/{}", first.id);
    customer.get(&path).await.expect::<Enrollment>(200);
    customer.patch(&path, json!({"status": "completed"})).await.expect_field("id", "later one");
}

#[tokio::test]
async fn of_two_enrollments_at_once_one_is_made() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let learner = customer.learner("grace@example.com").await;
    let content = customer.content("Fire safety").await;
    let ask = || customer.post("/enrollments", enrollment(&learner, &content));
    let (one, other, third) = tokio::join!(ask(), ask(), ask());
    let mut statuses = [one.status, other.status, third.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409]);
    let page: Page<Enrollment> = customer.get("/enrollments?with_archived=true").await.expect(200);
    assert_eq!(page.total, 1);
}

#[tokio::test]
async fn changes_at_once_all_take_effect() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let learner = customer.learner("grace@example.com").await;
    let content = customer.content("Fire safety").await;
    let path = format!("/enrollments/{}", customer.enroll(&learner, &content).await.id);
    let (one, other) = tokio::join!(
        customer.patch(&path, json!({"status": "completed"})),
        customer.patch(&path, json!({"due_date": "2022-07-01T00:00:00Z"})),
    );
    one.expect::<Enrollment>(200);
    other.expect::<Enrollment>(200);
    let both: Enrollment = customer.get(&path).await.expect(200);
    assert!(both.status == "completed" && both.due_date.is_some());
}

#[tokio::test]
async fn what_an_enrollment_cannot_be_names_the_field() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let learner = customer.learner("grace@example.com").await;
    let content = customer.content("Fire safety").await;
    let elsewhere = app.as_(&app.sibling).learner("grace@example.com").await;
    let not_ours = app.as_(&app.partner).content("Not in the library").await;
    for field in ["user_account_id", "lo_id", "enrollment_type", "status"] {
        let mut asked = enrollment(&learner, &content);
        asked[field] = Value::Null;
        customer.post("/enrollments", asked).await.expect_field(field, "is required");
    }
    for (field, value, message) in [
        ("user_account_id", json!("x"), "user account id"),
        ("user_account_id", json!(999_999), "no user account 999999"),
        ("user_account_id", json!(elsewhere.id), "no user account"),
        ("user_account_id", json!(true), "text or a whole number"),
        ("lo_id", json!("x"), "no learning object"),
        ("lo_id", json!(not_ours.lo_id), "no learning object"),
        ("assigner_account_id", json!(elsewhere.id), "no user account"),
        ("parent_enrollment_id", json!("7"), "no enrollment 7"),
        ("enrollment_type", json!("forced"), "assigned or self-directed"),
        ("enrollment_type", json!(""), "assigned or self-directed"),
        ("status", json!("expired"), "expired"),
        ("result", json!(50), "not-started"),
        ("pass", json!(true), "not-started"),
        ("start_date", json!("2022-01-01T00:00:00Z"), "not-started"),
        ("end_date", json!("2022-01-01T00:00:00Z"), "not-started"),
        ("due_date", json!("tomorrow"), "due_date"),
    ] {
        let mut asked = enrollment(&learner, &content);
        asked[field] = value;
        customer.post("/enrollments", asked).await.expect_field(field, message);
    }
    assert_eq!(customer.get("/enrollments").await.expect::<Page<Enrollment>>(200).total, 0);

    let path = format!("/enrollments/{}", customer.enroll(&learner, &content).await.id);
    customer.patch(&path, json!({"status": "in-progress"})).await.expect::<Enrollment>(200);
    for (changes, field, message) in [
        (json!({"status": "not-started"}), "status", "go back"),
        (json!({"result": 101}), "result", "between 0 and 100"),
        (json!({"result": -1}), "result", "between 0 and 100"),
        (json!({"end_date": "2022-01-01T00:00:00Z"}), "end_date", "completed"),
        (
            json!({"status": "completed", "start_date": "2022-02-01T00:00:00Z", "end_date": "2022-01-01T00:00:00Z"}),
            "end_date",
            "before start_date",
        ),
        (json!({"assigner_account_id": "999999"}), "assigner_account_id", "no user account"),
    ] {
        customer.patch(&path, changes).await.expect_field(field, message);
    }
}

#[tokio::test]
async fn ids_arrive_as_text_or_numbers_and_statuses_in_their_aliases() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let learner = customer.learner("grace@example.com").await;
    let content = customer.content("Fire safety").await;
    let asked = json!({
        "user_account_id": learner.id.parse::<u64>().unwrap(),
        "lo_id": content.id,
        "enrollment_type": "assigned",
        "assigner_account_id": app.customer.administrator_id.0,
        "status": "complete",
        "end_date": "2022-03-01T00:00:00+10:00",
        "due_date": "2022-07-01T00:00:00Z",
    });
    let made: Enrollment = customer.post("/enrollments", asked).await.expect(201);
    assert_eq!((made.status.as_str(), made.lo_id), ("completed", content.lo_id));
    assert_eq!(made.assign_date, Some(made.created_time));
    assert_eq!(made.assigner_account_id, Some(app.customer.administrator_id.to_string()));
    assert_eq!(made.end_date.unwrap().to_string(), "2022-02-28T14:00:00+00:00");
    let cleared: Enrollment =
        customer.patch(&format!("/enrollments/{}", made.id), json!({"due_date": null})).await.expect(200);
    assert_eq!(cleared.due_date, None);
}

#[tokio::test]
async fn an_assignment_may_be_taken_back_alone() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let learner = customer.learner("grace@example.com").await;
    let content = customer.content("Fire safety").await;
    let made = customer.enroll(&learner, &content).await;
    let path = format!("/enrollments/{}", made.id);
    customer.patch(&path, json!({"enrollment_type": "assigned"})).await.expect::<Enrollment>(200);
    customer.delete(&format!("{path}?retain_original=true")).await.expect_nothing(204);
    let kept: Enrollment = customer.get(&path).await.expect(200);
    assert_eq!(kept.enrollment_type, "self-directed");
    customer.delete(&format!("{path}?retain_original=true")).await.expect_nothing(204);
    customer.get(&path).await.expect_refusal(404, "no enrollment");
    // What was assigned from the start is not turned into something that the learner never chose.
    let mut assigned = enrollment(&learner, &content);
    assigned["enrollment_type"] = json!("assigned");
    let made: Enrollment = customer.post("/enrollments", assigned).await.expect(201);
    let path = format!("/enrollments/{}", made.id);
    customer.delete(&format!("{path}?retain_original=true")).await.expect_nothing(204);
    customer.get(&path).await.expect_refusal(404, "no enrollment");
}

#[tokio::test]
async fn parts_of_a_course_are_below_it_and_not_in_the_list() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let learner = customer.learner("grace@example.com").await;
    let other = customer.learner("other@example.com").await;
    let course = customer.content("Course").await;
    let module = customer.content("Module").await;
    let whole = customer.enroll(&learner, &course).await;
    let mut asked = enrollment(&learner, &module);
    asked["parent_enrolment_id"] = json!(whole.id);
    asked["enrollment_type"] = json!("");
    let part: Enrollment = customer.post("/enrollments", asked).await.expect(201);
    assert_eq!((part.enrollment_type.as_str(), part.parent_enrollment_id.as_ref()), ("", Some(&whole.id)));
    let page: Page<Enrollment> = customer.get("/enrollments").await.expect(200);
    assert_eq!(page.hits, std::slice::from_ref(&whole));
    let mut not_theirs = enrollment(&other, &module);
    not_theirs["parent_enrollment_id"] = json!(whole.id);
    customer.post("/enrollments", not_theirs).await.expect_field("parent_enrollment_id", "no enrollment");
}

#[tokio::test]
async fn a_list_is_narrowed_by_every_parameter() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let grace = customer.learner("grace@example.com").await;
    let alan = customer.learner("alan@example.com").await;
    let fire = customer.content("Fire").await;
    let water = customer.content("Water").await;
    let mut assigned = enrollment(&grace, &fire);
    assigned["enrollment_type"] = json!("assigned");
    assigned["assigner_account_id"] = json!(app.customer.administrator_id.to_string());
    assigned["due_date"] = json!("2022-07-01T12:00:00Z");
    let a: Enrollment = customer.post("/enrollments", assigned).await.expect(201);
    app.clock.advance(SignedDuration::from_secs(60));
    let b = customer.enroll(&grace, &water).await;
    app.clock.advance(SignedDuration::from_secs(60));
    let c = customer.enroll(&alan, &fire).await;
    app.clock.advance(SignedDuration::from_secs(60));
    let completed = json!({"status": "completed"});
    let b: Enrollment = customer.patch(&format!("/enrollments/{}", b.id), completed).await.expect(200);

    let check = async |query: String, expected: &[&Enrollment]| {
        let page: Page<Enrollment> = customer.get(&format!("/enrollments?{query}")).await.expect(200);
        let ids: Vec<_> = page.hits.iter().map(|hit| &hit.id).collect();
        assert_eq!(ids, expected.iter().map(|hit| &hit.id).collect::<Vec<_>>(), "{query}");
        assert_eq!(page.total, expected.len() as u64, "{query}");
    };
    check(String::new(), &[&c, &b, &a]).await;
    check("order=asc".into(), &[&a, &b, &c]).await;
    check("sort=updated_time".into(), &[&b, &c, &a]).await;
    check(format!("user_account_id={}", grace.id), &[&b, &a]).await;
    check(format!("assigner_account_id={}", app.customer.administrator_id), &[&a]).await;
    check(format!("lo_ids={},{}", fire.lo_id, water.lo_id), &[&c, &b, &a]).await;
    check(format!("lo_ids={}", water.lo_id), &[&b]).await;
    check("status=completed".into(), &[&b]).await;
    check("status=not-started,complete".into(), &[&c, &b, &a]).await;
    check("status=assigned".into(), &[&a]).await;
    check("enrollment_type=assigned".into(), &[&a]).await;
    check("enrollment_type=self-directed".into(), &[&c, &b]).await;
    check(format!("update_time_gte={}", c.updated_time).replace('+', "%2B"), &[&c, &b]).await;
    check(format!("update_time_gte={}", c.updated_time), &[&c, &b]).await;
    check(format!("update_time_lte={}", c.updated_time), &[&c, &a]).await;
    check("due_date_exists=1".into(), &[&a]).await;
    check("due_date_exists=false".into(), &[&c, &b]).await;
    check("due_date_gte=2022-07-01&due_date_lte=2022-07-01".into(), &[&a]).await;
    check("due_date_gte=2022-07-02".into(), &[]).await;
    check("end_date_gte=2022-03-29&end_date_lte=2022-03-29".into(), &[&b]).await;
    check("assign_date_gte=2022-03-29T01:29:36Z&assign_date_lte=2022-03-29T01:29:36Z".into(), &[&a]).await;
    check("unknown=x&sort=created_time&order=desc".into(), &[&c, &b, &a]).await;

    for (query, field, message) in [
        ("limit=51", "limit", "at most 50"),
        ("limit=x", "limit", "whole number"),
        ("limit=50&offset=9951", "offset", "10000"),
        ("status=done", "status", "done"),
        ("status=assigned,completed", "status", "alone"),
        ("status=assigned&enrollment_type=self-directed", "status", "not assigned"),
        ("enrollment_type=x", "enrollment_type", "assigned or self-directed"),
        ("user_account_id=x", "user_account_id", "user account id"),
        ("lo_ids=1,x", "lo_ids[1]", "learning object id"),
        ("update_time_gte=yesterday", "update_time_gte", "not an instant"),
        ("due_date_exists=maybe", "due_date_exists", "true nor false"),
        ("sort=name", "sort", "created_time"),
        ("order=up", "order", "asc or desc"),
    ] {
        customer.get(&format!("/enrollments?{query}")).await.expect_field(field, message);
    }
    customer.get("/enrollments?limit=50&offset=9950").await.expect::<Page<Enrollment>>(200);
}

#[tokio::test]
async fn many_writers_of_one_enrollment_all_come_to_their_end() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let learner = customer.learner("grace@example.com").await;
    let content = customer.content("Fire safety").await;
    let path = format!("/enrollments/{}", customer.enroll(&learner, &content).await.id);
    let writes = (0..16).map(|result| {
        let (customer, path) = (&customer, &path);
        async move { customer.patch(path, json!({"status": "in-progress", "result": result})).await.status }
    });
    assert_eq!(futures_util::future::join_all(writes).await, [200; 16]);
}
