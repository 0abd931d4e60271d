//! Lanes whose owners want them to go slowly.

use domain::webhook::rate_limit::RateLimit;

use super::*;

/// A lane of which only so many requests a second are wanted, in lists beside others.
fn list_paced(lanes: &mut Lanes, name: &str, requests: u32, others: &str, now: Timestamp) -> Overview {
    let paced = DueLane { rate_limit: RateLimit::per_second(requests).ok(), ..lane(name) };
    lanes.listed([paced].into_iter().chain(others.split_whitespace().map(lane)).collect(), now)
}

/// How many permits all lanes hold.
fn held(lanes: &Lanes) -> u32 {
    lanes.known.iter().map(|entry| entry.lane.permits()).sum()
}

fn at_millis(millis: i64) -> Timestamp {
    NOW + SignedDuration::from_millis(millis)
}

#[test]
fn a_lane_with_a_rate_takes_what_its_rate_allows_and_comes_back_by_itself() {
    let mut lanes = lanes(64, "");
    list_paced(&mut lanes, "1a", 20, "", NOW);
    assert_eq!(begin(&mut lanes, 100, &[], NOW), "1a:2");
    // It has places, and something due, and the engine asks it for nothing until its time has come.
    assert_eq!(lanes.next_wait_until(NOW), Some(at_millis(50)));
    for millis in [50, 100, 150] {
        assert_eq!(begin(&mut lanes, 100, &[], at_millis(millis - 1)), "");
        assert_eq!(begin(&mut lanes, 100, &[], at_millis(millis)), "1a:1");
        end(&mut lanes, "1a", 200, at_millis(millis));
    }
    assert_eq!(held(&lanes), 2);
    // After a rest there is a burst, and no more.
    assert_eq!(begin(&mut lanes, 100, &[], at(60)), "1a:2");
}

#[test]
fn what_is_granted_and_not_yet_leased_counts() {
    let mut lanes = lanes(64, "");
    list_paced(&mut lanes, "1a", 10, "", NOW);
    let granted = lanes.share(100, NOW);
    assert_eq!(text(&granted), "1a:1");
    assert_eq!((text(&lanes.share(100, at(9))), lanes.next_wait_until(at(9))), (String::new(), None));
    // The store did not answer: nothing was sent, so nothing is counted.
    lanes.not_leased(&granted, at(9));
    assert_eq!(share_at(&mut lanes, 100, at(9)), "1a:1");
    let granted = lanes.share(100, at(9));
    lanes.leased(&granted, &leases(id("1a"), 1), at(9));
    assert_eq!(lanes.next_wait_until(at(9)), Some(at_millis(9_100)));
}

#[test]
fn a_lane_that_waits_for_its_rate_keeps_nobody_waiting() {
    let mut lanes = lanes(4, "");
    list_paced(&mut lanes, "1a", 1, "1b 2a", NOW);
    assert_eq!(begin(&mut lanes, 3, &[], NOW), "1a:1 1b:1 2a:1");
    end(&mut lanes, "1a", 200, NOW);
    assert_eq!(begin(&mut lanes, 4, &[], NOW), "1b:2 2a:2");
    assert_eq!(held(&lanes), 6);
    assert_eq!(share_at(&mut lanes, 100, at(1)), "1a:1 1b:1 2a:1");
}

#[test]
fn a_lane_that_is_full_or_drained_or_open_waits_for_that_and_not_for_its_rate() {
    let mut lanes = lanes(1, "");
    list_paced(&mut lanes, "1a", 1, "", NOW);
    assert_eq!(begin(&mut lanes, 100, &[], NOW), "1a:1");
    assert_eq!(lanes.next_wait_until(NOW), None, "it is full");
    end(&mut lanes, "1a", 200, NOW);
    assert_eq!(lanes.next_wait_until(NOW), Some(at(1)));
    assert_eq!(begin(&mut lanes, 100, &["1a"], at(1)), "1a:1");
    assert_eq!(lanes.next_wait_until(at(1)), None, "it has nothing due");
    list_paced(&mut lanes, "1a", 1, "", at(2));
    for second in 2..5 {
        assert_eq!(begin(&mut lanes, 100, &[], at(second)), "1a:1");
        end(&mut lanes, "1a", 500, at(second));
    }
    assert_eq!((lanes.open(), lanes.next_wait_until(at(4))), (1, Some(at(9))));
    assert_eq!(begin(&mut lanes, 100, &[], at(8)), "");
    assert_eq!(begin(&mut lanes, 100, &[], at(9)), "1a:1");
}

#[test]
fn another_rate_counts_from_the_next_list_on() {
    let mut lanes = lanes(64, "");
    list_paced(&mut lanes, "1a", 1, "", NOW);
    assert_eq!(begin(&mut lanes, 100, &[], NOW), "1a:1");
    // Faster, also for one that waits already; nothing is given away by the change.
    list_paced(&mut lanes, "1a", 10, "", NOW);
    assert_eq!((share(&mut lanes, 100), lanes.next_wait_until(NOW)), (String::new(), Some(at_millis(100))));
    assert_eq!(begin(&mut lanes, 100, &[], at_millis(100)), "1a:1");
    // Slower, also for one whose turn it would have been.
    list_paced(&mut lanes, "1a", 1, "", at_millis(150));
    assert_eq!(begin(&mut lanes, 100, &[], at_millis(649)), "");
    assert_eq!(begin(&mut lanes, 100, &[], at_millis(650)), "1a:1");
    // None.
    list(&mut lanes, "1a", at_millis(650));
    assert_eq!(share_at(&mut lanes, 100, at_millis(650)), "1a:5");
}

#[test]
fn a_webhook_that_is_changed_over_and_over_is_no_faster() {
    let mut lanes = lanes(64, "");
    for version in 1..9 {
        let changed = DueLane { version, rate_limit: RateLimit::per_second(1).ok(), ..lane("1a") };
        lanes.listed(vec![changed], NOW);
        assert_eq!(begin(&mut lanes, 100, &[], NOW), if version == 1 { "1a:1" } else { "" });
    }
}

#[test]
fn a_clock_that_is_set_back_does_not_put_a_rate_off() {
    let mut lanes = lanes(64, "");
    list_paced(&mut lanes, "1a", 1, "", NOW);
    assert_eq!(begin(&mut lanes, 100, &[], NOW), "1a:1");
    list_paced(&mut lanes, "1a", 1, "", at(-3_600));
    assert_eq!(begin(&mut lanes, 100, &[], at(-3_600)), "1a:1");
    assert_eq!(lanes.next_wait_until(at(-3_600)), Some(at(-3_599)));
    assert_eq!(begin(&mut lanes, 100, &[], at(-3_599)), "1a:1");
    // By little, when it was its turn already.
    assert_eq!(share_at(&mut lanes, 0, at(-3_598)), "");
    assert_eq!(share_at(&mut lanes, 100, at(-3_599)), "");
    assert_eq!(lanes.next_wait_until(at(-3_599)), Some(at(-3_598)));
}

#[test]
fn what_waits_for_its_rate_is_no_lag() {
    let mut lanes = lanes(64, "");
    list_paced(&mut lanes, "1a", 1, "", NOW);
    begin(&mut lanes, 100, &[], NOW);
    assert_eq!(list_paced(&mut lanes, "1a", 1, "", NOW), Overview { oldest_due_at: None, limit: 8.0 });
    assert_eq!(list_paced(&mut lanes, "1a", 1, "1b", NOW), Overview { oldest_due_at: Some(NOW), limit: 8.0 });
}

#[test]
fn a_lane_is_not_forgotten_while_that_would_make_it_faster() {
    let mut lanes = lanes(64, "");
    let due = |n: usize| DueLane { webhook_id: format!("1{n:011}").parse().unwrap(), ..lane("1a") };
    // So many that all that rest are forgotten with every list.
    lanes.listed((0..=KNOWN_MAX).map(due).collect(), NOW);
    share(&mut lanes, 0);
    list_paced(&mut lanes, "1a", 1, "", NOW);
    assert_eq!(begin(&mut lanes, 1, &["1a"], NOW), "1a:1");
    let key = lanes.known.find(&id("1a")).unwrap();
    lanes.change(key, |lane| lane.began(NOW));
    end(&mut lanes, "1a", 200, NOW);
    lanes.listed((0..=KNOWN_MAX).map(due).collect(), NOW);
    list_paced(&mut lanes, "1a", 1, "", NOW);
    assert_eq!(begin(&mut lanes, 1, &[], NOW), "");
}
