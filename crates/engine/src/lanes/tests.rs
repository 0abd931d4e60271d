use std::sync::Arc;

use contract::event_type::EventType;
use contract::signature::TimestampUnit;
use domain::delivery::{Answer, Next, Outcome};
use domain::event::Event;
use domain::id::{DeliveryId, PortalId, UserAccountId};
use domain::webhook::headers::Headers;
use domain::webhook::{Webhook, WebhookStatus, WebhookUrl};
use jiff::Timestamp;

use super::*;
use crate::lane::Standing;

mod pace;
mod standby;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn at(second: i64) -> Timestamp {
    NOW + SignedDuration::from_secs(second)
}

/// A lane by its name: portal and letter, such as `1a`.
fn lane(name: &str) -> DueLane {
    let (portal, _) = name.split_at(1);
    DueLane {
        portal_id: portal.parse().unwrap(),
        webhook_id: id(name),
        version: 1,
        rate_limit: None,
        oldest_due_at: Timestamp::UNIX_EPOCH,
    }
}

fn id(name: &str) -> WebhookId {
    format!("webhook000{name}").parse().unwrap()
}

fn settings(lane_concurrency: u32) -> Settings {
    Settings { lane_concurrency, concurrency: 100, circuit_failures: 3, ..Settings::default() }
}

/// Lanes with something due, and permits enough.
fn lanes(lane_concurrency: u32, due: &str) -> Lanes {
    let mut lanes = Lanes::new(&Settings { concurrency: 1_000, ..settings(lane_concurrency) });
    list(&mut lanes, due, NOW);
    lanes
}

fn list(lanes: &mut Lanes, due: &str, now: Timestamp) -> Overview {
    lanes.listed(due.split_whitespace().map(lane).collect(), now)
}

fn text(shares: &[(WebhookId, u32)]) -> String {
    let mut shares: Vec<String> =
        shares.iter().map(|(lane, count)| format!("{}:{count}", &lane.as_str()[10..])).collect();
    shares.sort_unstable();
    shares.join(" ")
}

/// What would be shared out, such as `1a:2 1b:1`. Turns are over with it.
fn share_at(lanes: &mut Lanes, free: usize, now: Timestamp) -> String {
    let granted = lanes.share(free, now);
    lanes.not_leased(&granted, now);
    text(&granted)
}

fn share(lanes: &mut Lanes, free: usize) -> String {
    share_at(lanes, free, NOW)
}

/// Shares out so many permits, all of which find deliveries but those of the lanes that are `drained` find one less.
fn begin(lanes: &mut Lanes, free: usize, drained: &[&str], now: Timestamp) -> String {
    let granted = lanes.share(free, now);
    let found = |(lane, count): &(WebhookId, u32)| {
        leases(lane.clone(), *count as usize - usize::from(drained.contains(&&lane.as_str()[10..])))
    };
    lanes.leased(&granted, &granted.iter().flat_map(found).collect::<Vec<_>>(), now);
    text(&granted)
}

/// An attempt of the lane is over.
fn end(lanes: &mut Lanes, name: &str, status: u16, now: Timestamp) -> Option<Turned> {
    let attempt = FinishedAttempt {
        lease: leases(id(name), 1).remove(0),
        started_at: NOW,
        took: SignedDuration::ZERO,
        outcome: Outcome::Answered(Answer {
            status,
            retry_after: None,
            body: Vec::new(),
            truncated: false,
            headers: String::new(),
        }),
        next: Next::Delivered,
    };
    lanes.attempted(&attempt, now, &Zero)
}

/// Every attempt of the lane is over.
fn end_all(lanes: &mut Lanes, name: &str, status: u16, now: Timestamp) {
    let key = lanes.known.find(&id(name)).unwrap();
    while lanes.known[key].lane.permits() > 0 {
        end(lanes, name, status, now);
    }
}

/// Pauses are as long as they may be.
#[derive(Debug)]
struct Zero;

impl Random for Zero {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

fn leases(webhook_id: WebhookId, count: usize) -> Vec<Lease> {
    let at = Timestamp::UNIX_EPOCH;
    let webhook = Webhook {
        id: webhook_id,
        version: 1,
        portal_id: PortalId(1),
        name: None,
        url: WebhookUrl::restore("https://example.com").unwrap(),
        secret: None,
        previous_secrets: Vec::new(),
        event_types: vec![EventType::EnrollmentComplete],
        status: WebhookStatus::Active,
        timestamp_unit: TimestampUnit::Seconds,
        oauth2: None,
        integration_system_id: None,
        rate_limit: None,
        headers: Headers::default(),
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
        is_test: false,
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
    list(&mut lanes, "1a 1b 1c 2a 3a", NOW);
    let turns: Vec<String> = (0..5).map(|_| share(&mut lanes, 1)).collect();
    assert_eq!(turns, ["2a:1", "1b:1", "3a:1", "2a:1", "1a:1"]);
}

#[test]
fn what_is_not_listed_any_more_gets_nothing() {
    let mut lanes = lanes(64, "1a 1b 2a");
    list(&mut lanes, "1b", NOW);
    assert_eq!(share(&mut lanes, 2), "1b:2");
    list(&mut lanes, "", NOW);
    assert_eq!(share(&mut lanes, 2), "");
}

#[test]
fn a_lane_takes_no_more_than_its_own_permits() {
    let mut lanes = lanes(3, "1a 1b");
    assert_eq!(share(&mut lanes, 100), "1a:3 1b:3");
    assert_eq!(begin(&mut lanes, 3, &[], NOW), "1a:2 1b:1");
    assert_eq!(begin(&mut lanes, 100, &[], NOW), "1a:1 1b:2");
    assert_eq!(share(&mut lanes, 100), "");
    end(&mut lanes, "1a", 200, NOW);
    assert_eq!(share(&mut lanes, 100), "1a:1");
}

#[test]
fn a_full_lane_does_not_keep_its_portal_from_its_turn() {
    let mut lanes = lanes(1, "1a 1b 2a");
    assert_eq!(begin(&mut lanes, 1, &[], NOW), "1a:1");
    assert_eq!(share(&mut lanes, 2), "1b:1 2a:1");
}

#[test]
fn a_lane_that_had_less_than_it_was_granted_has_no_more() {
    let mut lanes = lanes(64, "1a 1b");
    assert_eq!(begin(&mut lanes, 4, &["1a"], NOW), "1a:2 1b:2");
    assert_eq!(share(&mut lanes, 2), "1b:2");
    // Until it is listed again.
    list(&mut lanes, "1a", NOW);
    assert_eq!(share(&mut lanes, 2), "1a:2");
}

#[test]
fn permits_that_found_no_leases_come_back() {
    let mut lanes = lanes(8, "1a");
    let granted = lanes.share(8, NOW);
    assert_eq!((text(&granted), share(&mut lanes, 8)), ("1a:8".to_owned(), String::new()));
    lanes.not_leased(&granted, NOW);
    assert_eq!(share(&mut lanes, 8), "1a:8");
}

#[test]
fn a_lane_starts_small_and_grows_with_success() {
    let mut lanes = lanes(64, "1a");
    assert_eq!(begin(&mut lanes, 100, &[], NOW), "1a:8");
    assert_eq!(share(&mut lanes, 100), "");
    end_all(&mut lanes, "1a", 200, NOW);
    assert_eq!(begin(&mut lanes, 100, &[], NOW), "1a:16");
    end(&mut lanes, "1a", 503, NOW);
    assert_eq!(share(&mut lanes, 100), "");
    end_all(&mut lanes, "1a", 200, NOW);
    assert_eq!(share(&mut lanes, 100), "1a:8");
}

/// Lanes with 1a open until 5 s, all of whose attempts are over.
fn with_open_lane(due: &str) -> Lanes {
    let mut lanes = lanes(3, due);
    begin(&mut lanes, 100, &[], NOW);
    let turned = [500, 500, 500].map(|status| end(&mut lanes, "1a", status, NOW));
    assert_eq!(turned, [None, None, Some(Turned::Opened { until: at(5) })]);
    lanes
}

#[test]
fn an_open_lane_is_left_alone_but_for_one_probe_after_its_pause() {
    let mut lanes = with_open_lane("1a");
    assert_eq!((lanes.open(), lanes.next_wait_until(NOW)), (1, Some(at(5))));
    // Neither listing nor asking makes a difference.
    list(&mut lanes, "1a", at(4));
    assert_eq!(share_at(&mut lanes, 100, at(4)), "");
    assert_eq!(lanes.next_wait_until(at(5)), None);
    assert_eq!(begin(&mut lanes, 100, &[], at(5)), "1a:1");
    assert_eq!(share_at(&mut lanes, 100, at(60)), "");
    assert_eq!(end(&mut lanes, "1a", 500, at(60)), Some(Turned::Reopened { until: at(70) }));
    assert_eq!((lanes.open(), lanes.next_wait_until(at(60))), (1, Some(at(70))));
    assert_eq!(begin(&mut lanes, 100, &[], at(70)), "1a:1");
    assert_eq!(end(&mut lanes, "1a", 200, at(71)), Some(Turned::Closed));
    assert_eq!((lanes.open(), lanes.next_wait_until(at(71))), (0, None));
    assert_eq!(share_at(&mut lanes, 100, at(71)), "1a:3");
}

#[test]
fn a_probe_waits_for_something_to_deliver() {
    let mut lanes = with_open_lane("1a");
    list(&mut lanes, "", at(1));
    assert_eq!(share_at(&mut lanes, 100, at(6)), "");
    assert_eq!(lanes.next_wait_until(at(6)), None);
    list(&mut lanes, "1a", at(7));
    assert_eq!(share_at(&mut lanes, 100, at(7)), "1a:1");
}

#[test]
fn a_clock_that_is_set_back_does_not_put_a_probe_off() {
    let mut lanes = with_open_lane("1a");
    list(&mut lanes, "1a", at(-3_600));
    assert_eq!(share_at(&mut lanes, 100, at(-3_600)), "1a:1");
}

#[test]
fn held_deliveries_are_no_lag() {
    let mut lanes = with_open_lane("1a 1b");
    let due_at = |name: &str, second| DueLane { oldest_due_at: at(second), ..lane(name) };
    let overview = lanes.listed(vec![due_at("1a", -9), due_at("1b", -3), due_at("1c", -2)], NOW);
    assert_eq!(overview, Overview { oldest_due_at: Some(at(-3)), limit: 3.0 });
    assert_eq!(lanes.listed(vec![due_at("1a", -9)], NOW), Overview { oldest_due_at: None, limit: 0.0 });
}

fn permits(doubtful: u32, new: u32, sound: u32) -> Permits {
    let mut permits = Permits::new(100);
    permits.add(Standing::Doubtful, doubtful);
    permits.add(Standing::New, new);
    permits.add(Standing::Sound, sound);
    permits
}

/// Lanes of portals 1 to 9, letters a to z.
fn many(count: usize) -> String {
    let names = (1..=9).flat_map(|portal| ('a'..='z').map(move |letter| format!("{portal}{letter}")));
    names.take(count).collect::<Vec<_>>().join(" ")
}

#[test]
fn lanes_that_nothing_is_known_of_leave_a_quarter_of_the_permits() {
    let mut lanes = Lanes::new(&settings(64));
    list(&mut lanes, &many(50), NOW);
    begin(&mut lanes, 100, &[], NOW);
    assert_eq!(lanes.permits, permits(0, 75, 0));
    // Whoever answers may have of the rest what its limit allows.
    end(&mut lanes, "1a", 200, NOW);
    begin(&mut lanes, 26, &[], NOW);
    assert_eq!(lanes.permits, permits(0, 75, 8));
}

#[test]
fn lanes_that_fail_share_a_quarter_of_the_permits() {
    let mut lanes = Lanes::new(&Settings { circuit_failures: 100, ..settings(8) });
    list(&mut lanes, &many(9), NOW);
    for _ in 0..2 {
        begin(&mut lanes, 100, &[], NOW);
        for name in many(9).split(' ') {
            end_all(&mut lanes, name, 500, NOW);
        }
    }
    begin(&mut lanes, 100, &[], NOW);
    assert_eq!(lanes.permits, permits(25, 0, 0));
    assert_eq!(share(&mut lanes, 75), "");
    // Nobody who is well waits for them, and they keep their turns.
    list(&mut lanes, &format!("{} 9z", many(9)), NOW);
    assert_eq!(share(&mut lanes, 75), "9z:8");
}

#[test]
fn lanes_that_fall_silent_share_a_quarter_of_the_permits() {
    let mut lanes = Lanes::new(&settings(8));
    list(&mut lanes, &many(20), NOW);
    begin(&mut lanes, 40, &[], NOW);
    for name in many(20).split(' ') {
        end(&mut lanes, name, 200, NOW);
    }
    assert_eq!(lanes.permits, permits(0, 0, 20));
    lanes.share(0, at(1));
    assert_eq!(lanes.permits, permits(0, 0, 20));
    lanes.share(0, at(2));
    assert_eq!(lanes.permits, permits(20, 0, 0));
    begin(&mut lanes, 80, &[], at(2));
    assert_eq!(lanes.permits, permits(25, 0, 0));
    // One answer, and the lane is as good as any.
    end(&mut lanes, "1c", 200, at(3));
    begin(&mut lanes, 76, &[], at(3));
    assert_eq!(lanes.permits, permits(25, 0, 8));
}

#[test]
fn lanes_without_a_permit_keep_their_turns() {
    let mut lanes = Lanes::new(&Settings { concurrency: 4, circuit_failures: 100, ..settings(8) });
    list(&mut lanes, "1a 2a 3a", NOW);
    begin(&mut lanes, 3, &[], NOW);
    for name in ["1a", "2a", "3a"] {
        end(&mut lanes, name, 500, NOW);
    }
    let mut turns = Vec::new();
    for _ in 0..4 {
        let granted = begin(&mut lanes, 4, &[], NOW);
        end(&mut lanes, &granted[..2], 500, NOW);
        turns.push(granted);
    }
    assert_eq!(turns, ["1a:1", "2a:1", "3a:1", "1a:1"]);
}

#[test]
fn lanes_that_rest_are_forgotten_after_a_while() {
    let mut lanes = lanes(64, "1a 1b 1c");
    begin(&mut lanes, 3, &[], NOW);
    for name in ["1a", "1b"] {
        end(&mut lanes, name, 200, at(60));
    }
    let mut known_at = |second| {
        list(&mut lanes, "1b", at(second));
        share_at(&mut lanes, 100, at(second));
        ["1a", "1b", "1c"].map(|name| lanes.known.find(&id(name)).is_some())
    };
    assert_eq!(known_at(61), [true, true, true]);
    assert_eq!(known_at(659), [true, true, true]);
    // One has something due, one has something in flight.
    assert_eq!(known_at(1_259), [false, true, true]);
}

#[test]
fn many_lanes_that_rest_are_forgotten_at_once() {
    let mut lanes = lanes(64, "");
    let name = |n: usize| format!("{}{:011}", 1 + n % 9, n);
    let due = |n| DueLane { webhook_id: name(n).parse().unwrap(), ..lane("1a") };
    lanes.listed((0..KNOWN_MAX).map(due).collect(), NOW);
    share(&mut lanes, 2 * KNOWN_MAX);
    lanes.listed(vec![due(0)], NOW);
    // All of them are in the queue until somebody looks.
    share(&mut lanes, 2 * KNOWN_MAX);
    assert_eq!(lanes.known.len(), KNOWN_MAX);
    lanes.listed(vec![due(KNOWN_MAX)], NOW);
    assert_eq!(lanes.known.len(), 2);
}

#[test]
fn a_forgotten_lane_is_open_no_more() {
    let mut lanes = with_open_lane("1a");
    share_at(&mut lanes, 100, at(2));
    list(&mut lanes, "", at(700));
    assert_eq!((lanes.known.len(), lanes.open()), (0, 0));
    assert_eq!(share_at(&mut lanes, 100, at(700)), "");
}
