//! The first thing that anybody runs.

use std::process::Stdio;

use browser::axe;
use browser::browser::Browser;
use browser::frame::role;
use browser::page::Look;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::time::timeout;

use crate::process::{PATIENCE, command, schoolbell};

const ANY_PORTS: [&str; 6] = ["demo", "--exit", "--listen", "127.0.0.1:0", "--companion-listen", "127.0.0.1:0"];

/// What is shown of content that ends, in this order. Nothing of it depends on when it is run.
const FACTS: [&str; 41] = [
    "Content that ends",
    "Mon  2 March 2026",
    "09:00  platform     flags \"Fire safety\" for removal on 2 June 2026, 09:00",
    "09:00  webhook      content.decommission for the partner, Harbour Foods, Meridian Rail: signatures good",
    "Harbour Foods: 1 in progress, 1 not started, 0 completed",
    "Meridian Rail: 0 in progress, 1 not started, 1 completed",
    "09:05  mail         to grace@harbour.sandbox.example: Content that ends: 2 courses",
    "Fire safety: It ends in 92 days, on 2 June 2026.",
    "09:05  mail         to ivan@meridian.sandbox.example: Content that ends: 2 courses",
    "Mon  6 April 2026",
    "08:00  mail         to grace@harbour.sandbox.example: Content that ends: 2 courses",
    "Mon 20 April 2026",
    "completes \"Fire safety\"",
    "Sat  2 May 2026",
    "09:00  mail         to ada.lovelace@portal11861003.sandbox.example: Complete it in time: Fire safety",
    "09:00  mail         to alan.turing@portal11861002.sandbox.example: Complete it in time: 2 courses",
    "First aid at work: You can complete it for 30 more days, until 1 June 2026.",
    "Mon 11 May 2026",
    "platform     moves the end of \"Fire safety\" to 1 July 2026, 10:00",
    "platform     withdraws the flag of \"First aid at work\": it stays",
    "webhook      content.add for the partner, Harbour Foods, Meridian Rail",
    "10:05  mail         to grace@harbour.sandbox.example: Content that ends: 2 courses",
    "companion    GET /retirements.csv",
    "Fire safety  scheduled  51         2026-07-01T10:00:00.000Z  2026-06-30T10:00:00.000Z",
    "SEQUENCE:2  STATUS:CANCELLED  SUMMARY:Ends: First aid at work",
    "DTSTART;VALUE=DATE:20260701  SEQUENCE:2  STATUS:CONFIRMED  SUMMARY:Ends: Fire safety",
    "Tue 12 May 2026",
    "09:00  mail         to alan.turing@portal11861002.sandbox.example: It stays: First aid at work",
    "Tue 23 June 2026",
    "09:00  mail         to ada.lovelace@portal11861003.sandbox.example: Complete it in time: Fire safety",
    "00:00  mail         to ivan@meridian.sandbox.example: Ends within days, and people must complete it",
    "Tue 30 June 2026",
    "10:00  application  is asked to remove \"Fire safety\" for the partner, signed",
    "10:00  application  is asked to remove \"Fire safety\" for Meridian Rail, signed",
    "Wed  1 July 2026",
    "webhook      content.remove for the partner, Harbour Foods, Meridian Rail",
    "platform     playing it is refused: 410",
    "platform     enrolling is refused: 400, lo_id: learning object 741001 is removed",
    "history stays",
    "Fire safety: It was removed 24 h before the deadline.",
    "What is proved",
];

#[tokio::test]
async fn it_shows_every_step_and_ends_well() {
    let output = schoolbell(&ANY_PORTS).await;
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{shown}\n{}", String::from_utf8_lossy(&output.stderr));
    let (completions, _) = shown.split_once("Content that ends").expect("the second part follows");
    for step in ["fired", "received", "kept", "fetched", "✓ recorded", "own credentials"] {
        assert_eq!(completions.matches(step).count(), 4, "{step} for each of four completions:\n{shown}");
    }
    assert!(shown.contains("4 completions, each recorded exactly once"), "{shown}");
}

#[tokio::test]
async fn a_port_that_is_taken_is_named_with_its_flag() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for flag in ["--listen", "--companion-listen", "--lms-listen"] {
        let mut arguments = vec!["demo", "--exit", flag, &address];
        for other in ["--listen", "--companion-listen"].into_iter().filter(|other| *other != flag) {
            arguments.extend([other, "127.0.0.1:0"]);
        }
        let output = schoolbell(&arguments).await;
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(error.contains(&address) && error.contains(flag) && error.contains("taken"), "{error}");
    }
}

#[tokio::test]
async fn content_that_ends_is_shown_from_its_flag_to_the_proof_that_it_was_removed_in_time() {
    let output = schoolbell(&ANY_PORTS).await;
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{shown}\n{}", String::from_utf8_lossy(&output.stderr));
    let mut rest = shown.as_str();
    for fact in FACTS {
        let (_, after) = rest.split_once(fact).unwrap_or_else(|| panic!("{fact} is missing or too late:\n{shown}"));
        rest = after;
    }
    assert_eq!(rest.matches("removed 24 h 0 min before the deadline, and confirmed").count(), 3, "{rest}");
    assert!(rest.contains("all 3 who were told otherwise were told so"), "{rest}");
    assert!(rest.contains("none of them twice, and none to the two learners who had finished"), "{rest}");
    assert!(rest.contains("15 events over the partner's one webhook"), "{rest}");
    // Whoever finished in April heard nothing, neither before nor after.
    assert_eq!(shown.matches("to ada.lovelace@portal11861002").count(), 0, "{shown}");
}

#[tokio::test]
async fn for_programs_every_line_is_an_object() {
    let mut arguments = ANY_PORTS.to_vec();
    arguments.push("--json");
    let output = schoolbell(&arguments).await;
    assert!(output.status.success());
    let lines = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |kind: &'static str| lines.iter().filter(move |line| line["line"] == kind);
    assert_eq!(of("step").filter(|step| step["step"] == "recorded").count(), 4);
    let removals: Vec<&Value> = of("at").filter(|line| line["who"] == "application").collect();
    assert_eq!(removals.len(), 3);
    assert!(removals.iter().all(|line| line["time"] == "2026-06-30T10:00:00Z"), "{removals:?}");
}

#[tokio::test]
async fn an_interrupt_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [&ANY_PORTS[..1], &ANY_PORTS[2..], &["--day-ms", "60000"]].concat();
    let mut demo = command(&arguments);
    demo.env("TMPDIR", folder.path()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = demo.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let began = async {
        while !lines.next_line().await.unwrap().expect("it goes on").contains("09:05  mail") {}
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    };
    timeout(PATIENCE, began).await.expect("the second part begins");
    let id = child.id().expect("it runs").to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().await.unwrap().success());
    assert!(timeout(PATIENCE, child.wait()).await.expect("it stops").unwrap().success());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

const SCREEN: Look = Look { width: 1360, height: 900, is_dark: false };
const PHONE: Look = Look { width: 390, height: 844, is_dark: true };

#[tokio::test]
async fn a_course_that_is_finished_in_the_small_lms_rings_and_the_page_shows_it() {
    let arguments = [&ANY_PORTS[..1], &ANY_PORTS[2..], &["--day-ms", "60000"]].concat();
    let folder = tempfile::tempdir().unwrap();
    let mut demo = command(&arguments);
    demo.env("TMPDIR", folder.path()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut demo = demo.spawn().unwrap();
    let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines();
    let find = async {
        loop {
            let line = lines.next_line().await.unwrap().expect("it goes on");
            if let Some((_, rest)) = line.split_once("open http://localhost:") {
                break format!("http://localhost:{}", rest.split(' ').next().unwrap());
            }
        }
    };
    let url = timeout(PATIENCE, find).await.expect("it says where the LMS is");
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });

    let browser = Browser::start().await;
    let page = browser.open(&url).await;
    page.look(SCREEN).await;
    page.wait_for_text("Nothing yet").await;
    assert_eq!(axe::serious(&page).await, [] as [&str; 0]);
    page.click(role("button", "Open the course")).await;
    let player = page.frame("/play/").await;
    player.wait_for_text("Remember PASS").await;
    page.wait_for_text("incomplete").await;
    page.screenshot("lms-begun").await;
    // The course is another site: a number instead of a name.
    assert!(player.url().starts_with("http://127.0.0.1:"), "{}", player.url());

    player.click(role("button", "I have finished reading")).await;
    page.wait_for_text("Recorded").await;
    let told = page.text("#told").await;
    for fact in ["enrollment.complete", "signature good", "Kept on disk", "HR-2077", "learning-activity"] {
        assert_eq!(told.matches(fact).count(), 1, "{fact}: {told}");
    }
    page.wait_for("document.querySelector('#record').innerText.includes('completed')").await;
    let record = page.text("#record").await;
    assert!(record.contains("ref=spring-2026") && record.contains("HR-2077"), "{record}");
    page.screenshot("lms-recorded").await;
    assert_eq!(axe::serious(&page).await, [] as [&str; 0]);

    // Opened again, nothing is lost, and nothing rings once more.
    page.click(role("button", "Close the course")).await;
    page.click(role("button", "Open the course again")).await;
    page.frame("/play/").await.wait_for_text("You have finished this course.").await;
    page.look(PHONE).await;
    page.screenshot("lms-phone-dark").await;
    page.reload().await;
    page.wait_for_text("Recorded").await;
    assert_eq!(page.text("#told").await.matches("enrollment.complete").count(), 1);
    page.wait_for("document.querySelector('#record').innerText.includes('completed')").await;
    assert_eq!(page.complaints(), []);
    demo.kill().await.unwrap();
}
