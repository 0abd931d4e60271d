use std::sync::Arc;

use contract::event_type::EventType;
use contract::signature::TimestampUnit;
use domain::event::Event;
use domain::id::{DeliveryId, UserAccountId};
use domain::webhook::{Webhook, WebhookStatus, WebhookUrl};
use jiff::Timestamp;

use super::*;

/// A lane by its name: portal and letter, such as `1a`.
fn lane(name: &str) -> DueLane {
    let (portal, _) = name.split_at(1);
    DueLane { portal_id: portal.parse().unwrap(), webhook_id: id(name), oldest_due_at: Timestamp::UNIX_EPOCH }
}

fn id(name: &str) -> WebhookId {
    format!("webhook000{name}").parse().unwrap()
}

fn lanes(lane_concurrency: u32, due: &str) -> Lanes {
    let mut lanes = Lanes::new(lane_concurrency);
    lanes.listed(due.split(' ').map(lane).collect());
    lanes
}

/// What is shared out, such as `1a:2 1b:1`.
fn share(lanes: &mut Lanes, free: usize) -> String {
    let mut shares: Vec<String> =
        lanes.share(free).into_iter().map(|(lane, count)| format!("{}:{count}", &lane.as_str()[10..])).collect();
    shares.sort_unstable();
    shares.join(" ")
}

fn granted(name: &str, count: u32) -> Vec<(WebhookId, u32)> {
    vec![(id(name), count)]
}

fn leases(name: &str, count: usize) -> Vec<Lease> {
    let at = Timestamp::UNIX_EPOCH;
    let webhook = Webhook {
        id: id(name),
        version: 1,
        portal_id: PortalId(1),
        name: None,
        url: WebhookUrl::restore("https://example.com").unwrap(),
        secret: None,
        previous_secret: None,
        event_types: vec![EventType::EnrollmentComplete],
        status: WebhookStatus::Active,
        timestamp_unit: TimestampUnit::Seconds,
        oauth2: None,
        integration_system_id: None,
        created_by: UserAccountId(1),
        updated_by: UserAccountId(1),
        created_at: at,
        updated_at: at,
    };
    let event = Event {
        id: "hg4JWUDbT55B".parse().unwrap(),
        event_type: EventType::EnrollmentComplete,
        portal_id: PortalId(1),
        subject_id: 1,
        data: "{}".to_owned(),
        occurred_at: at,
        deadline_at: None,
    };
    let lease = Lease {
        delivery_id: DeliveryId(1),
        event: Arc::new(event),
        webhook: Arc::new(webhook),
        attempt_number: 1,
        failures: 0,
        expires_at: at,
    };
    vec![lease; count]
}

#[test]
fn portals_share_first_and_then_their_lanes() {
    assert_eq!(share(&mut lanes(64, "1a 1b 1c 2a"), 6), "1a:1 1b:1 1c:1 2a:3");
}

#[test]
fn nobody_waits_longer_than_a_round() {
    let mut lanes = lanes(64, "1a 1b 2a 3a");
    let turns: Vec<String> = (0..6).map(|_| share(&mut lanes, 1)).collect();
    assert_eq!(turns, ["1a:1", "2a:1", "3a:1", "1b:1", "2a:1", "3a:1"]);
}

#[test]
fn a_new_list_keeps_the_order_of_turns() {
    let mut lanes = lanes(64, "1a 1b 2a");
    assert_eq!(share(&mut lanes, 1), "1a:1");
    lanes.listed(["1a", "1b", "1c", "2a", "3a"].map(lane).into());
    let turns: Vec<String> = (0..5).map(|_| share(&mut lanes, 1)).collect();
    assert_eq!(turns, ["2a:1", "1b:1", "3a:1", "2a:1", "1a:1"]);
}

#[test]
fn what_is_not_listed_any_more_gets_nothing() {
    let mut lanes = lanes(64, "1a 1b 2a");
    lanes.listed(vec![lane("1b")]);
    assert_eq!(share(&mut lanes, 2), "1b:2");
    lanes.listed(Vec::new());
    assert_eq!(share(&mut lanes, 2), "");
}

#[test]
fn a_lane_takes_no_more_than_its_own_permits() {
    let mut lanes = lanes(3, "1a 1b");
    assert_eq!(share(&mut lanes, 100), "1a:3 1b:3");
    lanes.leased(granted("1a", 3), &leases("1a", 3));
    assert_eq!(share(&mut lanes, 100), "1b:3");
    lanes.attempted(&id("1a"));
    assert_eq!(share(&mut lanes, 100), "1a:1 1b:3");
}

#[test]
fn a_full_lane_does_not_keep_its_portal_from_its_turn() {
    let mut lanes = lanes(1, "1a 1b 2a");
    lanes.leased(granted("1a", 1), &leases("1a", 1));
    assert_eq!(share(&mut lanes, 2), "1b:1 2a:1");
}

#[test]
fn a_lane_that_had_less_than_it_was_granted_has_no_more() {
    let mut lanes = lanes(64, "1a 1b");
    lanes.leased(granted("1a", 2), &leases("1a", 1));
    assert_eq!(share(&mut lanes, 2), "1b:2");
    lanes.leased(granted("1b", 2), &leases("1b", 2));
    assert_eq!(share(&mut lanes, 2), "1b:2");
}

#[test]
fn lanes_that_rest_take_no_memory() {
    let mut lanes = lanes(64, "1a");
    lanes.leased(granted("1a", 2), &leases("1a", 1));
    lanes.attempted(&id("1a"));
    assert!(lanes.in_flight.is_empty() && lanes.due.is_empty());
}
