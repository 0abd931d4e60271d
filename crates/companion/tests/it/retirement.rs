//! Who is told of content that ends, when, and how often.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::retiring::{ENDS, FIRE, FLAGGED, OTHER, Retiring, administrator, content_event, mail_settings};
use crate::world::{CUSTOMER, World};

const ADA: &str = "ada@customer.example";

fn moved_to(remove_time: &str) -> String {
    format!(r#","remove_time":"{remove_time}""#)
}

#[tokio::test]
async fn one_course_from_flag_to_removal() {
    let mut all = Retiring::begin().await;
    all.flag().await;
    assert_eq!(all.world.work().await, 0, "what is to be done about it is kept with the retirement");
    all.world.check_counts(&[("noted", 1)]).await;
    let told = all.until("2022-07-05T00:00:00Z").await;
    let title = "Fire safety";
    assert_eq!(
        told,
        [
            format!("03-29 02 {ADA} Content that ends: {title}"),
            format!("05-02 08 {ADA} Content that ends: {title}"),
            format!("05-29 09 learner-1@customer.example Complete it in time: {title}"),
            format!("05-29 09 learner-2@customer.example Complete it in time: {title}"),
            format!("05-30 08 {ADA} Content that ends: {title}"),
            format!("06-20 08 {ADA} Content that ends: {title}"),
            format!("06-21 09 learner-1@customer.example Complete it in time: {title}"),
            format!("06-21 09 learner-2@customer.example Complete it in time: {title}"),
            format!("06-27 08 {ADA} Content that ends: {title}"),
            format!("06-27 09 learner-1@customer.example Complete it in time: {title}"),
            format!("06-27 09 learner-2@customer.example Complete it in time: {title}"),
            format!("07-04 08 {ADA} Content that ends: {title}"),
        ]
    );
    let one = all.one().await;
    assert_eq!(
        (&one["state"], &one["removal"]["proof"]),
        (&"removed".into(), &"removed 23 h before the deadline".into())
    );
    let steps: Vec<&str> =
        one["history"].as_array().unwrap().iter().map(|step| step["what"].as_str().unwrap()).collect();
    assert_eq!(steps, ["told", "removed", "told", "told", "told", "told", "told", "flagged"]);
}

#[tokio::test]
async fn what_is_known_is_listed() {
    let all = Retiring::begin().await;
    all.flag().await;
    all.world.tend().await;
    let page = all.world.get("/retirements").await.body;
    let expected = json!({
        "id": "1", "portal_id": CUSTOMER, "lo_id": FIRE, "title": "Fire safety", "state": "scheduled", "days_left": 92,
        "remove_time": ENDS, "retire_time": null, "remove_here_at": "2022-06-28T01:29:36.000Z", "event_time": FLAGGED,
        "flagged_since": "2022-03-29T01:29:37.000Z", "revision": 1,
        "learners": {"in_progress": 1, "not_started": 1, "completed": 1, "assigned": 0, "recorded_completions": 0,
            "is_truncated": false, "as_of": "2022-03-29T01:29:37.000Z"},
        "is_mandatory": false, "replacement": {"lo_id": OTHER, "title": "Fire safety, again"},
        "alternatives": [{"lo_id": OTHER, "title": "Fire safety, again"}], "decision": null, "decided_at": null,
        "removal": {"asked_at": null, "tries": 0, "reason": null, "removed_at": null, "removed_by": null, "proof": null},
        "remark": null,
    });
    assert_eq!(page, json!({"total": 1, "retirements": [expected]}));
    for (query, total) in [
        ("?state=due,removed,withdrawn", 0),
        ("?state=scheduled", 1),
        ("?portal_id=22", 0),
        ("?lo_id=741712", 1),
        ("?offset=1", 1),
    ] {
        let page = all.world.get(&format!("/retirements{query}")).await.body;
        assert_eq!(page["total"], total, "{query}");
        assert_eq!(page["retirements"].as_array().unwrap().len(), usize::from(total == 1 && query != "?offset=1"));
    }
    assert_eq!(all.world.get("/retirements/2").await.status, 404);
    assert_eq!(all.world.get("/retirements?state=over").await.status, 400);
}

#[tokio::test]
async fn while_the_platform_is_away_it_is_told_without_details_and_they_come_later() {
    let mut all = Retiring::begin().await;
    all.world.platform.script().away = Some("0");
    all.flag().await;
    all.world.tend().await;
    let one = all.one().await;
    assert_eq!(one["remark"], "POST /oauth/token answered 503: away");
    all.at("2022-03-29T02:29:00Z").await;
    assert!(all.mails().await.is_empty());
    all.at("2022-03-29T02:29:37Z").await;
    let [mail] = all.mails().await.try_into().unwrap();
    assert_eq!(mail.subject, format!("Content that ends: content {FIRE}"));
    assert!(mail.content.contains("Who is enrolled could not be found out yet."), "{}", mail.content);
    all.world.platform.script().away = None;
    all.at("2022-03-29T03:00:00Z").await;
    let one = all.one().await;
    assert_eq!((&one["title"], &one["remark"]), (&"Fire safety".into(), &Value::Null));
}

#[tokio::test]
async fn many_courses_that_are_flagged_together_are_one_mail() {
    let mut all = Retiring::begin().await;
    all.flag().await;
    let more = moved_to(ENDS);
    all.world.deliver(&content_event(CUSTOMER, OTHER, "e2", "content.decommission", FLAGGED, &more)).await;
    all.world.tend().await;
    all.at("2022-03-29T01:34:37Z").await;
    let [mail] = all.mails().await.try_into().unwrap();
    assert_eq!(mail.subject, "Content that ends: 2 courses");
    assert!(
        mail.content.contains("Fire safety\n") && mail.content.contains("Fire safety, again\n"),
        "{}",
        mail.content
    );
}

#[tokio::test]
async fn a_learner_who_finished_meanwhile_is_not_told() {
    let mut all = Retiring::begin().await;
    all.flag().await;
    all.until("2022-05-29T08:30:00Z").await;
    all.world.platform.learns(CUSTOMER, "2", FIRE, "completed", "self-directed");
    all.at("2022-05-29T09:00:00Z").await;
    let told: Vec<String> = all.mails().await.into_iter().map(|mail| mail.to).collect();
    assert_eq!(told, ["learner-1@customer.example"]);
    let notices = all.notices().await;
    let dropped = notices.iter().find(|notice| notice["to"] == format!("learner:{CUSTOMER}:7002")).unwrap();
    assert_eq!(
        (&dropped["state"], &dropped["items"][0]["dropped"]),
        (&"dropped".into(), &"the learner has finished".into())
    );
    // Nor ever after.
    let told = all.until("2022-06-28T02:00:00Z").await;
    assert!(!told.iter().any(|line| line.contains("learner-2")), "{told:?}");
}

#[tokio::test]
async fn a_learner_who_cannot_be_asked_about_is_told_later_and_not_before() {
    let mut all = Retiring::begin().await;
    all.flag().await;
    all.until("2022-05-29T08:30:00Z").await;
    all.world.platform.script().away = Some("0");
    for _ in 0..3 {
        all.until("2022-05-29T12:00:00Z").await;
        assert!(all.mails().await.is_empty());
    }
    let waiting: Vec<Value> = all.notices().await.into_iter().filter(|notice| notice["state"] == "planned").collect();
    assert_eq!((waiting.len(), &waiting[0]["reason"]), (2, &"GET /enrollments/2 answered 503: away".into()));
    all.world.platform.script().away = None;
    all.world.platform.learns(CUSTOMER, "1", FIRE, "completed", "self-directed");
    all.at("2022-05-29T13:00:00Z").await;
    let told: Vec<String> = all.mails().await.into_iter().map(|mail| mail.to).collect();
    assert_eq!(told, ["learner-2@customer.example"]);
}

#[tokio::test]
async fn a_crash_after_the_server_took_it_repeats_it_under_the_same_id_and_nothing_else_does() {
    let mut all = Retiring::begin().await;
    all.flag().await;
    all.world.tend().await;
    // The server says OK, and then our record fails.
    all.sql("CREATE TRIGGER crash BEFORE UPDATE OF state ON mails BEGIN SELECT RAISE(ABORT, 'crash'); END").await;
    all.world.set_clock("2022-03-29T02:00:00Z");
    all.world.companion.tend_once().await.unwrap_err();
    let first = all.taken().await;
    all.sql("DROP TRIGGER crash").await;
    let mut all = all.restart(|_| ()).await;
    all.world.tend().await;
    let [second] = all.mails().await.try_into().unwrap();
    assert_eq!((&second.message_id, &second.to), (&first.message_id, &first.to));
    // Once it is recorded nothing repeats it.
    let mut all = all.restart(|_| ()).await;
    for _ in 0..3 {
        all.world.tend().await;
    }
    assert!(all.mails().await.is_empty());
    assert_eq!(all.notices().await.len(), 1);
}

#[tokio::test]
async fn a_server_that_is_away_is_waited_for_and_one_that_refuses_is_not() {
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let all = Retiring::with(|settings| {
        settings.retirement.administrators =
            vec![administrator("refused@customer.example", "UTC"), administrator(ADA, "UTC")];
    })
    .await;
    let port = all.mail.port;
    let all = all.restart(|settings| settings.mail = Some(mail_settings(nobody))).await;
    all.flag().await;
    all.world.tend().await;
    all.at("2022-03-29T02:00:00Z").await;
    let waiting = all.notices().await;
    assert!(waiting.iter().all(|notice| notice["state"] == "planned" && notice["tries"] == 1), "{waiting:?}");
    let mut all = all.restart(|settings| settings.mail = Some(mail_settings(port))).await;
    all.at("2022-03-29T02:30:00Z").await;
    let [mail] = all.mails().await.try_into().unwrap();
    assert_eq!(mail.to, ADA);
    let refused =
        all.notices().await.into_iter().find(|notice| notice["to"] != format!("administrator:{ADA}")).unwrap();
    assert_eq!(refused["state"], "refused");
    assert!(refused["reason"].as_str().unwrap().contains("no such user"), "{refused}");
}

#[tokio::test]
async fn a_mail_that_cannot_be_sent_for_three_days_is_news_no_more() {
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let mut all = Retiring::with(|settings| settings.mail = Some(mail_settings(nobody))).await;
    all.flag().await;
    all.until("2022-04-01T04:00:00Z").await;
    let [notice] = all.notices().await.try_into().unwrap();
    assert_eq!(notice["state"], "expired");
}

#[tokio::test]
async fn a_date_that_moves_twice_is_told_of_each_time_and_the_thresholds_anew() {
    let mut all = Retiring::begin().await;
    all.flag().await;
    let told = all.until("2022-05-29T10:00:00Z").await;
    assert_eq!(told.len(), 4, "{told:?}");
    all.tell("e2", "content.decommission", "2022-05-29T10:00:00.000Z", &moved_to("2022-07-29T01:29:36Z")).await;
    let told = all.until("2022-06-01T00:00:00Z").await;
    let digest = format!("05-30 08 {ADA} Content that ends: Fire safety");
    assert_eq!(told, [format!("05-29 11 {ADA} Content that ends: Fire safety"), digest]);
    let one = all.one().await;
    assert_eq!((&one["revision"], &one["remove_time"]), (&2.into(), &"2022-07-29T01:29:36.000Z".into()));
    // Earlier again; and one from before, which comes late, changes nothing.
    all.tell("e4", "content.decommission", "2022-06-01T00:00:00.000Z", &moved_to("2022-07-04T01:29:36Z")).await;
    all.tell("e3", "content.decommission", "2022-05-30T00:00:00.000Z", &moved_to("2022-12-24T01:29:36Z")).await;
    let told = all.until("2022-07-03T02:00:00Z").await;
    let learners = told.iter().filter(|line| line.contains("learner-1")).map(|line| &line[..8]).collect::<Vec<_>>();
    // Removed here on the 3rd of July: 30 days, 7 days and 1 day before, by the calendar.
    assert_eq!(learners, ["06-03 09", "06-26 09", "07-02 09"], "{told:?}");
    assert!(told[0].starts_with(&format!("06-01 01 {ADA}")), "{told:?}");
    assert_eq!(all.hook.asked(all.world.now()).len(), 1);
    assert_eq!(all.one().await["state"], "removed");
}

#[tokio::test]
async fn a_flag_that_is_withdrawn_is_told_to_whoever_knew_of_it_and_nothing_is_removed() {
    let mut all = Retiring::begin().await;
    all.flag().await;
    all.until("2022-05-29T10:00:00Z").await;
    all.tell("e2", "content.add", "2022-05-29T10:00:00.000Z", "").await;
    let told = all.until("2022-07-10T00:00:00Z").await;
    assert_eq!(
        told,
        [
            format!("05-29 11 {ADA} Content that ends: Fire safety"),
            "05-30 09 learner-1@customer.example It stays: Fire safety".to_owned(),
            "05-30 09 learner-2@customer.example It stays: Fire safety".to_owned(),
        ]
    );
    assert_eq!(all.one().await["state"], "withdrawn");
    assert!(all.hook.asked(all.world.now()).is_empty());
}

#[tokio::test]
async fn one_click_mutes_one_course_for_one_person() {
    let mut all = Retiring::begin().await;
    all.flag().await;
    all.world.tend().await;
    all.at("2022-03-29T02:00:00Z").await;
    let [mail] = all.mails().await.try_into().unwrap();
    assert!(mail.content.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click\n"), "{}", mail.content);
    let line = mail.content.lines().find_map(|line| line.strip_prefix("List-Unsubscribe: <")).unwrap();
    let url = line.trim_end_matches('>');
    let path = url.strip_prefix("https://bell.customer.example").unwrap();
    assert!(
        !url.contains("ada") && mail.content.contains(&format!("No more mail about it: {url}")),
        "{}",
        mail.content
    );
    // A program that follows links changes nothing.
    let (status, headers, page) = all.world.get_text(path).await;
    assert_eq!((status, page.contains("<form method=\"post\">"), page.contains("Fire safety")), (200, true, true));
    assert!(headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
    let told = all.until("2022-05-02T08:30:00Z").await;
    assert_eq!(told.len(), 1, "{told:?}");
    // Long after, it is good still; and twice is once.
    for _ in 0..2 {
        let (status, _) = all.world.post_text(path, "List-Unsubscribe=One-Click").await;
        assert_eq!(status, 200);
    }
    let told = all.until("2022-06-29T00:00:00Z").await;
    assert!(told.iter().all(|line| line.contains("learner")) && told.len() == 6, "{told:?}");
    let history = all.one().await["history"].to_string();
    assert_eq!(history.matches("\"muted\"").count(), 1, "{history}");
    let mut other = path.to_owned();
    other.pop();
    for wrong in [other.as_str(), "/mute/1-1-00000000000000000000000000000000", "/mute/x"] {
        assert_eq!(all.world.get(wrong).await.status, 404);
        assert_eq!(all.world.post_text(wrong, "").await.0, 404);
    }
}

#[tokio::test]
async fn what_is_mandatory_is_told_of_at_once() {
    let mut all = Retiring::begin().await;
    all.world.platform.learns(CUSTOMER, "1", FIRE, "not-started", "assigned");
    all.flag().await;
    let told = all.until("2022-06-28T23:00:00Z").await;
    let administrators: Vec<_> = told.iter().filter(|line| line.contains(ADA)).map(String::as_str).collect();
    let urgent = "Ends within days, and people must complete it: Fire safety";
    assert_eq!(administrators[4..], [format!("06-22 00 {ADA} {urgent}"), format!("06-28 00 {ADA} {urgent}")]);
}

#[tokio::test]
async fn a_digest_comes_at_the_hour_of_whoever_reads_it() {
    let mut all = Retiring::with(|settings| {
        settings.retirement.administrators =
            vec![administrator("nils@customer.example", "Pacific/Auckland"), administrator(ADA, "America/New_York")];
    })
    .await;
    all.flag().await;
    let told = all.until("2022-05-03T00:00:00Z").await;
    // Monday at 8 is Sunday at 20 here for the one, and Monday noon for the other: found at the next look, at 14.
    assert_eq!(
        told[2..],
        [
            "05-01 20 nils@customer.example Content that ends: Fire safety".to_owned(),
            format!("05-02 14 {ADA} Content that ends: Fire safety")
        ],
        "{told:?}"
    );
}

#[tokio::test]
async fn titles_cannot_become_markup_nor_headers() {
    let mut all = Retiring::begin().await;
    let title = "<b>Fire</b>\r\nBcc: eve@example.com";
    all.world.platform.script().content.insert(FIRE.to_owned(), title.to_owned());
    all.flag().await;
    all.world.tend().await;
    all.at("2022-03-29T02:00:00Z").await;
    let [mail] = all.mails().await.try_into().unwrap();
    assert_eq!(mail.subject, "Content that ends: <b>Fire</b>  Bcc: eve@example.com");
    assert!(mail.content.contains("<h3>&lt;b&gt;Fire&lt;/b&gt;  Bcc: eve@example.com</h3>"), "{}", mail.content);
    assert!(mail.content.contains("multipart/alternative") && !mail.content.contains("\nBcc:"), "{}", mail.content);
}

#[tokio::test]
async fn a_portal_may_keep_its_learners_to_itself_and_have_others_told() {
    let mut all = Retiring::with(|settings| {
        settings.retirement.portals = vec![companion::config::retirement::PortalNotices {
            portal_id: CUSTOMER.into(),
            administrators: Some(vec![administrator("eve@customer.example", "UTC")]),
            learner_notices: false,
            time_zone: "UTC".into(),
        }];
    })
    .await;
    all.flag().await;
    let told = all.until("2022-06-27T10:00:00Z").await;
    assert!(told.iter().all(|line| line.contains("eve@customer.example")) && told.len() == 5, "{told:?}");
}

#[tokio::test]
async fn a_rehearsal_shows_what_is_then_sent() {
    let mut all = Retiring::begin().await;
    all.flag().await;
    all.at("2022-03-29T01:30:00Z").await;
    let upcoming = all.world.get("/retirements/notices?days=91").await.body["upcoming"].clone();
    let upcoming: Vec<String> = upcoming
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            format!("{} {}", &one["at"].as_str().unwrap()[5..13].replace('T', " "), one["kind"].as_str().unwrap())
        })
        .collect();
    let told = all.until("2022-06-28T01:00:00Z").await;
    let hours = |list: &[String]| list.iter().map(|line| line[..8].to_owned()).collect::<Vec<_>>();
    assert_eq!(hours(&upcoming), hours(&told));
    assert_eq!(upcoming.len(), 11, "{upcoming:?}");
}

#[tokio::test]
async fn a_dry_run_sends_nothing_and_shows_everything() {
    let all = Retiring::with(|settings| settings.retirement.dry_run_notices = true).await;
    all.flag().await;
    all.world.tend().await;
    all.at("2022-03-29T02:00:00Z").await;
    assert!(all.notices().await.is_empty());
    let upcoming = all.world.get("/retirements/notices?days=1").await.body["upcoming"].clone();
    assert_eq!((&upcoming[0]["to"], &upcoming[0]["kind"]), (&format!("administrator:{ADA}").into(), &"notice".into()));
}

#[tokio::test]
async fn events_from_before_there_were_retirements_are_read_once() {
    let world = World::begin().await;
    world.deliver(&content_event(CUSTOMER, FIRE, "e1", "content.decommission", FLAGGED, &moved_to(ENDS))).await;
    let forget = |connection: &rusqlite::Connection| {
        connection.execute_batch("DELETE FROM retirement_steps; DELETE FROM retirements")
    };
    world.database.write(forget).await.unwrap();
    let world = world.restart(|_| ()).await;
    for _ in 0..2 {
        world.tend().await;
        let page = world.get("/retirements").await.body;
        assert_eq!((&page["total"], &page["retirements"][0]["remove_time"]), (&1.into(), &ENDS.into()));
    }
    world.database.write(forget).await.unwrap();
    world.tend().await;
    assert_eq!(world.get("/retirements").await.body["total"], 0);
}

#[tokio::test]
async fn what_ends_at_no_time_that_can_be_is_still_kept() {
    let all = Retiring::begin().await;
    for (event, time) in [("e1", "9999-12-30T22:00:00Z"), ("e2", "0001-01-01T00:00:00Z")] {
        let at: Timestamp = time.parse().unwrap();
        let event_time = format!("2022-03-29T01:29:{}.000Z", if event == "e1" { 36 } else { 37 });
        all.tell(event, "content.decommission", &event_time, &moved_to(time)).await;
        all.world.tend().await;
        assert_eq!(all.one().await["remove_time"].as_str().unwrap().parse::<Timestamp>().unwrap(), at);
    }
    assert_eq!(all.one().await["state"], "removed");
}
