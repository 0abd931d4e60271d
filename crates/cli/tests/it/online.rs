//! Commands that call a platform or a companion.

use crate::platform::{AUDIT_ENTRIES, DESTINATION, ENROLLMENT, EVENT, NOTICE, Platform, STANDINGS, WEBHOOK};
use crate::{printed, run};

/// Runs a command; checks what it asked and that it printed these rows, white space aside.
async fn check(command: &str, asked: &str, rows: &[&str]) {
    let platform = Platform::start().await;
    let printed = printed(&platform.line(command)).await;
    assert_eq!(platform.last_asked(), asked);
    let lines: Vec<String> =
        printed.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for row in rows {
        assert!(lines.iter().any(|line| line == row), "{row:?} is not in\n{printed}");
    }
    assert!(!printed.contains("MyS3cretK#y"), "a table shows no secret\n{printed}");
}

/// Runs a command with `--json`; checks that it printed this JSON.
async fn check_json(command: &str, expected: &str) {
    let platform = Platform::start().await;
    let printed = printed(&platform.line(&format!("{command} --json"))).await;
    let printed: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(printed, serde_json::from_str::<serde_json::Value>(expected).unwrap());
}

#[tokio::test]
async fn webhooks_are_shown() {
    let row = "xUjKifleke4u inactive (gone) Main https://a.example/hook enrollment.complete, content.decommission";
    check("webhook list", "GET /webhooks", &["id status name address event types", row]).await;
    let rows = [
        "id xUjKifleke4u",
        "status inactive (gone)",
        "secret set",
        "rate limit 10 a second",
        "headers X-Api-Key",
        "updated 2022-03-30T01:29:36.000Z",
    ];
    check("webhook get xUjKifleke4u", "GET /webhooks/xUjKifleke4u", &rows).await;
    check_json("webhook get xUjKifleke4u", WEBHOOK).await;
    check_json("webhook list", &format!(r#"{{"total":1,"hits":[{WEBHOOK}]}}"#)).await;
}

#[tokio::test]
async fn webhooks_are_changed() {
    check(
        "webhook create https://a.example/hook -e enrollment.complete,content.add --event-type content.remove \
         --name Main --secret-key hidden",
        r#"POST /webhooks {"name":"Main","url":"https://a.example/hook","secret_key":"hidden","event_types":["enrollment.complete","content.add","content.remove"]}"#,
        &["id xUjKifleke4u"],
    )
    .await;
    check(
        "webhook create https://a.example -e content.add --rate-limit 5 --header X-Key=a=b --header Authorization=t",
        r#"POST /webhooks {"url":"https://a.example","event_types":["content.add"],"rate_limit":5,"headers":{"Authorization":"t","X-Key":"a=b"}}"#,
        &["id xUjKifleke4u"],
    )
    .await;
    let paused = r#"PATCH /webhooks/xUjKifleke4u {"status":"paused"}"#;
    check("webhook pause xUjKifleke4u", paused, &["id xUjKifleke4u"]).await;
    let active = r#"PATCH /webhooks/xUjKifleke4u {"status":"active"}"#;
    check("webhook resume xUjKifleke4u", active, &["id xUjKifleke4u"]).await;
    check("webhook delete xUjKifleke4u", "DELETE /webhooks/xUjKifleke4u", &["deleted xUjKifleke4u"]).await;
    check_json("webhook delete xUjKifleke4u", r#"{"id":"xUjKifleke4u","deleted":true}"#).await;
}

#[tokio::test]
async fn what_is_given_of_a_webhook_is_changed() {
    for (changes, body) in [
        ("--rate-limit 10", r#"{"rate_limit":10}"#),
        ("--no-rate-limit", r#"{"rate_limit":null}"#),
        ("--header X-Key=v --header a=", r#"{"headers":{"X-Key":"v","a":""}}"#),
        ("--no-headers", r#"{"headers":null}"#),
        (
            "--name Main --address https://b.example -e content.add,content.remove",
            r#"{"name":"Main","url":"https://b.example","event_types":["content.add","content.remove"]}"#,
        ),
    ] {
        let asked = format!("PATCH /webhooks/xUjKifleke4u {body}");
        check(&format!("webhook update xUjKifleke4u {changes}"), &asked, &["id xUjKifleke4u"]).await;
    }
}

#[tokio::test]
async fn a_webhook_is_tested() {
    let asked = "POST /webhooks/aaaaaaaaaaa1/test {}";
    let remark = "the test is on its way: see `schoolbell delivery get 4711`";
    check("webhook test aaaaaaaaaaa1", asked, &["event type enrollment.complete (test)", remark]).await;
    let asked = r#"POST /webhooks/aaaaaaaaaaa1/test {"event_type":"content.add"}"#;
    check("webhook test aaaaaaaaaaa1 --event-type content.add", asked, &["id 4711"]).await;
    let rows = ["status delivered", "1 2022-03-29T01:29:36.000Z 7 200"];
    check("webhook test aaaaaaaaaaa1 --wait", "GET /deliveries/4711", &rows).await;
    for (digit, status, said) in [
        ('2', "pending", "the test reached the receiver, which answered 500"),
        ('3', "pending", "the test did not reach the receiver: timeout, no answer in 10 s"),
        ('4', "held", "the webhook is inactive: the test goes out when it is resumed"),
    ] {
        let platform = Platform::start().await;
        let ended = run(&platform.line(&format!("webhook test aaaaaaaaaaa{digit} --wait"))).await;
        assert_eq!(ended.error.as_deref(), Some(said));
        assert!(ended.printed.contains(status), "{}", ended.printed);
    }
}

#[tokio::test]
async fn enrollments_are_shown() {
    let rows = ["id 101916887", "pass true", "result 90", "started -", "ended 2022-03-29T01:29:36+00:00"];
    check("enrollment get 101916887", "GET /enrollments/101916887", &rows).await;
    check_json("enrollment get 101916887", ENROLLMENT).await;
    let row = "101916887 completed true 90 741712 7 2022-03-29T01:29:36+00:00";
    let asked = "GET /enrollments?limit=20&offset=0";
    check("enrollment list", asked, &["id status pass result content user account updated", row, "1 of 1"]).await;
    check_json("enrollment list", &format!(r#"{{"total":1,"hits":[{ENROLLMENT}]}}"#)).await;
    check(
        "enrollment list --status completed --since 2022-03-29T01:00:00Z --user-account 7 --lo 1,2 --limit 5 --offset 10",
        "GET /enrollments?limit=5&offset=10&status=completed&update_time_gte=2022-03-29T01%3A00%3A00.000Z\
         &user_account_id=7&lo_ids=1%2C2",
        &[row],
    )
    .await;
    let asked = "GET /enrollments?limit=50&offset=0&status=completed&sort=updated_time&order=asc";
    check("enrollment list --all --status completed", asked, &[row, "1 of 1"]).await;
}

#[tokio::test]
async fn enrollments_are_completed() {
    let passed = r#"PATCH /enrollments/101916887 {"status":"completed","pass":true}"#;
    check("enrollment complete 101916887", passed, &["status completed"]).await;
    let failed = r#"PATCH /enrollments/101916887 {"status":"completed","result":10,"pass":false}"#;
    check("enrollment complete 101916887 --failed --result 10", failed, &["status completed"]).await;
}

#[tokio::test]
async fn events_are_shown() {
    let row = "hg4JWUDbT55B 2022-03-29T01:29:36.676Z enrollment.complete 101916887 11861197";
    let header = "id stored event type about portal";
    check("event list", "GET /events?limit=20&offset=0", &[header, row, "1 of 1"]).await;
    check(
        "event list --enrollment 101916887 --type enrollment.complete,enrollment.create --from 2022-03-29T01:00:00Z \
         --to 2022-03-30T00:00:00Z --limit 5 --offset 10",
        "GET /events?limit=5&offset=10&enrollment_id=101916887&event_type=enrollment.complete%2Cenrollment.create\
         &from=2022-03-29T01%3A00%3A00.000Z&to=2022-03-30T00%3A00%3A00.000Z",
        &[row],
    )
    .await;
    check("event list --lo 741712", "GET /events?limit=20&offset=0&lo_id=741712", &[row]).await;
    let rows = [
        "id hg4JWUDbT55B",
        "webhook name status reason delivery attempts what it means",
        "xUjKifleke4u Main delivered - 4711 1 It arrived.",
        "yUjKifleke4u - not_told made_later - - It was made later.",
    ];
    for command in ["event show", "event get"] {
        check(&format!("{command} hg4JWUDbT55B"), "GET /events/hg4JWUDbT55B", &rows).await;
    }
    check_json("event show hg4JWUDbT55B", &format!("{EVENT},{STANDINGS}}}")).await;
    check("event why --enrollment 101916887", "GET /enrollments/101916887/events", &rows).await;
    let none = "no completion: The enrollment is not completed.";
    check("event why --enrollment 101916888", "GET /enrollments/101916888/events", &[none]).await;
}

#[tokio::test]
async fn destinations_are_shown_and_changed() {
    let row = "31001 active Moodle 250 - https://lms.example.com";
    check("destination list", "GET /destinations", &["id status name seats expires origins", row]).await;
    let rows = ["token 0123456789abcdefghijABCDEFGHIJ42", "seats 250", "expires never", "pseudonymous yes"];
    check("destination get 31001", "GET /destinations/31001", &rows).await;
    check_json("destination get 31001", DESTINATION).await;
    check_json("destination list", &format!(r#"{{"total":1,"hits":[{DESTINATION}]}}"#)).await;
    let plain = r#"POST /destinations {"name":"Moodle","lower_status":false,"pseudonymous":false}"#;
    check("destination create Moodle", plain, &["id 31001"]).await;
    check(
        "destination create Moodle --origin https://a.example --origin http://b.example:1 --seats 5 \
         --expires 2030-01-01T00:00:00Z --lower-status --pseudonymous",
        r#"POST /destinations {"name":"Moodle","lms_origins":["https://a.example","http://b.example:1"],"seats_max":5,"expires_time":"2030-01-01T00:00:00.000Z","lower_status":true,"pseudonymous":true}"#,
        &["id 31001"],
    )
    .await;
    for (arguments, asked) in [
        ("update 31001 --name LMS --lower-status false", r#"{"name":"LMS","lower_status":false}"#),
        ("update 31001 --origin https://a.example --seats 7", r#"{"lms_origins":["https://a.example"],"seats_max":7}"#),
        (
            "update 31001 --any-origin --any-seats --no-expiry --active",
            r#"{"status":"active","lms_origins":[],"seats_max":null,"expires_time":null}"#,
        ),
        ("revoke 31001", r#"{"status":"revoked"}"#),
    ] {
        check(&format!("destination {arguments}"), &format!("PATCH /destinations/31001 {asked}"), &["id 31001"]).await;
    }
}

#[tokio::test]
async fn a_package_is_written_into_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("course.zip");
    let to = format!("--output {}", file.display());
    let said = format!("wrote {}, 8 bytes", file.display());
    check(&format!("package download 741712 {to}"), "GET /learning-objects/741712/scorm", &[&said]).await;
    assert_eq!(std::fs::read(&file).unwrap(), b"PK a zip");
    let asked = "GET /learning-objects/741712/scorm?version=2004-3&destination=31001&ref=HR%3B42";
    let command =
        format!("package download 741712 --version 2004-3 --destination 31001 --ref HR;42 -o {}", file.display());
    check(&command, asked, &[&said]).await;
    let written = serde_json::json!({"learning_object": "741712", "file": file, "bytes": 8}).to_string();
    check_json(&format!("package download 741712 {to}"), &written).await;
}

#[tokio::test]
async fn completions_are_shown() {
    let platform = Platform::start().await;
    let line = format!("schoolbell companion completions --companion {}/ --after 17 --limit 2", platform.url);
    let table = printed(&line).await;
    assert_eq!(platform.last_asked(), "GET /completions?after=17&limit=2");
    let rows: Vec<String> = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert!(rows.contains(
        &"18 2022-03-29T01:29:36Z completed true HR-42 ada.l ada@example.com 101916887 11861197 741712 hg4JWUDbT55B".to_owned()
    ));
    assert!(rows.contains(&"19 - - - - - - 101916888 11861197 741712 ig4JWUDbT55B".to_owned()), "{table}");
    assert_eq!(rows.last().unwrap(), "go on with --after 19");

    let json: serde_json::Value = serde_json::from_str(&printed(&format!("{line} --json")).await).unwrap();
    assert_eq!(json["next_cursor"], 19);
    assert_eq!(json["completions"][0]["user_id"], 7);
}

/// Runs a command of a companion; checks what it asked and what it printed, white space aside.
async fn check_companion(command: &str, asked: &str, expected: &[&str]) {
    let platform = Platform::start().await;
    let printed = printed(&format!("schoolbell companion {command} --companion {}", platform.url)).await;
    assert_eq!(platform.last_asked(), asked);
    let lines: Vec<String> =
        printed.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for row in expected {
        assert!(lines.iter().any(|line| line == row), "{row:?} is not in\n{printed}");
    }
    assert!(!printed.contains('\u{1b}'), "{printed:?}");
}

#[tokio::test]
async fn people_are_imported_and_learners_linked() {
    let folder = tempfile::tempdir().unwrap();
    let list = crate::file(folder.path(), b"external_id\nHR-42\n");
    let said = "7 people, 2 of them new, 1 removed; 3 learners recognised";
    let asked = "POST /people?replace=false external_id\nHR-42";
    check_companion(&format!("people import {list}"), asked, &[said]).await;
    let asked = "POST /people?replace=true external_id\nHR-42";
    check_companion(&format!("people import {list} --replace"), asked, &[said]).await;
    let row = "HR-42 ada@example.com Ada \u{fffd}[31mLovelace - 2022-03-29T01:29:37.000Z";
    check_companion("people list --limit 5 --offset 2", "GET /people?limit=5&offset=2", &[row, "7 in all"]).await;
    let row = "17 open 11861197 ada.l 7 - Ada 2 - nobody in the list has this external id";
    let asked = "GET /unmatched?state=open&limit=50&offset=0";
    check_companion("unmatched list", asked, &[row, "9 in all"]).await;
    let asked = "GET /unmatched?state=all&limit=50&offset=0&portal_id=22";
    check_companion("unmatched list --state all --portal 22", asked, &[row]).await;
    let asked = r#"POST /unmatched/17/link {"by":"Bob","person":"HR-42"}"#;
    check_companion("unmatched link 17 HR-42 --by Bob", asked, &["2 completions are HR-42's now"]).await;
    check_error("schoolbell companion people import /no/such --companion http://a", "opening /no/such: ").await;
}

#[tokio::test]
async fn times_are_instants_dates_or_so_long_ago() {
    for (command, part) in [
        ("event list --from 2022-03-29", "from=2022-03-29T00%3A00%3A00.000Z"),
        ("event list --to 2022-03-29T01:29:36+02:00", "to=2022-03-28T23%3A29%3A36.000Z"),
        ("enrollment list --since 3d", "update_time_gte=2"),
    ] {
        let platform = Platform::start().await;
        printed(&platform.line(command)).await;
        assert!(platform.last_asked().contains(part), "{}", platform.last_asked());
    }
    let wanted = "a time is like 2026-01-31T12:00:00Z, 2026-01-31 (in UTC), or like 30m, 2h or 3d for so long ago";
    for (command, flag) in [
        ("enrollment list --since yesterday", "--since <TIME>"),
        ("event list --from yesterday", "--from <TIME>"),
        ("event list --to yesterday", "--to <TIME>"),
        ("delivery replay-since yesterday --webhook xUjKifleke4u", "<SINCE>"),
        ("signature sign --at yesterday --secret s", "--at <TIME>"),
        ("audit list --since yesterday", "--since <TIME>"),
        ("audit list --until yesterday", "--until <TIME>"),
    ] {
        check_error(&format!("schoolbell {command}"), &format!("invalid value 'yesterday' for '{flag}': {wanted}"))
            .await;
    }
}

async fn check_error(line: &str, expected: &str) {
    let ended = run(line).await;
    let error = ended.error.unwrap_or_else(|| panic!("{line} succeeds"));
    assert!(error.contains(expected), "{line}: {error}");
    assert_eq!(ended.printed, "");
}

#[tokio::test]
async fn what_fails_says_what_was_being_done_and_why() {
    let platform = Platform::start().await;
    check_error(
        &platform.line("enrollment get 5"),
        "reading the enrollment: GET /enrollments/5 answered 404: Enrollment not found.",
    )
    .await;
    check_error(&platform.line("webhook get a/b"), "reading the webhook: \"a/b\" is not an id").await;
    check_error(
        &format!("schoolbell companion completions --companion {}/elsewhere", platform.url),
        "listing completions: the companion answered 404 Not Found: Enrollment not found.",
    )
    .await;
    check_error("schoolbell companion completions --companion nowhere", "reading the address \"nowhere\"").await;
    let credentials = "--client-id a --client-secret b";
    check_error(&format!("schoolbell webhook list --url ftp://a {credentials}"), "the address \"ftp://a\"").await;
}

#[tokio::test]
async fn arguments_that_make_no_sense_are_refused() {
    let platform = Platform::start().await;
    let check = async |command: &str, expected: &str| check_error(&platform.line(command), expected).await;
    check("webhook create https://a.example", "--event-type <TYPE>").await;
    check("webhook create https://a.example -e enrollment.completed", "unknown event type \"enrollment.completed\"")
        .await;
    check("webhook update xUjKifleke4u", "required arguments were not provided").await;
    check("webhook update xUjKifleke4u --rate-limit 1 --no-rate-limit", "cannot be used with").await;
    check("webhook update xUjKifleke4u --header a=b --no-headers", "cannot be used with").await;
    check("webhook update xUjKifleke4u --header a", "a header is NAME=VALUE").await;
    check("webhook update xUjKifleke4u --header a=b --header a=c", "header a is given twice").await;
    check("destination update 31001", "required arguments were not provided").await;
    check("destination update 31001 --seats 1 --any-seats", "cannot be used with").await;
    check("destination create LMS --expires tomorrow", "invalid value 'tomorrow'").await;
    check("package download 741712", "--output <FILE>").await;
    check("package download 741712 --version 1.3 --output x.zip", "invalid value '1.3'").await;
    check("package download 741712 --output /nowhere/at/all.zip", "writing /nowhere/at/all.zip").await;
    check("enrollment complete 1 --result 101", "101 is not in 0..=100").await;
    check("enrollment list --limit 51", "51 is not in 0..=50").await;
    check("enrollment list --all --limit 5", "cannot be used with").await;
    check("enrollment list --since yesterday", "invalid value 'yesterday'").await;
    check_error("schoolbell companion completions --companion http://a --limit 0", "0 is not in 1..=500").await;
}

#[tokio::test]
async fn notices_are_shown() {
    let row = "a7Xk2pQ9LmZe 2022-03-29T01:29:36.000Z stopped_gone xUjKifleke4u 1 of 2 Webhook \"Main\" was stopped";
    let asked = "GET /notices?limit=20&offset=0";
    check("notice list", asked, &["id time kind webhook mailed subject", row, "1 of 1"]).await;
    let asked = "GET /notices?limit=5&offset=10&webhook_id=xUjKifleke4u";
    check("notice list --webhook xUjKifleke4u --limit 5 --offset 10", asked, &[row]).await;
    let rows = [
        "subject Webhook \"Main\" was stopped",
        "It is gone.",
        "- \u{fffd}[31mMend it",
        "7 ada@example.com sent 2022-03-29T01:30:00.000Z - -",
        "8 - failed 2022-03-29T01:30:00.000Z - 550 nobody",
    ];
    check("notice get a7Xk2pQ9LmZe", "GET /notices/a7Xk2pQ9LmZe", &rows).await;
    check_json("notice get a7Xk2pQ9LmZe", NOTICE).await;
    check_json("notice list", &format!(r#"{{"total":1,"hits":[{NOTICE}]}}"#)).await;
}

#[tokio::test]
async fn the_audit_log_is_shown() {
    let rows = [
        "time portal by through action to changes",
        "2022-03-29T01:29:36.000Z 11861197 client Integration (5c1f) api webhook.update Main (xUjKifleke4u) \
         status: active -> paused; name: \u{fffd}[31mMain; secret_key: set -> -",
        "2022-03-29T01:29:35.000Z 11861197 operator ada cli user_account.update 9 email",
        "2 of 2",
    ];
    check("audit list", "GET /audit-entries?limit=20&offset=0", &rows).await;
    let command = "audit list --portal 1 --actor ada --action webhook --subject x --since 2022-03-29T01:29:36Z \
        --until 2022-03-30T00:00:00Z --limit 5 --offset 10";
    let asked = "GET /audit-entries?limit=5&offset=10&portal_id=1&actor=ada&action=webhook&subject_id=x\
        &since=2022-03-29T01%3A29%3A36.000Z&until=2022-03-30T00%3A00%3A00.000Z";
    check(command, asked, &rows).await;
    check_json("audit list", AUDIT_ENTRIES).await;
}

/// Runs a command of retirements; checks what was asked, and that these lines were printed.
async fn check_retirement(command: &str, asked: &str, expected: &[&str]) {
    let platform = Platform::start().await;
    let table = printed(&format!("schoolbell retirement {command} --companion {}", platform.url)).await;
    assert_eq!(platform.last_asked(), asked);
    let rows: Vec<String> = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for row in expected {
        assert!(rows.iter().any(|printed| printed == row), "{row} in {table}");
    }
}

#[tokio::test]
async fn retirements_are_shown_and_decided() {
    let row = "17 scheduled 92 2022-06-29T01:29:36.000Z 2 3 11861197 741712 Fire safety";
    let asked = "GET /retirements?limit=50&offset=0&state=due%2Cscheduled&portal_id=11861197";
    check_retirement("list --state due,scheduled --portal 11861197", asked, &[row, "1 in all"]).await;
    let rows = ["title Fire safety", "decided_by Ada", "2022-03-29T01:29:37.000Z decided Ada let it end"];
    check_retirement("show 17", "GET /retirements/17", &rows).await;
    let body = r#"{"by":"Ada","decision":"replace","reason":null,"replacement_lo_id":"741713"}"#;
    let asked = format!("POST /retirements/17/decision {body}");
    check_retirement("decide 17 replace --with 741713 --by Ada", &asked, &["decided"]).await;
    check_retirement("removed 17 --by Ada", r#"POST /retirements/17/removed {"by":"Ada"}"#, &["recorded"]).await;
    let asked = r#"POST /retirements/17/mute {"email":"ada@example.com","muted":true}"#;
    check_retirement("mute 17 --email ada@example.com", asked, &["mailed no more"]).await;
    let asked = r#"POST /retirements/17/mute {"email":"ada@example.com","muted":false}"#;
    check_retirement("mute 17 --email ada@example.com --undo", asked, &["mailed again"]).await;
}

#[tokio::test]
async fn notices_calendars_and_tables_are_shown() {
    let row = "1 2022-05-02T08:00:00.000Z administrator:ada@example.com digest sent - 17 threshold 60";
    check_retirement("notices", "GET /retirements/notices?limit=50&days=7", &[row]).await;
    let row = "2022-05-29T09:00:00.000Z learner:11861197:7 learner 17 threshold 30";
    check_retirement("notices --dry-run --days 30", "GET /retirements/notices?limit=50&days=30", &[row]).await;
    let asked = r#"POST /retirements/calendars {"email":"ada@example.com"}"#;
    check_retirement("calendar --email ada@example.com", asked, &["https://a.example/calendar/t.ics"]).await;
    check_retirement("csv", "GET /retirements.csv", &["id,title", "17,\"Fire\""]).await;
}
