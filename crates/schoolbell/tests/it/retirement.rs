//! Content from its flag to its removal, through platform and companion, by a clock that the test moves: two customers, one
//! webhook on the partner.

mod world;

use serde_json::json;

use world::{ADA, EVE, World};

#[tokio::test(flavor = "multi_thread")]
async fn a_course_goes_from_flag_to_removal_and_everybody_knows_in_time() {
    let mut world = World::begin().await;
    let ends = world.flag(json!({"pending_state": {}})).await;
    assert_eq!(ends, "2022-06-29T01:29:36.000Z");
    world.check_play(200).await;
    let told = world.until("2022-07-05T00:00:00Z").await;
    let title = "Fire safety";
    let ends_soon = format!("Complete it in time: {title}");
    let ends_at_some_time = format!("Content that ends: {title}");
    assert_eq!(
        told,
        [
            format!("03-29 02 {ADA} {ends_at_some_time}"),
            format!("03-29 02 {EVE} {ends_at_some_time}"),
            format!("05-02 08 {ADA} {ends_at_some_time}"),
            format!("05-02 08 {EVE} {ends_at_some_time}"),
            format!("05-29 09 grace@one.example.com {ends_soon}"),
            format!("05-29 09 hedy@one.example.com {ends_soon}"),
            format!("05-29 09 ivan@two.example.com {ends_soon}"),
            format!("05-30 08 {ADA} {ends_at_some_time}"),
            format!("05-30 08 {EVE} {ends_at_some_time}"),
            format!("06-20 08 {ADA} {ends_at_some_time}"),
            format!("06-20 08 {EVE} {ends_at_some_time}"),
            format!("06-21 09 grace@one.example.com {ends_soon}"),
            format!("06-21 09 hedy@one.example.com {ends_soon}"),
            format!("06-21 09 ivan@two.example.com {ends_soon}"),
            // In the second customer it is assigned to somebody.
            format!("06-22 00 {EVE} Ends within days, and people must complete it: {title}"),
            format!("06-27 08 {ADA} {ends_at_some_time}"),
            format!("06-27 09 grace@one.example.com {ends_soon}"),
            format!("06-27 09 hedy@one.example.com {ends_soon}"),
            format!("06-27 09 ivan@two.example.com {ends_soon}"),
            format!("06-28 00 {EVE} Ends within days, and people must complete it: {title}"),
            format!("07-04 08 {ADA} {ends_at_some_time}"),
            format!("07-04 08 {EVE} {ends_at_some_time}"),
        ]
    );
    world.check_removed("removed 23 h before the deadline").await;
    world.check_gone().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calendar_and_table_say_the_same() {
    let world = World::begin().await;
    world.flag(json!({"pending_state": {}})).await;
    world.tend().await;
    let csv = world.text("/retirements.csv").await;
    let lines: Vec<&str> = csv.lines().filter(|line| line.contains("\"Fire safety\"")).collect();
    assert_eq!(lines.len(), 3, "the partner and two customers: {csv}");
    assert!(lines.iter().all(|line| line.contains(",92,2022-06-29T01:29:36.000Z,2022-06-28T01:29:36.000Z,")), "{csv}");
    let calendar = world.calendar(ADA).await;
    for line in ["SEQUENCE:1", "DTSTART;VALUE=DATE:20220629", "STATUS:CONFIRMED", "SUMMARY:Ends: Fire safety"] {
        assert_eq!(calendar.matches(&format!("{line}\r\n")).count(), 1, "{calendar}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_companion_that_was_down_across_the_removal_time_does_it_at_once_and_says_that_it_is_late() {
    let mut world = World::begin().await;
    world.flag(json!({"pending_state": {}})).await;
    world.tend().await;
    world.go_away();
    world.set_clock("2022-06-29T07:29:36Z");
    world.come_back().await;
    world.tend().await;
    world.check_removed("removed late, 6 h after the deadline").await;
    let told = world.until("2022-06-29T12:00:00Z").await;
    assert!(!told.iter().any(|line| line.contains("in time") || line.contains("Not removed")), "{told:?}");
    world.check_gone().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_date_that_moves_twice_is_followed() {
    let mut world = World::begin().await;
    world.flag(json!({"pending_state": {}})).await;
    world.until("2022-04-20T00:00:00Z").await;
    world.flag(json!({"pending_state": {"removed_time": "2022-08-01T00:00:00Z"}})).await;
    let told = world.until("2022-04-21T00:00:00Z").await;
    assert_eq!(told.len(), 2, "both administrators: {told:?}");
    world.flag(json!({"pending_state": {"removed_time": "2022-07-10T00:00:00Z"}})).await;
    let told = world.until("2022-07-09T09:00:00Z").await;
    let learners = told.iter().filter(|line| line.contains("grace")).map(|line| &line[..8]).collect::<Vec<_>>();
    assert_eq!(learners, ["06-09 09", "07-02 09", "07-08 09"], "{told:?}");
    let calendar = world.calendar(ADA).await;
    assert!(calendar.contains("SEQUENCE:3\r\n") && calendar.contains("DTSTART;VALUE=DATE:20220710\r\n"), "{calendar}");
    world.check_removed("removed 24 h before the deadline").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flag_that_is_withdrawn_leaves_everything_as_it_was() {
    let mut world = World::begin().await;
    world.flag(json!({"pending_state": {}})).await;
    world.until("2022-05-30T00:00:00Z").await;
    world.flag(json!({"pending_state": null})).await;
    let told = world.until("2022-07-10T00:00:00Z").await;
    let stays = told.iter().filter(|line| line.contains("It stays: Fire safety")).count();
    assert_eq!((told.len(), stays), (5, 3), "two administrators and three learners: {told:?}");
    assert_eq!(world.hook_asked(), 0);
    let calendar = world.calendar(ADA).await;
    assert!(calendar.contains("STATUS:CANCELLED\r\n"), "{calendar}");
    world.enroll_again(201).await;
    world.check_play(200).await;
}
