//! Content is removed in time, or that it is late is said; and what administrators decide, see and download.

use serde_json::{Value, json};

use crate::retiring::{ENDS, FIRE, FLAGGED, OTHER, Retiring, content_event};
use crate::world::CUSTOMER;

#[tokio::test]
async fn the_hook_is_asked_a_day_before_and_its_yes_is_the_proof() {
    let all = Retiring::begin().await;
    all.flag().await;
    all.world.tend().await;
    all.at("2022-06-28T01:29:35Z").await;
    assert!(all.hook.asked(all.world.now()).is_empty());
    all.at("2022-06-28T01:29:36Z").await;
    let asked = all.hook.asked(all.world.now());
    let expected = json!({
        "type": "content.removal", "id": "removal_1_1656466176000", "retirement_id": "1", "portal_id": CUSTOMER,
        "lo_id": FIRE, "title": "Fire safety", "remove_time": ENDS, "deadline": ENDS,
        "remove_here_at": "2022-06-28T01:29:36.000Z", "is_late": false, "attempt_number": 1,
    });
    assert_eq!(asked, [expected]);
    let removal = all.one().await["removal"].clone();
    assert_eq!(
        (&removal["removed_by"], &removal["proof"]),
        (&"hook".into(), &"removed 24 h before the deadline".into())
    );
    all.at("2022-06-29T01:29:36Z").await;
    assert!(all.hook.asked(all.world.now()).is_empty(), "it is removed once");
}

#[tokio::test]
async fn a_hook_that_fails_is_asked_until_it_confirms_and_administrators_are_called() {
    let mut all = Retiring::begin().await;
    all.flag().await;
    all.until("2022-06-28T01:00:00Z").await;
    all.hook.answers(500);
    let told = all.until("2022-06-29T03:00:00Z").await;
    let late = "ada@customer.example Not removed yet: Fire safety";
    assert_eq!(told, [format!("06-28 14 {late}"), format!("06-29 01 {late}"), format!("06-29 02 {late}")]);
    let one = all.one().await;
    assert_eq!(
        (&one["state"], &one["removal"]["reason"]),
        (&"due".into(), &"the hook answered 500 Internal Server Error".into())
    );
    all.hook.answers(204);
    all.at("2022-06-29T04:29:36Z").await;
    let one = all.one().await;
    assert_eq!(
        (&one["state"], &one["removal"]["proof"]),
        (&"removed".into(), &"removed late, 3 h after the deadline".into())
    );
    assert_eq!((&one["removal"]["tries"], one["history"].to_string().matches("\"failed\"").count()), (&9.into(), 1));
}

#[tokio::test]
async fn it_is_removed_in_time_while_the_platform_is_away() {
    let all = Retiring::begin().await;
    all.flag().await;
    all.world.platform.script().away = Some("0");
    all.at("2022-06-28T01:29:36Z").await;
    let one = all.one().await;
    assert_eq!((&one["state"], &one["title"]), (&"removed".into(), &Value::Null));
    assert_eq!(one["removal"]["proof"], "removed 24 h before the deadline");
}

#[tokio::test]
async fn after_a_time_of_being_down_it_is_removed_at_once_and_that_it_is_late_is_said() {
    for (back_at, proof, is_late) in [
        ("2022-06-28T20:29:36Z", "removed 5 h before the deadline", false),
        ("2022-07-09T01:29:36Z", "removed late, 10 days after the deadline", true),
    ] {
        let all = Retiring::begin().await;
        all.flag().await;
        all.world.tend().await;
        all.world.set_clock(back_at);
        let mut all = all.restart(|_| ()).await;
        all.world.tend().await;
        let asked = all.hook.asked(all.world.now());
        assert_eq!((asked.len(), &asked[0]["is_late"]), (1, &is_late.into()));
        assert_eq!(all.one().await["removal"]["proof"], proof);
        // Nobody is called because of what is done, and no learner is told that there is time.
        let told: Vec<String> = all.mails().await.into_iter().map(|mail| mail.subject).collect();
        assert!(told.iter().all(|subject| subject == "Content that ends: Fire safety"), "{told:?}");
    }
}

#[tokio::test]
async fn without_a_hook_it_waits_to_be_fetched() {
    let mut all = Retiring::with(|settings| {
        (settings.retirement.removal_hook_url, settings.retirement.removal_hook_secret) = (None, None);
    })
    .await;
    all.flag().await;
    all.until("2022-06-28T03:00:00Z").await;
    let due = all.world.get("/retirements?state=due").await.body;
    assert_eq!((&due["total"], &due["retirements"][0]["lo_id"]), (&1.into(), &FIRE.into()));
    let told = all.until("2022-06-28T20:00:00Z").await;
    assert_eq!(told, ["06-28 14 ada@customer.example Not removed yet: Fire safety"]);
    for _ in 0..2 {
        assert_eq!(all.world.post_json("/retirements/1/removed", &json!({"by": "the LMS"})).await.status, 200);
    }
    let one = all.one().await;
    assert_eq!((&one["state"], &one["removal"]["removed_by"]), (&"removed".into(), &"the LMS".into()));
    assert_eq!(one["removal"]["proof"], "removed 5 h before the deadline");
    assert_eq!(all.world.get("/retirements?state=due").await.body["total"], 0);
    assert_eq!(all.world.post_json("/retirements/7/removed", &json!({})).await.status, 404);
}

#[tokio::test]
async fn what_is_withdrawn_or_moved_after_it_was_removed_is_said_truthfully() {
    let mut all = Retiring::begin().await;
    all.flag().await;
    all.until("2022-06-28T04:00:00Z").await;
    assert_eq!(all.hook.asked(all.world.now() - jiff::SignedDuration::from_hours(2)).len(), 1);
    // Moved: it is removed again at the new time, for somebody may have put it back.
    let more = r#","remove_time":"2022-07-29T01:29:36Z""#;
    all.tell("e2", "content.decommission", "2022-06-28T04:00:00.000Z", more).await;
    assert_eq!(all.one().await["state"], "scheduled");
    let told = all.until("2022-07-28T03:00:00Z").await;
    assert!(told[0].ends_with("Content that ends: Fire safety"), "{told:?}");
    assert_eq!(all.one().await["state"], "removed");
    all.tell("e3", "content.add", "2022-07-28T04:00:00.000Z", "").await;
    all.at("2022-07-28T05:00:00Z").await;
    let mail = all.mails().await.pop().unwrap();
    assert!(mail.content.contains("removed from your application already: put it back"), "{}", mail.content);
    let one = all.one().await;
    assert_eq!(one["state"], "withdrawn");
    let history = one["history"].to_string();
    assert_eq!(history.matches("\"removed\"").count(), 2, "{history}");
    assert_eq!(all.world.post_json("/retirements/1/removed", &json!({})).await.status, 200, "it was removed before");
}

#[tokio::test]
async fn a_withdrawn_one_is_not_to_be_removed() {
    let all = Retiring::begin().await;
    all.flag().await;
    all.tell("e2", "content.add", "2022-03-30T00:00:00.000Z", "").await;
    let refused = all.world.post_json("/retirements/1/removed", &json!({})).await;
    assert_eq!((refused.status, refused.body["message"].as_str().unwrap().contains("put it back")), (409, true));
}

#[tokio::test]
async fn what_is_gone_already_is_removed_at_once() {
    let all = Retiring::begin().await;
    all.tell("e1", "content.remove", FLAGGED, "").await;
    all.world.tend().await;
    assert_eq!(all.hook.asked(all.world.now())[0]["is_late"], true);
    assert_eq!(all.one().await["removal"]["proof"], "removed late, 1 s after the deadline");
}

#[tokio::test]
async fn decisions_are_recorded_with_who_and_when_and_the_last_counts() {
    let mut all = Retiring::begin().await;
    all.flag().await;
    all.world.tend().await;
    let decide = async |decision: Value| all.world.post_json("/retirements/1/decision", &decision).await.status;
    assert_eq!(decide(json!({"decision": "expire", "by": "Ada"})).await, 200);
    let one = all.one().await;
    assert_eq!((&one["decision"]["decision"], &one["replacement"]), (&"expire".into(), &Value::Null));
    assert_eq!(decide(json!({"decision": "replace", "replacement_lo_id": OTHER, "by": "Eve"})).await, 200);
    let one = all.one().await;
    assert_eq!(
        one["decision"],
        json!({"decision": "replace", "replacement_lo_id": OTHER, "reason": null, "by": "Eve"})
    );
    assert_eq!(
        (&one["decided_at"], &one["replacement"]["title"]),
        (&"2022-03-29T01:29:37.000Z".into(), &"Fire safety, again".into())
    );
    let history = one["history"].as_array().unwrap();
    assert_eq!((&history[0]["who"], &history[1]["who"]), (&"Eve".into(), &"Ada".into()));
    assert_eq!(history[0]["detail"], format!("replace it by content {OTHER}"));
    for wrong in [
        json!({"decision": "expire"}),
        json!({"decision": "sell", "by": "Ada"}),
        json!({"decision": "dismiss", "by": "Ada"}),
    ] {
        assert!((400..=422).contains(&decide(wrong).await));
    }
    assert_eq!(
        all.world.post_json("/retirements/9/decision", &json!({"decision": "expire", "by": "A"})).await.status,
        404
    );
    // Who dismisses it hears no more, nor do learners; and it is removed all the same.
    assert_eq!(decide(json!({"decision": "dismiss", "reason": "handled elsewhere", "by": "Ada"})).await, 200);
    assert_eq!(all.until("2022-06-28T02:00:00Z").await, Vec::<String>::new());
    assert_eq!(all.one().await["state"], "removed");
}

#[tokio::test]
async fn a_calendar_has_a_secret_address_and_follows_the_dates() {
    let all = Retiring::begin().await;
    all.flag().await;
    all.world.tend().await;
    let rotate = async |email: &str| all.world.post_json("/retirements/calendars", &json!({"email": email})).await;
    assert_eq!(rotate("eve@customer.example").await.status, 400);
    let first = rotate("Ada@customer.example").await.body["url"].as_str().unwrap().to_owned();
    let path = first.strip_prefix("https://bell.customer.example").unwrap().to_owned();
    let feed = async |path: &str| all.world.get_text(path).await;
    let (status, headers, text) = feed(&path).await;
    assert_eq!((status, &headers["content-type"]), (200, &"text/calendar; charset=utf-8".parse().unwrap()));
    for line in [
        "UID:741712.11861197@retirement.schoolbell",
        "SEQUENCE:1",
        "STATUS:CONFIRMED",
        "DTSTART;VALUE=DATE:20220629",
        "TRIGGER:-P7D",
    ] {
        assert!(text.contains(&format!("{line}\r\n")), "{text}");
    }
    all.tell("e2", "content.decommission", "2022-03-30T00:00:00.000Z", r#","remove_time":"2022-08-01T00:00:00Z""#)
        .await;
    let (_, _, text) = feed(&path).await;
    assert!(text.contains("SEQUENCE:2\r\n") && text.contains("DTSTART;VALUE=DATE:20220801\r\n"), "{text}");
    all.tell("e3", "content.add", "2022-03-31T00:00:00.000Z", "").await;
    let (_, _, text) = feed(&path).await;
    assert!(text.contains("SEQUENCE:3\r\n") && text.contains("STATUS:CANCELLED\r\n"), "{text}");
    // The token itself is not in the database, and another address takes its place.
    let token = path.trim_start_matches("/calendar/").trim_end_matches(".ics");
    let second = rotate("ada@customer.example").await.body["url"].as_str().unwrap().to_owned();
    assert_eq!(feed(&path).await.0, 404);
    assert_eq!(feed(second.strip_prefix("https://bell.customer.example").unwrap()).await.0, 200);
    assert!(
        !std::fs::read(&all.world.settings.database).unwrap().windows(token.len()).any(|part| part == token.as_bytes())
    );
    for wrong in ["/calendar/.ics", "/calendar/x.ics", "/calendar/x"] {
        assert_eq!(feed(wrong).await.0, 404, "{wrong}");
    }
}

#[tokio::test]
async fn a_table_has_what_is_to_come_and_no_formulas() {
    let all = Retiring::begin().await;
    all.world.platform.script().content.insert(FIRE.to_owned(), "=HYPERLINK(\"https://eve.example\")".to_owned());
    all.flag().await;
    let more = format!(r#","remove_time":"{ENDS}""#);
    all.world.deliver(&content_event(CUSTOMER, OTHER, "e2", "content.decommission", FLAGGED, &more)).await;
    all.world.deliver(&content_event(CUSTOMER, OTHER, "e3", "content.add", "2022-03-29T01:29:37.000Z", "")).await;
    all.world.tend().await;
    let (status, headers, csv) = all.world.get_text("/retirements.csv").await;
    assert_eq!((status, &headers["content-type"]), (200, &"text/csv; charset=utf-8".parse().unwrap()));
    let lines: Vec<&str> = csv.split("\r\n").collect();
    assert_eq!(
        lines[1],
        "1,\"11861197\",\"741712\",\"'=HYPERLINK(\"\"https://eve.example\"\")\",scheduled,92,2022-06-29T01:29:36.000Z,\
         2022-06-28T01:29:36.000Z,1,1,1,false,\"Fire safety, again\",,\"\",,\"\""
    );
    assert_eq!((lines.len(), lines[2]), (3, ""), "{csv}");
}

#[tokio::test]
async fn all_of_it_needs_the_token_but_for_what_people_of_outside_are_sent() {
    let all = Retiring::with(|settings| settings.api_token = Some("the-token".into())).await;
    for path in ["/retirements", "/retirements/1", "/retirements.csv", "/retirements/notices"] {
        assert_eq!(all.world.get(path).await.status, 401, "{path}");
        assert_ne!(all.world.get_with_token(path, "Bearer the-token").await.status, 401, "{path}");
    }
    for path in ["/retirements/1/decision", "/retirements/1/removed", "/retirements/1/mute", "/retirements/calendars"] {
        assert_eq!(all.world.post_json(path, &json!({})).await.status, 401, "{path}");
    }
    for path in ["/mute/x", "/calendar/x.ics"] {
        assert_eq!(all.world.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn what_is_not_json_is_not_taken() {
    // A page of others could send a form to an address on this machine; it cannot send JSON.
    let all = Retiring::begin().await;
    all.flag().await;
    for path in ["/retirements/1/decision", "/retirements/1/removed", "/retirements/1/mute"] {
        assert_eq!(all.world.post_text(path, r#"{"by":"eve"}"#).await.0, 415, "{path}");
    }
    let all_day = all.world.post_json("/retirements/1/mute", &json!({"email": "ada@customer.example"})).await;
    assert_eq!(all_day.status, 200);
    let again = json!({"email": "ada@customer.example", "muted": false});
    assert_eq!(all.world.post_json("/retirements/1/mute", &again).await.status, 200);
    assert_eq!(all.world.post_json("/retirements/1/mute", &json!({"email": "eve@example.com"})).await.status, 400);
}
